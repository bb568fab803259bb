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
    ("ltrimstr", 1, |m, val, args| cut(m, val, &args[0], Side::Start)),
    ("rtrimstr", 1, |m, val, args| cut(m, val, &args[0], Side::End)),
    ("trimstr", 1, |m, val, args| {
        let val = cut(m, val, &args[0], Side::Start)?;
        cut(m, &val, &args[0], Side::End)
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

/// Where something is taken away.
#[derive(Clone, Copy)]
enum Side {
    Start,
    End,
}

fn cut(machine: &Machine, val: &Val, part: &Val, side: Side) -> Run<Val> {
    let (Some(text), Some(part)) = (val.as_str(), part.as_str()) else {
        return error(match side {
            Side::Start => "startswith() requires string inputs",
            Side::End => "endswith() requires string inputs",
        });
    };
    machine.meter.charge_bytes(text.len())?;
    let rest = match side {
        Side::Start => text.strip_prefix(part),
        Side::End => text.strip_suffix(part),
    };
    Ok(rest.map_or_else(|| val.clone(), Val::from))
}

fn trim(machine: &Machine, val: &Val, trim: fn(&str) -> &str) -> Run<Val> {
    let Some(text) = val.as_str() else {
        return error("trim input must be a string");
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
        return error("implode input must be an array");
    };
    machine.meter.charge(array.items.len())?;
    let mut text = String::with_capacity(array.items.len());
    for item in &array.items {
        match item.as_f64().filter(|n| !n.is_nan()) {
            // What is no character becomes the replacement character, as in jq.
            Some(code) => {
                let code = u32::try_from(code as i64).ok();
                text.push(code.and_then(char::from_u32).unwrap_or('\u{fffd}'));
            }
            None => {
                return error(format!(
                    "{} can't be imploded, unicode codepoint needs to be numeric",
                    item.excerpt()
                ));
            }
        }
    }
    Ok(text.into())
}
