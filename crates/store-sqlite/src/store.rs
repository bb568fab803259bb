//! The port, method by method.

use std::sync::Arc;

use async_trait::async_trait;
use iot_api::data::DataCollection;
use platform::list::{ListQuery, Listed};
use platform::store::{
    Adapter, CommandResponse, DataItem, DataQuery, DataRow, Deletion, Domain, DomainGroup,
    Instance, MessageRow, Model, NewCommand, OpenCommand, PurgeFrom, Purged, SessionRecord, Setup,
    Snapshot, Store, StoreError, Stored, TwinNo,
};
use rusqlite::{Connection, Transaction, params};

use crate::SqliteStore;
use crate::connection::failed;
use crate::rows::{Record, duplicate, find, insert, json, select};
use crate::{batch, data, devices, lists, retention, setup};

/// OCIDs that a refusal to delete names at most.
const REFERENCES_NAMED_MAX: i64 = 5;

impl SqliteStore {
    async fn get<R: Record + Send + 'static>(&self, id: &str) -> Stored<Option<R>> {
        let id = id.to_owned();
        self.database.read(move |connection| find::<R>(connection, "id = ?", &[&id])).await
    }

    async fn list<R: Record + Send + 'static>(&self, query: &ListQuery) -> Stored<Listed<R>> {
        let query = query.clone();
        self.database.read(move |connection| lists::page::<R>(connection, &query)).await
    }

    /// Deletes after `check` found no reference.
    async fn delete<R: Record + Send + 'static>(
        &self,
        deletion: &Deletion,
        check: fn(&Transaction<'_>, &R) -> Stored<()>,
    ) -> Stored<()> {
        let deletion = deletion.clone();
        self.database
            .write(move |transaction| {
                let active = "id = ? AND lifecycle = 'ACTIVE'";
                let record = find::<R>(transaction, active, &[&deletion.id])?
                    .ok_or_else(|| StoreError::missing(R::KIND, &deletion.id))?;
                let current = &record.common().etag;
                if deletion.etag.is_some_and(|etag| etag != "*" && etag.trim_matches('"') != current)
                {
                    return Err(StoreError::EtagMismatch);
                }
                check(transaction, &record)?;
                let sql = format!(
                    "UPDATE {} SET lifecycle = 'DELETED', time_updated_us = ?, etag = lower(hex(randomblob(32))) WHERE id = ?",
                    R::TABLE
                );
                transaction
                    .execute(&sql, params![deletion.now_us, deletion.id])
                    .map(drop)
                    .map_err(failed)
            })
            .await
    }
}

/// Refuses when rows of `table` match: names them and says what to do.
fn refuse_if_used(
    transaction: &Transaction<'_>,
    kind: &str,
    table: &str,
    condition: &str,
    value: &str,
) -> Stored<()> {
    let sql = format!(
        "SELECT id FROM {table} WHERE lifecycle = 'ACTIVE' AND {condition} LIMIT {REFERENCES_NAMED_MAX}"
    );
    let mut statement = transaction.prepare_cached(&sql).map_err(failed)?;
    let ids = statement.query_map([value], |row| row.get(0)).map_err(failed)?;
    let ids: Vec<String> = ids.collect::<Result<_, _>>().map_err(failed)?;
    if ids.is_empty() {
        return Ok(());
    }
    Err(StoreError::InUse(format!(
        "the {kind} is still in use; delete first ({table}): {}",
        ids.join(", ")
    )))
}

fn model_unused(transaction: &Transaction<'_>, model: &Model) -> Stored<()> {
    let id = &model.common.id;
    refuse_if_used(transaction, Model::KIND, "instance", "model_id = ?", id)?;
    refuse_if_used(transaction, Model::KIND, "adapter", "model_id = ?", id)?;
    let sql = "parent_id = (SELECT parent_id FROM model WHERE id = ?1)
         AND EXISTS (SELECT 1 FROM json_each(refs) r WHERE r.value = (SELECT spec_uri FROM model WHERE id = ?1))";
    refuse_if_used(transaction, Model::KIND, "model", sql, id)
}

fn adapter_unused(transaction: &Transaction<'_>, adapter: &Adapter) -> Stored<()> {
    refuse_if_used(transaction, Adapter::KIND, "instance", "adapter_id = ?", &adapter.common.id)
}

