//! One message through an adapter (A2). Storing the raw message and committing the outcome are the
//! caller's.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::adapter::{Adapter, DelegateTo, Entry, Named, Route};
use crate::coerce::coerce;
use crate::document::Node;
use crate::expression::Scope;
use crate::outcome::{ContentValue, Delegation, Message, Normalized, Outcome, Rejection};
use crate::target::Target;
use crate::time::parse_observed;

impl Adapter {
    /// Normalises one message. It never panics and always ends: work that users can cause is
    /// bounded.
    pub fn normalise(&self, message: &Message<'_>) -> Outcome {
        self.evaluate(message).unwrap_or_else(Outcome::Rejected)
    }

    fn evaluate(&self, message: &Message<'_>) -> Result<Outcome, Rejection> {
        let root = Node::parse(message.content).map_err(|reason| {
            Rejection::new(400, format!("Payload is not valid JSON: {reason}"))
        })?;
        let scope = Scope::new(message.endpoint, message.time_received_us, &root);
        let time_observed_us = match &self.time_observed {
            Some(source) => observed(source, &scope)?,
            None => None,
        };
        if let Some(delegation) = delegate(self.delegate.as_ref(), &scope, time_observed_us)? {
            return Ok(Outcome::Delegated(delegation));
        }
        let mut routes = self.routes.iter();
        let Some(route) = routes.find(|route| route.condition.is_true(&scope)) else {
            return Err(Rejection::new(404, "No matching route".to_owned()));
        };
        if let Some(delegation) = delegate(route.delegate.as_ref(), &scope, time_observed_us)? {
            return Ok(Outcome::Delegated(delegation));
        }
        let values = self.values(route, &scope)?;
        if values.is_empty() {
            return Err(Rejection::new(500, "Normalization output is empty".to_owned()));
        }
        let time_observed_us = time_observed_us.unwrap_or(message.time_received_us);
        Ok(Outcome::Values(Normalized { time_observed_us, values }))
    }

    fn values(&self, route: &Route, scope: &Scope<'_, '_>) -> Result<Vec<ContentValue>, Rejection> {
        if route.is_flat {
            let mut values = Vec::with_capacity(route.mapping.len());
            for entry in &route.mapping {
                let Some(json) = value_of(&entry.source, scope)? else {
                    continue;
                };
                match &entry.target {
                    Target::Element(element) => values.push(self.value(*element, json)?),
                    target => self.refuse_unknown(target)?,
                }
            }
            return Ok(values);
        }
        let mut output = Output::default();
        for entry in &route.mapping {
            if let Some(json) = value_of(&entry.source, scope)? {
                self.put(entry, json, &mut output)?;
            }
        }
        let values = output.0.into_iter();
        values.map(|(element, value)| self.value(element, Cow::Owned(value.to_string()))).collect()
    }

    /// Checks a value against its element (A7).
    fn value(&self, element: usize, json: Cow<'_, str>) -> Result<ContentValue, Rejection> {
        let value = coerce(&self.model.elements[element], json)?;
        Ok(ContentValue { element, value })
    }

    fn put(&self, entry: &Entry, json: Cow<'_, str>, output: &mut Output) -> Result<(), Rejection> {
        let value = serde_json::from_str(&json)
            .map_err(|reason| Rejection::failed(&entry.source.field, reason))?;
        match &entry.target {
            Target::Element(element) => output.set(*element, value),
            Target::Inside(element, names) => output.set_inside(*element, names, value),
            Target::Root => return self.put_root(entry, value, output),
            target => self.refuse_unknown(target)?,
        }
        Ok(())
    }

    /// Spreads an object over the root (A4): members are elements, or components with elements.
    fn put_root(&self, entry: &Entry, value: Value, output: &mut Output) -> Result<(), Rejection> {
        let Value::Object(members) = value else {
            return Err(Rejection::failed(&entry.source.field, "the result must be an object"));
        };
        for (name, value) in members {
            match Target::find(std::slice::from_ref(&name), &self.model) {
                Target::Element(element) if !value.is_null() => output.set(element, value),
                Target::Element(_) => {}
                unknown => match value {
                    Value::Object(members) if self.is_component(&name) => {
                        self.put_component(&name, members, output)?;
                    }
                    _ => self.refuse_unknown(&unknown)?,
                },
            }
        }
        Ok(())
    }

