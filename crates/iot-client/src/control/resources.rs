//! The four kinds of resource inside a domain, as documents: for work that treats them alike and
//! must know the state it changes (control-plane.md 3.3 to 3.6).

use http::Method;
use serde_json::Value;

use super::{Call, ControlClient, JSON};
use crate::ClientError;
use crate::exchange::{Repeat, below, segment};

/// A kind of resource inside a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A model.
    Model,
    /// An adapter.
    Adapter,
    /// An instance.
    Instance,
    /// A relationship.
    Relationship,
}

impl Kind {
    fn path(self) -> &'static str {
        match self {
            Kind::Model => "/digitalTwinModels",
            Kind::Adapter => "/digitalTwinAdapters",
            Kind::Instance => "/digitalTwinInstances",
            Kind::Relationship => "/digitalTwinRelationships",
        }
    }
}

impl ControlClient {
    /// Every ACTIVE resource of a kind in a domain, as lists have them.
    pub async fn resource_list(&self, kind: Kind, domain: &str) -> Result<Vec<Value>, ClientError> {
        let query = [("iotDomainId", Some(domain)), ("lifecycleState", Some("ACTIVE"))];
        self.list(kind.path(), &query).await
    }

    /// A resource and its etag.
    pub async fn resource_get(
        &self,
        kind: Kind,
        id: &str,
    ) -> Result<(Value, Option<String>), ClientError> {
        let url = below(&self.base, &format!("{}/{}", kind.path(), segment(id)?), &[]);
        let call = Call { accept: JSON, ..Call::new(Method::GET, url) };
        let answer = self.send(&call, Repeat::Always).await?;
        Ok((answer.json()?, answer.header("etag").map(str::to_owned)))
    }

    /// Creates a resource. The same token with the same details within a day is the same create.
    pub async fn resource_create(
        &self,
        kind: Kind,
        details: &Value,
        retry_token: &str,
    ) -> Result<Value, ClientError> {
        let body = details.to_string();
        let call = Call {
            body: Some(body.as_bytes()),
            retry_token: Some(retry_token.to_owned()),
            ..Call::new(Method::POST, below(&self.base, kind.path(), &[]))
        };
        self.send(&call, Repeat::Always).await?.json()
    }

    /// Updates a resource that is still in the state with this etag; else 412.
    pub async fn resource_update(
        &self,
        kind: Kind,
        id: &str,
        details: &Value,
        etag: Option<&str>,
    ) -> Result<Value, ClientError> {
        let body = details.to_string();
        let url = below(&self.base, &format!("{}/{}", kind.path(), segment(id)?), &[]);
        let call = Call {
            body: Some(body.as_bytes()),
            if_match: etag.map(str::to_owned),
            ..Call::new(Method::PUT, url)
        };
        self.send(&call, Repeat::Always).await?.json()
    }

    /// Deletes a resource that is still in the state with this etag; else 412.
    pub async fn resource_delete(
        &self,
        kind: Kind,
        id: &str,
        etag: Option<&str>,
    ) -> Result<(), ClientError> {
        let url = below(&self.base, &format!("{}/{}", kind.path(), segment(id)?), &[]);
        let call = Call { if_match: etag.map(str::to_owned), ..Call::new(Method::DELETE, url) };
        self.send(&call, Repeat::UntilGone).await.map(|_| ())
    }
}
