//! What is kept. Times are UTC microseconds.

use std::sync::Arc;

use bytes::Bytes;
use iot_api::Tags;
use iot_api::domains::DataRetentionPeriodsInDays;

use super::HeldPacket;

/// Life-cycle state of a resource. Models, adapters, instances and relationships are ACTIVE or
/// DELETED only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifecycle {
    /// Being made.
    Creating,
    /// Being changed.
    Updating,
    /// In use.
    Active,
    /// A flow runtime that was switched off.
    Inactive,
    /// Being deleted.
    Deleting,
    /// A tombstone.
    Deleted,
    /// A work request failed.
    Failed,
}

/// What every resource has.
#[derive(Debug, Clone, PartialEq)]
pub struct Common {
    /// OCID.
    pub id: String,
    /// OCID of the domain (of the compartment for groups and domains).
    pub parent_id: String,
    /// Display name.
    pub display_name: String,
    /// Description.
    pub description: Option<String>,
    /// State.
    pub lifecycle: Lifecycle,
    /// Tags.
    pub tags: Tags,
    /// Creation.
    pub time_created_us: i64,
    /// Last change.
    pub time_updated_us: i64,
    /// Opaque, changes with every change.
    pub etag: String,
}

/// A model without its document.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Common members.
    pub common: Common,
    /// DTMI.
    pub spec_uri: String,
    /// DTMIs of the models it extends or has as components.
    pub references: Vec<String>,
}

/// An adapter. Envelope and routes are JSON text as sent; both `None` for a default adapter.
#[derive(Debug, Clone, PartialEq)]
pub struct Adapter {
    /// Common members.
    pub common: Common,
    /// OCID of the model.
    pub model_id: String,
    /// DTMI of the model.
    pub spec_uri: String,
    /// `inboundEnvelope`
    pub envelope: Option<String>,
    /// `inboundRoutes`
    pub routes: Option<String>,
}

/// Number of an instance inside one store: what data rows refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TwinNo(pub i64);

/// An instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// Common members.
    pub common: Common,
    /// Number, assigned by the store.
    pub no: TwinNo,
    /// `DIRECT`, `GATEWAY`, `INDIRECT` or `NONE`.
    pub connectivity_type: String,
    /// OCID of the secret or certificate.
    pub auth_id: Option<String>,
    /// External key.
    pub external_key: String,
    /// OCID of the model.
    pub model_id: Option<String>,
    /// DTMI of the model.
    pub spec_uri: Option<String>,
    /// OCID of the adapter.
    pub adapter_id: Option<String>,
    /// OCIDs of the gateway twins through which it sends; empty unless it is INDIRECT.
    pub gateways: Vec<String>,
}

/// A relationship.
#[derive(Debug, Clone, PartialEq)]
pub struct Relationship {
    /// Common members.
    pub common: Common,
    /// Name of the Relationship element in the source's model.
    pub content_path: String,
    /// OCID of the source instance.
    pub source_id: String,
    /// OCID of the target instance.
    pub target_id: String,
    /// Values of the element's properties, JSON text of an object.
    pub content: Option<String>,
}

/// A flow runtime; `common.parent_id` is the compartment.
#[derive(Debug, Clone, PartialEq)]
pub struct FlowRuntime {
    /// Common members.
    pub common: Common,
    /// OCID of the domain.
    pub domain_id: String,
    /// First label of its host.
    pub short_id: String,
    /// `LOWEST` to `HIGHEST`.
    pub scale: String,
    /// `logConfig`, JSON text.
    pub log_config: Option<String>,
    /// `networkConfig`, JSON text.
    pub network_config: Option<String>,
}

/// A domain group; `common.parent_id` is the compartment.
#[derive(Debug, Clone, PartialEq)]
pub struct DomainGroup {
    /// Common members.
    pub common: Common,
    /// First label of its data host.
    pub short_id: String,
    /// `PRODUCTION` or `DEVELOPMENT`.
    pub group_type: String,
    /// Networks that may reach the database; `None` until configured.
    pub vcn_ids: Option<Vec<String>>,
}

/// A domain; `common.parent_id` is the compartment.
#[derive(Debug, Clone, PartialEq)]
pub struct Domain {
    /// Common members.
    pub common: Common,
    /// OCID of the group.
    pub group_id: String,
    /// First label of its device host.
    pub short_id: String,
    /// Days each kind of data is kept.
    pub retention: DataRetentionPeriodsInDays,
    /// Whose access tokens the data API takes; `None` until configured.
    pub token_issuer: Option<TokenIssuer>,
    /// Identity groups that may open database sessions; `None` until configured.
    pub identity_groups: Option<Vec<String>>,
}

