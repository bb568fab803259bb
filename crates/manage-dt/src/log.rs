//! Log lines of the client verbs, in the form of the original tool:
//! `2025-09-18 20:30:59,575 - INFO     - create.rs        - Digital Twin Model created`.
//!
//! A subscriber of our own and not a stack of layers: a client verb writes a dozen lines and must
//! start at once.

use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::path::Path;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Targets whose lines below WARNING are shown.
const OWN_TARGETS: [&str; 2] = ["manage_dt", "iot_client"];

/// Writes events to stderr.
struct LineWriter {
    most: LevelFilter,
}

/// Shows WARNING and above; with `verbose` also INFO, with `debug` also DEBUG. Has no effect
/// when a subscriber is there already.
pub fn init(verbose: bool, debug: bool) {
    let most = match (verbose, debug) {
        (_, true) => LevelFilter::DEBUG,
        (true, false) => LevelFilter::INFO,
        (false, false) => LevelFilter::WARN,
    };
    let _ = tracing::subscriber::set_global_default(LineWriter { most });
}

impl Subscriber for LineWriter {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let own = OWN_TARGETS.iter().any(|target| metadata.target().starts_with(target));
        let most = if own { self.most } else { self.most.min(LevelFilter::WARN) };
        metadata.is_event() && *metadata.level() <= most
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.most)
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut message = Message::default();
        event.record(&mut message);
        let time = jiff::Zoned::now().strftime("%Y-%m-%d %H:%M:%S,%3f").to_string();
        let line = line(&time, *metadata.level(), metadata.file().unwrap_or("-"), &message.text);
        // Nobody is left to hear about a closed stderr.
        let _ = std::io::stderr().lock().write_all(line.as_bytes());
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn line(time: &str, level: Level, file: &str, message: &str) -> String {
    let level = if level == Level::WARN { "WARNING" } else { level.as_str() };
    let source = Path::new(file).file_name().map_or("-".into(), |name| name.to_string_lossy());
    let message: String = message.chars().map(printable).collect();
    format!("{time} - {level:8} - {source:16} - {message}\n")
}

/// Texts of a server may hold anything; a terminal must not obey them.
fn printable(c: char) -> char {
    if c.is_control() && c != '\n' && c != '\t' { char::REPLACEMENT_CHARACTER } else { c }
}

/// The message of an event, other fields behind it.
#[derive(Default)]
struct Message {
    text: String,
}

impl Visit for Message {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = match field.name() {
            "message" => write!(self.text, "{value:?}"),
            name => write!(self.text, " {name}={value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_the_original_layout() {
        assert_eq!(
            line("2025-09-18 20:30:59,575", Level::INFO, "src/verbs/create.rs", "Model created"),
            "2025-09-18 20:30:59,575 - INFO     - create.rs        - Model created\n"
        );
        assert_eq!(
            line("t", Level::WARN, "a-very-long-file-name.rs", "x\u{1b}[2J\ny"),
            "t - WARNING  - a-very-long-file-name.rs - x\u{fffd}[2J\ny\n"
        );
    }
}
