//! The reader of documents: what all parts have in common. The submodules read one kind of part
//! each; a finding never stops the reader, it only leaves that part out.

mod content;
mod document;
mod schema;
mod text;

use std::collections::{HashMap, HashSet};
use std::fmt::Display;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::context::Extensions;
use crate::diagnostic::{Diagnostic, Pointer, code};
use crate::dtmi::{Dtmi, DtmiError};
use crate::interface::Interface;
use crate::limits::DIAGNOSTICS_MAX;
use crate::quantitative::units_of;
use crate::schema::Schema;
use crate::terms::{self, Kind, VALIDATION, short};

/// State while a document is read; `'v` is the document.
#[derive(Default)]
pub(crate) struct Reader<'v> {
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Extensions in force where the reader stands.
    pub(crate) extensions: Extensions,
    /// Identifiers seen, which must be unique.
    ids: HashSet<String>,
    /// Reusable schemas of the interface being read.
    schemas: HashMap<String, Reusable<'v>>,
    /// Interfaces defined in place.
    embedded: Vec<Arc<Interface>>,
}

/// An entry of `schemas`.
enum Reusable<'v> {
    /// Not read yet, since the entries may use each other in any order.
    Unread(&'v Value, String),
    /// Being read: meeting it again is a cycle.
    Open,
    /// Read, with the levels of complex schemas it contains; `None` if it was wrong.
    Read(Option<(Schema, usize)>),
}

/// A part of the document whose type is known.
pub(crate) struct Part<'v> {
    pub(crate) kind: Kind,
    pub(crate) object: &'v Map<String, Value>,
    /// `Historized`, `Required`, semantic types and the like.
    pub(crate) cotypes: Vec<&'v str>,
}

impl<'v> Part<'v> {
    /// A property by its short or long name. An array of one value and a value object mean the
    /// value itself.
    pub(crate) fn get(&self, property: &str) -> Option<&'v Value> {
        let value = self.object.get(property).or_else(|| {
            let long = |key: &str| short(key, terms::PROPERTY) == property;
            self.object.iter().find(|(key, _)| long(key)).map(|(_, value)| value)
        })?;
        // A null is reported where the properties are checked.
        match value {
            Value::Null => None,
            Value::Array(values) if values.len() == 1 && !is_localizable(property) => {
                Some(literal(&values[0]))
            }
            value => Some(literal(value)),
        }
    }

    pub(crate) fn has_cotype(&self, cotype: &str) -> bool {
        self.cotypes.contains(&cotype)
    }

    fn quantity(&self) -> Option<(&'v str, &'static [String])> {
        self.cotypes.iter().find_map(|cotype| units_of(cotype).map(|units| (*cotype, units)))
    }
}

impl<'v> Reader<'v> {
    /// Adds a finding.
    pub(crate) fn report(&mut self, code: &'static str, at: &Pointer, message: impl Into<String>) {
        if self.diagnostics.len() < DIAGNOSTICS_MAX {
            let message = message.into();
            self.diagnostics.push(Diagnostic { code, pointer: at.to_string(), message });
        }
    }

