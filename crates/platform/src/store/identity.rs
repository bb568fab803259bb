//! The part of the port that keeps users, their keys and policies, and compartments.

use async_trait::async_trait;

use super::{ApiKey, Stored};
use crate::identity::ResourceType;

/// A user of the control plane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// OCID.
    pub id: String,
    /// Name, unique in the tenancy.
    pub name: String,
    /// Policy statements, as written.
    pub statements: Vec<String>,
    /// Creation.
    pub time_created_us: i64,
}

/// A compartment. All of them are children of the tenancy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compartment {
    /// OCID.
    pub id: String,
    /// Name, unique in the tenancy.
    pub name: String,
    /// Creation.
    pub time_created_us: i64,
}

/// What the platform needs to know about the sender of a signed request.
#[derive(Clone)]
pub struct Identity {
    /// The key that the request names.
    pub key: ApiKey,
    /// Its user.
    pub user: User,
    /// All compartments: statements name them.
    pub compartments: Vec<Compartment>,
}

/// A user and what goes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserEntry {
    /// The user.
    pub user: User,
    /// `keyId`s of its API keys.
    pub key_ids: Vec<String>,
}

/// Users and compartments.
#[async_trait]
pub trait IdentityStore {
    /// Key and user behind a `keyId`.
    async fn identity_get(&self, key_id: &str) -> Stored<Option<Identity>>;
    /// Adds an API key to a user.
    async fn api_key_create(&self, key: &ApiKey) -> Stored<()>;
    /// Adds a user with a key, and a compartment if one is given. Refused: a name is taken.
    async fn user_create(
        &self,
        user: &User,
        key: &ApiKey,
        compartment: Option<&Compartment>,
    ) -> Stored<()>;
    /// All users, by name.
    async fn user_all(&self) -> Stored<Vec<UserEntry>>;
    /// Removes a user with its keys. Refused: there is none of this name.
    async fn user_delete(&self, name: &str) -> Stored<()>;
    /// All compartments, by name.
    async fn compartment_all(&self) -> Stored<Vec<Compartment>>;
    /// OCID of the compartment that a resource is in, itself or through its domain.
    async fn compartment_of(&self, kind: ResourceType, id: &str) -> Stored<Option<String>>;
}
