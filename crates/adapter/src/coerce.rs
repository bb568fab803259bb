//! A value made to fit its element, or a rejection (A7). Single values are handled as text, so a
//! number keeps the digits it was sent with; only compound values become a tree.

use std::borrow::Cow;

use dtdl::{Element, Primitive, Schema};

use crate::compact::compact;
use crate::explain::Fault;
use crate::outcome::Rejection;
use crate::validate;

/// Digits of a number that certainly fit a double.
const PLAIN_DIGITS_MAX: usize = 300;

/// The value as compact JSON text that conforms to the element.
pub(crate) fn coerce(element: &Element, json: Cow<'_, str>) -> Result<String, Fault> {
    convert(&element.schema, &element.constraints, json)
}

/// The rejection that a fault of an element's value means (A9): what the platform says, and then
/// what is wrong.
pub(crate) fn rejection(element: &Element, fault: &Fault) -> Rejection {
    let Fault { rule, at, value, expected } = fault;
    let inside = if at.is_empty() { String::new() } else { format!(" at {at}") };
    let path = &element.path;
    Rejection::new(
        400,
        match *rule {
            "schema" => format!(
                "Value of '{path}' does not conform to schema '{}': {value}{inside} is not {expected}",
                element.schema
            ),
            rule => {
                format!("Validation failed for '{path}': {rule} {expected}, found {value}{inside}")
            }
        },
    )
}

fn convert(
    schema: &Schema,
    constraints: &dtdl::Constraints,
    json: Cow<'_, str>,
) -> Result<String, Fault> {
    match schema {
        Schema::Primitive(primitive) => {
            let value = convert_primitive(*primitive, json)
                .map_err(|json| validate::schema_fault(schema, &json))?;
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
                _ => Err(validate::schema_fault(schema, &json)),
            }
        }
        schema => {
            let value =
                serde_json::from_str(&json).map_err(|_| validate::schema_fault(schema, &json))?;
            Ok(validate::conform(schema, constraints, value)?.to_string())
        }
    }
}

/// A single value as JSON text of a primitive; given back if it is none.
pub(crate) fn convert_primitive(
    primitive: Primitive,
    json: Cow<'_, str>,
) -> Result<String, Cow<'_, str>> {
    match primitive {
        Primitive::Integer => match integer(&json) {
            Some(value) if i32::try_from(value).is_ok() => Ok(keep_integer(json, value)),
            _ => Err(json),
        },
        Primitive::Long => match integer(&json) {
            Some(value) => Ok(keep_integer(json, value)),
            None => Err(json),
        },
        Primitive::Double => decimal(json, f64::MAX),
        Primitive::Float => decimal(json, f64::from(f32::MAX)),
        Primitive::Boolean => match &*json {
            "true" | "\"true\"" => Ok("true".to_owned()),
            "false" | "\"false\"" => Ok("false".to_owned()),
            _ => Err(json),
        },
        Primitive::String => match json.as_bytes().first() {
            Some(b'"') => Ok(json.into_owned()),
            None | Some(b'{' | b'[' | b'n') => Err(json),
            // Numbers and booleans need no escape.
            _ => Ok(format!("\"{json}\"")),
        },
        Primitive::Date | Primitive::Time | Primitive::DateTime | Primitive::Duration => {
            let text = serde_json::from_str::<String>(&json);
            match text.is_ok_and(|text| validate::is_temporal(primitive, &text)) {
                true => Ok(json.into_owned()),
                false => Err(json),
            }
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
fn decimal(json: Cow<'_, str>, largest: f64) -> Result<String, Cow<'_, str>> {
    let Some(text) = number_text(&json) else {
        return Err(json);
    };
    let plain = text.len() < PLAIN_DIGITS_MAX && !text.contains(['e', 'E']);
    if !plain || largest < f64::MAX {
        let within = text.parse::<f64>().is_ok_and(|value| value.abs() <= largest);
        if !within {
            return Err(json);
        }
    }
    if text.len() == json.len() { Ok(json.into_owned()) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gives(primitive: Primitive, json: &str, value: &str) {
        let found = convert_primitive(primitive, json.into());
        assert_eq!(found.as_deref(), Ok(value), "{primitive:?} {json}");
    }

    fn refuses(primitive: Primitive, jsons: &[&str]) {
        for json in jsons {
            assert!(convert_primitive(primitive, (*json).into()).is_err(), "{primitive:?} {json}");
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
