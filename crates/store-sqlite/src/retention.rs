//! Removing old rows of the data collections.
//!
//! Rows are looked for on a reader, by the index on (twin, time) and twin after twin, so that the
//! writer is only busy with what really goes.

use iot_api::data::DataCollection;
use platform::store::{PurgeFrom, Purged, Stored, TwinNo};
use rusqlite::{Connection, Transaction, params};

use crate::connection::failed;

/// Free pages given back to the file system after a group of rows, at most.
const PAGES_FREED_MAX: u32 = 1000;

/// The rows of one group.
pub(crate) struct Old {
    rows: Vec<i64>,
    next: Option<TwinNo>,
}

/// Table and time column; `None` for snapshot data, which does not age.
fn table(collection: DataCollection) -> Option<(&'static str, &'static str)> {
    match collection {
        DataCollection::RawData => Some(("raw_data", "time_received_us")),
        DataCollection::RejectedData => Some(("rejected_data", "time_received_us")),
        DataCollection::HistorizedData => Some(("historized_data", "time_observed_us")),
        DataCollection::RawCommandData => Some(("raw_command_data", "time_created_us")),
        DataCollection::SnapshotData => None,
    }
}

/// Finds the next group.
pub(crate) fn find(connection: &Connection, from: &PurgeFrom) -> Stored<Old> {
    let Some((table, time)) = table(from.collection) else {
        return Ok(Old { rows: Vec::new(), next: None });
    };
    let sql = format!(
        "SELECT d.rowid, t.no FROM instance t CROSS JOIN {table} d ON d.twin = t.no AND d.{time} < ?2
         WHERE t.no >= ?3 AND t.parent_id = ?1 ORDER BY t.no LIMIT ?4"
    );
    let parameters = params![from.domain_id, from.before_us, from.twin.0, from.rows_max];
    let mut statement = connection.prepare_cached(&sql).map_err(failed)?;
    let found = statement
        .query_map(parameters, |row| Ok((row.get(0)?, TwinNo(row.get(1)?))))
        .and_then(Iterator::collect::<Result<Vec<(i64, TwinNo)>, _>>)
        .map_err(failed)?;
    // A full group may have left rows of its last twin.
    let next = found.last().filter(|_| found.len() >= from.rows_max as usize).map(|(_, no)| *no);
    let mut rows: Vec<i64> = found.into_iter().map(|(row, _)| row).collect();
    rows.sort_unstable();
    Ok(Old { rows, next })
}

/// Removes the group and gives free pages back.
pub(crate) fn remove(
    transaction: &Transaction<'_>,
    collection: DataCollection,
    old: &Old,
) -> Stored<Purged> {
    let mut removed = 0;
    if let (Some((table, _)), false) = (table(collection), old.rows.is_empty()) {
        let sql = format!("DELETE FROM {table} WHERE rowid = ?");
        let mut statement = transaction.prepare_cached(&sql).map_err(failed)?;
        for row in &old.rows {
            removed += statement.execute([row]).map_err(failed)? as u64;
        }
        free_pages(transaction).map_err(failed)?;
    }
    Ok(Purged { rows: removed, next: old.next })
}

fn free_pages(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let sql = format!("PRAGMA incremental_vacuum({PAGES_FREED_MAX})");
    let mut statement = transaction.prepare_cached(&sql)?;
    // Each step frees one page.
    let mut steps = statement.query([])?;
    while steps.next()?.is_some() {}
    Ok(())
}
