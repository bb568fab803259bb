//! Functions on values of any type.

use std::rc::Rc;

use super::Entry;
use crate::endpoint;
use crate::jq::eval::Machine;
use crate::jq::meter::{Meter, Run, error};
use crate::jq::numeral;
use crate::jq::path;
use crate::jq::read::read_lenient;
use crate::jq::value::{Members, Val, sorted_keys};

pub(super) const TABLE: &[Entry] = &[
    ("length", 0, |m, val, _| length(val, m.meter)),
    ("type", 0, |_, val, _| Ok(val.type_name().into())),
    ("tojson", 0, |m, val, _| Ok(val.to_json(m.meter)?.into())),
    ("fromjson", 0, |m, val, _| from_json(val, m.meter)),
    ("tostring", 0, |m, val, _| Ok(Val::Str(val.to_text(m.meter)?))),
    ("tonumber", 0, |m, val, _| {
        m.meter.charge_bytes(val.as_str().map_or(0, str::len))?;
        to_number(val)
    }),
    ("toboolean", 0, |_, val, _| to_boolean(val)),
    ("keys", 0, |m, val, _| keys(val, true, m.meter)),
    ("keys_unsorted", 0, |m, val, _| keys(val, false, m.meter)),
    ("_strindices", 1, string_indices),
    ("format", 1, |m, val, args| match args[0].as_str().and_then(crate::jq::format_named) {
        Some(format) => Ok(Val::Str(crate::jq::ops::format(format, val, m.meter)?)),
        None => error(format!("{} is not a valid format", args[0].excerpt())),
    }),
    ("has", 1, |_, val, args| has(val, &args[0])),
    ("contains", 1, |m, val, args| contains(val, &args[0], m.meter).map(Val::Bool)),
    ("setpath", 2, set_path),
    ("delpaths", 1, delete_paths),
    ("indices", 1, |m, val, args| indices(val, &args[0], m.meter)),
    ("endpoint", 0, |m, _, _| Ok(m.endpoint.into())),
    ("add", 0, add),
];

fn length(val: &Val, meter: &Meter) -> Run<Val> {
    Ok(match val {
        Val::Null => Val::Int(0),
        Val::Int(n) => n.checked_abs().map_or(Val::Float(-(*n as f64)), Val::Int),
        Val::Float(n) => Val::Float(n.abs()),
        Val::Decimal(text) => Val::Decimal(text.trim_start_matches('-').into()),
        Val::Str(text) => {
            meter.charge_bytes(text.len())?;
            text.chars().count().into()
        }
        Val::Arr(array) => array.items.len().into(),
        Val::Obj(object) => object.members.len().into(),
        Val::Bool(_) => return error(format!("{} has no length", val.excerpt())),
    })
}

fn from_json(val: &Val, meter: &Meter) -> Run<Val> {
    let Val::Str(text) = val else {
        return error(format!("{} cannot be parsed as JSON, only a string can", val.excerpt()));
    };
    meter.charge(text.len())?;
    read_lenient(text)
}

fn to_number(val: &Val) -> Run<Val> {
    match val {
        Val::Int(_) | Val::Float(_) | Val::Decimal(_) => Ok(val.clone()),
        Val::Str(text) => match numeral::read(text) {
            Some(number) => Ok(number),
            None => error(format!("{} cannot be parsed as a number", val.excerpt())),
        },
        _ => error(format!("{} cannot be parsed as a number", val.excerpt())),
    }
}

fn to_boolean(val: &Val) -> Run<Val> {
    match (val, val.as_str()) {
        (Val::Bool(_), _) => Ok(val.clone()),
        (_, Some("true")) => Ok(Val::Bool(true)),
        (_, Some("false")) => Ok(Val::Bool(false)),
        _ => error(format!("{} cannot be parsed as a boolean", val.excerpt())),
    }
}

fn keys(val: &Val, sorted: bool, meter: &Meter) -> Run<Val> {
    match val {
        Val::Obj(object) => {
            meter.charge(object.members.len())?;
            let key = |key: &Rc<str>| Val::Str(key.clone());
            Val::array(match sorted {
                true => sorted_keys(&object.members).into_iter().map(key).collect(),
                false => object.members.keys().map(key).collect(),
            })
        }
        Val::Arr(array) => {
            meter.charge(array.items.len())?;
            Val::array((0..array.items.len()).map(Val::from).collect())
        }
        _ => error(format!("{} has no keys", val.excerpt())),
    }
}

fn has(val: &Val, key: &Val) -> Run<Val> {
    match (val, key) {
        (Val::Obj(object), Val::Str(key)) => Ok(object.members.contains_key(key).into()),
        (Val::Arr(array), Val::Int(_) | Val::Float(_) | Val::Decimal(_)) => {
            let n = key.as_f64().unwrap_or(-1.0);
            Ok((n >= 0.0 && n < array.items.len() as f64).into())
        }
        _ => {
            error(format!("Cannot check whether {} has a {} key", val.type_name(), key.type_name()))
        }
    }
}

