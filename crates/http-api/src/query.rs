//! Query strings and forms: `+` and `%20` are both blanks.

/// Decoded parameters in their order.
pub(crate) struct Query(Vec<(String, String)>);

/// Parameters read of one request; more are ignored.
const PARAMETERS_MAX: usize = 100;

impl Query {
    /// Decodes a query string or a form.
    pub fn parse(text: &str) -> Query {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).take(PARAMETERS_MAX);
        Query(
            pairs
                .map(|pair| {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (decode(name, true), decode(value, true))
                })
                .collect(),
        )
    }

    /// The first value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The same, owned.
    pub fn owned(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }
}

impl Query {
    /// All parameters.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Percent-decodes; `plus` makes `+` a blank. Bytes that are not UTF-8 become U+FFFD.
pub(crate) fn decode(text: &str, plus: bool) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1..at + 3).and_then(hex)) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                at += 2;
            }
            (b'+', _) if plus => decoded.push(b' '),
            (byte, _) => decoded.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// The byte of two hex digits.
fn hex(digits: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*digits.get(at)?).to_digit(16);
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_blanks_are_decoded() {
        let query = Query::parse("q=%7B%22a%22%3A+1%20%7D&limit=5&empty");
        assert_eq!(query.get("q"), Some("{\"a\": 1 }"));
        assert_eq!(query.get("limit"), Some("5"));
        assert_eq!(query.get("empty"), Some(""));
        assert_eq!(query.get("none"), None);
        assert_eq!(decode("a+b%2", false), "a+b%2");
        assert_eq!(decode("%ff", false), "\u{fffd}");
        assert_eq!(decode("%+f%é", false), "%+f%é");
    }
}