    /// Reads a part: its context, type, identifier and the names of its properties. `implied` is
    /// the kind of a part that may leave its type out.
    pub(crate) fn part(
        &mut self,
        value: &'v Value,
        at: &Pointer,
        allowed: &[Kind],
        implied: Option<Kind>,
    ) -> Option<Part<'v>> {
        let Some(object) = value.as_object() else {
            let message = format!("expected an object of type {}", names(allowed));
            self.report(code!("notJsonObject"), at, message);
            return None;
        };
        if let Some(context) = object.get("@context")
            && !matches!(at, Pointer::Root)
        {
            self.local_context(context, at);
        }
        let (kind, cotypes) = self.types(object, at, allowed, implied)?;
        let part = Part { kind, object, cotypes };
        self.identifier(&part, at);
        self.check_cotypes(&part, at);
        self.check_properties(&part, at);
        Some(part)
    }

    /// Splits `@type` into the one material type and the others.
    fn types(
        &mut self,
        object: &'v Map<String, Value>,
        at: &Pointer,
        allowed: &[Kind],
        implied: Option<Kind>,
    ) -> Option<(Kind, Vec<&'v str>)> {
        let at = at.key("@type");
        let values = match object.get("@type") {
            None => &[],
            Some(Value::Array(values)) => values.as_slice(),
            Some(value) => std::slice::from_ref(value),
        };
        let mut kind = None;
        let mut cotypes = Vec::new();
        for value in values {
            let Some(term) = value.as_str() else {
                self.report(code!("typeNotDtmiNorTerm"), &at, "`@type` may hold only names");
                continue;
            };
            match Kind::from_name(short(term, terms::CLASS)) {
                Some(found) if kind.is_some_and(|kind| kind != found) => {
                    self.report(code!("multipleMaterialTypes"), &at, "`@type` names two kinds");
                }
                Some(found) => kind = Some(found),
                None => cotypes.push(term),
            }
        }
        match kind.or(implied) {
            Some(kind) if allowed.contains(&kind) => Some((kind, cotypes)),
            Some(kind) => {
                let message = format!("{} is not allowed here; {}", kind.name(), expected(allowed));
                self.report(code!("badType"), &at, message);
                None
            }
            None => {
                self.report(code!("missingRequiredType"), &at, expected(allowed));
                None
            }
        }
    }

    /// Checks `@id`, which is optional except on interfaces and reusable schemas.
    fn identifier(&mut self, part: &Part<'v>, at: &Pointer) {
        let Some(value) = part.object.get("@id") else {
            return;
        };
        let at = at.key("@id");
        let Some(text) = value.as_str() else {
            self.report(code!("idNotString"), &at, "`@id` must be a string");
            return;
        };
        if self.user_dtmi(text, &at).is_some() && !self.ids.insert(text.to_owned()) {
            let message = format!("`{text}` is defined twice");
            self.report(code!("duplicateDefinition"), &at, message);
        }
    }

    /// A user DTMI, or a finding.
    pub(crate) fn user_dtmi(&mut self, text: &str, at: &Pointer) -> Option<Dtmi> {
        let error = match Dtmi::parse(text) {
            Ok(dtmi) => return Some(dtmi),
            Err(error) => error,
        };
        let code = match error {
            DtmiError::TooLong => code!("idTooLong"),
            DtmiError::Invalid => code!("invalidId"),
            DtmiError::Fragment => code!("disallowedIdFragment"),
            DtmiError::Reserved => code!("reservedId"),
        };
        self.report(code, at, format!("`{text}`: {error}"));
        None
    }

    fn check_cotypes(&mut self, part: &Part<'v>, at: &Pointer) {
        let at_type = at.key("@type");
        let extensions = self.extensions;
        let material = matches!(part.kind, Kind::Telemetry | Kind::Property);
        let mut quantities = 0;
        for cotype in &part.cotypes {
            let (defined, suits) = match *cotype {
                "Historized" => (extensions.historization, material),
                "Validated" => (extensions.validation, part.kind.takes_validation()),
                "Required" => {
                    let suits = matches!(part.kind, Kind::Field | Kind::Property);
                    (extensions.requirement, suits)
                }
                "ValueAnnotation" => (extensions.annotation, material),
                "Override" => (extensions.overriding, part.kind == Kind::Property),
                other => {
                    let known = extensions.quantitative_types && units_of(other).is_some();
                    quantities += usize::from(known);
                    (known, part.kind.takes_quantity())
                }
            };
            if !defined {
                let message = format!("type `{cotype}` is unknown; is its context missing?");
                self.report(code!("typeUndefinedTerm"), &at_type, message);
            } else if !suits {
                let message = format!("type `{cotype}` cannot stand on {}", part.kind.name());
                self.report(code!("invalidCotype"), &at_type, message);
            }
        }
        if quantities > 1 {
            let message = "only one semantic type is allowed";
            self.report(code!("conflictingSupplementalTypes"), &at_type, message);
        }
        if let Some((quantity, units)) = part.quantity()
            && extensions.quantitative_types
        {
            self.check_unit(part.get("unit"), quantity, units, at);
        }
    }

    fn check_unit(&mut self, unit: Option<&Value>, quantity: &str, units: &[String], at: &Pointer) {
        let known = |unit: &str| units.iter().any(|known| known == unit);
        match unit.map(|unit| unit.as_str().unwrap_or_default()) {
            Some(unit) if known(unit.rsplit(':').next().unwrap_or_default()) => {}
            Some(_) => {
                let message = format!("`unit` of {quantity} must be one of: {}", units.join(", "));
                self.report(code!("badDtmiOrTerm"), &at.key("unit"), message);
            }
            None => {
                let message = format!("{quantity} needs a `unit`");
                self.report(code!("missingSupplementalObjectProperty"), at, message);
            }
        }
    }

    fn check_properties(&mut self, part: &Part<'v>, at: &Pointer) {
        for (key, value) in part.object {
            let at = at.key(key);
            let property = short(key, terms::PROPERTY);
            if matches!(property, "@id" | "@type" | "@context") {
                continue;
            }
            if property.starts_with('@') {
                self.report(code!("keywordDisallowed"), &at, format!("`{key}` is not allowed"));
            } else if value.is_null() {
                self.report(code!("propertyValueNull"), &at, format!("`{key}` must not be null"));
            } else if !part.kind.has_property(property)
                && !self.is_extension_property(part, property)
            {
                let known = terms::is_known_property(property);
                let (code, what) = match known {
                    true => (code!("propertyIrrelevantDtmiOrTerm"), "does not belong to"),
                    false => (code!("propertyUndefinedTerm"), "is unknown on"),
                };
                self.report(code, &at, format!("`{key}` {what} {}", part.kind.name()));
            }
        }
    }

    fn is_extension_property(&self, part: &Part<'v>, property: &str) -> bool {
        match property {
            "unit" => part.quantity().is_some(),
            "annotates" => part.has_cotype("ValueAnnotation"),
            "overrides" => part.has_cotype("Override"),
            _ => {
                self.extensions.validation
                    && part.kind.takes_validation()
                    && VALIDATION.contains(&property)
            }
        }
    }

    /// Reports a property that must be there and is not.
    pub(crate) fn missing(&mut self, property: &str, at: &Pointer) {
        let message = format!("`{property}` is missing");
        self.report(code!("missingObjectProperty"), at, message);
    }
}

