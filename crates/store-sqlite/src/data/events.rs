//! Events by id, and content as of an instant.
//!
//! All ids are given on the writer thread, inside the transaction that writes their rows: whoever
//! has seen id n has seen everything below it.

use platform::store::{
    Event, EventContent, EventKind, EventQuery, EventRange, Events, PastContent, Stored, TwinNo,
};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde_json::value::RawValue;

use super::sql::{ENDPOINT, Source, Sql};
use super::{columns, extra, read, snapshot};
use crate::connection::failed;

/// A message's values as they are packed.
type Packed = Vec<(String, Box<RawValue>)>;

/// The next events of one kind.
pub(crate) fn next(connection: &Connection, query: &EventQuery) -> Stored<Events> {
    let newest = newest(connection, query.kind).map_err(failed)?;
    let end = newest.min(query.after.saturating_add(i64::from(query.ids_max))).max(query.after);
    let mut events = Events { items: Vec::new(), seen: end, newest };
    if end > query.after {
        read_up_to(connection, query, end, &mut events).map_err(failed)?;
    }
    Ok(events)
}

fn read_up_to(
    connection: &Connection,
    query: &EventQuery,
    end: i64,
    events: &mut Events,
) -> rusqlite::Result<()> {
    let mut sql = select(query);
    if query.kind == EventKind::Normalized {
        // A message's values follow the id of its row: some of the last one's may be new.
        let first = "coalesce((SELECT max(id) FROM historized_data WHERE id <= ?), 0)";
        sql.bind(&format!(" AND d.id >= {first}"), Value::Integer(query.after));
        sql.bind(" AND d.id <= ? ORDER BY d.id", Value::Integer(end));
    } else {
        let id = id_column(query.kind);
        sql.bind(&format!(" AND {id} > ?"), Value::Integer(query.after));
        sql.bind(&format!(" AND {id} <= ? ORDER BY {id}"), Value::Integer(end));
    }
    // One more for the message that `after` is inside of.
    sql.bind(" LIMIT ?", Value::Integer(i64::from(query.rows_max) + 1));
    let mut statement = connection.prepare_cached(&sql.text)?;
    let mut rows = statement.query(rusqlite::params_from_iter(sql.parameters))?;
    let (mut count, mut bytes) = (0, 0);
    while let Some(row) = rows.next()? {
        let (last, size) = match query.kind {
            EventKind::Normalized => values(row, query, &mut events.items)?,
            _ => one(row, query.kind, &mut events.items)?,
        };
        count += u32::from(last > query.after);
        bytes += size;
        if bytes >= query.bytes_max || count >= query.rows_max {
            // What is behind this row was not looked at.
            events.seen = last.max(query.after);
            return Ok(());
        }
        events.seen = events.seen.max(last);
    }
    Ok(())
}

/// `SELECT … WHERE …` of the events that the query lets through. The filter on twins must not
/// choose the index: ids come sorted without it.
fn select(query: &EventQuery) -> Sql {
    let mut sql = match query.kind {
        EventKind::Normalized => Sql {
            text: "SELECT d.id, t.id, d.time_observed_us, d.content, d.others FROM historized_data d CROSS JOIN instance t ON t.no = d.twin WHERE true".to_owned(),
            parameters: Vec::new(),
        },
        kind => Sql::select_item(&Source::of_events(kind)),
    };
    sql.bind(" AND t.parent_id = ?", Value::Text(query.domain_id.clone()));
    if !query.twins.is_empty() {
        let marks = vec!["?"; query.twins.len()].join(", ");
        sql.text.push_str(&format!(" AND +d.twin IN ({marks})"));
        sql.parameters.extend(query.twins.iter().map(|twin| Value::Integer(twin.0)));
    }
    if let Some(endpoint) = &query.endpoint {
        match query.kind {
            EventKind::Normalized => {}
            EventKind::Command => {
                sql.bind(" AND d.request_endpoint = ?", Value::Text(endpoint.clone()));
            }
            _ => sql.bind(&format!(" AND {ENDPOINT} = ?"), Value::Text(endpoint.clone())),
        }
    }
    sql
}

fn id_column(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Command => "v.id",
        _ => "d.id",
    }
}

/// Reads one row as one event; its id and the bytes of its payloads.
fn one(row: &Row<'_>, kind: EventKind, items: &mut Vec<Event>) -> rusqlite::Result<(i64, usize)> {
    let source = Source::of_events(kind);
    let columns = columns(source.collection).len();
    let id = row.get("event_id")?;
    let item = platform::store::DataItem {
        row: read(row, source.collection)?,
        extra: extra(row, source.collection, columns)?,
    };
    let size = item.extra.iter().map(|(_, member)| member.byte_count()).sum();
    items.push(Event { id, content: EventContent::Row(source.collection, item) });
    Ok((id, size))
}

/// Unfolds the values of a message; the id of the last one and the bytes they take.
fn values(
    row: &Row<'_>,
    query: &EventQuery,
    items: &mut Vec<Event>,
) -> rusqlite::Result<(i64, usize)> {
    let mut id: i64 = row.get(0)?;
    let instance_id: String = row.get(1)?;
    let time_observed_us = row.get(2)?;
    let packed = unpacked(row, 3)?;
    let mut size = 0;
    for (path, value) in packed {
        let is_wanted =
            id > query.after && query.content_path.as_ref().is_none_or(|wanted| *wanted == path);
        if is_wanted {
            let value = String::from(Box::<str>::from(value));
            size += path.len() + value.len();
            let instance_id = instance_id.clone();
            let content = EventContent::Value { instance_id, path, value, time_observed_us };
            items.push(Event { id, content });
        }
        id += 1;
    }
    Ok((id - 1, size))
}

