//! Domain groups (control-plane.md 3.1, 5.2), and the hosts that groups and domains have.

use iot_api::domains::{
    ChangeCompartmentDetails, ConfigureIotDomainGroupDataAccessDetails,
    CreateIotDomainGroupDetails, UpdateIotDomainDetails,
};

use crate::changes::{Target, common_change};
use crate::error::Refusal;
use crate::first_start::short_id;
use crate::limits::{REFERRING_NAMED_MAX, VCNS_MAX};
use crate::list::Field;
use crate::platform::Platform;
use crate::store::{Ceiling, Creation, DomainGroup, Kind, Lifecycle, StoreError, Stored};
use crate::validate::Asked;
use crate::work::Job;

/// Told the host names of all groups and domains whenever they change; the error is for the log of
/// the work request that changed them.
pub type HostsSink = Box<dyn Fn(&[String]) -> Result<(), String> + Send + Sync>;

impl Platform {
    /// The group with this OCID, DELETED ones too.
    ///
    /// # Errors
    /// `NotAuthorizedOrNotFound` when there is none.
    pub async fn domain_group_get(&self, id: &str) -> Result<DomainGroup, Refusal> {
        self.known(id).await
    }

    /// A new group, to be kept by [`Platform::resource_create`].
    ///
    /// # Errors
    /// `InvalidParameter` with every finding, `RelatedResourceNotAuthorizedOrNotFound`,
    /// `LimitExceeded`.
    pub fn domain_group_new(
        &self,
        asked: Asked<CreateIotDomainGroupDetails>,
    ) -> Result<Creation, Refusal> {
        let Asked { details, mut findings } = asked;
        let word = Kind::DomainGroup.type_word();
        let mut common = self.new_common(word, details.compartment_id, details.display_name);
        common.description = details.description;
        common.tags = findings.new_tags(details.freeform_tags, details.defined_tags);
        common.lifecycle = Lifecycle::Creating;
        findings.common(&common);
        let group_type = match details.group_type.as_deref() {
            None | Some("DEVELOPMENT" | "LIGHTWEIGHT") => "DEVELOPMENT",
            Some("PRODUCTION" | "STANDARD") => "PRODUCTION",
            Some(other) => {
                findings.add(format!("type: '{other}' is neither PRODUCTION nor DEVELOPMENT"));
                ""
            }
        };
        findings.check()?;
        let (kind, leads_to) = (Kind::DomainGroup, Lifecycle::Active);
        let work = self.new_work("CREATE_IOT_DOMAIN_GROUP", kind, &common, leads_to);
        let group = DomainGroup {
            common,
            short_id: short_id(),
            group_type: group_type.to_owned(),
            vcn_ids: None,
        };
        let mut creation = Creation { work: Some(work), ..Creation::of(group) };
        creation.ceilings.extend(self.limits().domain_groups.map(|most| Ceiling {
            kind,
            filters: Vec::new(),
            most,
            refusal: StoreError::LimitExceeded(format!(
                "the tenancy has {most} domain groups, which is the limit"
            )),
        }));
        Ok(creation)
    }

    /// Changes name, description and tags; the work request's OCID, as of all that follow.
    ///
    /// # Errors
    /// `InvalidParameter` with every finding, `NoEtagMatch`, `NotAuthorizedOrNotFound`,
    /// `IncorrectState` while the group or a domain of it is changed.
    pub async fn domain_group_update(
        &self,
        target: Target<'_>,
        asked: &Asked<UpdateIotDomainDetails>,
    ) -> Result<String, Refusal> {
        let job = Job::update("UPDATE_IOT_DOMAIN_GROUP");
        self.work_accept(target, job, domains_busy(target.id), |group: &mut DomainGroup| {
            let Asked { details, findings } = asked;
            let mut findings = findings.clone();
            common_change!(details).apply(&mut group.common, &mut findings);
            findings.check()
        })
        .await
    }

