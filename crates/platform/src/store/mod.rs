//! The port to the store: records, what is asked of a backend, and its errors.
//!
//! A backend keeps control-plane records and the data of messages. Everything it is told is
//! durable when the call returns; a batch is one transaction.

mod devices;
mod identity;
mod records;
#[cfg(feature = "suite")]
#[expect(clippy::unwrap_used, reason = "the suite is test code: a panic is its finding")]
pub mod suite;
mod vault;

use std::sync::Arc;

use async_trait::async_trait;
use iot_api::data::DataCollection;

pub use devices::*;
pub use identity::*;
pub use records::*;
pub use vault::*;

use crate::list::{ListQuery, Listed};

/// Why a store could not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// Another ACTIVE resource has this identity; the text may be shown to the caller.
    Duplicate(String),
    /// Others still refer to it; the text names them and may be shown to the caller.
    InUse(String),
    /// No such resource, or it is DELETED and the call needs an ACTIVE one.
    NotFound(Missing),
    /// The expected etag is not the current one.
    EtagMismatch,
    /// Reading took longer than a read may: a filter that no index serves, over many rows.
    TooSlow,
    /// Disk, database or connection; the text is for the log only.
    Failed(String),
}

/// What was not found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Kind of resource, for the message.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
}

impl StoreError {
    /// `kind` with this `id` was not found.
    pub fn missing(kind: &'static str, id: &str) -> StoreError {
        StoreError::NotFound(Missing { kind, id: id.to_owned() })
    }
}

/// Shorthand for what every call returns.
pub type Stored<T> = Result<T, StoreError>;

/// A delete: which one, on what condition, when.
#[derive(Debug, Clone)]
pub struct Deletion {
    /// OCID.
    pub id: String,
    /// Refuse with [`StoreError::EtagMismatch`] unless this is the current etag.
    pub etag: Option<String>,
    /// Time of the deletion.
    pub now_us: i64,
}

/// One page of a data collection.
#[derive(Debug, Clone)]
pub struct DataQuery {
    /// OCID of the domain; other domains' rows are never seen.
    pub domain_id: String,
    /// Which collection.
    pub collection: DataCollection,
    /// Filter and order over [`crate::data::columns`].
    pub query: ords_filter::Query,
    /// Rows wanted at most.
    pub limit: u64,
    /// Rows skipped.
    pub offset: u64,
}

/// Which old rows go next.
#[derive(Debug, Clone)]
pub struct PurgeFrom {
    /// OCID of the domain.
    pub domain_id: String,
    /// Whose rows.
    pub collection: DataCollection,
    /// Rows from before this time go, UTC microseconds.
    pub before_us: i64,
    /// The first twin to look at.
    pub twin: TwinNo,
    /// Rows removed at most.
    pub rows_max: u32,
}

/// What went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purged {
    /// Rows removed.
    pub rows: u64,
    /// The twin to go on with; `None` at the end.
    pub next: Option<TwinNo>,
}

