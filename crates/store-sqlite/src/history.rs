//! What became of kept messages, read and replaced.

use std::collections::{HashMap, HashSet};

use platform::store::{HistoryChange, HistoryFrom, KeptMessage, RowOutcome, Stored, TwinNo};
use rusqlite::{Connection, Transaction, params};

use crate::batch::{HistorizedRows, next_id, set_next_id};
use crate::connection::failed;
use crate::data::events::unpacked;

/// From the receipt of an answer until its command is settled, at most: 10 seconds.
const ANSWER_SETTLED_US: i64 = 10_000_000;

/// The next messages. An answer is told by what its command keeps: endpoint, payload and time.
pub(crate) fn read(connection: &Connection, from: &HistoryFrom) -> Stored<Vec<KeptMessage>> {
    let mut messages = messages(connection, from).map_err(failed)?;
    if from.with_time_observed && !messages.is_empty() {
        let ids = (messages[0].id, messages[messages.len() - 1].id);
        let times = times_observed(connection, from.twin, ids).map_err(failed)?;
        for message in &mut messages {
            message.time_observed_us = times.get(&message.id).copied();
        }
    }
    Ok(messages)
}

fn messages(connection: &Connection, from: &HistoryFrom) -> rusqlite::Result<Vec<KeptMessage>> {
    let mut statement = connection.prepare_cached(
        "SELECT d.id, coalesce(l.endpoint, d.endpoint), d.content, d.time_received_us,
            d.id < (SELECT next FROM sequence WHERE name = 'linked') OR
            coalesce(l.endpoint, d.endpoint) IN (SELECT response_endpoint FROM raw_command_data WHERE response_data IS NOT NULL)
            AND EXISTS (SELECT 1 FROM raw_command_data c
                WHERE c.response_endpoint = coalesce(l.endpoint, d.endpoint) AND CAST(c.response_data AS BLOB) = CAST(d.content AS BLOB)
                AND d.time_received_us BETWEEN c.time_created_us AND c.time_finished_us + ?6)
         FROM raw_data d LEFT JOIN message_label l ON l.no = d.label
         WHERE d.twin = ?1 AND d.id > ?2 AND d.time_received_us >= ?3 AND d.time_received_us < ?4
         ORDER BY d.id LIMIT ?5",
    )?;
    let parameters = params![
        from.twin.0,
        from.after,
        from.since_us,
        from.before_us,
        from.rows_max,
        ANSWER_SETTLED_US
    ];
    let one = |row: &rusqlite::Row<'_>| -> rusqlite::Result<KeptMessage> {
        Ok(KeptMessage {
            id: row.get(0)?,
            endpoint: row.get(1)?,
            content: row.get_ref(2)?.as_bytes()?.to_vec(),
            time_received_us: row.get(3)?,
            stays: row.get(4)?,
            time_observed_us: None,
        })
    };
    let mut rows = statement.query(parameters)?;
    let (mut messages, mut bytes) = (Vec::new(), 0);
    while bytes < from.bytes_max
        && let Some(row) = rows.next()?
    {
        let message = one(row)?;
        bytes += message.content.len();
        messages.push(message);
    }
    Ok(messages)
}

