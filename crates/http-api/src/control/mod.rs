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
mod work_requests;

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::HeaderMap;
use http::request::Parts;
use hyper::body::Incoming;
use iot_api::operation::{Match, find};
use iot_api::{CONTROL_PATH, Collection, ErrorCode, Operation};
use platform::identity::Caller;
use platform::identity::authorize::Named;
use platform::identity::rules::Rule;
use platform::list::{Field, Filter, ListParameters, ListQuery, Listed, RESOURCE_SORT_KEYS};
use platform::retries::Attempt;
use platform::store::{Creation, Resource};
use platform::turns::Turn;
use platform::work::WORK_HEADER;
use platform::{Asked, Platform, Refusal, Target};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::answer::{Answer, empty, error, json, refused, set};
use crate::query::{Query, decode};
use crate::retry::{self, Begun};
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
    /// Path below the API's version, as it was sent.
    path: &'a str,
    /// Decoded id of the path; empty for operations without one.
    id: String,
    query: Query,
    if_match: Option<String>,
    body: Bytes,
    /// The attempt of a request with a retry token.
    attempt: Option<Attempt<'a>>,
    /// Why the request does not say where it is to happen, if it does not.
    unplaced: OnceLock<Refusal>,
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
            let mut call = Call {
                platform,
                caller,
                path: below,
                attempt: None,
                unplaced: OnceLock::new(),
                id: decode(id.unwrap_or_default(), false),
                query: Query::parse(query),
                if_match: if_match(&parts.headers),
                body,
            };
            call.answer_once(operation, retry::token(&parts.method, &parts.headers))
                .await
                .unwrap_or_else(|refusal| refused(&refusal))
        }
    }
}

