//! Operations on domain groups.

use iot_api::domains::{IotDomainGroup, IotDomainGroupParts};
use platform::Refusal;
use platform::clock::rfc3339;
use platform::list::Field;
use platform::store::DomainGroup;

use super::{Call, DOMAIN_STATES, accepted, with_etag};
use crate::answer::{Answer, json};

pub(super) async fn create(call: &Call<'_>) -> Result<Answer, Refusal> {
    let creation = call.platform.domain_group_new(call.details()?)?;
    call.create(creation, |resource| answer(call, resource, 202)).await
}

pub(super) async fn get(call: &Call<'_>) -> Result<Answer, Refusal> {
    Ok(answer(call, &call.platform.domain_group_get(&call.id).await?, 200))
}

pub(super) async fn list(call: &Call<'_>) -> Result<Answer, Refusal> {
    let filters = [
        ("id", Field::Id),
        ("type", Field::GroupType),
        ("displayName", Field::DisplayName),
        ("lifecycleState", Field::LifecycleState),
    ];
    let query = call.list_in_compartment(&filters, DOMAIN_STATES)?;
    call.page(&query, wire).await
}

pub(super) async fn update(call: &Call<'_>) -> Result<Answer, Refusal> {
    let asked = call.details()?;
    let work_id = call.platform.domain_group_update(call.target(), &asked).await?;
    Ok(accepted(&work_id))
}

pub(super) async fn delete(call: &Call<'_>) -> Result<Answer, Refusal> {
    Ok(accepted(&call.platform.domain_group_delete(call.target()).await?))
}

pub(super) async fn change_compartment(call: &Call<'_>) -> Result<Answer, Refusal> {
    let asked = call.details()?;
    Ok(accepted(&call.platform.domain_group_move(call.target(), &asked).await?))
}

pub(super) async fn configure_data_access(call: &Call<'_>) -> Result<Answer, Refusal> {
    let asked = call.details()?;
    Ok(accepted(&call.platform.domain_group_data_access(call.target(), asked).await?))
}

fn answer(call: &Call<'_>, resource: &DomainGroup, status: u16) -> Answer {
    let mut body = wire(resource);
    body.parts = Some(parts(call, resource));
    with_etag(json(status, &body), &resource.common.etag)
}

fn parts(call: &Call<'_>, group: &DomainGroup) -> IotDomainGroupParts {
    let names = call.platform.names();
    // The platform has no database that clients connect to.
    IotDomainGroupParts {
        data_host: Some(names.with_port(&names.data(&group.short_id))),
        db_allow_listed_vcn_ids: group.vcn_ids.clone(),
        db_connection_string: None,
        db_token_scope: None,
    }
}

fn wire(group: &DomainGroup) -> IotDomainGroup {
    let common = group.common.clone();
    IotDomainGroup {
        id: common.id,
        compartment_id: common.parent_id,
        group_type: group.group_type.clone(),
        display_name: common.display_name,
        description: common.description,
        parts: None,
        lifecycle_state: common.lifecycle.as_str().to_owned(),
        freeform_tags: common.tags.freeform_tags,
        defined_tags: common.tags.defined_tags,
        system_tags: Default::default(),
        time_created: rfc3339(common.time_created_us),
        time_updated: Some(rfc3339(common.time_updated_us)),
    }
}
