//! Messages from arguments, files and stdin, read ahead by a thread of their own: a terminal or a
//! pipe may have nothing to say for hours.

use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal as _, Read};

use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::failure::Failure;

/// Bytes of one message, as the platform takes them (devices.md 3).
const MESSAGE_BYTES_MAX: usize = 256 * 1024;
/// Messages read ahead.
const AHEAD: usize = 64;

/// A message, or why there is none.
pub type NextMessage = Result<Vec<u8>, Failure>;

/// Where a message or many come from.
enum Source {
    Text(Vec<u8>),
    File(String, File),
    Stdin,
}

/// Begins to read. Files are opened before anything is sent.
pub fn read(arguments: &[String], ndjson: bool) -> Result<Receiver<NextMessage>, Failure> {
    if arguments.is_empty() && std::io::stdin().is_terminal() {
        return Err(Failure::usage("there is no message to send")
            .hint("give JSON text, a file, or - for stdin"));
    }
    let sources: Vec<Source> = match arguments {
        [] => vec![Source::Stdin],
        arguments => arguments.iter().map(|text| source(text)).collect::<Result<_, _>>()?,
    };
    let (sender, receiver) = channel(AHEAD);
    std::thread::spawn(move || {
        for source in sources {
            if feed(source, ndjson, &sender).is_none() {
                return;
            }
        }
    });
    Ok(receiver)
}

/// Text is a message if it is JSON or begins like it; all else is the name of a file.
fn source(argument: &str) -> Result<Source, Failure> {
    let is_json = argument.trim_start().starts_with(['{', '[', '"'])
        || serde_json::from_str::<serde::de::IgnoredAny>(argument).is_ok();
    if argument == "-" {
        return Ok(Source::Stdin);
    }
    if is_json {
        return Ok(Source::Text(argument.as_bytes().to_vec()));
    }
    let file = File::open(argument).map_err(|error| {
        Failure::usage(format!("{argument} is neither JSON nor a file that can be read: {error}"))
    })?;
    Ok(Source::File(argument.to_owned(), file))
}

/// Hands on what a source has; none when nobody listens any more or it cannot be read.
fn feed(source: Source, ndjson: bool, to: &Sender<NextMessage>) -> Option<()> {
    match source {
        Source::Text(text) => to.blocking_send(Ok(text)).ok(),
        Source::File(name, file) => parts(&name, &mut BufReader::new(file), ndjson, to),
        Source::Stdin => parts("stdin", &mut std::io::stdin().lock(), ndjson, to),
    }
}

fn parts(name: &str, from: &mut dyn BufRead, ndjson: bool, to: &Sender<NextMessage>) -> Option<()> {
    for number in 1_u64.. {
        let place = if ndjson { format!("{name}, line {number}") } else { name.to_owned() };
        match part(from, ndjson) {
            Ok(None) => return Some(()),
            Ok(Some(part)) if part.len() > MESSAGE_BYTES_MAX => {
                let text = format!("{place}: a message has at most {MESSAGE_BYTES_MAX} bytes");
                to.blocking_send(Err(Failure::usage(text))).ok();
                return None;
            }
            Ok(Some(part)) if ndjson && part.is_empty() => {}
            Ok(Some(part)) => to.blocking_send(Ok(part)).ok()?,
            Err(error) => {
                to.blocking_send(Err(Failure::usage(format!("{place}: {error}")))).ok();
                return None;
            }
        }
        if !ndjson {
            return Some(());
        }
    }
    Some(())
}

/// The next line without its end, or all there is; more than a message may have shows in the
/// length.
fn part(from: &mut dyn BufRead, line: bool) -> std::io::Result<Option<Vec<u8>>> {
    let mut part = Vec::new();
    // Room for the end of the line.
    let mut limited = from.take(MESSAGE_BYTES_MAX as u64 + 2);
    if !line {
        limited.read_to_end(&mut part)?;
        return Ok(Some(part));
    }
    if limited.read_until(b'\n', &mut part)? == 0 {
        return Ok(None);
    }
    let length = part.trim_ascii_end().len();
    part.truncate(length);
    Ok(Some(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(text: &[u8], ndjson: bool) -> Vec<NextMessage> {
        let (sender, mut receiver) = channel(AHEAD);
        parts("x", &mut std::io::Cursor::new(text), ndjson, &sender);
        drop(sender);
        std::iter::from_fn(|| receiver.blocking_recv()).collect()
    }

    #[test]
    fn a_file_is_one_message_or_one_a_line() {
        let whole = read_all(b"a\r\n\nb", false);
        assert_eq!(whole[0].as_ref().unwrap(), b"a\r\n\nb");
        let lines: Vec<_> = read_all(b"a\r\n\nb", true).into_iter().map(Result::unwrap).collect();
        assert_eq!(lines, [b"a", b"b"]);
    }

    #[test]
    fn what_is_too_large_is_told_with_its_place() {
        let text = [b"a\n".as_slice(), &vec![b'x'; MESSAGE_BYTES_MAX + 1], b"\nb"].concat();
        let read = read_all(&text, true);
        assert_eq!(read.len(), 2);
        let failure = read[1].as_ref().unwrap_err();
        assert!(failure.message.as_ref().unwrap().starts_with("x, line 2:"), "{failure:?}");
    }
}
