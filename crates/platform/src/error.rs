//! Why a use case did not happen.

use iot_api::ErrorCode;

use crate::store::StoreError;

/// A refusal: what the caller may read. Context that the caller must not read is logged where the
/// refusal is made and never stored in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Code, which fixes the HTTP status.
    pub code: ErrorCode,
    /// What was refused, which one, and what to do.
    pub message: String,
}

impl Refusal {
    /// A refusal with this code and message.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Refusal {
        Refusal { code, message: message.into() }
    }

    /// A value breaks a rule.
    pub fn invalid(message: impl Into<String>) -> Refusal {
        Refusal::new(ErrorCode::InvalidParameter, message)
    }

    /// The resource of the path or the query is not there for this caller.
    pub fn not_found(kind: &str, id: &str) -> Refusal {
        Refusal::new(
            ErrorCode::NotAuthorizedOrNotFound,
            format!("Authorization failed or requested resource not found: {kind} '{id}'"),
        )
    }

    /// A resource that the body names is not there for this caller.
    pub fn related(member: &str, id: &str) -> Refusal {
        Refusal::new(
            ErrorCode::RelatedResourceNotAuthorizedOrNotFound,
            format!("{member} names a resource that does not exist or is not permitted: '{id}'"),
        )
    }

    /// What the API has and this platform does not have yet.
    pub fn not_implemented(what: &str) -> Refusal {
        Refusal::new(
            ErrorCode::MethodNotImplemented,
            format!("{what} is not available on this platform"),
        )
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)
    }
}

impl std::error::Error for Refusal {}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Refusal {
        match error {
            StoreError::Duplicate(what) => {
                Refusal::new(ErrorCode::NotAuthorizedOrResourceAlreadyExists, what)
            }
            StoreError::InUse(what) => Refusal::new(ErrorCode::Conflict, what),
            StoreError::NotFound(what) => Refusal::not_found(what.kind, &what.id),
            StoreError::Busy(what) => Refusal::new(ErrorCode::IncorrectState, what),
            StoreError::LimitExceeded(what) => Refusal::new(ErrorCode::LimitExceeded, what),
            StoreError::EtagMismatch => Refusal::new(
                ErrorCode::NoEtagMatch,
                "if-match names another state of the resource; read it again and repeat",
            ),
            StoreError::TooSlow => {
                Refusal::new(ErrorCode::ServiceUnavailable, crate::data::TOO_SLOW)
            }
            StoreError::Failed(context) => {
                tracing::error!(store.error = %context, "the store failed");
                Refusal::new(
                    ErrorCode::InternalServerError,
                    "the platform's store failed; the platform's log says why",
                )
            }
        }
    }
}
