//! What a signature fails on. The text goes to the client, which sees nothing else of a 401.

use crate::limits::{AUTHORIZATION_BYTES_MAX, CLOCK_SKEW_S_MAX, SIGNED_HEADERS_MAX};

/// The check of control-plane.md 2.2 that failed. Texts name headers and parameters, never the
/// key id, the signature or a value that might be secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Check 1: no header `authorization`.
    #[error("the request is not signed: it has no header `authorization`")]
    Missing,
    /// Check 1: more than one.
    #[error("the header `authorization` is given more than once")]
    Several,
    /// Check 1: too long.
    #[error("the header `authorization` is longer than {AUTHORIZATION_BYTES_MAX} bytes")]
    TooLong,
    /// Check 1: another scheme.
    #[error("the header `authorization` does not use the scheme `Signature`")]
    Scheme,
    /// Check 1: not a list of `name="value"`.
    #[error("the header `authorization` is not a list of `name=\"value\"` separated by commas")]
    Malformed,
    /// Check 1: a parameter is absent.
    #[error("the header `authorization` has no parameter `{0}`")]
    ParameterMissing(&'static str),
    /// Check 1: a parameter is there twice.
    #[error("the header `authorization` has more than one parameter `{0}`")]
    ParameterTwice(&'static str),
    /// Check 1: another version.
    #[error("the signature's version is not `1`")]
    Version,
    /// Check 1: another algorithm.
    #[error("the signature's algorithm is not `rsa-sha256`")]
    Algorithm,
    /// Check 1: the signature is not base64.
    #[error("the signature is not base64")]
    SignatureForm,
    /// Check 1: something in the list of headers is no header name.
    #[error("the signature's list `headers` contains something that is not a header name")]
    HeaderName,
    /// Check 2: too many.
    #[error("the signature lists more than {SIGNED_HEADERS_MAX} headers")]
    TooManyHeaders,
    /// Check 2: a header that must be signed is not.
    #[error("the signature does not cover `{0}`")]
    NotCovered(&'static str),
    /// Check 3: listed but not sent.
    #[error("the signature covers the header `{0}`, which the request does not have")]
    HeaderMissing(String),
    /// Check 3: listed twice.
    #[error("the signature lists the header `{0}` twice")]
    ListedTwice(String),
    /// Check 4: not an IMF-fixdate.
    #[error("the header `{0}` is not a date like `Mon, 05 Jan 2026 21:31:40 GMT`")]
    Date(&'static str),
    /// Check 4: clocks differ.
    #[error(
        "the header `{header}` is {skew_s} seconds {side} the server's clock, \
         more than {CLOCK_SKEW_S_MAX} are not accepted; set the client's clock"
    )]
    Clock {
        /// `date` or `x-date`.
        header: &'static str,
        /// How far, in seconds.
        skew_s: u64,
        /// `behind` or `ahead of`.
        side: &'static str,
    },
    /// Check 6.
    #[error(
        "the signature does not match the request: another key, or method, path, query or a \
         signed header changed on the way"
    )]
    Signature,
    /// Check 7: a header that describes the body is given more than once.
    #[error("the header `{0}` is given more than once")]
    BodyHeader(&'static str),
    /// Check 7: a body without its hash.
    #[error("the request has a body but no header `x-content-sha256`")]
    BodyNotCovered,
    /// Check 7: other length.
    #[error("the body does not have the length that `content-length` says")]
    BodyLength,
    /// Check 7: other content.
    #[error("the body does not have the hash that `x-content-sha256` says")]
    BodyHash,
}
