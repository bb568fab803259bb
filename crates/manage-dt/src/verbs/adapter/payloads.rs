//! Messages from arguments, files and stdin.

use std::io::{BufRead, BufReader, IsTerminal, Read};
use std::path::Path;

use serde_json::Value;

use crate::failure::Failure;

/// Bytes of one message, as the platform takes them, and a file's name around it.
const MESSAGE_BYTES_MAX: u64 = 1 << 20;

/// Hands every message to `each`, as it comes.
pub fn each(
    arguments: &[String],
    mut each: impl FnMut(&[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let stdin = ["-".to_owned()];
    let arguments = match arguments {
        [] if std::io::stdin().is_terminal() => {
            return Err(Failure::usage("there is no message to try")
                .hint("give JSON text, a file with one message a line, or - for stdin"));
        }
        [] => &stdin,
        arguments => arguments,
    };
    for argument in arguments {
        if argument == "-" {
            lines("stdin", std::io::stdin().lock(), &mut each)?;
        } else if is_json(argument) {
            each(argument.as_bytes())?;
        } else {
            file(Path::new(argument), &mut each)?;
        }
    }
    Ok(())
}

/// Text is a message if it looks like JSON; all else is the name of a file.
fn is_json(argument: &str) -> bool {
    argument.trim_start().starts_with(['{', '[', '"'])
        || serde_json::from_str::<Value>(argument).is_ok()
}

fn file(path: &Path, each: &mut dyn FnMut(&[u8]) -> Result<(), Failure>) -> Result<(), Failure> {
    let shown = path.display();
    let file = std::fs::File::open(path).map_err(|error| {
        Failure::usage(format!("{shown} is neither JSON nor a file that can be read: {error}"))
    })?;
    let mut reader = BufReader::new(file);
    let mut head = Vec::new();
    let limited = reader.by_ref().take(MESSAGE_BYTES_MAX).read_to_end(&mut head);
    limited.map_err(|error| Failure::usage(format!("{shown} cannot be read: {error}")))?;
    // A file may also hold a single message on several lines.
    if serde_json::from_slice::<serde::de::IgnoredAny>(&head).is_ok() {
        return each(head.trim_ascii());
    }
    lines(&shown.to_string(), std::io::Cursor::new(head).chain(reader), each)
}

/// One message a line; blank lines are none.
fn lines(
    name: &str,
    mut reader: impl BufRead,
    each: &mut dyn FnMut(&[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let limited = reader.by_ref().take(MESSAGE_BYTES_MAX).read_until(b'\n', &mut line);
        match limited {
            Ok(0) => return Ok(()),
            Ok(_) if line.len() as u64 == MESSAGE_BYTES_MAX && !line.ends_with(b"\n") => {
                let text = format!("{name} has a line of more than {MESSAGE_BYTES_MAX} bytes");
                return Err(Failure::usage(text));
            }
            Ok(_) if line.trim_ascii().is_empty() => {}
            Ok(_) => each(line.trim_ascii())?,
            Err(error) => return Err(Failure::usage(format!("{name} cannot be read: {error}"))),
        }
    }
}
