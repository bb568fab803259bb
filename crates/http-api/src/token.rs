//! The token endpoint and its keys (data-api.md 1.1, 1.3).

use std::sync::Arc;

use http::{Method, Request};
use hyper::body::Incoming;
use iot_api::ErrorCode;
use iot_api::token::TokenError;
use platform::Platform;
use platform::limits::TOKEN_BODY_BYTES_MAX;
use platform::tokens::TokenForm;

use crate::answer::{Answer, basic, error, json, set};
use crate::body;
use crate::query::Query;

/// Answers a request to the identity host.
pub(crate) async fn answer(platform: &Arc<Platform>, request: Request<Incoming>) -> Answer {
    match (request.method(), request.uri().path()) {
        (&Method::POST, "/oauth2/v1/token") => grant(platform, request).await,
        (&Method::GET, "/admin/v1/SigningCert/jwk") => json(200, &platform.signing_keys()),
        (_, path @ ("/oauth2/v1/token" | "/admin/v1/SigningCert/jwk")) => {
            let allow = if path.starts_with("/oauth2") { "POST" } else { "GET" };
            let mut answer = error(ErrorCode::MethodNotAllowed, &format!("use {allow}"));
            set(&mut answer, "allow", allow);
            answer
        }
        _ => error(ErrorCode::NotFound, "there is nothing at this path of the identity host"),
    }
}

async fn grant(platform: &Platform, request: Request<Incoming>) -> Answer {
    let credentials = basic(request.headers());
    let Ok(bytes) = body::read(request.into_body(), TOKEN_BODY_BYTES_MAX).await else {
        return error(ErrorCode::PayloadTooLarge, "the token request is too large or incomplete");
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
    if let Some((id, secret)) = credentials {
        fields.client_id = Some(id);
        fields.client_secret = String::from_utf8(secret).ok();
    }
    let mut answer = match platform.token_grant(&fields) {
        Ok(token) => json(200, &token),
        Err(refusal) => {
            let body = TokenError {
                error: refusal.error.to_owned(),
                error_description: refusal.description,
            };
            let mut answer = json(refusal.status, &body);
            if refusal.status == 401 {
                set(&mut answer, "www-authenticate", "Basic realm=\"identity\"");
            }
            answer
        }
    };
    set(&mut answer, "cache-control", "no-store");
    set(&mut answer, "pragma", "no-cache");
    answer
}
