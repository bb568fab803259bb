//! Names, comments and texts in several languages (B2).

use serde_json::{Map, Value};

use super::{Part, Reader, plural};
use crate::diagnostic::{Pointer, code};
use crate::dtmi::is_name;
use crate::limits::TEXT_CHARS_MAX;

/// The language of a text without one.
const DEFAULT_LANGUAGE: &str = "en";

impl<'v> Reader<'v> {
    /// The `name` that every part inside an interface needs.
    pub(crate) fn name(&mut self, part: &Part<'v>, at: &Pointer) -> Option<&'v str> {
        let name = part.get("name");
        let at_name = at.key("name");
        match name {
            Some(Value::String(name)) if name.len() <= TEXT_CHARS_MAX && is_name(name) => {
                Some(name)
            }
            Some(Value::String(name)) => {
                let message = format!(
                    "`{}` is not a name; use letters, digits and underscores, beginning with a \
                     letter and not ending with an underscore",
                    name.chars().take(80).collect::<String>()
                );
                self.report(code!("stringInvalid"), &at_name, message);
                None
            }
            Some(_) => {
                self.report(code!("stringNotString"), &at_name, "`name` must be a string");
                None
            }
            None => {
                self.report(code!("missingLiteralProperty"), at, "`name` is missing");
                None
            }
        }
    }

    /// The comment, display name and description; gives the English text of the last two.
    pub(crate) fn texts(
        &mut self,
        part: &Part<'v>,
        at: &Pointer,
    ) -> (Option<String>, Option<String>) {
        if let Some(comment) = part.get("comment") {
            let at = at.key("comment");
            match comment.as_str() {
                Some(text) => self.check_length(text, &at),
                None => self.report(code!("stringNotString"), &at, "`comment` must be a string"),
            }
        }
        let mut localizable = |property: &str| {
            let value = part.get(property)?;
            self.localizable(value, &at.key(property))
        };
        (localizable("displayName"), localizable("description"))
    }

    /// A plain text, a map by language, or a list of `{"@value", "@language"}`.
    fn localizable(&mut self, value: &Value, at: &Pointer) -> Option<String> {
        let mut english = None;
        let is_list = value.is_array();
        for value in plural(Some(value)) {
            let pairs = match value {
                Value::String(text) => vec![(DEFAULT_LANGUAGE, text.as_str())],
                // Only a single object can be a map by language.
                Value::Object(object) if !is_list || object.contains_key("@value") => {
                    self.languages(object, at)
                }
                _ => {
                    self.report(code!("stringNotString"), at, "expected a text");
                    continue;
                }
            };
            for (language, text) in pairs {
                self.check_length(text, at);
                if language == DEFAULT_LANGUAGE {
                    english = Some(text.to_owned());
                }
            }
        }
        english
    }

    fn languages<'t>(
        &mut self,
        object: &'t Map<String, Value>,
        at: &Pointer,
    ) -> Vec<(&'t str, &'t str)> {
        if let Some(value) = object.get("@value") {
            let language = object.get("@language").map_or(Some(DEFAULT_LANGUAGE), Value::as_str);
            if let (Some(text), Some(language)) = (value.as_str(), language) {
                return vec![(language, text)];
            }
            self.report(code!("stringNotString"), at, "`@value` and `@language` must be strings");
            return Vec::new();
        }
        let mut pairs = Vec::new();
        for (language, value) in object {
            match value.as_str() {
                Some(text) if is_language(language) => pairs.push((language.as_str(), text)),
                Some(_) => {
                    let message = format!("`{language}` is not a language code");
                    self.report(code!("langStringElementInvalidCode"), at, message);
                }
                None => self.report(code!("stringNotString"), at, "expected a text"),
            }
        }
        pairs
    }

    fn check_length(&mut self, text: &str, at: &Pointer) {
        if text.chars().count() > TEXT_CHARS_MAX {
            let message = format!("the text is longer than {TEXT_CHARS_MAX} characters");
            self.report(code!("stringTooLong"), at, message);
        }
    }
}

/// Looks like a language tag: letters first, then more parts of letters and digits.
fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or_default();
    (2..=8).contains(&first.len())
        && first.bytes().all(|b| b.is_ascii_alphabetic())
        && parts.all(|p| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()))
}
