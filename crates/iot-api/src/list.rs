//! The form of every list answer (control-plane.md 4.10).

use serde::{Deserialize, Serialize};

/// `{"items": […]}`; the page token travels in the header `opc-next-page`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Collection<T> {
    /// One page of summaries.
    pub items: Vec<T>,
}
