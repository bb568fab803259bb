//! Domains: look-up, and the operations on them (control-plane.md 3.2, 5.2, 5.3).

use std::sync::Arc;

use iot_api::ErrorCode;
use iot_api::domains::{
    ChangeCompartmentDetails, ChangeIotDomainDataRetentionPeriodDetails,
    ConfigureIotDomainDataAccessDetails, CreateIotDomainDetails, UpdateIotDomainDetails,
};

use crate::changes::{Target, common_change};
use crate::error::Refusal;
use crate::first_start::{RETENTION, short_id};
use crate::limits::{APEX_PASSWORD_CHARS_MIN, IDENTITY_GROUPS_MAX, RETENTION_DAYS_MAX};
use crate::list::Field;
use crate::names::Surface;
use crate::platform::Platform;
use crate::store::{
    Ceiling, Creation, Domain, DomainGroup, Kind, Lifecycle, StoreError, TokenIssuer,
};
use crate::validate::{Asked, Findings};
use crate::work::{Job, steady};

impl Platform {
    /// The domain with this OCID, DELETED ones too.
    ///
    /// # Errors
    /// `NotAuthorizedOrNotFound` when there is none.
    pub async fn domain_get(&self, id: &str) -> Result<Domain, Refusal> {
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
                let found = self.store().domain_by_short_id(&short_id.to_ascii_lowercase()).await;
                Some(Arc::from(found.ok()??.common.id.as_str()))
            }
            _ => None,
        }
    }

    /// A new domain of a group, to be kept by [`Platform::resource_create`].
    ///
    /// # Errors
    /// `InvalidParameter` with every finding, `RelatedResourceNotAuthorizedOrNotFound`,
    /// `LimitExceeded`; `IncorrectState` or `Conflict` when the group is not ACTIVE.
    pub async fn domain_new(
        &self,
        asked: Asked<CreateIotDomainDetails>,
    ) -> Result<Creation, Refusal> {
        let Asked { details, mut findings } = asked;
        let word = Kind::Domain.type_word();
        let mut common = self.new_common(word, details.compartment_id, details.display_name);
        common.description = details.description;
        common.tags = findings.new_tags(details.freeform_tags, details.defined_tags);
        common.lifecycle = Lifecycle::Creating;
        findings.common(&common);
        let group = self.group_of_body(&details.iot_domain_group_id).await;
        let group = findings.settle(group)?;
        findings.check()?;
        group.iter().try_for_each(group_ready)?;
        let work = self.new_work("CREATE_IOT_DOMAIN", Kind::Domain, &common, Lifecycle::Active);
        let domain = Domain {
            common,
            group_id: details.iot_domain_group_id,
            short_id: short_id(),
            retention: RETENTION,
            token_issuer: None,
            identity_groups: None,
        };
        let ceilings = self.domain_ceilings(&domain.group_id);
        Ok(Creation { ceilings, work: Some(work), ..Creation::of(domain) })
    }

    /// Changes name, description and tags; the work request's OCID, as of all that follow.
    ///
    /// # Errors
    /// `InvalidParameter` with every finding, `NoEtagMatch`, `NotAuthorizedOrNotFound`,
    /// `IncorrectState` or `Conflict` by the state of the domain and of its group.
    pub async fn domain_update(
        &self,
        target: Target<'_>,
        asked: &Asked<UpdateIotDomainDetails>,
    ) -> Result<String, Refusal> {
        self.domain_change(target, Job::update("UPDATE_IOT_DOMAIN"), |domain| {
            let Asked { details, findings } = asked;
            let mut findings = findings.clone();
            common_change!(details).apply(&mut domain.common, &mut findings);
            findings.check()
        })
        .await
    }

    /// Deletes a domain and everything in it.
    ///
    /// # Errors
    /// See [`Platform::domain_update`].
    pub async fn domain_delete(&self, target: Target<'_>) -> Result<String, Refusal> {
        self.domain_change(target, Job::delete("DELETE_IOT_DOMAIN"), |_| Ok(())).await
    }

    /// Moves a domain to another compartment; what is in it stays with it.
    ///
    /// # Errors
    /// See [`Platform::domain_update`].
    pub async fn domain_move(
        &self,
        target: Target<'_>,
        asked: &Asked<ChangeCompartmentDetails>,
    ) -> Result<String, Refusal> {
        self.domain_change(target, Job::update("MOVE_IOT_DOMAIN"), |domain| {
            asked.details.compartment_id.clone_into(&mut domain.common.parent_id);
            asked.findings.clone().check()
        })
        .await
    }

    /// Raises how long one kind of data is kept.
    ///
    /// # Errors
    /// See [`Platform::domain_update`].
    pub async fn domain_retention(
        &self,
        target: Target<'_>,
        asked: &Asked<ChangeIotDomainDataRetentionPeriodDetails>,
    ) -> Result<String, Refusal> {
        let Asked { details, findings } = asked;
        let days = details.data_retention_period_in_days;
        let job = Job::update("CHANGE_IOT_DOMAIN_DATA_RETENTION");
        self.domain_change(target, job, |domain| {
            let mut findings = findings.clone();
            let kept = match details.data_type.as_str() {
                "RAW_DATA" => Some(&mut domain.retention.raw_data),
                "REJECTED_DATA" => Some(&mut domain.retention.rejected_data),
                "HISTORIZED_DATA" => Some(&mut domain.retention.historized_data),
                "RAW_COMMAND_DATA" => Some(&mut domain.retention.raw_command_data),
                other => {
                    findings.add(format!(
                        "type: '{other}' is none of RAW_DATA, REJECTED_DATA, HISTORIZED_DATA, RAW_COMMAND_DATA"
                    ));
                    None
                }
            };
            if days > RETENTION_DAYS_MAX {
                findings.add(format!("dataRetentionPeriodInDays: at most {RETENTION_DAYS_MAX}"));
            }
            if let Some(kept) = kept {
                if days < *kept {
                    findings.add(format!(
                        "dataRetentionPeriodInDays: can only be increased, and is {kept}"
                    ));
                }
                *kept = days;
            }
            findings.check()
        })
        .await
    }

    /// Decides who gets at the data.
    ///
    /// # Errors
    /// See [`Platform::domain_update`].
    pub async fn domain_data_access(
        &self,
        target: Target<'_>,
        asked: &Asked<ConfigureIotDomainDataAccessDetails>,
    ) -> Result<String, Refusal> {
        use ConfigureIotDomainDataAccessDetails as Details;
        let job = Job::update("CONFIGURE_DOMAIN_DATA_ACCESS");
        self.domain_change(target, job, |domain| {
            let mut findings = asked.findings.clone();
            match &asked.details {
                Details::Direct { db_allow_listed_identity_group_names: groups } => {
                    identity_groups(groups, &mut findings);
                    domain.identity_groups = Some(groups.clone());
                }
                Details::Ords { db_allowed_identity_domain_host: host } => {
                    issuer_host(host, &mut findings);
                    domain.token_issuer = Some(match self.names().surface(host) {
                        Some(Surface::Identity(id)) if id == self.identity_id() => TokenIssuer::Own,
                        _ => TokenIssuer::Other(host.clone()),
                    });
                }
                // There is no workspace to give the password to; it is not kept.
                Details::Apex { db_workspace_admin_initial_password: password } => {
                    if password.chars().count() < APEX_PASSWORD_CHARS_MIN {
                        findings.add(format!(
                            "dbWorkspaceAdminInitialPassword: at least {APEX_PASSWORD_CHARS_MIN} characters"
                        ));
                    }
                }
            }
            findings.check()
        })
        .await
    }

    async fn domain_change(
        &self,
        target: Target<'_>,
        job: Job,
        change: impl FnMut(&mut Domain) -> Result<(), Refusal> + Send,
    ) -> Result<String, Refusal> {
        let domain: Domain = self.live(target.id, target.if_match).await?;
        group_ready(&self.domain_group_get(&domain.group_id).await?)?;
        self.work_accept(target, job, Vec::new(), change).await
    }

    /// The group that a body names.
    async fn group_of_body(&self, id: &str) -> Result<DomainGroup, Refusal> {
        let group = self.store().get::<DomainGroup>(id).await?;
        let there = group.filter(|group| group.common.lifecycle != Lifecycle::Deleted);
        there.ok_or_else(|| Refusal::related("iotDomainGroupId", id))
    }

    fn domain_ceilings(&self, group_id: &str) -> Vec<Ceiling> {
        let limits = self.limits();
        let ceiling = |most: Option<u64>, filters: Vec<(Field, String)>, of: &str| {
            let most = most?;
            let text = format!("iotDomainGroupId: {of} has {most} domains, which is the limit");
            Some(Ceiling {
                kind: Kind::Domain,
                filters,
                most,
                refusal: StoreError::LimitExceeded(text),
            })
        };
        let of_group = vec![(Field::GroupId, group_id.to_owned())];
        let all = ceiling(limits.domains, Vec::new(), "the tenancy");
        all.into_iter().chain(ceiling(limits.domains_per_group, of_group, "the group")).collect()
    }
}

