//! Numbers and strings as JSON text.

/// Doubles print as the shortest text that reads back the same, whole ones without a fraction;
/// what JSON cannot say prints as jq does it.
pub(crate) fn write_float(value: f64, out: &mut String) {
    if value.is_nan() {
        out.push_str("null");
    } else if value.is_infinite() {
        out.push_str(if value > 0.0 {
            "1.7976931348623157e+308"
        } else {
            "-1.7976931348623157e+308"
        });
    } else {
        let scientific = format!("{value:e}");
        let Some((digits, power)) = scientific.split_once('e') else {
            return;
        };
        let count = digits.bytes().filter(u8::is_ascii_digit).count() as i32;
        let power: i32 = power.parse().unwrap_or_default();
        // The bounds between the two notations are those of jq's own printer.
        if power <= -5 || power > count + 14 {
            let sign = if power < 0 { '-' } else { '+' };
            out.push_str(&format!("{digits}e{sign}{:02}", power.abs()));
        } else {
            out.push_str(&value.to_string());
        }
    }
}

/// A quoted JSON string.
pub(crate) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| matches!(c, '"' | '\\' | '\0'..='\x1f' | '\x7f')) {
        out.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            8 => out.push_str("\\b"),
            12 => out.push_str("\\f"),
            other => out.push_str(&format!("\\u{other:04x}")),
        }
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out.push('"');
}