/// What a new record refers to must still be ACTIVE.
fn still_active<R: Record>(transaction: &Transaction<'_>, id: &str) -> Stored<()> {
    let table = R::TABLE;
    let sql = format!("SELECT count(*) FROM {table} WHERE id = ? AND lifecycle = 'ACTIVE'");
    let count: i64 = transaction.query_row(&sql, [id], |row| row.get(0)).map_err(failed)?;
    if count == 0 { Err(StoreError::missing(R::KIND, id)) } else { Ok(()) }
}

fn all<R: Record>(connection: &Connection) -> Stored<Vec<R>> {
    let sql = format!("{} ORDER BY time_created_us, id", select::<R>());
    let mut statement = connection.prepare_cached(&sql).map_err(failed)?;
    let rows = statement.query_map([], R::read).map_err(failed)?;
    rows.collect::<Result<_, _>>().map_err(failed)
}

#[async_trait]
impl Store for SqliteStore {
    async fn setup_get(&self) -> Stored<Option<Setup>> {
        self.database.read(setup::get).await
    }

    async fn setup_create(&self, setup: &Setup) -> Stored<()> {
        let setup = setup.clone();
        self.database.write(move |transaction| setup::create(transaction, &setup)).await
    }

    async fn domain_group_get(&self, id: &str) -> Stored<Option<DomainGroup>> {
        self.get(id).await
    }

    async fn domain_group_all(&self) -> Stored<Vec<DomainGroup>> {
        self.database.read(all::<DomainGroup>).await
    }

    async fn domain_get(&self, id: &str) -> Stored<Option<Domain>> {
        self.get(id).await
    }

    async fn domain_all(&self) -> Stored<Vec<Domain>> {
        self.database.read(all::<Domain>).await
    }

    async fn model_create(&self, model: &Model, spec: &str) -> Stored<()> {
        let (model, spec) = (model.clone(), spec.to_owned());
        self.database
            .write(move |transaction| {
                let references = json(&model.references);
                let own: [&dyn rusqlite::ToSql; 3] = [&model.spec_uri, &references, &spec];
                insert(transaction, &model, "spec_uri, refs, spec", &own).map_err(|error| {
                    duplicate(error, || {
                        format!(
                            "a digital twin model with the DTMI '{}' is already ACTIVE in this domain",
                            model.spec_uri
                        )
                    })
                })
            })
            .await
    }

    async fn model_get(&self, id: &str) -> Stored<Option<Model>> {
        self.get(id).await
    }

    async fn model_spec(&self, id: &str) -> Stored<Option<String>> {
        use rusqlite::OptionalExtension as _;
        let id = id.to_owned();
        self.database
            .read(move |connection| {
                connection
                    .query_row("SELECT spec FROM model WHERE id = ?", [id], |row| row.get(0))
                    .optional()
                    .map_err(failed)
            })
            .await
    }

    async fn model_by_uri(&self, domain_id: &str, spec_uri: &str) -> Stored<Option<Model>> {
        let (domain_id, spec_uri) = (domain_id.to_owned(), spec_uri.to_owned());
        self.database
            .read(move |connection| {
                let active = "parent_id = ? AND spec_uri = ? AND lifecycle = 'ACTIVE'";
                find(connection, active, &[&domain_id, &spec_uri])
            })
            .await
    }

    async fn model_list(&self, query: &ListQuery) -> Stored<Listed<Model>> {
        self.list(query).await
    }

    async fn model_delete(&self, deletion: &Deletion) -> Stored<()> {
        self.delete(deletion, model_unused).await
    }

    async fn adapter_create(&self, adapter: &Adapter) -> Stored<()> {
        let adapter = adapter.clone();
        self.database
            .write(move |transaction| {
                still_active::<Model>(transaction, &adapter.model_id)?;
                let own: [&dyn rusqlite::ToSql; 4] =
                    [&adapter.model_id, &adapter.spec_uri, &adapter.envelope, &adapter.routes];
                insert(transaction, &adapter, Adapter::COLUMNS, &own).map_err(failed)
            })
            .await
    }

    async fn adapter_get(&self, id: &str) -> Stored<Option<Adapter>> {
        self.get(id).await
    }

    async fn adapter_list(&self, query: &ListQuery) -> Stored<Listed<Adapter>> {
        self.list(query).await
    }

    async fn adapter_delete(&self, deletion: &Deletion) -> Stored<()> {
        self.delete(deletion, adapter_unused).await
    }

