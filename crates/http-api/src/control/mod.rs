//! The control plane: verify, find the operation, call its use case.

mod adapters;
mod commands;
pub(crate) mod details;
mod domain_groups;
mod domains;
mod flow_runtimes;
mod instances;
mod models;
mod relationships;
mod retry;
mod work_requests;

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use http::request::Parts;
use hyper::body::Incoming;
use iot_api::operation::{Match, find};
use iot_api::{CONTROL_PATH, ErrorCode, Operation};
use platform::identity::Caller;
use platform::identity::authorize::Named;
use platform::identity::rules::Rule;
use platform::list::{Cursor, Field, ListParameters, ListQuery};
use platform::turns::Turn;
use platform::{Platform, Refusal};
use serde::de::DeserializeOwned;

use crate::answer::{Answer, empty, error, refused, set};
use crate::query::{Query, decode};
use crate::signed::{self, Signed};

/// Words of `lifecycleState` of groups and domains.
const DOMAIN_STATES: &[&str] = &["CREATING", "UPDATING", "ACTIVE", "DELETING", "DELETED", "FAILED"];
/// Words of `lifecycleState` of flow runtimes.
const FLOW_STATES: &[&str] =
    &["CREATING", "UPDATING", "ACTIVE", "INACTIVE", "DELETING", "DELETED", "FAILED"];
/// Words of `type` of groups, the old ones too.
const GROUP_TYPES: &[&str] = &["PRODUCTION", "DEVELOPMENT", "STANDARD", "LIGHTWEIGHT"];

/// A verified request.
struct Call<'a> {
    platform: &'a Platform,
    caller: Arc<Caller>,
    /// Decoded id of the path; empty for operations without one.
    id: String,
    query: Query,
    if_match: Option<String>,
    body: Bytes,
}

/// Answers a request of the control plane.
pub(crate) async fn answer(
    platform: &Arc<Platform>,
    parts: &Parts,
    incoming: &mut Incoming,
) -> Answer {
    let Signed { caller, target, body } = match signed::receive(platform, parts, incoming).await {
        Ok(signed) => signed,
        Err(answer) => return *answer,
    };
    let method = parts.method.as_str();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    // An endpoint with a trailing slash doubles the first one (control-plane.md 1.1).
    let path = format!("/{}", path.trim_start_matches('/'));
    let Some(below) = path.strip_prefix(CONTROL_PATH) else {
        return error(ErrorCode::NotFound, "paths of the control plane begin with /20250531");
    };
    match find(method, below) {
        Match::NotFound => error(ErrorCode::NotFound, "no operation has this path"),
        Match::MethodNotAllowed(methods) => {
            let allow = methods.join(", ");
            let mut answer =
                error(ErrorCode::MethodNotAllowed, &format!("this path takes {allow}"));
            set(&mut answer, "allow", &allow);
            answer
        }
        Match::Operation(operation, id) => {
            let call = Call {
                platform,
                caller,
                id: decode(id.unwrap_or_default(), false),
                query: Query::parse(query),
                if_match: if_match(&parts.headers),
                body,
            };
            match retry::token(&parts.method, &parts.headers) {
                Some(token) => retry::run(&call, operation, below, token).await,
                None => call.answer(operation).await,
            }
            .unwrap_or_else(|refusal| refused(&refusal))
        }
    }
}

