//! One message through an adapter (A2). Storing the raw message and committing the outcome are the
//! caller's.

use std::borrow::Cow;
use std::marker::PhantomData;

use serde_json::{Map, Value};

use crate::adapter::{Adapter, DelegateTo, Entry, Named, Route};
use crate::coerce::{coerce, rejection};
use crate::document::Node;
use crate::explain::{Explanation, Fault, Recorder, Silent, Trace};
use crate::expression::Scope;
use crate::outcome::{ContentValue, Delegation, Message, Normalized, Outcome, Rejection};
use crate::target::Target;
use crate::time::parse_observed;

impl Adapter {
    /// Normalises one message. It never panics and always ends: work that users can cause is
    /// bounded.
    pub fn normalise(&self, message: &Message<'_>) -> Outcome {
        self.evaluate(message, &mut Silent).unwrap_or_else(Outcome::Rejected)
    }

    /// Normalises one message and tells every step, those behind the first failure included. The
    /// outcome is that of [`Adapter::normalise`].
    pub fn explain(&self, message: &Message<'_>) -> Explanation {
        let mut trace = Trace::of(&self.routes);
        let outcome = self.evaluate(message, &mut trace).unwrap_or_else(Outcome::Rejected);
        trace.finish(outcome)
    }

    fn evaluate<R: Recorder>(
        &self,
        message: &Message<'_>,
        recorder: &mut R,
    ) -> Result<Outcome, Rejection> {
        let root = Node::parse(message.content)
            .map_err(|reason| Rejection::new(400, format!("Payload {reason}")))?;
        let scope = Scope::new(message.endpoint, message.time_received_us, &root);
        let time_observed_us = match &self.time_observed {
            Some(source) => observed(source, &scope, recorder)?,
            None => None,
        };
        let delegation = delegate(self.delegate.as_ref(), &scope, time_observed_us, recorder)?;
        if let Some(delegation) = delegation {
            return Ok(Outcome::Delegated(delegation));
        }
        let Some(route) = self.route(&scope, recorder) else {
            return Err(Rejection::new(404, "No matching route".to_owned()));
        };
        let delegation = delegate(route.delegate.as_ref(), &scope, time_observed_us, recorder)?;
        if let Some(delegation) = delegation {
            return Ok(Outcome::Delegated(delegation));
        }
        let values = self.values(route, &scope, recorder)?;
        if values.is_empty() {
            return Err(Rejection::new(500, "Normalization output is empty".to_owned()));
        }
        let time_observed_us = time_observed_us.unwrap_or(message.time_received_us);
        Ok(Outcome::Values(Normalized { time_observed_us, values }))
    }

    /// The first route whose condition is true.
    fn route<R: Recorder>(&self, scope: &Scope<'_, '_>, recorder: &mut R) -> Option<&Route> {
        let mut routes = self.routes.iter().enumerate();
        let found = routes.find(|(index, route)| {
            let matched = route.condition.is_true(scope);
            if R::KEEPS {
                // In a scope of its own, so that telling takes nothing off the message's account.
                let shadow = Scope::new(scope.endpoint, scope.now_us, scope.root);
                recorder.route(*index, matched, route.condition.value(&shadow));
            }
            matched
        });
        found.map(|(_, route)| route)
    }

    fn values<R: Recorder>(
        &self,
        route: &Route,
        scope: &Scope<'_, '_>,
        recorder: &mut R,
    ) -> Result<Vec<ContentValue>, Rejection> {
        let mut first = First::<R>::default();
        let mut values = Vec::with_capacity(route.mapping.len());
        let mut output = Output::default();
        for entry in &route.mapping {
            let value = value_of(&entry.source, scope);
            recorder.entry(entry, &value.as_ref().map(Option::as_deref));
            let json = match value {
                Ok(Some(json)) => json,
                Ok(None) => continue,
                Err(rejection) => {
                    first.note(rejection)?;
                    continue;
                }
            };
            let done = match &entry.target {
                Target::Element(element) if route.is_flat => {
                    self.value(*element, json, recorder).map(|value| values.push(value))
                }
                _ => self.put(entry, json, &mut output, recorder),
            };
            done.or_else(|rejection| first.note(rejection))?;
        }
        for (element, value) in output.0 {
            let value = self.value(element, Cow::Owned(value.to_string()), recorder);
            value.map(|value| values.push(value)).or_else(|rejection| first.note(rejection))?;
        }
        first.or(values)
    }

    /// Checks a value against its element (A7).
    fn value<R: Recorder>(
        &self,
        element: usize,
        json: Cow<'_, str>,
        recorder: &mut R,
    ) -> Result<ContentValue, Rejection> {
        let of = &self.model.elements[element];
        let mapped = if R::KEEPS { json.to_string() } else { String::new() };
        match coerce(of, json) {
            Ok(value) => {
                recorder.field(&of.path, &mapped, Ok(&value));
                Ok(ContentValue { element, value })
            }
            Err(fault) => {
                let rejection = rejection(of, &fault);
                recorder.field(&of.path, &mapped, Err(fault));
                Err(rejection)
            }
        }
    }

