//! Findings about a document: what is wrong, where, and under which stable code.

use std::fmt;

use crate::locate::locate;

/// One finding about a model document (B9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Identifier of the rule, with the reference parser's name where that parser has the rule.
    pub code: &'static str,
    /// JSON pointer to the offending part of the document; empty for the document itself.
    pub pointer: String,
    /// What is wrong and what to do about it.
    pub message: String,
    /// Which of the documents it is about, by its place among those that were checked together.
    pub document: usize,
    /// Where in the document's text the offending part begins, if it is known.
    pub position: Option<Position>,
}

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Diagnostic {
    /// A finding about the first document, whose place in the text is not known.
    pub(crate) fn new(code: &'static str, pointer: String, message: String) -> Diagnostic {
        Diagnostic { code, pointer, message, document: 0, position: None }
    }
}

impl Diagnostics {
    /// Finds the lines and columns in the one document that the findings are about.
    #[must_use]
    pub fn located(mut self, text: &str) -> Diagnostics {
        locate(&[text], &mut self.0);
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

/// Everything that is wrong with a document, in document order; one line each when displayed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, diagnostic) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}

/// The reference parser's identifier of a rule.
macro_rules! code {
    ($id:literal) => {
        concat!("dtmi:dtdl:parsingError:", $id)
    };
}
pub(crate) use code;
