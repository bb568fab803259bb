//! Reading the data of messages: pages, items, snapshots.

pub(crate) mod events;
mod sql;

use iot_api::data::DataCollection;
use ords_filter::{Compare, Filter, Operand};
use platform::data::columns;
use platform::store::{
    DataCell, DataItem, DataQuery, DataRow, ItemMember, Snapshot, Stored, TwinNo,
};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::connection::failed;
use sql::{Source, Sql};

/// One page.
pub(crate) fn list(connection: &Connection, query: &DataQuery) -> Stored<Vec<DataRow>> {
    let source = Source::of(query.collection);
    let mut sql = Sql::select(&source);
    sql.bind(" AND t.parent_id = ?", Value::Text(query.domain_id.clone()));
    if let Some(ocid) = one_instance(&query.query.filter, source.instance_column) {
        // Known beforehand, so that the index on (twin, time) is used.
        let no = twin_no(connection, ocid)?;
        let Some(no) = no else { return Ok(Vec::new()) };
        sql.bind(" AND d.twin = ?", Value::Integer(no));
    }
    if query.collection == DataCollection::HistorizedData {
        bound_ids(&mut sql, &query.query.filter);
    }
    sql.condition(&source, &query.query.filter);
    sql.order(&source, &query.query.order);
    sql.bind(" LIMIT ?", integer(query.limit));
    sql.bind(" OFFSET ?", integer(query.offset));
    let mut statement = connection.prepare_cached(&sql.text).map_err(failed)?;
    let rows = statement
        .query_map(rusqlite::params_from_iter(sql.parameters), |row| read(row, query.collection))
        .map_err(failed)?;
    rows.collect::<Result<_, _>>().map_err(failed)
}

/// One row with what only the item form has.
pub(crate) fn get(
    connection: &Connection,
    domain_id: &str,
    collection: DataCollection,
    id: &str,
) -> Stored<Option<DataItem>> {
    let source = Source::of(collection);
    let key = match collection {
        DataCollection::SnapshotData => return Ok(None),
        DataCollection::RawCommandData => Value::Text(id.to_owned()),
        _ => match id.parse::<i64>() {
            Ok(id) => Value::Integer(id),
            Err(_) => return Ok(None),
        },
    };
    let mut sql = Sql::select_item(&source);
    sql.bind(" AND t.parent_id = ?", Value::Text(domain_id.to_owned()));
    match collection {
        DataCollection::HistorizedData => {
            let last = "(SELECT max(id) FROM historized_data WHERE id <= ?)";
            sql.bind(&format!(" AND d.id = {last}"), key.clone());
            sql.bind(" AND d.id + e.key = ?", key);
        }
        _ => sql.bind(" AND d.id = ?", key),
    }
    let mut statement = connection.prepare_cached(&sql.text).map_err(failed)?;
    statement
        .query_row(rusqlite::params_from_iter(sql.parameters), |row| {
            let extra = extra(row, collection, columns(collection).len())?;
            Ok(DataItem { row: read(row, collection)?, extra })
        })
        .optional()
        .map_err(failed)
}