    fn put<R: Recorder>(
        &self,
        entry: &Entry,
        json: Cow<'_, str>,
        output: &mut Output,
        recorder: &mut R,
    ) -> Result<(), Rejection> {
        let value = serde_json::from_str(&json)
            .map_err(|reason| Rejection::failed(&entry.source.field, reason))?;
        match &entry.target {
            Target::Element(element) => output.set(*element, value),
            Target::Inside(element, names) => output.set_inside(*element, names, value),
            Target::Root => return self.put_root(entry, value, output, recorder),
            target => self.refuse_unknown(target, &value, recorder)?,
        }
        Ok(())
    }

    /// Spreads an object over the root (A4): members are elements, or components with elements.
    fn put_root<R: Recorder>(
        &self,
        entry: &Entry,
        value: Value,
        output: &mut Output,
        recorder: &mut R,
    ) -> Result<(), Rejection> {
        let Value::Object(members) = value else {
            return Err(Rejection::failed(&entry.source.field, "the result must be an object"));
        };
        for (name, value) in members {
            match Target::find(std::slice::from_ref(&name), &self.model) {
                Target::Element(element) if !value.is_null() => output.set(element, value),
                Target::Element(_) => {}
                unknown => match value {
                    Value::Object(members) if self.is_component(&name) => {
                        self.put_component(&name, members, output, recorder)?;
                    }
                    value => self.refuse_unknown(&unknown, &value, recorder)?,
                },
            }
        }
        Ok(())
    }

    fn is_component(&self, name: &str) -> bool {
        let mut elements = self.model.elements.iter();
        elements.any(|e| e.path.split_once('.').is_some_and(|(component, _)| component == name))
    }

    fn put_component<R: Recorder>(
        &self,
        component: &str,
        members: Map<String, Value>,
        output: &mut Output,
        recorder: &mut R,
    ) -> Result<(), Rejection> {
        for (name, value) in members {
            let names = [component.to_owned(), name];
            match Target::find(&names, &self.model) {
                Target::Element(element) if !value.is_null() => output.set(element, value),
                Target::Element(_) => {}
                unknown => self.refuse_unknown(&unknown, &value, recorder)?,
            }
        }
        Ok(())
    }

    /// A target the model lacks rejects the message, unless the mapping was generated (A4).
    fn refuse_unknown<R: Recorder>(
        &self,
        target: &Target,
        value: &Value,
        recorder: &mut R,
    ) -> Result<(), Rejection> {
        let Target::Unknown(path) = target else { return Ok(()) };
        if self.is_default {
            return Ok(());
        }
        if R::KEEPS {
            let expected = "an element of the model".to_owned();
            let value = value.to_string();
            let fault = Fault { rule: "model", at: String::new(), value: value.clone(), expected };
            recorder.field(path, &value, Err(fault));
        }
        let message = format!("Target '{path}' is not part of the model {}", self.model.id);
        Err(Rejection::new(400, message))
    }
}

/// The first rejection of a message, for recorders that want to hear what comes after it.
struct First<R>(Option<Rejection>, PhantomData<R>);

impl<R> Default for First<R> {
    fn default() -> First<R> {
        First(None, PhantomData)
    }
}

impl<R: Recorder> First<R> {
    /// Ends the evaluation, unless the recorder wants the rest.
    fn note(&mut self, rejection: Rejection) -> Result<(), Rejection> {
        if !R::KEEPS {
            return Err(rejection);
        }
        self.0.get_or_insert(rejection);
        Ok(())
    }

    fn or<T>(self, value: T) -> Result<T, Rejection> {
        self.0.map_or(Ok(value), Err)
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

/// The value of an expression outside of the mapping.
fn recorded<'a, R: Recorder>(
    source: &Named,
    scope: &Scope<'_, 'a>,
    recorder: &mut R,
) -> Result<Option<Cow<'a, str>>, Rejection> {
    let value = value_of(source, scope);
    recorder.expression(source, &value.as_ref().map(Option::as_deref));
    value
}

fn observed<R: Recorder>(
    source: &Named,
    scope: &Scope<'_, '_>,
    recorder: &mut R,
) -> Result<Option<i64>, Rejection> {
    let Some(json) = recorded(source, scope, recorder)? else {
        return Ok(None);
    };
    let time = parse_observed(&json);
    time.map(Some).map_err(|reason| Rejection::failed(&source.field, reason))
}

/// The delegation, if a target is named and not empty (A2, step 4).
fn delegate<R: Recorder>(
    delegate: Option<&DelegateTo>,
    scope: &Scope<'_, '_>,
    time_observed_us: Option<i64>,
    recorder: &mut R,
) -> Result<Option<Delegation>, Rejection> {
    let Some(DelegateTo { target, content_root }) = delegate else {
        return Ok(None);
    };
    let Some(json) = recorded(target, scope, recorder)? else {
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
        Some(root) => match recorded(root, scope, recorder)? {
            Some(json) => json.into_owned().into_bytes(),
            None => {
                return Err(Rejection::failed(&root.field, "the payload has no such part"));
            }
        },
    };
    Ok(Some(Delegation { target: name, content, time_observed_us }))
}
