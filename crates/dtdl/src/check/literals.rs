//! Values that are no elements: texts, numbers, booleans, names of predefined things (B2).

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{Checker, excerpt};
use crate::diagnostic::code;
use crate::dtmi::{is_dtmi, is_name};
use crate::graph::Place;
use crate::limits::TEXT_CHARS_MAX;
use crate::metamodel::{PropertyRule, ValueRule};
use crate::vocabulary::term_of;

/// The language of a text without one.
pub(crate) const DEFAULT_LANGUAGE: &str = "en";

/// Prefix of the types of values, written out.
const XSD: &str = "http://www.w3.org/2001/XMLSchema#";

impl<'v> Checker<'v> {
    /// The one value of a property that allows one; findings for more, and for none if needed.
    fn single(
        &mut self,
        element: usize,
        rule: &'static PropertyRule,
        key: &'v str,
        value: &'v Value,
    ) -> Option<&'v Value> {
        let Value::Array(values) = value else {
            return Some(value);
        };
        match values.as_slice() {
            [value] => return Some(value),
            [] if !rule.required => {}
            [] => {
                let message = format!("`{key}` is empty; it needs a value");
                self.value_finding(element, rule, key, "CountBelowMin", message);
            }
            _ => {
                let message = format!("`{key}` holds several values; keep one");
                self.value_finding(element, rule, key, "MultipleValues", message);
            }
        }
        None
    }

    /// A finding whose code depends on what the property holds.
    fn value_finding(
        &mut self,
        element: usize,
        rule: &'static PropertyRule,
        key: &'v str,
        what: &str,
        message: String,
    ) {
        let multiple = what == "MultipleValues";
        let code = match (&rule.value, multiple) {
            (ValueRule::Boolean, true) => code!("booleanMultipleValues"),
            (ValueRule::Boolean, false) => code!("booleanCountBelowMin"),
            (ValueRule::Integer { .. }, true) => code!("integerMultipleValues"),
            (ValueRule::Integer { .. }, false) => code!("integerCountBelowMin"),
            (ValueRule::Text { .. }, true) => code!("stringMultipleValues"),
            (ValueRule::Text { .. }, false) => code!("stringCountBelowMin"),
            (ValueRule::EnumValue, true) => code!("literalMultipleValues"),
            (ValueRule::EnumValue, false) => code!("literalCountBelowMin"),
            (_, true) => code!("objectMultipleValues"),
            (_, false) => code!("objectCountBelowMin"),
        };
        self.report_on(code, element, Some(key), message);
    }

    /// A text, boolean, number or identifier.
    pub(super) fn literal(
        &mut self,
        element: usize,
        rule: &'static PropertyRule,
        literal: &'static ValueRule,
        key: &'v str,
        value: &'v Value,
    ) {
        let Some(value) = self.single(element, rule, key, value) else {
            return;
        };
        let (value, is_typed) = match unwrap(value, literal) {
            Ok(unwrapped) => unwrapped,
            Err(problem) => {
                let message = format!("`{key}`: {problem}");
                return self.report_on(code!("literalNotValid"), element, Some(key), message);
            }
        };
        match (literal, value) {
            (ValueRule::Text { is_name }, Value::String(text)) => {
                self.text(element, key, text, *is_name);
            }
            (ValueRule::Text { .. }, _) => {
                let message = format!("`{key}` must be a text");
                self.report_on(code!("stringNotString"), element, Some(key), message);
            }
            (ValueRule::Boolean, Value::Bool(_)) => {}
            (ValueRule::Boolean, _) => {
                let message = format!("`{key}` must be true or false");
                self.report_on(code!("booleanNotBoolean"), element, Some(key), message);
            }
            (ValueRule::Integer { min, max }, value) => {
                self.integer(element, key, value, *min, *max);
            }
            (ValueRule::EnumValue, value) => {
                if !(value.is_string() || is_integer(value)) {
                    let message = format!("`{key}` must be a text or an integer");
                    self.report_on(code!("literalNotValid"), element, Some(key), message);
                }
            }
            (_, Value::String(text)) if !is_typed => {
                let place = self.graph.elements[element].place;
                self.user_dtmi(text, &place, Some(key));
            }
            _ => {
                let message = format!("`{key}` must be a DTMI, as a string");
                self.report_on(code!("identifierNotString"), element, Some(key), message);
            }
        }
    }

    fn text(&mut self, element: usize, key: &'v str, text: &'v str, must_be_name: bool) {
        if text.chars().count() > TEXT_CHARS_MAX {
            let message = format!("`{key}` is longer than {TEXT_CHARS_MAX} characters; shorten it");
            self.report_on(code!("stringTooLong"), element, Some(key), message);
        } else if must_be_name && !is_name(text) {
            let message = format!(
                "`{}` is not a name; use letters, digits and underscores, beginning with a letter \
                 and not ending with an underscore",
                excerpt(text)
            );
            self.report_on(code!("stringInvalid"), element, Some(key), message);
        } else if must_be_name {
            self.graph.elements[element].name = Some(text);
        }
    }

    fn integer(&mut self, element: usize, key: &'v str, value: &Value, min: i64, max: i64) {
        let (code, message) = match value.as_i64() {
            Some(n) if (min..=max).contains(&n) => return,
            Some(_) if min == max => (code!("valueNotExact"), format!("`{key}` must be {min}")),
            Some(n) if n < min => {
                (code!("valueBelowMin"), format!("`{key}` must be at least {min}"))
            }
            Some(_) => (code!("valueAboveMax"), format!("`{key}` must be at most {max}")),
            None => (code!("integerNotInteger"), format!("`{key}` must be an integer")),
        };
        self.report_on(code, element, Some(key), message);
    }

    /// The name of one of a few predefined things.
    pub(super) fn predefined(
        &mut self,
        element: usize,
        rule: &'static PropertyRule,
        terms: &[&str],
        prefix: &str,
        key: &'v str,
        value: &'v Value,
    ) {
        let Some(value) = self.single(element, rule, key, value) else {
            return;
        };
        let version = self.graph.elements[element].context.version;
        let message = format!("`{key}` must be one of: {}", terms.join(", "));
        let code = match value {
            Value::String(text) if terms.contains(&term_of(text, prefix, version)) => return,
            Value::String(text) if is_dtmi(text) => code!("notRequiredValue"),
            Value::String(_) => code!("badDtmiOrTerm"),
            Value::Object(_) => code!("notRequiredValue"),
            _ => code!("notJsonObject"),
        };
        self.report_on(code, element, Some(key), message);
    }

    /// A plain text, a map by language, or a list of texts and `{"@value", "@language"}`.
    pub(super) fn localized(&mut self, element: usize, key: &'v str, value: &'v Value) {
        let place = self.graph.elements[element].place.child(element, key, None);
        match value {
            Value::String(text) => self.text(element, key, text, false),
            Value::Object(object) => self.language_map(object, &place),
            Value::Array(values) => {
                let mut languages = HashSet::new();
                for (index, value) in values.iter().enumerate() {
                    let place = Place { index: Some(index), ..place };
                    let language = self.language_item(value, &place);
                    if language.is_some_and(|language| !languages.insert(language)) {
                        let message = "one language occurs twice; keep one text for each";
                        self.report(code!("langStringElementNonUnique"), &place, None, message);
                    }
                }
            }
            _ => {
                let message = format!("`{key}` must be a text, or texts by language");
                self.report(code!("langStringNotString"), &place, None, message);
            }
        }
    }

    fn language_map(&mut self, object: &'v Map<String, Value>, place: &Place<'v>) {
        for (language, value) in object {
            if !is_language(language) {
                let message = format!("`{}` is not a language code such as en", excerpt(language));
                let code = code!("langStringElementInvalidCode");
                self.report(code, place, Some(language), message);
            }
            match value.as_str() {
                Some(text) => self.localized_length(text, place, Some(language)),
                None => {
                    let message = "the text of a language must be a string";
                    let code = code!("langStringElementNotString");
                    self.report(code, place, Some(language), message);
                }
            }
        }
    }

    /// One entry of a list of texts; gives its language.
    fn language_item(&mut self, value: &'v Value, place: &Place<'v>) -> Option<&'v str> {
        let object = match value {
            Value::String(text) => {
                self.localized_length(text, place, None);
                return Some(DEFAULT_LANGUAGE);
            }
            Value::Object(object) => object,
            _ => {
                let message = "expected a text or an object with `@value` and `@language`";
                self.report(code!("langStringElementNotString"), place, None, message);
                return None;
            }
        };
        let stray = object.keys().find(|key| !matches!(key.as_str(), "@value" | "@language"));
        if let Some(stray) = stray {
            let message =
                format!("`{}` is not allowed beside `@value` and `@language`", excerpt(stray));
            self.report(code!("valueObjectUnexpectedProperty"), place, Some(stray), message);
            return None;
        }
        match object.get("@value") {
            Some(Value::String(text)) => self.localized_length(text, place, Some("@value")),
            _ => {
                let message = "`@value` must be there and be a string";
                self.report(code!("langStringElementNotString"), place, None, message);
                return None;
            }
        }
        match object.get("@language") {
            None => Some(DEFAULT_LANGUAGE),
            Some(Value::String(language)) if is_language(language) => Some(language),
            Some(_) => {
                let message = "`@language` must be a language code such as en";
                let code = code!("langStringElementInvalidCode");
                self.report(code, place, Some("@language"), message);
                None
            }
        }
    }

    fn localized_length(&mut self, text: &str, place: &Place<'v>, key: Option<&str>) {
        if text.chars().count() > TEXT_CHARS_MAX {
            let message = format!("the text is longer than {TEXT_CHARS_MAX} characters");
            self.report(code!("langStringValueTooLong"), place, key, message);
        }
    }
}

