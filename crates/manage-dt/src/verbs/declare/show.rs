//! Plans and what became of them, as text and as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::carry_out::{Progress, Told};
use super::diff::Difference;
use super::export::Written;
use super::plan::{Action, Change, Plan};
use super::word;
use crate::failure::Failure;
use crate::print::Report;
use crate::print::json_text::{one_line, plain};

/// Characters of an old or a new value that a line shows; JSON has all.
const VALUE_CHARS_MAX: usize = 60;

/// The places in a document that a text names; JSON has the whole documents.
const PLACES_MAX: usize = 10;

/// What would be done.
pub fn plan(report: &mut Report, plan: &Plan) {
    head(report, plan);
    report.part(
        "changes",
        || changes(plan, None),
        |_| {
            let mut out = String::new();
            for change in plan.changes.iter().filter(|change| change.action != Action::Keep) {
                line(&mut out, sign(change.action), change.action.word(), change);
            }
            let counted =
                [Action::Create, Action::Update, Action::Adopt, Action::Replace, Action::Delete];
            let counts =
                counted.map(|action| format!("{} to {}", plan.count(action), action.word()));
            let _ = match plan.has_changes() {
                true => {
                    writeln!(out, "\n{}; {} unchanged", counts.join(", "), plan.count(Action::Keep))
                }
                false => writeln!(
                    out,
                    "No changes: {} resources are as the file has them",
                    plan.changes.len()
                ),
            };
            unlisted(&mut out, plan);
            out
        },
    );
    report.part("summary", || summary(plan), |_| String::new());
}

/// What differs.
pub fn drift(report: &mut Report, plan: &Plan) {
    head(report, plan);
    report.part(
        "changes",
        || changes(plan, Some(state)),
        |_| {
            let mut out = String::new();
            for change in plan.changes.iter().filter(|change| change.action != Action::Keep) {
                line(&mut out, sign(change.action), state(change.action), change);
            }
            if !plan.has_changes() {
                let _ = writeln!(
                    out,
                    "No drift: {} resources are as the file has them",
                    plan.changes.len()
                );
            }
            out
        },
    );
    report.part("summary", || summary(plan), |_| String::new());
}

/// What was done and what remains.
pub fn outcome(report: &mut Report, plan: &Plan, progress: &Progress, complete: bool) {
    progress.tell_end();
    let steps = progress.steps(plan);
    report.part("complete", || Value::from(complete), |_| String::new());
    let of = |is_done: bool| steps.iter().filter(move |step| step.0 == is_done).map(|step| &step.1);
    report.part(
        "done",
        || of(true).map(told_json).collect(),
        |_| {
            let mut out = "\n".to_owned();
            of(true).for_each(|told| told_line(&mut out, told));
            out
        },
    );
    report.part(
        "remaining",
        || of(false).map(told_json).collect(),
        |_| {
            let mut out = String::new();
            if of(false).next().is_some() {
                out.push_str("\nNot done:\n");
                of(false).for_each(|told| told_line(&mut out, told));
            }
            out
        },
    );
}

/// A failure half way says how to go on.
pub fn how_to_go_on(failure: Failure) -> Failure {
    let advice = "what is done stays; `manage-dt apply` again goes on from here";
    let hint = match &failure.hint {
        Some(first) => format!("{first}; {advice}"),
        None => advice.to_owned(),
    };
    failure.hint(hint)
}

/// Which files were written.
pub fn exported(report: &mut Report, written: &Written) {
    report.part(
        "files",
        || written.files.iter().map(|file| Value::from(file.display().to_string())).collect(),
        |_| {
            let mut out = String::new();
            for file in &written.files {
                let _ = writeln!(out, "{}", file.display());
            }
            out
        },
    );
    report.part(
        "resources",
        || Value::from(written.resources),
        |_| format!("{} resources\n", written.resources),
    );
}

fn head(report: &mut Report, plan: &Plan) {
    report.part("iotDomainId", || Value::from(plan.domain.as_str()), |_| String::new());
    report.part("owner", || json!(plan.owner), |_| String::new());
}

fn unlisted(out: &mut String, plan: &Plan) {
    if plan.unlisted > 0 {
        let owner = plan.owner.as_deref().unwrap_or_default();
        let _ = writeln!(
            out,
            "{} more belong to `{}` and are not in the file; --prune deletes them",
            plan.unlisted,
            plain(owner)
        );
    }
}

