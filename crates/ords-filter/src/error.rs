//! What is wrong with a filter, and where.

use std::fmt;

use crate::limits::QUOTED_CHARS_MAX;

/// A filter that was refused (data-api.md 3.5): the data API answers 400 `BadRequest` with this
/// text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct FilterError {
    /// Byte offset in `q`, when the finding has a place there.
    pub position: Option<usize>,
    /// What is wrong and what to do about it.
    pub message: String,
}

impl FilterError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        FilterError { position: None, message: message.into() }
    }

    pub(crate) fn at(position: usize, message: impl Into<String>) -> Self {
        FilterError { position: Some(position), message: message.into() }
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match self.position {
            Some(position) => write!(f, " (q, byte {position})"),
            None => Ok(()),
        }
    }
}

/// Text of the user's inside backticks, shortened: an error message is no place for 16 KiB.
pub(crate) fn quoted(text: &str) -> String {
    let short: String = text.chars().take(QUOTED_CHARS_MAX).collect();
    let dots = if short.len() < text.len() { "…" } else { "" };
    format!("`{short}{dots}`")
}
