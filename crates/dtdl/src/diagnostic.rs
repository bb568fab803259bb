//! Findings about a document: what is wrong, where, and under which stable code.

use std::fmt;

/// One finding about a model document (B9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Identifier of the rule, with the reference parser's name where that parser has the rule.
    pub code: &'static str,
    /// JSON pointer to the offending part of the document; empty for the document itself.
    pub pointer: String,
    /// What is wrong and what to do about it.
    pub message: String,
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

/// Where in the document the reader stands: a list on the stack, written out only for a finding.
#[derive(Clone, Copy)]
pub(crate) enum Pointer<'p> {
    Root,
    /// A pointer kept from earlier, as text.
    Text(&'p str),
    Key(&'p Pointer<'p>, &'p str),
    Index(&'p Pointer<'p>, usize),
}

impl<'p> Pointer<'p> {
    pub(crate) fn key(&'p self, key: &'p str) -> Pointer<'p> {
        Pointer::Key(self, key)
    }

    pub(crate) fn index(&'p self, index: usize) -> Pointer<'p> {
        Pointer::Index(self, index)
    }
}

impl fmt::Display for Pointer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pointer::Root => Ok(()),
            Pointer::Text(text) => f.write_str(text),
            Pointer::Key(parent, key) => {
                write!(f, "{parent}/{}", key.replace('~', "~0").replace('/', "~1"))
            }
            Pointer::Index(parent, index) => write!(f, "{parent}/{index}"),
        }
    }
}

/// The reference parser's identifier of a rule.
macro_rules! code {
    ($id:literal) => {
        concat!("dtmi:dtdl:parsingError:", $id)
    };
}
pub(crate) use code;
