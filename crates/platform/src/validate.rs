//! Rules that all resources share. Findings are collected and reported together
//! (control-plane.md 4, 5.5).

use std::collections::HashSet;

use iot_api::tags::{FreeformTags, NamespacedTags};
use iot_api::{ErrorCode, Tags};
use serde_json::Value;

use crate::error::Refusal;
use crate::limits::{
    DESCRIPTION_CHARS_MAX, DISPLAY_NAME_CHARS_MAX, EXTERNAL_KEY_CHARS_MAX, FINDINGS_MAX,
    NAME_SHOWN_CHARS_MAX, TAG_KEY_CHARS_MAX, TAG_VALUE_CHARS_MAX, TAGS_MAX,
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

    /// Adds a member that could not be read; one inside others as `outer.inner[0]`.
    pub fn unreadable(&mut self, member: &str, why: &str) {
        self.add(format!("{member}: {why}"));
        self.unread.push(member.to_owned());
    }

    /// Adds a member or a parameter that is needed and not there.
    pub fn missing(&mut self, member: &str) {
        if !self.is_unread(member) {
            self.missing.push(format!("{member}{IS_MISSING}"));
            self.unread.push(member.to_owned());
        }
    }

    /// Whether a member has no value that rules could be about: it was not read, or it is inside
    /// of one, or around one, that was not.
    pub fn is_unread(&self, member: &str) -> bool {
        self.unread.iter().any(|known| is_within(known, member) || is_within(member, known))
    }

    /// Adds a resource that the body names and that is not there.
    pub fn related(&mut self, refusal: Refusal) {
        if !self.is_unread(member(&refusal.message)) {
            self.related.push(refusal);
        }
    }

    /// A list that names each thing once.
    pub fn no_duplicates(&mut self, member: &str, list: &[String]) {
        let mut seen = HashSet::new();
        if let Some(twice) = list.iter().find(|item| !seen.insert(item.as_str())) {
            self.add(format!("{member}: '{}' is named twice", shown(twice)));
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

    /// Length and characters of a display name.
    pub fn display_name(&mut self, name: Option<&str>) {
        let Some(name) = name else { return };
        if name.chars().count() > DISPLAY_NAME_CHARS_MAX {
            self.add(format!("displayName: at most {DISPLAY_NAME_CHARS_MAX} characters"));
        }
        if name.contains(char::is_control) {
            self.add("displayName: no control characters");
        }
    }

    /// Length and characters of a description, which may have several lines.
    pub fn description(&mut self, text: Option<&str>) {
        let Some(text) = text else { return };
        if text.chars().count() > DESCRIPTION_CHARS_MAX {
            self.add(format!("description: at most {DESCRIPTION_CHARS_MAX} characters"));
        }
        if text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            self.add("description: no control characters except tabs and ends of lines");
        }
    }

    /// Form of an external key.
    pub fn external_key(&mut self, key: &str) {
        let length = key.chars().count();
        if key.trim().is_empty() || length > EXTERNAL_KEY_CHARS_MAX {
            self.add(format!(
                "externalKey: 1 to {EXTERNAL_KEY_CHARS_MAX} characters that are not all blank"
            ));
        }
        if key.chars().any(|c| c.is_control() || c == '+' || c == '#') {
            self.add("externalKey: no control characters, no '+' and no '#'");
        }
    }

    /// Number, length and characters of tags. Namespaces and keys of defined tags are words of the
    /// tag service: printable ASCII without blanks and full stops.
    pub fn tags(&mut self, tags: &Tags) {
        let count =
            tags.freeform_tags.len() + tags.defined_tags.values().map(|t| t.len()).sum::<usize>();
        if count > TAGS_MAX {
            return self.add(format!("freeformTags, definedTags: at most {TAGS_MAX} in all"));
        }
        for (key, value) in &tags.freeform_tags {
            if !has_length(key, 1, TAG_KEY_CHARS_MAX) || key.contains(char::is_control) {
                self.add(format!(
                    "freeformTags: the key '{}' must have 1 to {TAG_KEY_CHARS_MAX} characters, no \
                     control characters",
                    shown(key)
                ));
            }
            self.tag_value("freeformTags", key, value);
        }
        for (namespace, values) in &tags.defined_tags {
            self.tag_word("namespace", namespace);
            for (key, value) in values {
                self.tag_word("key", key);
                let name = format!("{namespace}.{key}");
                match value {
                    Value::String(text) => self.tag_value("definedTags", &name, text),
                    Value::Number(_) | Value::Bool(_) => {}
                    _ => self.add(format!(
                        "definedTags: the value of '{}' must be a string, a number or a boolean",
                        shown(&name)
                    )),
                }
            }
        }
    }

    fn tag_word(&mut self, what: &str, word: &str) {
        let is_word = word.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'.');
        if !is_word || !has_length(word, 1, TAG_KEY_CHARS_MAX) {
            self.add(format!(
                "definedTags: the {what} '{}' must have 1 to {TAG_KEY_CHARS_MAX} characters of \
                 ASCII, no blanks and no full stops",
                shown(word)
            ));
        }
    }

    fn tag_value(&mut self, member: &str, key: &str, value: &str) {
        if !has_length(value, 0, TAG_VALUE_CHARS_MAX) || value.contains(char::is_control) {
            self.add(format!(
                "{member}: the value of '{}' must have at most {TAG_VALUE_CHARS_MAX} characters, \
                 no control characters",
                shown(key)
            ));
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

fn has_length(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.chars().count())
}

/// A name from outside, as a message repeats it.
fn shown(name: &str) -> String {
    let mut shown: String = name.chars().take(NAME_SHOWN_CHARS_MAX).collect();
    if shown.len() < name.len() {
        shown.push('…');
    }
    shown.escape_debug().to_string()
}

/// The member or the parameter that a finding begins with, with those around it.
fn member(finding: &str) -> &str {
    finding.split([':', ' ', ',']).next().unwrap_or_default()
}

/// Whether `inner` is the member `outer` or inside of it.
fn is_within(outer: &str, inner: &str) -> bool {
    inner
        .strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', '/']))
}

/// `None` for absent and for blank text.
pub(crate) fn not_blank(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags_findings(tags: serde_json::Value) -> Vec<String> {
        let mut findings = Findings::default();
        findings.tags(&serde_json::from_value(tags).unwrap());
        let message = findings.check().err().map(|refusal| refusal.message);
        message.iter().flat_map(|text| text.lines().map(str::to_owned)).collect()
    }

    #[test]
    fn tags_have_rules_for_keys_namespaces_and_values() {
        use serde_json::json;
        for good in [
            json!({"freeformTags": {"a key. ä": ""}, "definedTags": {}}),
            json!({"definedTags": {"Oracle-Tags": {"CreatedBy": "é", "n": 1, "b": true}, "ns": {}}}),
        ] {
            assert_eq!(tags_findings(good.clone()), [""; 0], "{good}");
        }
        let long = "k".repeat(101);
        for (bad, words) in [
            (json!({"freeformTags": {"": "v"}}), "the key ''"),
            (json!({"freeformTags": {long.clone(): "v"}}), "1 to 100"),
            (json!({"freeformTags": {"a\u{0}": "v"}}), "a\\0"),
            (json!({"freeformTags": {"a": "\n"}}), "value of 'a'"),
            (json!({"freeformTags": {"a": "v".repeat(257)}}), "at most 256"),
            (json!({"definedTags": {"": {}}}), "the namespace ''"),
            (json!({"definedTags": {"a.b": {"k": "v"}}}), "the namespace 'a.b'"),
            (json!({"definedTags": {"a": {"k k": "v"}}}), "the key 'k k'"),
            (json!({"definedTags": {"a": {"": "v"}}}), "the key ''"),
            (json!({"definedTags": {"a": {long: "v"}}}), "1 to 100"),
            (json!({"definedTags": {"a": {"k": []}}}), "value of 'a.k' must be a string"),
            (json!({"definedTags": {"a": {"k": "v".repeat(257)}}}), "at most 256"),
        ] {
            let found = tags_findings(bad.clone());
            assert!(found.len() == 1 && found[0].contains(words), "{bad}: {found:?}");
        }
        let many: serde_json::Map<_, _> = (0..65).map(|no| (no.to_string(), json!(""))).collect();
        assert_eq!(tags_findings(json!({"freeformTags": many})).len(), 1);
    }

    #[test]
    fn names_and_texts_have_no_control_characters() {
        let findings = |check: fn(&mut Findings, Option<&str>), text: &str| {
            let mut findings = Findings::default();
            check(&mut findings, Some(text));
            findings.is_empty()
        };
        assert!(findings(Findings::display_name, "Ünïcode 🙂"));
        assert!(findings(Findings::description, "two\r\nlines\tand a tab"));
        for bad in ["a\0b", "a\u{1b}[0m", "a\u{85}"] {
            assert!(!findings(Findings::display_name, bad), "{bad:?}");
            assert!(!findings(Findings::description, bad), "{bad:?}");
        }
        assert!(!findings(Findings::display_name, "two\nlines"));
    }
}
