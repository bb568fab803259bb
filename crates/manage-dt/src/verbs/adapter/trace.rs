//! An explanation as text and as JSON.

use std::fmt::Write;

use adapter::{
    Evaluated, Explanation, ExpressionTrace, FieldTrace, Outcome, RouteState, RouteTrace, Verdict,
};
use dtdl::Model;
use serde_json::{Map, Value, json};

use crate::print::Table;
use crate::print::json_text::plain;

/// Characters of a value that a table shows.
const SHOWN_MAX: usize = 200;

/// An explanation as tables.
pub fn text(
    number: usize,
    endpoint: &str,
    explanation: &Explanation,
    model: &Model,
    width: Option<usize>,
) -> String {
    let bold = anstyle::Style::new().bold();
    let mut out = format!("{bold}Message {number}{bold:#} from endpoint '{}'\n", plain(endpoint));
    if !explanation.envelope.is_empty() {
        out.push_str(&expressions("Envelope", "Field", &explanation.envelope, width));
    }
    if !explanation.routes.is_empty() {
        out.push_str(&routes(&explanation.routes, width));
    }
    if !explanation.delegation.is_empty() {
        out.push_str(&expressions("Delegation", "Field", &explanation.delegation, width));
    }
    if !explanation.mapping.is_empty() {
        out.push_str(&expressions("Mapping", "Target", &explanation.mapping, width));
    }
    if !explanation.fields.is_empty() {
        out.push_str(&fields(&explanation.fields, width));
    }
    // Writing to a text cannot fail.
    let _ = writeln!(out, "{bold}Outcome:{bold:#} {}\n", outcome(explanation, model));
    out
}

fn expressions(
    title: &str,
    head: &'static str,
    traces: &[ExpressionTrace],
    width: Option<usize>,
) -> String {
    let mut table = Table::new(Some(title.to_owned()), &[head, "Expression", "Value"]);
    for trace in traces {
        let field = trace.field.strip_prefix("inboundEnvelope.envelopeMapping.");
        let field = plain(field.unwrap_or(&trace.field));
        table.row(vec![field, shown(&trace.expression), evaluated(&trace.result)]);
    }
    table.render(width)
}

fn routes(traces: &[RouteTrace], width: Option<usize>) -> String {
    let mut table =
        Table::new(Some("Routes".to_owned()), &["Route", "Condition", "Value", "Result"]);
    for (index, trace) in traces.iter().enumerate() {
        let value = match trace.state {
            RouteState::NotTried => String::new(),
            _ => evaluated(&trace.value),
        };
        let result = state(trace.state).to_owned();
        table.row(vec![index.to_string(), shown(&trace.condition), value, result]);
    }
    table.render(width)
}

fn fields(traces: &[FieldTrace], width: Option<usize>) -> String {
    let mut table =
        Table::new(Some("Against the model".to_owned()), &["Content path", "Value", "Verdict"]);
    for trace in traces {
        let verdict = match &trace.verdict {
            Verdict::Accepted(kept) if *kept == trace.value => "ok".to_owned(),
            Verdict::Accepted(kept) => format!("ok, kept as {}", shown(kept)),
            Verdict::Refused(fault) => {
                let inside = if fault.at.is_empty() { "" } else { " at " };
                let at = plain(&fault.at);
                format!("{}{inside}{at}: expected {}", fault.rule, plain(&fault.expected))
            }
        };
        table.row(vec![plain(&trace.path), shown(&trace.value), verdict]);
    }
    table.render(width)
}

fn evaluated(result: &Evaluated) -> String {
    match result {
        Evaluated::Value(json) => shown(json),
        Evaluated::Missing => "missing or null".to_owned(),
        Evaluated::Failed(message) => format!("error: {}", shown(message)),
    }
}

/// A text of a device, bounded and harmless.
pub fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}…", plain(&text[..end])),
        None => plain(text),
    }
}

fn state(state: RouteState) -> &'static str {
    match state {
        RouteState::Matched => "matched",
        RouteState::NotMatched => "not true",
        RouteState::NotTried => "not tried",
    }
}

