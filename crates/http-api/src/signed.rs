//! Signed requests, in the order of control-plane.md 2.2: header, clock and key before the body,
//! then the body's digest. What its sender may do is decided behind it, by `Platform::authorize`.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use hyper::body::Incoming;
use iot_api::ErrorCode;
use oci_core::verify::{Authorization, check_body, check_headers, check_signature};
use platform::Platform;
use platform::identity::Caller;
use platform::limits::CONTROL_BODY_BYTES_MAX;

use crate::answer::{Answer, error, refused};
use crate::body::{self, BodyError};

/// A request whose signature holds.
pub(crate) struct Signed {
    /// Who signed it.
    pub caller: Arc<Caller>,
    /// Path and query as they stand on the request line.
    pub target: String,
    /// The whole body.
    pub body: Bytes,
}

/// Verifies a request and reads its body.
pub(crate) async fn receive(
    platform: &Platform,
    parts: &Parts,
    incoming: &mut Incoming,
) -> Result<Signed, Box<Answer>> {
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let caller = check(platform, parts, &target).await?;
    let body = body::read(incoming, CONTROL_BODY_BYTES_MAX).await.map_err(|problem| {
        Box::new(match problem {
            BodyError::TooLarge => {
                let message = format!("the body is larger than {CONTROL_BODY_BYTES_MAX} bytes");
                error(ErrorCode::PayloadTooLarge, &message)
            }
            BodyError::Broken => error(ErrorCode::CannotParseRequest, "the body is incomplete"),
        })
    })?;
    // Check 7: digest and size.
    check_body(&parts.headers, &body).map_err(|error| unauthenticated(&error))?;
    Ok(Signed { caller, target, body })
}

fn unauthenticated(why: &dyn std::fmt::Display) -> Box<Answer> {
    Box::new(error(ErrorCode::NotAuthenticated, &format!("the request's signature: {why}")))
}

/// Checks 1 to 6.
async fn check(
    platform: &Platform,
    parts: &Parts,
    target: &str,
) -> Result<Arc<Caller>, Box<Answer>> {
    let (method, headers) = (parts.method.as_str(), &parts.headers);
    let authorization =
        Authorization::from_headers(headers).map_err(|error| unauthenticated(&error))?;
    // The sender dates it by the machine's clock, wherever an emulation has put the platform's.
    let now_s = platform.clock().source_us() / 1_000_000;
    check_headers(&authorization, method, headers, now_s)
        .map_err(|error| unauthenticated(&error))?;
    let caller = platform.caller(&authorization.key_id).await;
    let caller = caller.map_err(|refusal| Box::new(refused(&refusal)))?;
    let caller = caller.ok_or_else(|| unauthenticated(&"its keyId is not known here"))?;
    check_signature(&authorization, method, target, headers, &caller.public_key)
        .map_err(|error| unauthenticated(&error))?;
    Ok(caller)
}
