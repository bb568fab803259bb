//! Types beside the kind: those that extensions define, with their properties (B5, B6, B8).

use serde_json::Value;

use crate::check::Checker;
use crate::context::{Context, Extension};
use crate::diagnostic::code;
use crate::graph::{Graph, Place, Target};
use crate::metamodel::Kind;
use crate::quantitative::{unit_type_of, units_of_type};

/// A type beside the kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cotype<'v> {
    Historized,
    Required,
    Validated,
    ValueAnnotation,
    Override,
    /// A semantic type, by its term.
    Quantity(&'v str),
    /// Of an extension that nobody here knows.
    Unknown,
}

impl<'v> Cotype<'v> {
    /// The type a word names where this context is in force.
    pub(crate) fn of_word(word: &'v str, context: &Context) -> Option<Cotype<'v>> {
        let word = context.word(word);
        let (cotype, extension) = match word {
            "Historized" => (Cotype::Historized, Extension::Historization),
            "Required" => (Cotype::Required, Extension::Requirement),
            "Validated" => (Cotype::Validated, Extension::Validation),
            "ValueAnnotation" => (Cotype::ValueAnnotation, Extension::Annotation),
            "Override" => (Cotype::Override, Extension::Overriding),
            word => {
                unit_type_of(word)?;
                (Cotype::Quantity(word), Extension::QuantitativeTypes)
            }
        };
        // Version 2 of the language has the semantic types built in.
        let built_in = context.version == 2 && matches!(cotype, Cotype::Quantity(_));
        (context.has(extension) || built_in).then_some(cotype)
    }

    /// May it stand on that kind of element?
    pub(crate) fn suits(self, kind: Kind, context: &Context) -> bool {
        match self {
            Cotype::Historized | Cotype::ValueAnnotation => {
                matches!(kind, Kind::Telemetry | Kind::Property)
            }
            Cotype::Override => kind == Kind::Property,
            Cotype::Required => {
                kind == Kind::Field
                    || kind == Kind::Property && context.version(Extension::Requirement) >= 2
            }
            Cotype::Validated => takes_validation(kind),
            Cotype::Quantity(_) => matches!(
                kind,
                Kind::CommandRequest
                    | Kind::CommandResponse
                    | Kind::Field
                    | Kind::MapValue
                    | Kind::Property
                    | Kind::Telemetry
            ),
            Cotype::Unknown => true,
        }
    }

    /// The property it adds, which must be there.
    pub(crate) fn property(self) -> Option<&'static str> {
        match self {
            Cotype::ValueAnnotation => Some("annotates"),
            Cotype::Override => Some("overrides"),
            Cotype::Quantity(_) => Some("unit"),
            _ => None,
        }
    }
}

/// May keywords of the validation extension stand on that kind (B7)? `Object` is on our own list
/// besides the documented ones, since `required` can stand nowhere else in a reusable schema.
pub(crate) fn takes_validation(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Array
            | Kind::CommandRequest
            | Kind::CommandResponse
            | Kind::Enum
            | Kind::Field
            | Kind::MapValue
            | Kind::Object
            | Kind::Property
            | Kind::Telemetry
    )
}

/// Unit types are enums that a schema may name, where the semantic types are known.
pub(crate) fn is_unit_type(word: &str, context: &Context) -> bool {
    context.has(Extension::QuantitativeTypes) && units_of_type(word).is_some()
}

impl<'v> Checker<'v> {
    /// What the types beside the kind demand of an element and its own properties.
    pub(crate) fn cotypes(&mut self, element: usize) {
        let cotypes = self.graph.elements[element].cotypes.clone();
        let mut quantity = None;
        for cotype in &cotypes {
            if let Cotype::Quantity(name) = cotype {
                if let Some(other) = quantity.filter(|other| other != name) {
                    let message =
                        format!("{other} and {name} exclude each other; keep one semantic type");
                    self.report_on(
                        code!("conflictingSupplementalTypes"),
                        element,
                        Some("@type"),
                        message,
                    );
                }
                quantity = Some(*name);
            }
            if *cotype == Cotype::Override && !cotypes.contains(&Cotype::ValueAnnotation) {
                let message = "Override needs ValueAnnotation beside it; add it to `@type`";
                self.report_on(code!("missingCocotype"), element, Some("@type"), message);
            }
            self.cotype_property(element, *cotype);
        }
    }

    fn cotype_property(&mut self, element: usize, cotype: Cotype<'v>) {
        let Some(property) = cotype.property() else {
            return;
        };
        let subject = &self.graph.elements[element];
        let (context, place) = (subject.context, subject.place);
        let key = subject.object.keys().find(|key| context.word(key) == property);
        let Some(key) = key else {
            // Version 2 has a default.
            if context.version == 3 {
                let message = format!("`{property}` is missing; the type {cotype:?} needs it");
                self.report_on(code!("missingSupplementalObjectProperty"), element, None, message);
            }
            return;
        };
        let value = match &subject.object[key] {
            Value::Array(values) if values.len() == 1 => &values[0],
            value => value,
        };
        let text = value.get("@value").unwrap_or(value).as_str();
        match (cotype, text) {
            (Cotype::Quantity(name), Some(unit)) => {
                let unit_type = unit_type_of(name).unwrap_or_default();
                let units = units_of_type(unit_type).unwrap_or_default();
                if !units.iter().any(|known| known == bare_unit(&context, unit)) {
                    let message =
                        format!("`{unit}` is no unit of {name}; use one of: {}", units.join(", "));
                    self.report(code!("badDtmiOrTerm"), &place, Some(key), message);
                }
            }
            (_, Some(_)) => {}
            (_, None) => {
                let message = format!("`{property}` must be one text");
                self.report(code!("stringNotString"), &place, Some(key), message);
            }
        }
    }

