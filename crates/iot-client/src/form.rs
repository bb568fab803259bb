//! The form encoding of the Python client (control-plane.md 1.1): a blank is `+`, and only
//! letters, digits and `_.-~` stay as they are.

/// A query or a form, without the question mark.
pub(crate) fn encode(pairs: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        push(&mut text, name, "+");
        text.push('=');
        push(&mut text, value, "+");
    }
    text
}

/// One segment of a path.
pub(crate) fn encode_segment(segment: &str) -> String {
    let mut text = String::new();
    push(&mut text, segment, "%20");
    text
}

fn push(text: &mut String, value: &str, blank: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' => {
                text.push(char::from(byte));
            }
            b' ' => text.push_str(blank),
            _ => {
                text.push('%');
                text.push(char::from(HEX[usize::from(byte >> 4)]));
                text.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_python_client_does() {
        let pairs = [("a", "x y"), ("specUriStartsWith", "dtmi:com:example;1"), ("ü", "~*'/&=+")];
        assert_eq!(
            encode(&pairs),
            "a=x+y&specUriStartsWith=dtmi%3Acom%3Aexample%3B1&%C3%BC=~%2A%27%2F%26%3D%2B"
        );
        assert_eq!(encode_segment("a b/c"), "a%20b%2Fc");
        assert_eq!(encode(&[]), "");
    }
}
