//! Vault secrets: what the password behind an `authId` is.

use crate::platform::Platform;
use crate::store::{Secret, Stored};

impl Platform {
    /// The secret with this OCID.
    ///
    /// # Errors
    /// The store's.
    pub async fn secret_get(&self, id: &str) -> Stored<Option<Secret>> {
        self.store().secret_get(id).await
    }
}
