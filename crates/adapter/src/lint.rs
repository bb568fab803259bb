//! What is wrong, or likely to be wrong, with a definition: everything the compiler refuses, and
//! what it takes although messages will suffer from it.

mod expressions;
mod reference;

use std::sync::Arc;

use dtdl::{Model, Primitive, Schema};
use serde_json::Value;

use crate::adapter::{Adapter, Route};
use crate::definition::{self, Definition};
use crate::diagnostic::{Diagnostic, Findings};
use crate::target::Target;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The platform refuses the adapter, or every message of a route.
    Error,
    /// Messages are likely to suffer.
    Warning,
}

/// One finding about a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable code of the rule, such as `adapter:unreachableRoute`; codes are never reused.
    pub code: &'static str,
    /// How bad it is.
    pub level: Level,
    /// JSON pointer into `{"inboundEnvelope": …, "inboundRoutes": …}`.
    pub pointer: String,
    /// What is wrong and what to do about it.
    pub message: String,
}

/// The rules beyond those of the compiler, with what each looks for.
pub const RULES: [(&str, &str); 14] = [
    ("adapter:shape", "A member has the wrong JSON type or shape"),
    ("adapter:unknownMember", "A member is not known"),
    ("adapter:missingMember", "A required member is absent"),
    ("adapter:limit", "There is too much of something"),
    ("adapter:syntax", "An expression cannot be parsed"),
    ("adapter:unreachableRoute", "A route can never be reached"),
    ("adapter:unknownTarget", "A mapping target is not part of the model"),
    ("adapter:repeatedTarget", "Two entries of a mapping have one target"),
    ("adapter:unrounded", "A whole-number field gets a fraction"),
    ("adapter:nothingMapped", "Nothing can come of a message"),
    ("adapter:indefinitePath", "The type of a value depends on how many nodes a path finds"),
    ("adapter:recentFunction", "A function is newer than jq 1.6"),
    ("adapter:constantSource", "A source is a constant text that looks like a field"),
    ("adapter:referencePayload", "The reference payload does not go through the adapter"),
];

/// Checks a definition in the API's JSON form; without routes there is only the envelope to check.
pub fn lint(model: &Arc<Model>, envelope: Option<&Value>, routes: Option<&Value>) -> Vec<Finding> {
    let mut found = Vec::new();
    let adapter = match Adapter::compile(model.clone(), envelope, routes) {
        Ok(adapter) => Some(adapter),
        Err(diagnostics) => {
            found.extend(diagnostics.into_iter().map(Finding::from));
            None
        }
    };
    // The compiler has told what is wrong with the shape.
    let definition = definition::read(
        envelope.filter(|value| !value.is_null()),
        routes.filter(|value| !value.is_null()),
        &mut Findings::default(),
    );
    expressions::check(&definition, &mut found);
    unreachable(&definition, &mut found);
    barren(&definition, routes, &mut found);
    targets(&definition, model, &mut found);
    if let Some(adapter) = &adapter {
        reference::check(adapter, envelope, routes, &mut found);
    }
    found
}

impl Finding {
    fn warning(code: &'static str, field: &str, message: impl Into<String>) -> Finding {
        Finding { code, level: Level::Warning, pointer: pointer(field), message: message.into() }
    }
}

impl From<Diagnostic> for Finding {
    fn from(diagnostic: Diagnostic) -> Finding {
        Finding {
            code: diagnostic.code,
            level: Level::Error,
            pointer: diagnostic.pointer(),
            message: diagnostic.message,
        }
    }
}

impl Diagnostic {
    /// The field as a JSON pointer into `{"inboundEnvelope": …, "inboundRoutes": …}`.
    pub fn pointer(&self) -> String {
        pointer(&self.field)
    }
}

/// `inboundRoutes[1].payloadMapping["$.x"]` as `/inboundRoutes/1/payloadMapping/$.x`.
fn pointer(field: &str) -> String {
    let mut out = String::new();
    let mut rest = field;
    while !rest.is_empty() {
        let step = if let Some(after) = rest.strip_prefix("[\"") {
            // The key was written with escapes; its end is the quote before the bracket.
            let end = after.rfind("\"]").unwrap_or(after.len());
            let quoted = format!("\"{}\"", &after[..end]);
            rest = after.get(end + 2..).unwrap_or_default();
            serde_json::from_str(&quoted).unwrap_or_else(|_| after[..end].to_owned())
        } else if let Some(after) = rest.strip_prefix('[') {
            let (index, after) = after.split_once(']').unwrap_or((after, ""));
            rest = after;
            index.to_owned()
        } else {
            let name = rest.strip_prefix('.').unwrap_or(rest);
            let end = name.find(['.', '[']).unwrap_or(name.len());
            rest = &name[end..];
            name[..end].to_owned()
        };
        out.push('/');
        out.push_str(&step.replace('~', "~0").replace('/', "~1"));
    }
    out
}

