//! Regular expressions, in linear time. Offsets and lengths count characters, as in jq.

use std::cell::RefCell;

use ::regex::{Regex, RegexBuilder};

use super::Entry;
use crate::jq::eval::Machine;
use crate::jq::meter::{Run, error};
use crate::jq::value::{Members, Val};
use crate::limits::{REGEX_BYTES_MAX, REGEX_TEXT_BYTES_MAX};

/// Compiled expressions each thread keeps; adapters have few, and compiling takes long.
const KEPT: usize = 32;

/// What compiling one costs in steps.
const COMPILE_STEPS: usize = 2_000;

thread_local! {
    static COMPILED: RefCell<Vec<(String, Regex)>> = const { RefCell::new(Vec::new()) };
}

pub(super) const TABLE: &[Entry] = &[("_match", 2, matches)];

/// All matches as `match` describes them, or only the first without the flag `g`.
fn matches(machine: &Machine, val: &Val, args: &[Val]) -> Run<Val> {
    let (Val::Str(text), Val::Str(pattern)) = (val, &args[0]) else {
        return error(format!(
            "{} cannot be matched, as it is not a string",
            if val.as_str().is_none() { val.excerpt() } else { args[0].excerpt() }
        ));
    };
    let flags = match &args[1] {
        Val::Null => "",
        Val::Str(flags) => flags,
        other => return error(format!("{} is not a string", other.excerpt())),
    };
    if text.len() > REGEX_TEXT_BYTES_MAX {
        return error("the text is too long for regular expressions");
    }
    machine.meter.charge(1 + text.len())?;
    let regex = compiled(machine, pattern, flags)?;
    let (global, skip_empty) = (flags.contains('g'), flags.contains('n'));
    let mut found = Vec::new();
    let mut position = Position { text, bytes: 0, chars: 0 };
    let mut start = 0;
    // An empty match may follow another at once, which the iterators of the library leave out.
    while let Some(captures) = regex.captures_at(text, start) {
        // Each search may have read to the end of the text.
        machine.meter.charge(8 * captures.len() + text.len() / 64)?;
        let Some(whole) = captures.get(0) else { break };
        if !(skip_empty && whole.is_empty()) {
            found.push(describe(&regex, &captures, &mut position)?);
        }
        let step = text[whole.end()..].chars().next().map_or(1, char::len_utf8);
        start = whole.end() + if whole.is_empty() { step } else { 0 };
        if !global || start > text.len() {
            break;
        }
    }
    Val::array(found)
}

/// Counts characters up to a byte, going on where it stopped: matches come in order.
struct Position<'t> {
    text: &'t str,
    bytes: usize,
    chars: usize,
}

impl Position<'_> {
    fn chars_before(&mut self, byte: usize) -> usize {
        if byte < self.bytes {
            return self.text[..byte].chars().count();
        }
        self.chars += self.text[self.bytes..byte].chars().count();
        self.bytes = byte;
        self.chars
    }
}

fn describe(regex: &Regex, captures: &::regex::Captures, position: &mut Position) -> Run<Val> {
    let mut groups = Vec::with_capacity(captures.len());
    for (group, name) in captures.iter().zip(regex.capture_names()) {
        let mut members = Members::new();
        let (offset, length, string) = match group {
            Some(m) => (
                position.chars_before(m.start()).into(),
                m.as_str().chars().count().into(),
                m.as_str().into(),
            ),
            None => (Val::Int(-1), Val::Int(0), Val::Null),
        };
        members.insert("offset".into(), offset);
        members.insert("length".into(), length);
        members.insert("string".into(), string);
        members.insert("name".into(), name.map_or(Val::Null, Val::from));
        groups.push(members);
    }
    let rest = groups.split_off(1.min(groups.len()));
    let mut whole = groups.pop().unwrap_or_default();
    whole.shift_remove("name");
    let rest = rest.into_iter().map(Val::object).collect::<Run<_>>()?;
    whole.insert("captures".into(), Val::array(rest)?);
    Val::object(whole)
}

/// Is it an expression this engine has? Look-around and back-references are not.
pub(super) fn check(pattern: &str) -> Result<(), String> {
    let built = RegexBuilder::new(pattern).size_limit(REGEX_BYTES_MAX).build();
    built.map(drop).map_err(|error| reason(&error))
}

/// The last line of an error says what is wrong; the others point into the pattern.
fn reason(error: &::regex::Error) -> String {
    error.to_string().lines().last().unwrap_or_default().to_owned()
}

fn compiled(machine: &Machine, pattern: &str, flags: &str) -> Run<Regex> {
    let key = format!("{flags}/{pattern}");
    let known = COMPILED.with_borrow(|kept| {
        kept.iter().find(|(known, _)| *known == key).map(|(_, regex)| regex.clone())
    });
    if let Some(regex) = known {
        return Ok(regex);
    }
    machine.meter.charge(COMPILE_STEPS)?;
    let mut builder = RegexBuilder::new(pattern);
    builder.size_limit(REGEX_BYTES_MAX).dfa_size_limit(REGEX_BYTES_MAX);
    for flag in flags.chars() {
        match flag {
            'i' => builder.case_insensitive(true),
            'x' => builder.ignore_whitespace(true),
            's' => builder.dot_matches_new_line(true),
            'g' | 'n' | 'l' | 'p' => &mut builder,
            _ => return error(format!("{flags} is not a valid modifier string")),
        };
    }
    let regex = match builder.build() {
        Ok(regex) => regex,
        Err(e) => {
            let reason = reason(&e);
            return error(format!(
                "{} (at regex) is not usable: {reason}",
                Val::from(pattern).excerpt()
            ));
        }
    };
    COMPILED.with_borrow_mut(|kept| {
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push((key, regex.clone()));
    });
    Ok(regex)
}
