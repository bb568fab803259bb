//! Options of `emulate`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::SignedDuration;

use super::path_parser;

/// A platform around a command, or what is asked of one from inside the command.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct EmulateArgs {
    /// What is asked of the platform around this process.
    #[command(subcommand)]
    pub control: Option<EmulateVerb>,
    /// Twins to create before the command starts: a file like iot_config.yaml
    #[arg(long, value_name = "FILE", value_parser = path_parser())]
    pub seed: Option<PathBuf>,
    /// Keep everything in this directory; one that was kept goes on [default: a temporary one]
    #[arg(long, value_name = "DIR", value_parser = path_parser())]
    pub state_dir: Option<PathBuf>,
    /// Allow the command snapshots, reset and a clock that goes ahead
    #[arg(long)]
    pub allow_control: bool,
    /// The command and its arguments, behind --
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

/// What a command can ask of the platform around it.
#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
#[expect(missing_docs, reason = "a comment would make the help text twice as long")]
pub enum EmulateVerb {
    /// Bring back the state of the start, the seed included
    Reset,
    /// Keep the present state in memory, under a name
    Snapshot { name: String },
    /// Bring back a state that was kept; devices are cut, the clock goes back
    Restore { name: String },
    /// Forget a state that was kept
    Forget { name: String },
    /// List the states that are kept
    Snapshots,
    /// Show the platform's clock, or put it ahead
    #[command(after_help = "\
Tokens, retention, sessions, commands and secrets follow the clock; what ends by
then has ended when this is done. Signatures and certificates do not follow it:
clients date those by the machine's clock.

Examples:
  manage-dt emulate clock
  manage-dt emulate clock advance 2h
  manage-dt emulate clock advance 31d")]
    Clock(ClockArgs),
}

/// Arguments of `emulate clock`.
#[derive(Debug, Args)]
pub struct ClockArgs {
    /// Nothing, or a step.
    #[command(subcommand)]
    pub verb: Option<ClockVerb>,
}

/// What the clock can do.
#[derive(Debug, Clone, Copy, Subcommand)]
#[expect(missing_docs, reason = "a comment would make the help text twice as long")]
pub enum ClockVerb {
    /// Put the clock ahead, such as 90s, 2h, 31d or PT30S
    Advance {
        #[arg(value_name = "TIME", value_parser = seconds)]
        seconds: u32,
    },
}

/// A distance in time, whole seconds of it.
fn seconds(text: &str) -> Result<u32, String> {
    let seconds = duration(text)?.as_secs();
    u32::try_from(seconds).map_err(|_| "100 years at most".to_owned())
}

/// A distance in time of at least a second: 90s, 15m, 2h, 31d, 1w, PT30S.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wanted = || "give a time such as 90s, 15m, 2h, 31d or PT30S".to_owned();
    let span: jiff::Span = text.parse().map_err(|_| wanted())?;
    let relative = jiff::SpanRelativeTo::days_are_24_hours();
    let duration: SignedDuration = span.to_duration(relative).map_err(|_| wanted())?;
    let duration = Duration::try_from(duration).map_err(|_| wanted())?;
    match duration.as_secs() {
        0 => Err("at least one second".to_owned()),
        _ => Ok(duration),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_distances() {
        assert_eq!(seconds("2h"), Ok(7200));
        assert_eq!(seconds("31d"), Ok(31 * 86_400));
        assert_eq!(seconds("1w"), Ok(7 * 86_400));
        assert_eq!(seconds("PT30S"), Ok(30));
        for bad in ["", "2", "-2h", "0s", "1mo", "200y", "9999999999s"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
