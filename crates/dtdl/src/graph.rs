//! The elements of documents and how they refer to each other.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::context::Context;
use crate::cotypes::Cotype;
use crate::metamodel::{Kind, Slot};
use crate::vocabulary::property_of;

/// All elements of the documents that are checked together, in document order.
#[derive(Default)]
pub(crate) struct Graph<'v> {
    pub elements: Vec<Element<'v>>,
    /// Elements by identifier; `None` for those that are too broken to be used.
    pub ids: HashMap<&'v str, Option<usize>>,
}

/// One element.
pub(crate) struct Element<'v> {
    pub kind: Kind,
    pub object: &'v Map<String, Value>,
    pub id: Option<&'v str>,
    pub name: Option<&'v str>,
    pub place: Place<'v>,
    /// The interface it belongs to; its own index if it is one.
    pub interface: usize,
    pub context: Context,
    pub cotypes: Vec<Cotype<'v>>,
    pub links: Vec<Link<'v>>,
}

/// Where an element stands.
#[derive(Clone, Copy)]
pub(crate) struct Place<'v> {
    pub document: usize,
    pub parent: Option<usize>,
    /// Key in the parent; empty at the top.
    pub key: &'v str,
    /// Place in the array, if it is in one.
    pub index: Option<usize>,
}

/// From an element to one it contains or refers to.
pub(crate) struct Link<'v> {
    pub property: &'static str,
    pub slot: &'static Slot,
    pub place: Place<'v>,
    pub target: Target<'v>,
}

/// What a link leads to.
#[derive(Clone, Copy)]
pub(crate) enum Target<'v> {
    /// An element of the documents.
    Element(usize),
    /// A schema of the language, by its term.
    Predefined(&'v str),
    /// Something that the documents do not define; its identifier.
    Missing(&'v str),
    /// A reference that has not been looked up yet.
    Reference(&'v str),
}

impl<'v> Graph<'v> {
    /// JSON pointer to a place.
    pub(crate) fn pointer(&self, place: &Place<'v>) -> String {
        let mut places = vec![*place];
        let mut parent = place.parent;
        while let Some(element) = parent {
            places.push(self.elements[element].place);
            parent = self.elements[element].place.parent;
        }
        let mut pointer = String::new();
        for place in places.iter().rev() {
            if place.parent.is_some() {
                push_key(&mut pointer, place.key);
            }
            if let Some(index) = place.index {
                pointer.push('/');
                pointer.push_str(&index.to_string());
            }
        }
        pointer
    }

    /// What people call an element: its identifier, or its name and kind.
    pub(crate) fn label(&self, element: usize) -> String {
        let element = &self.elements[element];
        match (element.id, element.name) {
            (Some(id), _) => id.to_owned(),
            (None, Some(name)) => format!("{} `{name}`", element.kind.name()),
            (None, None) => element.kind.name().to_owned(),
        }
    }

    /// Elements that a property of an element leads to.
    pub(crate) fn targets(&self, element: usize, property: &str) -> impl Iterator<Item = usize> {
        let links = self.elements[element].links.iter();
        links.filter(move |link| link.property == property).filter_map(|link| match link.target {
            Target::Element(target) => Some(target),
            _ => None,
        })
    }
}

impl<'v> Element<'v> {
    /// Value of a property that holds one literal, written in any of the legal forms.
    pub(crate) fn literal(&self, property: &str) -> Option<&'v Value> {
        let value = self.object.get(property).or_else(|| {
            let is_long = |key: &str| property_of(key, self.context.version) == property;
            self.object.iter().find(|(key, _)| is_long(key)).map(|(_, value)| value)
        })?;
        let value = match value {
            Value::Array(values) => values.first()?,
            value => value,
        };
        Some(value.get("@value").unwrap_or(value))
    }
}

/// Adds a key to a JSON pointer.
pub(crate) fn push_key(pointer: &mut String, key: &str) {
    pointer.push('/');
    if key.contains(['~', '/']) {
        pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
    } else {
        pointer.push_str(key);
    }
}
