//! Functions on texts.

use super::Entry;
use crate::jq::eval::Machine;
use crate::jq::meter::{Run, error};
use crate::jq::ops;
use crate::jq::value::Val;

pub(super) const TABLE: &[Entry] = &[
    ("utf8bytelength", 0, |_, val, _| match val {
        Val::Str(text) => Ok(text.len().into()),
        _ => error(format!("{} only strings have UTF-8 byte length", val.excerpt())),
    }),
    ("startswith", 1, |_, val, args| match (val, &args[0]) {
        (Val::Str(text), Val::Str(part)) => Ok(text.starts_with(&**part).into()),
        _ => error("startswith() requires string inputs"),
    }),
    ("endswith", 1, |_, val, args| match (val, &args[0]) {
        (Val::Str(text), Val::Str(part)) => Ok(text.ends_with(&**part).into()),
        _ => error("endswith() requires string inputs"),
    }),
    ("ltrimstr", 1, |m, val, args| cut(m, val, &args[0], |text, part| text.strip_prefix(part))),
    ("rtrimstr", 1, |m, val, args| cut(m, val, &args[0], |text, part| text.strip_suffix(part))),
    ("trimstr", 1, |m, val, args| {
        let val = cut(m, val, &args[0], |text, part| text.strip_prefix(part))?;
        cut(m, &val, &args[0], |text, part| text.strip_suffix(part))
    }),
    ("trim", 0, |m, val, _| trim(m, val, str::trim)),
    ("ltrim", 0, |m, val, _| trim(m, val, str::trim_start)),
    ("rtrim", 0, |m, val, _| trim(m, val, str::trim_end)),
    ("ascii_downcase", 0, |m, val, _| change(m, val, "ascii_downcase", str::to_ascii_lowercase)),
    ("ascii_upcase", 0, |m, val, _| change(m, val, "ascii_upcase", str::to_ascii_uppercase)),
    ("explode", 0, explode),
    ("implode", 0, implode),
    ("split", 1, |m, val, args| match (val, &args[0]) {
        (Val::Str(text), Val::Str(separator)) => ops::split(text, separator, m.meter),
        _ => error("split input and separator must be strings"),
    }),
];

/// Takes a part away from one end.
type Cut = for<'t> fn(&'t str, &str) -> Option<&'t str>;

fn cut(machine: &Machine, val: &Val, part: &Val, cut: Cut) -> Run<Val> {
    let (Some(text), Some(part)) = (val.as_str(), part.as_str()) else {
        return Ok(val.clone());
    };
    machine.meter.charge_bytes(text.len())?;
    Ok(cut(text, part).map_or_else(|| val.clone(), Val::from))
}

fn trim(machine: &Machine, val: &Val, trim: fn(&str) -> &str) -> Run<Val> {
    let Some(text) = val.as_str() else {
        return error(format!("{} cannot be trimmed", val.excerpt()));
    };
    machine.meter.charge_bytes(text.len())?;
    Ok(trim(text).into())
}

fn change(machine: &Machine, val: &Val, name: &str, change: fn(&str) -> String) -> Run<Val> {
    let Some(text) = val.as_str() else {
        return error(format!("{name} input must be a string"));
    };
    machine.meter.charge_bytes(text.len())?;
    Ok(change(text).into())
}

fn explode(machine: &Machine, val: &Val, _: &[Val]) -> Run<Val> {
    let Some(text) = val.as_str() else {
        return error(format!("{} cannot be exploded", val.excerpt()));
    };
    machine.meter.charge(text.len())?;
    Val::array(text.chars().map(|c| Val::Int(i64::from(u32::from(c)))).collect())
}

fn implode(machine: &Machine, val: &Val, _: &[Val]) -> Run<Val> {
    let Val::Arr(array) = val else {
        return error(format!("{} cannot be imploded", val.excerpt()));
    };
    machine.meter.charge(array.items.len())?;
    let mut text = String::with_capacity(array.items.len());
    for item in &array.items {
        let code = item.as_f64().filter(|n| (0.0..=1_114_111.0).contains(n));
        match code {
            // Halves of a surrogate pair become the replacement character, as in jq.
            Some(code) => text.push(char::from_u32(code as u32).unwrap_or('\u{fffd}')),
            None => return error("Unicode codepoint must be numeric"),
        }
    }
    Ok(text.into())
}
