//! The search for everything that is wrong with the form of a body, not for the first alone.

use platform::{Asked, Findings, Refusal};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use serde_path_to_error::Segment;

use super::wording::in_words;

/// Turns of the search, and members that one turn tries.
const TURNS_MAX: usize = 32;
/// Bytes that all turns read together, about: of a long body there are fewer turns.
const BYTES_MAX: usize = 4 << 20;
/// Characters of a name from outside that a message repeats.
const NAME_SHOWN_CHARS_MAX: usize = 100;

/// Where a value stands in a body, from the outside in.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Member(String),
    Item(usize),
}

/// Reads what is JSON but not of the wanted form. Each turn takes a wrong value out or puts a
/// missing one in. `length` is the body's, `error` is what reading it at once said.
pub(super) fn all_findings<T: DeserializeOwned>(
    mut body: Value,
    length: usize,
    error: &serde_json::Error,
) -> Result<Asked<T>, Refusal> {
    let mut findings = Findings::default();
    for _ in 0..(BYTES_MAX / length.max(1)).clamp(1, TURNS_MAX) {
        let (place, error) = match attempt::<T>(&body) {
            // A member that is there twice is no longer after it was read into a map.
            Ok(_) if findings.is_empty() => break,
            Ok(details) => return Ok(Asked { details, findings }),
            Err(wrong) => wrong,
        };
        if !one_finding::<T>(&mut body, place, &error, &mut findings) {
            break;
        }
    }
    if findings.is_empty() {
        findings.add(format!("the body: {error}"));
    }
    Err(findings.into_refusal())
}

/// The details, or where reading them stopped and why.
fn attempt<T: DeserializeOwned>(body: &Value) -> Result<T, (Vec<Step>, String)> {
    serde_path_to_error::deserialize(body).map_err(|error| {
        let steps = error.path().iter().filter_map(|segment| match segment {
            Segment::Seq { index } => Some(Step::Item(*index)),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                Some(Step::Member(key.clone()))
            }
            Segment::Unknown => None,
        });
        (steps.collect(), error.inner().to_string())
    })
}

/// Finds what `error` is about and takes it away; false when that does not help.
fn one_finding<T: DeserializeOwned>(
    body: &mut Value,
    mut place: Vec<Step>,
    error: &str,
    findings: &mut Findings,
) -> bool {
    if let Some(name) = quoted(error, "missing field `") {
        place.push(Step::Member(name.to_owned()));
        findings.missing(&shown(&place));
        return stand_in::<T>(body, &place);
    }
    if let Some(name) = quoted(error, "unknown field `") {
        let name = Step::Member(name.to_owned());
        if place.last() != Some(&name) {
            place.push(name);
        }
        findings.add(format!("{}: is not a member of this request", shown(&place)));
        return take_out(body, &place).is_some();
    }
    if place.is_empty() {
        // Members that a discriminator chooses are read without their places.
        let Some(name) = wrong_member::<T>(body, error) else { return false };
        place.push(Step::Member(name));
    }
    let name = shown(&place);
    // What stands in for a needed member is not right either where only some words are.
    if findings.is_unread(&name) {
        return false;
    }
    findings.unreadable(&name, &in_words(error));
    take_out(body, &place);
    let is_needed = attempt::<T>(body).is_err_and(|(around, error)| {
        let missing = quoted(&error, "missing field `").map(str::to_owned);
        let missing = missing.map(Step::Member).into_iter();
        around.into_iter().chain(missing).eq(place.iter().cloned())
    });
    let is_item = matches!(place.last(), Some(Step::Item(_)));
    !(is_needed || is_item) || stand_in::<T>(body, &place)
}

/// The member that reading stops at: with another value in its place, reading gets further.
fn wrong_member<T: DeserializeOwned>(body: &Value, error: &str) -> Option<String> {
    let names: Vec<&String> = body.as_object()?.keys().take(TURNS_MAX).collect();
    let gets_further = |name: &&&String| {
        let place = [Step::Member((**name).clone())];
        candidates().into_iter().any(|value| {
            let mut other = body.clone();
            put(&mut other, &place, value);
            let stops = ["invalid type", "unknown variant", "missing field"];
            attempt::<T>(&other).map_or_else(
                |(_, now)| now != error && !stops.iter().any(|stop| now.starts_with(stop)),
                |_| true,
            )
        })
    };
    // The discriminator itself has no value that would do for all.
    let chooses = |name: &&&String| {
        let mut others = body.clone();
        take_out(&mut others, &[Step::Member((**name).clone())]);
        attempt::<T>(&others).map_or_else(|(_, now)| now != error, |_| true)
    };
    names
        .iter()
        .find(gets_further)
        .or_else(|| names.iter().find(chooses))
        .map(|name| (*name).clone())
}

fn candidates() -> [Value; 5] {
    [json!(""), json!({}), json!([]), json!(0), json!(false)]
}

/// Puts a value of the wanted type at a place; false when there is none.
fn stand_in<T: DeserializeOwned>(body: &mut Value, place: &[Step]) -> bool {
    candidates().into_iter().any(|value| {
        put(body, place, value)
            && attempt::<T>(body).map_or_else(
                // A value of the wrong type is what reading stops at, or some other member is.
                |(at, error)| !(at.is_empty() || at == place) || !error.starts_with("invalid type"),
                |_| true,
            )
    })
}

fn around<'b>(body: &'b mut Value, place: &[Step]) -> Option<&'b mut Value> {
    place.iter().try_fold(body, |value, step| match step {
        Step::Member(name) => value.get_mut(name),
        Step::Item(index) => value.get_mut(index),
    })
}

fn put(body: &mut Value, place: &[Step], value: Value) -> bool {
    let Some((last, outer)) = place.split_last() else { return false };
    match (around(body, outer), last) {
        (Some(Value::Object(members)), Step::Member(name)) => {
            members.insert(name.clone(), value);
            true
        }
        (Some(Value::Array(items)), Step::Item(index)) => {
            items.get_mut(*index).map(|item| *item = value).is_some()
        }
        _ => false,
    }
}

/// Takes a member out. An item of a list stays, so that the others keep their numbers.
fn take_out(body: &mut Value, place: &[Step]) -> Option<Value> {
    let (Step::Member(name), outer) = place.split_last()? else { return None };
    // The order decides which error comes first, so it must stay.
    around(body, outer)?.as_object_mut()?.shift_remove(name)
}

/// A place as messages write it: `networkConfig.fileStorageMounts[0].exportId`.
fn shown(place: &[Step]) -> String {
    let mut text = String::new();
    for step in place {
        match step {
            Step::Item(index) => text.push_str(&format!("[{index}]")),
            Step::Member(name) if is_plain(name) => {
                text.push_str(if text.is_empty() { "" } else { "." });
                text.push_str(name);
            }
            Step::Member(name) => {
                let name: String = name.chars().take(NAME_SHOWN_CHARS_MAX).collect();
                text.push_str(&format!("[{name:?}]"));
            }
        }
    }
    text
}

fn is_plain(name: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    !name.is_empty() && name.len() <= NAME_SHOWN_CHARS_MAX && name.chars().all(is_word)
}

/// What stands behind `prefix` and before the next backtick.
fn quoted<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    text.strip_prefix(prefix)?.split('`').next()
}
