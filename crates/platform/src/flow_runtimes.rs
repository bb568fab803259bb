//! Flow runtimes and their flows documents (control-plane.md 3.7, 4.8). They are kept, not run.

use iot_api::domains::ChangeCompartmentDetails;
use iot_api::flow_runtimes::{
    CreateIotFlowRuntimeDetails, NetworkConfigDetails, UpdateIotFlowRuntimeDetails,
};
use serde::Serialize;

use crate::changes::{Target, common_change};
use crate::error::Refusal;
use crate::first_start::short_id;
use crate::limits::{FILE_MOUNTS_MAX, SECURITY_GROUPS_MAX};
use crate::platform::Platform;
use crate::store::{Creation, FlowRuntime, Kind, Lifecycle};
use crate::validate::{Asked, Findings};
use crate::work::{Job, steady};

const SCALES: [&str; 5] = ["LOWEST", "LOW", "MEDIUM", "HIGH", "HIGHEST"];

impl Platform {
    /// A new flow runtime, to be kept by [`Platform::resource_create`].
    ///
    /// # Errors
    /// `InvalidParameter` with every finding, `RelatedResourceNotAuthorizedOrNotFound`.
    pub async fn flow_runtime_new(
        &self,
        asked: Asked<CreateIotFlowRuntimeDetails>,
    ) -> Result<Creation, Refusal> {
        let Asked { details, mut findings } = asked;
        let word = Kind::FlowRuntime.type_word();
        let mut common = self.new_common(word, details.compartment_id, details.display_name);
        common.description = details.description;
        common.tags = findings.new_tags(details.freeform_tags, details.defined_tags);
        common.lifecycle = Lifecycle::Creating;
        findings.common(&common);
        findings.settle(self.domain_of_body(&details.iot_domain_id).await)?;
        let runtime = FlowRuntime {
            common,
            domain_id: details.iot_domain_id,
            short_id: short_id(),
            scale: details.scale.unwrap_or_else(|| "MEDIUM".to_owned()),
            log_config: details.log_config.as_ref().map(text),
            network_config: details.network_config.as_ref().map(text),
        };
        check(&runtime, details.network_config.as_ref(), &mut findings);
        findings.check()?;
        let work = self.new_work(
            "CREATE_IOT_FLOW_RUNTIME",
            Kind::FlowRuntime,
            &runtime.common,
            Lifecycle::Active,
        );
        let document = Some("{}".to_owned());
        Ok(Creation { document, work: Some(work), ..Creation::of(runtime) })
    }

    /// A flow runtime.
    ///
    /// # Errors
    /// `NotAuthorizedOrNotFound`.
    pub async fn flow_runtime_get(&self, id: &str) -> Result<FlowRuntime, Refusal> {
        self.known(id).await
    }

    /// Changes a flow runtime; the work request's OCID, as of all that follow.
    ///
    /// # Errors
    /// `InvalidParameter` with every finding, `NoEtagMatch`, `NotAuthorizedOrNotFound`,
    /// `IncorrectState` while another change runs.
    pub async fn flow_runtime_update(
        &self,
        target: Target<'_>,
        asked: &Asked<UpdateIotFlowRuntimeDetails>,
    ) -> Result<String, Refusal> {
        self.runtime_change(target, Job::update("UPDATE_IOT_FLOW_RUNTIME"), |runtime| {
            let Asked { details, findings } = asked;
            let mut findings = findings.clone();
            common_change!(details).apply(&mut runtime.common, &mut findings);
            if let Some(scale) = &details.scale {
                runtime.scale.clone_from(scale);
            }
            if let Some(config) = &details.log_config {
                runtime.log_config = config.as_ref().map(text);
            }
            if let Some(config) = &details.network_config {
                runtime.network_config = config.as_ref().map(text);
            }
            let network = details.network_config.as_ref().and_then(Option::as_ref);
            check(runtime, network, &mut findings);
            findings.check()
        })
        .await
    }

    /// Deletes a flow runtime.
    ///
    /// # Errors
    /// See [`Platform::flow_runtime_update`].
    pub async fn flow_runtime_delete(&self, target: Target<'_>) -> Result<String, Refusal> {
        self.runtime_change(target, Job::delete("DELETE_IOT_FLOW_RUNTIME"), |_| Ok(())).await
    }

