//! Check 1: the header `authorization` (control-plane.md 2.1).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderName};

use super::SignatureError;
use crate::limits::{AUTHORIZATION_BYTES_MAX, SIGNED_HEADERS_MAX};
use crate::sign::{REQUEST_TARGET, printable_key_id};

/// A parsed header `authorization`. `Debug` shows neither a token nor the signature.
#[derive(Clone, PartialEq, Eq)]
pub struct Authorization {
    /// Names the key (control-plane.md 2.4).
    pub key_id: String,
    /// The signed headers in signing order, lower-case, at most [`SIGNED_HEADERS_MAX`].
    pub headers: Vec<String>,
    /// The decoded signature.
    pub signature: Vec<u8>,
}

impl Authorization {
    /// Reads the only header `authorization` of a request.
    pub fn from_headers(headers: &HeaderMap) -> Result<Authorization, SignatureError> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let value = values.next().ok_or(SignatureError::Missing)?;
        if values.next().is_some() {
            return Err(SignatureError::Several);
        }
        Authorization::parse(value.to_str().map_err(|_| SignatureError::Malformed)?)
    }

    /// Reads the header's value. Parameters may come in any order, with blanks around commas and
    /// equals signs; unknown ones are ignored.
    ///
    /// ```
    /// use oci_core::verify::Authorization;
    /// let value = r#"Signature version="1",headers="date (request-target) host",keyId="t/u/f",algorithm="rsa-sha256",signature="AAAA""#;
    /// assert_eq!(Authorization::parse(value).expect("complete").key_id, "t/u/f");
    /// ```
    pub fn parse(value: &str) -> Result<Authorization, SignatureError> {
        if value.len() > AUTHORIZATION_BYTES_MAX {
            return Err(SignatureError::TooLong);
        }
        let Some((scheme, rest)) = value.trim().split_once(' ') else {
            return Err(SignatureError::Scheme);
        };
        if !scheme.eq_ignore_ascii_case("Signature") {
            return Err(SignatureError::Scheme);
        }
        let parameters = Parameters::parse(rest)?;
        let [version, key_id, algorithm, headers, signature] = parameters.0;
        // An absent version means 1.
        if version.is_some_and(|version| version != "1") {
            return Err(SignatureError::Version);
        }
        let key_id = required(key_id, "keyId")?;
        if required(algorithm, "algorithm")? != "rsa-sha256" {
            return Err(SignatureError::Algorithm);
        }
        let headers = header_names(required(headers, "headers")?)?;
        let signature = STANDARD
            .decode(required(signature, "signature")?)
            .map_err(|_| SignatureError::SignatureForm)?;
        Ok(Authorization { key_id: key_id.to_owned(), headers, signature })
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization")
            .field("key_id", &printable_key_id(&self.key_id))
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

const NAMES: [&str; 5] = ["version", "keyId", "algorithm", "headers", "signature"];

/// The values of [`NAMES`], in that order.
struct Parameters<'a>([Option<&'a str>; NAMES.len()]);

impl<'a> Parameters<'a> {
    fn parse(mut rest: &'a str) -> Result<Parameters<'a>, SignatureError> {
        let mut values = [None; NAMES.len()];
        loop {
            let (name, value, after) = parameter(rest).ok_or(SignatureError::Malformed)?;
            if let Some(at) = NAMES.iter().position(|known| known.eq_ignore_ascii_case(name))
                && values[at].replace(value).is_some()
            {
                return Err(SignatureError::ParameterTwice(NAMES[at]));
            }
            rest = after.trim_start();
            if rest.is_empty() {
                return Ok(Parameters(values));
            }
            rest = rest.strip_prefix(',').ok_or(SignatureError::Malformed)?;
        }
    }
}

/// Splits `name="value"` off the front. Values have no escapes: none of them can hold a quote.
fn parameter(text: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = text.split_once('=')?;
    let (value, rest) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
    let name = name.trim();
    (!name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric()))
        .then_some((name, value, rest))
}

fn required<'a>(value: Option<&'a str>, name: &'static str) -> Result<&'a str, SignatureError> {
    value.filter(|value| !value.is_empty()).ok_or(SignatureError::ParameterMissing(name))
}

fn header_names(list: &str) -> Result<Vec<String>, SignatureError> {
    let names = list.split(' ').filter(|name| !name.is_empty());
    if names.clone().count() > SIGNED_HEADERS_MAX {
        return Err(SignatureError::TooManyHeaders);
    }
    names
        .map(|name| {
            if name.eq_ignore_ascii_case(REQUEST_TARGET) {
                return Ok(REQUEST_TARGET.to_owned());
            }
            let name = HeaderName::from_bytes(name.as_bytes());
            name.map(|name| name.as_str().to_owned()).map_err(|_| SignatureError::HeaderName)
        })
        .collect()
}
