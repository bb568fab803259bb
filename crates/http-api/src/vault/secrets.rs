//! Management of secrets.

use iot_api::ErrorCode;
use iot_api::vault::{
    ChangeSecretCompartmentDetails, ScheduleSecretDeletionDetails, Secret, SecretSummary,
    SecretVersion,
};
use platform::Refusal;
use platform::clock::rfc3339;
use platform::list::{Cursor, Field, Filter, ListParameters, ListQuery, SortBy, SortKey};
use platform::store::{self, SecretQuery, SecretRecord};
use platform::vault::{key_id, vault_id};

use super::Call;
use crate::answer::{Answer, empty, json, set};
use crate::retry;

pub(super) async fn create(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (record, version) = call.platform.secret_new(call.details()?)?;
    let answer = answer(call, &record);
    let saved = match &call.attempt {
        Some(attempt) => Some(retry::saved(attempt, &answer).await),
        None => None,
    };
    call.platform.secret_create(&record, &version, saved.as_ref()).await?;
    Ok(answer)
}

pub(super) async fn get(call: &Call<'_>) -> Result<Answer, Refusal> {
    Ok(answer(call, &call.platform.secret_record(call.id()).await?))
}

pub(super) async fn update(call: &Call<'_>) -> Result<Answer, Refusal> {
    let details = call.details()?;
    let record = call.platform.secret_update(call.id(), details, call.if_match.as_deref()).await?;
    Ok(answer(call, &record))
}

pub(super) async fn schedule_deletion(call: &Call<'_>) -> Result<Answer, Refusal> {
    let details = deletion(call)?;
    let (id, etag) = (call.id(), call.if_match.as_deref());
    Ok(changed(&call.platform.secret_schedule_deletion(id, &details, etag).await?))
}

/// When to delete; nothing said is as late as possible.
fn deletion(call: &Call<'_>) -> Result<ScheduleSecretDeletionDetails, Refusal> {
    if call.body.is_empty() { Ok(Default::default()) } else { call.details()?.checked() }
}

pub(super) async fn schedule_version_deletion(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (details, no) = (deletion(call)?, version_no(call)?);
    let (id, etag) = (call.id(), call.if_match.as_deref());
    let changing = call.platform.secret_version_schedule_deletion(id, no, &details, etag);
    Ok(changed(&changing.await?))
}

pub(super) async fn cancel_version_deletion(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (id, etag) = (call.id(), call.if_match.as_deref());
    let changing = call.platform.secret_version_cancel_deletion(id, version_no(call)?, etag);
    Ok(changed(&changing.await?))
}

pub(super) async fn cancel_deletion(call: &Call<'_>) -> Result<Answer, Refusal> {
    let record = call.platform.secret_cancel_deletion(call.id(), call.if_match.as_deref()).await?;
    Ok(changed(&record))
}

pub(super) async fn change_compartment(call: &Call<'_>) -> Result<Answer, Refusal> {
    let details: ChangeSecretCompartmentDetails = call.details()?.checked()?;
    let (id, etag) = (call.id(), call.if_match.as_deref());
    Ok(changed(&call.platform.secret_move(id, details.compartment_id, etag).await?))
}

pub(super) async fn list(call: &Call<'_>) -> Result<Answer, Refusal> {
    let state = call.query.get("lifecycleState").map(|value| Filter {
        name: "lifecycleState",
        field: Field::LifecycleState,
        value,
        allowed: &STATES,
    });
    let name = call.query.get("name").map(|value| Filter {
        name: "name",
        field: Field::DisplayName,
        value,
        allowed: &[],
    });
    let parent = ("compartmentId", call.query.get("compartmentId"));
    let filters = state.into_iter().chain(name).collect();
    let keys = [("TIMECREATED", SortBy::TimeCreated), ("NAME", SortBy::DisplayName)];
    let page = page(call, "secrets", parent, filters, &keys)?;
    let ours = vault_id(call.platform.setup());
    if call.query.get("vaultId").is_some_and(|vault| vault != ours) {
        return Ok(json(200, &Vec::<SecretSummary>::new()));
    }
    let query = SecretQuery {
        compartment_id: page.parent_id.clone(),
        name: call.query.owned("name"),
        lifecycle_state: call.query.owned("lifecycleState"),
        by_name: page.sort_by == SortBy::DisplayName,
        descending: page.descending,
        limit: page.limit,
        after: page.after.clone(),
        now_us: call.platform.now_us(),
    };
    let listed = call.platform.secret_list(&query).await?;
    let items: Vec<_> = listed.items.iter().map(|record| summary(call, record)).collect();
    Ok(with_next(json(200, &items), &page, listed.next.as_ref()))
}

/// States of the vault service's secrets; only three of them occur here.
const STATES: [&str; 9] = [
    "CREATING",
    "ACTIVE",
    "UPDATING",
    "DELETING",
    "DELETED",
    "SCHEDULING_DELETION",
    "PENDING_DELETION",
    "CANCELLING_DELETION",
    "FAILED",
];

