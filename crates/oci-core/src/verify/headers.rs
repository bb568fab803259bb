//! Checks 2 to 4, which need no key, and check 6, which does.

use http::HeaderMap;

use super::{Authorization, SignatureError};
use crate::date::parse_imf_fixdate;
use crate::key::PublicKey;
use crate::limits::{CLOCK_SKEW_S_MAX, SIGNED_HEADERS_MAX};
use crate::sign::{REQUEST_TARGET, request_target, signing_string};

/// What every signature covers, besides a date.
const COVERED_ALWAYS: [&str; 2] = [REQUEST_TARGET, "host"];
/// What it covers as well when the method has a body.
const COVERED_WITH_BODY: [&str; 3] = ["content-length", "content-type", "x-content-sha256"];

/// Checks 2 to 4: the right headers are listed, each once, each present, and the date is near.
pub fn check_headers(
    authorization: &Authorization,
    method: &str,
    headers: &HeaderMap,
    now_s: i64,
) -> Result<(), SignatureError> {
    let listed = |name: &str| authorization.headers.iter().any(|listed| listed == name);
    if authorization.headers.len() > SIGNED_HEADERS_MAX {
        return Err(SignatureError::TooManyHeaders);
    }
    let with_body = if has_body(method) { &COVERED_WITH_BODY[..] } else { &[] };
    if let Some(name) = COVERED_ALWAYS.iter().chain(with_body).find(|name| !listed(name)) {
        return Err(SignatureError::NotCovered(name));
    }
    // `x-date` counts before `date`, but only a signed date counts at all: otherwise anyone could
    // make an old request young again by adding `x-date` to it.
    let date = ["x-date", "date"].into_iter().find(|name| listed(name));
    let date = date.ok_or(SignatureError::NotCovered("date"))?;

    for (at, name) in authorization.headers.iter().enumerate() {
        if authorization.headers[..at].contains(name) {
            return Err(SignatureError::ListedTwice(name.clone()));
        }
        if name != REQUEST_TARGET && !headers.contains_key(name) {
            return Err(SignatureError::HeaderMissing(name.clone()));
        }
    }
    check_date(date, headers, now_s)
}

/// Methods whose signature covers the body, whether there is one or not.
fn has_body(method: &str) -> bool {
    ["POST", "PUT", "PATCH"].iter().any(|with_body| method.eq_ignore_ascii_case(with_body))
}

fn check_date(header: &'static str, headers: &HeaderMap, now_s: i64) -> Result<(), SignatureError> {
    let mut values = headers.get_all(header).iter();
    let date = match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok().and_then(parse_imf_fixdate),
        _ => None,
    };
    let date_s = date.ok_or(SignatureError::Date(header))?;
    let skew_s = date_s.abs_diff(now_s);
    if skew_s > CLOCK_SKEW_S_MAX {
        let side = if date_s < now_s { "behind" } else { "ahead of" };
        return Err(SignatureError::Clock { header, skew_s, side });
    }
    Ok(())
}

/// Check 6: the signature is the key's, over this request. `target` is path and query exactly as
/// they stand on the request line, a doubled slash included.
pub fn check_signature(
    authorization: &Authorization,
    method: &str,
    target: &str,
    headers: &HeaderMap,
    key: &PublicKey,
) -> Result<(), SignatureError> {
    let mut lines = Vec::with_capacity(authorization.headers.len());
    for name in &authorization.headers {
        let value = match name.as_str() {
            REQUEST_TARGET => request_target(method, target).into_bytes(),
            name => joined(headers, name)
                .ok_or_else(|| SignatureError::HeaderMissing(name.to_owned()))?,
        };
        lines.push((name.as_str(), value));
    }
    match key.verify_sha256(&signing_string(&lines), &authorization.signature) {
        true => Ok(()),
        false => Err(SignatureError::Signature),
    }
}

/// The values of a header, several of them joined by a comma and a blank.
fn joined(headers: &HeaderMap, name: &str) -> Option<Vec<u8>> {
    let mut values = headers.get_all(name).iter();
    let mut joined = values.next()?.as_bytes().to_vec();
    for value in values {
        joined.extend_from_slice(b", ");
        joined.extend_from_slice(value.as_bytes());
    }
    Some(joined)
}
