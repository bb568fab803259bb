//! Parts of values: reading, replacing and deleting them.

use std::rc::Rc;

use super::item::Item;
use super::meter::{Meter, Run, error};
use super::value::{Array, Members, Object, Val};

/// The part of an item under a key, with its path.
pub(crate) fn index_item(item: &Item, key: Val, meter: &Meter) -> Run<Item> {
    let part = index(&item.val, &key, meter)?;
    item.step(key, part)
}

/// The part under a key: a member, an item, a slice, or the places where an array occurs.
pub(crate) fn index(val: &Val, key: &Val, meter: &Meter) -> Run<Val> {
    Ok(match (val, key) {
        (Val::Null, Val::Null | Val::Str(_) | Val::Int(_) | Val::Float(_) | Val::Obj(_)) => {
            Val::Null
        }
        (Val::Obj(object), Val::Str(key)) => object.members.get(key).cloned().unwrap_or_default(),
        (Val::Arr(array), Val::Int(_) | Val::Float(_)) => position(key, array.items.len())
            .and_then(|i| array.items.get(i).cloned())
            .unwrap_or_default(),
        (Val::Arr(_) | Val::Str(_), Val::Obj(range)) => slice(val, range, meter)?,
        (Val::Arr(array), Val::Arr(wanted)) => occurrences(array, wanted, meter)?,
        (val, Val::Str(key)) => {
            return error(format!("Cannot index {} with \"{key}\"", val.type_name()));
        }
        (val, key) => {
            return error(format!("Cannot index {} with {}", val.type_name(), key.type_name()));
        }
    })
}

/// Keys and values of an array or object.
pub(crate) fn children(val: &Val, meter: &Meter) -> Run<Vec<(Val, Val)>> {
    match val {
        Val::Arr(array) => {
            meter.charge(array.items.len())?;
            let items = array.items.iter().enumerate();
            Ok(items.map(|(i, item)| (Val::from(i), item.clone())).collect())
        }
        Val::Obj(object) => {
            meter.charge(object.members.len())?;
            let members = object.members.iter();
            Ok(members.map(|(key, value)| (Val::Str(key.clone()), value.clone())).collect())
        }
        Val::Null => error("Cannot iterate over null"),
        other => error(format!("Cannot iterate over {}", other.excerpt())),
    }
}

/// The key that stands for `[from:upto]`.
pub(crate) fn slice_key(from: Val, upto: Val) -> Run<Val> {
    let members = [("start", from), ("end", upto)];
    Val::object(members.into_iter().map(|(key, val)| (Rc::from(key), val)).collect())
}

/// A position counted from the front; negative ones count from the end, and may lie before it.
fn position(key: &Val, len: usize) -> Option<usize> {
    let n = key.as_f64().filter(|n| !n.is_nan())?.floor();
    let n = if n < 0.0 { n + len as f64 } else { n };
    (n >= 0.0).then_some(n as usize)
}

fn slice(val: &Val, range: &Object, meter: &Meter) -> Run<Val> {
    match val {
        Val::Arr(array) => {
            let (from, upto) = slice_bounds(range, array.items.len())?;
            meter.charge(upto - from)?;
            Val::array(array.items[from..upto].to_vec())
        }
        Val::Str(text) => {
            meter.charge_bytes(text.len())?;
            let (from, upto) = slice_bounds(range, text.chars().count())?;
            Ok(Val::from(text.chars().skip(from).take(upto - from).collect::<String>()))
        }
        _ => Ok(Val::Null),
    }
}

fn slice_bounds(range: &Object, len: usize) -> Run<(usize, usize)> {
    let bound = |key: &str, default: usize, round: fn(f64) -> f64| match range.members.get(key) {
        None | Some(Val::Null) => Ok(default),
        Some(val) => {
            let Some(n) = val.as_f64() else {
                return error("Start and end indices of an array slice must be numbers");
            };
            let n = round(n);
            Ok((if n < 0.0 { n + len as f64 } else { n }).clamp(0.0, len as f64) as usize)
        }
    };
    let from = bound("start", 0, f64::floor)?;
    Ok((from, bound("end", len, f64::ceil)?.max(from)))
}

/// Where an array occurs in another.
pub(crate) fn occurrences(array: &Array, wanted: &Array, meter: &Meter) -> Run<Val> {
    let mut places = Vec::new();
    if !wanted.items.is_empty() {
        for (i, window) in array.items.windows(wanted.items.len()).enumerate() {
            let mut equal = true;
            for (a, b) in window.iter().zip(&wanted.items) {
                equal = equal && a.equals(b, meter)?;
            }
            if equal {
                places.push(Val::from(i));
            }
        }
    }
    Val::array(places)
}

/// What lies at a path; below nothing lies nothing.
pub(crate) fn get(val: &Val, path: &[Val], meter: &Meter) -> Run<Val> {
    let mut val = val.clone();
    for key in path {
        meter.charge(1)?;
        if matches!(val, Val::Null) {
            return Ok(Val::Null);
        }
        val = index(&val, key, meter)?;
    }
    Ok(val)
}