/// What every backend does.
#[async_trait]
pub trait Store: IdentityStore + VaultStore + Send + Sync + 'static {
    /// The tenancy and what the first start made; `None` on an empty store.
    async fn setup_get(&self) -> Stored<Option<Setup>>;
    /// Keeps what the first start made, all or nothing.
    async fn setup_create(&self, setup: &Setup) -> Stored<()>;

    /// The group with this OCID.
    async fn domain_group_get(&self, id: &str) -> Stored<Option<DomainGroup>>;
    /// All groups.
    async fn domain_group_all(&self) -> Stored<Vec<DomainGroup>>;
    /// The domain with this OCID.
    async fn domain_get(&self, id: &str) -> Stored<Option<Domain>>;
    /// All domains.
    async fn domain_all(&self) -> Stored<Vec<Domain>>;

    /// Adds a model with its document. Refused: an ACTIVE model of the domain has the DTMI.
    async fn model_create(&self, model: &Model, spec: &str) -> Stored<()>;
    /// The model with this OCID, DELETED ones too.
    async fn model_get(&self, id: &str) -> Stored<Option<Model>>;
    /// The model's document as sent.
    async fn model_spec(&self, id: &str) -> Stored<Option<String>>;
    /// The ACTIVE model of a domain with this DTMI.
    async fn model_by_uri(&self, domain_id: &str, spec_uri: &str) -> Stored<Option<Model>>;
    /// One page.
    async fn model_list(&self, query: &ListQuery) -> Stored<Listed<Model>>;
    /// Marks an ACTIVE model DELETED. Refused: ACTIVE adapters or instances use it, or another
    /// ACTIVE model's `references` name its DTMI.
    async fn model_delete(&self, deletion: &Deletion) -> Stored<()>;

    /// Adds an adapter. Refused: its model is not ACTIVE any more.
    async fn adapter_create(&self, adapter: &Adapter) -> Stored<()>;
    /// The adapter with this OCID, DELETED ones too.
    async fn adapter_get(&self, id: &str) -> Stored<Option<Adapter>>;
    /// One page.
    async fn adapter_list(&self, query: &ListQuery) -> Stored<Listed<Adapter>>;
    /// Marks an ACTIVE adapter DELETED. Refused: ACTIVE instances use it.
    async fn adapter_delete(&self, deletion: &Deletion) -> Stored<()>;

    /// Adds an instance (its `no` is ignored and assigned). Refused: an ACTIVE instance of the
    /// domain has the external key, or its model or adapter is not ACTIVE any more.
    async fn instance_create(&self, instance: &Instance) -> Stored<()>;
    /// The instance with this OCID, DELETED ones too.
    async fn instance_get(&self, id: &str) -> Stored<Option<Instance>>;
    /// The ACTIVE instance of a domain with this external key.
    async fn instance_by_key(
        &self,
        domain_id: &str,
        external_key: &str,
    ) -> Stored<Option<Instance>>;
    /// One page.
    async fn instance_list(&self, query: &ListQuery) -> Stored<Listed<Instance>>;
    /// Marks an ACTIVE instance DELETED.
    async fn instance_delete(&self, deletion: &Deletion) -> Stored<()>;
    /// Snapshot values of an instance by content path, and the time of the last raw message.
    async fn instance_content(&self, no: TwinNo) -> Stored<Snapshot>;

    /// Writes a batch in one durable transaction: raw rows with ids in order, snapshot and
    /// historized values, rejected rows.
    async fn commit_batch(&self, batch: Arc<Vec<MessageRow>>) -> Stored<()>;

    /// Sessions that outlive their connection.
    async fn session_all(&self) -> Stored<Vec<SessionRecord>>;
    /// Keeps a session, in place of an earlier one of the same twin and client id.
    async fn session_put(&self, session: &SessionRecord) -> Stored<()>;
    /// Forgets a session.
    async fn session_delete(&self, twin: TwinNo, client_id: &str) -> Stored<()>;

    /// Keeps a new command.
    async fn command_create(&self, command: &NewCommand) -> Stored<()>;
    /// Commands that are not settled, in the order of their creation.
    async fn command_open(&self) -> Stored<Vec<OpenCommand>>;
    /// The payload of a command.
    async fn command_payload(&self, id: &str) -> Stored<Vec<u8>>;
    /// Keeps status, deadline, delivery and, if there is one, the answer.
    async fn command_update(
        &self,
        command: &OpenCommand,
        response: Option<&CommandResponse>,
        now_us: i64,
    ) -> Stored<()>;

    /// Rows of a collection, in the query's order with the key as last term (ascending ids without
    /// an order; snapshot by instance and path; commands by creation).
    async fn data_list(&self, query: &DataQuery) -> Stored<Vec<DataRow>>;
    /// One row by id with the members of the item form; never for snapshot data.
    async fn data_get(
        &self,
        domain_id: &str,
        collection: DataCollection,
        id: &str,
    ) -> Stored<Option<DataItem>>;
    /// Removes one group of rows from before a time, twin after twin; nothing of snapshot data.
    async fn purge(&self, from: &PurgeFrom) -> Stored<Purged>;
}