    /// Moves a flow runtime to another compartment.
    ///
    /// # Errors
    /// See [`Platform::flow_runtime_update`].
    pub async fn flow_runtime_move(
        &self,
        target: Target<'_>,
        asked: &Asked<ChangeCompartmentDetails>,
    ) -> Result<String, Refusal> {
        self.runtime_change(target, Job::update("MOVE_IOT_FLOW_RUNTIME"), |runtime| {
            asked.details.compartment_id.clone_into(&mut runtime.common.parent_id);
            asked.findings.clone().check()
        })
        .await
    }

    /// Makes a flow runtime ACTIVE or INACTIVE.
    ///
    /// # Errors
    /// See [`Platform::flow_runtime_update`].
    pub async fn flow_runtime_switch(
        &self,
        target: Target<'_>,
        active: bool,
    ) -> Result<String, Refusal> {
        let (operation, state) = match active {
            true => ("ACTIVATE_IOT_FLOW_RUNTIME", Lifecycle::Active),
            false => ("DEACTIVATE_IOT_FLOW_RUNTIME", Lifecycle::Inactive),
        };
        let job = Job { operation, passing: Lifecycle::Updating, leads_to: Some(state) };
        self.runtime_change(target, job, |_| Ok(())).await
    }

    /// The flows document and the runtime's etag.
    ///
    /// # Errors
    /// `NotAuthorizedOrNotFound`.
    pub async fn flows_get(&self, id: &str) -> Result<(String, String), Refusal> {
        let runtime: FlowRuntime = self.live(id, None).await?;
        let flows = self.store().resource_document(Kind::FlowRuntime, id).await?;
        Ok((flows.unwrap_or_else(|| "{}".to_owned()), runtime.common.etag))
    }

    /// Replaces the flows document, JSON text of an object; the new etag.
    ///
    /// # Errors
    /// `NoEtagMatch`, `NotAuthorizedOrNotFound`, `IncorrectState` while a change runs.
    pub async fn flows_update(&self, target: Target<'_>, flows: &str) -> Result<String, Refusal> {
        loop {
            let runtime: FlowRuntime = self.live(target.id, target.if_match).await?;
            steady(&runtime)?;
            let replaced =
                self.replace(runtime, |update| update.document = Some(flows.to_owned())).await?;
            if let Some(runtime) = replaced {
                return Ok(runtime.common.etag);
            }
        }
    }

    async fn runtime_change(
        &self,
        target: Target<'_>,
        job: Job,
        change: impl FnMut(&mut FlowRuntime) -> Result<(), Refusal> + Send,
    ) -> Result<String, Refusal> {
        self.work_accept(target, job, Vec::new(), change).await
    }
}

fn text<T: Serialize>(config: &T) -> String {
    serde_json::to_string(config).unwrap_or_default()
}

fn check(runtime: &FlowRuntime, network: Option<&NetworkConfigDetails>, findings: &mut Findings) {
    if !SCALES.contains(&runtime.scale.as_str()) {
        let scale = &runtime.scale;
        findings.add(format!("scale: '{scale}' is none of {}", SCALES.join(", ")));
    }
    let Some(network) = network else { return };
    let groups = network.network_security_group_ids.as_deref().unwrap_or_default();
    if groups.len() > SECURITY_GROUPS_MAX {
        findings
            .add(format!("networkConfig.networkSecurityGroupIds: at most {SECURITY_GROUPS_MAX}"));
    }
    findings.no_duplicates("networkConfig.networkSecurityGroupIds", groups);
    let Some(mounts) = &network.file_storage_mounts else { return };
    if mounts.is_empty() || mounts.len() > FILE_MOUNTS_MAX {
        findings.add(format!("networkConfig.fileStorageMounts: 1 to {FILE_MOUNTS_MAX}"));
    }
    for (no, mount) in mounts.iter().enumerate() {
        let path = &mount.mount_path;
        if path.is_empty() || path.starts_with('/') || path.ends_with('/') {
            findings.add(format!(
                "networkConfig.fileStorageMounts[{no}].mountPath: '{path}' must be relative to /mnt, without a slash at its ends"
            ));
        }
    }
}