/// Current content of an instance.
pub(crate) fn snapshot(connection: &Connection, no: TwinNo) -> Stored<Snapshot> {
    let read = || -> rusqlite::Result<Snapshot> {
        let mut values = connection.prepare_cached(
            "SELECT content_path, value, time_observed_us FROM snapshot_data WHERE twin = ? ORDER BY content_path",
        )?;
        let values = values
            .query_map([no.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<Result<_, _>>()?;
        let mut heard = connection
            .prepare_cached("SELECT max(time_received_us) FROM raw_data WHERE twin = ?")?;
        let time_last_heard_us = heard.query_row([no.0], |row| row.get(0))?;
        Ok(Snapshot { values, time_last_heard_us })
    };
    read().map_err(failed)
}

fn integer(value: u64) -> Value {
    Value::Integer(i64::try_from(value).unwrap_or(i64::MAX))
}

fn twin_no(connection: &Connection, ocid: &str) -> Stored<Option<i64>> {
    connection
        .prepare_cached("SELECT no FROM instance WHERE id = ?")
        .and_then(|mut statement| statement.query_row([ocid], |row| row.get(0)).optional())
        .map_err(failed)
}

/// The instance that every row must belong to, if the filter says so.
fn one_instance(filter: &Filter, instance: usize) -> Option<&str> {
    match filter {
        Filter::Compare { column, op: Compare::Eq, value: Operand::Text(ocid) }
            if *column == instance =>
        {
            Some(ocid)
        }
        Filter::And(filters) => filters.iter().find_map(|filter| one_instance(filter, instance)),
        _ => None,
    }
}

/// Historized values share rows, so that a value's id is an expression that no index knows. What the
/// filter says of it in any case is said of the rows' keys too.
fn bound_ids(sql: &mut Sql, filter: &Filter) {
    // A row begins at or before each of its values.
    let row_of = "(SELECT max(id) FROM historized_data WHERE id <= ?)";
    let low = |sql: &mut Sql, id: &Operand| {
        if let Operand::Integer(id) = id {
            sql.bind(&format!(" AND d.id >= ifnull({row_of}, 0)"), Value::Integer(*id));
        }
    };
    let high = |sql: &mut Sql, id: &Operand| {
        if let Operand::Integer(id) = id {
            sql.bind(" AND d.id <= ?", Value::Integer(*id));
        }
    };
    match filter {
        Filter::And(filters) => filters.iter().for_each(|filter| bound_ids(sql, filter)),
        Filter::Compare { column: 0, op, value } => match op {
            Compare::Eq => {
                low(sql, value);
                high(sql, value);
            }
            Compare::Gt | Compare::Gte => low(sql, value),
            Compare::Lt | Compare::Lte => high(sql, value),
            Compare::Ne => {}
        },
        Filter::Between { column: 0, low: from, high: to } => {
            from.iter().for_each(|from| low(sql, from));
            to.iter().for_each(|to| high(sql, to));
        }
        _ => {}
    }
}

fn read(row: &Row<'_>, collection: DataCollection) -> rusqlite::Result<DataRow> {
    let cell = |(index, column): (usize, &ords_filter::Column)| {
        Ok(match (row.get::<_, Value>(index)?, column.kind) {
            (Value::Integer(us), ords_filter::ColumnType::Timestamp) => DataCell::TimestampUs(us),
            (Value::Integer(value), _) => DataCell::Integer(value),
            (Value::Text(text), ords_filter::ColumnType::Json) => DataCell::Json(text),
            (Value::Text(text), _) => DataCell::Text(text),
            _ => DataCell::Null,
        })
    };
    columns(collection).iter().enumerate().map(cell).collect()
}

fn extra(
    row: &Row<'_>,
    collection: DataCollection,
    at: usize,
) -> rusqlite::Result<Vec<(&'static str, ItemMember)>> {
    let text = |index: usize| row.get(index).map(ItemMember::Text);
    let payload = |index: usize, content_type: usize| -> rusqlite::Result<ItemMember> {
        Ok(ItemMember::Payload { bytes: row.get(index)?, content_type: row.get(content_type)? })
    };
    Ok(match collection {
        DataCollection::RawData | DataCollection::RejectedData => {
            // Column 3 is `content_type` in both.
            vec![("content", payload(at, 3)?)]
        }
        DataCollection::RawCommandData => vec![
            ("request_data", payload(at, at + 1)?),
            ("request_content_type", text(at + 1)?),
            ("response_data", payload(at + 2, at + 3)?),
            ("response_content_type", text(at + 3)?),
            ("response_data_format", text(at + 4)?),
            ("created_by", text(at + 5)?),
        ],
        DataCollection::HistorizedData | DataCollection::SnapshotData => Vec::new(),
    })
}
