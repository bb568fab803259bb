//! The control plane's error body and its codes (control-plane.md 1.10).

use serde::{Deserialize, Serialize};

/// `{"code": …, "message": …}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ErrorBody {
    /// One of [`ErrorCode`] when it comes from our server; free text from others.
    pub code: String,
    /// What was wrong, which one, and what to do.
    pub message: String,
}

/// The codes our server answers with; each has one HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// Body is not JSON.
    CannotParseRequest,
    /// A value breaks a rule.
    InvalidParameter,
    /// A required member or query parameter is absent.
    MissingParameter,
    /// A limit of the service is reached.
    LimitExceeded,
    /// A resource named in the body is unknown or not permitted.
    RelatedResourceNotAuthorizedOrNotFound,
    /// Signature, key, token or clock.
    NotAuthenticated,
    /// The resource of the path or query is unknown or not permitted.
    NotAuthorizedOrNotFound,
    /// No such path.
    NotFound,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// A state that passes by itself; worth another try.
    IncorrectState,
    /// A lasting conflict.
    Conflict,
    /// A retry token came again with another request.
    InvalidatedRetryToken,
    /// Another resource has this identity.
    NotAuthorizedOrResourceAlreadyExists,
    /// `if-match` names another state.
    NoEtagMatch,
    /// Body over the limit.
    PayloadTooLarge,
    /// More requests than one caller may send.
    TooManyRequests,
    /// A fault of ours.
    InternalServerError,
    /// An operation this platform does not have.
    MethodNotImplemented,
    /// Overload or shutdown; worth another try.
    ServiceUnavailable,
}

impl ErrorCode {
    /// The code's text.
    pub fn as_str(self) -> &'static str {
        self.parts().1
    }

    /// The HTTP status.
    pub fn status(self) -> u16 {
        self.parts().0
    }

    fn parts(self) -> (u16, &'static str) {
        match self {
            ErrorCode::CannotParseRequest => (400, "CannotParseRequest"),
            ErrorCode::InvalidParameter => (400, "InvalidParameter"),
            ErrorCode::MissingParameter => (400, "MissingParameter"),
            ErrorCode::LimitExceeded => (400, "LimitExceeded"),
            ErrorCode::RelatedResourceNotAuthorizedOrNotFound => {
                (400, "RelatedResourceNotAuthorizedOrNotFound")
            }
            ErrorCode::NotAuthenticated => (401, "NotAuthenticated"),
            ErrorCode::NotAuthorizedOrNotFound => (404, "NotAuthorizedOrNotFound"),
            ErrorCode::NotFound => (404, "NotFound"),
            ErrorCode::MethodNotAllowed => (405, "MethodNotAllowed"),
            ErrorCode::IncorrectState => (409, "IncorrectState"),
            ErrorCode::Conflict => (409, "Conflict"),
            ErrorCode::InvalidatedRetryToken => (409, "InvalidatedRetryToken"),
            ErrorCode::NotAuthorizedOrResourceAlreadyExists => {
                (409, "NotAuthorizedOrResourceAlreadyExists")
            }
            ErrorCode::NoEtagMatch => (412, "NoEtagMatch"),
            ErrorCode::PayloadTooLarge => (413, "PayloadTooLarge"),
            ErrorCode::TooManyRequests => (429, "TooManyRequests"),
            ErrorCode::InternalServerError => (500, "InternalServerError"),
            ErrorCode::MethodNotImplemented => (501, "MethodNotImplemented"),
            ErrorCode::ServiceUnavailable => (503, "ServiceUnavailable"),
        }
    }
}
