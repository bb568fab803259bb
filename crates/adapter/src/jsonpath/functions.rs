//! The functions of RFC 9535 and their types, which are checked when a path is compiled.

use regex::{Regex, RegexBuilder};

use super::SubQuery;
use super::scan::Parsed;
use crate::limits::REGEX_BYTES_MAX;

/// An argument as written, or a side of a comparison before it is known to be one.
#[derive(Debug)]
pub(super) enum Argument {
    /// A literal as JSON text.
    Literal(String),
    Query(SubQuery),
    Function(Box<Function>),
}

/// A call whose arguments have the right types.
#[derive(Debug)]
pub(super) enum Function {
    /// `length(value)`
    Length(Argument),
    /// `count(nodes)`
    Count(SubQuery),
    /// `value(nodes)`
    Value(SubQuery),
    /// `match(value, value)`, or with `anywhere` `search(value, value)`
    Matches { text: Argument, pattern: Matcher, anywhere: bool },
}

/// A pattern: compiled if it is constant, and none if it is wrong, which matches nothing.
#[derive(Debug)]
pub(super) enum Matcher {
    Constant(Option<Regex>),
    Evaluated(Argument),
}

impl Function {
    pub(super) fn new(name: &str, arguments: Vec<Argument>) -> Parsed<Function> {
        let fail = |what: &str| Err(format!("not a JSON Path: {name}() {what}"));
        let mut arguments = arguments.into_iter();
        let (first, second, more) = (arguments.next(), arguments.next(), arguments.next());
        match (name, first, second, more) {
            ("length", Some(value), None, None) if value.is_value() => Ok(Function::Length(value)),
            ("count", Some(Argument::Query(query)), None, None) => Ok(Function::Count(query)),
            ("value", Some(Argument::Query(query)), None, None) => Ok(Function::Value(query)),
            ("match" | "search", Some(text), Some(pattern), None)
                if text.is_value() && pattern.is_value() =>
            {
                let anywhere = name == "search";
                let pattern = match pattern {
                    Argument::Literal(json) => {
                        let pattern = serde_json::from_str::<String>(&json).ok();
                        Matcher::Constant(pattern.and_then(|p| compile(&p, anywhere)))
                    }
                    evaluated => Matcher::Evaluated(evaluated),
                };
                Ok(Function::Matches { text, pattern, anywhere })
            }
            ("length" | "count" | "value", ..) => fail("takes one argument of its type"),
            ("match" | "search", ..) => fail("takes two values"),
            _ => fail("is unknown"),
        }
    }

    /// Says it yes or no, instead of giving a value?
    pub(super) fn is_test(&self) -> bool {
        matches!(self, Function::Matches { .. })
    }
}

impl Argument {
    /// Can it stand where one value is needed?
    fn is_value(&self) -> bool {
        match self {
            Argument::Literal(_) => true,
            Argument::Query(query) => query.is_single(),
            Argument::Function(function) => !function.is_test(),
        }
    }
}

/// Compiles a pattern of RFC 9485; in it a dot matches no end of line.
pub(super) fn compile(pattern: &str, anywhere: bool) -> Option<Regex> {
    let mut translated = String::with_capacity(pattern.len() + 8);
    let (mut escaped, mut inside) = (false, false);
    for c in pattern.chars() {
        match c {
            '.' if !escaped && !inside => translated.push_str("[^\\n\\r]"),
            // Our engine would intersect or subtract classes.
            '&' | '~' if !escaped && inside => translated.extend(['\\', c]),
            c => translated.push(c),
        }
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => inside = true,
            ']' => inside = false,
            _ => {}
        }
    }
    let whole = if anywhere { translated } else { format!("^(?:{translated})$") };
    let mut builder = RegexBuilder::new(&whole);
    builder.size_limit(REGEX_BYTES_MAX).dfa_size_limit(REGEX_BYTES_MAX).build().ok()
}
