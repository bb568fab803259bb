//! The compiled adapter.

use std::sync::Arc;

use dtdl::Model;
use serde_json::Value;

use crate::default_definition::default_definition;
use crate::definition::{self, Delegate, RouteDefinition, Source};
use crate::diagnostic::{Diagnostic, Findings, SYNTAX};
use crate::expression::{Condition, Expression};
use crate::target::Target;

/// A compiled adapter: immutable, shared by all threads, made for one model.
#[derive(Debug)]
pub struct Adapter {
    pub(crate) model: Arc<Model>,
    pub(crate) time_observed: Option<Named>,
    pub(crate) delegate: Option<DelegateTo>,
    pub(crate) routes: Vec<Route>,
    /// Generated for the model: unknown targets cannot occur and need no rejection.
    pub(crate) is_default: bool,
}

/// An expression with its field, for rejections.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) field: String,
    /// As written.
    pub(crate) text: String,
    pub(crate) expression: Expression,
}

/// Whose content a message is, and which part of it.
#[derive(Debug)]
pub(crate) struct DelegateTo {
    pub(crate) target: Named,
    pub(crate) content_root: Option<Named>,
}

/// A compiled route.
#[derive(Debug)]
pub(crate) struct Route {
    /// As written.
    pub(crate) condition_text: String,
    pub(crate) condition: Condition,
    pub(crate) delegate: Option<DelegateTo>,
    pub(crate) mapping: Vec<Entry>,
    /// Each entry has an element of its own, so values need not be put together.
    pub(crate) is_flat: bool,
}

/// One entry of a payload mapping.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The target as written.
    pub(crate) key: String,
    pub(crate) target: Target,
    pub(crate) source: Named,
}

impl Adapter {
    /// Compiles a definition in the API's JSON form. Without routes they are generated for the
    /// model, and without both the envelope is as well: the default adapter (A1, A6).
    pub fn compile(
        model: Arc<Model>,
        envelope: Option<&Value>,
        routes: Option<&Value>,
    ) -> Result<Adapter, Vec<Diagnostic>> {
        let envelope = envelope.filter(|value| !value.is_null());
        let routes = routes.filter(|value| !value.is_null());
        let generated = routes.is_none().then(|| default_definition(&model));
        let (envelope, routes) = match &generated {
            Some((default, routes)) => (envelope.or(Some(default)), Some(routes)),
            None => (envelope, routes),
        };
        let mut findings = Findings::default();
        let definition = definition::read(envelope, routes, &mut findings);
        let time_observed =
            definition.time_observed.and_then(|source| compile_named(source, &mut findings));
        let delegate = compile_delegate(definition.delegate, &mut findings);
        let routes = definition.routes.into_iter();
        let routes: Vec<_> =
            routes.filter_map(|route| compile_route(route, &model, &mut findings)).collect();
        let is_default = generated.is_some();
        let adapter = Adapter { model, time_observed, delegate, routes, is_default };
        if findings.0.is_empty() { Ok(adapter) } else { Err(findings.0) }
    }

    /// Does it hand content to other twins, as only adapters of gateways may (devices.md 6)?
    pub fn has_target_mapping(&self) -> bool {
        self.delegate.is_some() || self.routes.iter().any(|route| route.delegate.is_some())
    }

    /// The model it was compiled for.
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }
}

/// One compiled adapter serves all threads.
const _: fn() = || {
    fn shared<T: Send + Sync>() {}
    shared::<Adapter>();
};

fn compile_named(source: Source<'_>, findings: &mut Findings) -> Option<Named> {
    let Source { field, text } = source;
    match Expression::compile(text) {
        Ok(expression) => Some(Named { field, text: text.to_owned(), expression }),
        Err(message) => {
            findings.add(SYNTAX, &field, message);
            None
        }
    }
}

fn compile_delegate(delegate: Delegate<'_>, findings: &mut Findings) -> Option<DelegateTo> {
    let content_root = delegate.content_root.and_then(|source| compile_named(source, findings));
    let target = delegate.target.and_then(|source| compile_named(source, findings))?;
    Some(DelegateTo { target, content_root })
}

fn compile_route(
    route: RouteDefinition<'_>,
    model: &Model,
    findings: &mut Findings,
) -> Option<Route> {
    let condition = Condition::compile(route.condition.text)
        .map_err(|message| findings.add(SYNTAX, &route.condition.field, message));
    let delegate = compile_delegate(route.delegate, findings);
    let mut mapping = Vec::with_capacity(route.mapping.len());
    for (key, source) in route.mapping {
        let target = Target::parse(key, model)
            .map_err(|message| findings.add(SYNTAX, &source.field, message));
        let source = compile_named(source, findings);
        if let (Ok(target), Some(source)) = (target, source) {
            mapping.push(Entry { key: key.to_owned(), target, source });
        }
    }
    let is_flat = is_flat(&mapping, model.elements.len());
    let condition_text = route.condition.text.to_owned();
    Some(Route { condition_text, condition: condition.ok()?, delegate, mapping, is_flat })
}

fn is_flat(mapping: &[Entry], elements: usize) -> bool {
    let mut taken = vec![false; elements];
    mapping.iter().all(|entry| match entry.target {
        Target::Element(index) => !std::mem::replace(&mut taken[index], true),
        Target::Unknown(_) => true,
        Target::Inside(..) | Target::Root => false,
    })
}
