//! A model: an interface joined with everything it extends and embeds (B4).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::constraints::Constraints;
use crate::diagnostic::{Diagnostic, Diagnostics, code};
use crate::dtmi::Dtmi;
use crate::interface::{Content, ContentKind, Interface, RelationshipRules, ValueSpec};
use crate::limits::{ELEMENTS_MAX, EXTENDS_COUNT_MAX, EXTENDS_DEPTH_MAX};
use crate::schema::Schema;

/// The elements a twin of this model can have values for, in document order, inherited ones last.
#[derive(Debug)]
pub struct Model {
    /// Identifier of the interface.
    pub id: Dtmi,
    /// Its English display name.
    pub display_name: Option<String>,
    /// Its English description.
    pub description: Option<String>,
    /// Telemetry and properties; an element's index is its number in adapters.
    pub elements: Vec<Element>,
    /// Names of the relationships, which are the content paths of links.
    pub relationships: Vec<Arc<str>>,
    /// The interface that the other end of each relationship must have, if restricted.
    pub relationship_targets: Vec<Option<String>>,
    /// What a link of each relationship must keep to besides.
    pub relationship_rules: Vec<RelationshipRules>,
    /// Names of the commands; they are carried and never run.
    pub commands: Vec<Arc<str>>,
    index: HashMap<Arc<str>, usize>,
}

/// A telemetry or property of a model.
#[derive(Debug, Clone)]
pub struct Element {
    /// Content path: the name, behind the component's name and a dot if it lies in one (A8).
    pub path: Arc<str>,
    /// What it is; both behave alike on ingestion.
    pub kind: ElementKind,
    /// What its values look like.
    pub schema: Schema,
    /// Is each value kept as history?
    pub historized: bool,
    /// What values must satisfy besides.
    pub constraints: Constraints,
}

/// Kinds of elements that can have values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElementKind {
    /// A measurement.
    Telemetry,
    /// A state.
    Property,
}

impl Model {
    /// Joins an interface with the ones it refers to, which `lookup` finds. The error lists all
    /// references that cannot be found, then everything else that does not fit together.
    pub fn resolve(
        interface: Interface,
        lookup: &dyn Fn(&Dtmi) -> Option<Arc<Interface>>,
    ) -> Result<Model, Diagnostics> {
        let root = Arc::new(interface);
        let mut resolver = Resolver {
            lookup,
            known: HashMap::new(),
            missing: Vec::new(),
            diagnostics: Vec::new(),
            visits: 0,
            model: Model {
                id: root.id.clone(),
                display_name: root.display_name.clone(),
                description: root.description.clone(),
                elements: Vec::new(),
                relationships: Vec::new(),
                relationship_targets: Vec::new(),
                relationship_rules: Vec::new(),
                commands: Vec::new(),
                index: HashMap::new(),
            },
        };
        resolver.learn(&root);
        resolver.interface(&root, "");
        resolver.finish()
    }

    /// The element with that content path, and its index.
    pub fn element(&self, path: &str) -> Option<(usize, &Element)> {
        let index = *self.index.get(path)?;
        self.elements.get(index).map(|element| (index, element))
    }
}

struct Resolver<'l> {
    lookup: &'l dyn Fn(&Dtmi) -> Option<Arc<Interface>>,
    /// Interfaces found so far, `None` for those that cannot be found.
    known: HashMap<Dtmi, Option<Arc<Interface>>>,
    missing: Vec<Dtmi>,
    diagnostics: Vec<Diagnostic>,
    /// Interfaces visited, once for each component that embeds them.
    visits: usize,
    model: Model,
}

