//! JSON text without blanks, as it is kept.

use std::borrow::Cow;

/// Digits in a row that may exceed the range of a double.
const LONG_NUMBER_DIGITS: usize = 300;

/// Takes blanks out of valid JSON text and leaves everything else as it is. `None` for a number
/// that no double can hold, which later readers would choke on.
pub(crate) fn compact(text: &str) -> Option<Cow<'_, str>> {
    let (mut blanks, mut suspicious) = (false, false);
    let mut digits = 0;
    scan(text, |b| {
        blanks |= b.is_ascii_whitespace();
        if b.is_ascii_digit() {
            digits += 1;
            suspicious |= digits >= LONG_NUMBER_DIGITS;
        } else {
            suspicious |= digits > 0 && matches!(b, b'e' | b'E');
            digits = 0;
        }
    });
    if suspicious && serde_json::from_str::<serde_json::Value>(text).is_err() {
        return None;
    }
    if !blanks {
        return Some(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len());
    let (mut inside, mut escaped) = (false, false);
    for c in text.chars() {
        if inside || !c.is_ascii_whitespace() {
            out.push(c);
        }
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = inside,
            '"' => inside = !inside,
            _ => {}
        }
    }
    Some(Cow::Owned(out))
}

/// Visits the bytes outside strings.
fn scan(text: &str, mut visit: impl FnMut(u8)) {
    let (mut inside, mut escaped) = (false, false);
    for b in text.bytes() {
        if escaped {
            escaped = false;
        } else if b == b'"' {
            inside = !inside;
        } else if inside {
            escaped = b == b'\\';
        } else {
            visit(b);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::compact;

    #[test]
    fn takes_blanks_out() {
        let text = r#"{ "a b" : [ 1.50 , "x \" y" , {} ] }"#;
        assert_eq!(compact(text).as_deref(), Some(r#"{"a b":[1.50,"x \" y",{}]}"#));
        assert_eq!(compact("[1e3]").as_deref(), Some("[1e3]"));
        assert_eq!(compact("[1e999]"), None);
        assert_eq!(compact(r#"{"e":"1e999"}"#).as_deref(), Some(r#"{"e":"1e999"}"#));
        assert_eq!(compact(&format!("[{}]", "9".repeat(400))), None);
    }
}