/// All values of a message, historized ones first, from two columns beginning at `at`.
pub(crate) fn unpacked(row: &Row<'_>, at: usize) -> rusqlite::Result<Packed> {
    let parse = |index: usize, text: &str| -> rusqlite::Result<Packed> {
        serde_json::from_str(text).map_err(|error| {
            let kind = rusqlite::types::Type::Text;
            rusqlite::Error::FromSqlConversionFailure(index, kind, error.into())
        })
    };
    let mut packed = parse(at, row.get_ref(at)?.as_str()?)?;
    if let Some(others) = row.get_ref(at + 1)?.as_str_or_null()? {
        packed.extend(parse(at + 1, others)?);
    }
    Ok(packed)
}

fn newest(connection: &Connection, kind: EventKind) -> rusqlite::Result<i64> {
    let sql = match kind {
        EventKind::Raw => "SELECT next - 1 FROM sequence WHERE name = 'raw'",
        EventKind::Normalized => "SELECT next - 1 FROM sequence WHERE name = 'historized'",
        EventKind::Rejected => "SELECT next - 1 FROM sequence WHERE name = 'rejected'",
        EventKind::Command => "SELECT seq FROM sqlite_sequence WHERE name = 'command_event'",
    };
    let found = connection.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?;
    Ok(found.unwrap_or(0))
}

/// The ids there are.
pub(crate) fn range(connection: &Connection) -> Stored<[EventRange; 4]> {
    let of = |kind: EventKind| -> rusqlite::Result<EventRange> {
        let table = match kind {
            EventKind::Raw => "raw_data",
            EventKind::Normalized => "historized_data",
            EventKind::Rejected => "rejected_data",
            EventKind::Command => "command_event",
        };
        // The oldest first: an event that comes in between must not seem lost.
        let mut oldest = connection.prepare_cached(&format!("SELECT min(id) FROM {table}"))?;
        let oldest = oldest.query_row([], |row| row.get(0))?;
        Ok(EventRange { oldest, newest: newest(connection, kind)? })
    };
    let [raw, normalized, rejected, command] = EventKind::ALL.map(of);
    let all = || Ok([raw?, normalized?, rejected?, command?]);
    all().map_err(failed)
}

/// The least id from a time on: twin after twin, by the index that retention uses too.
pub(crate) fn since(
    connection: &Connection,
    query: &EventQuery,
    since_us: i64,
) -> Stored<Option<i64>> {
    let (table, time) = match query.kind {
        EventKind::Raw => ("raw_data d", "d.time_received_us"),
        EventKind::Normalized => ("historized_data d", "d.time_observed_us"),
        EventKind::Rejected => ("rejected_data d", "d.time_received_us"),
        EventKind::Command => {
            ("raw_command_data d CROSS JOIN command_event v ON v.command = d.id", "v.time_us")
        }
    };
    let id = id_column(query.kind);
    let mut twins = String::new();
    if !query.twins.is_empty() {
        let numbers: Vec<String> = query.twins.iter().map(|twin| twin.0.to_string()).collect();
        twins = format!(" AND t.no IN ({})", numbers.join(", "));
    }
    let sql = format!(
        "SELECT min({id}) FROM instance t CROSS JOIN {table} WHERE d.twin = t.no AND {time} >= ? AND t.parent_id = ?{twins}"
    );
    // Its text has numbers: not worth keeping compiled.
    let mut statement = connection.prepare(&sql).map_err(failed)?;
    statement.query_row((since_us, &query.domain_id), |row| row.get(0)).map_err(failed)
}

/// Content as of an instant: the value of today where it is from before, else what the messages
/// of the time say, newest first.
pub(crate) fn content_at(connection: &Connection, no: TwinNo, at_us: i64) -> Stored<PastContent> {
    let today = snapshot(connection, no)?.values;
    let (mut values, later): (Vec<_>, Vec<_>) =
        today.into_iter().partition(|(_, _, time_us)| *time_us <= at_us);
    let mut unknown: Vec<String> = later.into_iter().map(|(path, ..)| path).collect();
    let mut walk = || -> rusqlite::Result<Option<i64>> {
        let mut statement = connection.prepare_cached(
            "SELECT content, others, time_observed_us FROM historized_data WHERE twin = ? AND time_observed_us <= ? ORDER BY time_observed_us DESC, id DESC",
        )?;
        let mut rows = statement.query((no.0, at_us))?;
        while !unknown.is_empty()
            && let Some(row) = rows.next()?
        {
            for (path, value) in unpacked(row, 0)? {
                if let Some(at) = unknown.iter().position(|wanted| *wanted == path) {
                    unknown.swap_remove(at);
                    values.push((path, Box::<str>::from(value).into(), row.get(2)?));
                }
            }
        }
        connection
            .prepare_cached("SELECT min(time_observed_us) FROM historized_data WHERE twin = ?")?
            .query_row([no.0], |row| row.get(0))
    };
    let oldest_us = walk().map_err(failed)?;
    values.sort_unstable();
    unknown.sort_unstable();
    Ok(PastContent { values, unknown, oldest_us })
}
