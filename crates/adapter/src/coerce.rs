//! A value made to fit its element, or a rejection (A7). Single values are handled as text, so a
//! number keeps the digits it was sent with; only compound values become a tree.

use std::borrow::Cow;

use dtdl::{Element, Primitive, Schema};

use crate::compact::compact;
use crate::outcome::Rejection;
use crate::validate::{self, Fault};

/// Digits of a number that certainly fit a double.
const PLAIN_DIGITS_MAX: usize = 300;

/// The value as compact JSON text that conforms to the element.
pub(crate) fn coerce(element: &Element, json: Cow<'_, str>) -> Result<String, Rejection> {
    match convert(&element.schema, &element.constraints, json) {
        Ok(value) => Ok(value),
        Err(Fault::Schema) => Err(Rejection::new(
            400,
            format!("Value of '{}' does not conform to schema '{}'", element.path, element.schema),
        )),
        Err(Fault::Constraint(what)) => {
            Err(Rejection::new(400, format!("Validation failed for '{}': {what}", element.path)))
        }
    }
}

fn convert(
    schema: &Schema,
    constraints: &dtdl::Constraints,
    json: Cow<'_, str>,
) -> Result<String, Fault> {
    match schema {
        Schema::Primitive(primitive) => {
            let value = convert_primitive(*primitive, json).ok_or(Fault::Schema)?;
            if !constraints.is_empty() {
                validate::check_text(constraints, &value)?;
            }
            Ok(value)
        }
        // An object without fields is opaque: it is kept as it was sent.
        Schema::Object(object) if object.fields.is_none() && constraints.is_empty() => {
            match compact(&json) {
                Some(text) if text.starts_with('{') => Ok(match text {
                    Cow::Owned(text) => text,
                    Cow::Borrowed(_) => json.into_owned(),
                }),
                _ => Err(Fault::Schema),
            }
        }
        schema => {
            let value = serde_json::from_str(&json).map_err(|_| Fault::Schema)?;
            Ok(validate::conform(schema, constraints, value)?.to_string())
        }
    }
}

/// A single value as JSON text of a primitive; `None` if it is none.
pub(crate) fn convert_primitive(primitive: Primitive, json: Cow<'_, str>) -> Option<String> {
    match primitive {
        Primitive::Integer => {
            let value = integer(&json)?;
            i32::try_from(value).ok().map(|_| keep_integer(json, value))
        }
        Primitive::Long => integer(&json).map(|value| keep_integer(json, value)),
        Primitive::Double => decimal(json, f64::MAX),
        Primitive::Float => decimal(json, f64::from(f32::MAX)),
        Primitive::Boolean => match &*json {
            "true" | "\"true\"" => Some("true".to_owned()),
            "false" | "\"false\"" => Some("false".to_owned()),
            _ => None,
        },
        Primitive::String => match json.as_bytes().first()? {
            b'"' => Some(json.into_owned()),
            b'{' | b'[' | b'n' => None,
            // Numbers and booleans need no escape.
            _ => Some(format!("\"{json}\"")),
        },
        Primitive::Date | Primitive::Time | Primitive::DateTime | Primitive::Duration => {
            let text: String = serde_json::from_str(&json).ok()?;
            validate::is_temporal(primitive, &text).then(|| json.into_owned())
        }
    }
}

/// What stands between the quotes of a string that is a number, or the number itself.
fn number_text(json: &str) -> Option<&str> {
    let text = json.strip_prefix('"').map_or(Some(json), |rest| rest.strip_suffix('"'))?;
    is_number(text).then_some(text)
}

/// The grammar of JSON numbers.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let text = text.strip_prefix('-').unwrap_or(text);
    let whole = digits(text);
    if whole == 0 || (whole > 1 && text.starts_with('0')) {
        return false;
    }
    let mut rest = &text[whole..];
    if let Some(fraction) = rest.strip_prefix('.') {
        let count = digits(fraction);
        if count == 0 {
            return false;
        }
        rest = &fraction[count..];
    }
    if let Some(power) = rest.strip_prefix(['e', 'E']) {
        let power = power.strip_prefix(['+', '-']).unwrap_or(power);
        return !power.is_empty() && digits(power) == power.len();
    }
    rest.is_empty()
}

