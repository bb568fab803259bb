//! The shape of a definition: which members there are and of which type (A1). What the
//! expressions in it mean is the compiler's part.

use serde_json::{Map, Value};

use crate::diagnostic::{Findings, LIMIT, MISSING, SHAPE, UNKNOWN};
use crate::limits::ROUTES_MAX;

/// The expressions of a definition, with the field each comes from.
#[derive(Debug, Default)]
pub(crate) struct Definition<'d> {
    pub(crate) time_observed: Option<Source<'d>>,
    pub(crate) delegate: Delegate<'d>,
    pub(crate) routes: Vec<RouteDefinition<'d>>,
}

/// An expression as written.
#[derive(Debug)]
pub(crate) struct Source<'d> {
    pub(crate) field: String,
    pub(crate) text: &'d str,
}

/// Target and content root, of the envelope or of a route.
#[derive(Debug, Default)]
pub(crate) struct Delegate<'d> {
    pub(crate) target: Option<Source<'d>>,
    pub(crate) content_root: Option<Source<'d>>,
}

/// A route as written.
#[derive(Debug)]
pub(crate) struct RouteDefinition<'d> {
    pub(crate) condition: Source<'d>,
    pub(crate) delegate: Delegate<'d>,
    /// Target path and expression, in the order written.
    pub(crate) mapping: Vec<(&'d str, Source<'d>)>,
}

const ENVELOPE: &str = "inboundEnvelope";
const ROUTES: &str = "inboundRoutes";

/// Reads the envelope and the routes as far as they are given.
pub(crate) fn read<'d>(
    envelope: Option<&'d Value>,
    routes: Option<&'d Value>,
    findings: &mut Findings,
) -> Definition<'d> {
    let mut definition = Definition::default();
    if let Some(envelope) = envelope {
        read_envelope(envelope, &mut definition, findings);
    }
    match routes {
        None => {}
        Some(Value::Array(routes)) if routes.len() <= ROUTES_MAX => {
            for (i, route) in routes.iter().enumerate() {
                let route = read_route(route, &format!("{ROUTES}[{i}]"), findings);
                definition.routes.extend(route);
            }
        }
        Some(Value::Array(_)) => {
            findings.add(LIMIT, ROUTES, format!("an adapter has at most {ROUTES_MAX} routes"));
        }
        Some(_) => findings.add(SHAPE, ROUTES, "must be an array"),
    }
    definition
}

fn read_envelope<'d>(value: &'d Value, definition: &mut Definition<'d>, findings: &mut Findings) {
    let known = ["referenceEndpoint", "referencePayload", "envelopeMapping"];
    let Some(object) = read_object(value, ENVELOPE, &known, findings) else {
        return;
    };
    if read_text(object, "referenceEndpoint", ENVELOPE, findings).is_none()
        && !object.contains_key("referenceEndpoint")
    {
        findings.add(MISSING, &format!("{ENVELOPE}.referenceEndpoint"), "is required");
    }
    read_payload(object, ENVELOPE, findings);
    let Some(mapping) = present(object, "envelopeMapping") else {
        return;
    };
    let field = format!("{ENVELOPE}.envelopeMapping");
    let known = ["timeObserved", "target", "contentRoot"];
    let Some(mapping) = read_object(mapping, &field, &known, findings) else {
        return;
    };
    definition.time_observed = read_text(mapping, "timeObserved", &field, findings);
    definition.delegate = read_delegate(mapping, &field, findings);
}

fn read_route<'d>(
    value: &'d Value,
    field: &str,
    findings: &mut Findings,
) -> Option<RouteDefinition<'d>> {
    let known =
        ["condition", "payloadMapping", "referencePayload", "description", "target", "contentRoot"];
    let object = read_object(value, field, &known, findings)?;
    read_payload(object, field, findings);
    read_text(object, "description", field, findings);
    let condition = read_text(object, "condition", field, findings);
    if condition.is_none() && present(object, "condition").is_none() {
        findings.add(MISSING, &format!("{field}.condition"), "is required");
    }
    let delegate = read_delegate(object, field, findings);
    let mut mapping = Vec::new();
    let at_mapping = format!("{field}.payloadMapping");
    match present(object, "payloadMapping") {
        Some(Value::Object(entries)) => {
            for (target, value) in entries {
                let field = format!("{at_mapping}[{target:?}]");
                match value.as_str() {
                    Some(text) => mapping.push((target.as_str(), Source { field, text })),
                    None => findings.add(SHAPE, &field, "must be a string"),
                }
            }
        }
        Some(_) => findings.add(SHAPE, &at_mapping, "must be an object"),
        None if delegate.target.is_none() => {
            findings.add(MISSING, field, "a route needs `payloadMapping` or `target`");
        }
        None => {}
    }
    Some(RouteDefinition { condition: condition?, delegate, mapping })
}

fn read_delegate<'d>(
    object: &'d Map<String, Value>,
    field: &str,
    findings: &mut Findings,
) -> Delegate<'d> {
    let target = read_text(object, "target", field, findings);
    let content_root = read_text(object, "contentRoot", field, findings);
    Delegate { target, content_root }
}

fn read_payload(object: &Map<String, Value>, field: &str, findings: &mut Findings) {
    let Some(payload) = present(object, "referencePayload") else {
        return;
    };
    let field = format!("{field}.referencePayload");
    let Some(payload) = read_object(payload, &field, &["dataFormat", "data"], findings) else {
        return;
    };
    if present(payload, "dataFormat").and_then(Value::as_str) != Some("JSON") {
        findings.add(SHAPE, &format!("{field}.dataFormat"), "must be `JSON`");
    }
    if !payload.get("data").is_some_and(Value::is_object) {
        findings.add(SHAPE, &format!("{field}.data"), "must be an object");
    }
}

fn read_object<'d>(
    value: &'d Value,
    field: &str,
    known: &[&str],
    findings: &mut Findings,
) -> Option<&'d Map<String, Value>> {
    let Some(object) = value.as_object() else {
        findings.add(SHAPE, field, "must be an object");
        return None;
    };
    for key in object.keys().filter(|key| !known.contains(&key.as_str())) {
        let message = format!("is unknown; known are {}", known.join(", "));
        findings.add(UNKNOWN, &format!("{field}.{key}"), message);
    }
    Some(object)
}

fn read_text<'d>(
    object: &'d Map<String, Value>,
    member: &str,
    field: &str,
    findings: &mut Findings,
) -> Option<Source<'d>> {
    let value = present(object, member)?;
    let field = format!("{field}.{member}");
    match value.as_str() {
        Some(text) => Some(Source { field, text }),
        None => {
            findings.add(SHAPE, &field, "must be a string");
            None
        }
    }
}

/// SDKs send null for members that are not set.
fn present<'d>(object: &'d Map<String, Value>, member: &str) -> Option<&'d Value> {
    object.get(member).filter(|value| !value.is_null())
}
