//! Pages of control-plane lists: filters, order, and a cursor that stays stable while others insert.

use platform::list::{Cursor, Field, ListQuery, Listed, SortBy};
use platform::store::Stored;
use rusqlite::types::Value;
use rusqlite::{Connection, Row};

use crate::connection::failed;
use crate::rows::{Table, select};

/// What a list is made of: how rows are selected and read, and where an item stands in its order.
pub(crate) struct Source<T> {
    /// `SELECT … FROM …`
    pub select: String,
    /// Reads a row of it.
    pub read: fn(&Row<'_>) -> rusqlite::Result<T>,
    /// Id, time of creation and display name of an item.
    pub place: fn(&T) -> (&str, i64, &str),
}

/// The list of a kind of resource.
pub(crate) fn resources<R: Table>() -> Source<R> {
    Source {
        select: select::<R>(),
        read: R::read,
        place: |resource| {
            let common = resource.common();
            (&common.id, common.time_created_us, &common.display_name)
        },
    }
}

/// One page.
pub(crate) fn page<T>(
    connection: &Connection,
    source: &Source<T>,
    query: &ListQuery,
) -> Stored<Listed<T>> {
    let mut sql = format!("{} WHERE parent_id = ?", source.select);
    let mut parameters = vec![Value::Text(query.parent_id.clone())];
    for (field, value) in &query.filters {
        filter(*field, value, &mut sql, &mut parameters);
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
    let rows = statement.query_map(rusqlite::params_from_iter(parameters), source.read);
    let mut items: Vec<T> = rows.and_then(Iterator::collect).map_err(failed)?;
    let more = items.len() > query.limit;
    items.truncate(query.limit);
    let next = items.last().filter(|_| more).map(|last| {
        let (id, time_us, name) = (source.place)(last);
        let key = match query.sort_by {
            SortBy::TimeCreated => time_us.to_string(),
            SortBy::DisplayName => name.to_owned(),
        };
        Cursor { key, id: id.to_owned() }
    });
    Ok(Listed { items, next })
}

/// Adds ` AND <condition>` with its parameters.
pub(crate) fn filter(field: Field, value: &str, sql: &mut String, parameters: &mut Vec<Value>) {
    sql.push_str(" AND ");
    sql.push_str(condition(field));
    parameters.push(Value::Text(value.to_owned()));
    if field == Field::SpecUriPrefix {
        parameters.push(Value::Text(format!("{value}{}", char::MAX)));
    }
}

fn condition(field: Field) -> &'static str {
    match field {
        Field::Id => "id = ?",
        Field::DisplayName => "display_name = ?",
        Field::LifecycleState => "lifecycle = ?",
        Field::SpecUriPrefix => "spec_uri >= ? AND spec_uri < ?",
        Field::SpecUri => "spec_uri = ?",
        Field::ModelId => "model_id = ?",
        Field::ConnectivityType => "connectivity_type = ?",
        Field::AdapterId => "adapter_id = ?",
        Field::GatewayId => "id IN (SELECT instance_id FROM instance_gateway WHERE gateway_id = ?)",
        Field::ContentPath => "content_path = ?",
        Field::SourceId => "source_id = ?",
        Field::TargetId => "target_id = ?",
        Field::GroupId => "group_id = ?",
        Field::GroupType => "group_type = ?",
        Field::DomainId => "domain_id = ?",
        Field::Status => "status = ?",
        Field::ResourceId => "resource_id = ?",
    }
}
