//! Check 7: the body is the one that was signed.

use http::HeaderMap;

use super::SignatureError;
use crate::sign::content_sha256;

/// Compares the body with `content-length` and `x-content-sha256`. That these two are signed is
/// check 2 of POST, PUT and PATCH; for other methods only an empty body may come without them.
pub fn check_body(headers: &HeaderMap, body: &[u8]) -> Result<(), SignatureError> {
    if let Some(length) = single(headers, "content-length")?
        && length.parse() != Ok(body.len())
    {
        return Err(SignatureError::BodyLength);
    }
    match single(headers, "x-content-sha256")? {
        Some(hash) if hash == content_sha256(body) => Ok(()),
        Some(_) => Err(SignatureError::BodyHash),
        None if body.is_empty() => Ok(()),
        None => Err(SignatureError::BodyNotCovered),
    }
}

fn single<'a>(
    headers: &'a HeaderMap,
    name: &'static str,
) -> Result<Option<&'a str>, SignatureError> {
    let mut values = headers.get_all(name).iter();
    let value = values.next();
    if values.next().is_some() {
        return Err(SignatureError::BodyHeader(name));
    }
    // A value that is not text equals no hash and no length.
    Ok(value.map(|value| value.to_str().unwrap_or_default()))
}
