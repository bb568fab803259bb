//! The one place where it is decided whether a verified request may go on.

use iot_api::ErrorCode;
use serde::Deserialize;

use super::caller::Caller;
use super::policy::{ResourceType, Verb};
use super::rules::{Parent, Place, Rule};
use crate::error::Refusal;
use crate::platform::Platform;

/// The parts of a request that name resources.
#[derive(Debug, Default)]
pub struct Named<'a> {
    /// Id of the path.
    pub path_id: &'a str,
    /// The query's `compartmentId`.
    pub compartment_id: Option<&'a str>,
    /// The query's `iotDomainId`.
    pub iot_domain_id: Option<&'a str>,
    /// The query's `secretName`.
    pub secret_name: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
}

/// What a body says about compartments; everything else in it is the handler's.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InBody {
    #[serde(default)]
    compartment_id: Option<String>,
    #[serde(default)]
    iot_domain_id: Option<String>,
    #[serde(default)]
    iot_domain_group_id: Option<String>,
}

/// A decision in the making.
struct Decision<'a> {
    platform: &'a Platform,
    caller: &'a Caller,
    rule: Rule,
    named: &'a Named<'a>,
}

impl Platform {
    /// Lets a request go on or refuses it (control-plane.md 2.2, check 8).
    ///
    /// A caller with the permission in the whole tenancy costs no look-up here: what does not
    /// exist is then refused by the operation itself, with the same words.
    ///
    /// # Errors
    /// `NotAuthorizedOrNotFound` for what is missing or not permitted, which must look the same;
    /// `RelatedResourceNotAuthorizedOrNotFound` for a parent that a body names; what is wrong with
    /// a query or a body that does not name its compartment.
    pub async fn authorize(
        &self,
        caller: &Caller,
        rule: Rule,
        named: &Named<'_>,
    ) -> Result<(), Refusal> {
        Decision { platform: self, caller, rule, named }.decide().await
    }
}

impl Platform {
    /// Whether a twin of a domain may log in with a secret that the caller names: one of the domain's
    /// own compartment, which the domain may read (devices.md 2), or one that the caller may read
    /// himself, its content or what is said about it. What is no secret of the vault is not
    /// protected by this.
    pub(crate) async fn secret_is_usable(
        &self,
        caller: &Caller,
        domain_id: &str,
        id: &str,
    ) -> Result<bool, Refusal> {
        let kinds = [ResourceType::SecretBundle, ResourceType::Secret];
        if kinds.into_iter().any(|kind| caller.grants.everywhere(Verb::Read, kind)) {
            return Ok(true);
        }
        let found = self.store().compartment_of(ResourceType::Secret, id).await?;
        let Some(compartment_id) = found else { return Ok(true) };
        let is_readable = |kind| caller.grants.allows(Verb::Read, kind, &compartment_id);
        Ok(kinds.into_iter().any(is_readable)
            || self.store().compartment_of(ResourceType::Domain, domain_id).await?
                == Some(compartment_id))
    }
}

