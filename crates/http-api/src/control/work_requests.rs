//! Operations on work requests.

use iot_api::work_requests as wire;
use platform::Refusal;
use platform::clock::rfc3339;
use platform::list::{Field, ListQuery, SortBy, SortKey};
use platform::store::{Kind, Lifecycle, WorkRequest, WorkStatus};

use super::{Call, listed, with_etag};
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
    let parent = ("compartmentId", call.query.get("compartmentId"));
    let filters = [("id", Field::Id), ("status", Field::Status), ("resourceId", Field::ResourceId)];
    let parameters = call.list_parameters(parent, &filters, STATUSES);
    let query = ListQuery::read(&parameters, SORT_KEYS)?;
    call.placed()?;
    Ok(listed(&query, &call.platform.work_list(&query).await?, request))
}

pub(super) async fn errors(call: &Call<'_>) -> Result<Answer, Refusal> {
    let query = entries(call).await?;
    let page = call.platform.work_entries(true, &query).await?;
    Ok(listed(&query, &page, |entry| wire::WorkRequestError {
        code: entry.code.clone().unwrap_or_default(),
        message: entry.message.clone(),
        timestamp: rfc3339(entry.time_us),
    }))
}

pub(super) async fn logs(call: &Call<'_>) -> Result<Answer, Refusal> {
    let query = entries(call).await?;
    let page = call.platform.work_entries(false, &query).await?;
    Ok(listed(&query, &page, |entry| wire::WorkRequestLogEntry {
        message: entry.message.clone(),
        timestamp: rfc3339(entry.time_us),
    }))
}

async fn entries(call: &Call<'_>) -> Result<ListQuery, Refusal> {
    let work = call.platform.work_get(&call.id).await?;
    let parameters = call.list_parameters(("workRequestId", Some(&work.id)), &[], &[]);
    ListQuery::read(&parameters, ENTRY_SORT_KEYS)
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
