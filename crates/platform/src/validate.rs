//! Rules that all resources share. Findings are collected and reported together
//! (control-plane.md 4, 5.5).

use iot_api::tags::{FreeformTags, NamespacedTags};
use iot_api::{ErrorCode, Tags};

use crate::error::Refusal;
use crate::limits::{
    DESCRIPTION_CHARS_MAX, DISPLAY_NAME_CHARS_MAX, EXTERNAL_KEY_CHARS_MAX, FINDINGS_MAX,
    TAG_KEY_CHARS_MAX, TAG_VALUE_CHARS_MAX, TAGS_MAX,
};
use crate::store::Common;

/// Details of a request, and what was found wrong with their form: where that is something, the
/// details have stand-ins, and an operation only looks for more findings.
#[derive(Debug)]
pub struct Asked<T> {
    /// The details.
    pub details: T,
    /// What is wrong so far.
    pub findings: Findings,
}

impl<T> Asked<T> {
    /// The details, where nothing but their form can be wrong.
    ///
    /// # Errors
    /// What was found.
    pub fn checked(self) -> Result<T, Refusal> {
        self.findings.check()?;
        Ok(self.details)
    }
}

/// How a finding about a missing member ends.
const IS_MISSING: &str = ": is missing";

/// Collects what is wrong with a request: rules that values break, members that are not there, and
/// names of what is not there.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    invalid: Vec<String>,
    missing: Vec<String>,
    related: Vec<Refusal>,
    /// Members whose values were not read; rules say nothing about them.
    unread: Vec<String>,
}

impl Findings {
    /// Adds a rule that a value breaks; the text begins with the member or the parameter.
    pub fn add(&mut self, finding: impl Into<String>) {
        let finding = finding.into();
        if !self.is_unread(member(&finding)) {
            self.invalid.push(finding);
        }
    }

    /// Adds a member that could not be read.
    pub fn unreadable(&mut self, member: &str, why: &str) {
        self.add(format!("{member}: {why}"));
        self.unread.push(self::member(member).to_owned());
    }

    /// Adds a member or a parameter that is needed and not there.
    pub fn missing(&mut self, member: &str) {
        if !self.is_unread(self::member(member)) {
            self.missing.push(format!("{member}{IS_MISSING}"));
            self.unread.push(self::member(member).to_owned());
        }
    }

    /// Whether a member has no value that rules could be about.
    pub fn is_unread(&self, member: &str) -> bool {
        self.unread.iter().any(|known| known == member)
    }

    /// Adds a resource that the body names and that is not there.
    pub fn related(&mut self, refusal: Refusal) {
        if !self.is_unread(member(&refusal.message)) {
            self.related.push(refusal);
        }
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.invalid.is_empty() && self.missing.is_empty() && self.related.is_empty()
    }

    /// Keeps a refusal as a finding, so that the search for more goes on.
    ///
    /// # Errors
    /// A refusal that says nothing about the request.
    pub fn settle<T>(&mut self, result: Result<T, Refusal>) -> Result<Option<T>, Refusal> {
        match result {
            Ok(value) => return Ok(Some(value)),
            Err(refusal) => match refusal.code {
                ErrorCode::InvalidParameter => {
                    refusal.message.lines().for_each(|line| self.add(line));
                }
                ErrorCode::MissingParameter => {
                    self.missing(refusal.message.trim_end_matches(IS_MISSING));
                }
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
    ///
    /// # Errors
    /// Everything that was found.
    pub fn check(self) -> Result<(), Refusal> {
        if self.is_empty() { Ok(()) } else { Err(self.into_refusal()) }
    }

    /// All findings, a line each: broken rules, then what is missing, then what is not there.
    pub fn into_refusal(self) -> Refusal {
        let code = match (self.invalid.first(), self.missing.first(), self.related.first()) {
            (Some(_), ..) | (None, None, None) => ErrorCode::InvalidParameter,
            (None, Some(_), _) => ErrorCode::MissingParameter,
            (None, None, Some(first)) => first.code,
        };
        let related = self.related.into_iter().map(|refusal| refusal.message);
        let mut lines: Vec<String> =
            self.invalid.into_iter().chain(self.missing).chain(related).collect();
        if lines.len() > FINDINGS_MAX {
            lines.truncate(FINDINGS_MAX);
            lines.push(format!("more than {FINDINGS_MAX} findings; the others are left out"));
        }
        Refusal::new(code, lines.join("\n"))
    }
}

/// The member or the parameter that a finding begins with.
fn member(finding: &str) -> &str {
    finding.split([':', '.', ' ', ',', '[', '/']).next().unwrap_or_default()
}

/// `None` for absent and for blank text.
pub(crate) fn not_blank(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}
