//! How resources of the file hang together: what an entry names, and which model may follow which.

use iot_client::Kind;
use serde_json::Value;

use super::file::{Desired, Wanted};
use super::state::Found;

/// The names of other resources in an entry: member, kind, name.
pub fn references(wanted: &Wanted) -> Vec<(&'static str, Kind, &str)> {
    let text = |member: &str| wanted.members.get(member).and_then(Value::as_str);
    let mut out = Vec::new();
    let mut add = |member, kind| out.extend(text(member).map(|name| (member, kind, name)));
    match wanted.kind {
        Kind::Model => {}
        Kind::Adapter => add("model", Kind::Model),
        Kind::Instance => {
            add("model", Kind::Model);
            add("adapter", Kind::Adapter);
            let gateways = wanted.members.get("gateways").and_then(Value::as_array);
            let keys = gateways.into_iter().flatten().filter_map(Value::as_str);
            out.extend(keys.map(|key| ("gateways", Kind::Instance, key)));
        }
        Kind::Relationship => {
            add("from", Kind::Instance);
            add("to", Kind::Instance);
        }
    }
    out
}

/// Texts in a model's document that look like names of models.
pub fn mentions(wanted: &Wanted) -> Vec<String> {
    fn walk(value: &Value, out: &mut Vec<String>) {
        match value {
            Value::String(text) if text.starts_with("dtmi:") => out.push(text.clone()),
            Value::Array(items) => items.iter().for_each(|item| walk(item, out)),
            Value::Object(members) => members.values().for_each(|value| walk(value, out)),
            _ => {}
        }
    }
    let mut out = Vec::new();
    if let Some(spec) = wanted.members.get("spec") {
        walk(spec, &mut out);
    }
    out
}

/// Whether the instance can have its new model by an update: a compatible version of the one it
/// has (control-plane.md 5.4).
pub fn may_follow(found: &Found, wanted: &Wanted, desired: &Desired) -> bool {
    let text = |wanted: &Wanted, member: &str| {
        wanted.members.get(member).and_then(Value::as_str).map(str::to_owned)
    };
    let adapter = text(wanted, "adapter");
    let of_adapter = || {
        let mut adapters = desired.wanted.iter().filter(|other| other.kind == Kind::Adapter);
        text(adapters.find(|other| Some(&other.key) == adapter.as_ref())?, "model")
    };
    let model = text(wanted, "model").or_else(of_adapter);
    match (found.text("digitalTwinModelSpecUri"), model) {
        (Some(old), Some(new)) => is_compatible(old, &new),
        _ => true,
    }
}

/// Same path, same major version, minor version not lower.
fn is_compatible(old: &str, new: &str) -> bool {
    let parts = |dtmi: &str| {
        let (path, version) = dtmi.rsplit_once(';')?;
        let (major, minor) = version.split_once('.').unwrap_or((version, "0"));
        Some((path.to_owned(), major.parse::<u64>().ok()?, minor.parse::<u64>().ok()?))
    };
    match (parts(old), parts(new)) {
        (Some(old), Some(new)) => old.0 == new.0 && old.1 == new.1 && old.2 <= new.2,
        _ => old == new,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_that_an_instance_may_follow() {
        for (old, new, expected) in [
            ("dtmi:a;1", "dtmi:a;1", true),
            ("dtmi:a;1", "dtmi:a;1.2", true),
            ("dtmi:a;1.3", "dtmi:a;1.2", false),
            ("dtmi:a;1", "dtmi:a;2", false),
            ("dtmi:a;1", "dtmi:b;1", false),
        ] {
            assert_eq!(is_compatible(old, new), expected, "{old} {new}");
        }
    }
}
