//! Rules about single expressions.

use super::Finding;
use crate::definition::{Definition, Source};
use crate::expression::{is_indefinite, programs};
use crate::jq::survey;

/// Looks at every expression of a definition.
pub(super) fn check(definition: &Definition<'_>, found: &mut Vec<Finding>) {
    let root = &definition.delegate;
    let envelope = definition.time_observed.iter().chain(&root.target).chain(&root.content_root);
    envelope.for_each(|source| value(source, found));
    for route in &definition.routes {
        recent(&route.condition, found);
        let delegate = route.delegate.target.iter().chain(&route.delegate.content_root);
        delegate.for_each(|source| value(source, found));
        for (_, source) in &route.mapping {
            value(source, found);
            constant(source, found);
        }
    }
}

/// What holds wherever an expression gives a value.
fn value(source: &Source<'_>, found: &mut Vec<Finding>) {
    recent(source, found);
    indefinite(source, found);
}

/// Functions the cloud may lack.
fn recent(source: &Source<'_>, found: &mut Vec<Finding>) {
    let seen = programs(source.text).into_iter().filter_map(|code| survey(&code));
    let names: Vec<String> = seen.flat_map(|survey| survey.recent).collect();
    if !names.is_empty() {
        let message = format!(
            "jq 1.6 lacks {}; which version the cloud runs is not published, so avoid it there",
            names.join(", ")
        );
        found.push(Finding::warning("adapter:recentFunction", &source.field, message));
    }
}

/// A path that may find several nodes: one is taken as it is, several become an array (A3), so
/// the same element gets values of different types.
fn indefinite(source: &Source<'_>, found: &mut Vec<Finding>) {
    if is_indefinite(source.text) {
        let message = format!(
            "`{0}` gives a single value if it finds one and an array if it finds several; name \
             the member, or build an array in any case, as in `${{[.a[] | .b]}}`",
            source.text
        );
        found.push(Finding::warning("adapter:indefinitePath", &source.field, message));
    }
}

/// A mapping source that was meant to be a path.
fn constant(source: &Source<'_>, found: &mut Vec<Finding>) {
    let text = source.text;
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '[' | ']');
    if !text.is_empty() && !text.contains('$') && text.chars().all(is_name) {
        let path = text.trim_start_matches('.');
        let message = format!(
            "every message gets the constant text \"{text}\"; to read the field, write `$.{path}`"
        );
        found.push(Finding::warning("adapter:constantSource", &source.field, message));
    }
}

/// Can the result of an expression have a fraction although its sources are whole?
pub(super) fn makes_fractions(text: &str) -> bool {
    match programs(text).as_slice() {
        [code] => survey(code).is_some_and(|survey| survey.makes_fractions && !survey.rounds),
        _ => false,
    }
}
