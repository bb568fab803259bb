//! Members of updates that `null` clears (control-plane.md 1.7).

use serde::{Deserialize, Deserializer};

/// Absent: unchanged; `Some(None)`, which is `null`: cleared; `Some(Some(_))`: replaced.
pub type Nullable<T> = Option<Option<T>>;

/// Reads a member that is there, `null` or not.
pub(crate) fn present<'de, D, T>(deserializer: D) -> Result<Nullable<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}
