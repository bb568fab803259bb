//! The token endpoint and its keys (data-api.md 1.1, 1.3).

use std::sync::Arc;

use http::Method;
use http::request::Parts;
use hyper::body::Incoming;
use iot_api::ErrorCode;
use iot_api::token::TokenError;
use platform::Platform;
use platform::limits::TOKEN_BODY_BYTES_MAX;
use platform::tokens::TokenForm;

use crate::answer::{Answer, basic, error, json, set};
use crate::body::{self, BodyError};
use crate::query::Query;

/// Where clients look for the other addresses (data-api.md 1.1).
const DISCOVERY: &str = "/.well-known/openid-configuration";

/// Answers a request to the identity host.
pub(crate) async fn answer(
    platform: &Arc<Platform>,
    parts: &Parts,
    incoming: &mut Incoming,
) -> Answer {
    match (&parts.method, parts.uri.path()) {
        (&Method::POST, "/oauth2/v1/token") => grant(platform, parts, incoming).await,
        (&Method::GET | &Method::HEAD, "/admin/v1/SigningCert/jwk") => {
            json(200, &platform.signing_keys())
        }
        (&Method::GET | &Method::HEAD, DISCOVERY) => json(200, &platform.openid_configuration()),
        (_, path @ ("/oauth2/v1/token" | "/admin/v1/SigningCert/jwk" | DISCOVERY)) => {
            let allow = if path.starts_with("/oauth2") { "POST" } else { "GET, HEAD" };
            let mut answer = error(ErrorCode::MethodNotAllowed, &format!("use {allow}"));
            set(&mut answer, "allow", allow);
            answer
        }
        _ => error(ErrorCode::NotFound, "there is nothing at this path of the identity host"),
    }
}

async fn grant(platform: &Platform, parts: &Parts, incoming: &mut Incoming) -> Answer {
    let bytes = match body::read(incoming, TOKEN_BODY_BYTES_MAX).await {
        Ok(bytes) => bytes,
        Err(BodyError::TooLarge) => {
            return refused(413, "invalid_request", "the form is too large");
        }
        Err(BodyError::Broken) => {
            return refused(400, "invalid_request", "the form is incomplete");
        }
    };
    let form = Query::parse(&String::from_utf8_lossy(&bytes));
    let mut fields = TokenForm {
        grant_type: form.owned("grant_type"),
        username: form.owned("username"),
        password: form.owned("password"),
        scope: form.owned("scope"),
        client_id: form.owned("client_id"),
        client_secret: form.owned("client_secret"),
    };
    if let Some((id, secret)) = basic(&parts.headers) {
        fields.client_id = Some(id);
        fields.client_secret = String::from_utf8(secret).ok();
    }
    match platform.token_grant(&fields).await {
        Ok(token) => uncached(json(200, &token)),
        Err(refusal) => refused(refusal.status, refusal.error, &refusal.description),
    }
}

/// A refusal as RFC 6749, section 5.2, has it.
fn refused(status: u16, error: &str, description: &str) -> Answer {
    let body = TokenError { error: error.to_owned(), error_description: description.to_owned() };
    let mut answer = json(status, &body);
    if status == 401 {
        set(&mut answer, "www-authenticate", "Basic realm=\"identity\"");
    }
    uncached(answer)
}

fn uncached(mut answer: Answer) -> Answer {
    set(&mut answer, "cache-control", "no-store");
    set(&mut answer, "pragma", "no-cache");
    answer
}