/// `limit`, `page` and `sortOrder` follow the control plane's rules.
fn page<'a>(
    call: &'a Call<'_>,
    list: &'a str,
    parent: (&'a str, Option<&'a str>),
    filters: Vec<Filter<'a>>,
    keys: &[SortKey],
) -> Result<ListQuery, Refusal> {
    let parameters = ListParameters {
        list,
        parent,
        filters,
        limit: call.query.get("limit"),
        page: call.query.get("page"),
        sort_by: call.query.get("sortBy"),
        sort_order: call.query.get("sortOrder"),
    };
    ListQuery::read(&parameters, keys)
}

pub(super) fn with_next(mut answer: Answer, page: &ListQuery, next: Option<&Cursor>) -> Answer {
    if let Some(next) = next {
        set(&mut answer, "opc-next-page", &page.token(next));
    }
    answer
}

pub(super) async fn versions(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (record, mut versions) = call.platform.secret_versions(call.id()).await?;
    let (page, next) = version_page(call, &mut versions)?;
    let items: Vec<_> = versions.iter().map(|version| wire_version(&record, version)).collect();
    Ok(with_next(json(200, &items), &page, next.as_ref()))
}

/// Cuts versions, which come newest first, to the page that is asked for.
pub(super) fn version_page(
    call: &Call<'_>,
    versions: &mut Vec<store::SecretVersion>,
) -> Result<(ListQuery, Option<Cursor>), Refusal> {
    let keys = [("VERSION_NUMBER", SortBy::TimeCreated)];
    let page = page(call, "versions", ("secretId", Some(call.id())), Vec::new(), &keys)?;
    if !page.descending {
        versions.reverse();
    }
    if let Some(after) = page.after.as_ref().and_then(|after| after.key.parse::<u32>().ok()) {
        versions.retain(|v| if page.descending { v.no < after } else { v.no > after });
    }
    let more = versions.len() > page.limit;
    versions.truncate(page.limit);
    let next = versions.last().filter(|_| more);
    let next = next.map(|last| Cursor { key: last.no.to_string(), id: call.id().to_owned() });
    Ok((page, next))
}

pub(super) async fn version(call: &Call<'_>) -> Result<Answer, Refusal> {
    let number = version_no(call)?;
    let (record, versions) = call.platform.secret_versions(call.id()).await?;
    let found = versions.iter().find(|version| version.no == number);
    let version =
        found.ok_or_else(|| Refusal::not_found("version of the secret", &number.to_string()))?;
    let mut answer = json(200, &wire_version(&record, version));
    set(&mut answer, "etag", &record.etag);
    Ok(answer)
}

/// The number of the version in the path.
fn version_no(call: &Call<'_>) -> Result<u32, Refusal> {
    let text = call.ids.get(1).map_or("", String::as_str);
    text.parse().map_err(|_| {
        let message = format!("secretVersionNumber is '{text}'; it must be an integer from 1");
        Refusal::new(ErrorCode::InvalidParameter, message)
    })
}

fn answer(call: &Call<'_>, record: &SecretRecord) -> Answer {
    let body = Secret {
        summary: summary(call, record),
        current_version_number: record.current_no,
        metadata: record.metadata.clone(),
        secret_rules: Vec::new(),
    };
    let mut answer = json(200, &body);
    set(&mut answer, "etag", &record.etag);
    answer
}

/// An action's answer: no body, the new etag.
fn changed(record: &SecretRecord) -> Answer {
    let mut answer = empty(200);
    set(&mut answer, "etag", &record.etag);
    answer
}

fn summary(call: &Call<'_>, record: &SecretRecord) -> SecretSummary {
    let setup = call.platform.setup();
    SecretSummary {
        id: record.id.clone(),
        compartment_id: record.compartment_id.clone(),
        vault_id: vault_id(setup),
        key_id: key_id(setup),
        secret_name: record.name.clone(),
        description: record.description.clone(),
        lifecycle_state: record.lifecycle_state(call.platform.now_us()).to_owned(),
        is_auto_generation_enabled: false,
        is_replica: false,
        rotation_status: "NOT_ENABLED".to_owned(),
        freeform_tags: record.tags.freeform_tags.clone(),
        defined_tags: record.tags.defined_tags.clone(),
        system_tags: Default::default(),
        time_created: rfc3339(record.time_created_us),
        time_of_deletion: record.time_of_deletion_us.map(rfc3339),
    }
}

fn wire_version(record: &SecretRecord, version: &store::SecretVersion) -> SecretVersion {
    SecretVersion {
        secret_id: record.id.clone(),
        version_number: version.no,
        name: version.name.clone(),
        content_type: "BASE64".to_owned(),
        stages: record.stages(version.no).into_iter().map(str::to_owned).collect(),
        is_content_auto_generated: false,
        time_created: rfc3339(version.time_created_us),
        time_of_deletion: version.time_of_deletion_us.or(record.time_of_deletion_us).map(rfc3339),
    }
}
