//! Parts of values: reading, replacing and deleting them.

use std::collections::HashSet;
use std::rc::Rc;

use super::item::Item;
use super::meter::{Meter, Run, error};
use super::value::{Array, Members, Object, Val, compare_items};

/// The part of an item under a key, with its path.
pub(crate) fn index_item(item: &Item, key: Val, meter: &Meter) -> Run<Item> {
    item.check_place(|| format!("access element {} of", key.excerpt_text()))?;
    let part = index(&item.val, &key, meter)?;
    item.step(key, part)
}

/// The parts of an item, each with its path.
pub(crate) fn each_item(item: &Item, meter: &Meter) -> Run<Vec<(Val, Val)>> {
    item.check_place(|| "iterate through".to_owned())?;
    children(&item.val, meter)
}

/// The part under a key: a member, an item, a slice, or the places where an array occurs.
pub(crate) fn index(val: &Val, key: &Val, meter: &Meter) -> Run<Val> {
    Ok(match (val, key) {
        (
            Val::Null,
            Val::Null | Val::Str(_) | Val::Int(_) | Val::Float(_) | Val::Decimal(_) | Val::Obj(_),
        ) => Val::Null,
        (Val::Obj(object), Val::Str(key)) => object.members.get(key).cloned().unwrap_or_default(),
        (Val::Arr(array), Val::Int(_) | Val::Float(_) | Val::Decimal(_)) => {
            position(key, array.items.len())
                .and_then(|i| array.items.get(i).cloned())
                .unwrap_or_default()
        }
        (Val::Arr(_) | Val::Str(_), Val::Obj(range)) => slice(val, range, meter)?,
        (Val::Arr(array), Val::Arr(wanted)) => occurrences(array, wanted, meter)?,
        (val, key) => {
            return error(format!("Cannot index {} with {}", val.type_name(), key.excerpt()));
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
            if n.is_nan() {
                return Ok(default);
            }
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

/// Steps jq allows in a path; ours ends sooner, where a value would get too deep.
const STEPS_MAX: usize = 10_000;

/// Refuses a path that jq refuses.
pub(crate) fn check_length(path: &[Val]) -> Run {
    if path.len() > STEPS_MAX { error("Path too deep") } else { Ok(()) }
}

/// The largest index that an assignment can make.
const INDEX_MAX: f64 = 536_870_911.0;

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
        (val @ (Val::Null | Val::Arr(_)), Val::Int(_) | Val::Float(_) | Val::Decimal(_)) => {
            let n = key.as_f64().unwrap_or(f64::NAN);
            if n.is_nan() {
                return error("Cannot set array element at NaN index");
            }
            if n > INDEX_MAX {
                return error("Array index too large");
            }
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
        (Val::Str(_), Val::Obj(_)) => error("Cannot update string slices"),
        (val, key) => {
            // What cannot be read says so; the rest can be read but not written.
            index(&val, key, meter)?;
            error(format!(
                "Cannot update field at {} index of {}",
                key.type_name(),
                val.type_name()
            ))
        }
    }
}

/// The value without what lies at the paths.
pub(crate) fn delete(val: Val, paths: Vec<Vec<Val>>, meter: &Meter) -> Run<Val> {
    let mut sorted = Vec::with_capacity(paths.len());
    for path in paths {
        check_length(&path)?;
        meter.charge(1 + path.len())?;
        sorted.push(path);
    }
    let mut failed = None;
    sorted.sort_by(|a, b| {
        compare_items(a, b, meter).unwrap_or_else(|stop| {
            failed = Some(stop);
            std::cmp::Ordering::Equal
        })
    });
    match failed {
        Some(stop) => Err(stop),
        None if sorted.first().is_some_and(Vec::is_empty) => Ok(Val::Null),
        None => delete_sorted(val, &sorted, 0, meter),
    }
}

/// Deletes what lies at sorted paths, all of them equal before `start` and longer than that. Keys
/// of one level go together, so that each means what it meant before.
fn delete_sorted(mut val: Val, paths: &[Vec<Val>], start: usize, meter: &Meter) -> Run<Val> {
    meter.descend()?;
    let mut keys = Vec::new();
    let mut rest = paths;
    while let Some((first, _)) = rest.split_first() {
        let key = &first[start];
        let mut count = 1;
        while count < rest.len() && rest[count][start].equals(key, meter)? {
            count += 1;
        }
        let (group, others) = rest.split_at(count);
        rest = others;
        meter.charge(count)?;
        if first.len() == start + 1 {
            // All of it goes, whatever else is to go inside.
            keys.push(key.clone());
            continue;
        }
        let part = index(&val, key, meter)?;
        if !matches!(part, Val::Null) {
            let part = delete_sorted(part, group, start + 1, meter)?;
            val = set(val, std::slice::from_ref(key), part, meter)?;
        }
    }
    if keys.is_empty() { Ok(val) } else { delete_keys(val, &keys, meter) }
}

fn delete_keys(val: Val, keys: &[Val], meter: &Meter) -> Run<Val> {
    match val {
        Val::Null => Ok(Val::Null),
        val @ Val::Obj(_) => {
            let mut members = members(val, meter)?;
            // One pass for many keys, for taking a member out moves those behind it.
            let mut doomed = HashSet::with_capacity(keys.len());
            for key in keys {
                match key {
                    Val::Str(key) => doomed.insert(key.clone()),
                    key => {
                        let name = key.type_name();
                        return error(format!("Cannot delete {name} field of object"));
                    }
                };
            }
            meter.charge(members.len() / 16)?;
            members.retain(|key, _| !doomed.contains(key));
            Val::object(members)
        }
        val @ Val::Arr(_) => {
            let items = items(val, meter)?;
            let mut doomed = vec![false; items.len()];
            for key in keys {
                match key {
                    Val::Int(_) | Val::Float(_) | Val::Decimal(_) => {
                        if let Some(i) = position(key, items.len()).filter(|i| *i < items.len()) {
                            doomed[i] = true;
                        }
                    }
                    Val::Obj(range) => {
                        let (from, upto) = slice_bounds(range, items.len())?;
                        meter.charge(upto - from)?;
                        doomed[from..upto].fill(true);
                    }
                    key => {
                        let name = key.type_name();
                        return error(format!("Cannot delete {name} element of array"));
                    }
                }
            }
            meter.charge(items.len() / 16)?;
            let kept = items.into_iter().zip(doomed).filter(|(_, doomed)| !doomed);
            Val::array(kept.map(|(item, _)| item).collect())
        }
        val => error(format!("Cannot delete fields from {}", val.type_name())),
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
