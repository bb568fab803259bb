//! Arithmetic and text formats.

use std::rc::Rc;

use super::bases;
use super::filter::{Format, Math};
use super::meter::{Meter, Run, error};
use super::print::write_string;
use super::value::Val;

/// Applies an arithmetic operator.
pub(crate) fn math(left: Val, op: Math, right: Val, meter: &Meter) -> Run<Val> {
    meter.charge(1)?;
    if let (Some(a), Some(b)) = (left.as_f64(), right.as_f64()) {
        return numbers(&left, a, op, &right, b);
    }
    match (op, left, right) {
        (Math::Add, Val::Null, val) | (Math::Add, val, Val::Null) => Ok(val),
        (Math::Add, Val::Str(a), Val::Str(b)) => {
            meter.charge_bytes(a.len() + b.len())?;
            Ok(Val::from(format!("{a}{b}")))
        }
        (Math::Add, a @ Val::Arr(_), Val::Arr(b)) => {
            let mut items = a.into_items().unwrap_or_default();
            meter.charge(items.len() + b.items.len())?;
            items.extend(b.items.iter().cloned());
            Val::array(items)
        }
        (Math::Add, a @ Val::Obj(_), Val::Obj(b)) => {
            let mut members = a.into_members().unwrap_or_default();
            meter.charge(members.len() + b.members.len())?;
            members.extend(b.members.iter().map(|(key, val)| (key.clone(), val.clone())));
            Val::object(members)
        }
        (Math::Sub, a @ Val::Arr(_), Val::Arr(b)) => {
            let mut kept = Vec::new();
            for item in a.into_items().unwrap_or_default() {
                let mut found = false;
                for other in &b.items {
                    found = found || item.equals(other, meter)?;
                }
                if !found {
                    kept.push(item);
                }
            }
            Val::array(kept)
        }
        (Math::Mul, Val::Str(text), times) | (Math::Mul, times, Val::Str(text))
            if times.as_f64().is_some() =>
        {
            repeat(&text, times.as_f64().unwrap_or_default(), meter)
        }
        (Math::Mul, a @ Val::Obj(_), b @ Val::Obj(_)) => merge(a, b, meter),
        (Math::Div, Val::Str(text), Val::Str(separator)) => split(&text, &separator, meter),
        (op, left, right) => error(format!(
            "{} and {} cannot be {}",
            left.excerpt(),
            right.excerpt(),
            match op {
                Math::Add => "added",
                Math::Sub => "subtracted",
                Math::Mul => "multiplied",
                Math::Div => "divided",
                Math::Rem => "divided (remainder)",
            }
        )),
    }
}

/// Integers up to here are exact as doubles, and so is arithmetic on them.
const EXACT_MAX: u64 = 1 << 53;

/// Arithmetic is that of doubles, as in jq; whole results stay integers while they are exact.
fn numbers(left: &Val, a: f64, op: Math, right: &Val, b: f64) -> Run<Val> {
    if let (Val::Int(a), Val::Int(b)) = (left, right)
        && a.unsigned_abs() <= EXACT_MAX
        && b.unsigned_abs() <= EXACT_MAX
    {
        let exact = match op {
            Math::Add => Some(a + b),
            Math::Sub => Some(a - b),
            Math::Mul => a.checked_mul(*b),
            Math::Div => (*b != 0 && a % b == 0).then(|| a / b),
            Math::Rem => None,
        };
        if let Some(exact) = exact.filter(|n| n.unsigned_abs() <= EXACT_MAX) {
            return Ok(Val::Int(exact));
        }
    }
    let zero = |what: &str| {
        error(format!(
            "{} and {} cannot be divided{what} because the divisor is zero",
            left.excerpt(),
            right.excerpt()
        ))
    };
    match op {
        Math::Add => Ok(Val::Float(a + b)),
        Math::Sub => Ok(Val::Float(a - b)),
        Math::Mul => Ok(Val::Float(a * b)),
        Math::Div if b == 0.0 => zero(""),
        Math::Div => Ok(Val::Float(a / b)),
        Math::Rem if a.is_nan() || b.is_nan() => Ok(Val::Float(f64::NAN)),
        Math::Rem if b.abs() < 1.0 => zero(" (remainder)"),
        // jq takes whole parts first; the sign is that of the left side.
        Math::Rem => Ok(Val::Int((a as i64).checked_rem(b as i64).unwrap_or(0))),
    }
}

/// Changes the sign.
pub(crate) fn negate(val: Val) -> Run<Val> {
    match val {
        Val::Int(n) if n != i64::MIN => Ok(Val::Int(-n)),
        Val::Int(n) => Ok(Val::Float(-(n as f64))),
        Val::Float(n) => Ok(Val::Float(-n)),
        Val::Decimal(text) => Ok(Val::Decimal(match text.strip_prefix('-') {
            Some(rest) => rest.into(),
            None => format!("-{text}").into(),
        })),
        other => error(format!("{} cannot be negated", other.excerpt())),
    }
}

/// Texts jq refuses to make.
const REPEATED_BYTES_MAX: usize = 0x7fff_ffff;