impl Decision<'_> {
    async fn decide(&self) -> Result<(), Refusal> {
        let Named { path_id, compartment_id, iot_domain_id, secret_name, .. } = *self.named;
        match self.rule.place {
            Place::QueryCompartment => self.compartment(required(compartment_id, "compartmentId")?),
            Place::QueryDomain => {
                let id = required(iot_domain_id, "iotDomainId")?;
                self.resource(ResourceType::Domain, id).await
            }
            Place::QuerySecretName => self.secret(required(secret_name, "secretName")?).await,
            Place::Path => self.resource(self.rule.kind, path_id).await,
            Place::BodyCompartment => {
                let body = self.body()?;
                let id = member(body.compartment_id.as_deref(), "compartmentId")?;
                self.compartment(id).map_err(|refusal| match self.everywhere() {
                    // Who may do it everywhere learns nothing from being told which member it is.
                    true => Refusal::related("compartmentId", id),
                    false => refusal,
                })?;
                self.parent(&body).await
            }
            Place::BodyDomain => self.domain_of_body().await,
            Place::PathAndBodyCompartment => {
                self.resource(self.rule.kind, path_id).await?;
                let body = self.body()?;
                let target = member(body.compartment_id.as_deref(), "compartmentId")?;
                let refused = |_| Refusal::related("compartmentId", target);
                self.compartment(target).map_err(refused)
            }
        }
    }

    /// Whether the caller may do it everywhere.
    fn everywhere(&self) -> bool {
        self.caller.grants.everywhere(self.rule.verb, self.rule.kind)
    }

    fn allowed_in(&self, compartment_id: &str) -> bool {
        self.caller.grants.allows(self.rule.verb, self.rule.kind, compartment_id)
    }

    /// In a compartment that must exist.
    fn compartment(&self, id: &str) -> Result<(), Refusal> {
        if self.caller.knows_compartment(id) && self.allowed_in(id) {
            return Ok(());
        }
        Err(Refusal::not_found("compartment", id))
    }

    /// In the compartment of a resource.
    async fn resource(&self, kind: ResourceType, id: &str) -> Result<(), Refusal> {
        if self.everywhere() {
            return Ok(());
        }
        match self.platform.store().compartment_of(kind, id).await? {
            Some(compartment_id) if self.allowed_in(&compartment_id) => Ok(()),
            _ => Err(Refusal::not_found(kind.kind(), id)),
        }
    }

    async fn secret(&self, name: &str) -> Result<(), Refusal> {
        if self.everywhere() {
            return Ok(());
        }
        let found = self.platform.store().secret_by_name(name, self.platform.now_us()).await?;
        match found {
            Some(secret) if self.allowed_in(&secret.compartment_id) => Ok(()),
            _ => Err(Refusal::not_found(ResourceType::Secret.kind(), name)),
        }
    }

    /// In the compartment of the domain that the body names.
    async fn domain_of_body(&self) -> Result<(), Refusal> {
        if self.everywhere() {
            return Ok(());
        }
        let body = self.body()?;
        let id = member(body.iot_domain_id.as_deref(), "iotDomainId")?;
        self.resource(ResourceType::Domain, id).await
    }

    /// The parent that the body of a create names, if it is one that has to be readable. One that
    /// is absent is the operation's to refuse.
    async fn parent(&self, body: &InBody) -> Result<(), Refusal> {
        let (kind, name, id) = match self.rule.parent {
            None => return Ok(()),
            Some(Parent::DomainGroup) => {
                (ResourceType::DomainGroup, "iotDomainGroupId", &body.iot_domain_group_id)
            }
            Some(Parent::Domain) => (ResourceType::Domain, "iotDomainId", &body.iot_domain_id),
        };
        let Some(id) = id.as_deref() else { return Ok(()) };
        let grants = &self.caller.grants;
        if grants.everywhere(Verb::Read, kind) {
            return Ok(());
        }
        match self.platform.store().compartment_of(kind, id).await? {
            Some(compartment_id) if grants.allows(Verb::Read, kind, &compartment_id) => Ok(()),
            _ => Err(Refusal::related(name, id)),
        }
    }

    fn body(&self) -> Result<InBody, Refusal> {
        serde_json::from_slice(self.named.body).map_err(|error| {
            let code = if error.is_data() {
                ErrorCode::InvalidParameter
            } else {
                ErrorCode::CannotParseRequest
            };
            Refusal::new(code, format!("the body: {error}"))
        })
    }
}

fn required<'a>(value: Option<&'a str>, name: &str) -> Result<&'a str, Refusal> {
    value.filter(|value| !value.is_empty()).ok_or_else(|| {
        let message = format!("{name}: is missing");
        Refusal::new(ErrorCode::MissingParameter, message)
    })
}

fn member<'a>(value: Option<&'a str>, name: &str) -> Result<&'a str, Refusal> {
    value.ok_or_else(|| {
        let message = format!("{name}: is missing");
        Refusal::new(ErrorCode::MissingParameter, message)
    })
}