/// An identity domain whose access tokens are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenIssuer {
    /// The platform's own, whatever its host is called today.
    Own,
    /// Another one, by host as configured. This platform has none of its keys.
    Other(String),
}

/// A user's API signing key.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// `<tenancy>/<user>/<fingerprint>`
    pub key_id: String,
    /// OCID of the user.
    pub user_id: String,
    /// SubjectPublicKeyInfo, PEM.
    pub public_key_pem: String,
}

/// A vault secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// OCID.
    pub id: String,
    /// Name.
    pub name: String,
    /// Decoded bytes of the current version.
    pub content: Vec<u8>,
}

/// The confidential application and its user, in the platform's own identity domain.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityApp {
    /// First label of the identity host.
    pub identity_id: String,
    /// OAuth client id.
    pub client_id: String,
    /// OAuth client secret.
    pub client_secret: String,
    /// User name.
    pub user: String,
    /// The user's password.
    pub password: String,
    /// PKCS#8 PEM of the RSA key that signs access tokens.
    pub signing_key_pem: String,
}

/// Everything the first start makes.
#[derive(Clone, PartialEq)]
pub struct Setup {
    /// OCID of the tenancy.
    pub tenancy_id: String,
    /// OCID of the compartment.
    pub compartment_id: String,
    /// OCID of the user.
    pub user_id: String,
    /// The user's first API key.
    pub api_key: ApiKey,
    /// The first group.
    pub group: DomainGroup,
    /// The first domain.
    pub domain: Domain,
    /// The application and its user.
    pub app: IdentityApp,
    /// The secret for devices.
    pub secret: Secret,
}

/// One message and its outcome, ready to be written.
#[derive(Debug, Clone)]
pub struct MessageRow {
    /// Whose message.
    pub twin: TwinNo,
    /// Endpoint without a leading slash.
    pub endpoint: String,
    /// Content type.
    pub content_type: Option<String>,
    /// The bytes as received.
    pub content: Bytes,
    /// When it was received.
    pub time_received_us: i64,
    /// What became of it.
    pub outcome: RowOutcome,
    /// Its packet id, to be held with it; only for QoS 2 on a lasting session.
    pub held: Option<Box<HeldPacket>>,
}

/// What one commit writes.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Messages in their order.
    pub rows: Vec<MessageRow>,
    /// Packet ids that are free again, after those of the messages.
    pub released: Vec<HeldPacket>,
}

impl From<Vec<MessageRow>> for Batch {
    fn from(rows: Vec<MessageRow>) -> Batch {
        Batch { rows, released: Vec::new() }
    }
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum RowOutcome {
    /// Kept as raw data only.
    RawOnly,
    /// Normalized.
    Values {
        /// One time for all values.
        time_observed_us: i64,
        /// Values in mapping order.
        values: Vec<RowValue>,
    },
    /// Rejected.
    Rejected {
        /// Code.
        code: u16,
        /// Message.
        message: String,
    },
}

/// One normalized value.
#[derive(Debug, Clone, PartialEq)]
pub struct RowValue {
    /// Content path.
    pub path: Arc<str>,
    /// JSON text.
    pub value: String,
    /// Whether it becomes historized data.
    pub historized: bool,
}

/// Current content of an instance.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    /// (content path, JSON text of the value, time observed), ordered by path.
    pub values: Vec<(String, String, i64)>,
    /// Time received of the last message.
    pub time_last_heard_us: Option<i64>,
}

/// A cell of a data row.
#[derive(Debug, Clone, PartialEq)]
pub enum DataCell {
    /// SQL NULL.
    Null,
    /// Integer.
    Integer(i64),
    /// Text.
    Text(String),
    /// Time.
    TimestampUs(i64),
    /// JSON text.
    Json(String),
}

/// Cells in the order of [`crate::data::columns`].
pub type DataRow = Vec<DataCell>;

/// The item form of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct DataItem {
    /// The cells of the list form.
    pub row: DataRow,
    /// Payloads and texts that only the item form has, by member name, in order.
    pub extra: Vec<(&'static str, ItemMember)>,
}

/// A member of the item form.
#[derive(Debug, Clone, PartialEq)]
pub enum ItemMember {
    /// Text or null.
    Text(Option<String>),
    /// A payload, shown by the rule of data-api.md 4.4; `None` is null.
    Payload {
        /// The bytes.
        bytes: Option<Vec<u8>>,
        /// Its content type.
        content_type: Option<String>,
    },
}

impl ItemMember {
    /// Bytes of the text or the payload.
    pub fn byte_count(&self) -> usize {
        match self {
            ItemMember::Text(text) => text.as_ref().map_or(0, String::len),
            ItemMember::Payload { bytes, .. } => bytes.as_ref().map_or(0, Vec::len),
        }
    }
}