/// Domains change only while their group is ACTIVE.
fn group_ready(group: &DomainGroup) -> Result<(), Refusal> {
    steady(group)?;
    if group.common.lifecycle == Lifecycle::Active {
        return Ok(());
    }
    Err(Refusal::new(
        ErrorCode::Conflict,
        format!(
            "iotDomainGroupId: the group '{}' is {}; it must be ACTIVE",
            group.common.id,
            group.common.lifecycle.as_str()
        ),
    ))
}

/// `<tenancy OCID>:<Group>` or `<tenancy OCID>:<IdentityDomain>/<Group>` (control-plane.md 4.2).
fn identity_groups(groups: &[String], findings: &mut Findings) {
    let member = "dbAllowListedIdentityGroupNames";
    if groups.len() > IDENTITY_GROUPS_MAX {
        findings.add(format!("{member}: at most {IDENTITY_GROUPS_MAX}"));
    }
    findings.no_duplicates(member, groups);
    for group in groups {
        let form = group.split_once(':').is_some_and(|(tenancy, name)| {
            tenancy.starts_with("ocid1.tenancy.")
                && !name.is_empty()
                && name.split('/').count() <= 2
                && name.split('/').all(|part| !part.is_empty())
        });
        if !form {
            findings.add(format!(
                "{member}: '{group}' is neither <tenancy OCID>:<group> nor <tenancy OCID>:<identity domain>/<group>"
            ));
        }
    }
}

/// A host, with a port if need be.
fn issuer_host(host: &str, findings: &mut Findings) {
    let (name, port) = host.split_once(':').unwrap_or((host, "443"));
    let labels = !name.is_empty()
        && host.len() <= 255
        && name.split('.').all(|label| {
            !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        });
    if !labels || port.parse::<u16>().is_err() {
        findings.add(format!(
            "dbAllowedIdentityDomainHost: '{host}' is no host; give the name alone, without https://"
        ));
    }
}
