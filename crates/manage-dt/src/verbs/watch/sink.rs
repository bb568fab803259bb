//! Where events go: lines for people, or one JSON document a line.

use std::io::{ErrorKind, IsTerminal as _, Write};
#[cfg(unix)]
use std::os::fd::AsFd as _;

use serde_json::value::RawValue;
use serde_json::{Value, json};
#[cfg(unix)]
use tokio::{io::Interest, net::unix::pipe::Sender};

use super::Watched;
use super::view::View;
use crate::args::OutputFormat;
use crate::config::Environment;

/// Writes events to stdout.
pub(super) struct Sink {
    /// None for JSON.
    view: Option<View>,
}

impl Sink {
    /// Lines for people on a terminal, JSON otherwise or when asked for.
    pub fn on_stdout(format: OutputFormat, environment: &Environment) -> Sink {
        let is_json = format == OutputFormat::Json || !std::io::stdout().is_terminal();
        Sink { view: (!is_json).then(|| View::new(environment)) }
    }

    /// Writes an event; false when nobody reads it.
    pub fn event(
        &mut self,
        twins: &[Watched],
        kind: &str,
        position: Option<&str>,
        data: &RawValue,
    ) -> bool {
        let parsed: Value = serde_json::from_str(data.get()).unwrap_or_default();
        match kind {
            "ready" => {
                tracing::info!("Watching from {} on", position.unwrap_or("now"));
                return true;
            }
            "end" => {
                let reason = parsed.get("reason").and_then(Value::as_str).unwrap_or("it ended");
                tracing::info!("The stream ended: {reason}");
                return true;
            }
            "gap" | "behind" => {
                let reason = parsed.get("reason").and_then(Value::as_str).unwrap_or(kind);
                say(&format!("{reason}: {parsed}"));
            }
            _ => {}
        }
        let name = name(twins, &parsed);
        let text = match &mut self.view {
            Some(view) => view.lines(kind, name, &parsed),
            None => {
                let head = json!({"kind": kind, "digitalTwin": name, "position": position});
                let mut text = head.to_string();
                // Values keep the digits that were sent.
                text.pop();
                format!("{text},\"data\":{}}}\n", data.get())
            }
        };
        let mut out = anstream::stdout();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => false,
            Err(error) => {
                say(&format!("cannot write: {error}"));
                false
            }
            Ok(()) => true,
        }
    }

    /// Leaves the terminal tidy after Ctrl-C.
    pub fn end(&self) {
        if self.view.is_some() {
            let _ = writeln!(std::io::stdout());
        }
    }
}

/// The name of the twin that an event is about.
fn name<'t>(twins: &'t [Watched], data: &Value) -> Option<&'t str> {
    let members = ["digital_twin_instance_id", "digitalTwinInstanceId"];
    let id = members.iter().find_map(|member| data.get(member)?.as_str())?;
    twins.iter().find(|twin| twin.id == id).map(|twin| twin.name.as_str())
}

/// Tells something about the watching itself.
pub(super) fn say(text: &str) {
    // Nobody is left to hear about a closed stderr.
    let _ = writeln!(anstream::stderr(), "manage-dt watch: {text}");
}

/// Waits until stdout is a pipe that nobody reads any more: the next event, which would show it,
/// may be far away.
pub(super) async fn nobody_reads() {
    #[cfg(unix)]
    if let Ok(stdout) = std::io::stdout().as_fd().try_clone_to_owned()
        // Looked at only: it stays in the mode in which it is written.
        && let Ok(stdout) = Sender::from_owned_fd_unchecked(stdout)
        && stdout.ready(Interest::ERROR).await.is_ok()
    {
        return;
    }
    // A file, or something else that has no other end.
    std::future::pending().await
}
