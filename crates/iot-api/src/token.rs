//! The token endpoint of the identity domain (data-api.md 1.3).

use std::fmt;

use serde::{Deserialize, Serialize};

/// Answer of a granted token request. `Debug` does not show the token.
#[derive(Clone, Serialize, Deserialize)]
pub struct TokenAnswer {
    /// The JWT.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// Life time in seconds.
    pub expires_in: u64,
}

impl fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenAnswer")
            .field("token_type", &self.token_type)
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

/// Body of a refused token request (RFC 6749, section 5.2).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TokenError {
    /// The RFC's error word.
    pub error: String,
    /// What was wrong.
    pub error_description: String,
}