    /// Deletes a group without domains.
    ///
    /// # Errors
    /// See [`Platform::domain_group_update`]; `Conflict` while it has domains.
    pub async fn domain_group_delete(&self, target: Target<'_>) -> Result<String, Refusal> {
        let mut ceilings = domains_busy(target.id);
        let domains = self.store().domain_all().await?.into_iter();
        let domains = domains.filter(|domain| domain.group_id == target.id);
        let ids: Vec<_> =
            domains.take(REFERRING_NAMED_MAX).map(|domain| domain.common.id).collect();
        let text = format!("the group still has domains; delete them first: {}", ids.join(", "));
        ceilings.push(Ceiling {
            kind: Kind::Domain,
            filters: vec![(Field::GroupId, target.id.to_owned())],
            most: 1,
            refusal: StoreError::InUse(text),
        });
        let job = Job::delete("DELETE_IOT_DOMAIN_GROUP");
        self.work_accept(target, job, ceilings, |_: &mut DomainGroup| Ok(())).await
    }

    /// Moves a group to another compartment; its domains stay where they are.
    ///
    /// # Errors
    /// See [`Platform::domain_group_update`].
    pub async fn domain_group_move(
        &self,
        target: Target<'_>,
        asked: &Asked<ChangeCompartmentDetails>,
    ) -> Result<String, Refusal> {
        let job = Job::update("MOVE_IOT_DOMAIN_GROUP");
        self.work_accept(target, job, Vec::new(), |group: &mut DomainGroup| {
            asked.details.compartment_id.clone_into(&mut group.common.parent_id);
            asked.findings.clone().check()
        })
        .await
    }

    /// Replaces the list of networks that may reach the database.
    ///
    /// # Errors
    /// See [`Platform::domain_group_update`].
    pub async fn domain_group_data_access(
        &self,
        target: Target<'_>,
        asked: Asked<ConfigureIotDomainGroupDataAccessDetails>,
    ) -> Result<String, Refusal> {
        let Asked { details, mut findings } = asked;
        let vcn_ids = details.db_allow_listed_vcn_ids;
        if vcn_ids.len() > VCNS_MAX {
            findings.add(format!("dbAllowListedVcnIds: at most {VCNS_MAX}"));
        }
        findings.no_duplicates("dbAllowListedVcnIds", &vcn_ids);
        for id in vcn_ids.iter().filter(|id| !id.starts_with("ocid1.vcn.")) {
            findings.add(format!("dbAllowListedVcnIds: '{id}' is no OCID of a VCN"));
        }
        findings.check()?;
        let job = Job::update("CONFIGURE_DOMAIN_GROUP_DATA_ACCESS");
        self.work_accept(target, job, domains_busy(target.id), |group: &mut DomainGroup| {
            group.vcn_ids = Some(vcn_ids.clone());
            Ok(())
        })
        .await
    }

    /// Host names of all groups and domains, in the order of their creation.
    ///
    /// # Errors
    /// The store's.
    pub async fn hosts(&self) -> Stored<Vec<String>> {
        let there = |state: Lifecycle| state != Lifecycle::Deleting;
        let groups = self.store().domain_group_all().await?.into_iter();
        let groups = groups.filter(|group| there(group.common.lifecycle));
        let data = groups.map(|group| self.names().data(&group.short_id));
        let domains = self.store().domain_all().await?.into_iter();
        let domains = domains.filter(|domain| there(domain.common.lifecycle));
        let devices = domains.map(|domain| self.names().device(&domain.short_id));
        Ok(data.chain(devices).collect())
    }

    /// From now on `sink` is told the hosts whenever they change.
    pub fn hosts_watch(&self, sink: HostsSink) {
        // Only `serve` watches, and once.
        let _ = self.hosts_sink.set(sink);
    }

    pub(crate) async fn hosts_announce(&self) -> Result<(), String> {
        let Some(sink) = self.hosts_sink.get() else { return Ok(()) };
        let hosts = self.hosts().await.map_err(|error| format!("{error:?}"))?;
        sink(&hosts)
    }
}

/// A group waits for the work requests of its domains.
fn domains_busy(group_id: &str) -> Vec<Ceiling> {
    let passing = Lifecycle::ALL.into_iter().filter(|state| state.is_passing());
    passing
        .map(|state| Ceiling {
            kind: Kind::Domain,
            filters: vec![
                (Field::GroupId, group_id.to_owned()),
                (Field::LifecycleState, state.as_str().to_owned()),
            ],
            most: 1,
            refusal: StoreError::Busy(format!(
                "a domain of the group is {}; wait until its work request has ended",
                state.as_str()
            )),
        })
        .collect()
}