fn contains(a: &Val, b: &Val, meter: &Meter) -> Run<bool> {
    meter.charge(1)?;
    match (a, b) {
        (Val::Obj(a), Val::Obj(b)) => {
            for (key, b) in &b.members {
                let Some(a) = a.members.get(key) else {
                    return Ok(false);
                };
                if !contains(a, b, meter)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Val::Arr(a), Val::Arr(b)) => {
            for b in &b.items {
                let mut found = false;
                for a in &a.items {
                    found = found || (a.type_name() == b.type_name() && contains(a, b, meter)?);
                }
                if !found {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (Val::Str(a), Val::Str(b)) => {
            meter.charge_bytes(a.len())?;
            Ok(a.contains(&**b))
        }
        (a, b) if a.type_name() == b.type_name() => a.equals(b, meter),
        (a, b) => error(format!(
            "{} and {} cannot have their containment checked",
            a.excerpt(),
            b.excerpt()
        )),
    }
}

fn set_path(machine: &Machine, val: &Val, args: &[Val]) -> Run<Val> {
    match &args[0] {
        Val::Arr(path) => {
            path::check_length(&path.items)?;
            path::set(val.clone(), &path.items, args[1].clone(), machine.meter)
        }
        _ => error("Path must be specified as an array"),
    }
}

fn delete_paths(machine: &Machine, val: &Val, args: &[Val]) -> Run<Val> {
    let Val::Arr(paths) = &args[0] else {
        return error("Paths must be specified as an array");
    };
    let mut lists = Vec::with_capacity(paths.items.len());
    for path in &paths.items {
        match path {
            Val::Arr(path) => lists.push(path.items.clone()),
            _ => return error("Path must be specified as an array"),
        }
    }
    path::delete(val.clone(), lists, machine.meter)
}

fn string_indices(machine: &Machine, val: &Val, args: &[Val]) -> Run<Val> {
    match (val, &args[0]) {
        (Val::Str(_), Val::Str(_)) => indices(val, &args[0], machine.meter),
        (Val::Str(_), other) => error(format!("{} is not a string", other.excerpt())),
        (val, _) => error(format!("{} cannot be searched, as it is not a string", val.excerpt())),
    }
}

fn indices(val: &Val, wanted: &Val, meter: &Meter) -> Run<Val> {
    match (val, wanted) {
        (Val::Null, _) => Ok(Val::Null),
        (Val::Str(text), Val::Str(wanted)) => {
            meter.charge_bytes(text.len())?;
            let mut places = Vec::new();
            if !wanted.is_empty() {
                for (position, (at, _)) in text.char_indices().enumerate() {
                    meter.charge(wanted.len() / 64)?;
                    if text[at..].starts_with(&**wanted) {
                        meter.charge(1)?;
                        places.push(Val::from(position));
                    }
                }
            }
            Val::array(places)
        }
        (Val::Arr(array), Val::Arr(wanted)) => path::occurrences(array, wanted, meter),
        (Val::Arr(array), wanted) => {
            let mut places = Vec::new();
            for (i, item) in array.items.iter().enumerate() {
                if item.equals(wanted, meter)? {
                    places.push(Val::from(i));
                }
            }
            Val::array(places)
        }
        (val, wanted) => path::index(val, wanted, meter),
    }
}

/// The sum of all items; kept out of the prelude so that joining many texts stays linear.
fn add(machine: &Machine, val: &Val, _: &[Val]) -> Run<Val> {
    let items = path::children(val, machine.meter)?;
    if items.iter().all(|(_, item)| matches!(item, Val::Str(_))) && !items.is_empty() {
        let mut sum = String::new();
        for text in items.iter().filter_map(|(_, item)| item.as_str()) {
            machine.meter.charge_bytes(text.len())?;
            sum.push_str(text);
        }
        return Ok(sum.into());
    }
    items.into_iter().try_fold(Val::Null, |sum, (_, item)| {
        crate::jq::ops::math(sum, crate::jq::filter::Math::Add, item, machine.meter)
    })
}

/// `endpoint(n)` (A3): a segment, or null where there is none.
pub(super) fn segment(endpoint: &str, n: &Val) -> Run<Val> {
    let Some(n) = n.as_f64() else {
        return error("endpoint(n) needs a number");
    };
    let found = if n >= 1.0 { endpoint::segment(endpoint, n as usize) } else { None };
    Ok(found.map_or(Val::Null, Val::from))
}

/// Texts that look like numbers, made numbers at all levels (A7); `None` if there are none.
pub(crate) fn numeric_leaves(val: &Val, meter: &Meter) -> Run<Option<Val>> {
    meter.charge(1)?;
    match val {
        Val::Str(text) => Ok(numeral::read(text)),
        Val::Arr(array) => {
            let mut changed = false;
            let mut items = Vec::with_capacity(array.items.len());
            for item in &array.items {
                let number = numeric_leaves(item, meter)?;
                changed |= number.is_some();
                items.push(number.unwrap_or_else(|| item.clone()));
            }
            if changed { Val::array(items).map(Some) } else { Ok(None) }
        }
        Val::Obj(object) => {
            let mut changed = false;
            let mut members = Members::with_capacity(object.members.len());
            for (key, val) in &object.members {
                let number = numeric_leaves(val, meter)?;
                changed |= number.is_some();
                members.insert(key.clone(), number.unwrap_or_else(|| val.clone()));
            }
            if changed { Val::object(members).map(Some) } else { Ok(None) }
        }
        _ => Ok(None),
    }
}
