//! Operations on models.

use iot_api::models::DigitalTwinModel;
use platform::Refusal;
use platform::clock::rfc3339;
use platform::list::Field;
use platform::store::Model;

use super::{Call, with_etag};
use crate::answer::{Answer, empty, json, text};

pub(super) async fn create(call: &Call<'_>) -> Result<Answer, Refusal> {
    let creation = call.platform.model_new(call.details()?).await?;
    call.create(creation, answer).await
}

pub(super) async fn get(call: &Call<'_>) -> Result<Answer, Refusal> {
    Ok(answer(&call.platform.model_get(&call.id).await?))
}

pub(super) async fn spec(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (model, spec) = call.platform.model_spec(&call.id).await?;
    Ok(with_etag(text(200, "application/json", spec), &model.common.etag))
}

pub(super) async fn list(call: &Call<'_>) -> Result<Answer, Refusal> {
    let query = call
        .list_in_domain(&[
            ("id", Field::Id),
            ("displayName", Field::DisplayName),
            ("specUriStartsWith", Field::SpecUriPrefix),
            ("lifecycleState", Field::LifecycleState),
        ])
        .await?;
    call.page(&query, wire).await
}

pub(super) async fn update(call: &Call<'_>) -> Result<Answer, Refusal> {
    let if_match = call.if_match.as_deref();
    Ok(answer(&call.platform.model_update(&call.id, if_match, &call.details()?).await?))
}

pub(super) async fn delete(call: &Call<'_>) -> Result<Answer, Refusal> {
    call.platform.model_delete(&call.id, call.if_match.clone()).await?;
    Ok(empty(204))
}

fn answer(model: &Model) -> Answer {
    with_etag(json(200, &wire(model)), &model.common.etag)
}

fn wire(model: &Model) -> DigitalTwinModel {
    let common = model.common.clone();
    DigitalTwinModel {
        id: common.id,
        iot_domain_id: common.parent_id,
        spec_uri: model.spec_uri.clone(),
        display_name: common.display_name,
        description: common.description,
        lifecycle_state: common.lifecycle.as_str().to_owned(),
        freeform_tags: common.tags.freeform_tags,
        defined_tags: common.tags.defined_tags,
        system_tags: Default::default(),
        time_created: rfc3339(common.time_created_us),
        time_updated: Some(rfc3339(common.time_updated_us)),
    }
}
