//! Tags that every resource carries (control-plane.md 1.4).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Free-form tags: key to value.
pub type FreeformTags = BTreeMap<String, String>;
/// Defined and system tags: name space to (key to value).
pub type NamespacedTags = BTreeMap<String, BTreeMap<String, serde_json::Value>>;

/// The two kinds of tags a client may set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Tags {
    /// Key to value.
    pub freeform_tags: FreeformTags,
    /// Name space to (key to value).
    pub defined_tags: NamespacedTags,
}