    fn is_component(&self, name: &str) -> bool {
        let mut elements = self.model.elements.iter();
        elements.any(|e| e.path.split_once('.').is_some_and(|(component, _)| component == name))
    }

    fn put_component(
        &self,
        component: &str,
        members: Map<String, Value>,
        output: &mut Output,
    ) -> Result<(), Rejection> {
        for (name, value) in members {
            let names = [component.to_owned(), name];
            match Target::find(&names, &self.model) {
                Target::Element(element) if !value.is_null() => output.set(element, value),
                Target::Element(_) => {}
                unknown => self.refuse_unknown(&unknown)?,
            }
        }
        Ok(())
    }

    /// A target the model lacks rejects the message, unless the mapping was generated (A4).
    fn refuse_unknown(&self, target: &Target) -> Result<(), Rejection> {
        match target {
            Target::Unknown(path) if !self.is_default => Err(Rejection::new(
                400,
                format!("Target '{path}' is not part of the model {}", self.model.id),
            )),
            _ => Ok(()),
        }
    }
}

/// Values by element, in the order their elements were first set.
#[derive(Default)]
struct Output(indexmap::IndexMap<usize, Value>);

impl Output {
    /// A later value for the same element wins.
    fn set(&mut self, element: usize, value: Value) {
        self.0.insert(element, value);
    }

    /// Sets a part of an object-valued element, making objects on the way.
    fn set_inside(&mut self, element: usize, names: &[String], value: Value) {
        let mut slot = self.0.entry(element).or_insert(Value::Null);
        for name in names {
            if !slot.is_object() {
                *slot = Value::Object(Map::new());
            }
            let Value::Object(members) = slot else { return };
            slot = members.entry(name.as_str()).or_insert(Value::Null);
        }
        *slot = value;
    }
}

fn value_of<'a>(source: &Named, scope: &Scope<'_, 'a>) -> Result<Option<Cow<'a, str>>, Rejection> {
    let value = source.expression.evaluate(scope);
    value.map_err(|failure| Rejection::failed(&source.field, failure))
}

fn observed(source: &Named, scope: &Scope<'_, '_>) -> Result<Option<i64>, Rejection> {
    let Some(json) = value_of(source, scope)? else {
        return Ok(None);
    };
    let time = parse_observed(&json);
    time.map(Some).map_err(|reason| Rejection::failed(&source.field, reason))
}

/// The delegation, if a target is named and not empty (A2, step 4).
fn delegate(
    delegate: Option<&DelegateTo>,
    scope: &Scope<'_, '_>,
    time_observed_us: Option<i64>,
) -> Result<Option<Delegation>, Rejection> {
    let Some(DelegateTo { target, content_root }) = delegate else {
        return Ok(None);
    };
    let Some(json) = value_of(target, scope)? else {
        return Ok(None);
    };
    let name = match json.as_bytes().first() {
        Some(b'"') => serde_json::from_str(&json)
            .map_err(|reason| Rejection::failed(&target.field, reason))?,
        Some(b'-' | b'0'..=b'9') => json.into_owned(),
        _ => {
            return Err(Rejection::failed(&target.field, "a target must be a string"));
        }
    };
    if name.is_empty() {
        return Ok(None);
    }
    let content = match content_root {
        None => scope.root.text().as_bytes().to_vec(),
        Some(root) => match value_of(root, scope)? {
            Some(json) => json.into_owned().into_bytes(),
            None => {
                return Err(Rejection::failed(&root.field, "the payload has no such part"));
            }
        },
    };
    Ok(Some(Delegation { target: name, content, time_observed_us }))
}
