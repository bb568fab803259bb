//! Plain JSON Paths become steps for our own walker; they are what nearly all adapters use.

use super::Expression;
use crate::document::Node;
use crate::jq::{Failure, Meter, PlainStep};
use crate::jsonpath::Path;

/// Compiles a path; the error is text for the user.
pub(crate) fn compile(text: &str) -> Result<Expression, String> {
    match plain(text) {
        Some(steps) => Ok(Expression::Path(steps)),
        None => Path::compile(text).map(Expression::JsonPath),
    }
}

/// One value as it was sent, several as an array, none as nothing (A3).
pub(crate) fn query(
    path: &Path,
    root: &Node<'_>,
    meter: &Meter,
) -> Result<Option<String>, Failure> {
    let found = path.query(root, meter)?;
    Ok(match found.as_slice() {
        [] => None,
        [one] if one.is_null() => None,
        [one] => Some(one.text().to_owned()),
        several => {
            // The same part can be found many times over.
            let bytes = several.iter().map(|node| node.text().len() + 1).sum();
            meter.charge_bytes(bytes).map_err(Failure::from)?;
            let texts: Vec<_> = several.iter().map(|node| node.text()).collect();
            Some(format!("[{}]", texts.join(",")))
        }
    })
}

/// The steps of `$.a['b'][0]`; `None` for anything that is not so plain.
pub(crate) fn plain(text: &str) -> Option<Vec<PlainStep>> {
    let mut rest = text.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let name_char = |c: char| c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii();
            let end = after.find(|c| !name_char(c)).unwrap_or(after.len());
            if end == 0 || after.starts_with(|c: char| c.is_ascii_digit()) {
                return None;
            }
            steps.push(PlainStep::Member(after[..end].to_owned()));
            rest = &after[end..];
            continue;
        }
        let after = rest.strip_prefix('[')?;
        let end = after.find(']')?;
        let inner = &after[..end];
        steps.push(match inner.as_bytes() {
            [quote @ (b'\'' | b'"'), name @ .., last] if quote == last => {
                let name = std::str::from_utf8(name).ok()?;
                if name.contains(|c: char| matches!(c, '\'' | '"' | '\\' | '\0'..='\x1f')) {
                    return None;
                }
                PlainStep::Member(name.to_owned())
            }
            _ if inner == "0" => PlainStep::Item(0),
            _ if inner.trim_start_matches('-').starts_with('0') => return None,
            _ => {
                let index: i64 = inner.parse().ok().filter(|_| !inner.starts_with('+'))?;
                PlainStep::Item(Some(index).filter(|n| n.unsigned_abs() < 1 << 53)?)
            }
        });
        rest = &after[end + 1..];
    }
    Some(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths() {
        let member = |name: &str| PlainStep::Member(name.to_owned());
        assert_eq!(plain("$"), Some(vec![]));
        assert_eq!(plain("$.a.b_1"), Some(vec![member("a"), member("b_1")]));
        assert_eq!(
            plain("$['a b'][0][-1]"),
            Some(vec![member("a b"), PlainStep::Item(0), PlainStep::Item(-1)])
        );
        for text in
            ["a", "$a", "$.", "$..a", "$.*", "$[*]", "$['a','b']", "$[01]", "$[?@.a]", "$.1"]
        {
            assert_eq!(plain(text), None, "{text}");
        }
    }

    #[test]
    fn control_characters_and_huge_indices_are_not_plain() {
        for text in ["$['a\n']", "$[9007199254740992]", "$[-9007199254740992]"] {
            assert_eq!(plain(text), None, "{text:?}");
            assert!(compile(text).is_err(), "{text:?}");
        }
    }
}
