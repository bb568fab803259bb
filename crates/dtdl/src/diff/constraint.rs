//! Changes of constraints: does one let less through than before?

use std::fmt::Display;

use serde_json::Value;

use crate::constraints::Constraints;

/// How a keyword changed.
pub(super) struct Step {
    /// Is something refused that was accepted?
    pub tightens: bool,
    /// The change, to follow the keyword.
    pub text: String,
}

/// The keywords that differ.
pub(super) fn steps(before: &Constraints, after: &Constraints) -> Vec<(&'static str, Step)> {
    let at_least = |before, after| bound(before, after, |new, old| new <= old);
    let at_most = |before, after| bound(before, after, |new, old| new >= old);
    let counts = |count: Option<u64>| count.map(|count| count as f64);
    let pattern = |c: &Constraints| c.pattern.as_ref().map(|p| p.as_str().to_owned());
    fn only(constraints: &Constraints) -> Option<&[Value]> {
        constraints.constant.as_ref().map(std::slice::from_ref)
    }
    let steps = [
        ("minimum", at_least(before.minimum, after.minimum)),
        ("exclusiveMinimum", at_least(before.exclusive_minimum, after.exclusive_minimum)),
        ("maximum", at_most(before.maximum, after.maximum)),
        ("exclusiveMaximum", at_most(before.exclusive_maximum, after.exclusive_maximum)),
        (
            "multipleOf",
            bound(before.multiple_of, after.multiple_of, |new, old| (old / new).fract() == 0.0),
        ),
        ("minLength", at_least(counts(before.min_length), counts(after.min_length))),
        ("maxLength", at_most(counts(before.max_length), counts(after.max_length))),
        ("minItems", at_least(counts(before.min_items), counts(after.min_items))),
        ("maxItems", at_most(counts(before.max_items), counts(after.max_items))),
        // Whether one pattern lets through all that another does is not looked into.
        ("pattern", bound(pattern(before), pattern(after), |_, _| false)),
        (
            "uniqueItems",
            bound(
                before.unique_items.then_some(true),
                after.unique_items.then_some(true),
                |_, _| true,
            ),
        ),
        ("enum", values(before.one_of.as_deref(), after.one_of.as_deref())),
        ("const", values(only(before), only(after))),
        ("required", names(&before.required, &after.required)),
    ];
    steps.into_iter().filter_map(|(keyword, step)| Some((keyword, step?))).collect()
}

/// `is_wider` compares the new bound with the old one when both are there.
fn bound<T: PartialEq + Display>(
    before: Option<T>,
    after: Option<T>,
    is_wider: impl Fn(&T, &T) -> bool,
) -> Option<Step> {
    match (before, after) {
        (None, Some(new)) => Some(Step { tightens: true, text: format!("is {new} now") }),
        (Some(old), None) => Some(Step { tightens: false, text: format!("was {old}, is gone") }),
        (Some(old), Some(new)) if old != new => {
            Some(Step { tightens: !is_wider(&new, &old), text: format!("was {old}, is {new}") })
        }
        _ => None,
    }
}

/// Names of fields that must be there.
fn names(before: &[String], after: &[String]) -> Option<Step> {
    let added: Vec<_> = after.iter().filter(|name| !before.contains(name)).cloned().collect();
    let gone: Vec<_> = before.iter().filter(|name| !after.contains(name)).cloned().collect();
    let mut texts = Vec::new();
    if !added.is_empty() {
        texts.push(format!("asks for {} now", added.join(", ")));
    }
    if !gone.is_empty() {
        texts.push(format!("does not ask for {} any more", gone.join(", ")));
    }
    let tightens = !added.is_empty();
    (!texts.is_empty()).then(|| Step { tightens, text: texts.join(" and ") })
}

fn values(before: Option<&[Value]>, after: Option<&[Value]>) -> Option<Step> {
    let list = |values: &[Value]| {
        let texts: Vec<_> = values.iter().map(Value::to_string).collect();
        texts.join(", ")
    };
    let step = |tightens, text| Some(Step { tightens, text });
    match (before, after) {
        (None, Some(new)) => step(true, format!("allows only {} now", list(new))),
        (Some(old), None) => step(false, format!("allowed only {}, is gone", list(old))),
        (Some(old), Some(new)) if old != new => {
            let lost = old.iter().any(|value| !new.contains(value));
            step(lost, format!("allowed {}, allows {}", list(old), list(new)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn required_fields_and_constants() {
        let of = |required: &[&str], constant: Option<i64>| Constraints {
            required: required.iter().map(|name| (*name).to_owned()).collect(),
            constant: constant.map(Value::from),
            ..Constraints::default()
        };
        let told = |before, after| -> Vec<(&'static str, bool, String)> {
            let steps = steps(&before, &after).into_iter();
            steps.map(|(keyword, step)| (keyword, step.tightens, step.text)).collect()
        };
        assert_eq!(
            told(of(&["a", "b"], Some(1)), of(&["b", "c"], Some(2))),
            [
                ("const", true, "allowed 1, allows 2".to_owned()),
                ("required", true, "asks for c now and does not ask for a any more".to_owned()),
            ]
        );
        assert_eq!(
            told(of(&["a"], None), of(&[], None)),
            [("required", false, "does not ask for a any more".to_owned())]
        );
        assert_eq!(told(of(&["a"], Some(1)), of(&["a"], Some(1))), []);
    }
}
