//! Verification of signed requests, in the order of control-plane.md 2.2.

use std::sync::Arc;

use http::HeaderMap;
use iot_api::ErrorCode;
use oci_core::verify::{Authorization, check_headers, check_signature};
use platform::Platform;
use platform::identity::Caller;

use crate::answer::{Answer, error, refused};

fn unauthenticated(why: &dyn std::fmt::Display) -> Box<Answer> {
    Box::new(error(ErrorCode::NotAuthenticated, &format!("the request's signature: {why}")))
}

/// Checks 1 to 6, before the body is read; who is calling.
pub(super) async fn check(
    platform: &Platform,
    method: &str,
    target: &str,
    headers: &HeaderMap,
) -> Result<Arc<Caller>, Box<Answer>> {
    let authorization =
        Authorization::from_headers(headers).map_err(|error| unauthenticated(&error))?;
    let now_s = platform.now_us() / 1_000_000;
    check_headers(&authorization, method, headers, now_s)
        .map_err(|error| unauthenticated(&error))?;
    let caller = platform.caller(&authorization.key_id).await;
    let caller = caller.map_err(|refusal| Box::new(refused(&refusal)))?;
    let caller = caller.ok_or_else(|| unauthenticated(&"its keyId is not known here"))?;
    check_signature(&authorization, method, target, headers, &caller.public_key)
        .map_err(|error| unauthenticated(&error))?;
    Ok(caller)
}

/// Check 7: digest and size of the body.
pub(super) fn check_body(headers: &HeaderMap, body: &[u8]) -> Result<(), Box<Answer>> {
    oci_core::verify::check_body(headers, body).map_err(|error| unauthenticated(&error))
}
