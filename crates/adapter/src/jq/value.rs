//! Values that jq programs work on: JSON with cheap copies.

use std::cmp::Ordering;
use std::rc::Rc;

use indexmap::IndexMap;

use super::meter::{Meter, Run, Stop};
use super::numeral;
use super::print::{write_float, write_string};

/// Levels a value may have: what a payload may have, and as much again around it.
const DEPTH_MAX: u16 = 256;

/// Members of an object, in insertion order.
pub(crate) type Members = IndexMap<Rc<str>, Val>;

/// A JSON value. Arrays and objects are shared until somebody changes them.
#[derive(Debug, Clone, Default)]
pub(crate) enum Val {
    #[default]
    Null,
    Bool(bool),
    /// Integers stay exact as long as they fit.
    Int(i64),
    Float(f64),
    /// A number as written that no other form can hold; arithmetic takes it as a double.
    Decimal(Rc<str>),
    Str(Rc<str>),
    Arr(Rc<Array>),
    Obj(Rc<Object>),
}

/// Items with the number of levels they and the array make.
#[derive(Debug, Clone, Default)]
pub(crate) struct Array {
    pub(crate) items: Vec<Val>,
    depth: u16,
}

/// Members with the number of levels they and the object make.
#[derive(Debug, Clone, Default)]
pub(crate) struct Object {
    pub(crate) members: Members,
    depth: u16,
}

impl Val {
    /// An array; refused if it gets too deep, since dropping a value takes stack for each level.
    pub(crate) fn array(items: Vec<Val>) -> Run<Val> {
        let depth = 1 + items.iter().map(Val::depth).max().unwrap_or_default();
        check_depth(depth)?;
        Ok(Val::Arr(Rc::new(Array { items, depth })))
    }

    /// An object; refused if it gets too deep.
    pub(crate) fn object(members: Members) -> Run<Val> {
        let depth = 1 + members.values().map(Val::depth).max().unwrap_or_default();
        check_depth(depth)?;
        Ok(Val::Obj(Rc::new(Object { members, depth })))
    }

    fn depth(&self) -> u16 {
        match self {
            Val::Arr(array) => array.depth,
            Val::Obj(object) => object.depth,
            _ => 0,
        }
    }

    /// The items of an array, without a copy if nobody else has it.
    pub(crate) fn into_items(self) -> Result<Vec<Val>, Val> {
        match self {
            Val::Arr(array) => Ok(Rc::unwrap_or_clone(array).items),
            other => Err(other),
        }
    }

    /// The members of an object, without a copy if nobody else has it.
    pub(crate) fn into_members(self) -> Result<Members, Val> {
        match self {
            Val::Obj(object) => Ok(Rc::unwrap_or_clone(object).members),
            other => Err(other),
        }
    }

    /// Only `null` and `false` are false (A3).
    pub(crate) fn is_true(&self) -> bool {
        !matches!(self, Val::Null | Val::Bool(false))
    }

    pub(crate) fn as_f64(&self) -> Option<f64> {
        match self {
            Val::Int(n) => Some(*n as f64),
            Val::Float(n) => Some(*n),
            Val::Decimal(text) => text.parse().ok(),
            _ => None,
        }
    }

    pub(crate) fn is_number(&self) -> bool {
        matches!(self, Val::Int(_) | Val::Float(_) | Val::Decimal(_))
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Val::Str(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Val::Null => "null",
            Val::Bool(_) => "boolean",
            Val::Int(_) | Val::Float(_) | Val::Decimal(_) => "number",
            Val::Str(_) => "string",
            Val::Arr(_) => "array",
            Val::Obj(_) => "object",
        }
    }

    /// Order of types in jq: null, false, true, numbers, strings, arrays, objects.
    fn rank(&self) -> u8 {
        match self {
            Val::Null => 0,
            Val::Bool(false) => 1,
            Val::Bool(true) => 2,
            Val::Int(_) | Val::Float(_) | Val::Decimal(_) => 3,
            Val::Str(_) => 4,
            Val::Arr(_) => 5,
            Val::Obj(_) => 6,
        }
    }

    /// jq's order of all values, paid for by the value that is looked at: shared parts can make a
    /// small value exponentially large to walk.
    pub(crate) fn compare(&self, other: &Val, meter: &Meter) -> Run<Ordering> {
        meter.charge(1)?;
        Ok(match (self, other) {
            (Val::Int(a), Val::Int(b)) => a.cmp(b),
            (Val::Decimal(a), Val::Decimal(b)) => numeral::compare(a, b),
            (Val::Decimal(a), Val::Int(b)) => numeral::compare(a, &b.to_string()),
            (Val::Int(a), Val::Decimal(b)) => numeral::compare(&a.to_string(), b),
            (a, b) if a.is_number() && b.is_number() => {
                let (a, b) = (a.as_f64().unwrap_or_default(), b.as_f64().unwrap_or_default());
                // jq sorts a NaN below every number, itself included.
                if a.is_nan() {
                    Ordering::Less
                } else {
                    a.partial_cmp(&b).unwrap_or(Ordering::Greater)
                }
            }
            (Val::Str(a), Val::Str(b)) => {
                meter.charge(a.len().min(b.len()) / 64)?;
                a.cmp(b)
            }
            (Val::Arr(a), Val::Arr(b)) => compare_items(&a.items, &b.items, meter)?,
            (Val::Obj(a), Val::Obj(b)) => compare_members(&a.members, &b.members, meter)?,
            _ => self.rank().cmp(&other.rank()),
        })
    }

