//! The port to the store: records, what is asked of a backend, and its errors.
//!
//! A backend keeps control-plane records and the data of messages. Everything it is told is
//! durable when the call returns; a batch is one transaction.

mod devices;
mod events;
mod history;
mod identity;
mod records;
mod resource;
#[cfg(feature = "suite")]
#[expect(clippy::unwrap_used, reason = "the suite is test code: a panic is its finding")]
pub mod suite;
mod vault;
mod work;

use std::sync::Arc;

use async_trait::async_trait;
use iot_api::data::DataCollection;

pub use devices::*;
pub use events::*;
pub use history::*;
pub use identity::*;
pub use records::*;
pub use resource::*;
pub use vault::*;
pub use work::*;

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
    /// Another resource is in a state that passes by itself; the text may be shown to the caller.
    Busy(String),
    /// A ceiling of the service is reached; the text may be shown to the caller.
    LimitExceeded(String),
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

    /// The resource with this OCID, DELETED ones too.
    async fn resource_get(&self, kind: Kind, id: &str) -> Stored<Option<Record>>;
    /// One page of the resources of a parent.
    async fn resource_list(&self, kind: Kind, query: &ListQuery) -> Stored<Listed<Record>>;
    /// Adds a resource (the `no` of an instance is ignored and assigned). Refused: an ACTIVE one
    /// has its identity, what it refers to is not ACTIVE any more, or a ceiling is reached.
    async fn resource_create(&self, creation: &Creation) -> Stored<()>;
    /// Replaces a resource that is not DELETED, with the refusals of a create.
    async fn resource_update(&self, update: &Update) -> Stored<()>;
    /// Marks an ACTIVE resource DELETED. Refused: another one that is not DELETED refers to it.
    async fn resource_delete(&self, kind: Kind, deletion: &Deletion) -> Stored<()>;
    /// The text beside a resource, byte for byte.
    async fn resource_document(&self, kind: Kind, id: &str) -> Stored<Option<String>>;

    /// All groups that are not DELETED.
    async fn domain_group_all(&self) -> Stored<Vec<DomainGroup>>;
    /// All domains that are not DELETED.
    async fn domain_all(&self) -> Stored<Vec<Domain>>;
    /// The domain with this short id, unless it is DELETED.
    async fn domain_by_short_id(&self, short_id: &str) -> Stored<Option<Domain>>;
    /// The ACTIVE model of a domain with this DTMI.
    async fn model_by_uri(&self, domain_id: &str, spec_uri: &str) -> Stored<Option<Model>>;
    /// The ACTIVE instance of a domain with this external key.
    async fn instance_by_key(
        &self,
        domain_id: &str,
        external_key: &str,
    ) -> Stored<Option<Instance>>;

    /// The work request with this OCID.
    async fn work_get(&self, id: &str) -> Stored<Option<WorkRequest>>;
    /// One page of the work requests of a compartment.
    async fn work_list(&self, query: &ListQuery) -> Stored<Listed<WorkRequest>>;
    /// The work requests that have not ended, oldest first.
    async fn work_open(&self) -> Stored<Vec<WorkRequest>>;
    /// Takes a work request to its next state.
    async fn work_step(&self, step: &WorkStep) -> Stored<()>;
    /// One page of the log of a work request, or of its errors; `query.domain_id` is the work
    /// request.
    async fn work_entries(&self, errors: bool, query: &ListQuery) -> Stored<Listed<WorkEntry>>;

    /// The answer kept under this key since then. Answers are kept in one step with what they
    /// answer: [`Creation::answer`], [`Update::answer`], [`NewCommand::answer`].
    async fn retry_get(&self, key: &str, since_us: i64) -> Stored<Option<SavedAnswer>>;

    /// Snapshot values of an instance by content path, and the time of the last raw message.
    async fn instance_content(&self, no: TwinNo) -> Stored<Snapshot>;

    /// Writes a batch in one durable transaction: raw rows with ids in order, snapshot and
    /// historized values, rejected rows, packet ids of sessions that are still the same.
    async fn commit_batch(&self, batch: Arc<Batch>) -> Stored<()>;

    /// Kept messages of a twin in the order of their ids.
    async fn history_read(&self, from: &HistoryFrom) -> Stored<Vec<KeptMessage>>;
    /// Replaces what became of kept messages, all or nothing: their historized and rejected rows go
    /// and new ones come; content becomes what the last message of each path gave, and stays where
    /// no kept message gave any. Messages that are gone meanwhile stay so.
    async fn history_replace(&self, change: Arc<HistoryChange>) -> Stored<()>;

    /// Keeps a certificate.
    async fn certificate_create(&self, certificate: &Certificate) -> Stored<()>;
    /// The certificate with this OCID.
    async fn certificate_get(&self, id: &str) -> Stored<Option<Certificate>>;
    /// The certificate with this name.
    async fn certificate_by_name(&self, name: &str) -> Stored<Option<Certificate>>;
    /// Devices' certificates with this common name hold no longer if they were issued before this
    /// time, seconds since 1970.
    async fn certificate_revoke(&self, common_name: &str, before_s: i64) -> Stored<()>;
    /// The time that [`Store::certificate_revoke`] was told last.
    async fn certificate_revoked(&self, common_name: &str) -> Stored<Option<i64>>;

    /// Sessions that outlive their connection.
    async fn session_all(&self) -> Stored<Vec<SessionRecord>>;
    /// Packet ids that kept sessions hold.
    async fn session_held(&self) -> Stored<Vec<HeldPacket>>;
    /// Keeps a session, in place of an earlier one of the same twin and client id; packet ids stay
    /// held if it began when that did.
    async fn session_put(&self, session: &SessionRecord) -> Stored<()>;
    /// Forgets a session that began then or earlier, and the packet ids that it holds.
    async fn session_delete(&self, twin: TwinNo, client_id: &str, begun_us: i64) -> Stored<()>;

    /// Keeps a new command, with its answer.
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

    /// The next events of one kind, by id. Ids are given in the order of commits, so who goes on
    /// behind the last one misses nothing.
    async fn event_read(&self, query: &EventQuery) -> Stored<Events>;
    /// The ids there are, by kind in the order of [`EventKind::ALL`].
    async fn event_range(&self) -> Stored<[EventRange; 4]>;
    /// The least id of an event of this kind from then on that the query lets through; `None`
    /// when there is none. Values count from their time observed.
    async fn event_since(&self, query: &EventQuery, since_us: i64) -> Stored<Option<i64>>;
    /// Content of an instance as of an instant, by time observed.
    async fn content_at(&self, no: TwinNo, at_us: i64) -> Stored<PastContent>;
    /// Removes one group of rows from before a time, twin after twin; nothing of snapshot data.
    async fn purge(&self, from: &PurgeFrom) -> Stored<Purged>;
}

/// Typed forms of the calls on resources.
impl dyn Store {
    /// The resource with this OCID, DELETED ones too.
    ///
    /// # Errors
    /// The store's.
    pub async fn get<R: Resource>(&self, id: &str) -> Stored<Option<R>> {
        Ok(self.resource_get(R::KIND, id).await?.and_then(R::of))
    }

    /// One page of the resources of a parent.
    ///
    /// # Errors
    /// The store's.
    pub async fn list<R: Resource>(&self, query: &ListQuery) -> Stored<Listed<R>> {
        let page = self.resource_list(R::KIND, query).await?;
        Ok(Listed { items: page.items.into_iter().filter_map(R::of).collect(), next: page.next })
    }
}