fn repeat(text: &str, times: f64, meter: &Meter) -> Run<Val> {
    if times.is_nan() || times < 0.0 {
        return Ok(Val::Null);
    }
    // The conversion stops at the largest integer.
    let bytes = text.len().saturating_mul(times as usize);
    if bytes >= REPEATED_BYTES_MAX {
        return error("Repeat string result too long");
    }
    meter.charge_bytes(bytes)?;
    Ok(Val::from(if text.is_empty() { String::new() } else { text.repeat(times as usize) }))
}

/// Objects joined at all levels; the right side wins elsewhere.
fn merge(left: Val, right: Val, meter: &Meter) -> Run<Val> {
    meter.descend()?;
    match (left, right) {
        (left @ Val::Obj(_), right @ Val::Obj(_)) => {
            let mut members = left.into_members().unwrap_or_default();
            let right = right.into_members().unwrap_or_default();
            meter.charge(members.len() + right.len())?;
            for (key, val) in right {
                let slot = members.entry(key).or_default();
                *slot = merge(std::mem::take(slot), val, meter)?;
            }
            Val::object(members)
        }
        (_, right) => Ok(right),
    }
}

/// Parts of a text between separators.
pub(crate) fn split(text: &str, separator: &str, meter: &Meter) -> Run<Val> {
    meter.charge(text.len())?;
    let parts = match (text, separator) {
        ("", _) => Vec::new(),
        (text, "") => text.chars().map(|c| Val::from(c.to_string())).collect(),
        (text, separator) => text.split(separator).map(Val::from).collect(),
    };
    Val::array(parts)
}

/// Applies a text format such as `@csv`.
pub(crate) fn format(format: Format, val: &Val, meter: &Meter) -> Run<Rc<str>> {
    let text = match format {
        Format::Text => return val.to_text(meter),
        Format::Json => return Ok(val.to_json(meter)?.into()),
        Format::Csv => return row(val, ",", &csv_field, "csv", meter),
        Format::Tsv => return row(val, "\t", &tsv_field, "tsv", meter),
        Format::Sh => return shell(val, meter),
        _ => val.to_text(meter)?,
    };
    meter.charge_bytes(6 * text.len())?;
    Ok(match format {
        Format::Html => escape_html(&text).into(),
        Format::Uri => escape_uri(&text).into(),
        Format::Urid => unescape_uri(&text)?.into(),
        Format::Base64 => bases::encode64(text.as_bytes()).into(),
        Format::Base32 => bases::encode32(text.as_bytes()).into(),
        Format::Base32d => match bases::decode32(&text) {
            Some(bytes) => String::from_utf8_lossy(&bytes).into(),
            None => return error(format!("{} is not valid base32 data", val.excerpt())),
        },
        _ => match bases::decode64(&text) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into(),
            Err(what) => return error(format!("{} {what}", val.excerpt())),
        },
    })
}

fn row(
    val: &Val,
    separator: &str,
    field: &dyn Fn(&Val) -> Option<String>,
    name: &str,
    meter: &Meter,
) -> Run<Rc<str>> {
    let Val::Arr(array) = val else {
        return error(format!(
            "{} cannot be {name}-formatted, only an array can be",
            val.excerpt()
        ));
    };
    let mut fields = Vec::with_capacity(array.items.len());
    for item in &array.items {
        meter.charge_bytes(item.as_str().map_or(0, str::len))?;
        match field(item) {
            Some(text) => fields.push(text),
            None => {
                return error(format!("{} is not valid in a {name} row", item.excerpt()));
            }
        }
    }
    Ok(fields.join(separator).into())
}

fn csv_field(val: &Val) -> Option<String> {
    match val {
        Val::Str(text) => Some(format!("\"{}\"", text.replace('"', "\"\""))),
        other => scalar(other),
    }
}

fn tsv_field(val: &Val) -> Option<String> {
    match val {
        Val::Str(text) => {
            let text = text.replace('\\', "\\\\").replace('\t', "\\t");
            Some(text.replace('\n', "\\n").replace('\r', "\\r"))
        }
        other => scalar(other),
    }
}

fn scalar(val: &Val) -> Option<String> {
    match val {
        Val::Null => Some(String::new()),
        Val::Arr(_) | Val::Obj(_) => None,
        other => other.to_json(&Meter::for_excerpt()).ok(),
    }
}

fn shell(val: &Val, meter: &Meter) -> Run<Rc<str>> {
    let items = match val {
        Val::Arr(array) => array.items.as_slice(),
        other => std::slice::from_ref(other),
    };
    let mut words = Vec::with_capacity(items.len());
    for item in items {
        match item {
            Val::Str(text) => {
                meter.charge_bytes(4 * text.len())?;
                words.push(format!("'{}'", text.replace('\'', "'\\''")));
            }
            Val::Arr(_) | Val::Obj(_) => {
                return error(format!("{} can not be escaped for shell", item.excerpt()));
            }
            other => words.push(other.to_json(meter)?),
        }
    }
    Ok(words.join(" ").into())
}

fn escape_html(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('\'', "&apos;").replace('"', "&quot;")
}

fn escape_uri(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(b));
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

fn unescape_uri(text: &str) -> Run<String> {
    let fail = || error(format!("{} is not a valid uri encoding", Val::from(text).excerpt()));
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let code = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(code) => bytes.push(code),
            None => return fail(),
        }
        rest = &tail[2..];
    }
    String::from_utf8(bytes).or_else(|_| fail())
}

/// A quoted string, for constants in expressions.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    write_string(text, &mut out);
    out
}
