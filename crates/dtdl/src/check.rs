//! The checker of the language layer: walks documents by the metamodel's table, collects every
//! finding, and leaves behind the graph of elements.

mod links;
mod literals;
mod structure;
mod types;

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::context::{Context, Extension};
use crate::cotypes::{Cotype, takes_validation};
use crate::diagnostic::{Diagnostic, code};
use crate::dtmi::{Dtmi, DtmiError};
use crate::graph::{Element, Graph, Link, Place, Target, push_key};
use crate::limits::{DIAGNOSTICS_MAX, INTERFACE_ID_BYTES_MAX};
use crate::metamodel::{Kind, PropertyRule, Slot, ValueRule, property_rule};
use crate::vocabulary::{Stray, VALIDATION, property_of, stray};

/// State of a check; `'v` is the documents.
pub(crate) struct Checker<'v> {
    pub(crate) graph: Graph<'v>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Are unknown extensions, and what they define, let through?
    pub(crate) allow_undefined: bool,
    /// May a whole document be written in version 2 of the language?
    pub(crate) allow_version_2: bool,
    /// Contents of each interface by name.
    pub(crate) names: HashMap<usize, HashMap<&'v str, usize>>,
    /// Names visited while inherited contents are compared; bounds the work.
    pub(crate) visits: usize,
}

/// What elements at the top of a document may be.
static TOP: Slot = Slot {
    kinds: &[Kind::Interface],
    plural: true,
    implied: false,
    predefined: false,
    id_required: true,
    version_2: true,
};

impl<'v> Checker<'v> {
    /// Checks documents that may refer to each other.
    pub(crate) fn check(&mut self, documents: &'v [Option<Value>]) {
        for (document, value) in documents.iter().enumerate() {
            match value {
                None => {}
                Some(Value::Array(values)) => {
                    for (index, value) in values.iter().enumerate() {
                        self.top(value, document, Some(index));
                    }
                }
                Some(value) => self.top(value, document, None),
            }
        }
        self.link();
        self.structure();
        self.linked_cotypes();
        self.constraints();
    }

    fn top(&mut self, value: &'v Value, document: usize, index: Option<usize>) {
        let place = Place { document, parent: None, key: "", index };
        self.element(value, &TOP, place, Context::default(), 0);
    }

    /// Adds a finding about a place, or about one key of the object there.
    pub(crate) fn report(
        &mut self,
        code: &'static str,
        place: &Place<'v>,
        key: Option<&str>,
        message: impl Into<String>,
    ) {
        if self.diagnostics.len() >= DIAGNOSTICS_MAX {
            return;
        }
        let mut pointer = self.graph.pointer(place);
        if let Some(key) = key {
            push_key(&mut pointer, key);
        }
        let document = place.document;
        let message = message.into();
        self.diagnostics.push(Diagnostic { code, pointer, message, document, position: None });
    }

    /// Adds a finding about an element, or about one of its properties.
    pub(crate) fn report_on(
        &mut self,
        code: &'static str,
        element: usize,
        property: Option<&str>,
        message: impl Into<String>,
    ) {
        let element = &self.graph.elements[element];
        let (place, version) = (element.place, element.context.version);
        let context = element.context;
        let is_it = |key: &&String, property: &str| {
            property_of(key, version) == property || context.word(key) == property
        };
        let key = property.map(|p| element.object.keys().find(|k| is_it(k, p)).map_or(p, |k| k));
        let key = key.map(str::to_owned);
        self.report(code, &place, key.as_deref(), message);
    }

    /// Reads an element and everything below it. The result is its index, or `None` if it is too
    /// broken to be used.
    pub(crate) fn element(
        &mut self,
        value: &'v Value,
        slot: &'static Slot,
        place: Place<'v>,
        around: Context,
        interface: usize,
    ) -> Option<usize> {
        let Value::Object(object) = value else {
            let message = format!("expected an object that is {}", kinds_text(slot));
            self.report(code!("notJsonObject"), &place, None, message);
            return None;
        };
        let context = self.context(object.get("@context"), around, &place);
        let index = self.graph.elements.len();
        let types = self.types(object, slot, &context, &place);
        let id = self.identifier(object, types.as_ref().map(|types| types.0), slot, &place, index);
        let (kind, cotypes) = types?;
        if context.version == 2 && around.version == 3 && !slot.version_2 {
            let message = "version 2 of the language is not allowed here; use version 3";
            self.report(code!("disallowedVersionDefinition"), &place, Some("@context"), message);
        }
        let interface = if kind == Kind::Interface { index } else { interface };
        let links = Vec::new();
        let name = None;
        self.graph.elements.push(Element {
            kind,
            object,
            id,
            name,
            place,
            interface,
            context,
            cotypes,
            links,
        });
        self.properties(index, object);
        self.cotypes(index);
        Some(index)
    }

