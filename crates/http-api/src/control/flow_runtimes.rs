//! Operations on flow runtimes.

use iot_api::flow_runtimes::{IotFlowRuntime, IotFlowRuntimeParts};
use platform::Refusal;
use platform::clock::rfc3339;
use platform::list::Field;
use platform::store::FlowRuntime;

use super::{Call, FLOW_STATES, accepted, with_etag};
use crate::answer::{Answer, json, text};

/// The body of an operation that takes none.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct NoDetails {}

pub(super) async fn create(call: &Call<'_>) -> Result<Answer, Refusal> {
    let creation = call.platform.flow_runtime_new(call.details()?).await?;
    call.create(creation, |resource| answer(call, resource, 202)).await
}

pub(super) async fn get(call: &Call<'_>) -> Result<Answer, Refusal> {
    Ok(answer(call, &call.platform.flow_runtime_get(&call.id).await?, 200))
}

pub(super) async fn list(call: &Call<'_>) -> Result<Answer, Refusal> {
    let filters = [
        ("id", Field::Id),
        ("iotDomainId", Field::DomainId),
        ("displayName", Field::DisplayName),
        ("lifecycleState", Field::LifecycleState),
    ];
    let query = call.list_in_compartment(&filters, FLOW_STATES)?;
    call.page(&query, wire).await
}

pub(super) async fn update(call: &Call<'_>) -> Result<Answer, Refusal> {
    let asked = call.details()?;
    let work_id = call.platform.flow_runtime_update(call.target(), &asked).await?;
    Ok(accepted(&work_id))
}

pub(super) async fn delete(call: &Call<'_>) -> Result<Answer, Refusal> {
    Ok(accepted(&call.platform.flow_runtime_delete(call.target()).await?))
}

pub(super) async fn change_compartment(call: &Call<'_>) -> Result<Answer, Refusal> {
    let asked = call.details()?;
    Ok(accepted(&call.platform.flow_runtime_move(call.target(), &asked).await?))
}

pub(super) async fn switch(call: &Call<'_>, active: bool) -> Result<Answer, Refusal> {
    // The operation has no body; an empty object is as good as none.
    if !call.body.is_empty() {
        call.details::<NoDetails>()?.checked()?;
    }
    Ok(accepted(&call.platform.flow_runtime_switch(call.target(), active).await?))
}

pub(super) async fn flows(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (flows, etag) = call.platform.flows_get(&call.id).await?;
    Ok(with_etag(text(200, "application/json", flows), &etag))
}

pub(super) async fn update_flows(call: &Call<'_>) -> Result<Answer, Refusal> {
    // Opaque, but an object: some clients cannot read anything else (control-plane.md 3.7).
    let flows: serde_json::Map<String, serde_json::Value> = call.details()?.checked()?;
    let flows = serde_json::Value::Object(flows).to_string();
    let etag = call.platform.flows_update(call.target(), &flows).await?;
    Ok(with_etag(text(200, "application/json", flows), &etag))
}

fn answer(call: &Call<'_>, resource: &FlowRuntime, status: u16) -> Answer {
    let mut body = wire(resource);
    body.parts = Some(parts(call, resource));
    with_etag(json(status, &body), &resource.common.etag)
}

fn parts(call: &Call<'_>, runtime: &FlowRuntime) -> IotFlowRuntimeParts {
    IotFlowRuntimeParts {
        log_config: read(runtime.log_config.as_deref()),
        network_config: read(runtime.network_config.as_deref()),
        flow_runtime_host: Some(call.platform.names().flows(&runtime.short_id)),
    }
}

fn wire(runtime: &FlowRuntime) -> IotFlowRuntime {
    let common = runtime.common.clone();
    IotFlowRuntime {
        id: common.id,
        iot_domain_id: runtime.domain_id.clone(),
        compartment_id: common.parent_id,
        display_name: common.display_name,
        description: common.description,
        scale: runtime.scale.clone(),
        parts: None,
        lifecycle_state: common.lifecycle.as_str().to_owned(),
        freeform_tags: common.tags.freeform_tags,
        defined_tags: common.tags.defined_tags,
        system_tags: Default::default(),
        time_created: rfc3339(common.time_created_us),
        time_updated: Some(rfc3339(common.time_updated_us)),
    }
}

/// A member kept as JSON text.
fn read<T: serde::de::DeserializeOwned>(text: Option<&str>) -> Option<T> {
    serde_json::from_str(text?).ok()
}