impl Call<'_> {
    /// Carries an operation out, or repeats its answer to a request with this retry token.
    async fn answer_once(
        &mut self,
        operation: Operation,
        token: Option<&str>,
    ) -> Result<Answer, Refusal> {
        if let Some(token) = token {
            match retry::begin(self.platform, &self.caller, token, self.path, &self.body).await? {
                Begun::Answered(answer) => return Ok(answer),
                Begun::New(attempt) => self.attempt = Some(attempt),
            }
        }
        self.answer(operation).await
    }

    /// Runs an operation that the caller may do.
    async fn answer(&self, operation: Operation) -> Result<Answer, Refusal> {
        let named = Named {
            path_id: &self.id,
            compartment_id: self.query.get("compartmentId"),
            iot_domain_id: self.query.get("iotDomainId"),
            secret_name: None,
            body: &self.body,
        };
        if let Err(refusal) =
            self.platform.authorize(&self.caller, Rule::of(operation), &named).await
        {
            if refusal.code != ErrorCode::MissingParameter
                && refusal.code != ErrorCode::InvalidParameter
            {
                return Err(refusal);
            }
            // What does not say where is refused where the body or the parameters are read, with
            // all else that is wrong. It cannot get as far as doing anything: that refuses.
            let _ = self.unplaced.set(refusal);
        }
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

    /// Refuses what does not say where it is to happen.
    fn placed(&self) -> Result<(), Refusal> {
        self.unplaced.get().map_or(Ok(()), |refusal| Err(refusal.clone()))
    }

    /// Reads the body. What is wrong with its form stands in the findings, so that the operation
    /// adds what is wrong with its values and refuses all together.
    fn details<T: DeserializeOwned>(&self) -> Result<Asked<T>, Refusal> {
        let mut asked = details::read(&self.body)?;
        if asked.findings.is_empty() {
            asked.findings.settle(self.placed())?;
        }
        Ok(asked)
    }

    /// The page that a list of a domain's resources asks for; `filters` are names of parameters.
    async fn list_in_domain(&self, filters: &[(&str, Field)]) -> Result<ListQuery, Refusal> {
        let query = self.list("iotDomainId", filters, &["ACTIVE", "DELETED"])?;
        self.platform.domain_get(&query.parent_id).await?;
        Ok(query)
    }

    /// The page that a list of a compartment's resources asks for.
    fn list_in_compartment(
        &self,
        filters: &[(&str, Field)],
        states: &'static [&'static str],
    ) -> Result<ListQuery, Refusal> {
        self.list("compartmentId", filters, states)
    }

    /// The page that a list of resources asks for; `parent` is the parameter with their parent.
    fn list(
        &self,
        parent: &str,
        filters: &[(&str, Field)],
        states: &'static [&'static str],
    ) -> Result<ListQuery, Refusal> {
        let parameters = self.list_parameters((parent, self.query.get(parent)), filters, states);
        let query = ListQuery::read(&parameters, RESOURCE_SORT_KEYS)?;
        self.placed()?;
        Ok(query)
    }

    /// The parameters of a list; `states` are the words of `lifecycleState` or `status`.
    fn list_parameters<'a>(
        &'a self,
        parent: (&'a str, Option<&'a str>),
        filters: &[(&'a str, Field)],
        states: &'static [&'static str],
    ) -> ListParameters<'a> {
        let filter = |(name, field): &(&'a str, Field)| {
            let value = self.query.get(name)?;
            let allowed = match field {
                Field::LifecycleState | Field::Status => states,
                Field::GroupType => GROUP_TYPES,
                Field::ConnectivityType => &["DIRECT", "INDIRECT", "GATEWAY", "NONE"],
                _ => &[],
            };
            let value = match (field, value) {
                // The old names of the types.
                (Field::GroupType, "STANDARD") => "PRODUCTION",
                (Field::GroupType, "LIGHTWEIGHT") => "DEVELOPMENT",
                _ => value,
            };
            Some(Filter { name, field: *field, value, allowed })
        };
        ListParameters {
            list: self.path,
            parent,
            filters: filters.iter().filter_map(filter).collect(),
            limit: self.query.get("limit"),
            page: self.query.get("page"),
            sort_by: self.query.get("sortBy"),
            sort_order: self.query.get("sortOrder"),
        }
    }

    /// Answers one page of resources.
    async fn page<R: Resource, W: Serialize>(
        &self,
        query: &ListQuery,
        wire: fn(&R) -> W,
    ) -> Result<Answer, Refusal> {
        Ok(listed(query, &self.platform.resource_list(query).await?, wire))
    }

    /// What the request changes.
    fn target(&self) -> Target<'_> {
        let if_match = self.if_match.as_deref();
        Target { id: &self.id, if_match, attempt: self.attempt.as_ref() }
    }

    /// Keeps a new resource and answers with it. The path of its collection is the request's.
    async fn create<R: Resource>(
        &self,
        mut creation: Creation,
        answer: impl FnOnce(&R) -> Answer,
    ) -> Result<Answer, Refusal> {
        let resource = R::of(creation.record.clone()).ok_or_else(|| {
            Refusal::new(ErrorCode::InternalServerError, "the new resource is of another kind")
        })?;
        let mut answer = answer(&resource);
        if let Some(work) = &creation.work {
            let host = self.platform.names().with_port(&self.platform.names().control());
            let id = &resource.common().id;
            let location = format!("https://{host}{CONTROL_PATH}{}/{id}", self.path);
            set(&mut answer, "location", &location);
            set(&mut answer, "content-location", &location);
            set(&mut answer, WORK_HEADER, &work.id);
        }
        if let Some(attempt) = &self.attempt {
            creation.answer = Some(retry::saved(attempt, &answer).await);
        }
        self.platform.resource_create(&creation).await?;
        Ok(answer)
    }
}

/// The etag of `if-match`, with or without quotes; `*` is any state.
pub(crate) fn if_match(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(http::header::IF_MATCH)?.as_bytes();
    let text = String::from_utf8_lossy(value);
    let etag = text.trim().trim_matches('"');
    (etag != "*").then(|| etag.to_owned())
}

/// One page, with the token of the next one.
fn listed<T, W: Serialize>(query: &ListQuery, page: &Listed<T>, wire: fn(&T) -> W) -> Answer {
    let items = page.items.iter().map(wire).collect();
    let mut answer = json(200, &Collection { items });
    if let Some(next) = &page.next {
        set(&mut answer, "opc-next-page", &query.token(next));
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
    set(&mut answer, WORK_HEADER, work_id);
    answer
}
