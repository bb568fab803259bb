//! Compound values against their schemas, and constraints of the validation extension (A7, B7).

mod geometry;
mod temporal;

pub(crate) use temporal::is_temporal;

use std::borrow::Cow;
use std::collections::HashSet;

use dtdl::{Constraints, EnumSchema, Field, Primitive, Schema};
use serde_json::{Map, Value};

use crate::coerce::convert_primitive;
use crate::explain::Fault;

/// Characters of a value that a fault shows.
const SHOWN_MAX: usize = 60;

/// The fault of a value that is not of its schema.
pub(crate) fn schema_fault(schema: &Schema, json: &str) -> Fault {
    fault("schema", json, expectation(schema))
}

fn fault(rule: &'static str, json: &str, expected: String) -> Fault {
    let value = match json.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}…", &json[..end]),
        None => json.to_owned(),
    };
    Fault { rule, at: String::new(), value, expected }
}

/// What a schema takes, as the end of "is not …".
fn expectation(schema: &Schema) -> String {
    match schema {
        Schema::Primitive(primitive) => match primitive {
            Primitive::Boolean => "true or false",
            Primitive::Integer => "a whole number of 32 bits (`floor` and `round` make one)",
            Primitive::Long => "a whole number of 64 bits (`floor` and `round` make one)",
            Primitive::Double => "a finite number",
            Primitive::Float => "a number of single precision",
            Primitive::String => "a text, number or boolean (`tostring` makes one)",
            Primitive::Date => "a date such as 2026-09-02",
            Primitive::Time => "a time with zone such as 18:02:00Z",
            Primitive::DateTime => "a date and time with zone such as 2026-09-02T18:02:00Z",
            Primitive::Duration => "a duration such as PT5M",
        },
        Schema::Enum(schema) => {
            let values: Vec<_> =
                schema.values.iter().take(8).map(|value| value.value.to_string()).collect();
            let more = if schema.values.len() > values.len() { ", …" } else { "" };
            return format!("one of {}{more}", values.join(", "));
        }
        Schema::Array(_) => "an array",
        Schema::Map(_) | Schema::Object(_) => "an object",
        Schema::Geospatial(kind) => return format!("a GeoJSON geometry of type {}", kind.as_str()),
    }
    .to_owned()
}

/// Whether a value fits a schema and its constraints; the error says what it breaks.
///
/// # Errors
/// The rule that the value breaks.
pub fn check_value(
    schema: &Schema,
    constraints: &Constraints,
    value: &Value,
) -> Result<(), String> {
    match conform(schema, constraints, value.clone()) {
        Ok(_) => Ok(()),
        Err(Fault { rule, at, value, expected }) => {
            let place = if at.is_empty() { String::new() } else { format!("{at}: ") };
            Err(format!("{place}{value} breaks the rule '{rule}': {expected} is expected"))
        }
    }
}

/// The value with everything in it made to fit.
pub(crate) fn conform(
    schema: &Schema,
    constraints: &Constraints,
    value: Value,
) -> Result<Value, Fault> {
    let value = match (schema, value) {
        (Schema::Primitive(primitive), value) => primitive_value(schema, *primitive, &value)?,
        (Schema::Enum(of), value) => enum_value(schema, of, &value)?,
        (Schema::Array(schema), Value::Array(items)) => {
            let items = items.into_iter().enumerate().map(|(i, item)| {
                conform(&schema.element, &schema.item_constraints, item).map_err(|f| inside(f, i))
            });
            Value::Array(items.collect::<Result<_, _>>()?)
        }
        (Schema::Map(schema), Value::Object(members)) => {
            let members = members.into_iter().map(|(key, value)| {
                match conform(&schema.value, &schema.value_constraints, value) {
                    Ok(value) => Ok((key, value)),
                    Err(fault) => Err(inside(fault, key)),
                }
            });
            Value::Object(members.collect::<Result<_, _>>()?)
        }
        (Schema::Object(of), Value::Object(members)) => match &of.fields {
            Some(fields) => Value::Object(object_members(fields, members)?),
            None => Value::Object(members),
        },
        (Schema::Geospatial(kind), value) if geometry::is_geometry(*kind, &value) => value,
        (schema, value) => return Err(schema_fault(schema, &value.to_string())),
    };
    if !constraints.is_empty() {
        check(constraints, &value)?;
    }
    Ok(value)
}

/// A fault of a part, seen from the whole.
fn inside(fault: Fault, step: impl std::fmt::Display) -> Fault {
    let step = step.to_string().replace('~', "~0").replace('/', "~1");
    Fault { at: format!("/{step}{}", fault.at), ..fault }
}

fn primitive_value(schema: &Schema, primitive: Primitive, value: &Value) -> Result<Value, Fault> {
    let json = Cow::Owned(value.to_string());
    let converted =
        convert_primitive(primitive, json).map_err(|json| schema_fault(schema, &json))?;
    serde_json::from_str(&converted).map_err(|_| schema_fault(schema, &converted))
}

fn enum_value(schema: &Schema, of: &EnumSchema, value: &Value) -> Result<Value, Fault> {
    let refused = || schema_fault(schema, &value.to_string());
    let converted = primitive_value(schema, of.value_schema, value).map_err(|_| refused())?;
    let known = of.values.iter().any(|allowed| allowed.value == converted);
    if known { Ok(converted) } else { Err(refused()) }
}