fn times_observed(
    connection: &Connection,
    twin: TwinNo,
    (first, last): (i64, i64),
) -> rusqlite::Result<HashMap<i64, i64>> {
    let mut statement = connection.prepare_cached(
        "SELECT raw_id, time_observed_us FROM historized_data WHERE twin = ? AND raw_id BETWEEN ? AND ?",
    )?;
    statement.query_map((twin.0, first, last), |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Replaces outcomes and brings the content up to date with them.
pub(crate) fn replace(transaction: &Transaction<'_>, change: &HistoryChange) -> Stored<()> {
    let replaced = |transaction: &Transaction<'_>| -> rusqlite::Result<()> {
        let known = known(transaction, change)?;
        let gone = remove(transaction, change.twin, &known)?;
        insert(transaction, change, &known)?;
        content(transaction, change.twin, gone)
    };
    replaced(transaction).map_err(failed)
}

/// Ids of the change whose messages are still kept.
fn known(transaction: &Transaction<'_>, change: &HistoryChange) -> rusqlite::Result<HashSet<i64>> {
    let mut is_kept =
        transaction.prepare_cached("SELECT 1 FROM raw_data WHERE id = ? AND twin = ?")?;
    let mut known = HashSet::with_capacity(change.outcomes.len());
    for (id, _) in &change.outcomes {
        if is_kept.exists((id, change.twin.0))? {
            known.insert(*id);
        }
    }
    Ok(known)
}

/// Removes the rows of these messages; returns the content paths they gave.
fn remove(
    transaction: &Transaction<'_>,
    twin: TwinNo,
    ids: &HashSet<i64>,
) -> rusqlite::Result<HashSet<String>> {
    let mut paths = HashSet::new();
    let mut historized = Vec::new();
    let mut rejected = Vec::new();
    {
        let mut statement = transaction.prepare_cached(
            "SELECT id, raw_id, content, others FROM historized_data WHERE twin = ? AND raw_id IS NOT NULL",
        )?;
        let mut rows = statement.query([twin.0])?;
        while let Some(row) = rows.next()? {
            if ids.contains(&row.get(1)?) {
                historized.push(row.get::<_, i64>(0)?);
                paths.extend(unpacked(row, 2)?.into_iter().map(|(path, _)| path));
            }
        }
        let mut statement = transaction.prepare_cached(
            "SELECT id, raw_id FROM rejected_data WHERE twin = ? AND raw_id IS NOT NULL",
        )?;
        let mut rows = statement.query([twin.0])?;
        while let Some(row) = rows.next()? {
            if ids.contains(&row.get(1)?) {
                rejected.push(row.get::<_, i64>(0)?);
            }
        }
    }
    let mut delete = transaction.prepare_cached("DELETE FROM historized_data WHERE id = ?")?;
    for id in historized {
        delete.execute([id])?;
    }
    let mut delete = transaction.prepare_cached("DELETE FROM rejected_data WHERE id = ?")?;
    for id in rejected {
        delete.execute([id])?;
    }
    Ok(paths)
}

fn insert(
    transaction: &Transaction<'_>,
    change: &HistoryChange,
    known: &HashSet<i64>,
) -> rusqlite::Result<()> {
    let mut historized = HistorizedRows::open(transaction)?;
    let mut rejected_id = next_id(transaction, "rejected")?;
    let mut insert_rejected = transaction.prepare_cached(
        "INSERT INTO rejected_data (id, twin, endpoint, content_type, time_received_us, reason_code, reason_message, content, raw_id, label)
         SELECT ?2, twin, endpoint, content_type, time_received_us, ?3, ?4, content, id, label FROM raw_data WHERE id = ?1",
    )?;
    for (raw_id, outcome) in change.outcomes.iter().filter(|(id, _)| known.contains(id)) {
        match outcome {
            RowOutcome::RawOnly => {}
            RowOutcome::Values { time_observed_us, values } => {
                historized.insert(change.twin.0, *raw_id, *time_observed_us, values)?;
            }
            RowOutcome::Rejected { code, message } => {
                insert_rejected.execute(params![raw_id, rejected_id, code, message])?;
                rejected_id += 1;
            }
        }
    }
    historized.close(transaction)?;
    set_next_id(transaction, "rejected", rejected_id)
}

/// Content is what the last message of each path gave: of all that are kept, since newer messages
/// than the change knows may have come. Paths that only removed rows gave have none any more.
fn content(
    transaction: &Transaction<'_>,
    twin: TwinNo,
    mut gone: HashSet<String>,
) -> rusqlite::Result<()> {
    let mut last: HashMap<String, ((i64, i64), String, i64)> = HashMap::new();
    let mut statement = transaction.prepare_cached(
        "SELECT content, others, coalesce(raw_id, 0), id, time_observed_us FROM historized_data WHERE twin = ?",
    )?;
    let mut rows = statement.query([twin.0])?;
    while let Some(row) = rows.next()? {
        let place = (row.get(2)?, row.get(3)?);
        for (path, value) in unpacked(row, 0)? {
            if last.get(&path).is_none_or(|(other, ..)| *other < place) {
                last.insert(path, (place, Box::<str>::from(value).into(), row.get(4)?));
            }
        }
    }
    let mut upsert = transaction.prepare_cached(
        "INSERT INTO snapshot_data (twin, content_path, value, time_observed_us) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET value = excluded.value, time_observed_us = excluded.time_observed_us",
    )?;
    for (path, (_, value, time_us)) in &last {
        upsert.execute(params![twin.0, path, value, time_us])?;
        gone.remove(path);
    }
    let mut delete = transaction
        .prepare_cached("DELETE FROM snapshot_data WHERE twin = ? AND content_path = ?")?;
    for path in gone {
        delete.execute((twin.0, path))?;
    }
    Ok(())
}
