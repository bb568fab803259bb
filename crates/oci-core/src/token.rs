//! Security tokens from the client's side: a JWT whose end matters and nothing else
//! (control-plane.md 2.5).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::limits::TOKEN_BYTES_MAX;

/// When a token ends, in seconds since 1970 UTC. `None` when it is no JWT or names no end; its
/// signature is the server's business.
///
/// ```
/// assert_eq!(oci_core::token::expires_s("e30.eyJleHAiOjE3Njc2NDg3MDB9.x"), Some(1_767_648_700));
/// assert_eq!(oci_core::token::expires_s("e30.e30.x"), None);
/// ```
pub fn expires_s(token: &str) -> Option<i64> {
    #[derive(Deserialize)]
    struct Claims {
        exp: f64,
    }
    let token = token.trim();
    if token.len() > TOKEN_BYTES_MAX {
        return None;
    }
    let payload = token.split('.').nth(1)?;
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    // The conversion cuts to the nearest number there is.
    Some(claims.exp as i64)
}