    /// Equality in the same order.
    pub(crate) fn equals(&self, other: &Val, meter: &Meter) -> Run<bool> {
        match (self, other) {
            (Val::Obj(a), Val::Obj(b)) if a.members.len() != b.members.len() => Ok(false),
            (Val::Arr(a), Val::Arr(b)) if a.items.len() != b.items.len() => Ok(false),
            _ => Ok(self.compare(other, meter)? == Ordering::Equal),
        }
    }

    /// Compact JSON text.
    pub(crate) fn to_json(&self, meter: &Meter) -> Run<String> {
        let mut out = String::new();
        self.write(&mut out, meter)?;
        Ok(out)
    }

    /// The text itself of a string, JSON text of anything else.
    pub(crate) fn to_text(&self, meter: &Meter) -> Run<Rc<str>> {
        match self {
            Val::Str(text) => Ok(text.clone()),
            other => Ok(other.to_json(meter)?.into()),
        }
    }

    fn write(&self, out: &mut String, meter: &Meter) -> Run {
        meter.charge(1)?;
        match self {
            Val::Null => out.push_str("null"),
            Val::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Val::Int(value) => out.push_str(&value.to_string()),
            Val::Float(value) => write_float(*value, out),
            Val::Decimal(text) => {
                meter.charge_bytes(text.len())?;
                out.push_str(text);
            }
            Val::Str(text) => {
                meter.charge_bytes(text.len())?;
                write_string(text, out);
            }
            Val::Arr(array) => {
                out.push('[');
                for (i, item) in array.items.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    item.write(out, meter)?;
                }
                out.push(']');
            }
            Val::Obj(object) => {
                out.push('{');
                for (i, (key, value)) in object.members.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    meter.charge_bytes(key.len())?;
                    write_string(key, out);
                    out.push(':');
                    value.write(out, meter)?;
                }
                out.push('}');
            }
        }
        Ok(())
    }

    /// The value as it appears in an error: its type and its text.
    pub(crate) fn excerpt(&self) -> String {
        format!("{} ({})", self.type_name(), self.excerpt_text())
    }

    /// The text of the value, cut as jq cuts it: to 29 bytes, with the closing delimiter.
    pub(crate) fn excerpt_text(&self) -> String {
        const BYTES_MAX: usize = 29;
        // What is cut away need not be written; the longest escape has six bytes.
        let text = match self {
            Val::Str(text) if text.len() > BYTES_MAX => {
                let end = (0..=BYTES_MAX + 1).rev().find(|end| text.is_char_boundary(*end));
                Val::from(&text[..end.unwrap_or_default()]).to_json(&Meter::for_excerpt())
            }
            other => other.to_json(&Meter::for_excerpt()),
        };
        let Ok(text) = text else {
            return "a large value".to_owned();
        };
        if text.len() <= BYTES_MAX {
            return text;
        }
        let delimiter = match text.as_bytes()[0] {
            b'"' => "\"",
            b'[' => "]",
            b'{' => "}",
            _ => "",
        };
        let room = BYTES_MAX - 3 - delimiter.len();
        let end = (0..=room).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        format!("{}...{delimiter}", &text[..end])
    }
}

fn check_depth(depth: u16) -> Run {
    if depth > DEPTH_MAX { Err(Stop::Limit("a value is nested too deeply")) } else { Ok(()) }
}

/// Compares item by item; of equal beginnings the shorter comes first.
pub(crate) fn compare_items(a: &[Val], b: &[Val], meter: &Meter) -> Run<Ordering> {
    for (a, b) in a.iter().zip(b) {
        match a.compare(b, meter)? {
            Ordering::Equal => {}
            unequal => return Ok(unequal),
        }
    }
    Ok(a.len().cmp(&b.len()))
}

/// Objects compare by their sorted keys first, then by the values in that order.
fn compare_members(a: &Members, b: &Members, meter: &Meter) -> Run<Ordering> {
    meter.charge(a.len() + b.len())?;
    let (keys_a, keys_b) = (sorted_keys(a), sorted_keys(b));
    match keys_a.cmp(&keys_b) {
        Ordering::Equal => {}
        unequal => return Ok(unequal),
    }
    for key in keys_a {
        let (Some(a), Some(b)) = (a.get(key), b.get(key)) else {
            continue;
        };
        match a.compare(b, meter)? {
            Ordering::Equal => {}
            unequal => return Ok(unequal),
        }
    }
    Ok(Ordering::Equal)
}

/// Keys in jq's order, which is that of code points.
pub(crate) fn sorted_keys(members: &Members) -> Vec<&Rc<str>> {
    let mut keys: Vec<_> = members.keys().collect();
    keys.sort_unstable();
    keys
}

impl From<String> for Val {
    fn from(text: String) -> Val {
        Val::Str(text.into())
    }
}

impl From<&str> for Val {
    fn from(text: &str) -> Val {
        Val::Str(text.into())
    }
}

impl From<bool> for Val {
    fn from(value: bool) -> Val {
        Val::Bool(value)
    }
}

impl From<usize> for Val {
    fn from(value: usize) -> Val {
        i64::try_from(value).map_or(Val::Float(value as f64), Val::Int)
    }
}
