//! The port, method by method.

use std::sync::Arc;

use async_trait::async_trait;
use iot_api::data::DataCollection;
use platform::list::{ListQuery, Listed};
use platform::store::{
    Batch, Certificate, CommandResponse, Creation, DataItem, DataQuery, DataRow, Deletion, Domain,
    DomainGroup, EventQuery, EventRange, Events, HeldPacket, HistoryChange, HistoryFrom, Instance,
    KeptMessage, Kind, Model, NewCommand, OpenCommand, PastContent, PurgeFrom, Purged, Record,
    SavedAnswer, SessionRecord, Setup, Snapshot, Store, Stored, TwinNo, Update, WorkEntry,
    WorkRequest, WorkStep,
};

use crate::SqliteStore;
use crate::rows::{all, find};
use crate::{
    batch, certificates, data, devices, held, history, resources, retention, retries, setup, work,
};

/// Resources that are still there.
const NOT_DELETED: &str = "lifecycle <> 'DELETED'";

#[async_trait]
impl Store for SqliteStore {
    async fn setup_get(&self) -> Stored<Option<Setup>> {
        self.database.look_up(setup::get).await
    }

    async fn setup_create(&self, setup: &Setup) -> Stored<()> {
        let setup = setup.clone();
        self.database.write(move |transaction| setup::create(transaction, &setup)).await
    }

    async fn resource_get(&self, kind: Kind, id: &str) -> Stored<Option<Record>> {
        let id = id.to_owned();
        self.database.look_up(move |connection| resources::get(connection, kind, &id)).await
    }

    async fn resource_list(&self, kind: Kind, query: &ListQuery) -> Stored<Listed<Record>> {
        let query = query.clone();
        self.database.read(move |connection| resources::list(connection, kind, &query)).await
    }

    async fn resource_create(&self, creation: &Creation) -> Stored<()> {
        let creation = creation.clone();
        self.database.write(move |transaction| resources::create(transaction, &creation)).await
    }

    async fn resource_update(&self, update: &Update) -> Stored<()> {
        let update = update.clone();
        self.database.write(move |transaction| resources::update(transaction, &update)).await
    }

    async fn resource_delete(&self, kind: Kind, deletion: &Deletion) -> Stored<()> {
        let deletion = deletion.clone();
        self.database
            .write(move |transaction| resources::delete(transaction, kind, &deletion))
            .await
    }

    async fn resource_document(&self, kind: Kind, id: &str) -> Stored<Option<String>> {
        let id = id.to_owned();
        self.database.look_up(move |connection| resources::document(connection, kind, &id)).await
    }

    async fn domain_group_all(&self) -> Stored<Vec<DomainGroup>> {
        self.database.read(|connection| all(connection, NOT_DELETED)).await
    }

    async fn domain_all(&self) -> Stored<Vec<Domain>> {
        self.database.read(|connection| all(connection, NOT_DELETED)).await
    }

    async fn domain_by_short_id(&self, short_id: &str) -> Stored<Option<Domain>> {
        let short_id = short_id.to_owned();
        self.database
            .look_up(move |connection| {
                find(connection, &format!("short_id = ? AND {NOT_DELETED}"), &[&short_id])
            })
            .await
    }

    async fn model_by_uri(&self, domain_id: &str, spec_uri: &str) -> Stored<Option<Model>> {
        let (domain_id, spec_uri) = (domain_id.to_owned(), spec_uri.to_owned());
        self.database
            .look_up(move |connection| {
                let active = "parent_id = ? AND spec_uri = ? AND lifecycle = 'ACTIVE'";
                find(connection, active, &[&domain_id, &spec_uri])
            })
            .await
    }

    async fn instance_by_key(
        &self,
        domain_id: &str,
        external_key: &str,
    ) -> Stored<Option<Instance>> {
        let (domain_id, external_key) = (domain_id.to_owned(), external_key.to_owned());
        self.database
            .look_up(move |connection| {
                let active = "parent_id = ? AND external_key = ? AND lifecycle = 'ACTIVE'";
                find(connection, active, &[&domain_id, &external_key])
            })
            .await
    }

    async fn work_get(&self, id: &str) -> Stored<Option<WorkRequest>> {
        let id = id.to_owned();
        self.database.look_up(move |connection| work::get(connection, &id)).await
    }

    async fn work_list(&self, query: &ListQuery) -> Stored<Listed<WorkRequest>> {
        let query = query.clone();
        self.database.read(move |connection| work::list(connection, &query)).await
    }

