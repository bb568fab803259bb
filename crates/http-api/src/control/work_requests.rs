//! Operations on work requests.

use iot_api::Collection;
use iot_api::work_requests as wire;
use platform::Refusal;
use platform::clock::rfc3339;
use platform::list::{Field, ListQuery, SortBy, SortKey};
use platform::store::{Kind, Lifecycle, WorkRequest, WorkStatus};

use super::{Call, with_etag, with_next};
use crate::answer::{Answer, json, set};

/// Words of `status`, those of the API that this platform never uses included.
const STATUSES: &[&str] =
    &["ACCEPTED", "IN_PROGRESS", "WAITING", "NEEDS_ATTENTION", "FAILED", "SUCCEEDED"];
const SORT_KEYS: &[SortKey] = &[("timeAccepted", SortBy::TimeCreated)];
const ENTRY_SORT_KEYS: &[SortKey] = &[("timeCreated", SortBy::TimeCreated)];
/// Seconds after which a client should ask again (`retry-after`).
const RETRY_AFTER_SECONDS: &str = "1";

pub(super) async fn get(call: &Call<'_>) -> Result<Answer, Refusal> {
    let work = call.platform.work_get(&call.id).await?;
    let mut answer = with_etag(json(200, &request(&work)), &work.etag);
    set(&mut answer, "retry-after", RETRY_AFTER_SECONDS);
    Ok(answer)
}

pub(super) async fn list(call: &Call<'_>) -> Result<Answer, Refusal> {
    let compartment_id = call.required("compartmentId")?;
    let query = ListQuery::sorted(compartment_id, &call.list_parameters(), SORT_KEYS)?;
    let filters = [("id", Field::Id), ("status", Field::Status), ("resourceId", Field::ResourceId)];
    let query = call.filtered(query, &filters, STATUSES)?;
    let page = call.platform.work_list(query).await?;
    let items = page.items.iter().map(request).collect();
    Ok(with_next(json(200, &Collection { items }), page.next.as_ref()))
}

pub(super) async fn errors(call: &Call<'_>) -> Result<Answer, Refusal> {
    let page = call.platform.work_entries(true, entries(call).await?).await?;
    let items = page.items.into_iter().map(|entry| wire::WorkRequestError {
        code: entry.code.unwrap_or_default(),
        message: entry.message,
        timestamp: rfc3339(entry.time_us),
    });
    let items = items.collect();
    Ok(with_next(json(200, &Collection { items }), page.next.as_ref()))
}

pub(super) async fn logs(call: &Call<'_>) -> Result<Answer, Refusal> {
    let page = call.platform.work_entries(false, entries(call).await?).await?;
    let items = page.items.into_iter().map(|entry| wire::WorkRequestLogEntry {
        message: entry.message,
        timestamp: rfc3339(entry.time_us),
    });
    let items = items.collect();
    Ok(with_next(json(200, &Collection { items }), page.next.as_ref()))
}

async fn entries(call: &Call<'_>) -> Result<ListQuery, Refusal> {
    let work = call.platform.work_get(&call.id).await?;
    ListQuery::sorted(work.id, &call.list_parameters(), ENTRY_SORT_KEYS)
}

fn request(work: &WorkRequest) -> wire::WorkRequest {
    let action = match (work.status, work.leads_to) {
        (WorkStatus::Accepted | WorkStatus::InProgress, _) => "IN_PROGRESS",
        (WorkStatus::Failed, _) => "FAILED",
        (WorkStatus::Succeeded, Lifecycle::Deleted) => "DELETED",
        (WorkStatus::Succeeded, _) if work.operation.starts_with("CREATE_") => "CREATED",
        (WorkStatus::Succeeded, _) => "UPDATED",
    };
    let collection = match work.kind {
        Kind::DomainGroup => "iotDomainGroups",
        Kind::FlowRuntime => "iotFlowRuntimes",
        _ => "iotDomains",
    };
    wire::WorkRequest {
        id: work.id.clone(),
        operation_type: work.operation.clone(),
        status: work.status.as_str().to_owned(),
        compartment_id: work.compartment_id.clone(),
        resources: vec![wire::WorkRequestResource {
            entity_type: work.kind.type_word().to_owned(),
            action_type: action.to_owned(),
            identifier: work.resource_id.clone(),
            entity_uri: Some(format!(
                "{}/{collection}/{}",
                iot_api::CONTROL_PATH,
                work.resource_id
            )),
        }],
        percent_complete: match work.status {
            WorkStatus::Accepted => 0.0,
            WorkStatus::InProgress => 50.0,
            WorkStatus::Succeeded | WorkStatus::Failed => 100.0,
        },
        time_accepted: rfc3339(work.time_accepted_us),
        time_started: work.time_started_us.map(rfc3339),
        time_finished: work.time_finished_us.map(rfc3339),
        time_updated: Some(rfc3339(work.time_updated_us)),
    }
}
