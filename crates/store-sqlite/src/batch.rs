//! The commit of a batch of messages.

use std::collections::HashMap;

use platform::store::{Batch, MessageRow, RowOutcome, RowValue, Stored};
use rusqlite::{Transaction, params};

use crate::connection::failed;
use crate::held;

/// Next ids of the three tables that messages go to.
struct Ids {
    raw: i64,
    historized: i64,
    rejected: i64,
}

/// Writes the rows in their order, then frees packet ids.
pub(crate) fn commit(transaction: &Transaction<'_>, batch: &Batch) -> Stored<()> {
    if !batch.rows.is_empty() {
        write(transaction, &batch.rows).map_err(failed)?;
    }
    for released in &batch.released {
        held::release(transaction, released).map_err(failed)?;
    }
    Ok(())
}

fn write(transaction: &Transaction<'_>, batch: &[MessageRow]) -> rusqlite::Result<()> {
    let mut ids = Ids {
        raw: next(transaction, "raw")?,
        historized: next(transaction, "historized")?,
        rejected: next(transaction, "rejected")?,
    };
    // Only the last value of a path in a batch can be seen, so only it is written.
    let mut snapshot: HashMap<(i64, &str), (&str, i64)> = HashMap::new();
    let mut insert_raw = transaction.prepare_cached(
        "INSERT INTO raw_data (id, twin, endpoint, content_type, time_received_us, content) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    let mut insert_historized = transaction.prepare_cached(
        "INSERT INTO historized_data (id, twin, time_observed_us, content, others) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let mut insert_rejected = transaction.prepare_cached(
        "INSERT INTO rejected_data (id, twin, endpoint, content_type, time_received_us, reason_code, reason_message, content) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    let (mut packed, mut others) = (String::new(), String::new());
    for row in batch {
        let (twin, content) = (row.twin.0, row.content.as_ref());
        insert_raw.execute(params![
            ids.raw,
            twin,
            row.endpoint,
            row.content_type,
            row.time_received_us,
            content
        ])?;
        ids.raw += 1;
        if let Some(held) = &row.held {
            held::hold(transaction, held)?;
        }
        match &row.outcome {
            RowOutcome::RawOnly => {}
            RowOutcome::Values { time_observed_us, values } => {
                for value in values {
                    snapshot.insert((twin, &value.path), (&value.value, *time_observed_us));
                }
                let historized = pack(values, true, &mut packed);
                let count = historized + pack(values, false, &mut others);
                if count > 0 {
                    let others = (count > historized).then_some(&others);
                    insert_historized.execute(params![
                        ids.historized,
                        twin,
                        time_observed_us,
                        packed,
                        others
                    ])?;
                    ids.historized += count;
                }
            }
            RowOutcome::Rejected { code, message } => {
                insert_rejected.execute(params![
                    ids.rejected,
                    twin,
                    row.endpoint,
                    row.content_type,
                    row.time_received_us,
                    code,
                    message,
                    content
                ])?;
                ids.rejected += 1;
            }
        }
    }
    write_snapshot(transaction, snapshot)?;
    let mut update = transaction.prepare_cached("UPDATE sequence SET next = ?2 WHERE name = ?1")?;
    update.execute(params!["raw", ids.raw])?;
    update.execute(params!["historized", ids.historized])?;
    update.execute(params!["rejected", ids.rejected])?;
    Ok(())
}

fn next(transaction: &Transaction<'_>, name: &str) -> rusqlite::Result<i64> {
    transaction
        .prepare_cached("SELECT next FROM sequence WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
}

/// Writes `[[path, value], …]` of the values that are historized, or of those that are not; returns
/// how many they are. Paths are letters, digits, `_` and `.`, so they need no escaping; values are
/// JSON already.
fn pack(values: &[RowValue], historized: bool, packed: &mut String) -> i64 {
    packed.clear();
    let mut count = 0;
    for value in values.iter().filter(|value| value.historized == historized) {
        packed.push_str(if count == 0 { "[[\"" } else { ",[\"" });
        packed.push_str(&value.path);
        packed.push_str("\",");
        packed.push_str(&value.value);
        packed.push(']');
        count += 1;
    }
    packed.push_str(if count == 0 { "[]" } else { "]" });
    count
}

/// In key order, so that neighbours share a page.
fn write_snapshot(
    transaction: &Transaction<'_>,
    snapshot: HashMap<(i64, &str), (&str, i64)>,
) -> rusqlite::Result<()> {
    let mut rows: Vec<_> = snapshot.into_iter().collect();
    rows.sort_unstable_by_key(|(key, _)| *key);
    let mut upsert = transaction.prepare_cached(
        "INSERT INTO snapshot_data (twin, content_path, value, time_observed_us) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET value = excluded.value, time_observed_us = excluded.time_observed_us",
    )?;
    for ((twin, path), (value, time_us)) in rows {
        upsert.execute(params![twin, path, value, time_us])?;
    }
    Ok(())
}
