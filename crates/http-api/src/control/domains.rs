//! Operations on domains and domain groups.

use iot_api::domains::{IotDomain, IotDomainGroup, IotDomainGroupParts, IotDomainParts};
use platform::Refusal;
use platform::clock::rfc3339;

use super::{Call, with_etag};
use crate::answer::{Answer, json};

pub(super) async fn get(call: &Call<'_>) -> Result<Answer, Refusal> {
    let domain = call.platform.domain_get(&call.id).await?;
    let names = call.platform.names();
    let identity_host = names.with_port(&names.identity(call.platform.identity_id()));
    let common = domain.common;
    let body = IotDomain {
        id: common.id,
        iot_domain_group_id: domain.group_id,
        compartment_id: common.parent_id,
        display_name: common.display_name,
        description: common.description,
        parts: Some(IotDomainParts {
            device_host: Some(names.device(&domain.short_id)),
            db_allow_listed_identity_group_names: None,
            db_allowed_identity_domain_host: Some(identity_host),
            data_retention_periods_in_days: Some(domain.retention),
        }),
        lifecycle_state: common.lifecycle.as_str().to_owned(),
        freeform_tags: common.tags.freeform_tags,
        defined_tags: common.tags.defined_tags,
        system_tags: Default::default(),
        time_created: rfc3339(common.time_created_us),
        time_updated: Some(rfc3339(common.time_updated_us)),
    };
    Ok(with_etag(json(200, &body), &common.etag))
}

pub(super) async fn group_get(call: &Call<'_>) -> Result<Answer, Refusal> {
    let group = call.platform.domain_group_get(&call.id).await?;
    let names = call.platform.names();
    let common = group.common;
    let body = IotDomainGroup {
        id: common.id,
        compartment_id: common.parent_id,
        group_type: "DEVELOPMENT".to_owned(),
        display_name: common.display_name,
        description: common.description,
        parts: Some(IotDomainGroupParts {
            data_host: Some(names.with_port(&names.data(&group.short_id))),
            db_allow_listed_vcn_ids: None,
            db_connection_string: None,
            db_token_scope: None,
        }),
        lifecycle_state: common.lifecycle.as_str().to_owned(),
        freeform_tags: common.tags.freeform_tags,
        defined_tags: common.tags.defined_tags,
        system_tags: Default::default(),
        time_created: rfc3339(common.time_created_us),
        time_updated: Some(rfc3339(common.time_updated_us)),
    };
    Ok(with_etag(json(200, &body), &common.etag))
}
