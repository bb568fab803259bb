//! Operations on relationships.

use iot_api::relationships::DigitalTwinRelationship;
use platform::Refusal;
use platform::clock::rfc3339;
use platform::list::Field;
use platform::store::Relationship;
use serde_json::value::RawValue;

use super::{Call, with_etag};
use crate::answer::{Answer, empty, json};

pub(super) async fn create(call: &Call<'_>) -> Result<Answer, Refusal> {
    let creation = call.platform.relationship_new(call.details()?).await?;
    call.create(creation, answer).await
}

pub(super) async fn get(call: &Call<'_>) -> Result<Answer, Refusal> {
    Ok(answer(&call.platform.relationship_get(&call.id).await?))
}

pub(super) async fn list(call: &Call<'_>) -> Result<Answer, Refusal> {
    let query = call
        .list_in_domain(&[
            ("id", Field::Id),
            ("displayName", Field::DisplayName),
            ("contentPath", Field::ContentPath),
            ("sourceDigitalTwinInstanceId", Field::SourceId),
            ("targetDigitalTwinInstanceId", Field::TargetId),
            ("lifecycleState", Field::LifecycleState),
        ])
        .await?;
    call.page(&query, wire).await
}

pub(super) async fn update(call: &Call<'_>) -> Result<Answer, Refusal> {
    let if_match = call.if_match.as_deref();
    let details = call.details()?;
    Ok(answer(&call.platform.relationship_update(&call.id, if_match, &details).await?))
}

pub(super) async fn delete(call: &Call<'_>) -> Result<Answer, Refusal> {
    call.platform.relationship_delete(&call.id, call.if_match.clone()).await?;
    Ok(empty(204))
}

fn answer(relationship: &Relationship) -> Answer {
    let mut body = wire(relationship);
    let content = relationship.content.clone();
    body.content = Some(content.and_then(|text| RawValue::from_string(text).ok()));
    with_etag(json(200, &body), &relationship.common.etag)
}

fn wire(relationship: &Relationship) -> DigitalTwinRelationship {
    let common = relationship.common.clone();
    DigitalTwinRelationship {
        id: common.id,
        iot_domain_id: common.parent_id,
        display_name: common.display_name,
        description: common.description,
        content_path: relationship.content_path.clone(),
        source_digital_twin_instance_id: relationship.source_id.clone(),
        target_digital_twin_instance_id: relationship.target_id.clone(),
        content: None,
        lifecycle_state: common.lifecycle.as_str().to_owned(),
        freeform_tags: common.tags.freeform_tags,
        defined_tags: common.tags.defined_tags,
        system_tags: Default::default(),
        time_created: rfc3339(common.time_created_us),
        time_updated: Some(rfc3339(common.time_updated_us)),
    }
}
