//! Operations on adapters.

use iot_api::adapters::DigitalTwinAdapter;
use platform::Refusal;
use platform::adapters::AdapterView;
use platform::clock::rfc3339;
use platform::list::Field;
use platform::store::Adapter;
use serde_json::value::RawValue;

use super::{Call, with_etag};
use crate::answer::{Answer, empty, json};

pub(super) async fn create(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (creation, view) = call.platform.adapter_new(call.details()?).await?;
    call.create::<Adapter>(creation, |_| answer(view)).await
}

pub(super) async fn get(call: &Call<'_>) -> Result<Answer, Refusal> {
    Ok(answer(call.platform.adapter_get(&call.id).await?))
}

pub(super) async fn list(call: &Call<'_>) -> Result<Answer, Refusal> {
    let query = call
        .list_in_domain(&[
            ("id", Field::Id),
            ("displayName", Field::DisplayName),
            ("digitalTwinModelId", Field::ModelId),
            ("digitalTwinModelSpecUri", Field::SpecUri),
            ("lifecycleState", Field::LifecycleState),
        ])
        .await?;
    call.page(&query, wire).await
}

pub(super) async fn update(call: &Call<'_>) -> Result<Answer, Refusal> {
    let if_match = call.if_match.as_deref();
    Ok(answer(call.platform.adapter_update(&call.id, if_match, &call.details()?).await?))
}

pub(super) async fn delete(call: &Call<'_>) -> Result<Answer, Refusal> {
    call.platform.adapter_delete(&call.id, call.if_match.clone()).await?;
    Ok(empty(204))
}

fn answer(view: AdapterView) -> Answer {
    let mut body = wire(&view.adapter);
    body.inbound_envelope = RawValue::from_string(view.envelope).ok();
    body.inbound_routes = RawValue::from_string(view.routes).ok();
    with_etag(json(200, &body), &view.adapter.common.etag)
}

fn wire(adapter: &Adapter) -> DigitalTwinAdapter {
    let common = adapter.common.clone();
    DigitalTwinAdapter {
        id: common.id,
        iot_domain_id: common.parent_id,
        digital_twin_model_id: adapter.model_id.clone(),
        digital_twin_model_spec_uri: adapter.spec_uri.clone(),
        display_name: common.display_name,
        description: common.description,
        inbound_envelope: None,
        inbound_routes: None,
        lifecycle_state: common.lifecycle.as_str().to_owned(),
        freeform_tags: common.tags.freeform_tags,
        defined_tags: common.tags.defined_tags,
        system_tags: Default::default(),
        time_created: rfc3339(common.time_created_us),
        time_updated: Some(rfc3339(common.time_updated_us)),
    }
}
