//! The top level of a filter: `$orderby`, `$asof` and the conditions (data-api.md 3.1).

use crate::condition::{Reader, unknown_operator};
use crate::error::{FilterError, quoted};
use crate::json::{Kind, Member, Node, document};
use crate::limits::Q_BYTES_MAX;
use crate::query::{Column, Filter, OrderTerm, Query};

/// Members that are legal at the top level only.
pub(crate) const TOP_LEVEL_ONLY: [&str; 2] = ["$orderby", "$asof"];

/// Reads the decoded text of the parameter `q`; an empty one asks for every row in no order.
///
/// A member that occurs twice counts twice, as in the grammar members are a list: conditions
/// must all hold. Sorting twice by one column has no meaning and is refused.
///
/// # Errors
///
/// The first thing found that the grammar does not allow, or a bound of [`crate::limits`].
pub fn parse(q: &str, columns: &'static [Column]) -> Result<Query, FilterError> {
    if q.len() > Q_BYTES_MAX {
        return Err(FilterError::new(format!(
            "q has {} bytes and may have {Q_BYTES_MAX}; split the query",
            q.len()
        )));
    }
    let mut query = Query { filter: Filter::All, order: Vec::new() };
    if q.trim().is_empty() {
        return Ok(query);
    }
    let root = document(q)?;
    let Kind::Object(members) = root.read()? else {
        return Err(FilterError::at(root.at, r#"q must be a JSON object, such as {"id":7}"#));
    };
    let mut reader = Reader::new(columns);
    let mut filters = Vec::new();
    let mut ordered = false;
    for member in &members {
        match member.name.as_str() {
            "$orderby" if ordered => {
                return Err(FilterError::at(member.at, "`$orderby` occurs twice; keep one"));
            }
            "$orderby" => {
                ordered = true;
                query.order = order(&reader, &member.value)?;
            }
            "$asof" => {
                return Err(FilterError::at(
                    member.at,
                    "`$asof` is not supported here: only the present state can be read; \
                     leave `$asof` out, or filter by a time column",
                ));
            }
            _ => filters.push(reader.member(member, 1)?),
        }
    }
    query.filter = Filter::all(filters);
    Ok(query)
}

fn order(reader: &Reader, node: &Node<'_>) -> Result<Vec<OrderTerm>, FilterError> {
    let Kind::Object(members) = node.read()? else {
        return Err(FilterError::at(
            node.at,
            r#"`$orderby` needs an object, such as {"id":"desc"}"#,
        ));
    };
    let mut terms: Vec<OrderTerm> = Vec::new();
    for member in &members {
        let term = order_term(reader, member)?;
        if terms.iter().any(|earlier| earlier.column == term.column) {
            return Err(FilterError::at(
                member.at,
                format!("`$orderby` names {} twice; keep one", quoted(&member.name)),
            ));
        }
        terms.push(term);
    }
    Ok(terms)
}

fn order_term(reader: &Reader, member: &Member<'_>) -> Result<OrderTerm, FilterError> {
    if member.name.starts_with('$') {
        return Err(unknown_operator(member));
    }
    let column = reader.column(member)?;
    let descending = match member.value.read()? {
        Kind::Text(text) if text == "1" || text.eq_ignore_ascii_case("asc") => Some(false),
        Kind::Text(text) if text == "-1" || text.eq_ignore_ascii_case("desc") => Some(true),
        Kind::Number(number) if number.as_i64() == Some(1) => Some(false),
        Kind::Number(number) if number.as_i64() == Some(-1) => Some(true),
        _ => None,
    };
    match descending {
        Some(descending) => Ok(OrderTerm { column, descending }),
        None => Err(FilterError::at(
            member.value.at,
            format!(
                "no direction to sort {} in; use \"asc\", \"desc\", 1 or -1",
                quoted(&member.name)
            ),
        )),
    }
}
