//! Pages of control-plane lists: filters, order, and a cursor that stays stable while others insert.

use platform::list::{Cursor, Field, ListQuery, Listed, SortBy};
use platform::store::Stored;
use rusqlite::Connection;
use rusqlite::types::Value;

use crate::connection::failed;
use crate::rows::{Record, select};

/// One page of a table.
pub(crate) fn page<R: Record>(connection: &Connection, query: &ListQuery) -> Stored<Listed<R>> {
    let mut sql = format!("{} WHERE parent_id = ?", select::<R>());
    let mut parameters = vec![Value::Text(query.domain_id.clone())];
    for (field, value) in &query.filters {
        sql.push_str(" AND ");
        sql.push_str(condition(*field));
        if *field == Field::SpecUriPrefix {
            parameters.push(Value::Text(value.clone()));
        }
        parameters.push(Value::Text(value.clone()));
    }
    let column = match query.sort_by {
        SortBy::TimeCreated => "time_created_us",
        SortBy::DisplayName => "display_name",
    };
    let (sign, direction) = if query.descending { ("<", "DESC") } else { (">", "ASC") };
    if let Some(after) = &query.after {
        sql.push_str(&format!(" AND ({column}, id) {sign} (?, ?)"));
        parameters.push(match query.sort_by {
            SortBy::TimeCreated => Value::Integer(after.key.parse().unwrap_or_default()),
            SortBy::DisplayName => Value::Text(after.key.clone()),
        });
        parameters.push(Value::Text(after.id.clone()));
    }
    sql.push_str(&format!(" ORDER BY {column} {direction}, id {direction} LIMIT ?"));
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX - 1);
    parameters.push(Value::Integer(limit + 1));
    let mut statement = connection.prepare_cached(&sql).map_err(failed)?;
    let rows = statement.query_map(rusqlite::params_from_iter(parameters), R::read);
    let mut items: Vec<R> = rows.and_then(Iterator::collect).map_err(failed)?;
    let more = items.len() > query.limit;
    items.truncate(query.limit);
    let next = items.last().filter(|_| more).map(|last| cursor(last, query.sort_by));
    Ok(Listed { items, next })
}

fn cursor<R: Record>(record: &R, sort_by: SortBy) -> Cursor {
    let common = record.common();
    let key = match sort_by {
        SortBy::TimeCreated => common.time_created_us.to_string(),
        SortBy::DisplayName => common.display_name.clone(),
    };
    Cursor { key, id: common.id.clone() }
}

fn condition(field: Field) -> &'static str {
    match field {
        Field::Id => "id = ?",
        Field::DisplayName => "display_name = ?",
        Field::LifecycleState => "lifecycle = ?",
        Field::SpecUriPrefix => "substr(spec_uri, 1, length(?)) = ?",
        Field::SpecUri => "spec_uri = ?",
        Field::ModelId => "model_id = ?",
        Field::ConnectivityType => "connectivity_type = ?",
    }
}