impl Resolver<'_> {
    /// Makes an interface and those defined in place inside it known.
    fn learn(&mut self, interface: &Arc<Interface>) {
        self.known.insert(interface.id.clone(), Some(interface.clone()));
        for embedded in &interface.embedded {
            self.known.insert(embedded.id.clone(), Some(embedded.clone()));
        }
    }

    fn find(&mut self, id: &Dtmi) -> Option<Arc<Interface>> {
        if let Some(known) = self.known.get(id) {
            return known.clone();
        }
        match (self.lookup)(id) {
            Some(found) => {
                self.learn(&found);
                Some(found)
            }
            None => {
                self.known.insert(id.clone(), None);
                self.missing.push(id.clone());
                None
            }
        }
    }

    /// Adds the contents of an interface and of its ancestors under a prefix, which is empty or
    /// the component's name with a dot.
    fn interface(&mut self, interface: &Arc<Interface>, prefix: &str) {
        let mut names: HashMap<Arc<str>, Dtmi> = HashMap::new();
        let lineage = self.lineage(interface);
        self.visits += lineage.len();
        for ancestor in lineage {
            if self.is_full() {
                return;
            }
            for content in &ancestor.contents {
                if let Some(other) = names.insert(content.name.clone(), ancestor.id.clone()) {
                    let message = format!(
                        "the name `{}` is used by both {} and {other}",
                        content.name, ancestor.id
                    );
                    self.report(code!("nonUniqueImportedPropertyValue"), content, message);
                    continue;
                }
                self.content(content, prefix);
            }
        }
    }

    /// An interface and all its ancestors, each once, nearest first.
    fn lineage(&mut self, interface: &Arc<Interface>) -> Vec<Arc<Interface>> {
        let mut lineage = vec![interface.clone()];
        let mut seen = HashSet::from([interface.id.clone()]);
        let mut generation = vec![interface.clone()];
        for depth in 0.. {
            let mut parents = Vec::new();
            for child in &generation {
                for id in &child.extends {
                    if *id == interface.id {
                        let message = format!("{id} extends itself");
                        self.report_on(code!("recursiveStructureWide"), message);
                    } else if seen.insert(id.clone()) {
                        parents.extend(self.find(id));
                    }
                }
            }
            if parents.is_empty() {
                break;
            }
            if depth == EXTENDS_DEPTH_MAX || seen.len() > EXTENDS_COUNT_MAX {
                let message = format!(
                    "{} extends more than {EXTENDS_DEPTH_MAX} levels or {EXTENDS_COUNT_MAX} \
                     interfaces",
                    interface.id
                );
                self.report_on(code!("excessiveDepthWide"), message);
                break;
            }
            lineage.extend(parents.iter().cloned());
            generation = parents;
        }
        lineage
    }

    fn content(&mut self, content: &Content, prefix: &str) {
        match &content.kind {
            ContentKind::Telemetry(value) => {
                self.element(content, prefix, ElementKind::Telemetry, value);
            }
            ContentKind::Property { value, .. } => {
                self.element(content, prefix, ElementKind::Property, value);
            }
            ContentKind::Relationship { target, rules, .. } => {
                self.model.relationships.push(format!("{prefix}{}", content.name).into());
                self.model.relationship_targets.push(target.clone());
                self.model.relationship_rules.push(rules.clone());
            }
            ContentKind::Component { schema } if prefix.is_empty() => {
                if !self.is_full()
                    && let Some(interface) = self.find(schema)
                {
                    self.interface(&interface, &format!("{}.", content.name));
                }
            }
            ContentKind::Component { .. } => {
                let message = format!(
                    "component `{}` lies inside component `{}`; components cannot be nested",
                    content.name,
                    prefix.trim_end_matches('.')
                );
                self.report(code!("excludedType"), content, message);
            }
            ContentKind::Command => {
                self.model.commands.push(format!("{prefix}{}", content.name).into());
            }
        }
    }

    fn element(&mut self, content: &Content, prefix: &str, kind: ElementKind, value: &ValueSpec) {
        let index = self.model.elements.len();
        if self.is_full() {
            return;
        }
        let path: Arc<str> = match prefix {
            "" => content.name.clone(),
            prefix => format!("{prefix}{}", content.name).into(),
        };
        self.model.index.insert(path.clone(), index);
        self.model.elements.push(Element {
            path,
            kind,
            schema: value.schema.clone(),
            historized: value.historized,
            constraints: value.constraints.clone(),
        });
    }

    /// Is there no room for more? Empty interfaces count too, or visiting them would never end.
    fn is_full(&mut self) -> bool {
        let full = self.model.elements.len() >= ELEMENTS_MAX || self.visits > ELEMENTS_MAX;
        if full {
            let message = format!("the model has more than {ELEMENTS_MAX} elements");
            self.report_on(code!("objectCountAboveMax"), message);
        }
        full
    }

    fn report(&mut self, code: &'static str, content: &Content, message: String) {
        let pointer = content.pointer.clone();
        self.diagnostics.push(Diagnostic::new(code, pointer, message));
    }

    fn report_on(&mut self, code: &'static str, message: String) {
        // One finding per cause: a wide hierarchy would repeat these without end.
        if !self.diagnostics.iter().any(|known| known.code == code) {
            self.diagnostics.push(Diagnostic::new(code, String::new(), message));
        }
    }

    fn finish(self) -> Result<Model, Diagnostics> {
        let mut diagnostics = Vec::new();
        if !self.missing.is_empty() {
            let missing: Vec<_> = self.missing.iter().map(Dtmi::as_str).collect();
            let message = format!(
                "these models are referred to and do not exist; create them first: {}",
                missing.join(", ")
            );
            diagnostics.push(Diagnostic::new(code!("unresolvedReference"), String::new(), message));
        }
        diagnostics.extend(self.diagnostics);
        if diagnostics.is_empty() { Ok(self.model) } else { Err(Diagnostics(diagnostics)) }
    }
}
