//! Rules that all resources share. Findings are collected and reported together
//! (control-plane.md 4, 5.5).

use iot_api::tags::{FreeformTags, NamespacedTags};
use iot_api::{ErrorCode, Tags};

use crate::error::Refusal;
use crate::limits::{
    DESCRIPTION_CHARS_MAX, DISPLAY_NAME_CHARS_MAX, EXTERNAL_KEY_CHARS_MAX, TAG_KEY_CHARS_MAX,
    TAG_VALUE_CHARS_MAX, TAGS_MAX,
};
use crate::store::Common;

/// Collects what is wrong with a request: rules that values break, and names of what is not there.
#[derive(Default)]
pub(crate) struct Findings {
    invalid: Vec<String>,
    related: Vec<Refusal>,
}

impl Findings {
    /// Adds a rule that a value breaks.
    pub fn add(&mut self, finding: impl Into<String>) {
        self.invalid.push(finding.into());
    }

    /// Adds a resource that the body names and that is not there.
    pub fn related(&mut self, refusal: Refusal) {
        self.related.push(refusal);
    }

    /// Keeps a refusal as a finding, so that the search for more goes on.
    ///
    /// # Errors
    /// A refusal that says nothing about the request.
    pub fn settle<T>(&mut self, result: Result<T, Refusal>) -> Result<Option<T>, Refusal> {
        match result {
            Ok(value) => return Ok(Some(value)),
            Err(refusal) => match refusal.code {
                ErrorCode::InvalidParameter => self.add(refusal.message),
                ErrorCode::RelatedResourceNotAuthorizedOrNotFound => self.related(refusal),
                _ => return Err(refusal),
            },
        }
        Ok(None)
    }

    /// Display name and description of a new resource, and its tags.
    pub fn common(&mut self, common: &Common) {
        self.display_name(Some(&common.display_name));
        self.description(common.description.as_deref());
        self.tags(&common.tags);
    }

    /// The tags of a new resource.
    pub fn new_tags(&self, free: Option<FreeformTags>, defined: Option<NamespacedTags>) -> Tags {
        Tags { freeform_tags: free.unwrap_or_default(), defined_tags: defined.unwrap_or_default() }
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
    pub fn tags(&mut self, tags: &Tags) {
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
    }

    /// Refuses when anything was found.
    pub fn check(self) -> Result<(), Refusal> {
        let found = !self.invalid.is_empty() || !self.related.is_empty();
        if found { Err(self.into_refusal()) } else { Ok(()) }
    }

    /// All findings, a line each. Rules come first, and with them stands what is not there.
    pub fn into_refusal(self) -> Refusal {
        let code = match (self.invalid.as_slice(), self.related.first()) {
            ([], Some(first)) => first.code,
            _ => ErrorCode::InvalidParameter,
        };
        let related = self.related.into_iter().map(|refusal| refusal.message);
        let lines: Vec<String> = self.invalid.into_iter().chain(related).collect();
        Refusal::new(code, lines.join("\n"))
    }
}

/// `None` for absent and for blank text.
pub(crate) fn not_blank(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}
