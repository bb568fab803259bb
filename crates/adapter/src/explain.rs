//! What happened to one message, step by step. The same evaluation that normalises reports to a
//! [`Recorder`]; the one that live messages use does nothing and costs nothing.

use serde_json::{Map, Value};

use crate::adapter::{Entry, Named, Route};
use crate::outcome::{Outcome, Rejection};

/// Everything one message went through (A2).
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The expressions of the envelope, in order.
    pub envelope: Vec<ExpressionTrace>,
    /// The routes, in order.
    pub routes: Vec<RouteTrace>,
    /// Target and content root of the route that matched.
    pub delegation: Vec<ExpressionTrace>,
    /// The entries of its payload mapping, in order; the field is the target path.
    pub mapping: Vec<ExpressionTrace>,
    /// What the entries gave, against the model.
    pub fields: Vec<FieldTrace>,
    /// What became of the message.
    pub outcome: Outcome,
}

/// One expression and what it gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpressionTrace {
    /// Where it stands in the definition; of mapping entries the target path.
    pub field: String,
    /// The expression as written.
    pub expression: String,
    /// What it gave.
    pub result: Evaluated,
}

/// What an expression gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evaluated {
    /// A value, as JSON text.
    Value(String),
    /// Nothing, or null: the source is missing.
    Missing,
    /// An error.
    Failed(String),
}

/// One route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteTrace {
    /// The condition as written.
    pub condition: String,
    /// Whether it matched.
    pub state: RouteState,
    /// What the condition gave; missing if it was not tried.
    pub value: Evaluated,
}

/// What became of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteState {
    /// It is the first that matched.
    Matched,
    /// Its condition is not true.
    NotMatched,
    /// An earlier one matched, or the message never got here.
    NotTried,
}

/// A value and the element it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldTrace {
    /// Content path.
    pub path: String,
    /// The value as mapped, JSON text.
    pub value: String,
    /// Whether the model takes it.
    pub verdict: Verdict,
}

/// What the model says about a value (A7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is kept like this, JSON text.
    Accepted(String),
    /// It is refused.
    Refused(Fault),
}

/// A rule that a value breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// `schema`, `model`, or the keyword of the validation extension.
    pub rule: &'static str,
    /// JSON pointer into the value; empty if it is the value itself.
    pub at: String,
    /// What was found there, JSON text, shortened.
    pub value: String,
    /// What the rule expects.
    pub expected: String,
}

impl Explanation {
    /// The mapped values as one document, components nested (A2, step 9).
    pub fn document(&self) -> Value {
        let mut document = Map::new();
        for field in &self.fields {
            let value = serde_json::from_str(&field.value).unwrap_or(Value::Null);
            match field.path.split_once('.') {
                Some((component, name)) => {
                    let members = document.entry(component).or_insert_with(|| Map::new().into());
                    if let Value::Object(members) = members {
                        members.insert(name.to_owned(), value);
                    }
                }
                None => {
                    document.insert(field.path.clone(), value);
                }
            }
        }
        Value::Object(document)
    }

    /// Index of the route that matched.
    pub fn matched_route(&self) -> Option<usize> {
        self.routes.iter().position(|route| route.state == RouteState::Matched)
    }
}

/// Who hears of every step.
pub(crate) trait Recorder {
    /// Wants to hear of everything, beyond the first failure as well.
    const KEEPS: bool;
    /// An expression of the envelope or of a route's delegation.
    fn expression(&mut self, _: &Named, _: &Result<Option<&str>, &Rejection>) {}
    /// A condition that was asked.
    fn route(&mut self, _: usize, _matched: bool, _: Evaluated) {}
    /// An entry of the payload mapping.
    fn entry(&mut self, _: &Entry, _: &Result<Option<&str>, &Rejection>) {}
    /// A value for an element.
    fn field(&mut self, _path: &str, _value: &str, _: Result<&str, Fault>) {}
}

/// Hears nothing.
pub(crate) struct Silent;

impl Recorder for Silent {
    const KEEPS: bool = false;
}

/// Writes everything down.
pub(crate) struct Trace {
    envelope: Vec<ExpressionTrace>,
    routes: Vec<RouteTrace>,
    delegation: Vec<ExpressionTrace>,
    mapping: Vec<ExpressionTrace>,
    fields: Vec<FieldTrace>,
}

impl Trace {
    pub(crate) fn of(routes: &[Route]) -> Trace {
        let routes = routes.iter().map(|route| RouteTrace {
            condition: route.condition_text.clone(),
            state: RouteState::NotTried,
            value: Evaluated::Missing,
        });
        Trace {
            envelope: Vec::new(),
            routes: routes.collect(),
            delegation: Vec::new(),
            mapping: Vec::new(),
            fields: Vec::new(),
        }
    }

    pub(crate) fn finish(self, outcome: Outcome) -> Explanation {
        let Trace { envelope, routes, delegation, mapping, fields } = self;
        Explanation { envelope, routes, delegation, mapping, fields, outcome }
    }
}

impl Recorder for Trace {
    const KEEPS: bool = true;

    fn expression(&mut self, source: &Named, result: &Result<Option<&str>, &Rejection>) {
        let matched = self.routes.iter().any(|route| route.state == RouteState::Matched);
        let list = if matched { &mut self.delegation } else { &mut self.envelope };
        list.push(traced(source.field.clone(), source, result));
    }

    fn route(&mut self, index: usize, matched: bool, value: Evaluated) {
        if let Some(route) = self.routes.get_mut(index) {
            route.state = if matched { RouteState::Matched } else { RouteState::NotMatched };
            route.value = value;
        }
    }

    fn entry(&mut self, entry: &Entry, result: &Result<Option<&str>, &Rejection>) {
        self.mapping.push(traced(entry.key.clone(), &entry.source, result));
    }

    fn field(&mut self, path: &str, value: &str, result: Result<&str, Fault>) {
        let verdict = match result {
            Ok(kept) => Verdict::Accepted(kept.to_owned()),
            Err(fault) => Verdict::Refused(fault),
        };
        self.fields.push(FieldTrace { path: path.to_owned(), value: value.to_owned(), verdict });
    }
}

fn traced(
    field: String,
    source: &Named,
    result: &Result<Option<&str>, &Rejection>,
) -> ExpressionTrace {
    let result = match result {
        Ok(Some(value)) => Evaluated::Value((*value).to_owned()),
        Ok(None) => Evaluated::Missing,
        Err(rejection) => Evaluated::Failed(rejection.message.clone()),
    };
    ExpressionTrace { field, expression: source.text.clone(), result }
}
