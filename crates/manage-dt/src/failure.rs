//! Why a verb ended early: the exit code, what to tell the user, and what the user can do.

use std::fmt::Display;
use std::io::Write;

use crate::exit_code::ExitCode;

/// An error on its way to the user. Never holds a secret.
#[derive(Debug)]
pub struct Failure {
    /// Exit code of the process.
    pub exit: ExitCode,
    /// What went wrong and with what; absent when log lines have said it already.
    pub message: Option<String>,
    /// What to do next.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure that still has to be told.
    pub fn new(exit: ExitCode, message: impl Display) -> Failure {
        Failure { exit, message: Some(message.to_string()), hint: None }
    }

    /// Wrong arguments, configuration or files.
    pub fn usage(message: impl Display) -> Failure {
        Failure::new(ExitCode::Usage, message)
    }

    /// A failure that log lines have told already.
    pub fn reported(exit: ExitCode) -> Failure {
        Failure { exit, message: None, hint: None }
    }

    /// Adds what the user can do about it.
    pub fn hint(mut self, hint: impl Display) -> Failure {
        self.hint = Some(hint.to_string());
        self
    }

    /// Writes message and hint to stderr.
    pub fn tell(&self) {
        let red = anstyle::AnsiColor::Red.on_default().bold();
        let bold = anstyle::Style::new().bold();
        // Nobody is left to hear about a closed stderr.
        let mut stderr = anstream::stderr().lock();
        if let Some(message) = &self.message {
            let _ = writeln!(stderr, "{red}error:{red:#} {message}");
        }
        if let Some(hint) = &self.hint {
            let _ = writeln!(stderr, "{bold}hint:{bold:#} {hint}");
        }
    }
}
