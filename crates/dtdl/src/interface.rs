//! One interface as its document says, before anything it refers to is joined in.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use crate::build::build;
use crate::check::Checker;
use crate::constraints::Constraints;
use crate::diagnostic::{Diagnostic, Diagnostics, code};
use crate::dtmi::Dtmi;
use crate::graph::Graph;
use crate::language::read;
use crate::limits::{DIAGNOSTICS_MAX, TEXT_BYTES_MAX};
use crate::metamodel::Kind;
use crate::schema::Schema;

/// A parsed DTDL interface.
#[derive(Debug)]
pub struct Interface {
    /// Its `@id`.
    pub id: Dtmi,
    /// The English display name.
    pub display_name: Option<String>,
    /// The English description.
    pub description: Option<String>,
    /// Interfaces whose contents it inherits.
    pub extends: Vec<Dtmi>,
    /// Its own contents, in document order.
    pub contents: Vec<Content>,
    /// Interfaces that the document defines in place, inside `extends` or a component.
    pub embedded: Vec<Arc<Interface>>,
    /// Parts written in another version of the language, as JSON pointers.
    pub(crate) old_parts: Vec<String>,
}

/// One member of an interface's contents.
#[derive(Debug)]
pub struct Content {
    /// Its name, unique in the interface.
    pub name: Arc<str>,
    /// What it is.
    pub kind: ContentKind,
    /// Where it stands in the document, as a JSON pointer.
    pub(crate) pointer: String,
}

/// What a member of an interface's contents is (B2).
#[derive(Debug)]
pub enum ContentKind {
    /// A value the device reports.
    Telemetry(ValueSpec),
    /// A value that describes the state; `writable` as the document says.
    Property {
        /// What its values look like.
        value: ValueSpec,
        /// May it be set from outside? The platform refuses that (B1).
        writable: bool,
    },
    /// A function of the device; carried, but never run by the platform.
    Command,
    /// A link to other twins.
    Relationship {
        /// The interface the other end must have, if restricted.
        target: Option<String>,
        /// May it be changed from outside?
        writable: bool,
        /// What a link of it must keep to.
        rules: RelationshipRules,
    },
    /// An interface embedded under the component's name.
    Component {
        /// That interface.
        schema: Dtmi,
    },
}

/// What a link of a relationship must keep to, besides its target.
#[derive(Debug, Clone, Default)]
pub struct RelationshipRules {
    /// Properties that a link may have values for, by name.
    pub properties: Vec<(Arc<str>, ValueSpec)>,
    /// Links that one twin may have at most.
    pub links_max: Option<u64>,
}

/// What the values of an element look like.
#[derive(Debug, Clone)]
pub struct ValueSpec {
    /// Their schema.
    pub schema: Schema,
    /// Is each value to be kept as history (B5)?
    pub historized: bool,
    /// What they must satisfy besides (B7).
    pub constraints: Constraints,
}

impl Interface {
    /// What must exist before it: the interfaces that it, and every interface defined in place
    /// inside it, extends and has as components.
    pub fn references(&self) -> Vec<Dtmi> {
        let components = self.contents.iter().filter_map(|content| match &content.kind {
            ContentKind::Component { schema } => Some(schema.clone()),
            _ => None,
        });
        let embedded = self.embedded.iter().flat_map(|embedded| embedded.references());
        self.extends.iter().cloned().chain(components).chain(embedded).collect()
    }

    /// Reads one document; the error lists everything that is wrong with it.
    ///
    /// ```
    /// let error = dtdl::Interface::parse(r#"{"@id": "placeholder", "@type": "Interface"}"#);
    /// assert_eq!(error.unwrap_err().0.len(), 2); // no context, and no valid identifier
    /// ```
    pub fn parse(text: &str) -> Result<Interface, Diagnostics> {
        let mut diagnostics = Vec::new();
        let values = read(&[text], TEXT_BYTES_MAX, &mut diagnostics);
        if diagnostics.is_empty() && values.iter().flatten().any(is_several) {
            let message = "the model must be exactly one interface; take the others out".to_owned();
            diagnostics.push(Diagnostic::new(code!("notJsonObject"), String::new(), message));
        }
        if diagnostics.is_empty() {
            let mut checker = Checker {
                graph: Graph::default(),
                diagnostics,
                allow_undefined: false,
                allow_version_2: false,
                names: HashMap::new(),
                visits: 0,
            };
            checker.check(&values);
            diagnostics = checker.diagnostics;
            if diagnostics.is_empty() {
                return Ok(build(&checker.graph));
            }
            // All at once: what `check_platform` would tell after the rest is mended.
            let room = DIAGNOSTICS_MAX.saturating_sub(diagnostics.len());
            diagnostics.extend(writable(&checker.graph).take(room));
        }
        Err(Diagnostics(diagnostics).located(text))
    }

    /// What the platform refuses although the language allows it (B1): properties and
    /// relationships that can be written from outside, parts in another version of the language,
    /// and a model without a version (control-plane.md 5.4).
    pub fn check_platform(&self) -> Result<(), Diagnostics> {
        let mut diagnostics = Vec::new();
        if !self.id.has_version() {
            let message = format!("`{0}` has no version; write `{0};1`", self.id);
            diagnostics.push(Diagnostic::new(code!("missingVersion"), "/@id".to_owned(), message));
        }
        for pointer in &self.old_parts {
            let message = "version 2 of the language is not supported; write dtmi:dtdl:context;3";
            let pointer = format!("{pointer}/@context");
            let code = code!("unresolvableContextVersion");
            diagnostics.push(Diagnostic::new(code, pointer, message.to_owned()));
        }
        let mut interfaces = vec![self];
        while let Some(interface) = interfaces.pop() {
            for content in &interface.contents {
                let writable = match content.kind {
                    ContentKind::Property { writable, .. } => writable,
                    ContentKind::Relationship { writable, .. } => writable,
                    _ => false,
                };
                if writable {
                    let element = format!("`{}` of {}", content.name, interface.id);
                    diagnostics.push(is_writable(&element, &content.pointer));
                }
            }
            interfaces.extend(interface.embedded.iter().map(Arc::as_ref));
        }
        if diagnostics.is_empty() { Ok(()) } else { Err(Diagnostics(diagnostics)) }
    }
}

/// Elements of a document with findings that can be written from outside.
fn writable<'g>(graph: &'g Graph<'_>) -> impl Iterator<Item = Diagnostic> + 'g {
    let elements = graph.elements.iter();
    let can_be = elements.filter(|e| matches!(e.kind, Kind::Property | Kind::Relationship));
    let are = can_be.filter(|e| e.literal("writable").and_then(Value::as_bool) == Some(true));
    are.map(|element| {
        let name = element.name.map_or("this".to_owned(), |name| format!("`{name}`"));
        is_writable(&name, &graph.pointer(&element.place))
    })
}

/// The finding about an element that can be written from outside.
fn is_writable(element: &str, pointer: &str) -> Diagnostic {
    let message = format!(
        "{element} is writable, which is not supported; set `writable` to false or leave it out"
    );
    Diagnostic::new(code!("valueNotExact"), format!("{pointer}/writable"), message)
}

/// An array of one is the same as the one.
fn is_several(value: &Value) -> bool {
    value.as_array().is_some_and(|values| values.len() != 1)
}