fn sign(action: Action) -> char {
    match action {
        Action::Keep => ' ',
        Action::Create => '+',
        Action::Update | Action::Adopt => '~',
        Action::Replace => '!',
        Action::Delete => '-',
    }
}

/// An action seen as a state.
fn state(action: Action) -> &'static str {
    match action {
        Action::Keep => "as in the file",
        Action::Create => "missing",
        Action::Update | Action::Replace => "differs",
        Action::Adopt => "unowned",
        Action::Delete => "unlisted",
    }
}

fn line(out: &mut String, sign: char, what: &str, change: &Change) {
    let _ = writeln!(out, "{sign} {what:8} {:12} {}", word(change.kind), plain(&change.key));
    for difference in &change.members {
        member(out, difference);
    }
}

/// One line for a plain value; for a document one line per place that differs.
fn member(out: &mut String, difference: &Difference) {
    let mut places = Vec::new();
    differing(&difference.member, &difference.old, &difference.new, &mut places);
    let more = places.len().saturating_sub(PLACES_MAX);
    for (place, old, new) in places.iter().take(PLACES_MAX) {
        let _ = writeln!(out, "      {}: {} → {}", plain(place), short(old), short(new));
    }
    if more > 0 {
        let _ = writeln!(out, "      and {more} more places in {}", difference.member);
    }
}

fn differing<'v>(
    place: &str,
    old: &'v Value,
    new: &'v Value,
    out: &mut Vec<(String, &'v Value, &'v Value)>,
) {
    const NULL: &Value = &Value::Null;
    if super::diff::same(new, old) {
        return;
    }
    match (old, new) {
        (Value::Object(before), Value::Object(after)) => {
            for (name, value) in after {
                differing(&format!("{place}.{name}"), before.get(name).unwrap_or(NULL), value, out);
            }
            for (name, value) in before.iter().filter(|(name, _)| !after.contains_key(*name)) {
                differing(&format!("{place}.{name}"), value, NULL, out);
            }
        }
        (Value::Array(before), Value::Array(after)) => {
            for at in 0..before.len().max(after.len()) {
                let (old, new) = (before.get(at).unwrap_or(NULL), after.get(at).unwrap_or(NULL));
                differing(&format!("{place}[{at}]"), old, new, out);
            }
        }
        _ => out.push((place.to_owned(), old, new)),
    }
}

fn short(value: &Value) -> String {
    let text = match value {
        Value::Null => "(none)".to_owned(),
        value => one_line(value),
    };
    let mut chars = text.chars();
    let start: String = chars.by_ref().take(VALUE_CHARS_MAX).collect();
    if chars.next().is_some() { plain(&start) + "…" } else { plain(&start) }
}

fn changes(plan: &Plan, state: Option<fn(Action) -> &'static str>) -> Value {
    let one = |change: &Change| {
        let member = |difference: &Difference| json!({"member": difference.member, "old": difference.old, "new": difference.new});
        let members: Vec<Value> = change.members.iter().map(member).collect();
        let mut out = json!({
            "action": change.action.word(),
            "resource": word(change.kind),
            "key": change.key,
            "id": change.found.as_ref().map(|found| found.id.as_str()),
            "members": members,
        });
        if let Some(state) = state {
            out["state"] = Value::from(state(change.action));
        }
        out
    };
    plan.changes.iter().map(one).collect()
}

fn summary(plan: &Plan) -> Value {
    json!({
        "create": plan.count(Action::Create),
        "update": plan.count(Action::Update),
        "adopt": plan.count(Action::Adopt),
        "replace": plan.count(Action::Replace),
        "delete": plan.count(Action::Delete),
        "keep": plan.count(Action::Keep),
        "unlisted": plan.unlisted,
    })
}

fn told_json(told: &Told) -> Value {
    json!({"outcome": told.word, "resource": word(told.kind), "key": told.key, "id": told.id})
}

fn told_line(out: &mut String, told: &Told) {
    let _ = writeln!(out, "{:8} {:12} {}", told.word, word(told.kind), plain(&told.key));
    if let Some(id) = &told.id {
        let _ = writeln!(out, "         {id}");
    }
}
