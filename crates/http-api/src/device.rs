//! Device posts: `POST /<endpoint>` with Basic credentials or a certificate (devices.md 4).

use std::sync::Arc;

use http::Method;
use http::request::Parts;
use hyper::body::Incoming;
use iot_api::ErrorCode;
use platform::Platform;
use platform::certificates::ClientCertificate;
use platform::ingest::{LoginRefused, Publication, PublishRefused, Receipt};
use platform::limits::PAYLOAD_BYTES_MAX;
use tokio::sync::mpsc;

use crate::answer::{Answer, basic, empty, error, set};
use crate::body::{self, BodyError};
use crate::query::decode;

/// Answers a device; 202 means that the message and its outcome are on disk.
pub(crate) async fn answer(
    platform: &Arc<Platform>,
    parts: &Parts,
    incoming: &mut Incoming,
    (host, certificate): (Option<&str>, Option<&ClientCertificate>),
) -> Answer {
    if parts.uri.path().trim_start_matches('/').is_empty() {
        return error(ErrorCode::NotFound, "the endpoint is missing: POST to /<endpoint>");
    }
    if parts.method != Method::POST {
        let mut answer = error(ErrorCode::MethodNotAllowed, "devices send with POST");
        set(&mut answer, "allow", "POST");
        return answer;
    }
    let Some(domain_id) = platform.domain_by_device_host(host).await else {
        return error(ErrorCode::NotFound, "no domain has this device host");
    };
    let credentials = basic(&parts.headers);
    let login = match (certificate, &credentials) {
        (Some(certificate), _) => {
            let user = credentials.as_ref().map(|(user, _)| user.as_str());
            platform.device_login_by_certificate(&domain_id, certificate, user).await
        }
        (None, Some((key, password))) => platform.device_login(&domain_id, key, password).await,
        (None, None) => return unauthorized(),
    };
    let twin = match login {
        Ok(twin) => twin,
        Err(LoginRefused::BadCredentials | LoginRefused::NotAuthorized) => return unauthorized(),
        Err(LoginRefused::Unavailable) => return unavailable(),
    };
    let endpoint = decode(parts.uri.path(), false);
    if endpoint.contains(char::REPLACEMENT_CHARACTER) {
        return error(ErrorCode::InvalidParameter, "the path is not UTF-8 after decoding");
    }
    let content_type = parts.headers.get(http::header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok()).map(str::to_owned);
    let content = match body::read(incoming, PAYLOAD_BYTES_MAX).await {
        Ok(content) => content,
        Err(BodyError::TooLarge) => return too_large(),
        Err(BodyError::Broken) => {
            return error(ErrorCode::CannotParseRequest, "the payload is incomplete");
        }
    };
    let (to, mut settled) = mpsc::channel(1);
    let publication = Publication { endpoint, content_type, content, held: None };
    match platform.accept(&twin, publication, Some(Receipt { to, token: 0 })).await {
        Ok(()) => {}
        Err(PublishRefused::TooLarge) => return too_large(),
        Err(PublishRefused::BadEndpoint(why)) => return error(ErrorCode::InvalidParameter, &why),
        Err(PublishRefused::TwinGone) => return unauthorized(),
        Err(PublishRefused::TooFast) => return too_fast(),
        Err(PublishRefused::Unavailable) => return unavailable(),
    }
    match settled.recv().await {
        Some(settled) if settled.committed => empty(202),
        _ => unavailable(),
    }
}

fn unauthorized() -> Answer {
    let message =
        "external key and password, or certificate, are not those of an active twin of this domain";
    let mut answer = error(ErrorCode::NotAuthenticated, message);
    set(&mut answer, "www-authenticate", "Basic realm=\"iot\"");
    answer
}

fn too_fast() -> Answer {
    let message = "more messages a second than a device may send";
    let mut answer = error(ErrorCode::TooManyRequests, message);
    set(&mut answer, "retry-after", "1");
    answer
}

fn too_large() -> Answer {
    let message = format!("the payload is larger than {PAYLOAD_BYTES_MAX} bytes");
    error(ErrorCode::PayloadTooLarge, &message)
}

fn unavailable() -> Answer {
    error(ErrorCode::ServiceUnavailable, "the message was not kept; send it again")
}
