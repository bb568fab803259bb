//! Questions on a terminal, and what they need: checks, secrets without echo, what is missing when
//! nobody can be asked.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Characters of an answer.
const ANSWER_CHARS_MAX: usize = 4096;

/// What is to be known.
#[derive(Clone)]
pub struct Question {
    /// The option that answers it.
    pub option: &'static str,
    /// The question.
    pub text: &'static str,
    /// An answer that is there already.
    pub given: Option<String>,
    /// What an empty answer means.
    pub usual: Option<String>,
    /// Not shown while it is typed.
    pub is_secret: bool,
    /// What is wrong with an answer.
    pub check: fn(&str) -> Result<(), String>,
}

impl Default for Question {
    fn default() -> Question {
        Question {
            option: "",
            text: "",
            given: None,
            usual: None,
            is_secret: false,
            check: |_| Ok(()),
        }
    }
}

/// Asks on stderr, reads from stdin; or collects what would have to be asked.
pub struct Asker {
    is_terminal: bool,
    missing: Vec<&'static str>,
}

impl Asker {
    /// Asks if there is somebody to ask.
    pub fn on_terminal() -> Asker {
        let is_terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
        Asker { is_terminal, missing: Vec::new() }
    }

    /// Whether there is somebody to ask.
    pub fn may_ask(&self) -> bool {
        self.is_terminal
    }

    /// Tells something.
    pub fn say(&self, text: &str) {
        anstream::eprintln!("{text}");
    }

    /// The answer to a question.
    pub fn answer(&mut self, question: Question) -> Result<String, Failure> {
        let check = question.check;
        self.answer_with(question, &check)
    }

    /// The same with another check.
    pub fn answer_with(
        &mut self,
        question: Question,
        check: &dyn Fn(&str) -> Result<(), String>,
    ) -> Result<String, Failure> {
        let Question { option, text, given, usual, is_secret, .. } = question;
        if let Some(given) = given.filter(|given| !given.is_empty()) {
            return match wrong(&given, check) {
                None => Ok(given),
                Some(why) => Err(Failure::usage(format!("{option}: {why}"))),
            };
        }
        if !self.is_terminal {
            return Ok(usual.unwrap_or_else(|| {
                self.missing.push(option);
                String::new()
            }));
        }
        loop {
            let default = usual.as_ref().map(|usual| format!(" [{usual}]")).unwrap_or_default();
            anstream::eprint!("{text}{default}: ");
            let typed = if is_secret { hidden_line()? } else { line()? };
            let answer = match (typed.is_empty(), &usual) {
                (true, Some(usual)) => usual.clone(),
                _ => typed,
            };
            match wrong(&answer, check) {
                None => return Ok(answer),
                Some(why) => self.say(&format!("  {why}")),
            }
        }
    }

    /// Yes or no; none when there is nobody to ask.
    pub fn confirms(&self, question: &str) -> Result<Option<bool>, Failure> {
        if !self.is_terminal {
            return Ok(None);
        }
        anstream::eprint!("{question} [y/N] ");
        let answer = line()?.to_ascii_lowercase();
        Ok(Some(answer == "y" || answer == "yes"))
    }

    /// Refuses when something had to be asked and could not be.
    pub fn complete(&self) -> Result<(), Failure> {
        match self.missing.is_empty() {
            true => Ok(()),
            false => Err(Failure::usage(format!(
                "nobody can be asked here, and these are missing: {}",
                self.missing.join(", ")
            ))
            .hint(
                "nothing was written; `manage-dt init --help` tells the variables that count too",
            )),
        }
    }
}

fn wrong(answer: &str, check: &dyn Fn(&str) -> Result<(), String>) -> Option<String> {
    if answer.is_empty() {
        return Some("an answer is needed".to_owned());
    }
    if answer.chars().count() > ANSWER_CHARS_MAX || answer.chars().any(char::is_control) {
        return Some("that is too long, or has control characters in it".to_owned());
    }
    check(answer).err()
}

/// What was typed, blanks around it gone.
fn line() -> Result<String, Failure> {
    let mut text = String::new();
    match io::stdin().lock().read_line(&mut text) {
        Ok(0) => Err(interrupted()),
        Ok(_) => Ok(text.trim().to_owned()),
        Err(error) => Err(Failure::new(ExitCode::Refused, error)),
    }
}

/// What was typed and not shown.
fn hidden_line() -> Result<String, Failure> {
    let _silence = Silence::begin().map_err(|error| Failure::new(ExitCode::Refused, error))?;
    let mut typed = Vec::new();
    for byte in io::stdin().lock().bytes() {
        match byte.map_err(|error| Failure::new(ExitCode::Refused, error))? {
            b'\r' | b'\n' => {
                return String::from_utf8(typed)
                    .map_err(|_| Failure::usage("what was typed is not UTF-8"));
            }
            // Ctrl-C and Ctrl-D.
            3 | 4 => return Err(interrupted()),
            // The key above Enter, and Ctrl-U.
            8 | 127 => drop_last(&mut typed),
            21 => typed.clear(),
            byte => typed.push(byte),
        }
    }
    Err(interrupted())
}

/// Takes the last character away, however many bytes it has.
fn drop_last(typed: &mut Vec<u8>) {
    while let Some(byte) = typed.pop() {
        if byte & 0xc0 != 0x80 {
            break;
        }
    }
}

fn interrupted() -> Failure {
    anstream::eprintln!();
    Failure::new(ExitCode::Interrupted, "interrupted; nothing was written")
}

/// No echo, and every key at once, so that no signal can leave the terminal silent.
struct Silence(Termios);

impl Silence {
    fn begin() -> io::Result<Silence> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        io::stderr().flush()?;
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Silence(before))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // A terminal that is gone needs no mode.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
        anstream::eprintln!();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_taken_away_whole() {
        let mut typed = "aä".as_bytes().to_vec();
        drop_last(&mut typed);
        assert_eq!(typed, b"a");
        drop_last(&mut typed);
        drop_last(&mut typed);
        assert!(typed.is_empty());
    }

    #[test]
    fn what_is_missing_is_collected() {
        let mut asker = Asker { is_terminal: false, missing: Vec::new() };
        let given = Question { given: Some("x".into()), option: "--x", ..Question::default() };
        assert_eq!(asker.answer(given).unwrap(), "x");
        let usual = Question { usual: Some("u".into()), ..Question::default() };
        assert_eq!(asker.answer(usual).unwrap(), "u");
        assert!(asker.complete().is_ok());
        asker.answer(Question { option: "--a", ..Question::default() }).unwrap();
        asker.answer(Question { option: "--b", ..Question::default() }).unwrap();
        assert!(asker.complete().unwrap_err().message.unwrap().contains("--a, --b"));
        let bad = Question {
            given: Some("x".into()),
            option: "--x",
            check: |_| Err("no".to_owned()),
            ..Question::default()
        };
        assert_eq!(asker.answer(bad).unwrap_err().message.unwrap(), "--x: no");
    }
}
