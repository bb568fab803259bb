//! Rules about reference payloads: what is documented as an example should be one.

use serde_json::Value;

use super::{Finding, fields};
use crate::adapter::{Adapter, Route};
use crate::document::Node;
use crate::explain::{Explanation, Verdict};
use crate::outcome::{Message, Outcome, Rejection};

/// Code of all rules here.
const CODE: &str = "adapter:referencePayload";

/// Times before 2001 in microseconds are most likely meant in another unit.
const EARLIEST_US: i64 = 978_307_200_000_000;

/// Sends the reference payloads through the adapter.
pub(super) fn check(
    adapter: &Adapter,
    envelope: Option<&Value>,
    routes: Option<&Value>,
    found: &mut Vec<Finding>,
) {
    let endpoint = envelope.and_then(|e| e["referenceEndpoint"].as_str()).unwrap_or_default();
    let example = envelope.and_then(|e| e["referencePayload"].get("data"));
    let mut winner = None;
    if let Some(data) = example {
        let content = data.to_string();
        let explanation = explain(adapter, endpoint, &content);
        winner = explanation.matched_route();
        outcome(&explanation, "inboundEnvelope.referencePayload", found);
        time(&explanation, found);
        if let Some((field, route)) = winner.and_then(|index| fields(&adapter.routes).nth(index)) {
            absent(route, &field, "the envelope's reference payload", &content, found);
        }
    }
    for (index, (field, route)) in fields(&adapter.routes).enumerate() {
        let own = routes.and_then(|routes| routes[index]["referencePayload"].get("data"));
        let Some(data) = own.filter(|_| winner != Some(index)) else { continue };
        let content = data.to_string();
        absent(route, &field, "its reference payload", &content, found);
        let explanation = explain(adapter, endpoint, &content);
        // Conditions that ask for the endpoint say nothing about a payload.
        let asks_endpoint = route.condition_text.contains("endpoint");
        if explanation.matched_route() != Some(index) && !asks_endpoint {
            let message = "the reference payload of this route does not match its condition first";
            found.push(Finding::warning(CODE, &format!("{field}.referencePayload"), message));
        }
    }
}

fn explain(adapter: &Adapter, endpoint: &str, content: &str) -> Explanation {
    adapter.explain(&Message { endpoint, content: content.as_bytes(), time_received_us: 0 })
}

/// An example that would be rejected.
fn outcome(explanation: &Explanation, field: &str, found: &mut Vec<Finding>) {
    let refused: Vec<_> = explanation
        .fields
        .iter()
        .filter_map(|field| match &field.verdict {
            Verdict::Refused(fault) => Some(format!("'{}' is {}", field.path, fault.value)),
            Verdict::Accepted(_) => None,
        })
        .collect();
    if let Outcome::Rejected(Rejection { code, message }) = &explanation.outcome {
        let more =
            if refused.len() > 1 { format!(" ({})", refused.join(", ")) } else { String::new() };
        let message = format!("as a message it would be rejected with {code}: {message}{more}");
        found.push(Finding::warning(CODE, field, message));
    }
}

/// An observed time in another unit.
fn time(explanation: &Explanation, found: &mut Vec<Finding>) {
    let Outcome::Values(normalized) = &explanation.outcome else { return };
    let time_us = normalized.time_observed_us;
    if time_us != 0 && time_us.unsigned_abs() < EARLIEST_US.unsigned_abs() {
        let message = format!(
            "its time reads as {time_us} microseconds after 1970; the platform takes numbers as \
             microseconds and never guesses the unit"
        );
        found.push(Finding::warning(CODE, "inboundEnvelope.envelopeMapping.timeObserved", message));
    }
}

/// Sources that an example lacks.
fn absent(route: &Route, field: &str, what: &str, content: &str, found: &mut Vec<Finding>) {
    let Ok(root) = Node::parse(content.as_bytes()) else { return };
    for entry in &route.mapping {
        if entry.source.expression.reads_absent(&root) {
            let message = format!("reads `{}`, absent from {what}", entry.source.text);
            let field = format!("{field}.payloadMapping[{:?}]", entry.key);
            found.push(Finding::warning(CODE, &field, message));
        }
    }
}
