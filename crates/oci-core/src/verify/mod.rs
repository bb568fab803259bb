//! Request signatures, the server's side: the checks of control-plane.md 2.2.
//!
//! A server works through them in this order: [`Authorization::from_headers`] (check 1),
//! [`check_headers`] (2 to 4), its own look-up of the key (5), [`check_signature`] (6), and when
//! the body has arrived [`check_body`] (7). [`check`] does 2 to 4 and 6 in one call.
//!
//! Work and memory are bounded by the size of the request's header block.

mod authorization;
mod body;
mod error;
mod headers;

pub use authorization::Authorization;
pub use body::check_body;
pub use error::SignatureError;
pub use headers::{check_headers, check_signature};

use http::HeaderMap;

use crate::key::PublicKey;

/// Checks 2 to 4 and 6 of control-plane.md 2.2. `target` is path and query exactly as they stand
/// on the request line; `now_s` is the server's time, in seconds since 1970 UTC.
pub fn check(
    authorization: &Authorization,
    method: &str,
    target: &str,
    headers: &HeaderMap,
    now_s: i64,
    key: &PublicKey,
) -> Result<(), SignatureError> {
    check_headers(authorization, method, headers, now_s)?;
    check_signature(authorization, method, target, headers, key)
}
