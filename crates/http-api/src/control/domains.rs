//! Operations on domains.

use iot_api::domains::{IotDomain, IotDomainParts};
use platform::Refusal;
use platform::clock::rfc3339;
use platform::list::Field;
use platform::store::{Domain, TokenIssuer};

use super::{Call, DOMAIN_STATES, accepted, with_etag};
use crate::answer::{Answer, json};

pub(super) async fn create(call: &Call<'_>) -> Result<Answer, Refusal> {
    let creation = call.platform.domain_new(call.details()?).await?;
    call.create(creation, |resource| answer(call, resource, 202)).await
}

pub(super) async fn get(call: &Call<'_>) -> Result<Answer, Refusal> {
    Ok(answer(call, &call.platform.domain_get(&call.id).await?, 200))
}

pub(super) async fn list(call: &Call<'_>) -> Result<Answer, Refusal> {
    let filters = [
        ("id", Field::Id),
        ("iotDomainGroupId", Field::GroupId),
        ("displayName", Field::DisplayName),
        ("lifecycleState", Field::LifecycleState),
    ];
    let query = call.list_in_compartment(&filters, DOMAIN_STATES)?;
    call.page(&query, wire).await
}

pub(super) async fn update(call: &Call<'_>) -> Result<Answer, Refusal> {
    let asked = call.details()?;
    let work_id = call.platform.domain_update(call.target(), &asked).await?;
    Ok(accepted(&work_id))
}

pub(super) async fn delete(call: &Call<'_>) -> Result<Answer, Refusal> {
    Ok(accepted(&call.platform.domain_delete(call.target()).await?))
}

pub(super) async fn change_compartment(call: &Call<'_>) -> Result<Answer, Refusal> {
    let asked = call.details()?;
    Ok(accepted(&call.platform.domain_move(call.target(), &asked).await?))
}

pub(super) async fn change_retention(call: &Call<'_>) -> Result<Answer, Refusal> {
    let asked = call.details()?;
    Ok(accepted(&call.platform.domain_retention(call.target(), &asked).await?))
}

pub(super) async fn configure_data_access(call: &Call<'_>) -> Result<Answer, Refusal> {
    let asked = call.details()?;
    Ok(accepted(&call.platform.domain_data_access(call.target(), &asked).await?))
}

fn answer(call: &Call<'_>, resource: &Domain, status: u16) -> Answer {
    let mut body = wire(resource);
    body.parts = Some(parts(call, resource));
    with_etag(json(status, &body), &resource.common.etag)
}

fn parts(call: &Call<'_>, domain: &Domain) -> IotDomainParts {
    let names = call.platform.names();
    let issuer = domain.token_issuer.as_ref().map(|issuer| match issuer {
        TokenIssuer::Own => names.with_port(&names.identity(call.platform.identity_id())),
        TokenIssuer::Other(host) => host.clone(),
    });
    IotDomainParts {
        device_host: Some(names.device(&domain.short_id)),
        db_allow_listed_identity_group_names: domain.identity_groups.clone(),
        db_allowed_identity_domain_host: issuer,
        data_retention_periods_in_days: Some(domain.retention),
    }
}

fn wire(domain: &Domain) -> IotDomain {
    let common = domain.common.clone();
    IotDomain {
        id: common.id,
        iot_domain_group_id: domain.group_id.clone(),
        compartment_id: common.parent_id,
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
