//! Changes of a resource that is there: read, check `if-match`, write what follows
//! (control-plane.md 1.7).

use iot_api::{ErrorCode, Nullable, Tags};

use crate::error::Refusal;
use crate::limits::REFERRING_NAMED_MAX;
use crate::list::{Field, ListQuery, Listed};
use crate::models::new_etag;
use crate::platform::Platform;
use crate::retries::Attempt;
use crate::store::{Common, Creation, Deletion, Lifecycle, Record, Resource, StoreError, Update};
use crate::validate::{Findings, not_blank};

/// What a request changes, on what condition, and whether its answer is kept for a retry.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// OCID.
    pub id: &'a str,
    /// The etag that the resource must have.
    pub if_match: Option<&'a str>,
    /// The attempt of a request with a retry token.
    pub attempt: Option<&'a Attempt<'a>>,
}

/// Members of an update that every resource has.
pub(crate) struct CommonChange {
    /// `displayName`; absent, `null` and blank leave it.
    pub display_name: Option<String>,
    /// `description`
    pub description: Nullable<String>,
    /// `freeformTags`
    pub freeform_tags: Option<iot_api::tags::FreeformTags>,
    /// `definedTags`
    pub defined_tags: Option<iot_api::tags::NamespacedTags>,
}

impl CommonChange {
    /// Applies the members and collects what is wrong with them.
    pub fn apply(self, common: &mut Common, findings: &mut Findings) {
        findings.display_name(self.display_name.as_deref());
        if let Some(name) = not_blank(self.display_name) {
            common.display_name = name;
        }
        if let Some(description) = self.description {
            findings.description(description.as_deref());
            common.description = description;
        }
        let old = std::mem::take(&mut common.tags);
        let free = self.freeform_tags.unwrap_or(old.freeform_tags);
        let defined = self.defined_tags.unwrap_or(old.defined_tags);
        findings.tags(&Tags { freeform_tags: free.clone(), defined_tags: defined.clone() });
        common.tags = Tags { freeform_tags: free, defined_tags: defined };
    }
}

/// Takes the members of [`CommonChange`] out of the details of an update.
macro_rules! common_change {
    ($details:ident) => {
        $crate::changes::CommonChange {
            display_name: $details.display_name.clone(),
            description: $details.description.clone(),
            freeform_tags: $details.freeform_tags.clone(),
            defined_tags: $details.defined_tags.clone(),
        }
    };
}
pub(crate) use common_change;

impl<R: Resource> From<R> for Update {
    /// The next state of a resource that was read with its present etag; gives it a fresh one.
    fn from(mut resource: R) -> Update {
        let etag = std::mem::replace(&mut resource.common_mut().etag, new_etag());
        Update {
            record: resource.into(),
            etag,
            document: None,
            ceilings: Vec::new(),
            work: None,
            answer: None,
        }
    }
}

impl Platform {
    /// One page of resources.
    ///
    /// # Errors
    /// The store's.
    pub async fn resource_list<R: Resource>(
        &self,
        query: &ListQuery,
    ) -> Result<Listed<R>, Refusal> {
        Ok(self.store().list(query).await?)
    }

    /// Keeps a new resource, with its work request and the answer for a retry token.
    ///
    /// # Errors
    /// `NotAuthorizedOrResourceAlreadyExists`, `Conflict`, `LimitExceeded`, and the store's.
    pub async fn resource_create(&self, creation: &Creation) -> Result<(), Refusal> {
        self.store().resource_create(creation).await?;
        if creation.work.is_some() {
            self.work.nudge();
        }
        if let Record::Instance(instance) = &creation.record {
            self.twins.forget(&instance.common.parent_id, &instance.external_key);
        }
        Ok(())
    }

    /// The resource with this OCID, DELETED ones too.
    pub(crate) async fn known<R: Resource>(&self, id: &str) -> Result<R, Refusal> {
        let found = self.store().get::<R>(id).await?;
        found.ok_or_else(|| Refusal::not_found(R::KIND.words(), id))
    }

    /// The resource with this OCID, to be changed.
    ///
    /// # Errors
    /// `NotAuthorizedOrNotFound` for a DELETED one, `NoEtagMatch`.
    pub(crate) async fn live<R: Resource>(
        &self,
        id: &str,
        if_match: Option<&str>,
    ) -> Result<R, Refusal> {
        let resource: R = self.known(id).await?;
        let common = resource.common();
        if common.lifecycle == Lifecycle::Deleted {
            return Err(Refusal::not_found(R::KIND.words(), id));
        }
        if if_match.is_some_and(|etag| etag != common.etag) {
            return Err(StoreError::EtagMismatch.into());
        }
        Ok(resource)
    }

    /// The ACTIVE resource of a domain that a member of a body names.
    pub(crate) async fn named<R: Resource>(
        &self,
        domain_id: &str,
        member: &str,
        id: &str,
    ) -> Result<R, Refusal> {
        let found = self.store().get::<R>(id).await?.filter(|resource| {
            let common = resource.common();
            common.parent_id == domain_id && common.lifecycle == Lifecycle::Active
        });
        found.ok_or_else(|| Refusal::related(member, id))
    }

    /// Writes the next state of a resource; `None` when somebody else was faster: read it again.
    pub(crate) async fn replace<R: Resource>(
        &self,
        mut resource: R,
        prepare: impl FnOnce(&mut Update),
    ) -> Result<Option<R>, Refusal> {
        resource.common_mut().time_updated_us = self.now_us();
        let mut update = Update::from(resource);
        prepare(&mut update);
        match self.store().resource_update(&update).await {
            Ok(()) => Ok(R::of(update.record)),
            Err(StoreError::EtagMismatch) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn deletion(&self, id: &str, etag: Option<String>) -> Deletion {
        Deletion { id: id.to_owned(), etag, now_us: self.now_us() }
    }

    /// Refuses with `Conflict` while resources of a parent match: names them.
    pub(crate) async fn refuse_while<R: Resource>(
        &self,
        parent_id: &str,
        filters: &[(Field, &str)],
        what: &str,
    ) -> Result<(), Refusal> {
        let query = ListQuery::matching(parent_id, filters, REFERRING_NAMED_MAX);
        let found = self.store().list::<R>(&query).await?.items;
        if found.is_empty() {
            return Ok(());
        }
        let ids: Vec<&str> = found.iter().map(|resource| resource.common().id.as_str()).collect();
        Err(Refusal::new(ErrorCode::Conflict, format!("{what}: {}", ids.join(", "))))
    }
}
