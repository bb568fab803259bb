//! From checked elements to the interface that adapters and twins use. Nothing is wrong any more
//! here: what a graph lacks after the check was never in the document.

mod schema;

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use crate::cotypes::Cotype;
use crate::dtmi::Dtmi;
use crate::graph::{Graph, Target};
use crate::interface::{Content, ContentKind, Interface, RelationshipRules, ValueSpec};
use crate::metamodel::Kind;
use crate::schema::Schema;

/// State while an interface is built.
struct Builder<'g, 'v> {
    graph: &'g Graph<'v>,
    /// Schemas built so far: one may be used many times.
    schemas: HashMap<usize, Schema>,
}

/// Builds the interface of a document without findings, with the ones defined inside it.
pub(crate) fn build(graph: &Graph) -> Interface {
    let mut builder = Builder { graph, schemas: HashMap::new() };
    let mut interfaces = (0..graph.elements.len())
        .filter(|element| graph.elements[*element].kind == Kind::Interface);
    let root = interfaces.next().expect("a document without findings is an interface");
    let embedded = interfaces.map(|element| Arc::new(builder.interface(element))).collect();
    let parts = graph.elements.iter().filter(|element| element.context.version == 2);
    let old_parts = parts
        .filter(|element| element.object.contains_key("@context"))
        .map(|element| graph.pointer(&element.place))
        .collect();
    Interface { embedded, old_parts, ..builder.interface(root) }
}

impl<'v> Builder<'_, 'v> {
    fn interface(&mut self, element: usize) -> Interface {
        let contents: Vec<_> = self.graph.targets(element, "contents").collect();
        Interface {
            id: self.identifier(element),
            display_name: self.english(element, "displayName"),
            description: self.english(element, "description"),
            extends: self.interfaces(element, "extends"),
            contents: contents.into_iter().filter_map(|content| self.content(content)).collect(),
            embedded: Vec::new(),
            old_parts: Vec::new(),
        }
    }

    fn identifier(&self, interface: usize) -> Dtmi {
        let id = self.graph.elements[interface].id.and_then(|id| Dtmi::parse(id).ok());
        id.expect("an interface without findings has an identifier")
    }

    /// Identifiers of the interfaces that a property leads to, here or elsewhere.
    fn interfaces(&self, element: usize, property: &str) -> Vec<Dtmi> {
        let links = self.graph.elements[element].links.iter();
        let links = links.filter(|link| link.property == property);
        links
            .filter_map(|link| match link.target {
                Target::Element(interface) => Some(self.identifier(interface)),
                Target::Missing(id) => Dtmi::parse(id).ok(),
                _ => None,
            })
            .collect()
    }

    fn content(&mut self, index: usize) -> Option<Content> {
        let element = &self.graph.elements[index];
        let flag = |property| element.literal(property).and_then(Value::as_bool).unwrap_or(false);
        let kind = match element.kind {
            Kind::Telemetry => ContentKind::Telemetry(self.value_spec(index)?),
            Kind::Property => {
                let writable = flag("writable");
                ContentKind::Property { value: self.value_spec(index)?, writable }
            }
            Kind::Relationship => ContentKind::Relationship {
                target: element.literal("target").and_then(Value::as_str).map(str::to_owned),
                writable: flag("writable"),
                rules: RelationshipRules {
                    links_max: element.literal("maxMultiplicity").and_then(Value::as_u64),
                    properties: self.link_properties(index),
                },
            },
            Kind::Component => {
                let schema = self.interfaces(index, "schema").into_iter().next()?;
                ContentKind::Component { schema }
            }
            _ => ContentKind::Command,
        };
        let pointer = self.graph.pointer(&element.place);
        Some(Content { name: element.name?.into(), kind, pointer })
    }

    /// Properties that a link of a relationship may have.
    fn link_properties(&mut self, relationship: usize) -> Vec<(Arc<str>, ValueSpec)> {
        let properties: Vec<_> = self.graph.targets(relationship, "properties").collect();
        let named = properties.into_iter().filter_map(|index| {
            let name = self.graph.elements[index].name?;
            Some((name.into(), self.value_spec(index)?))
        });
        named.collect()
    }

    fn value_spec(&mut self, index: usize) -> Option<ValueSpec> {
        let element = &self.graph.elements[index];
        Some(ValueSpec {
            schema: self.schema(index, "schema")?,
            historized: element.cotypes.contains(&Cotype::Historized),
            constraints: self.constraints(index, "schema"),
        })
    }

    /// The English text of a property with texts in several languages.
    fn english(&self, element: usize, property: &str) -> Option<String> {
        let element = &self.graph.elements[element];
        let is_english =
            |object: &Value| object.get("@language").is_none_or(|language| language == "en");
        let version = element.context.version;
        let long = |key: &String| crate::vocabulary::property_of(key, version) == property;
        let key = element.object.keys().find(|key| long(key))?;
        let text = match &element.object[key] {
            Value::Array(values) => values
                .iter()
                .find(|value| value.is_string() || is_english(value))
                .map(|value| value.get("@value").unwrap_or(value))?,
            Value::Object(object) => object.get("en")?,
            value => value,
        };
        text.as_str().map(str::to_owned)
    }
}