    /// What types beside the kind demand of schemas and siblings, once everything is linked.
    pub(crate) fn linked_cotypes(&mut self) {
        for element in 0..self.graph.elements.len() {
            for position in 0..self.graph.elements[element].cotypes.len() {
                match self.graph.elements[element].cotypes[position] {
                    Cotype::Quantity(name) => self.quantity_schema(element, name),
                    Cotype::ValueAnnotation => self.annotation(element),
                    _ => {}
                }
            }
        }
    }

    fn quantity_schema(&mut self, element: usize, name: &str) {
        let schema = self.graph.schema_of(element);
        let fits = match schema {
            Some(Target::Predefined(term)) => {
                matches!(term, "double" | "float" | "integer" | "long")
            }
            Some(Target::Element(_)) => false,
            _ => true,
        };
        if !fits {
            let message = format!("{name} needs one of the schemas double, float, integer, long");
            self.report_on(code!("notRequiredType"), element, Some("schema"), message);
        }
    }

    /// The element an annotation is about must be a sibling that is none itself (B8).
    fn annotation(&mut self, element: usize) {
        let subject = &self.graph.elements[element];
        let Some(parent) = subject.place.parent else {
            return;
        };
        let Some(name) = extension_text(&self.graph, element, "annotates") else {
            return;
        };
        let sibling = if self.graph.elements[parent].kind == Kind::Interface {
            let hierarchy = self.hierarchy(parent);
            let mut found = hierarchy.iter().map(|interface| self.names[interface].get(name));
            let found = found.find_map(|content| content.copied());
            if found.is_none() && self.has_missing_ancestor(&hierarchy) {
                return;
            }
            found
        } else {
            let mut siblings = self.graph.targets(parent, subject.place.key);
            siblings.find(|s| self.graph.elements[*s].name == Some(name))
        };
        let Some(sibling) = sibling else {
            let message = format!("`annotates` names `{name}`, which does not stand beside it");
            return self.report_on(code!("noSuchSibling"), element, Some("annotates"), message);
        };
        let annotated = &self.graph.elements[sibling];
        let is_value = matches!(annotated.kind, Kind::Telemetry | Kind::Property);
        if !is_value || annotated.cotypes.contains(&Cotype::ValueAnnotation) {
            let message = format!(
                "`annotates` names `{name}`, which must be a Telemetry or Property and no \
                 annotation itself"
            );
            return self.report_on(code!("disallowedType"), element, Some("annotates"), message);
        }
        if self.graph.elements[element].cotypes.contains(&Cotype::Override) {
            self.overriding(element, sibling);
        }
    }

    /// An override must name a property that a type of the annotated element adds, and have the
    /// schema of that property.
    fn overriding(&mut self, element: usize, annotated: usize) {
        let Some(property) = extension_text(&self.graph, element, "overrides") else {
            return;
        };
        let context = self.graph.elements[element].context;
        let word = context.word(property);
        let other = &self.graph.elements[annotated];
        let Some(added) = other.cotypes.iter().find(|c| c.property() == Some(word)).copied() else {
            let message = format!(
                "`overrides` names `{property}`, which no type of the annotated element adds"
            );
            return self.report_on(code!("noSuchProperty"), element, Some("overrides"), message);
        };
        let expected = match added {
            Cotype::Quantity(name) => unit_type_of(name).unwrap_or_default(),
            _ => "string",
        };
        let fits = match self.graph.schema_of(element) {
            Some(Target::Predefined(term)) => term == expected,
            Some(Target::Element(_)) => false,
            _ => true,
        };
        if !fits {
            let message = format!("the schema of an override of `{word}` must be {expected}");
            self.report_on(code!("siblingSchemaMismatch"), element, Some("schema"), message);
        }
    }
}

/// `unit` and `dtmi:dtdl:extension:quantitativeTypes:v1:unit:unit` mean the same.
fn bare_unit<'w>(context: &Context, unit: &'w str) -> &'w str {
    if context.version == 2 {
        let rest = unit.strip_prefix("dtmi:standard:unit:");
        return rest.and_then(|rest| rest.strip_suffix(";2")).unwrap_or(unit);
    }
    context.word(unit)
}

/// Text of a property that an extension adds to an element.
fn extension_text<'v>(graph: &Graph<'v>, element: usize, property: &str) -> Option<&'v str> {
    let element = &graph.elements[element];
    let is_it = |key: &str| element.context.word(key) == property;
    let (_, value) = element.object.iter().find(|(key, _)| is_it(key))?;
    let value = match value {
        Value::Array(values) => values.first()?,
        value => value,
    };
    value.get("@value").unwrap_or(value).as_str()
}

impl<'v> Graph<'v> {
    /// What the `schema` of an element leads to.
    pub(crate) fn schema_of(&self, element: usize) -> Option<Target<'v>> {
        let links = &self.elements[element].links;
        links.iter().find(|link| link.property == "schema").map(|link| link.target)
    }
}

impl<'v> Place<'v> {
    /// The place of a property of the element that stands here.
    pub(crate) fn child(&self, parent: usize, key: &'v str, index: Option<usize>) -> Place<'v> {
        Place { document: self.document, parent: Some(parent), key, index }
    }
}
