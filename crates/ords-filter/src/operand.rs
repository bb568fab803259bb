//! Conversion of an operand to its column's type (data-api.md 3.4).

use serde_json::Value;

use crate::error::{FilterError, quoted};
use crate::instant::micros;
use crate::json::{Kind, Member, Node};
use crate::number::{Whole, decimal_text, whole, whole_text};
use crate::query::{Column, ColumnType, Operand};

/// The member that marks an object as an instant.
pub(crate) const DATE: &str = "$date";

/// An operand, as far as the column's type can hold it.
pub(crate) enum Converted {
    /// A value of the column's type, or the value that compares as NULL.
    Operand(Operand),
    /// A number that no integer equals; its neighbours stand in for it in a comparison.
    Between { below: Option<i64>, above: Option<i64> },
}

impl Converted {
    /// The least value of the column's type that is not below it, if there is one.
    pub(crate) fn at_or_above(self) -> Option<Operand> {
        match self {
            Converted::Operand(value) => Some(value),
            Converted::Between { above, .. } => above.map(Operand::Integer),
        }
    }

    /// The greatest value of the column's type that is not above it, if there is one.
    pub(crate) fn at_or_below(self) -> Option<Operand> {
        match self {
            Converted::Operand(value) => Some(value),
            Converted::Between { below, .. } => below.map(Operand::Integer),
        }
    }
}

impl From<Whole> for Converted {
    fn from(place: Whole) -> Self {
        match place {
            Whole::Exactly(integer) => Converted::Operand(Operand::Integer(integer)),
            Whole::Between { below, above } => Converted::Between { below, above },
        }
    }
}

/// The operand at `node`, as `column` can be compared with it.
pub(crate) fn convert(column: &Column, node: &Node<'_>) -> Result<Converted, FilterError> {
    match node.read()? {
        Kind::Text(text) => from_text(column, node.at, text),
        Kind::Number(number) => from_number(column, node.at, &number),
        Kind::Bool(value) => from_bool(column, node.at, value),
        Kind::Object(members) if is_date(&members) => from_date(column, node.at, &members),
        Kind::Null => Err(FilterError::at(
            node.at,
            format!(
                "{} is compared with null, which nothing equals; use {{\"$null\":null}} or \
                 {{\"$notnull\":null}}",
                quoted(column.name)
            ),
        )),
        Kind::Array(_) | Kind::Object(_) => Err(mismatch(column, node.at, "an array or object")),
    }
}

/// Whether the members say that their object is an instant.
pub(crate) fn is_date(members: &[Member<'_>]) -> bool {
    members.iter().any(|member| member.name == DATE)
}

/// The text at `node`, for the operators that take nothing else.
pub(crate) fn text(operator: &str, node: &Node<'_>) -> Result<String, FilterError> {
    match node.read()? {
        Kind::Text(text) => Ok(text),
        _ => Err(FilterError::at(node.at, format!("`{operator}` needs a string"))),
    }
}

fn from_text(column: &Column, at: usize, text: String) -> Result<Converted, FilterError> {
    // JSON tells "" from null, the database's text does not.
    if text.is_empty() && column.kind != ColumnType::Json {
        return Ok(Converted::Operand(Operand::Nothing));
    }
    match column.kind {
        ColumnType::Text => Ok(Converted::Operand(Operand::Text(text))),
        ColumnType::Json => Ok(Converted::Operand(Operand::Json(Value::String(text)))),
        ColumnType::Integer => whole_text(&text)
            .map(Converted::from)
            .ok_or_else(|| mismatch(column, at, &format!("the text {}", quoted(&text)))),
        ColumnType::Timestamp => instant(at, &text),
    }
}

fn from_number(
    column: &Column,
    at: usize,
    number: &serde_json::Number,
) -> Result<Converted, FilterError> {
    match column.kind {
        ColumnType::Integer => Ok(whole(number).into()),
        ColumnType::Text => Ok(Converted::Operand(Operand::Text(decimal_text(number)))),
        ColumnType::Json => Ok(Converted::Operand(Operand::Json(number.clone().into()))),
        ColumnType::Timestamp => Err(mismatch(column, at, "a number")),
    }
}

fn from_bool(column: &Column, at: usize, value: bool) -> Result<Converted, FilterError> {
    match column.kind {
        ColumnType::Json => Ok(Converted::Operand(Operand::Json(Value::Bool(value)))),
        _ => Err(mismatch(column, at, "a boolean")),
    }
}

fn from_date(column: &Column, at: usize, members: &[Member<'_>]) -> Result<Converted, FilterError> {
    let [member] = members else {
        return Err(FilterError::at(at, "`$date` stands alone in its object"));
    };
    let Kind::Text(text) = member.value.read()? else {
        return Err(FilterError::at(member.value.at, "`$date` needs a string, an instant in UTC"));
    };
    match column.kind {
        ColumnType::Timestamp => instant(member.value.at, &text),
        _ => Err(mismatch(column, at, "a `$date`")),
    }
}

fn instant(at: usize, text: &str) -> Result<Converted, FilterError> {
    match micros(text) {
        Some(micros) => Ok(Converted::Operand(Operand::TimestampUs(micros))),
        None => Err(FilterError::at(
            at,
            format!("{} is no instant; write it like 2026-01-05T08:00:00.250113Z", quoted(text)),
        )),
    }
}

fn mismatch(column: &Column, at: usize, found: &str) -> FilterError {
    let wanted = match column.kind {
        ColumnType::Integer => "a number",
        ColumnType::Text => "a string",
        ColumnType::Timestamp => r#"{"$date":"2026-01-05T08:00:00Z"}"#,
        ColumnType::Json => "a string, number or boolean",
    };
    FilterError::at(
        at,
        format!("{} cannot be compared with {found}; use {wanted}", quoted(column.name)),
    )
}
