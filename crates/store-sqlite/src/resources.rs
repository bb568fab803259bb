//! Get, list, create, update and delete of every kind of resource.

use platform::list::{ListQuery, Listed};
use platform::store::{
    Adapter, Creation, Deletion, Domain, DomainGroup, FlowRuntime, Instance, Kind, Model, Record,
    Relationship, StoreError, Stored, Update,
};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use crate::connection::failed;
use crate::references::check_ceilings;
use crate::rows::{Table, find, insert, replace};
use crate::{lists, retries, work};

/// Calls a function with the type of a kind.
macro_rules! by_kind {
    ($kind:expr, $function:ident($($argument:expr),*)) => {
        match $kind {
            Kind::DomainGroup => $function::<DomainGroup>($($argument),*),
            Kind::Domain => $function::<Domain>($($argument),*),
            Kind::Model => $function::<Model>($($argument),*),
            Kind::Adapter => $function::<Adapter>($($argument),*),
            Kind::Instance => $function::<Instance>($($argument),*),
            Kind::Relationship => $function::<Relationship>($($argument),*),
            Kind::FlowRuntime => $function::<FlowRuntime>($($argument),*),
        }
    };
}

/// Calls a function with the resource in a record.
macro_rules! by_record {
    ($record:expr, $resource:ident => $call:expr) => {
        match $record {
            Record::DomainGroup($resource) => $call,
            Record::Domain($resource) => $call,
            Record::Model($resource) => $call,
            Record::Adapter($resource) => $call,
            Record::Instance($resource) => $call,
            Record::Relationship($resource) => $call,
            Record::FlowRuntime($resource) => $call,
        }
    };
}

/// The resource with this OCID.
pub(crate) fn get(connection: &Connection, kind: Kind, id: &str) -> Stored<Option<Record>> {
    fn of<R: Table>(connection: &Connection, id: &str) -> Stored<Option<Record>> {
        Ok(find::<R>(connection, "id = ?", &[&id])?.map(Into::into))
    }
    by_kind!(kind, of(connection, id))
}

/// One page.
pub(crate) fn list(
    connection: &Connection,
    kind: Kind,
    query: &ListQuery,
) -> Stored<Listed<Record>> {
    fn of<R: Table>(connection: &Connection, query: &ListQuery) -> Stored<Listed<Record>> {
        let page = lists::page(connection, &lists::resources::<R>(), query)?;
        Ok(Listed { items: page.items.into_iter().map(Into::into).collect(), next: page.next })
    }
    by_kind!(kind, of(connection, query))
}

/// Adds a resource and its work request.
pub(crate) fn create(transaction: &Transaction<'_>, creation: &Creation) -> Stored<()> {
    by_record!(&creation.record, resource => {
        resource.check_references(transaction)?;
        // What is there already is refused as that, also where there is no room for more.
        insert(transaction, resource, creation.document.as_deref())?;
        check_ceilings(transaction, &creation.ceilings, &resource.common.id)?;
    });
    creation.work.iter().try_for_each(|request| work::insert(transaction, request))?;
    creation.answer.iter().try_for_each(|answer| retries::keep(transaction, answer))
}

/// Replaces a resource and adds its work request.
pub(crate) fn update(transaction: &Transaction<'_>, update: &Update) -> Stored<()> {
    by_record!(&update.record, resource => {
        resource.check_references(transaction)?;
        check_ceilings(transaction, &update.ceilings, &resource.common.id)?;
        if !replace(transaction, resource, &update.etag, update.document.as_deref())? {
            return Err(StoreError::EtagMismatch);
        }
    });
    update.work.iter().try_for_each(|request| work::insert(transaction, request))?;
    update.answer.iter().try_for_each(|answer| retries::keep(transaction, answer))
}

/// Marks an ACTIVE resource DELETED.
pub(crate) fn delete(transaction: &Transaction<'_>, kind: Kind, deletion: &Deletion) -> Stored<()> {
    fn of<R: Table>(transaction: &Transaction<'_>, deletion: &Deletion) -> Stored<()> {
        let active = "id = ? AND lifecycle = 'ACTIVE'";
        let resource = find::<R>(transaction, active, &[&deletion.id])?
            .ok_or_else(|| StoreError::missing(R::KIND.words(), &deletion.id))?;
        let current = &resource.common().etag;
        if deletion.etag.as_ref().is_some_and(|etag| etag != current) {
            return Err(StoreError::EtagMismatch);
        }
        resource.check_unused(transaction)?;
        let sql = format!("{} WHERE id = ?2", bury::<R>());
        let execute = |sql: &str| {
            transaction.prepare_cached(sql)?.execute(params![deletion.now_us, deletion.id])
        };
        execute(&sql).map_err(failed)?;
        leave_gateways(transaction, "instance_id = ?", &deletion.id)
    }
    by_kind!(kind, of(transaction, deletion))
}

/// `UPDATE …` that makes tombstones; the first parameter is the time.
pub(crate) fn bury<R: Table>() -> String {
    format!(
        "UPDATE {} SET lifecycle = 'DELETED', time_updated_us = ?1, etag = lower(hex(randomblob(32)))",
        R::TABLE
    )
}

/// Forgets which gateways the instances of a condition send through.
pub(crate) fn leave_gateways(
    transaction: &Transaction<'_>,
    condition: &str,
    value: &str,
) -> Stored<()> {
    let sql = format!("DELETE FROM instance_gateway WHERE {condition}");
    let execute = || transaction.prepare_cached(&sql)?.execute([value]);
    execute().map(drop).map_err(failed)
}

/// The text beside a resource.
pub(crate) fn document(connection: &Connection, kind: Kind, id: &str) -> Stored<Option<String>> {
    fn of<R: Table>(connection: &Connection, id: &str) -> Stored<Option<String>> {
        let Some(column) = R::DOCUMENT else { return Ok(None) };
        let sql = format!("SELECT {column} FROM {} WHERE id = ?", R::TABLE);
        let read = || connection.prepare_cached(&sql)?.query_row([id], |row| row.get(0)).optional();
        read().map_err(failed)
    }
    by_kind!(kind, of(connection, id))
}
