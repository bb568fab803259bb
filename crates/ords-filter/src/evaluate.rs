//! The meaning of a filter in plain Rust: the measure for every translation into SQL.

use std::cmp::Ordering;

use serde_json::Value;

use crate::number;
use crate::query::{Compare, Filter, Operand};
use crate::text::{contains_ignoring_case, like};

/// The value of one column of one row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// NULL.
    Null,
    /// Of an integer column.
    Integer(i64),
    /// Of a text column.
    Text(&'a str),
    /// Of a timestamp column: microseconds since the epoch, UTC.
    TimestampUs(i64),
    /// Of a JSON column. `null` counts as [`Cell::Null`], as answers show both alike.
    Json(&'a Value),
}

impl Filter {
    /// Whether a row, given as a function from column index to value, meets the condition
    /// (data-api.md 3.2).
    ///
    /// SQL has three truth values here, but the language has no negation of a whole condition:
    /// "unknown" can only ever end as "not selected", so two values suffice.
    pub fn matches<'a>(&self, row: &dyn Fn(usize) -> Cell<'a>) -> bool {
        match self {
            Filter::All => true,
            Filter::And(filters) => filters.iter().all(|filter| filter.matches(row)),
            Filter::Or(filters) => filters.iter().any(|filter| filter.matches(row)),
            Filter::Compare { column, op, value } => compare(row(*column), *op, value),
            Filter::Instr { column, needle, negated } => match text(row(*column)) {
                Some(text) => contains_ignoring_case(text, needle) != *negated,
                None => false,
            },
            Filter::Like { column, pattern } => {
                text(row(*column)).is_some_and(|text| like(text, pattern))
            }
            Filter::Null { column, negated } => is_null(row(*column)) != *negated,
            Filter::Between { column, low, high } => {
                let cell = row(*column);
                low.as_ref().is_none_or(|low| compare(cell, Compare::Gte, low))
                    && high.as_ref().is_none_or(|high| compare(cell, Compare::Lte, high))
            }
            Filter::In { column, values, negated } => {
                let cell = row(*column);
                if *negated {
                    values.iter().all(|value| compare(cell, Compare::Ne, value))
                } else {
                    values.iter().any(|value| compare(cell, Compare::Eq, value))
                }
            }
        }
    }
}

fn is_null(cell: Cell<'_>) -> bool {
    matches!(cell, Cell::Null | Cell::Json(Value::Null))
}

fn text(cell: Cell<'_>) -> Option<&str> {
    match cell {
        Cell::Text(text) => Some(text),
        Cell::Json(Value::String(text)) => Some(text),
        _ => None,
    }
}

fn compare(cell: Cell<'_>, op: Compare, value: &Operand) -> bool {
    let Some(ordering) = order(cell, value) else {
        return false;
    };
    match op {
        Compare::Eq => ordering.is_eq(),
        Compare::Ne => ordering.is_ne(),
        Compare::Lt => ordering.is_lt(),
        Compare::Lte => ordering.is_le(),
        Compare::Gt => ordering.is_gt(),
        Compare::Gte => ordering.is_ge(),
    }
}

/// How the cell stands to the operand; `None` when one is NULL or their sorts differ.
fn order(cell: Cell<'_>, value: &Operand) -> Option<Ordering> {
    match (cell, value) {
        (Cell::Integer(cell), Operand::Integer(value)) => Some(cell.cmp(value)),
        (Cell::Text(cell), Operand::Text(value)) => Some(cell.cmp(value.as_str())),
        (Cell::TimestampUs(cell), Operand::TimestampUs(value)) => Some(cell.cmp(value)),
        (Cell::Json(cell), Operand::Json(value)) => match (cell, value) {
            (Value::String(cell), Value::String(value)) => Some(cell.cmp(value)),
            (Value::Number(cell), Value::Number(value)) => number::compare(cell, value),
            (Value::Bool(cell), Value::Bool(value)) => Some(cell.cmp(value)),
            _ => None,
        },
        _ => None,
    }
}
