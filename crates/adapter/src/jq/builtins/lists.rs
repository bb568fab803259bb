//! Functions on arrays. Sorting merges runs by hand, because a comparison can run out of steps and
//! the sorts of the standard library cannot stop for that.

use std::cmp::Ordering;

use super::Entry;
use crate::jq::meter::{Meter, Run, error};
use crate::jq::ops;
use crate::jq::value::Val;

pub(super) const TABLE: &[Entry] = &[
    ("sort", 0, |m, val, _| {
        let items = items(val, "sorted")?;
        let pairs = items.iter().map(|item| (item.clone(), item.clone())).collect();
        Val::array(sorted(pairs, m.meter)?.into_iter().map(|(_, item)| item).collect())
    }),
    ("_sort_by", 1, |m, val, args| {
        let pairs = keyed(val, &args[0], "sorted")?;
        Val::array(sorted(pairs, m.meter)?.into_iter().map(|(_, item)| item).collect())
    }),
    ("_group_by", 1, |m, val, args| group(keyed(val, &args[0], "grouped")?, m.meter)),
    ("_min_by", 1, |m, val, args| {
        extreme(keyed(val, &args[0], "searched")?, Ordering::Less, m.meter)
    }),
    ("_max_by", 1, |m, val, args| {
        extreme(keyed(val, &args[0], "searched")?, Ordering::Greater, m.meter)
    }),
    ("reverse", 0, |m, val, _| reverse(val, m.meter)),
    ("flatten", 1, |m, val, args| flatten(val, &args[0], m.meter)),
    ("join", 1, |m, val, args| join(val, &args[0], m.meter)),
    ("bsearch", 1, |m, val, args| search(val, &args[0], m.meter)),
];

fn items<'v>(val: &'v Val, what: &str) -> Run<&'v [Val]> {
    match val {
        Val::Arr(array) => Ok(&array.items),
        _ => error(format!("{} cannot be {what}, as it is not an array", val.excerpt())),
    }
}

fn keyed(val: &Val, keys: &Val, what: &str) -> Run<Vec<(Val, Val)>> {
    let (items, keys) = (items(val, what)?, items(keys, what)?);
    Ok(keys.iter().cloned().zip(items.iter().cloned()).collect())
}

/// Merge sort by key; stable.
fn sorted(mut pairs: Vec<(Val, Val)>, meter: &Meter) -> Run<Vec<(Val, Val)>> {
    meter.charge(pairs.len())?;
    if pairs.len() < 2 {
        return Ok(pairs);
    }
    let right = sorted(pairs.split_off(pairs.len() / 2), meter)?;
    let left = sorted(pairs, meter)?;
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some((a, _)), Some((b, _))) = (left.peek(), right.peek()) {
        let next = if a.compare(b, meter)?.is_le() { left.next() } else { right.next() };
        merged.extend(next);
    }
    merged.extend(left);
    merged.extend(right);
    Ok(merged)
}

fn group(pairs: Vec<(Val, Val)>, meter: &Meter) -> Run<Val> {
    let mut groups: Vec<(Val, Vec<Val>)> = Vec::new();
    for (key, item) in sorted(pairs, meter)? {
        match groups.last_mut() {
            Some((last, items)) if last.equals(&key, meter)? => items.push(item),
            _ => groups.push((key, vec![item])),
        }
    }
    Val::array(groups.into_iter().map(|(_, items)| Val::array(items)).collect::<Run<_>>()?)
}

/// The smallest (first of equals) or largest (last of equals) item.
fn extreme(pairs: Vec<(Val, Val)>, wanted: Ordering, meter: &Meter) -> Run<Val> {
    let mut pairs = pairs.into_iter();
    let Some(mut best) = pairs.next() else {
        return Ok(Val::Null);
    };
    for pair in pairs {
        let order = pair.0.compare(&best.0, meter)?;
        if order == wanted || (wanted == Ordering::Greater && order == Ordering::Equal) {
            best = pair;
        }
    }
    Ok(best.1)
}

fn reverse(val: &Val, meter: &Meter) -> Run<Val> {
    match val {
        Val::Null => Val::array(Vec::new()),
        Val::Str(text) => {
            meter.charge_bytes(text.len())?;
            Ok(text.chars().rev().collect::<String>().into())
        }
        Val::Arr(array) => {
            meter.charge(array.items.len())?;
            Val::array(array.items.iter().rev().cloned().collect())
        }
        _ => error(format!("Cannot reverse {}", val.excerpt())),
    }
}

fn flatten(val: &Val, depth: &Val, meter: &Meter) -> Run<Val> {
    let depth = match depth.as_f64() {
        Some(depth) if depth >= 0.0 => depth,
        _ => return error("flatten depth must not be negative"),
    };
    let mut out = Vec::new();
    let items = crate::jq::path::children(val, meter)?;
    items.iter().try_for_each(|(_, item)| flatten_into(item, depth, &mut out, meter))?;
    Val::array(out)
}

fn flatten_into(val: &Val, depth: f64, out: &mut Vec<Val>, meter: &Meter) -> Run {
    meter.charge(1)?;
    match val {
        Val::Arr(array) if depth >= 1.0 => {
            array.items.iter().try_for_each(|item| flatten_into(item, depth - 1.0, out, meter))
        }
        other => {
            out.push(other.clone());
            Ok(())
        }
    }
}

fn join(val: &Val, separator: &Val, meter: &Meter) -> Run<Val> {
    let items = items(val, "joined")?;
    if items.is_empty() {
        return Ok("".into());
    }
    let Val::Str(separator) = separator else {
        return error(format!("{} cannot be used to join", separator.excerpt()));
    };
    let mut out = String::new();
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push_str(separator);
        }
        match item {
            Val::Null => {}
            Val::Str(text) => out.push_str(text),
            Val::Bool(_) | Val::Int(_) | Val::Float(_) | Val::Decimal(_) => {
                out.push_str(&item.to_json(meter)?)
            }
            // What jq says comes from the addition it uses.
            other => {
                let left = Val::from(std::mem::take(&mut out));
                return ops::math(left, crate::jq::filter::Math::Add, other.clone(), meter);
            }
        }
        meter.charge_bytes(separator.len() + item.as_str().map_or(8, str::len))?;
    }
    Ok(out.into())
}

/// Position of a value in a sorted array, or what `-1 - position` says where it would be.
fn search(val: &Val, wanted: &Val, meter: &Meter) -> Run<Val> {
    let Val::Arr(array) = val else {
        return error(format!("{} cannot be searched from", val.excerpt()));
    };
    let items = &array.items;
    let (mut from, mut upto) = (0, items.len());
    while from < upto {
        let middle = from + (upto - from) / 2;
        match items[middle].compare(wanted, meter)? {
            Ordering::Equal => return Ok(middle.into()),
            Ordering::Less => from = middle + 1,
            Ordering::Greater => upto = middle,
        }
    }
    Ok(Val::Int(-1 - from as i64))
}
