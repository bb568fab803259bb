//! Domains and domain groups (control-plane.md 3.1, 3.2), as far as clients read them.

use iot_api::domains::{IotDomain, IotDomainGroup};

use super::{ControlClient, JSON};
use crate::ClientError;

impl ControlClient {
    /// `GetIotDomain`.
    pub async fn domain_get(&self, id: &str) -> Result<IotDomain, ClientError> {
        self.get("/iotDomains", id, "", JSON).await
    }

    /// `ListIotDomains`, all pages.
    pub async fn domain_list(&self, compartment_id: &str) -> Result<Vec<IotDomain>, ClientError> {
        self.list("/iotDomains", &[("compartmentId", Some(compartment_id))]).await
    }

    /// `GetIotDomainGroup`.
    pub async fn domain_group_get(&self, id: &str) -> Result<IotDomainGroup, ClientError> {
        self.get("/iotDomainGroups", id, "", JSON).await
    }
}
