//! Changes as text and as JSON.

use serde_json::{Value, json};

use super::compare::{Change, Changes, Difference, Kind};
use crate::print::Table;
use crate::print::json_text::plain;
use crate::verbs::adapter::trace::{shown, time};

/// Changes that the table shows; JSON has more.
const ROWS_MAX: usize = 100;

/// A summary, and a table if anything changes.
pub fn text(changes: &Changes, width: Option<usize>) -> String {
    let mut out = String::new();
    if !changes.kept.is_empty() {
        out.push_str(&table(changes, width));
        let more = changes.kept.len().saturating_sub(ROWS_MAX) as u64 + changes.omitted();
        if more > 0 {
            out.push_str(&format!("… and {more} more; `--output json` lists them\n"));
        }
    }
    let bold = anstyle::Style::new().bold();
    let mut line = |count: u64, what: &str| out.push_str(&format!("{count:>8}  {what}\n"));
    line(changes.newly_accepted, "newly accepted");
    line(changes.newly_rejected, "newly rejected");
    line(changes.different, "with different values");
    match changes.rejected_by_both {
        0 => line(changes.unchanged, "unchanged"),
        both => line(changes.unchanged, &format!("unchanged, {both} of them rejected by both")),
    }
    out.push_str(&format!("{bold}{:>8}  messages{bold:#}\n", changes.messages));
    out
}

fn table(changes: &Changes, width: Option<usize>) -> String {
    let title = Some("What the new adapter changes".to_owned());
    let mut table = Table::new(title, &["Id", "Time received (UTC)", "Change", "From → to"]);
    for change in changes.kept.iter().take(ROWS_MAX) {
        table.row(vec![
            change.message.id.to_string(),
            time(change.message.time_received_us),
            kind(change.kind).to_owned(),
            differences(change),
        ]);
    }
    table.render(width)
}

/// What differs; of a message that only one adapter accepts, why the other one does not.
fn differences(change: &Change) -> String {
    let is_rejection =
        |difference: &&Difference| change.kind != Kind::Different && difference.what == "rejection";
    if let Some(rejection) = change.differences.iter().find(is_rejection) {
        let reason = rejection.new.as_ref().or(rejection.old.as_ref());
        return reason.map_or_else(String::new, |reason| shown(reason));
    }
    let side = |value: &Option<String>| value.as_deref().map_or("nothing".to_owned(), shown);
    let line = |difference: &Difference| {
        let (old, new) = (side(&difference.old), side(&difference.new));
        format!("{}: {old} → {new}", plain(&difference.what))
    };
    change.differences.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::NewlyAccepted => "newly accepted",
        Kind::NewlyRejected => "newly rejected",
        Kind::Different => "different",
    }
}

/// The numbers.
pub fn summary_json(changes: &Changes) -> Value {
    json!({
        "messages": changes.messages,
        "newlyAccepted": changes.newly_accepted,
        "newlyRejected": changes.newly_rejected,
        "different": changes.different,
        "unchanged": changes.unchanged,
        "rejectedByBoth": changes.rejected_by_both,
        "changesNotListed": changes.omitted(),
    })
}

/// The changes, one object each.
pub fn json(changes: &Changes) -> Value {
    let side = |value: &Option<String>, what: &str| match value {
        None => Value::Null,
        Some(text) => match what {
            "rejection" | "timeObserved" | "target" => json!(text),
            _ => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
        },
    };
    let difference = |difference: &Difference| {
        let what = difference.what.as_str();
        let (old, new) = (side(&difference.old, what), side(&difference.new, what));
        json!({"what": what, "old": old, "new": new})
    };
    let one = |change: &Change| {
        json!({
            "id": change.message.id,
            "timeReceived": time(change.message.time_received_us),
            "endpoint": change.message.endpoint,
            "change": match change.kind {
                Kind::NewlyAccepted => "newlyAccepted",
                Kind::NewlyRejected => "newlyRejected",
                Kind::Different => "different",
            },
            "differences": change.differences.iter().map(difference).collect::<Vec<_>>(),
        })
    };
    changes.kept.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use adapter::Adapter;

    use super::*;
    use crate::print::golden;
    use crate::verbs::recorded::Recorded;

    const MODEL: &str = r#"{"@context": "dtmi:dtdl:context;3", "@id": "dtmi:com:example:pump;1",
        "@type": "Interface", "contents": [
            {"@type": "Telemetry", "name": "flow", "schema": "integer"},
            {"@type": "Telemetry", "name": "state", "schema": "string"}]}"#;

    fn adapter(flow: &str) -> Adapter {
        let interface = dtdl::Interface::parse(MODEL).unwrap();
        let model = Arc::new(dtdl::Model::resolve(interface, &|_| None).unwrap());
        let mapping = json!({"$.flow": flow, "$.state": "$.state"});
        let routes = json!([{"condition": "*", "payloadMapping": mapping}]);
        Adapter::compile(model, None, Some(&routes)).unwrap()
    }

    fn changes() -> Changes {
        let (old, new) = (adapter("$.flow"), adapter("${.litres // .flow}"));
        let mut changes = Changes::of(old.model().clone());
        let messages = [
            r#"{"flow": 2, "state": "on"}"#,
            r#"{"flow": 2, "litres": 2000}"#,
            r#"{"litres": 3}"#,
            r#"{"flow": 2, "litres": 2.5}"#,
            r#"{}"#,
            r#"{"state": "off", "litres": 1}"#,
        ];
        for (id, content) in (1..).zip(messages) {
            let message = Recorded {
                id,
                endpoint: "pumps/1".to_owned(),
                time_received_us: 1_767_225_600_000_000,
                content: content.as_bytes().to_vec(),
            };
            let run = |adapter: &Adapter| adapter.normalise(&message.message());
            let (old, new) = (run(&old), run(&new));
            changes.add(message, &old, &new);
        }
        changes
    }

    #[test]
    fn changes_in_both_forms() {
        let changes = changes();
        let numbers = [changes.newly_accepted, changes.newly_rejected, changes.different];
        assert_eq!((numbers, changes.unchanged), ([1, 1, 2], 2));
        let shown = golden::unstyled(&text(&changes, Some(80)));
        assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
        golden::check("replay_80.txt", &shown);
        let document = json!({"summary": summary_json(&changes), "changes": json(&changes)});
        golden::check("replay.json", &format!("{document:#}\n"));
    }
}
