//! A question before something is changed.

use std::io::{BufRead, IsTerminal, Write};

use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Asks unless `yes` says that there is no need; without a yes nothing is to be changed.
pub fn confirmed(yes: bool, question: &str) -> Result<(), Failure> {
    if yes || ask(question)? {
        return Ok(());
    }
    Err(Failure::new(ExitCode::Refused, "not confirmed; nothing has been changed"))
}

/// Asks on stderr; only `y` and `yes` are a yes. Without a terminal nobody can answer.
pub fn ask(question: &str) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(
            "nobody can be asked: stdin is not a terminal; nothing has been changed",
        )
        .hint("--yes goes on without asking"));
    }
    let unreadable = |error| Failure::new(ExitCode::Refused, format!("cannot ask: {error}"));
    let mut stderr = std::io::stderr();
    write!(stderr, "{question} [y/N] ").and_then(|()| stderr.flush()).map_err(unreadable)?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).map_err(unreadable)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
