//! Domains and domain groups: look-up by OCID, short id and device host.

use std::sync::Arc;

use crate::error::Refusal;
use crate::names::Surface;
use crate::platform::Platform;
use crate::store::{Domain, DomainGroup};

impl Platform {
    /// The domain with this OCID.
    ///
    /// # Errors
    /// `NotAuthorizedOrNotFound` when there is none.
    pub async fn domain_get(&self, id: &str) -> Result<Domain, Refusal> {
        self.known(id).await
    }

    /// The group with this OCID.
    ///
    /// # Errors
    /// `NotAuthorizedOrNotFound` when there is none.
    pub async fn domain_group_get(&self, id: &str) -> Result<DomainGroup, Refusal> {
        self.known(id).await
    }

    /// The domain with this short id, in any case, and its group (data-api.md 1.1).
    ///
    /// # Errors
    /// The store's.
    pub async fn domain_by_short_id(
        &self,
        short_id: &str,
    ) -> Result<Option<(Domain, DomainGroup)>, Refusal> {
        // Short ids are made in lower case.
        let found = self.store().domain_by_short_id(&short_id.to_ascii_lowercase()).await?;
        let Some(domain) = found else { return Ok(None) };
        let group = self.domain_group_get(&domain.group_id).await?;
        Ok(Some((domain, group)))
    }

    /// OCID of the domain whose devices use this host name; the first domain for no name, for
    /// `localhost` and for addresses (interface.md 2).
    pub async fn domain_by_device_host(&self, host: Option<&str>) -> Option<Arc<str>> {
        match host.map_or(Some(Surface::Bare), |host| self.names().surface(host))? {
            Surface::Bare => Some(Arc::from(self.setup().domain.common.id.as_str())),
            Surface::Device(short_id) => {
                let (domain, _) = self.domain_by_short_id(&short_id).await.ok()??;
                Some(Arc::from(domain.common.id.as_str()))
            }
            _ => None,
        }
    }
}
