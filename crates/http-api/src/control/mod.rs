//! The control plane: verify, find the operation, call its use case.

mod adapters;
mod commands;
pub(crate) mod details;
mod domains;
mod instances;
mod models;

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
use platform::{Platform, Refusal};
use serde::de::DeserializeOwned;

use crate::answer::{Answer, error, refused, set};
use crate::query::{Query, decode};
use crate::signed::{self, Signed};

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
            call.answer(operation).await.unwrap_or_else(|refusal| refused(&refusal))
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
        self.run(operation).await
    }

    async fn run(&self, operation: Operation) -> Result<Answer, Refusal> {
        match operation {
            Operation::GetIotDomainGroup => domains::group_get(self).await,
            Operation::GetIotDomain => domains::get(self).await,
            Operation::ListDigitalTwinModels => models::list(self).await,
            Operation::CreateDigitalTwinModel => models::create(self).await,
            Operation::GetDigitalTwinModel => models::get(self).await,
            Operation::GetDigitalTwinModelSpec => models::spec(self).await,
            Operation::DeleteDigitalTwinModel => models::delete(self).await,
            Operation::ListDigitalTwinAdapters => adapters::list(self).await,
            Operation::CreateDigitalTwinAdapter => adapters::create(self).await,
            Operation::GetDigitalTwinAdapter => adapters::get(self).await,
            Operation::DeleteDigitalTwinAdapter => adapters::delete(self).await,
            Operation::ListDigitalTwinInstances => instances::list(self).await,
            Operation::CreateDigitalTwinInstance => instances::create(self).await,
            Operation::GetDigitalTwinInstance => instances::get(self).await,
            Operation::GetDigitalTwinInstanceContent => instances::content(self).await,
            Operation::DeleteDigitalTwinInstance => instances::delete(self).await,
            Operation::InvokeRawCommand => commands::invoke(self).await,
            other => Err(Refusal::not_implemented(other.name())),
        }
    }

    /// Reads the body as details of a create.
    fn details<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        details::read(&self.body)
    }

    /// The page that a list of twins asks for; `filters` are names of parameters.
    async fn list_query(&self, filters: &[(&str, Field)]) -> Result<ListQuery, Refusal> {
        let Some(domain_id) = self.query.owned("iotDomainId").filter(|id| !id.is_empty()) else {
            let message = "the query parameter iotDomainId is missing";
            return Err(Refusal::new(ErrorCode::MissingParameter, message));
        };
        self.platform.domain_get(&domain_id).await?;
        let parameters = ListParameters {
            limit: self.query.owned("limit"),
            page: self.query.owned("page"),
            sort_by: self.query.owned("sortBy"),
            sort_order: self.query.owned("sortOrder"),
        };
        let mut query = ListQuery::new(domain_id, &parameters)?;
        for (name, field) in filters {
            let value = self.query.owned(name);
            if let Some(value) = &value {
                check_enum(name, *field, value)?;
            }
            query = query.filter(*field, value);
        }
        Ok(query)
    }
}

fn check_enum(name: &str, field: Field, value: &str) -> Result<(), Refusal> {
    let allowed: &[&str] = match field {
        Field::LifecycleState => &["ACTIVE", "DELETED"],
        Field::ConnectivityType => &["DIRECT", "INDIRECT", "GATEWAY", "NONE"],
        _ => return Ok(()),
    };
    if allowed.contains(&value) {
        return Ok(());
    }
    Err(Refusal::invalid(format!("{name} is '{value}'; it must be one of {}", allowed.join(", "))))
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
