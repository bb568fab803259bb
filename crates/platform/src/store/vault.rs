//! The part of the port that keeps vault secrets and their versions.

use async_trait::async_trait;
use iot_api::Tags;

use super::work::SavedAnswer;
use super::{Secret, Stored};
use crate::list::{Cursor, Listed};

/// A secret without its contents.
#[derive(Debug, Clone, PartialEq)]
pub struct SecretRecord {
    /// OCID.
    pub id: String,
    /// OCID of the compartment.
    pub compartment_id: String,
    /// Name, unique in the vault until the secret is deleted.
    pub name: String,
    /// Description.
    pub description: Option<String>,
    /// Tags.
    pub tags: Tags,
    /// `metadata`, a JSON object.
    pub metadata: serde_json::Map<String, serde_json::Value>,
    /// Number of the version in stage `CURRENT`.
    pub current_no: u32,
    /// Number of the version in stage `PREVIOUS`.
    pub previous_no: Option<u32>,
    /// Number of the version in stage `PENDING`.
    pub pending_no: Option<u32>,
    /// Number of the newest version.
    pub latest_no: u32,
    /// Creation.
    pub time_created_us: i64,
    /// When it is to be deleted, if that is scheduled.
    pub time_of_deletion_us: Option<i64>,
    /// Opaque, changes with every change.
    pub etag: String,
}

/// One version of a secret. No `Debug`: it holds the content.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretVersion {
    /// Number, from 1.
    pub no: u32,
    /// Name, unique among the secret's versions.
    pub name: Option<String>,
    /// Decoded bytes.
    pub content: Vec<u8>,
    /// Creation.
    pub time_created_us: i64,
    /// When it is to be deleted by itself, if that is scheduled.
    pub time_of_deletion_us: Option<i64>,
}

/// A change of a secret: the record as it is to be, and at most one new version.
#[derive(Clone)]
pub struct SecretChange {
    /// The record as it is to be, with its new etag.
    pub record: SecretRecord,
    /// The etag it must have had until now.
    pub etag: String,
    /// A version to add; its number is the record's `latest_no`.
    pub version: Option<SecretVersion>,
    /// A version by number, and when it is to be deleted from now on.
    pub version_deletion: Option<(u32, Option<i64>)>,
    /// Time of the change.
    pub now_us: i64,
}

/// One page of secrets of a compartment.
#[derive(Debug, Clone)]
pub struct SecretQuery {
    /// OCID of the compartment.
    pub compartment_id: String,
    /// Exactly this name.
    pub name: Option<String>,
    /// Exactly this state at `now_us`: `ACTIVE`, `PENDING_DELETION` or `DELETED`.
    pub lifecycle_state: Option<String>,
    /// By name instead of by time of creation.
    pub by_name: bool,
    /// Direction.
    pub descending: bool,
    /// Items on the page.
    pub limit: usize,
    /// The last item of the page before.
    pub after: Option<Cursor>,
    /// Now, for the state of secrets that are scheduled for deletion.
    pub now_us: i64,
}

/// Vault secrets. A secret whose time of deletion has passed is a tombstone: the next write erases
/// its contents and frees its name.
#[async_trait]
pub trait VaultStore {
    /// The current content of a secret that is not scheduled for deletion.
    async fn secret_get(&self, id: &str) -> Stored<Option<Secret>>;
    /// Adds a secret with its first version, and the answer for a retry token. Refused: the name
    /// is taken.
    async fn secret_create(
        &self,
        record: &SecretRecord,
        version: &SecretVersion,
        answer: Option<&SavedAnswer>,
    ) -> Stored<()>;
    /// The secret with this OCID, in any state.
    async fn secret_record(&self, id: &str) -> Stored<Option<SecretRecord>>;
    /// The secret with this name that is not deleted at `now_us`.
    async fn secret_by_name(&self, name: &str, now_us: i64) -> Stored<Option<SecretRecord>>;
    /// One page.
    async fn secret_list(&self, query: &SecretQuery) -> Stored<Listed<SecretRecord>>;
    /// Changes a secret. Refused: another etag, or a version has the name already.
    async fn secret_change(&self, change: &SecretChange) -> Stored<()>;
    /// All versions that are kept, newest first, with their contents.
    async fn secret_versions(&self, id: &str) -> Stored<Vec<SecretVersion>>;
}
