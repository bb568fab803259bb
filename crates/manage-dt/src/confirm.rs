//! Asking before something that cannot be undone.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Asks a question on the terminal that only `y` or `yes` answers with yes.
///
/// # Errors
/// Wrong usage without a terminal to ask on, where the verb needs `--yes`; a failure that says so
/// when the answer is another one.
pub fn confirm(question: &str) -> Result<(), Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(format!("{question} There is no terminal to ask on"))
            .hint("--yes says yes"));
    }
    // Nobody is left to answer on a closed stderr.
    let _ = write!(io::stderr(), "{question} [y/N] ");
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    match read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes" | "Yes" | "YES") {
        true => Ok(()),
        false => Err(Failure::new(ExitCode::Refused, "not confirmed; nothing was changed")),
    }
}
