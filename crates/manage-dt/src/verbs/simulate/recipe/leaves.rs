//! The leaves of a payload, and how each may vary.

use dtdl::{Constraints, Geospatial, Model, Primitive, Schema};
use serde_json::{Map, Number, Value, json};

use super::super::random::Random;
use super::{Judge, set};

/// How far a number without a range of its own goes from the reference, as a share of it.
const SWING: f64 = 0.2;
/// How far a whole number goes at least.
const WHOLE_SWING: f64 = 5.0;
/// Range of a number that is 0 in the reference and has none of its own.
const USUAL_RANGE: (f64, f64) = (0.0, 100.0);
/// Decimals of a number that is whole in the reference, or has more than is sensible.
const DECIMALS: (i32, i32) = (2, 6);
/// Leaves that are varied at most; the others stay.
const LEAVES_MAX: usize = 256;
/// Depth of objects that are made up.
const DEPTH_MAX: usize = 5;

/// A place in a payload, and what may stand there.
#[derive(Debug, Clone)]
pub struct Leaf {
    pointer: String,
    range: Range,
}

#[derive(Debug, Clone)]
enum Range {
    Whole { low: i64, high: i64 },
    Decimal { low: f64, high: f64, decimals: i32 },
    Either,
    OneOf(Vec<Value>),
}

impl Leaf {
    /// A number with these decimals.
    pub fn number(pointer: &str, low: f64, high: f64, decimals: i32) -> Leaf {
        Leaf { pointer: pointer.to_owned(), range: Range::Decimal { low, high, decimals } }
    }

    /// Puts another value there.
    pub fn vary(&self, payload: &mut Value, random: &mut Random) {
        let value = match &self.range {
            Range::Whole { low, high } => {
                let width = high.abs_diff(*low).saturating_add(1);
                json!(low.saturating_add_unsigned(random.next() % width))
            }
            Range::Decimal { low, high, decimals } => {
                let factor = 10_f64.powi(*decimals);
                let value = low + random.share() * (high - low);
                json!(((value * factor).round() / factor).clamp(*low, *high))
            }
            Range::Either => json!(random.next().is_multiple_of(2)),
            Range::OneOf(values) => values[random.below(values.len())].clone(),
        };
        set(payload, &self.pointer, value);
    }

    /// The values at the ends of the range.
    fn ends(&self) -> Vec<Value> {
        match &self.range {
            Range::Whole { low, high } => vec![json!(low), json!(high)],
            Range::Decimal { low, high, .. } => vec![json!(low), json!(high)],
            Range::Either => vec![json!(true), json!(false)],
            Range::OneOf(values) => values.clone(),
        }
    }
}

/// All leaves that may vary, each tried at the ends of its range.
pub(super) fn of(base: &Value, time: Option<&str>, judge: &Judge<'_>) -> Vec<Leaf> {
    let mut found = Vec::new();
    walk(base, "", &mut |pointer, value| {
        if Some(pointer) != time && found.len() < LEAVES_MAX {
            found.extend(leaf(pointer, value, judge.adapter.model()));
        }
    });
    found.retain(|leaf| {
        leaf.ends().into_iter().all(|end| {
            let mut payload = base.clone();
            set(&mut payload, &leaf.pointer, end);
            judge.accepts(&payload).is_ok()
        })
    });
    found
}

/// How a value may vary: by the element of that name, else around itself.
fn leaf(pointer: &str, value: &Value, model: &Model) -> Option<Leaf> {
    let path = pointer[1..].replace('/', ".");
    let name = pointer.rsplit('/').next().unwrap_or_default();
    let known = model.element(&path).or_else(|| model.element(name)).map(|(_, element)| element);
    let one_of = known.and_then(|element| match &element.schema {
        Schema::Enum(schema) => Some(schema.values.iter().map(|v| v.value.clone()).collect()),
        _ => element.constraints.one_of.clone(),
    });
    let range = match (value, one_of) {
        (_, Some(values)) => Some(Range::OneOf(values)).filter(|_| !value.is_object()),
        (Value::Bool(_), None) => Some(Range::Either),
        (Value::Number(number), None) => {
            number_range(number, known.map(|element| &element.constraints))
        }
        _ => None,
    }?;
    let is_empty = matches!(&range, Range::OneOf(values) if values.is_empty());
    (!is_empty).then(|| Leaf { pointer: pointer.to_owned(), range })
}