    async fn work_open(&self) -> Stored<Vec<WorkRequest>> {
        self.database.read(work::open).await
    }

    async fn work_step(&self, step: &WorkStep) -> Stored<()> {
        let step = step.clone();
        self.database.write(move |transaction| work::step(transaction, &step)).await
    }

    async fn work_entries(&self, errors: bool, query: &ListQuery) -> Stored<Listed<WorkEntry>> {
        let query = query.clone();
        self.database.read(move |connection| work::entries(connection, errors, &query)).await
    }

    async fn retry_get(&self, key: &str, since_us: i64) -> Stored<Option<SavedAnswer>> {
        let key = key.to_owned();
        self.database.look_up(move |connection| retries::get(connection, &key, since_us)).await
    }

    async fn instance_content(&self, no: TwinNo) -> Stored<Snapshot> {
        self.database.look_up(move |connection| data::snapshot(connection, no)).await
    }

    async fn commit_batch(&self, batch: Arc<Batch>) -> Stored<()> {
        let labels = self.labels.of(&self.database, &batch.rows).await?;
        self.database.write(move |transaction| batch::commit(transaction, &batch, &labels)).await
    }

    async fn history_read(&self, from: &HistoryFrom) -> Stored<Vec<KeptMessage>> {
        let from = from.clone();
        self.database.read(move |connection| history::read(connection, &from)).await
    }

    async fn history_replace(&self, change: Arc<HistoryChange>) -> Stored<()> {
        self.database.write(move |transaction| history::replace(transaction, &change)).await
    }

    async fn certificate_create(&self, certificate: &Certificate) -> Stored<()> {
        let certificate = certificate.clone();
        self.database
            .write(move |transaction| certificates::create(transaction, &certificate))
            .await
    }

    async fn certificate_get(&self, id: &str) -> Stored<Option<Certificate>> {
        let id = id.to_owned();
        self.database.look_up(move |reader| certificates::find(reader, "id = ?", &id)).await
    }

    async fn certificate_by_name(&self, name: &str) -> Stored<Option<Certificate>> {
        let name = name.to_owned();
        self.database.read(move |reader| certificates::find(reader, "name = ?", &name)).await
    }

    async fn certificate_revoke(&self, common_name: &str, before_s: i64) -> Stored<()> {
        let common_name = common_name.to_owned();
        self.database
            .write(move |transaction| certificates::revoke(transaction, &common_name, before_s))
            .await
    }

    async fn certificate_revoked(&self, common_name: &str) -> Stored<Option<i64>> {
        let common_name = common_name.to_owned();
        self.database.look_up(move |reader| certificates::revoked(reader, &common_name)).await
    }

    async fn session_all(&self) -> Stored<Vec<SessionRecord>> {
        self.database.read(devices::sessions).await
    }

    async fn session_held(&self) -> Stored<Vec<HeldPacket>> {
        self.database.read(held::all).await
    }

    async fn session_put(&self, session: &SessionRecord) -> Stored<()> {
        let session = session.clone();
        self.database.write(move |transaction| devices::session_put(transaction, &session)).await
    }

    async fn session_delete(&self, twin: TwinNo, client_id: &str, begun_us: i64) -> Stored<()> {
        let client_id = client_id.to_owned();
        self.database
            .write(move |transaction| {
                devices::session_delete(transaction, twin, &client_id, begun_us)
            })
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

    async fn event_read(&self, query: &EventQuery) -> Stored<Events> {
        let query = query.clone();
        self.database.read(move |connection| data::events::next(connection, &query)).await
    }

    async fn event_range(&self) -> Stored<[EventRange; 4]> {
        self.database.read(data::events::range).await
    }

    async fn event_since(&self, query: &EventQuery, since_us: i64) -> Stored<Option<i64>> {
        let query = query.clone();
        self.database
            .read(move |connection| data::events::since(connection, &query, since_us))
            .await
    }

    async fn content_at(&self, no: TwinNo, at_us: i64) -> Stored<PastContent> {
        self.database.read(move |connection| data::events::content_at(connection, no, at_us)).await
    }

    async fn purge(&self, from: &PurgeFrom) -> Stored<Purged> {
        let (from, collection) = (from.clone(), from.collection);
        let old = self.database.read(move |connection| retention::find(connection, &from)).await?;
        self.database
            .write(move |transaction| retention::remove(transaction, collection, &old))
            .await
    }
}
