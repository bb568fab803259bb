//! Reading JSON into values; serde_json bounds the depth.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use indexmap::IndexMap;
use serde_json::value::RawValue;

use super::meter::{Run, error};
use super::numeral;
use super::value::{Members, Val};
use crate::limits::DOCUMENT_DEPTH_MAX;

impl<'de> Deserialize<'de> for Val {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Val, D::Error> {
        deserializer.deserialize_any(ValVisitor)
    }
}

struct ValVisitor;

impl<'de> Visitor<'de> for ValVisitor {
    type Value = Val;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Val, E> {
        Ok(Val::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Val, E> {
        Ok(Val::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Val, E> {
        Ok(Val::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Val, E> {
        Ok(i64::try_from(value).map_or(Val::Float(value as f64), Val::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Val, E> {
        Ok(Val::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Val, E> {
        Ok(Val::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Val, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Val::array(items).map_err(|_| serde::de::Error::custom("too deep"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Val, A::Error> {
        let mut members = Members::new();
        while let Some((key, value)) = map.next_entry::<String, Val>()? {
            members.insert(key.into(), value);
        }
        Val::object(members).map_err(|_| serde::de::Error::custom("too deep"))
    }
}

/// Reads JSON text; numbers keep what digits they need.
pub(crate) fn read(text: &str) -> Result<Val, String> {
    match has_long_number(text) {
        true => exact(text.trim_ascii(), 0),
        false => serde_json::from_str(text).map_err(|e| e.to_string()),
    }
}

/// Reads JSON text for `fromjson`, which takes NaN as well.
pub(crate) fn read_lenient(text: &str) -> Run<Val> {
    let word = text.trim_ascii();
    match word {
        "nan" | "NaN" | "-nan" | "-NaN" => return Ok(Val::Float(f64::NAN)),
        _ if word.starts_with("NaN") && word.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            return error(format!(
                "Invalid numeric literal at EOF at line 1, column {} (while parsing '{text}')",
                word.len()
            ));
        }
        _ => {}
    }
    read(text).or_else(|e| error(format!("{e} (while parsing '{}')", short(text))))
}

/// Digits of a number beyond which a double may not hold them.
const LONG_DIGITS: usize = 15;

/// Is there a number whose digits serde_json would not keep: long ones, such with an exponent, and
/// fractions that end with zero? It may also find one in a string.
fn has_long_number(text: &str) -> bool {
    let (mut digits, mut point, mut last) = (0, false, b' ');
    text.bytes().any(|b| {
        let kept = match b {
            b'0'..=b'9' => {
                digits += 1;
                digits <= LONG_DIGITS
            }
            b'.' => {
                point = digits > 0;
                true
            }
            b'e' | b'E' => digits == 0,
            _ => {
                let kept = !(point && last == b'0');
                (digits, point) = (0, false);
                kept
            }
        };
        last = b;
        !kept
    }) || (point && last == b'0')
}

/// Reads with the text of every number at hand; slower.
fn exact(text: &str, depth: usize) -> Result<Val, String> {
    let fail = |e: serde_json::Error| e.to_string();
    if depth > DOCUMENT_DEPTH_MAX {
        return Err("recursion limit exceeded".to_owned());
    }
    match text.as_bytes().first() {
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(text).map_err(fail)?;
            let items = items.into_iter().map(|item| exact(item.get(), depth + 1));
            Val::array(items.collect::<Result<_, _>>()?).map_err(|_| "too deep".to_owned())
        }
        Some(b'{') => {
            let raw: IndexMap<String, &RawValue> = serde_json::from_str(text).map_err(fail)?;
            let members = raw
                .into_iter()
                .map(|(key, value)| Ok((key.into(), exact(value.get(), depth + 1)?)));
            Val::object(members.collect::<Result<_, String>>()?).map_err(|_| "too deep".to_owned())
        }
        Some(b'-' | b'0'..=b'9') => {
            // The grammar is JSON's, which is narrower than that of `numeral`.
            serde_json::from_str::<&RawValue>(text).map_err(fail)?;
            numeral::read(text).ok_or_else(|| "number out of range".to_owned())
        }
        _ => serde_json::from_str(text).map_err(fail),
    }
}

fn short(text: &str) -> &str {
    text.char_indices().nth(30).map_or(text, |(end, _)| &text[..end])
}
