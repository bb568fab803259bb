//! The data API's filter language: the JSON text of `q` becomes a typed query (data-api.md 3).
//!
//! The crate reads and checks, and nothing else: it knows no table, writes no SQL and touches no
//! clock. Callers hand in the columns that a collection may be filtered by and get back a
//! [`Filter`] that names them by index, with every operand already converted to the column's
//! type; a backend turns that into SQL. [`Filter::matches`] is the meaning of a filter in plain
//! Rust, against which such a translation is tested.
//!
//! Units and invariants:
//! - instants are microseconds since 1970-01-01T00:00:00Z ([`Operand::TimestampUs`]);
//! - column indices are valid for the slice given to [`parse`];
//! - an operand has its column's type, or is [`Operand::Nothing`];
//! - whatever the text, the answer is a query or an error: no panic, and no more work than the
//!   bounds in [`limits`] allow.
//!
//! ```
//! use ords_filter::{Cell, Column, ColumnType, parse};
//!
//! static COLUMNS: [Column; 2] = [
//!     Column { name: "id", kind: ColumnType::Integer },
//!     Column { name: "endpoint", kind: ColumnType::Text },
//! ];
//!
//! let q = r#"{"endpoint":{"$like":"plant/%"},"$orderby":{"id":"desc"}}"#;
//! let query = parse(q, &COLUMNS)?;
//! assert!(query.order[0].descending);
//! assert!(query.filter.matches(&|column| match column {
//!     0 => Cell::Integer(7),
//!     _ => Cell::Text("plant/a/env"),
//! }));
//! # Ok::<(), ords_filter::FilterError>(())
//! ```

mod condition;
mod error;
mod evaluate;
mod instant;
mod json;
pub mod limits;
mod number;
mod operand;
mod operator;
mod parse;
mod query;
mod text;

pub use error::FilterError;
pub use evaluate::Cell;
pub use parse::parse;
pub use query::{Column, ColumnType, Compare, Filter, Operand, OrderTerm, Query};
pub use text::{contains_ignoring_case, like};
