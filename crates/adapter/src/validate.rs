//! Compound values against their schemas, and constraints of the validation extension (A7, B7).

mod geometry;
mod temporal;

pub(crate) use temporal::is_temporal;

use std::borrow::Cow;
use std::collections::HashSet;

use dtdl::{Constraints, EnumSchema, Field, Primitive, Schema};
use serde_json::{Map, Value};

use crate::coerce::convert_primitive;

/// Why a value does not fit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is not of its schema.
    Schema,
    /// A constraint fails; the text begins with its keyword.
    Constraint(String),
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
        Err(Fault::Schema) => Err(format!("does not conform to schema '{schema}'")),
        Err(Fault::Constraint(what)) => Err(what),
    }
}

/// The value with everything in it made to fit.
pub(crate) fn conform(
    schema: &Schema,
    constraints: &Constraints,
    value: Value,
) -> Result<Value, Fault> {
    let value = match schema {
        Schema::Primitive(primitive) => primitive_value(*primitive, &value)?,
        Schema::Enum(schema) => enum_value(schema, &value)?,
        Schema::Array(schema) => {
            let Value::Array(items) = value else {
                return Err(Fault::Schema);
            };
            let items = items.into_iter();
            let item = |item| conform(&schema.element, &schema.item_constraints, item);
            Value::Array(items.map(item).collect::<Result<_, _>>()?)
        }
        Schema::Map(schema) => {
            let Value::Object(members) = value else {
                return Err(Fault::Schema);
            };
            let members = members.into_iter().map(|(key, value)| {
                Ok((key, conform(&schema.value, &schema.value_constraints, value)?))
            });
            Value::Object(members.collect::<Result<_, _>>()?)
        }
        Schema::Object(schema) => {
            let Value::Object(members) = value else {
                return Err(Fault::Schema);
            };
            match &schema.fields {
                Some(fields) => Value::Object(object_members(fields, members)?),
                None => Value::Object(members),
            }
        }
        Schema::Geospatial(kind) => match geometry::is_geometry(*kind, &value) {
            true => value,
            false => return Err(Fault::Schema),
        },
    };
    if !constraints.is_empty() {
        check(constraints, &value)?;
    }
    Ok(value)
}

fn primitive_value(primitive: Primitive, value: &Value) -> Result<Value, Fault> {
    let json = Cow::Owned(value.to_string());
    let converted = convert_primitive(primitive, json).ok_or(Fault::Schema)?;
    serde_json::from_str(&converted).map_err(|_| Fault::Schema)
}

fn enum_value(schema: &EnumSchema, value: &Value) -> Result<Value, Fault> {
    let value = primitive_value(schema.value_schema, value)?;
    let known = schema.values.iter().any(|allowed| allowed.value == value);
    if known { Ok(value) } else { Err(Fault::Schema) }
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
                let value = conform(&field.schema, &field.constraints, value)?;
                out.insert(field.name.clone(), value);
            }
            None if field.required => {
                return Err(Fault::Constraint(format!("required field '{}'", field.name)));
            }
            None => {}
        }
    }
    if members.is_empty() { Ok(out) } else { Err(Fault::Schema) }
}

/// Checks a primitive given as JSON text.
pub(crate) fn check_text(constraints: &Constraints, json: &str) -> Result<(), Fault> {
    let value = serde_json::from_str(json).map_err(|_| Fault::Schema)?;
    check(constraints, &value)
}

fn check(constraints: &Constraints, value: &Value) -> Result<(), Fault> {
    if let Some(allowed) = &constraints.one_of
        && !allowed.iter().any(|allowed| equal(allowed, value))
    {
        return Err(Fault::Constraint("enum".to_owned()));
    }
    match value {
        Value::Number(number) => check_number(constraints, number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => check_string(constraints, text),
        Value::Array(items) => check_items(constraints, items),
        _ => Ok(()),
    }
}

/// Numbers are equal by value, not by the way they are written.
fn equal(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(x), Some(y)) => a == b || (x == y && a.as_i64().is_none() | b.as_i64().is_none()),
        _ => a == b,
    }
}

/// Keyword, its value if given, and whether a number keeps to it.
type Bound = (&'static str, Option<f64>, fn(f64, f64) -> bool);

fn check_number(constraints: &Constraints, n: f64) -> Result<(), Fault> {
    let bounds: [Bound; 5] = [
        ("minimum", constraints.minimum, |n, bound| n >= bound),
        ("maximum", constraints.maximum, |n, bound| n <= bound),
        ("exclusiveMinimum", constraints.exclusive_minimum, |n, bound| n > bound),
        ("exclusiveMaximum", constraints.exclusive_maximum, |n, bound| n < bound),
        ("multipleOf", constraints.multiple_of, is_multiple),
    ];
    for (keyword, bound, holds) in bounds {
        if let Some(bound) = bound
            && !holds(n, bound)
        {
            return Err(Fault::Constraint(format!("{keyword} {bound}")));
        }
    }
    Ok(())
}

/// 0.3 is a multiple of 0.1 although doubles say otherwise, so the quotient may be a little off.
fn is_multiple(n: f64, step: f64) -> bool {
    let quotient = n / step;
    (quotient - quotient.round()).abs() <= f64::EPSILON * 4.0 * quotient.abs().max(1.0)
}

fn check_string(constraints: &Constraints, text: &str) -> Result<(), Fault> {
    let length = || text.chars().count() as u64;
    if let Some(bound) = constraints.min_length
        && length() < bound
    {
        return Err(Fault::Constraint(format!("minLength {bound}")));
    }
    if let Some(bound) = constraints.max_length
        && length() > bound
    {
        return Err(Fault::Constraint(format!("maxLength {bound}")));
    }
    match &constraints.pattern {
        Some(pattern) if !pattern.is_match(text) => {
            Err(Fault::Constraint(format!("pattern {}", pattern.as_str())))
        }
        _ => Ok(()),
    }
}

fn check_items(constraints: &Constraints, items: &[Value]) -> Result<(), Fault> {
    let length = items.len() as u64;
    if let Some(bound) = constraints.min_items
        && length < bound
    {
        return Err(Fault::Constraint(format!("minItems {bound}")));
    }
    if let Some(bound) = constraints.max_items
        && length > bound
    {
        return Err(Fault::Constraint(format!("maxItems {bound}")));
    }
    if constraints.unique_items {
        let mut seen = HashSet::with_capacity(items.len());
        if !items.iter().all(|item| seen.insert(item.to_string())) {
            return Err(Fault::Constraint("uniqueItems".to_owned()));
        }
    }
    Ok(())
}
