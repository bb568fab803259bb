//! The commit of a batch of messages.

use std::collections::HashMap;

use platform::store::{Batch, MessageRow, RowOutcome, RowValue, Stored};
use rusqlite::{CachedStatement, Transaction, params};

use crate::connection::failed;
use crate::held;

/// Writes the rows in their order, then frees packet ids. `labels` are those of the rows.
pub(crate) fn commit(
    transaction: &Transaction<'_>,
    batch: &Batch,
    labels: &[Option<i64>],
) -> Stored<()> {
    if !batch.rows.is_empty() {
        write(transaction, &batch.rows, labels).map_err(failed)?;
    }
    for released in &batch.released {
        held::release(transaction, released).map_err(failed)?;
    }
    Ok(())
}

fn write(
    transaction: &Transaction<'_>,
    batch: &[MessageRow],
    labels: &[Option<i64>],
) -> rusqlite::Result<()> {
    let mut raw_id = next_id(transaction, "raw")?;
    let mut rejected_id = next_id(transaction, "rejected")?;
    let mut historized = HistorizedRows::open(transaction)?;
    // Only the last value of a path in a batch can be seen, so only it is written.
    let mut snapshot: HashMap<(i64, &str), (&str, i64)> = HashMap::new();
    let mut insert_raw = transaction.prepare_cached(
        "INSERT INTO raw_data (id, twin, endpoint, content_type, time_received_us, content, label) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    let mut insert_rejected = transaction.prepare_cached(
        "INSERT INTO rejected_data (id, twin, endpoint, content_type, time_received_us, reason_code, reason_message, content, raw_id, label) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    for (row, label) in batch.iter().zip(labels) {
        let (twin, content) = (row.twin.0, row.content.as_ref());
        // A label says both.
        let (endpoint, content_type) = match label {
            Some(_) => ("", None),
            None => (row.endpoint.as_str(), row.content_type.as_deref()),
        };
        insert_raw.execute(params![
            raw_id,
            twin,
            endpoint,
            content_type,
            row.time_received_us,
            content,
            label
        ])?;
        if let Some(held) = &row.held {
            held::hold(transaction, held)?;
        }
        match &row.outcome {
            RowOutcome::RawOnly => {}
            RowOutcome::Values { time_observed_us, values } => {
                for value in values {
                    snapshot.insert((twin, &value.path), (&value.value, *time_observed_us));
                }
                historized.insert(twin, raw_id, *time_observed_us, values)?;
            }
            RowOutcome::Rejected { code, message } => {
                insert_rejected.execute(params![
                    rejected_id,
                    twin,
                    endpoint,
                    content_type,
                    row.time_received_us,
                    code,
                    message,
                    content,
                    raw_id,
                    label
                ])?;
                rejected_id += 1;
            }
        }
        raw_id += 1;
    }
    write_snapshot(transaction, snapshot)?;
    historized.close(transaction)?;
    set_next_id(transaction, "raw", raw_id)?;
    set_next_id(transaction, "rejected", rejected_id)
}

/// The next id of a table that messages go to.
pub(crate) fn next_id(transaction: &Transaction<'_>, table: &str) -> rusqlite::Result<i64> {
    transaction
        .prepare_cached("SELECT next FROM sequence WHERE name = ?1")?
        .query_row([table], |row| row.get(0))
}

/// Says which id comes next.
pub(crate) fn set_next_id(
    transaction: &Transaction<'_>,
    table: &str,
    next: i64,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE sequence SET next = ?2 WHERE name = ?1")?
        .execute(params![table, next])?;
    Ok(())
}

/// Writes normalized values, those of a message in one row.
pub(crate) struct HistorizedRows<'t> {
    insert: CachedStatement<'t>,
    next: i64,
    packed: String,
    others: String,
}

impl<'t> HistorizedRows<'t> {
    /// Begins at the next id.
    pub fn open(transaction: &'t Transaction<'_>) -> rusqlite::Result<HistorizedRows<'t>> {
        let insert = transaction.prepare_cached(
            "INSERT INTO historized_data (id, twin, time_observed_us, content, others, raw_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        let next = next_id(transaction, "historized")?;
        Ok(HistorizedRows { insert, next, packed: String::new(), others: String::new() })
    }

    /// Writes the values of one message, if there are any.
    pub fn insert(
        &mut self,
        twin: i64,
        raw_id: i64,
        time_observed_us: i64,
        values: &[RowValue],
    ) -> rusqlite::Result<()> {
        let historized = pack(values, true, &mut self.packed);
        let count = historized + pack(values, false, &mut self.others);
        if count > 0 {
            let others = (count > historized).then_some(&self.others);
            let row = params![self.next, twin, time_observed_us, self.packed, others, raw_id];
            self.insert.execute(row)?;
            self.next += count;
        }
        Ok(())
    }

    /// Keeps the next id.
    pub fn close(self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        set_next_id(transaction, "historized", self.next)
    }
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