    /// Checks `@id` and enters it. The identifiers of broken elements count too: what refers to
    /// them is not wrong in itself.
    fn identifier(
        &mut self,
        object: &'v Map<String, Value>,
        kind: Option<Kind>,
        slot: &'static Slot,
        place: &Place<'v>,
        index: usize,
    ) -> Option<&'v str> {
        let at = Some("@id");
        let id = match object.get("@id") {
            None => {
                if place.parent.is_none() {
                    let message = "`@id` is missing; give the interface a DTMI";
                    self.report(code!("missingTopLevelId"), place, None, message);
                } else if slot.id_required || kind == Some(Kind::Interface) {
                    let message = "`@id` is missing; what is to be reused needs one";
                    self.report(code!("missingRequiredId"), place, None, message);
                }
                return None;
            }
            Some(Value::String(id)) => id.as_str(),
            Some(_) => {
                self.report(code!("idNotString"), place, at, "`@id` must be a string");
                return None;
            }
        };
        if !self.user_dtmi(id, place, at) {
            return None;
        }
        if kind == Some(Kind::Interface) && id.len() > INTERFACE_ID_BYTES_MAX {
            let message =
                format!("`@id` of an Interface is longer than {INTERFACE_ID_BYTES_MAX} characters");
            self.report(code!("idTooLongForType"), place, at, message);
        }
        // An object with nothing but an `@id` is reported as a mistaken reference.
        let is_definition = object.len() > 1;
        if is_definition && self.graph.ids.insert(id, kind.map(|_| index)).is_some() {
            let message = format!("`{id}` is defined twice; give one of them another `@id`");
            self.report(code!("duplicateDefinition"), place, at, message);
        }
        Some(id)
    }

    /// Is it a DTMI that a user may choose? Otherwise adds a finding.
    pub(crate) fn user_dtmi(&mut self, text: &str, place: &Place<'v>, key: Option<&str>) -> bool {
        let error = match Dtmi::parse(text) {
            Ok(_) => return true,
            Err(error) => error,
        };
        let code = match error {
            DtmiError::TooLong => code!("idTooLong"),
            DtmiError::Invalid => code!("invalidId"),
            DtmiError::Fragment => code!("disallowedIdFragment"),
            DtmiError::Reserved => code!("reservedId"),
        };
        self.report(code, place, key, format!("`{}`: {error}", excerpt(text)));
        false
    }

    fn properties(&mut self, element: usize, object: &'v Map<String, Value>) {
        let kind = self.graph.elements[element].kind;
        let context = self.graph.elements[element].context;
        let place = self.graph.elements[element].place;
        let mut seen: HashMap<&'static str, &'v str> = HashMap::new();
        for (key, value) in object {
            if key.starts_with('@') {
                self.keyword(key, &place);
                continue;
            }
            let Some(rule) = property_rule(kind, property_of(key, context.version)) else {
                self.extra_property(element, key, value);
                continue;
            };
            if let Some(other) = seen.insert(rule.name, key) {
                let message = format!("`{key}` and `{other}` are one property; remove one");
                self.report(code!("propertyTermAndDtmi"), &place, Some(key), message);
                continue;
            }
            self.property(element, rule, key, value);
        }
        for rule in kind.properties() {
            if rule.required && !seen.contains_key(rule.name) {
                let code = match rule.value {
                    ValueRule::Elements(_) | ValueRule::Predefined { .. } => {
                        code!("missingObjectProperty")
                    }
                    _ => code!("missingLiteralProperty"),
                };
                let message = format!("`{}` is missing on {}", rule.name, kind.name());
                self.report(code, &place, None, message);
            }
        }
    }

    fn keyword(&mut self, key: &str, place: &Place<'v>) {
        if matches!(key, "@context" | "@id" | "@type") {
            return;
        }
        let code = match place.parent {
            None => code!("topLevelKeywordDisallowed"),
            Some(_) => code!("keywordDisallowed"),
        };
        let message = format!("`{}` is not allowed here; remove it", excerpt(key));
        self.report(code, place, Some(key), message);
    }

    /// A property that the kind itself does not have: of a type beside it, or a mistake.
    fn extra_property(&mut self, element: usize, key: &'v str, value: &Value) {
        let subject = &self.graph.elements[element];
        let (kind, context, place) = (subject.kind, subject.context, subject.place);
        let word = context.word(key);
        let is_added = subject.cotypes.iter().any(|cotype| cotype.property() == Some(word));
        let is_constraint = context.has(Extension::Validation)
            && takes_validation(kind)
            && VALIDATION.contains(&word);
        if is_added || is_constraint {
            if value.is_null() {
                let message = format!("`{key}` must not be null; remove it or give it a value");
                self.report(code!("propertyValueNull"), &place, Some(key), message);
            }
            return;
        }
        let tolerated = context.version == 2
            || self.allow_undefined
                && context.has_unknown
                && subject.cotypes.contains(&Cotype::Unknown);
        let (code, what) = match stray(key) {
            Stray::Malformed => (code!("propertyNotDtmiNorTerm"), "is neither a term nor a DTMI"),
            Stray::BadIdentifier => (code!("propertyInvalidDtmi"), "is not a valid DTMI"),
            _ if tolerated => return,
            Stray::Irrelevant => {
                (code!("propertyIrrelevantDtmiOrTerm"), "does not belong here; remove it")
            }
            Stray::Undefined => (
                code!("propertyUndefinedTerm"),
                "is unknown here; is it misspelled, or is the context of its extension missing?",
            ),
        };
        let message = format!("`{}` {what} ({})", excerpt(key), kind.name());
        self.report(code, &place, Some(key), message);
    }

    fn property(
        &mut self,
        element: usize,
        rule: &'static PropertyRule,
        key: &'v str,
        value: &'v Value,
    ) {
        let place = self.graph.elements[element].place;
        if value.is_null() {
            let message = format!("`{key}` must not be null; remove it or give it a value");
            self.report(code!("propertyValueNull"), &place, Some(key), message);
            return;
        }
        match &rule.value {
            ValueRule::Elements(slot) => self.elements(element, rule, slot, key, value),
            ValueRule::Predefined { terms, prefix } => {
                self.predefined(element, rule, terms, prefix, key, value);
            }
            ValueRule::Localized => self.localized(element, key, value),
            literal => self.literal(element, rule, literal, key, value),
        }
    }

    /// Elements under a property, written in place or referred to.
    fn elements(
        &mut self,
        element: usize,
        rule: &'static PropertyRule,
        slot: &'static Slot,
        key: &'v str,
        value: &'v Value,
    ) {
        let (values, is_array) = match value {
            Value::Array(values) => (values.as_slice(), true),
            value => (std::slice::from_ref(value), false),
        };
        let here = self.graph.elements[element].place.child(element, key, None);
        if !slot.plural && values.len() > 1 {
            let message = format!("`{key}` holds several values; keep one");
            self.report(code!("objectMultipleValues"), &here, None, message);
        }
        if rule.required && values.is_empty() {
            let message = format!("`{key}` is empty; it needs a value");
            self.report(code!("objectCountBelowMin"), &here, None, message);
        }
        for (index, value) in values.iter().enumerate() {
            let place = Place { index: is_array.then_some(index), ..here };
            let Some(target) = self.target(element, slot, value, place) else {
                continue;
            };
            let link = Link { property: rule.name, slot, place, target };
            self.graph.elements[element].links.push(link);
        }
    }

    fn target(
        &mut self,
        element: usize,
        slot: &'static Slot,
        value: &'v Value,
        place: Place<'v>,
    ) -> Option<Target<'v>> {
        let (context, interface) =
            (self.graph.elements[element].context, self.graph.elements[element].interface);
        match value {
            Value::String(text) => self.named_target(text, slot, &context, &place),
            Value::Object(object) if object.len() == 1 && object.contains_key("@id") => {
                let message = "a reference must be the identifier itself, as a string";
                self.report(code!("idReference"), &place, None, message);
                None
            }
            Value::Null => {
                let message = "null is no value; remove it";
                self.report(code!("propertyValueNull"), &place, None, message);
                None
            }
            value => self.element(value, slot, place, context, interface).map(Target::Element),
        }
    }
}

/// What fits into a slot, for messages.
pub(crate) fn kinds_text(slot: &Slot) -> String {
    let names: Vec<_> = slot.kinds.iter().map(|kind| kind.name()).collect();
    names.join(", ")
}

/// The beginning of a text from outside, for messages.
pub(crate) fn excerpt(text: &str) -> String {
    const CHARS: usize = 120;
    match text.char_indices().nth(CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
