//! Work requests, their log and their errors.

use platform::list::{ListQuery, Listed};
use platform::store::{
    Adapter, FlowRuntime, Instance, Kind, Lifecycle, Model, Relationship, StoreError, Stored,
    WorkEntry, WorkRequest, WorkStatus, WorkStep,
};
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use crate::connection::failed;
use crate::lists::{self, Source};
use crate::references::table;
use crate::resources::{bury, leave_gateways};
use crate::rows::lifecycle;

const SELECT: &str = "SELECT id, parent_id, operation, status, kind, resource_id, leads_to, time_created_us, time_started_us, time_finished_us, time_updated_us, etag FROM work_request";

/// Kinds that work requests change.
const KINDS: [Kind; 3] = [Kind::DomainGroup, Kind::Domain, Kind::FlowRuntime];

/// Keeps a new work request.
pub(crate) fn insert(transaction: &Transaction<'_>, work: &WorkRequest) -> Stored<()> {
    let sql = "INSERT INTO work_request VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let insert = || {
        transaction.prepare_cached(sql)?.execute(params![
            work.id,
            work.compartment_id,
            work.operation,
            work.status.as_str(),
            work.kind.type_word(),
            work.resource_id,
            work.leads_to.as_str(),
            work.time_accepted_us,
            work.time_started_us,
            work.time_finished_us,
            work.time_updated_us,
            work.etag
        ])
    };
    insert().map(drop).map_err(failed)
}

/// The work request with this OCID.
pub(crate) fn get(connection: &Connection, id: &str) -> Stored<Option<WorkRequest>> {
    let sql = format!("{SELECT} WHERE id = ?");
    let find = || connection.prepare_cached(&sql)?.query_row([id], read).optional();
    find().map_err(failed)
}

/// Those that have not ended, oldest first.
pub(crate) fn open(connection: &Connection) -> Stored<Vec<WorkRequest>> {
    let sql = format!(
        "{SELECT} WHERE status IN ('ACCEPTED', 'IN_PROGRESS') ORDER BY time_created_us, id"
    );
    let mut statement = connection.prepare_cached(&sql).map_err(failed)?;
    let rows = statement.query_map([], read).map_err(failed)?;
    rows.collect::<Result<_, _>>().map_err(failed)
}

/// One page of a compartment's.
pub(crate) fn list(connection: &Connection, query: &ListQuery) -> Stored<Listed<WorkRequest>> {
    let source = Source {
        select: SELECT.to_owned(),
        read,
        place: |work: &WorkRequest| (&work.id, work.time_accepted_us, &work.operation),
    };
    lists::page(connection, &source, query)
}

/// One page of the log or of the errors.
pub(crate) fn entries(
    connection: &Connection,
    errors: bool,
    query: &ListQuery,
) -> Stored<Listed<WorkEntry>> {
    let source = Source {
        select: format!(
            "SELECT id, code, message, time_created_us FROM (SELECT * FROM work_entry WHERE (code IS NOT NULL) = {errors})"
        ),
        read: |row| {
            Ok(WorkEntry {
                id: row.get(0)?,
                code: row.get(1)?,
                message: row.get(2)?,
                time_us: row.get(3)?,
            })
        },
        place: |entry: &WorkEntry| (&entry.id, entry.time_us, ""),
    };
    lists::page(connection, &source, query)
}

/// Takes a work request to its next state and its resource along.
pub(crate) fn step(transaction: &Transaction<'_>, step: &WorkStep) -> Stored<()> {
    let work = &step.work;
    let update = || {
        let sql = "UPDATE work_request SET status = ?, time_started_us = ?, time_finished_us = ?, time_updated_us = ?, etag = ? WHERE id = ?";
        transaction.prepare_cached(sql)?.execute(params![
            work.status.as_str(),
            work.time_started_us,
            work.time_finished_us,
            work.time_updated_us,
            work.etag,
            work.id
        ])
    };
    if update().map_err(failed)? == 0 {
        return Err(StoreError::missing("work request", &work.id));
    }
    add_entries(transaction, step).map_err(failed)?;
    match work.status {
        WorkStatus::Accepted | WorkStatus::InProgress => Ok(()),
        WorkStatus::Succeeded => settle(transaction, work, work.leads_to),
        WorkStatus::Failed => settle(transaction, work, Lifecycle::Failed),
    }
}

fn add_entries(transaction: &Transaction<'_>, step: &WorkStep) -> rusqlite::Result<()> {
    let mut next = transaction.prepare_cached(
        "INSERT INTO work_entry SELECT ?1, printf('%010d', count(*)), ?2, ?3, ?4 FROM work_entry WHERE parent_id = ?1",
    )?;
    step.entries.iter().try_for_each(|entry| {
        next.execute(params![step.work.id, entry.code, entry.message, entry.time_us]).map(drop)
    })
}

/// Ends the passing state of the resource; nothing in a DELETED domain stays.
fn settle(transaction: &Transaction<'_>, work: &WorkRequest, state: Lifecycle) -> Stored<()> {
    let sql = format!(
        "UPDATE {} SET lifecycle = ?, time_updated_us = ?, etag = lower(hex(randomblob(32))) WHERE id = ?",
        table(work.kind)
    );
    let update = || {
        transaction.prepare_cached(&sql)?.execute(params![
            state.as_str(),
            work.time_updated_us,
            work.resource_id
        ])
    };
    update().map_err(failed)?;
    if state != Lifecycle::Deleted || work.kind != Kind::Domain {
        return Ok(());
    }
    let inside = [
        format!("{} WHERE parent_id = ?2", bury::<Relationship>()),
        format!("{} WHERE parent_id = ?2", bury::<Instance>()),
        format!("{} WHERE parent_id = ?2", bury::<Adapter>()),
        format!("{} WHERE parent_id = ?2", bury::<Model>()),
        format!("{} WHERE domain_id = ?2", bury::<FlowRuntime>()),
    ];
    for sql in inside {
        let sql = format!("{sql} AND lifecycle <> 'DELETED'");
        let parameters = params![work.time_updated_us, work.resource_id];
        transaction.execute(&sql, parameters).map_err(failed)?;
    }
    for devices in ["session", "held_packet"] {
        let sql = format!(
            "DELETE FROM {devices} WHERE twin IN (SELECT no FROM instance WHERE parent_id = ?)"
        );
        transaction.execute(&sql, [&work.resource_id]).map_err(failed)?;
    }
    let of_domain = "instance_id IN (SELECT id FROM instance WHERE parent_id = ?)";
    leave_gateways(transaction, of_domain, &work.resource_id)
}

fn read(row: &Row<'_>) -> rusqlite::Result<WorkRequest> {
    let word = |index: usize| row.get::<_, String>(index);
    let unknown = |index: usize, word: String| {
        rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, word.into())
    };
    let (status, kind) = (word(3)?, word(4)?);
    Ok(WorkRequest {
        id: row.get(0)?,
        compartment_id: row.get(1)?,
        operation: row.get(2)?,
        status: WorkStatus::from_word(&status).ok_or_else(|| unknown(3, status))?,
        kind: KINDS
            .into_iter()
            .find(|known| known.type_word() == kind)
            .ok_or_else(|| unknown(4, kind))?,
        resource_id: row.get(5)?,
        leads_to: lifecycle(row, 6)?,
        time_accepted_us: row.get(7)?,
        time_started_us: row.get(8)?,
        time_finished_us: row.get(9)?,
        time_updated_us: row.get(10)?,
        etag: row.get(11)?,
    })
}
