//! The command: its environment, its signals, its end.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::ExitStatus;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

use crate::config::local;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// What a shell says of a command that cannot be run, or is not there.
const CANNOT_RUN: u8 = 126;
const NOT_FOUND: u8 = 127;
/// Variables of these kinds say where a client looks; those of the surrounding shell name another
/// platform, maybe the one around this one.
const CLIENT_VARIABLES: [&str; 2] = ["OCI_CLI_", "MANAGE_DT_EMULATION_"];

/// Signals that are the command's.
pub struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
    quit: tokio::signal::unix::Signal,
}

impl Signals {
    /// Listens from now on.
    pub fn listen() -> Result<Signals, Failure> {
        let listen = |kind| signal(kind).map_err(|error| Failure::new(ExitCode::Refused, error));
        Ok(Signals {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: listen(SignalKind::hangup())?,
            quit: listen(SignalKind::quit())?,
        })
    }

    /// The next one.
    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::INT,
            _ = self.terminate.recv() => Signal::TERM,
            _ = self.hangup.recv() => Signal::HUP,
            _ = self.quit.recv() => Signal::QUIT,
        }
    }
}

/// Runs the command to its end; its exit code, 128 and the signal's number when one ended it.
pub async fn run(
    command: &[OsString],
    client_dir: &Path,
    signals: &mut Signals,
) -> Result<u8, Failure> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(Failure::usage("name a command behind --"));
    };
    let env_sh = client_dir.join("env.sh");
    let lines = std::fs::read_to_string(&env_sh)
        .map_err(|error| Failure::usage(format!("{}: {error}", env_sh.display())))?;
    let mut child = Command::new(program);
    child.args(arguments);
    for (name, _) in std::env::vars_os() {
        let begins = |name: &str| CLIENT_VARIABLES.iter().any(|start| name.starts_with(start));
        if name.to_str().is_some_and(begins) {
            child.env_remove(name);
        }
    }
    child.envs(local::all_exported(&lines));
    let mut child = child.spawn().map_err(|error| not_started(program, &error))?;
    loop {
        tokio::select! {
            ended = child.wait() => {
                return ended.map(code).map_err(|error| Failure::new(ExitCode::Refused, error));
            }
            signal = signals.next() => forward(&child, signal),
        }
    }
}

/// Hands a signal on. One from the terminal has reached the command already: it goes to the whole
/// foreground group.
fn forward(child: &Child, signal: Signal) {
    let from_terminal = matches!(signal, Signal::INT | Signal::QUIT) && is_in_foreground();
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let (false, Some(pid)) = (from_terminal, pid) {
        // It may have ended by itself; that is told next.
        let _ = kill_process(pid, signal);
    }
}

/// Whether this process belongs to the group that the terminal sends its signals to.
fn is_in_foreground() -> bool {
    let Ok(terminal) = std::fs::File::open("/dev/tty") else { return false };
    rustix::termios::tcgetpgrp(&terminal).is_ok_and(|group| group == rustix::process::getpgrp())
}

fn code(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

fn not_started(program: &OsString, error: &std::io::Error) -> Failure {
    let code = match error.kind() {
        std::io::ErrorKind::NotFound => NOT_FOUND,
        _ => CANNOT_RUN,
    };
    let text = format!("cannot run {}: {error}", program.display());
    Failure::new(ExitCode::Command(code), text)
        .hint("a command line with pipes or variables needs a shell: -- sh -c '...'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_a_shell() {
        assert_eq!(code(ExitStatus::from_raw(0)), 0);
        assert_eq!(code(ExitStatus::from_raw(7 << 8)), 7);
        assert_eq!(code(ExitStatus::from_raw(15)), 143);
    }
}