/// An integer, also written with a fraction of zeros or an exponent; nothing is ever rounded.
fn integer(json: &str) -> Option<i64> {
    let text = number_text(json)?;
    if let Ok(value) = text.parse() {
        return Some(value);
    }
    if let Some((whole, fraction)) = text.split_once('.')
        && fraction.bytes().all(|b| b == b'0')
    {
        return whole.parse().ok();
    }
    let value: f64 = text.parse().ok()?;
    // 2^63 is exact as a double; everything below fits.
    let fits = value.fract() == 0.0 && value.abs() < 9_223_372_036_854_775_808.0;
    fits.then_some(value as i64)
}

/// Integers are written as digits only; what came so is not written again.
fn keep_integer(json: Cow<'_, str>, value: i64) -> String {
    let plain = json.bytes().all(|b| b.is_ascii_digit());
    if plain { json.into_owned() } else { value.to_string() }
}

/// A number within bounds, in the digits it was sent with.
fn decimal(json: Cow<'_, str>, largest: f64) -> Option<String> {
    let text = number_text(&json)?;
    let plain = text.len() < PLAIN_DIGITS_MAX && !text.contains(['e', 'E']);
    if !plain || largest < f64::MAX {
        let value: f64 = text.parse().ok()?;
        if value.abs() > largest {
            return None;
        }
    }
    Some(if text.len() == json.len() { json.into_owned() } else { text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gives(primitive: Primitive, json: &str, value: &str) {
        let found = convert_primitive(primitive, json.into());
        assert_eq!(found.as_deref(), Some(value), "{primitive:?} {json}");
    }

    fn refuses(primitive: Primitive, jsons: &[&str]) {
        for json in jsons {
            assert_eq!(convert_primitive(primitive, (*json).into()), None, "{primitive:?} {json}");
        }
    }

    #[test]
    fn integers() {
        for json in ["60", "60.0", "\"60\"", "\"60.0\"", "6e1", "6.0e+1"] {
            gives(Primitive::Integer, json, "60");
        }
        gives(Primitive::Integer, "-2147483648", "-2147483648");
        gives(Primitive::Integer, "-0", "0");
        gives(Primitive::Long, "9223372036854775807", "9223372036854775807");
        gives(Primitive::Long, "9007199254740993.0", "9007199254740993");
        let faulty = [
            "60.2",
            "\"60.2\"",
            "2147483648",
            "true",
            "null",
            "[]",
            "{}",
            "\"\"",
            "\"060\"",
            "\" 1\"",
        ];
        refuses(Primitive::Integer, &faulty);
        gives(Primitive::Long, "1e18", "1000000000000000000");
        refuses(Primitive::Long, &["9223372036854775808", "1e300", "1e-1"]);
    }

    #[test]
    fn decimals() {
        for json in ["73", "22.10", "-1.5e-7", "1e308"] {
            gives(Primitive::Double, json, json);
        }
        gives(Primitive::Double, "\"22.10\"", "22.10");
        refuses(
            Primitive::Double,
            &["1e309", "\"NaN\"", "\"inf\"", "\"\"", "\"1.\"", "\"+1\"", "true", "null", "{}"],
        );
        gives(Primitive::Float, "3.4e38", "3.4e38");
        refuses(Primitive::Float, &["3.5e38"]);
    }

    #[test]
    fn others() {
        gives(Primitive::Boolean, "true", "true");
        gives(Primitive::Boolean, "\"false\"", "false");
        refuses(Primitive::Boolean, &["0", "1", "\"yes\"", "null"]);
        gives(Primitive::String, "\"a\\n\"", "\"a\\n\"");
        gives(Primitive::String, "1.50", "\"1.50\"");
        gives(Primitive::String, "true", "\"true\"");
        refuses(Primitive::String, &["{}", "[]", "null"]);
    }
}
