//! JSON Paths: plain ones become steps for our own walker, the rest goes to serde_json_path.

use serde_json::Value;
use serde_json_path::JsonPath;

use super::Expression;
use crate::jq::PlainStep;
use crate::limits::{EXPRESSION_NESTING_MAX, JSONPATH_COMMAS_MAX};

/// Compiles a path; the error is text for the user.
pub(crate) fn compile(text: &str) -> Result<Expression, String> {
    if let Some(steps) = plain(text) {
        return Ok(Expression::Path(steps));
    }
    let opening = text.bytes().filter(|b| matches!(b, b'(' | b'[')).count();
    if opening > EXPRESSION_NESTING_MAX {
        return Err(format!("the path has more than {EXPRESSION_NESTING_MAX} brackets"));
    }
    check_cost(text)?;
    JsonPath::parse(text).map(Expression::JsonPath).map_err(|e| format!("not a JSON Path: {e}"))
}

/// Paths whose work grows faster than the payload are refused, for nothing can stop them later.
fn check_cost(text: &str) -> Result<(), String> {
    let refuse = |what: &str| Err(format!("the path {what}; use `${{…}}` instead"));
    if text.matches("..").count() > 1 {
        return refuse("has more than one `..`");
    }
    if text.matches('?').count() > 1 {
        return refuse("has more than one filter");
    }
    if text.contains('?') && text.matches('$').count() > 1 {
        return refuse("looks back at `$` inside a filter");
    }
    let several = text.split(']').filter(|part| part.contains(',')).count();
    if several > 1 || text.matches(',').count() > JSONPATH_COMMAS_MAX {
        return refuse("has too many selectors");
    }
    if text.contains("match(") || text.contains("search(") {
        return refuse("uses regular expressions");
    }
    Ok(())
}

/// One value as it is, several as an array, none as nothing (A3).
pub(crate) fn query(path: &JsonPath, tree: &Value) -> Option<String> {
    let found = path.query(tree).all();
    match found.as_slice() {
        [] | [Value::Null] => None,
        [one] => Some(one.to_string()),
        several => {
            let texts: Vec<_> = several.iter().map(ToString::to_string).collect();
            Some(format!("[{}]", texts.join(",")))
        }
    }
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
                if name.contains(['\'', '"', '\\']) {
                    return None;
                }
                PlainStep::Member(name.to_owned())
            }
            _ if inner == "0" => PlainStep::Item(0),
            _ if inner.trim_start_matches('-').starts_with('0') => return None,
            _ => PlainStep::Item(inner.parse().ok().filter(|_| !inner.starts_with('+'))?),
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
    fn costly_paths() {
        for text in [
            "$..a..b",
            "$[?@[?@.a]]",
            "$..[?@.a == $.b]",
            "$[*,*][*,*]",
            "$[0,1,2,3,4,5,6,7,8,9]",
            "$[?match(@.a, 'x')]",
        ] {
            assert!(compile(text).is_err(), "{text}");
        }
        for text in ["$..a", "$[*].b", "$[?@.a > 1]", "$['a','b']", "$[1:3]"] {
            assert!(matches!(compile(text), Ok(Expression::JsonPath(_))), "{text}");
        }
    }
}
