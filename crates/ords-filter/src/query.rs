//! The typed form of a filter: what [`crate::parse`] makes and a backend translates.

use serde_json::Value;

/// What a column holds, which decides the operands it can be compared with (data-api.md 3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// A whole number of 64 bits, such as `id` or `reason_code`.
    Integer,
    /// Text, compared byte by byte.
    Text,
    /// An instant in UTC with microseconds.
    Timestamp,
    /// Any JSON: the column `value` of historized and snapshot data.
    Json,
}

/// A column that a collection may be filtered and sorted by (data-api.md 3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name, in lower case; filters may write it in any case.
    pub name: &'static str,
    /// Its type.
    pub kind: ColumnType,
}

/// A whole `q`: which rows, in which order (data-api.md 3.1).
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The condition that a row must meet.
    pub filter: Filter,
    /// The sort terms, most significant first; empty when `q` asks for no order. No column
    /// occurs twice.
    pub order: Vec<OrderTerm>,
}

/// One member of `$orderby`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderTerm {
    /// Index of the column.
    pub column: usize,
    /// Largest first. NULLs then come first, and last otherwise (data-api.md 2.4).
    pub descending: bool,
}

/// A condition on a row, with the meaning that SQL gives it: a comparison with NULL is never
/// true, and neither is its opposite (data-api.md 3.2).
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Every row.
    All,
    /// Rows that meet all of them; at least two.
    And(Vec<Filter>),
    /// Rows that meet one of them; at least two.
    Or(Vec<Filter>),
    /// `column op value`.
    Compare {
        /// Index of the column.
        column: usize,
        /// The operator.
        op: Compare,
        /// What the column is compared with.
        value: Operand,
    },
    /// `$instr`, `$ninstr`: the needle occurs, or does not, in the text whatever its case. Only
    /// for text and JSON columns; [`crate::contains_ignoring_case`] is the exact rule.
    Instr {
        /// Index of the column.
        column: usize,
        /// The text to look for; never empty.
        needle: String,
        /// `$ninstr`: the needle must not occur, and the column must not be NULL.
        negated: bool,
    },
    /// `$like`. Only for text and JSON columns; [`crate::like`] is the exact rule.
    Like {
        /// Index of the column.
        column: usize,
        /// `%` is any run of characters, `_` one character; there is no escape. Never empty.
        pattern: String,
    },
    /// `$null`, `$notnull`. In a JSON column the JSON `null` counts as NULL.
    Null {
        /// Index of the column.
        column: usize,
        /// `$notnull`.
        negated: bool,
    },
    /// `$between`, both ends included; at least one end is given, and none is
    /// [`Operand::Nothing`].
    Between {
        /// Index of the column.
        column: usize,
        /// The least value, or none.
        low: Option<Operand>,
        /// The greatest value, or none.
        high: Option<Operand>,
    },
    /// `$in`, `$nin`.
    In {
        /// Index of the column.
        column: usize,
        /// The set, without [`Operand::Nothing`]. Empty only when `q` says `[]`: then no row is
        /// in it, and every row outside.
        values: Vec<Operand>,
        /// `$nin`: not in the set.
        negated: bool,
    },
}

/// The operators that compare (data-api.md 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// `$eq`, or a bare value.
    Eq,
    /// `$ne`.
    Ne,
    /// `$lt`.
    Lt,
    /// `$lte`.
    Lte,
    /// `$gt`.
    Gt,
    /// `$gte`.
    Gte,
}

/// What a column is compared with, converted to the column's type.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// For an integer column.
    Integer(i64),
    /// For a text column.
    Text(String),
    /// For a timestamp column: microseconds since the epoch, UTC.
    TimestampUs(i64),
    /// For a JSON column: a string, number or boolean, which compares with values of the same
    /// sort only; a value of another sort meets no condition.
    Json(Value),
    /// Compares as NULL, so that the condition is never true: the empty string, which Oracle
    /// does not tell from NULL (data-api.md 3.4).
    Nothing,
}

impl Filter {
    /// All of the conditions, without needless nesting.
    pub(crate) fn all(mut filters: Vec<Filter>) -> Filter {
        filters.retain(|filter| *filter != Filter::All);
        match filters.len() {
            0 => Filter::All,
            1 => filters.remove(0),
            _ => Filter::And(filters),
        }
    }

    /// One of the conditions, of which there is at least one.
    pub(crate) fn any(mut filters: Vec<Filter>) -> Filter {
        match filters.len() {
            1 => filters.remove(0),
            _ if filters.contains(&Filter::All) => Filter::All,
            _ => Filter::Or(filters),
        }
    }

    /// A condition on the column that no row meets.
    pub(crate) fn never(column: usize) -> Filter {
        Filter::Compare { column, op: Compare::Eq, value: Operand::Nothing }
    }

    /// A condition that every row with a value in the column meets.
    pub(crate) fn present(column: usize) -> Filter {
        Filter::Null { column, negated: true }
    }
}