/// Fields are optional unless required; members that are no fields are refused (A7).
fn object_members(
    fields: &[Field],
    mut members: Map<String, Value>,
) -> Result<Map<String, Value>, Fault> {
    let mut out = Map::with_capacity(members.len());
    for field in fields {
        match members.shift_remove(&field.name) {
            Some(value) => {
                let value = conform(&field.schema, &field.constraints, value)
                    .map_err(|fault| inside(fault, &field.name))?;
                out.insert(field.name.clone(), value);
            }
            None if field.required => {
                let found = Value::Object(members).to_string();
                return Err(fault("required", &found, format!("field '{}'", field.name)));
            }
            None => {}
        }
    }
    match members.into_iter().next() {
        None => Ok(out),
        Some((name, value)) => {
            let expected = "a member that the schema knows".to_owned();
            Err(inside(fault("schema", &value.to_string(), expected), name))
        }
    }
}

/// Checks a primitive given as JSON text.
pub(crate) fn check_text(constraints: &Constraints, json: &str) -> Result<(), Fault> {
    let value = serde_json::from_str(json)
        .map_err(|_| fault("schema", json, "a value that can be checked".to_owned()))?;
    check(constraints, &value)
}

fn check(constraints: &Constraints, value: &Value) -> Result<(), Fault> {
    let broken = check_allowed(constraints, value).or_else(|| match value {
        Value::Array(items) => check_items(constraints, items),
        Value::Object(members) => check_fields(constraints, members),
        _ => None,
    });
    match broken {
        Some((rule, expected)) => Err(fault(rule, &value.to_string(), expected)),
        None => check_single(constraints, value),
    }
}

/// Keywords for single values, which on an array are about its items (B7).
fn check_single(constraints: &Constraints, value: &Value) -> Result<(), Fault> {
    let broken = match value {
        Value::Number(number) => check_number(constraints, number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => check_string(constraints, text),
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            return items.try_for_each(|(place, item)| {
                check_single(constraints, item).map_err(|fault| inside(fault, place))
            });
        }
        _ => None,
    };
    match broken {
        Some((rule, expected)) => Err(fault(rule, &value.to_string(), expected)),
        None => Ok(()),
    }
}

fn check_allowed(constraints: &Constraints, value: &Value) -> Broken {
    if let Some(only) = constraints.constant.as_ref().filter(|only| !equal(only, value)) {
        return Some(("const", only.to_string()));
    }
    let allowed = constraints.one_of.as_ref()?;
    if allowed.iter().any(|allowed| equal(allowed, value)) {
        return None;
    }
    let allowed: Vec<_> = allowed.iter().take(8).map(ToString::to_string).collect();
    Some(("enum", format!("one of {}", allowed.join(", "))))
}

/// Numbers are equal by value, not by the way they are written.
fn equal(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(x), Some(y)) => a == b || (x == y && a.as_i64().is_none() | b.as_i64().is_none()),
        _ => a == b,
    }
}

/// A keyword that is not kept to, and what it expects.
type Broken = Option<(&'static str, String)>;

/// Keyword, its value if given, and whether a number keeps to it.
type Bound = (&'static str, Option<f64>, fn(f64, f64) -> bool);

fn check_number(constraints: &Constraints, n: f64) -> Broken {
    let bounds: [Bound; 5] = [
        ("minimum", constraints.minimum, |n, bound| n >= bound),
        ("maximum", constraints.maximum, |n, bound| n <= bound),
        ("exclusiveMinimum", constraints.exclusive_minimum, |n, bound| n > bound),
        ("exclusiveMaximum", constraints.exclusive_maximum, |n, bound| n < bound),
        ("multipleOf", constraints.multiple_of, is_multiple),
    ];
    let broken = bounds.into_iter().find_map(|(keyword, bound, holds)| {
        bound.filter(|bound| !holds(n, *bound)).map(|bound| (keyword, bound))
    });
    broken.map(|(keyword, bound)| (keyword, bound.to_string()))
}

/// 0.3 is a multiple of 0.1 although doubles say otherwise, so the quotient may be a little off.
fn is_multiple(n: f64, step: f64) -> bool {
    let quotient = n / step;
    (quotient - quotient.round()).abs() <= f64::EPSILON * 4.0 * quotient.abs().max(1.0)
}

fn check_string(constraints: &Constraints, text: &str) -> Broken {
    let length = || text.chars().count() as u64;
    let shorter = constraints.min_length.filter(|bound| length() < *bound);
    let longer = constraints.max_length.filter(|bound| length() > *bound);
    let pattern = constraints.pattern.as_ref().filter(|pattern| !pattern.is_match(text));
    shorter
        .map(|bound| ("minLength", bound.to_string()))
        .or_else(|| longer.map(|bound| ("maxLength", bound.to_string())))
        .or_else(|| pattern.map(|pattern| ("pattern", pattern.as_str().to_owned())))
}

fn check_fields(constraints: &Constraints, members: &Map<String, Value>) -> Broken {
    let missing = constraints.required.iter().find(|name| !members.contains_key(*name))?;
    Some(("required", format!("field '{missing}'")))
}

fn check_items(constraints: &Constraints, items: &[Value]) -> Broken {
    let length = items.len() as u64;
    let fewer = constraints.min_items.filter(|bound| length < *bound);
    let more = constraints.max_items.filter(|bound| length > *bound);
    if let Some(bound) = fewer {
        return Some(("minItems", bound.to_string()));
    }
    if let Some(bound) = more {
        return Some(("maxItems", bound.to_string()));
    }
    let mut seen = HashSet::with_capacity(items.len());
    let repeated =
        constraints.unique_items && !items.iter().all(|item| seen.insert(item.to_string()));
    repeated.then(|| ("uniqueItems", "every item once".to_owned()))
}
