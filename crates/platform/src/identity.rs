//! Who calls the control plane: API keys, parsed once.

use std::sync::{Arc, PoisonError};

use oci_core::key::PublicKey;

use crate::error::Refusal;
use crate::limits::API_KEYS_CACHED_MAX;
use crate::platform::Platform;

/// The principal behind an API key.
pub struct Caller {
    /// OCID of the user.
    pub user_id: String,
    /// OCID of the tenancy.
    pub tenancy_id: String,
    /// The key that its requests are signed with.
    pub public_key: PublicKey,
}

impl Platform {
    /// The caller with this `keyId`, if the key is known.
    ///
    /// # Errors
    /// The store's.
    pub async fn caller(&self, key_id: &str) -> Result<Option<Arc<Caller>>, Refusal> {
        let cached =
            self.callers.lock().unwrap_or_else(PoisonError::into_inner).get(key_id).cloned();
        if cached.is_some() {
            return Ok(cached);
        }
        let Some(key) = self.store().api_key_get(key_id).await? else { return Ok(None) };
        let Ok(public_key) = PublicKey::from_spki_pem(&key.public_key_pem) else {
            tracing::error!(api_key.id = key_id, "the stored public key cannot be read");
            return Ok(None);
        };
        let caller = Arc::new(Caller {
            user_id: key.user_id,
            tenancy_id: self.setup().tenancy_id.clone(),
            public_key,
        });
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        if callers.len() >= API_KEYS_CACHED_MAX {
            callers.clear();
        }
        callers.insert(key_id.to_owned(), caller.clone());
        Ok(Some(caller))
    }
}