fn outcome(explanation: &Explanation, model: &Model) -> String {
    match &explanation.outcome {
        Outcome::Values(normalized) => format!(
            "accepted: {} of {} elements, observed {}",
            normalized.values.len(),
            model.elements.len(),
            time(normalized.time_observed_us)
        ),
        Outcome::Rejected(rejection) => {
            let mut out = format!("rejected, {} {}", rejection.code, plain(&rejection.message));
            if let Some(lacks) = lacks(explanation) {
                let _ = write!(out, "\n{lacks}");
            }
            out
        }
        Outcome::Delegated(delegation) => format!(
            "delegated to '{}': {}",
            plain(&delegation.target),
            shown(&String::from_utf8_lossy(&delegation.content))
        ),
    }
}

/// What an empty output comes from: the route that matched and the sources that gave nothing.
pub fn lacks(explanation: &Explanation) -> Option<String> {
    let is_empty = matches!(&explanation.outcome, Outcome::Rejected(found) if found.code == 500);
    let missing = missing(explanation);
    let route = explanation.matched_route().filter(|_| is_empty && !missing.is_empty())?;
    Some(format!("Route {route} matched, but the message lacks {}", missing.join(", ")))
}

/// The sources that gave nothing.
fn missing(explanation: &Explanation) -> Vec<String> {
    let missing = explanation.mapping.iter().filter(|entry| entry.result == Evaluated::Missing);
    missing.map(|entry| shown(&entry.expression)).collect()
}

/// A time in microseconds since the epoch as text.
pub fn time(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros)
        .map_or_else(|_| format!("{micros} us"), |time| format!("{time:.6}"))
}

/// An explanation as a JSON document.
pub fn json(explanation: &Explanation, model: &Model) -> Value {
    let missing = missing(explanation);
    let outcome = match &explanation.outcome {
        Outcome::Values(normalized) => json!({
            "result": "accepted",
            "timeObserved": time(normalized.time_observed_us),
            "content": content(normalized, model),
        }),
        Outcome::Rejected(rejection) => json!({
            "result": "rejected",
            "code": rejection.code,
            "message": rejection.message,
            "missing": missing,
        }),
        Outcome::Delegated(delegation) => json!({
            "result": "delegated",
            "target": delegation.target,
            "content": parsed(&String::from_utf8_lossy(&delegation.content)),
        }),
    };
    let route = |(index, route): (usize, &RouteTrace)| {
        json!({
            "index": index,
            "condition": route.condition,
            "state": state(route.state),
            "value": value(&route.value),
        })
    };
    json!({
        "envelope": traces(&explanation.envelope),
        "routes": explanation.routes.iter().enumerate().map(route).collect::<Vec<_>>(),
        "delegation": traces(&explanation.delegation),
        "mapping": traces(&explanation.mapping),
        "document": explanation.document(),
        "fields": explanation.fields.iter().map(field).collect::<Vec<_>>(),
        "outcome": outcome,
    })
}

fn traces(traces: &[ExpressionTrace]) -> Value {
    let each = traces.iter().map(|trace| {
        json!({
            "field": trace.field,
            "expression": trace.expression,
            "value": value(&trace.result),
        })
    });
    Value::Array(each.collect())
}

fn value(result: &Evaluated) -> Value {
    match result {
        Evaluated::Value(json) => parsed(json),
        Evaluated::Missing => Value::Null,
        Evaluated::Failed(message) => json!({"error": message}),
    }
}

fn field(trace: &FieldTrace) -> Value {
    let mut out = json!({"path": trace.path, "value": parsed(&trace.value)});
    match &trace.verdict {
        Verdict::Accepted(kept) => {
            out["verdict"] = json!("accepted");
            out["kept"] = parsed(kept);
        }
        Verdict::Refused(fault) => {
            out["verdict"] = json!("refused");
            out["rule"] = json!(fault.rule);
            out["at"] = json!(fault.at);
            out["found"] = json!(fault.value);
            out["expected"] = json!(fault.expected);
        }
    }
    out
}

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|_| Value::from(json))
}

/// The values as one document, components nested.
pub fn content(normalized: &adapter::Normalized, model: &Model) -> Value {
    let mut document = Map::new();
    for value in &normalized.values {
        let path = &model.elements[value.element].path;
        let json = parsed(&value.value);
        match path.split_once('.') {
            Some((component, name)) => {
                let members = document.entry(component).or_insert_with(|| json!({}));
                members[name] = json;
            }
            None => {
                document.insert(path.to_string(), json);
            }
        }
    }
    Value::Object(document)
}