/// The value inside `{"@value": …, "@type": …}`, and whether there was such an object.
fn unwrap<'v>(value: &'v Value, literal: &ValueRule) -> Result<(&'v Value, bool), String> {
    let Value::Object(object) = value else {
        return Ok((value, false));
    };
    let Some(inner) = object.get("@value") else {
        return Err("expected a value, or an object with `@value`".to_owned());
    };
    if let Some(stray) = object.keys().find(|key| !matches!(key.as_str(), "@value" | "@type")) {
        return Err(format!("`{}` is not allowed beside `@value` and `@type`", excerpt(stray)));
    }
    let kind = match object.get("@type") {
        None => return Ok((inner, true)),
        Some(Value::Array(kinds)) if kinds.len() == 1 => kinds[0].as_str(),
        Some(kind) => kind.as_str(),
    };
    let kind = kind.and_then(|kind| kind.strip_prefix("xsd:").or(kind.strip_prefix(XSD)));
    let expected: &[&str] = match literal {
        ValueRule::Boolean => &["boolean"],
        ValueRule::Integer { .. } => &["integer"],
        ValueRule::EnumValue if inner.is_string() => &["string"],
        ValueRule::EnumValue => &["integer"],
        _ => &["string"],
    };
    match kind {
        Some(kind) if expected.contains(&kind) => Ok((inner, true)),
        _ => Err(format!("`@type` must be xsd:{}", expected[0])),
    }
}

/// A JSON number without a fraction that fits into 32 bits.
pub(crate) fn is_integer(value: &Value) -> bool {
    value.as_i64().is_some_and(|n| i32::try_from(n).is_ok())
}

/// A language code: two to four small letters, then perhaps a script and a region.
fn is_language(text: &str) -> bool {
    let mut parts = text.split('-').peekable();
    let code = parts.next().unwrap_or_default();
    if !(2..=4).contains(&code.len()) || !code.bytes().all(|b| b.is_ascii_lowercase()) {
        return false;
    }
    parts.next_if(|part| {
        let (first, rest) = part.as_bytes().split_first().unwrap_or((&0, &[]));
        part.len() == 4 && first.is_ascii_uppercase() && rest.iter().all(u8::is_ascii_lowercase)
    });
    parts.next_if(|part| {
        part.len() == 2 && part.bytes().all(|b| b.is_ascii_uppercase())
            || part.len() == 3 && part.bytes().all(|b| b.is_ascii_digit())
    });
    parts.next().is_none()
}
