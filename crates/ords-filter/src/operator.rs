//! The operators of one column (data-api.md 3.2).

use crate::condition::unknown_operator;
use crate::error::{FilterError, quoted};
use crate::json::{Kind, Member, Node};
use crate::limits::IN_VALUES_MAX;
use crate::operand::{Converted, convert, text};
use crate::query::{Column, ColumnType, Compare, Filter, Operand};

/// The column that an operator stands under.
pub(crate) struct Target {
    pub(crate) index: usize,
    pub(crate) column: &'static Column,
}

impl Target {
    /// The condition of one member, an operator with its operand.
    pub(crate) fn operator(&self, member: &Member<'_>) -> Result<Filter, FilterError> {
        let node = &member.value;
        if let Some(op) = compare_operator(&member.name) {
            return self.comparison(op, node);
        }
        match member.name.as_str() {
            name @ ("$instr" | "$ninstr" | "$like") => self.text_match(name, node),
            // Any operand will do: what is asked is clear without it.
            "$null" => Ok(Filter::Null { column: self.index, negated: false }),
            "$notnull" => Ok(Filter::Null { column: self.index, negated: true }),
            "$between" => self.between(node),
            "$in" => self.set(node, false),
            "$nin" => self.set(node, true),
            _ => Err(unknown_operator(member)),
        }
    }

    /// A comparison with one value.
    pub(crate) fn comparison(&self, op: Compare, node: &Node<'_>) -> Result<Filter, FilterError> {
        let converted = convert(self.column, node)?;
        if matches!(converted, Converted::Operand(Operand::Json(serde_json::Value::Bool(_))))
            && !matches!(op, Compare::Eq | Compare::Ne)
        {
            return Err(FilterError::at(node.at, "true and false have no order; use $eq or $ne"));
        }
        Ok(match converted {
            Converted::Operand(value) => Filter::Compare { column: self.index, op, value },
            Converted::Between { below, above } => self.beside(op, below, above),
        })
    }

    fn text_match(&self, operator: &str, node: &Node<'_>) -> Result<Filter, FilterError> {
        if !matches!(self.column.kind, ColumnType::Text | ColumnType::Json) {
            return Err(FilterError::at(
                node.at,
                format!(
                    "`{operator}` searches text and {} holds none; compare it with $eq, $lt, \
                     $gt or $between",
                    quoted(self.column.name)
                ),
            ));
        }
        let operand = text(operator, node)?;
        Ok(match operator {
            _ if operand.is_empty() => Filter::never(self.index),
            "$like" => Filter::Like { column: self.index, pattern: operand },
            _ => Filter::Instr {
                column: self.index,
                needle: operand,
                negated: operator == "$ninstr",
            },
        })
    }

    fn between(&self, node: &Node<'_>) -> Result<Filter, FilterError> {
        let ends = match node.read()? {
            Kind::Array(ends) => ends,
            _ => Vec::new(),
        };
        let [low, high] = ends.as_slice() else {
            return Err(FilterError::at(
                node.at,
                "`$between` needs a list of two ends, one of which may be null",
            ));
        };
        let (low, high) = (self.end(low)?, self.end(high)?);
        if low.is_none() && high.is_none() {
            return Err(FilterError::at(
                node.at,
                "both ends of `$between` are null; give one, or use $notnull",
            ));
        }
        let low = low.map(Converted::at_or_above);
        let high = high.map(Converted::at_or_below);
        let impossible = |end: &Option<Option<Operand>>| {
            matches!(end, Some(None) | Some(Some(Operand::Nothing)))
        };
        if impossible(&low) || impossible(&high) {
            return Ok(Filter::never(self.index));
        }
        Ok(Filter::Between { column: self.index, low: low.flatten(), high: high.flatten() })
    }

    /// One end of a range; `null` leaves it open.
    fn end(&self, node: &Node<'_>) -> Result<Option<Converted>, FilterError> {
        match node.read()? {
            Kind::Null => Ok(None),
            Kind::Bool(_) => Err(FilterError::at(
                node.at,
                "an end of `$between` is a number, an instant, a string or null",
            )),
            _ => convert(self.column, node).map(Some),
        }
    }

    fn set(&self, node: &Node<'_>, negated: bool) -> Result<Filter, FilterError> {
        let name = if negated { "$nin" } else { "$in" };
        let Kind::Array(elements) = node.read()? else {
            return Err(FilterError::at(node.at, format!("`{name}` needs a list of values")));
        };
        if elements.len() > IN_VALUES_MAX {
            return Err(FilterError::at(
                node.at,
                format!(
                    "`{name}` has {} values and may have {IN_VALUES_MAX}; split the query",
                    elements.len()
                ),
            ));
        }
        let mut values = Vec::with_capacity(elements.len());
        let mut has_nothing = false;
        for element in &elements {
            match convert(self.column, element)? {
                Converted::Operand(Operand::Nothing) => has_nothing = true,
                Converted::Operand(value) => values.push(value),
                // No row holds such a number: it adds nothing to the set.
                Converted::Between { .. } => {}
            }
        }
        Ok(match (negated, values.is_empty() && !elements.is_empty()) {
            // Nobody can say whether a value differs from NULL.
            (true, _) if has_nothing => Filter::never(self.index),
            (true, true) => Filter::present(self.index),
            (false, true) => Filter::never(self.index),
            (_, false) => Filter::In { column: self.index, values, negated },
        })
    }

    /// A comparison with a number that stands between two integers.
    fn beside(&self, op: Compare, below: Option<i64>, above: Option<i64>) -> Filter {
        let neighbour = |op, integer: Option<i64>| match integer {
            Some(integer) => {
                Filter::Compare { column: self.index, op, value: Operand::Integer(integer) }
            }
            None => Filter::never(self.index),
        };
        match op {
            Compare::Eq => Filter::never(self.index),
            Compare::Ne => Filter::present(self.index),
            Compare::Lt | Compare::Lte => neighbour(Compare::Lte, below),
            Compare::Gt | Compare::Gte => neighbour(Compare::Gte, above),
        }
    }
}

fn compare_operator(name: &str) -> Option<Compare> {
    Some(match name {
        "$eq" => Compare::Eq,
        "$ne" => Compare::Ne,
        "$lt" => Compare::Lt,
        "$lte" => Compare::Lte,
        "$gt" => Compare::Gt,
        "$gte" => Compare::Gte,
        _ => return None,
    })
}
