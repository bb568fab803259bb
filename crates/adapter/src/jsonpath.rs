//! JSON Paths (A3): RFC 9535 whole, with every step paid for like those of jq, since any of them
//! may walk the whole payload.
//!
//! The platform's dialect differs in nothing but what a mapping makes of the nodes found: one is
//! taken as it is, several become an array, none leaves the source missing.

mod evaluate;
mod functions;
mod parse;
mod scan;

use crate::document::Node;
use crate::jq::{Failure, Meter};
use evaluate::Query;
use functions::Function;

/// A compiled path.
#[derive(Debug)]
pub(crate) struct Path(Segments);

impl Path {
    /// Compiles a path; the error is text for the user.
    pub(crate) fn compile(text: &str) -> Result<Path, String> {
        parse::parse(text).map(Path)
    }

    /// Finds it one node at most, whatever the document?
    pub(crate) fn is_single(&self) -> bool {
        is_single(&self.0)
    }

    /// The nodes it finds, in order.
    pub(crate) fn query<'n, 'a>(
        &self,
        root: &'n Node<'a>,
        meter: &Meter,
    ) -> Result<Vec<&'n Node<'a>>, Failure> {
        Query { root, meter }.nodes(&self.0, root).map_err(Failure::from)
    }
}

/// Segments with whether each descends.
type Segments = Vec<Segment>;

/// One segment.
#[derive(Debug)]
struct Segment {
    descends: bool,
    selectors: Vec<Selector>,
}

/// What is taken of a node's children.
#[derive(Debug)]
enum Selector {
    Name(String),
    Each,
    Index(i64),
    Slice(Option<i64>, Option<i64>, i64),
    Filter(Logical),
}

/// A condition on a node.
#[derive(Debug)]
enum Logical {
    Or(Vec<Logical>),
    And(Vec<Logical>),
    Not(Box<Logical>),
    Exists(SubQuery),
    Compare(Comparable, Comparison, Comparable),
    Test(Function),
}

/// A query inside a filter: from the root, or from the node that is looked at.
#[derive(Debug)]
struct SubQuery {
    from_root: bool,
    segments: Segments,
}

/// One side of a comparison.
#[derive(Debug)]
enum Comparable {
    /// A literal as JSON text.
    Literal(String),
    /// A query that finds one node at most.
    Single(SubQuery),
    Function(Box<Function>),
}

/// Comparison operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl SubQuery {
    /// Finds it one node at most, whatever the document?
    fn is_single(&self) -> bool {
        is_single(&self.segments)
    }
}

fn is_single(segments: &Segments) -> bool {
    segments.iter().all(|segment| {
        let single = matches!(segment.selectors[..], [Selector::Name(_) | Selector::Index(_)]);
        single && !segment.descends
    })
}