/// An adapter without routes, and routes that map nothing and delegate to nobody: each message
/// that gets there is rejected.
fn barren(definition: &Definition<'_>, routes: Option<&Value>, found: &mut Vec<Finding>) {
    let mut add = |field: &str, message| {
        found.push(Finding::warning("adapter:nothingMapped", field, message));
    };
    if routes.and_then(Value::as_array).is_some_and(Vec::is_empty) {
        add(
            "inboundRoutes",
            "there is no route, so no message is normalised; add one, or leave \
            `inboundRoutes` out to get the default ones",
        );
    }
    for (index, route) in definition.routes.iter().enumerate() {
        if route.mapping.is_empty() && route.delegate.target.is_none() {
            let field = format!("inboundRoutes[{index}].payloadMapping");
            add(&field, "it maps nothing, so the messages of this route are rejected");
        }
    }
}

/// Routes behind one that always matches, and repeated conditions.
fn unreachable(definition: &Definition<'_>, found: &mut Vec<Finding>) {
    let mut earlier: Vec<&str> = Vec::new();
    for (index, route) in definition.routes.iter().enumerate() {
        let condition = route.condition.text.trim();
        let message = match earlier.iter().position(|text| *text == "*" || *text == condition) {
            Some(first) if earlier[first] == "*" => format!(
                "route {first} matches every message, so this route is never tried; move it before"
            ),
            Some(first) => format!("route {first} has the same condition, so this one never wins"),
            None => String::new(),
        };
        if !message.is_empty() {
            let field = format!("inboundRoutes[{index}]");
            found.push(Finding::warning("adapter:unreachableRoute", &field, message));
        }
        earlier.push(condition);
    }
}

/// Targets against the model: unknown ones, repeated ones, and whole numbers that get fractions.
fn targets(definition: &Definition<'_>, model: &Model, found: &mut Vec<Finding>) {
    for route in &definition.routes {
        let mut seen: Vec<Target> = Vec::new();
        for (key, source) in &route.mapping {
            let Ok(target) = Target::parse(key, model) else { continue };
            match &target {
                Target::Unknown(path) => found.push(Finding {
                    level: Level::Error,
                    ..Finding::warning(
                        "adapter:unknownTarget",
                        &source.field,
                        format!("'{path}' is not part of the model {}: every message with it is rejected", model.id),
                    )
                }),
                target if seen.contains(target) => found.push(Finding::warning(
                    "adapter:repeatedTarget",
                    &source.field,
                    "an earlier entry has the same target; only the later one counts",
                )),
                Target::Element(element) => {
                    let element = &model.elements[*element];
                    if is_whole(&element.schema) && expressions::makes_fractions(source.text) {
                        found.push(Finding::warning(
                            "adapter:unrounded",
                            &source.field,
                            format!(
                                "'{}' is of schema '{}' and the platform never rounds; add \
                                 `| floor` or `| round`",
                                element.path, element.schema
                            ),
                        ));
                    }
                }
                _ => {}
            }
            seen.push(target);
        }
    }
}

fn is_whole(schema: &Schema) -> bool {
    matches!(schema, Schema::Primitive(Primitive::Integer | Primitive::Long))
}

/// The routes of an adapter with the field of each.
fn fields(routes: &[Route]) -> impl Iterator<Item = (String, &Route)> {
    routes.iter().enumerate().map(|(index, route)| (format!("inboundRoutes[{index}]"), route))
}

#[cfg(test)]
mod tests {
    use super::pointer;

    #[test]
    fn pointers() {
        let field = r#"inboundRoutes[1].payloadMapping["$.a/b"]"#;
        assert_eq!(pointer(field), "/inboundRoutes/1/payloadMapping/$.a~1b");
        assert_eq!(pointer("inboundEnvelope.envelopeMapping"), "/inboundEnvelope/envelopeMapping");
    }
}