fn number_range(number: &Number, constraints: Option<&Constraints>) -> Option<Range> {
    let value = number.as_f64()?;
    let (mut low, mut high) = match value {
        0.0 => USUAL_RANGE,
        _ => (value - value.abs() * SWING, value + value.abs() * SWING),
    };
    let is_whole = number.is_i64() || number.is_u64();
    if is_whole && value.abs() * SWING < WHOLE_SWING {
        let lowest = if value < 0.0 { f64::MIN } else { 0.0 };
        (low, high) = ((value - WHOLE_SWING).max(lowest), value + WHOLE_SWING);
    }
    if let Some(constraints) = constraints {
        // A bound that is not itself allowed is kept away from.
        let step = if is_whole { 1.0 } else { 0.01 };
        let lowest = constraints.minimum.or(constraints.exclusive_minimum.map(|b| b + step));
        let highest = constraints.maximum.or(constraints.exclusive_maximum.map(|b| b - step));
        (low, high) = match (lowest, highest) {
            (Some(lowest), Some(highest)) => (lowest, highest),
            _ => (low.max(lowest.unwrap_or(low)), high.min(highest.unwrap_or(high))),
        };
    }
    if is_whole {
        let (low, high) = (low.ceil() as i64, high.floor() as i64);
        return (low < high).then_some(Range::Whole { low, high });
    }
    let text = number.to_string();
    let decimals = text.split_once('.').map_or(0, |(_, digits)| digits.len() as i32);
    let decimals = if value == 0.0 { DECIMALS.0 } else { decimals.clamp(1, DECIMALS.1) };
    (low < high).then_some(Range::Decimal { low, high, decimals })
}

/// How a payload says when it was observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeForm {
    /// RFC 3339.
    Text,
    /// Since the epoch, this many microseconds each.
    Whole(i64),
    /// Nanoseconds since the epoch.
    Nanoseconds,
}

impl TimeForm {
    const ALL: [TimeForm; 5] = [
        TimeForm::Text,
        TimeForm::Whole(1),
        TimeForm::Whole(1_000),
        TimeForm::Whole(1_000_000),
        TimeForm::Nanoseconds,
    ];

    /// A time in this form.
    pub fn value(self, us: i64) -> Value {
        match self {
            TimeForm::Text => json!(platform::clock::rfc3339(us)),
            TimeForm::Whole(unit) => json!(us / unit),
            TimeForm::Nanoseconds => json!(us.saturating_mul(1_000)),
        }
    }
}

/// The leaf from which the adapter takes the observed time, and its form: the one where another
/// time leads to another observed time.
pub(super) fn time(base: &Value, judge: &Judge<'_>) -> Option<(String, TimeForm)> {
    // Whole seconds, so that every form can say it; nobody takes it for the time of receipt.
    let told_us = (judge.now_us / 1_000_000 - 4_321) * 1_000_000;
    let mut found = None;
    walk(base, "", &mut |pointer, value| {
        let is_text = value.is_string();
        let may_be = |form: &&TimeForm| (**form == TimeForm::Text) == is_text;
        for form in TimeForm::ALL.iter().filter(may_be) {
            let mut payload = base.clone();
            set(&mut payload, pointer, form.value(told_us));
            if found.is_none() && judge.accepts(&payload) == Ok(told_us) {
                found = Some((pointer.to_owned(), *form));
            }
        }
    });
    found
}

/// A leaf with a value that is rejected: out of its range, or of another type. The one with the
/// time only if there is no other.
pub(super) fn spoiler(
    base: &Value,
    time: Option<&str>,
    judge: &Judge<'_>,
) -> Option<(String, Value)> {
    spoiler_but(base, time, judge).or_else(|| spoiler_but(base, None, judge))
}

fn spoiler_but(base: &Value, but: Option<&str>, judge: &Judge<'_>) -> Option<(String, Value)> {
    let mut found = None;
    walk(base, "", &mut |pointer, value| {
        if Some(pointer) == but {
            return;
        }
        let candidates = match value {
            Value::Number(number) if number.is_f64() => {
                vec![json!(1e300), json!(-1e300), json!("out of range")]
            }
            Value::Number(_) => vec![json!(i64::MAX), json!(i64::MIN), json!("out of range")],
            _ => vec![json!("out of range"), json!([0])],
        };
        for candidate in candidates {
            let mut payload = base.clone();
            set(&mut payload, pointer, candidate.clone());
            if found.is_none() && judge.accepts(&payload).is_err() {
                found = Some((pointer.to_owned(), candidate));
            }
        }
    });
    found
}