impl Call<'_> {
    /// Runs an operation that the caller may do.
    async fn answer(&self, operation: Operation) -> Result<Answer, Refusal> {
        let named = Named {
            path_id: &self.id,
            compartment_id: self.query.get("compartmentId"),
            iot_domain_id: self.query.get("iotDomainId"),
            secret_name: None,
            body: &self.body,
        };
        self.platform.authorize(&self.caller, Rule::of(operation), &named).await?;
        let _turn = self.turn(operation).await;
        self.run(operation).await
    }

    /// The turn that an operation needs, so that what it checks stays true until it has written.
    async fn turn(&self, operation: Operation) -> Option<Turn<'_>> {
        let is_create = matches!(
            operation,
            Operation::CreateIotDomainGroup
                | Operation::CreateIotDomain
                | Operation::CreateIotFlowRuntime
                | Operation::CreateDigitalTwinModel
                | Operation::CreateDigitalTwinAdapter
                | Operation::CreateDigitalTwinInstance
                | Operation::CreateDigitalTwinRelationship
        );
        match (operation.method(), operation) {
            ("GET", _) | (_, Operation::InvokeRawCommand) => None,
            _ if is_create => Some(self.platform.turn_beside().await),
            _ => Some(self.platform.turn_alone().await),
        }
    }

    async fn run(&self, operation: Operation) -> Result<Answer, Refusal> {
        match operation {
            Operation::ListIotDomainGroups => domain_groups::list(self).await,
            Operation::CreateIotDomainGroup => domain_groups::create(self).await,
            Operation::GetIotDomainGroup => domain_groups::get(self).await,
            Operation::UpdateIotDomainGroup => domain_groups::update(self).await,
            Operation::DeleteIotDomainGroup => domain_groups::delete(self).await,
            Operation::ChangeIotDomainGroupCompartment => {
                domain_groups::change_compartment(self).await
            }
            Operation::ConfigureIotDomainGroupDataAccess => {
                domain_groups::configure_data_access(self).await
            }
            Operation::ListIotDomains => domains::list(self).await,
            Operation::CreateIotDomain => domains::create(self).await,
            Operation::GetIotDomain => domains::get(self).await,
            Operation::UpdateIotDomain => domains::update(self).await,
            Operation::DeleteIotDomain => domains::delete(self).await,
            Operation::ChangeIotDomainCompartment => domains::change_compartment(self).await,
            Operation::ChangeIotDomainDataRetentionPeriod => domains::change_retention(self).await,
            Operation::ConfigureIotDomainDataAccess => domains::configure_data_access(self).await,
            Operation::ListDigitalTwinModels => models::list(self).await,
            Operation::CreateDigitalTwinModel => models::create(self).await,
            Operation::GetDigitalTwinModel => models::get(self).await,
            Operation::GetDigitalTwinModelSpec => models::spec(self).await,
            Operation::UpdateDigitalTwinModel => models::update(self).await,
            Operation::DeleteDigitalTwinModel => models::delete(self).await,
            Operation::ListDigitalTwinAdapters => adapters::list(self).await,
            Operation::CreateDigitalTwinAdapter => adapters::create(self).await,
            Operation::GetDigitalTwinAdapter => adapters::get(self).await,
            Operation::UpdateDigitalTwinAdapter => adapters::update(self).await,
            Operation::DeleteDigitalTwinAdapter => adapters::delete(self).await,
            Operation::ListDigitalTwinInstances => instances::list(self).await,
            Operation::CreateDigitalTwinInstance => instances::create(self).await,
            Operation::GetDigitalTwinInstance => instances::get(self).await,
            Operation::GetDigitalTwinInstanceContent => instances::content(self).await,
            Operation::UpdateDigitalTwinInstance => instances::update(self).await,
            Operation::DeleteDigitalTwinInstance => instances::delete(self).await,
            Operation::InvokeRawCommand => commands::invoke(self).await,
            Operation::ListDigitalTwinRelationships => relationships::list(self).await,
            Operation::CreateDigitalTwinRelationship => relationships::create(self).await,
            Operation::GetDigitalTwinRelationship => relationships::get(self).await,
            Operation::UpdateDigitalTwinRelationship => relationships::update(self).await,
            Operation::DeleteDigitalTwinRelationship => relationships::delete(self).await,
            Operation::ListIotFlowRuntimes => flow_runtimes::list(self).await,
            Operation::CreateIotFlowRuntime => flow_runtimes::create(self).await,
            Operation::GetIotFlowRuntime => flow_runtimes::get(self).await,
            Operation::UpdateIotFlowRuntime => flow_runtimes::update(self).await,
            Operation::DeleteIotFlowRuntime => flow_runtimes::delete(self).await,
            Operation::ChangeIotFlowRuntimeCompartment => {
                flow_runtimes::change_compartment(self).await
            }
            Operation::ActivateIotFlowRuntime => flow_runtimes::switch(self, true).await,
            Operation::DeactivateIotFlowRuntime => flow_runtimes::switch(self, false).await,
            Operation::GetIotFlowRuntimeFlows => flow_runtimes::flows(self).await,
            Operation::UpdateIotFlowRuntimeFlows => flow_runtimes::update_flows(self).await,
            Operation::ListWorkRequests => work_requests::list(self).await,
            Operation::GetWorkRequest => work_requests::get(self).await,
            Operation::ListWorkRequestErrors => work_requests::errors(self).await,
            Operation::ListWorkRequestLogs => work_requests::logs(self).await,
        }
    }

    /// Reads the body as details of a create.
    fn details<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        details::read(&self.body)
    }

    /// The page that a list of a domain's resources asks for; `filters` are names of parameters.
    async fn list_in_domain(&self, filters: &[(&str, Field)]) -> Result<ListQuery, Refusal> {
        let domain_id = self.required("iotDomainId")?;
        self.platform.domain_get(&domain_id).await?;
        let query = ListQuery::new(domain_id, &self.list_parameters())?;
        self.filtered(query, filters, &["ACTIVE", "DELETED"])
    }

    /// The page that a list of a compartment's resources asks for.
    fn list_in_compartment(
        &self,
        filters: &[(&str, Field)],
        states: &[&str],
    ) -> Result<ListQuery, Refusal> {
        let query = ListQuery::new(self.required("compartmentId")?, &self.list_parameters())?;
        self.filtered(query, filters, states)
    }

    /// URL of a resource.
    fn location(&self, collection: &str, id: &str) -> String {
        let names = self.platform.names();
        format!("https://{}{CONTROL_PATH}/{collection}/{id}", names.with_port(&names.control()))
    }

    /// A query parameter that must be there.
    fn required(&self, name: &str) -> Result<String, Refusal> {
        self.query.owned(name).filter(|value| !value.is_empty()).ok_or_else(|| {
            let message = format!("the query parameter {name} is missing");
            Refusal::new(ErrorCode::MissingParameter, message)
        })
    }

    fn list_parameters(&self) -> ListParameters {
        ListParameters {
            limit: self.query.owned("limit"),
            page: self.query.owned("page"),
            sort_by: self.query.owned("sortBy"),
            sort_order: self.query.owned("sortOrder"),
        }
    }

    /// Adds the filters that the client gave; `states` are the words of `lifecycleState`.
    fn filtered(
        &self,
        mut query: ListQuery,
        filters: &[(&str, Field)],
        states: &[&str],
    ) -> Result<ListQuery, Refusal> {
        for (name, field) in filters {
            let Some(value) = self.query.owned(name) else { continue };
            let allowed = match field {
                Field::LifecycleState | Field::Status => states,
                Field::GroupType => GROUP_TYPES,
                Field::ConnectivityType => &["DIRECT", "INDIRECT", "GATEWAY", "NONE"],
                _ => &[],
            };
            if !allowed.is_empty() && !allowed.contains(&value.as_str()) {
                let allowed = allowed.join(", ");
                let message = format!("{name} is '{value}'; it must be one of {allowed}");
                return Err(Refusal::invalid(message));
            }
            let value = match (field, value.as_str()) {
                // The old names of the types.
                (Field::GroupType, "STANDARD") => "PRODUCTION".to_owned(),
                (Field::GroupType, "LIGHTWEIGHT") => "DEVELOPMENT".to_owned(),
                _ => value,
            };
            query = query.filter(*field, Some(value));
        }
        Ok(query)
    }
}

/// The etag of `if-match`, with or without quotes; `*` is any state.
pub(crate) fn if_match(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(http::header::IF_MATCH)?.as_bytes();
    let text = String::from_utf8_lossy(value);
    let etag = text.trim().trim_matches('"');
    (etag != "*").then(|| etag.to_owned())
}

/// Sets the token of the next page.
fn with_next(mut answer: Answer, next: Option<&Cursor>) -> Answer {
    if let Some(next) = next {
        set(&mut answer, "opc-next-page", &next.to_token());
    }
    answer
}

/// Sets the etag.
fn with_etag(mut answer: Answer, etag: &str) -> Answer {
    set(&mut answer, "etag", etag);
    answer
}

/// 202 of an operation that a work request follows.
fn accepted(work_id: &str) -> Answer {
    let mut answer = empty(202);
    set(&mut answer, "opc-work-request-id", work_id);
    answer
}

/// Completes the answer of a create that a work request follows.
fn created(mut answer: Answer, location: &str, work_id: &str) -> Answer {
    set(&mut answer, "location", location);
    set(&mut answer, "content-location", location);
    set(&mut answer, "opc-work-request-id", work_id);
    answer
}
