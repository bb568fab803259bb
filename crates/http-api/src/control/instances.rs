//! Operations on instances.

use iot_api::instances::DigitalTwinInstance;
use platform::Refusal;
use platform::clock::rfc3339;
use platform::list::Field;
use platform::store::Instance;

use super::{Call, with_etag};
use crate::answer::{Answer, empty, json};

pub(super) async fn create(call: &Call<'_>) -> Result<Answer, Refusal> {
    let creation = call.platform.instance_new(call.details()?, &call.caller).await?;
    call.create(creation, answer).await
}

pub(super) async fn get(call: &Call<'_>) -> Result<Answer, Refusal> {
    Ok(answer(&call.platform.instance_get(&call.id).await?))
}

pub(super) async fn content(call: &Call<'_>) -> Result<Answer, Refusal> {
    let with_metadata = match call.query.get("shouldIncludeMetadata") {
        None => false,
        Some(text) if text.eq_ignore_ascii_case("true") => true,
        Some(text) if text.eq_ignore_ascii_case("false") => false,
        Some(other) => {
            let message = format!("shouldIncludeMetadata is '{other}'; it must be true or false");
            return Err(Refusal::invalid(message));
        }
    };
    let (content, etag) = call.platform.instance_content(&call.id, with_metadata).await?;
    Ok(with_etag(json(200, &content), &etag))
}

pub(super) async fn list(call: &Call<'_>) -> Result<Answer, Refusal> {
    let query = call
        .list_in_domain(&[
            ("id", Field::Id),
            ("displayName", Field::DisplayName),
            ("lifecycleState", Field::LifecycleState),
            ("digitalTwinModelId", Field::ModelId),
            ("digitalTwinModelSpecUri", Field::SpecUri),
            ("connectivityType", Field::ConnectivityType),
        ])
        .await?;
    call.page(&query, wire).await
}

pub(super) async fn update(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (if_match, asked) = (call.if_match.as_deref(), call.details()?);
    let updated = call.platform.instance_update(&call.id, if_match, &asked, &call.caller).await?;
    Ok(answer(&updated))
}

pub(super) async fn delete(call: &Call<'_>) -> Result<Answer, Refusal> {
    call.platform.instance_delete(&call.id, call.if_match.clone()).await?;
    Ok(empty(204))
}

fn answer(instance: &Instance) -> Answer {
    with_etag(json(200, &wire(instance)), &instance.common.etag)
}

fn wire(instance: &Instance) -> DigitalTwinInstance {
    let common = instance.common.clone();
    DigitalTwinInstance {
        id: common.id,
        iot_domain_id: common.parent_id,
        connectivity_type: instance.connectivity_type.clone(),
        auth_id: instance.auth_id.clone(),
        external_key: Some(instance.external_key.clone()),
        display_name: common.display_name,
        description: common.description,
        digital_twin_model_id: instance.model_id.clone(),
        digital_twin_model_spec_uri: instance.spec_uri.clone(),
        digital_twin_adapter_id: instance.adapter_id.clone(),
        gateways: (!instance.gateways.is_empty()).then(|| instance.gateways.clone()),
        lifecycle_state: common.lifecycle.as_str().to_owned(),
        freeform_tags: common.tags.freeform_tags,
        defined_tags: common.tags.defined_tags,
        system_tags: Default::default(),
        time_created: rfc3339(common.time_created_us),
        time_updated: Some(rfc3339(common.time_updated_us)),
    }
}
