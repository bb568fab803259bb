//! Findings about a definition: what is wrong, in which field, under which stable code.

use std::fmt;

use crate::limits::DIAGNOSTICS_MAX;

/// One finding about an adapter's definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code of the rule, such as `adapter:syntax`; codes are never reused.
    pub code: &'static str,
    /// The field, such as `inboundRoutes[1].payloadMapping["$.x"]`.
    pub field: String,
    /// What is wrong and what to do about it.
    pub message: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.field, self.message, self.code)
    }
}

/// A member has the wrong JSON type or shape.
pub(crate) const SHAPE: &str = "adapter:shape";
/// A member is not known.
pub(crate) const UNKNOWN: &str = "adapter:unknownMember";
/// A required member is absent.
pub(crate) const MISSING: &str = "adapter:missingMember";
/// There is too much of something.
pub(crate) const LIMIT: &str = "adapter:limit";
/// An expression cannot be parsed.
pub(crate) const SYNTAX: &str = "adapter:syntax";
/// Collects findings up to the bound.
#[derive(Default)]
pub(crate) struct Findings(pub(crate) Vec<Diagnostic>);

impl Findings {
    pub(crate) fn add(&mut self, code: &'static str, field: &str, message: impl Into<String>) {
        if self.0.len() < DIAGNOSTICS_MAX {
            self.0.push(Diagnostic { code, field: field.to_owned(), message: message.into() });
        }
    }
}
