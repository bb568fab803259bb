//! A filter as a line of text that people can check.

use jiff::Timestamp;
use ords_filter::{Column, Compare, Filter, Operand, OrderTerm};

/// The condition, close to SQL.
pub fn filter(filter: &Filter, columns: &[Column]) -> String {
    let name = |column: &usize| columns[*column].name;
    let not = |negated: &bool| if *negated { "not " } else { "" };
    match filter {
        Filter::All => "all".to_owned(),
        Filter::And(filters) => joined(filters, " and ", columns),
        Filter::Or(filters) => joined(filters, " or ", columns),
        Filter::Compare { column, op, value } => {
            format!("{} {} {}", name(column), sign(*op), operand(value))
        }
        Filter::Instr { column, needle, negated } => {
            format!("{} {}contains {needle:?}", name(column), not(negated))
        }
        Filter::Like { column, pattern } => format!("{} like {pattern:?}", name(column)),
        Filter::Null { column, negated } => format!("{} is {}null", name(column), not(negated)),
        Filter::Between { column, low, high } => {
            let end = |end: &Option<Operand>| end.as_ref().map_or("…".to_owned(), operand);
            format!("{} between {} and {}", name(column), end(low), end(high))
        }
        Filter::In { column, values, negated } => {
            let values: Vec<_> = values.iter().map(operand).collect();
            format!("{} {}in [{}]", name(column), not(negated), values.join(", "))
        }
    }
}

/// The sort terms.
pub fn order(terms: &[OrderTerm], columns: &[Column]) -> Vec<String> {
    let direction = |term: &OrderTerm| if term.descending { "desc" } else { "asc" };
    terms.iter().map(|term| format!("{} {}", columns[term.column].name, direction(term))).collect()
}

fn joined(filters: &[Filter], word: &str, columns: &[Column]) -> String {
    assert!(filters.len() > 1, "needless nesting");
    let parts: Vec<_> = filters.iter().map(|part| filter(part, columns)).collect();
    format!("({})", parts.join(word))
}

fn sign(op: Compare) -> &'static str {
    match op {
        Compare::Eq => "=",
        Compare::Ne => "<>",
        Compare::Lt => "<",
        Compare::Lte => "<=",
        Compare::Gt => ">",
        Compare::Gte => ">=",
    }
}

fn operand(operand: &Operand) -> String {
    match operand {
        Operand::Integer(integer) => integer.to_string(),
        Operand::Text(text) => format!("{text:?}"),
        Operand::TimestampUs(micros) => {
            let instant = Timestamp::from_microsecond(*micros).unwrap();
            format!("{instant:.6}")
        }
        Operand::Json(value) => format!("json {value}"),
        Operand::Nothing => "nothing".to_owned(),
    }
}
