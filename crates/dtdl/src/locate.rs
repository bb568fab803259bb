//! From JSON pointers to lines and columns. The documents are read a second time for that, level
//! by level and only along the pointers: most documents have no findings.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::diagnostic::{Diagnostic, Position};
use crate::language::without_mark;

/// A key of an object, borrowed where the text has no escapes.
#[derive(Deserialize, PartialEq, Eq, Hash)]
struct Key<'t>(#[serde(borrow)] Cow<'t, str>);

/// Fills in the positions of findings that have none.
pub(crate) fn locate(documents: &[&str], diagnostics: &mut [Diagnostic]) {
    for (document, text) in documents.iter().enumerate() {
        let wanted: Vec<_> = diagnostics
            .iter()
            .enumerate()
            .filter(|(_, d)| d.document == document && d.position.is_none())
            .map(|(index, d)| (index, tokens(&d.pointer)))
            .collect();
        if wanted.is_empty() {
            continue;
        }
        let text = without_mark(text);
        let mut offsets = Vec::new();
        match serde_json::from_str::<&RawValue>(text) {
            Ok(root) => {
                let wanted: Vec<_> = wanted.iter().map(|(i, t)| (*i, t.as_slice())).collect();
                descend(root, text, &wanted, &mut offsets);
            }
            // No JSON: the reader says where it stopped.
            Err(error) if error.line() > 0 => {
                let position = Position { line: error.line(), column: error.column().max(1) };
                for (index, _) in wanted {
                    diagnostics[index].position = Some(position);
                }
            }
            Err(_) => {}
        }
        offsets.sort_unstable();
        fill(text, &offsets, diagnostics);
    }
}

/// Finds where the wanted parts of a value begin. A part that is not there, such as a property
/// that is missing, is where its object is.
fn descend(
    value: &RawValue,
    text: &str,
    wanted: &[(usize, &[String])],
    offsets: &mut Vec<(usize, usize)>,
) {
    let raw = value.get();
    // The value is a part of the text, so this is its place there.
    let offset = raw.as_ptr() as usize - text.as_ptr() as usize;
    let mut below: HashMap<&str, Vec<(usize, &[String])>> = HashMap::new();
    for (index, tokens) in wanted {
        match tokens.split_first() {
            Some((first, rest)) => below.entry(first).or_default().push((*index, rest)),
            None => offsets.push((offset, *index)),
        }
    }
    if below.is_empty() {
        return;
    }
    if raw.starts_with('{')
        && let Ok(members) = serde_json::from_str::<HashMap<Key, &RawValue>>(raw)
    {
        for (key, value) in members {
            if let Some(wanted) = below.remove(key.0.as_ref()) {
                descend(value, text, &wanted, offsets);
            }
        }
    } else if raw.starts_with('[')
        && let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(raw)
    {
        for (token, wanted) in std::mem::take(&mut below) {
            match token.parse::<usize>().ok().and_then(|index| items.get(index)) {
                Some(value) => descend(value, text, &wanted, offsets),
                None => drop(below.insert(token, wanted)),
            }
        }
    }
    let lost = below.into_values().flatten();
    offsets.extend(lost.map(|(index, _)| (offset, index)));
}

/// Turns ascending offsets into lines and columns in one pass.
fn fill(text: &str, offsets: &[(usize, usize)], diagnostics: &mut [Diagnostic]) {
    let (mut line, mut line_start, mut counted) = (1, 0, 0);
    for &(offset, index) in offsets {
        for (at, _) in text[counted..offset].match_indices('\n') {
            line += 1;
            line_start = counted + at + 1;
        }
        counted = offset;
        let column = text[line_start..offset].chars().count() + 1;
        diagnostics[index].position = Some(Position { line, column });
    }
}

/// The parts of a JSON pointer.
fn tokens(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|t| t.replace("~1", "/").replace("~0", "~")).collect()
}
