//! Rules that all resources share. Findings are collected and reported together
//! (control-plane.md 4, 5.5).

use iot_api::Tags;
use iot_api::tags::{FreeformTags, NamespacedTags};

use crate::error::Refusal;
use crate::limits::{
    DESCRIPTION_CHARS_MAX, DISPLAY_NAME_CHARS_MAX, EXTERNAL_KEY_CHARS_MAX, TAG_KEY_CHARS_MAX,
    TAG_VALUE_CHARS_MAX, TAGS_MAX,
};

/// Collects what is wrong with a request.
#[derive(Default)]
pub(crate) struct Findings(Vec<String>);

impl Findings {
    /// Adds a finding.
    pub fn add(&mut self, finding: impl Into<String>) {
        self.0.push(finding.into());
    }

    /// Length of a display name.
    pub fn display_name(&mut self, name: Option<&str>) {
        if name.is_some_and(|name| name.chars().count() > DISPLAY_NAME_CHARS_MAX) {
            self.add(format!("displayName: at most {DISPLAY_NAME_CHARS_MAX} characters"));
        }
    }

    /// Length of a description.
    pub fn description(&mut self, text: Option<&str>) {
        if text.is_some_and(|text| text.chars().count() > DESCRIPTION_CHARS_MAX) {
            self.add(format!("description: at most {DESCRIPTION_CHARS_MAX} characters"));
        }
    }

    /// Form of an external key.
    pub fn external_key(&mut self, key: &str) {
        let length = key.chars().count();
        if length == 0 || length > EXTERNAL_KEY_CHARS_MAX {
            self.add(format!("externalKey: 1 to {EXTERNAL_KEY_CHARS_MAX} characters"));
        }
        if key.chars().any(|c| c.is_control() || c == '+' || c == '#') {
            self.add("externalKey: no control characters, no '+' and no '#'");
        }
    }

    /// Number and length of tags.
    pub fn tags(&mut self, free: Option<FreeformTags>, defined: Option<NamespacedTags>) -> Tags {
        let tags = Tags {
            freeform_tags: free.unwrap_or_default(),
            defined_tags: defined.unwrap_or_default(),
        };
        let count =
            tags.freeform_tags.len() + tags.defined_tags.values().map(|t| t.len()).sum::<usize>();
        if count > TAGS_MAX {
            self.add(format!("freeformTags, definedTags: at most {TAGS_MAX} in all"));
        }
        for (key, value) in &tags.freeform_tags {
            if key.is_empty() || key.chars().count() > TAG_KEY_CHARS_MAX {
                self.add(format!("freeformTags: a key has 1 to {TAG_KEY_CHARS_MAX} characters"));
            }
            if value.chars().count() > TAG_VALUE_CHARS_MAX {
                self.add(format!(
                    "freeformTags '{key}': a value has at most {TAG_VALUE_CHARS_MAX} characters"
                ));
            }
        }
        tags
    }

    /// Refuses when anything was found.
    pub fn check(self) -> Result<(), Refusal> {
        if self.0.is_empty() { Ok(()) } else { Err(Refusal::invalid(self.0.join("\n"))) }
    }
}

/// `None` for absent and for blank text.
pub(crate) fn not_blank(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}
