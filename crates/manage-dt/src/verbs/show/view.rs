//! The parts of `show` as text.

use serde_json::{Map, Value};

use super::Shown;
use crate::print::json_text::{bare, plain};
use crate::print::table::Table;
use crate::print::time::short;

/// Member of the content that holds the times.
const METADATA: &str = "_metadata";

/// A head line and indented lines below it; what is absent is left out.
fn block(head: &str, name: &str, lines: &[(&str, Option<&str>)]) -> String {
    let bold = anstyle::Style::new().bold();
    let mut out = format!("{bold}{head:9}{bold:#} {}\n", plain(name));
    for (label, value) in lines {
        if let Some(value) = value {
            out.push_str(&format!("  {label:13} {}\n", plain(value)));
        }
    }
    out
}

pub fn instance(shown: &Shown) -> String {
    let instance = &shown.instance;
    let metadata = shown.content.as_ref().and_then(|content| content.get(METADATA));
    let heard = metadata.and_then(|metadata| metadata.get("timeLastHeard")?.as_str());
    let heard = match (heard, &shown.content) {
        (Some(time), _) => Some(short(time)),
        (None, Some(_)) => Some("never".to_owned()),
        (None, None) => None,
    };
    let created = short(&instance.time_created);
    let updated = instance.time_updated.as_deref().map(short);
    let lines = [
        ("OCID", Some(instance.id.as_str())),
        ("Description", instance.description.as_deref()),
        ("External key", instance.external_key.as_deref()),
        ("Connectivity", Some(instance.connectivity_type.as_str())),
        ("Secret", instance.auth_id.as_deref()),
        ("Created", Some(created.as_str())),
        ("Updated", updated.as_deref()),
        ("Last heard", heard.as_deref()),
    ];
    block("Instance", &instance.display_name, &lines)
}

pub fn model(shown: &Shown) -> String {
    let Some(model) = &shown.model else { return "Model     none\n".to_owned() };
    let created = short(&model.time_created);
    let lines = [
        ("OCID", Some(model.id.as_str())),
        ("Description", model.description.as_deref()),
        ("Created", Some(created.as_str())),
    ];
    block("Model", &model.spec_uri, &lines)
}

pub fn adapter(shown: &Shown) -> String {
    let Some(adapter) = &shown.adapter else { return "Adapter   none\n".to_owned() };
    let routes = adapter.inbound_routes.as_ref();
    let routes = routes.and_then(|text| serde_json::from_str::<Vec<Value>>(text.get()).ok());
    let routes = routes.map(|routes| routes.len().to_string());
    let created = short(&adapter.time_created);
    let lines = [
        ("OCID", Some(adapter.id.as_str())),
        ("Description", adapter.description.as_deref()),
        ("Routes", routes.as_deref()),
        ("Created", Some(created.as_str())),
    ];
    block("Adapter", &adapter.display_name, &lines)
}

/// A row per value; nothing for a twin without a model.
pub fn content(shown: &Shown, width: Option<usize>) -> String {
    let Some(Value::Object(content)) = &shown.content else { return String::new() };
    let empty = Map::new();
    let times = content.get(METADATA).and_then(Value::as_object).unwrap_or(&empty);
    let mut table = Table::new(
        Some("Digital Twin Instance content".to_owned()),
        &["Content path", "Value", "Time observed (UTC)"],
    );
    rows(content, times, "", &mut table);
    table.render(width)
}

/// Components are objects whose metadata is an object of such as well; objects that are values
/// have a time.
fn rows(content: &Map<String, Value>, times: &Map<String, Value>, prefix: &str, table: &mut Table) {
    for (name, value) in content.iter().filter(|(name, _)| !prefix.is_empty() || *name != METADATA)
    {
        let path = format!("{prefix}{name}");
        let known = times.get(name).and_then(Value::as_object);
        let time = known.and_then(|known| known.get("timeObserved")?.as_str());
        match (value, known, time) {
            (Value::Object(inner), Some(times), None) => {
                rows(inner, times, &format!("{path}."), table);
            }
            _ => table.row(vec![
                plain(&path),
                bare(value),
                plain(&time.map(short).unwrap_or_default()),
            ]),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::print::golden;

    fn shown() -> Shown {
        let time = "2026-01-05T21:31:40.123456Z";
        let at = json!({"timeObserved": "2026-01-05T21:31:41.000000+00:00"});
        Shown {
            instance: serde_json::from_value(json!({
                "id": "ocid1.iotdigitaltwininstance.oc0.local-1.i", "iotDomainId": "d",
                "connectivityType": "DIRECT", "externalKey": "k", "displayName": "pump 7",
                "lifecycleState": "ACTIVE", "timeCreated": time,
            }))
            .unwrap(),
            model: Some(
                serde_json::from_value(json!({
                    "id": "ocid1.iotdigitaltwinmodel.oc0.local-1.m", "iotDomainId": "d",
                    "specUri": "dtmi:x;1", "displayName": "n", "lifecycleState": "ACTIVE",
                    "timeCreated": time,
                }))
                .unwrap(),
            ),
            adapter: None,
            content: Some(json!({
                "_metadata": {"flow": at, "motor": {"temperature": at}, "state": at,
                    "timeLastHeard": "2026-01-05T21:31:42.000000+00:00"},
                "flow": 247.5, "motor": {"temperature": 68.4}, "state": {"on": true},
            })),
        }
    }

    #[test]
    fn all_parts() {
        let shown = shown();
        let text = instance(&shown) + &model(&shown) + &adapter(&shown);
        let text = golden::unstyled(&(text + &content(&shown, Some(80))));
        golden::check("show_80.txt", &text);
    }
}
