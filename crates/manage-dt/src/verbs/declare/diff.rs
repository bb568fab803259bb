//! When two documents say the same, and where they do not.

use serde_json::{Map, Value};

/// A member that is not as the file has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Its name in the file.
    pub member: String,
    /// What the platform has.
    pub old: Value,
    /// What the file has.
    pub new: Value,
}

/// The members that the file names and the platform has otherwise.
pub fn members(wanted: &Map<String, Value>, actual: &Map<String, Value>) -> Vec<Difference> {
    let mut out = Vec::new();
    for (name, new) in wanted {
        let old = actual.get(name).unwrap_or(&Value::Null);
        let is_same = match name.as_str() {
            "definedTags" => has_all(new, old),
            _ => same(new, old),
        };
        if !is_same {
            out.push(Difference { member: name.clone(), old: old.clone(), new: new.clone() });
        }
    }
    out
}

/// Whether two documents say the same: the order of members does not count, nor how a number is
/// written, nor a member without content that only one side has, as servers add them.
pub fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one == other || (one.as_f64() == other.as_f64() && (one.is_f64() || other.is_f64()))
        }
        (Value::Object(one), Value::Object(other)) => {
            let all = one.iter().all(|(name, value)| match other.get(name) {
                Some(other) => same(value, other),
                None => is_empty(value),
            });
            all && other.iter().all(|(name, value)| one.contains_key(name) || is_empty(value))
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (one, other) => one == other || (is_empty(one) && is_empty(other)),
    }
}

/// Whether `actual` has all tags of `wanted`; the service adds some of its own.
fn has_all(wanted: &Value, actual: &Value) -> bool {
    let tags = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let actual = tags(actual);
    tags(wanted).iter().all(|(name, value)| match actual.get(name) {
        Some(actual) => same(value, actual),
        None => is_empty(value),
    })
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_says_the_same() {
        for (one, other, expected) in [
            (json!({"a": 1, "b": [2.0]}), json!({"b": [2], "a": 1.0}), true),
            (json!({"a": 1}), json!({"a": 1, "b": null, "c": {}}), true),
            (json!({"a": 1}), json!({"a": 1, "b": false}), false),
            (json!(9007199254740993_u64), json!(9007199254740992_u64), false),
            (json!([1, 2]), json!([2, 1]), false),
            (json!(null), json!([]), true),
            (json!(null), json!(""), false),
        ] {
            assert_eq!(same(&one, &other), expected, "{one} {other}");
            assert_eq!(same(&other, &one), expected, "{other} {one}");
        }
    }

    #[test]
    fn only_named_members_and_namespaces_count() {
        let map = |value: Value| value.as_object().cloned().unwrap_or_default();
        let actual =
            map(json!({"a": 1, "b": 2, "definedTags": {"Oracle-Tags": {}, "N": {"k": "v"}}}));
        let wanted = map(json!({"a": 1, "definedTags": {"N": {"k": "v"}}}));
        assert_eq!(members(&wanted, &actual), []);
        let differences = members(&map(json!({"a": 3})), &actual);
        assert_eq!((&differences[0].old, &differences[0].new), (&json!(1), &json!(3)));
    }
}