/// Visits every value that is neither object nor array with members.
fn walk(value: &Value, pointer: &str, visit: &mut dyn FnMut(&str, &Value)) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                walk(value, &format!("{pointer}/{name}"), visit);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, value) in items.iter().enumerate() {
                walk(value, &format!("{pointer}/{index}"), visit);
            }
        }
        _ if pointer.is_empty() => {}
        value => visit(pointer, value),
    }
}

/// A value of a schema, as good as can be made up.
pub(super) fn sample(schema: &Schema, constraints: &Constraints) -> Value {
    if let Some(first) = constraints.one_of.as_ref().and_then(|values| values.first()) {
        return first.clone();
    }
    match schema {
        Schema::Primitive(primitive) => sample_primitive(*primitive, constraints),
        other => sample_at(other, 0),
    }
}

fn sample_primitive(primitive: Primitive, constraints: &Constraints) -> Value {
    let low = constraints.minimum.or(constraints.exclusive_minimum.map(|bound| bound + 1.0));
    let high = constraints.maximum.or(constraints.exclusive_maximum.map(|bound| bound - 1.0));
    let number = match (low, high) {
        (Some(low), Some(high)) => f64::midpoint(low, high),
        (Some(bound), None) | (None, Some(bound)) => bound,
        (None, None) => 0.0,
    };
    let number = match constraints.multiple_of {
        Some(step) if step > 0.0 => (number / step).floor() * step,
        _ => number,
    };
    match primitive {
        Primitive::Boolean => json!(false),
        Primitive::Integer | Primitive::Long => json!(number as i64),
        Primitive::Double | Primitive::Float => json!(number),
        Primitive::Date => json!("2026-01-05"),
        Primitive::DateTime => json!("2026-01-05T21:31:40Z"),
        Primitive::Time => json!("21:31:40Z"),
        Primitive::Duration => json!("PT1M"),
        Primitive::String => {
            let length = constraints.min_length.unwrap_or(0).clamp(4, 64);
            json!("x".repeat(length.min(constraints.max_length.unwrap_or(length)) as usize))
        }
    }
}

fn sample_at(schema: &Schema, depth: usize) -> Value {
    if depth > DEPTH_MAX {
        return Value::Null;
    }
    match schema {
        Schema::Primitive(primitive) => sample_primitive(*primitive, &Constraints::default()),
        Schema::Enum(schema) => schema.values.first().map_or(json!(""), |v| v.value.clone()),
        Schema::Array(schema) => json!([sample_at(&schema.element, depth + 1)]),
        Schema::Map(schema) => json!({"a": sample_at(&schema.value, depth + 1)}),
        Schema::Object(schema) => {
            let fields = schema.fields.iter().flatten();
            let one = |field: &dtdl::Field| {
                let value = match &field.schema {
                    Schema::Primitive(primitive) => {
                        sample_primitive(*primitive, &field.constraints)
                    }
                    other => sample_at(other, depth + 1),
                };
                (field.name.clone(), value)
            };
            Value::Object(fields.map(one).collect::<Map<_, _>>())
        }
        Schema::Geospatial(geospatial) => geometry(*geospatial),
    }
}

/// A small geometry in the middle of Bern.
fn geometry(geospatial: Geospatial) -> Value {
    let (a, b, c) = (json!([7.44, 46.95]), json!([7.45, 46.95]), json!([7.45, 46.96]));
    let ring = json!([a.clone(), b.clone(), c, a.clone()]);
    let (name, coordinates) = match geospatial {
        Geospatial::Point => ("Point", a),
        Geospatial::MultiPoint => ("MultiPoint", json!([a, b])),
        Geospatial::LineString => ("LineString", json!([a, b])),
        Geospatial::MultiLineString => ("MultiLineString", json!([[a, b]])),
        Geospatial::Polygon => ("Polygon", json!([ring])),
        Geospatial::MultiPolygon => ("MultiPolygon", json!([[ring]])),
    };
    json!({"type": name, "coordinates": coordinates})
}