/// Do arrays of this property have a meaning of their own?
fn is_localizable(property: &str) -> bool {
    matches!(property, "displayName" | "description")
}

/// The value of `{"@value": …, "@type": …}`, if the type is that of the value.
fn literal(value: &Value) -> &Value {
    let Some(object) = value.as_object() else {
        return value;
    };
    let Some(inner) = object.get("@value") else {
        return value;
    };
    let kind = match object.get("@type") {
        None if object.len() == 1 => return inner,
        Some(Value::Array(kinds)) if kinds.len() == 1 => kinds[0].as_str(),
        kind => kind.and_then(Value::as_str),
    };
    let kind = kind.unwrap_or_default();
    let kind = kind.strip_prefix("http://www.w3.org/2001/XMLSchema#").unwrap_or(kind);
    let fits = match kind.strip_prefix("xsd:").unwrap_or(kind) {
        "string" => inner.is_string(),
        "boolean" => inner.is_boolean(),
        "integer" => inner.is_i64(),
        _ => false,
    };
    if fits && object.len() == 2 { inner } else { value }
}

/// A property that may hold one value or several.
pub(crate) fn plural(value: Option<&Value>) -> &[Value] {
    match value {
        None => &[],
        Some(Value::Array(values)) => values,
        Some(value) => std::slice::from_ref(value),
    }
}

fn names(kinds: &[Kind]) -> String {
    let names: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
    names.join(", ")
}

fn expected(kinds: &[Kind]) -> impl Display + Into<String> {
    format!("expected type {}", names(kinds))
}
