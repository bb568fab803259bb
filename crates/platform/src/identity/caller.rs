//! The sender of a signed request: its key parsed, its policies resolved, both kept for a moment.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use oci_core::key::PublicKey;

use super::policy::{ResourceType, Scope, Statement, Verb};
use crate::error::Refusal;
use crate::limits::{API_KEYS_CACHED_MAX, CALLER_CACHED};
use crate::platform::Platform;
use crate::store::{Compartment, Identity};

/// The principal behind an API key.
pub struct Caller {
    /// OCID of the user.
    pub user_id: String,
    /// OCID of the tenancy.
    pub tenancy_id: String,
    /// The key that its requests are signed with.
    pub public_key: PublicKey,
    /// What it may do.
    pub grants: Grants,
    public_key_pem: String,
    /// OCIDs of the tenancy and of every compartment.
    compartments: HashSet<String>,
    loaded: Instant,
}

impl Caller {
    /// Whether this is the tenancy or one of its compartments.
    pub fn knows_compartment(&self, id: &str) -> bool {
        self.compartments.contains(id)
    }
}

/// What a user may do, and where.
#[derive(Debug, Default)]
pub struct Grants(Vec<Grant>);

#[derive(Debug)]
struct Grant {
    verb: Verb,
    resources: &'static [ResourceType],
    /// `None` is the whole tenancy.
    compartment_id: Option<String>,
}

impl Grants {
    /// Resolves statements. One that cannot be read, or that names a compartment that is gone,
    /// grants nothing.
    pub fn new(user: &str, statements: &[String], compartments: &[Compartment]) -> Grants {
        let mut grants = Vec::new();
        for text in statements {
            let Ok(statement) = Statement::parse(text) else {
                tracing::error!(user, statement = text, "a stored policy statement cannot be read");
                continue;
            };
            let compartment_id = match statement.scope {
                Scope::Tenancy => None,
                Scope::Id(id) => Some(id),
                Scope::Named(name) => {
                    let named = compartments.iter().find(|compartment| compartment.name == name);
                    let Some(named) = named else { continue };
                    Some(named.id.clone())
                }
            };
            let Statement { verb, resources, .. } = statement;
            grants.push(Grant { verb, resources, compartment_id });
        }
        Grants(grants)
    }

    /// Whether this may be done in every compartment.
    pub fn everywhere(&self, verb: Verb, kind: ResourceType) -> bool {
        self.matching(verb, kind).any(|grant| grant.compartment_id.is_none())
    }

    /// Whether this may be done in the compartment.
    pub fn allows(&self, verb: Verb, kind: ResourceType, compartment_id: &str) -> bool {
        self.matching(verb, kind)
            .any(|grant| grant.compartment_id.as_deref().is_none_or(|id| id == compartment_id))
    }

    fn matching(&self, verb: Verb, kind: ResourceType) -> impl Iterator<Item = &Grant> {
        self.0.iter().filter(move |grant| grant.verb >= verb && grant.resources.contains(&kind))
    }
}

impl Platform {
    /// The caller with this `keyId`, if the key is known. What is known of it is as old as
    /// [`CALLER_CACHED`] at most, because other processes change users too.
    ///
    /// # Errors
    /// The store's.
    pub async fn caller(&self, key_id: &str) -> Result<Option<Arc<Caller>>, Refusal> {
        let cached =
            self.callers.lock().unwrap_or_else(PoisonError::into_inner).get(key_id).cloned();
        if let Some(caller) = cached.as_ref().filter(|c| c.loaded.elapsed() < CALLER_CACHED) {
            return Ok(Some(caller.clone()));
        }
        let loaded = Instant::now();
        let identity = self.store().identity_get(key_id).await?;
        let caller = identity.and_then(|identity| self.load(identity, cached.as_deref(), loaded));
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(caller) = caller else {
            callers.remove(key_id);
            return Ok(None);
        };
        if callers.len() >= API_KEYS_CACHED_MAX {
            callers.clear();
        }
        let caller = Arc::new(caller);
        callers.insert(key_id.to_owned(), caller.clone());
        Ok(Some(caller))
    }

    /// Parses the key, unless `cached` has it parsed already, and resolves the statements.
    fn load(&self, found: Identity, cached: Option<&Caller>, loaded: Instant) -> Option<Caller> {
        let Identity { key, user, compartments } = found;
        let parsed = cached.filter(|cached| cached.public_key_pem == key.public_key_pem);
        let parsed = parsed.map(|cached| cached.public_key.clone());
        let Some(public_key) =
            parsed.or_else(|| PublicKey::from_spki_pem(&key.public_key_pem).ok())
        else {
            tracing::error!(api_key.id = key.key_id, "the stored public key cannot be read");
            return None;
        };
        let tenancy_id = self.setup().tenancy_id.clone();
        let grants = Grants::new(&user.name, &user.statements, &compartments);
        let ids = compartments.into_iter().map(|compartment| compartment.id);
        Some(Caller {
            user_id: user.id,
            compartments: ids.chain([tenancy_id.clone()]).collect(),
            tenancy_id,
            public_key,
            grants,
            public_key_pem: key.public_key_pem,
            loaded,
        })
    }
}
