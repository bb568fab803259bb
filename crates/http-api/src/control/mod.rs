//! The control plane: verify, find the operation, call its use case.

mod adapters;
mod auth;
mod commands;
mod details;
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
use platform::limits::CONTROL_BODY_BYTES_MAX;
use platform::list::{Cursor, Field, ListParameters, ListQuery};
use platform::{Platform, Refusal};
use serde::de::DeserializeOwned;

use crate::answer::{Answer, error, refused, set};
use crate::body::{self, BodyError};
use crate::query::{Query, decode};

/// A verified request.
struct Call<'a> {
    platform: &'a Platform,
    /// OCID of the user who calls.
    user_id: &'a str,
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
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let method = parts.method.as_str();
    let caller = match auth::check(platform, method, &target, &parts.headers).await {
        Ok(caller) => caller,
        Err(answer) => return *answer,
    };
    let body = match body::read(incoming, CONTROL_BODY_BYTES_MAX).await {
        Ok(body) => body,
        Err(BodyError::TooLarge) => {
            let message = format!("the body is larger than {CONTROL_BODY_BYTES_MAX} bytes");
            return error(ErrorCode::PayloadTooLarge, &message);
        }
        Err(BodyError::Broken) => {
            return error(ErrorCode::CannotParseRequest, "the body is incomplete");
        }
    };
    if let Err(answer) = auth::check_body(&parts.headers, &body) {
        return *answer;
    }
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
                user_id: &caller.user_id,
                id: decode(id.unwrap_or_default(), false),
                query: Query::parse(query),
                if_match: if_match(&parts.headers),
                body,
            };
            call.run(operation).await.unwrap_or_else(|refusal| refused(&refusal))
        }
    }
}

impl Call<'_> {
    async fn run(&self, operation: Operation) -> Result<Answer, Refusal> {
        match operation {
            Operation::GetIotDomainGroup => domains::group_get(self).await,
            Operation::GetIotDomain => domains::get(self).await,
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
            other => Err(Refusal::not_implemented(other.name())),
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
                Field::LifecycleState => states,
                Field::ConnectivityType => &["DIRECT", "INDIRECT", "GATEWAY", "NONE"],
                _ => &[],
            };
            if !allowed.is_empty() && !allowed.contains(&value.as_str()) {
                let allowed = allowed.join(", ");
                let message = format!("{name} is '{value}'; it must be one of {allowed}");
                return Err(Refusal::invalid(message));
            }
            query = query.filter(*field, Some(value));
        }
        Ok(query)
    }
}

/// The etag of `if-match`, with or without quotes; `*` is any state.
fn if_match(headers: &HeaderMap) -> Option<String> {
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