/// The value with something else at a path, which is made as far as it is missing.
pub(crate) fn set(val: Val, path: &[Val], new: Val, meter: &Meter) -> Run<Val> {
    meter.charge(1)?;
    meter.descend()?;
    let Some((key, rest)) = path.split_first() else {
        return Ok(new);
    };
    match (val, key) {
        (val @ (Val::Null | Val::Obj(_)), Val::Str(key)) => {
            let mut members = members(val, meter)?;
            let slot = members.entry(key.clone()).or_default();
            *slot = set(std::mem::take(slot), rest, new, meter)?;
            Val::object(members)
        }
        (val @ (Val::Null | Val::Arr(_)), Val::Int(_) | Val::Float(_)) => {
            let mut items = items(val, meter)?;
            let Some(i) = position(key, items.len()) else {
                return error("Out of bounds negative array index");
            };
            if i >= items.len() {
                meter.charge(i - items.len())?;
                items.resize(i + 1, Val::Null);
            }
            items[i] = set(std::mem::take(&mut items[i]), rest, new, meter)?;
            Val::array(items)
        }
        (val @ (Val::Null | Val::Arr(_)), Val::Obj(range)) => {
            let mut items = items(val, meter)?;
            let (from, upto) = slice_bounds(range, items.len())?;
            meter.charge(upto - from)?;
            let old = Val::array(items[from..upto].to_vec())?;
            let Ok(new) = set(old, rest, new, meter)?.into_items() else {
                return error("A slice of an array can only be assigned another array");
            };
            meter.charge(new.len())?;
            items.splice(from..upto, new);
            Val::array(items)
        }
        (val, key) => error(format!("Cannot index {} with {}", val.type_name(), key.excerpt())),
    }
}

/// The value without what lies at the paths.
pub(crate) fn delete(mut val: Val, mut paths: Vec<Vec<Val>>, meter: &Meter) -> Run<Val> {
    // Later ones first, so that the earlier ones still mean the same.
    let mut failed = None;
    paths.sort_by(|a, b| {
        let compared = Val::array(a.clone()).and_then(|a| {
            let b = Val::array(b.clone())?;
            b.compare(&a, meter)
        });
        compared.unwrap_or_else(|stop| {
            failed = Some(stop);
            std::cmp::Ordering::Equal
        })
    });
    if let Some(stop) = failed {
        return Err(stop);
    }
    let mut last = None;
    for path in paths {
        let path = Val::array(path)?;
        if let Some(last) = &last
            && path.equals(last, meter)?
        {
            continue;
        }
        if let Val::Arr(keys) = &path {
            val = delete_one(val, &keys.items, meter)?;
        }
        last = Some(path);
    }
    Ok(val)
}

fn delete_one(val: Val, path: &[Val], meter: &Meter) -> Run<Val> {
    meter.charge(1)?;
    meter.descend()?;
    let Some((key, rest)) = path.split_first() else {
        return Ok(Val::Null);
    };
    match (val, key) {
        (Val::Null, _) => Ok(Val::Null),
        (val @ Val::Obj(_), Val::Str(key)) => {
            let mut members = members(val, meter)?;
            if rest.is_empty() {
                members.shift_remove(key);
            } else if let Some(slot) = members.get_mut(key) {
                *slot = delete_one(std::mem::take(slot), rest, meter)?;
            }
            Val::object(members)
        }
        (val @ Val::Arr(_), Val::Int(_) | Val::Float(_)) => {
            let mut items = items(val, meter)?;
            if let Some(i) = position(key, items.len()).filter(|i| *i < items.len()) {
                if rest.is_empty() {
                    items.remove(i);
                } else {
                    items[i] = delete_one(std::mem::take(&mut items[i]), rest, meter)?;
                }
            }
            Val::array(items)
        }
        (val @ Val::Arr(_), Val::Obj(range)) => {
            let mut items = items(val, meter)?;
            let (from, upto) = slice_bounds(range, items.len())?;
            if rest.is_empty() {
                items.drain(from..upto);
            } else {
                let old = Val::array(items[from..upto].to_vec())?;
                let new = delete_one(old, rest, meter)?.into_items().unwrap_or_default();
                items.splice(from..upto, new);
            }
            Val::array(items)
        }
        (val, key) => {
            error(format!("Cannot delete field {} of {}", key.excerpt(), val.type_name()))
        }
    }
}

/// The items to change, copied only if somebody else has them too.
fn items(val: Val, meter: &Meter) -> Run<Vec<Val>> {
    if let Val::Arr(array) = &val {
        meter.charge(copy_cost(array.items.len(), Rc::strong_count(array)))?;
    }
    Ok(val.into_items().unwrap_or_default())
}

/// The members to change, copied only if somebody else has them too.
fn members(val: Val, meter: &Meter) -> Run<Members> {
    if let Val::Obj(object) = &val {
        meter.charge(copy_cost(object.members.len(), Rc::strong_count(object)))?;
    }
    Ok(val.into_members().unwrap_or_default())
}

/// Sole owners pay only for looking at every part once, to measure the depth anew.
fn copy_cost(len: usize, owners: usize) -> usize {
    if owners > 1 { len } else { len / 16 }
}