    async fn instance_create(&self, instance: &Instance) -> Stored<()> {
        let instance = instance.clone();
        self.database
            .write(move |transaction| {
                if let Some(id) = &instance.model_id {
                    still_active::<Model>(transaction, id)?;
                }
                if let Some(id) = &instance.adapter_id {
                    still_active::<Adapter>(transaction, id)?;
                }
                let own: [&dyn rusqlite::ToSql; 6] = [
                    &instance.connectivity_type,
                    &instance.auth_id,
                    &instance.external_key,
                    &instance.model_id,
                    &instance.spec_uri,
                    &instance.adapter_id,
                ];
                let columns =
                    "connectivity_type, auth_id, external_key, model_id, spec_uri, adapter_id";
                insert(transaction, &instance, columns, &own).map_err(|error| {
                    duplicate(error, || {
                        format!(
                            "a digital twin instance with the externalKey '{}' is already ACTIVE in this domain",
                            instance.external_key
                        )
                    })
                })
            })
            .await
    }

    async fn instance_get(&self, id: &str) -> Stored<Option<Instance>> {
        self.get(id).await
    }

    async fn instance_by_key(
        &self,
        domain_id: &str,
        external_key: &str,
    ) -> Stored<Option<Instance>> {
        let (domain_id, external_key) = (domain_id.to_owned(), external_key.to_owned());
        self.database
            .read(move |connection| {
                let active = "parent_id = ? AND external_key = ? AND lifecycle = 'ACTIVE'";
                find(connection, active, &[&domain_id, &external_key])
            })
            .await
    }

    async fn instance_list(&self, query: &ListQuery) -> Stored<Listed<Instance>> {
        self.list(query).await
    }

    async fn instance_delete(&self, deletion: &Deletion) -> Stored<()> {
        self.delete::<Instance>(deletion, |_, _| Ok(())).await
    }

    async fn instance_content(&self, no: TwinNo) -> Stored<Snapshot> {
        self.database.read(move |connection| data::snapshot(connection, no)).await
    }

    async fn commit_batch(&self, rows: Arc<Vec<MessageRow>>) -> Stored<()> {
        self.database.write(move |transaction| batch::commit(transaction, &rows)).await
    }

    async fn session_all(&self) -> Stored<Vec<SessionRecord>> {
        self.database.read(devices::sessions).await
    }

    async fn session_put(&self, session: &SessionRecord) -> Stored<()> {
        let session = session.clone();
        self.database.write(move |transaction| devices::session_put(transaction, &session)).await
    }

    async fn session_delete(&self, twin: TwinNo, client_id: &str) -> Stored<()> {
        let client_id = client_id.to_owned();
        self.database
            .write(move |transaction| devices::session_delete(transaction, twin, &client_id))
            .await
    }

    async fn command_create(&self, command: &NewCommand) -> Stored<()> {
        let command = command.clone();
        self.database.write(move |transaction| devices::command_create(transaction, &command)).await
    }

    async fn command_open(&self) -> Stored<Vec<OpenCommand>> {
        self.database.read(devices::command_open).await
    }

    async fn command_payload(&self, id: &str) -> Stored<Vec<u8>> {
        let id = id.to_owned();
        self.database.read(move |connection| devices::command_payload(connection, &id)).await
    }

    async fn command_update(
        &self,
        command: &OpenCommand,
        response: Option<&CommandResponse>,
        now_us: i64,
    ) -> Stored<()> {
        let (command, response) = (command.clone(), response.cloned());
        self.database
            .write(move |transaction| {
                devices::command_update(transaction, &command, response.as_ref(), now_us)
            })
            .await
    }

    async fn data_list(&self, query: &DataQuery) -> Stored<Vec<DataRow>> {
        let query = query.clone();
        self.database.read(move |connection| data::list(connection, &query)).await
    }

    async fn data_get(
        &self,
        domain_id: &str,
        collection: DataCollection,
        id: &str,
    ) -> Stored<Option<DataItem>> {
        let (domain_id, id) = (domain_id.to_owned(), id.to_owned());
        self.database
            .read(move |connection| data::get(connection, &domain_id, collection, &id))
            .await
    }

    async fn purge(&self, from: &PurgeFrom) -> Stored<Purged> {
        let (from, collection) = (from.clone(), from.collection);
        let old = self.database.read(move |connection| retention::find(connection, &from)).await?;
        self.database
            .write(move |transaction| retention::remove(transaction, collection, &old))
            .await
    }
}
