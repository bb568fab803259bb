//! Oracle Cloud identifiers: `ocid1.<type>.<realm>.<region>.<unique>` (control-plane.md 1.5).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limits::OCID_BYTES_MAX;

/// Realm of every identifier we make. `oc0` is free: no client knows a built-in domain for it.
pub const REALM: &str = "oc0";

/// Length of the unique part of the identifiers we make, as in the cloud.
const UNIQUE_LEN: usize = 60;

/// An identifier whose form has been checked.
///
/// ```
/// use oci_core::ocid::Ocid;
/// let id = Ocid::parse("ocid1.iotdomain.oc0.local-1.abc").expect("well formed");
/// assert_eq!(id.type_word(), "iotdomain");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ocid(String);

/// Why a text is not an OCID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OcidError {
    /// Longer than any OCID.
    #[error("an OCID has at most {OCID_BYTES_MAX} characters")]
    TooLong,
    /// Not of the form.
    #[error("an OCID has the form `ocid1.<type>.<realm>.<region>.<unique>`")]
    Form,
    /// A character outside the alphabet.
    #[error("an OCID consists of letters, digits, `.`, `-` and `_`")]
    Character,
}

impl Ocid {
    /// A new identifier of our realm. `type_word` and `region_key` come from our own tables.
    pub fn generate(type_word: &str, region_key: &str) -> Ocid {
        Ocid(format!("ocid1.{type_word}.{REALM}.{region_key}.{}", random_text(UNIQUE_LEN)))
    }

    /// Checks the form. The region may be empty (`ocid1.user.oc1..x`), and newer identifiers may
    /// carry more parts.
    pub fn parse(text: &str) -> Result<Ocid, OcidError> {
        check(text).map(|()| Ocid(text.to_owned()))
    }

    /// The word that says what it identifies, such as `iotdomain`.
    pub fn type_word(&self) -> &str {
        self.0.split('.').nth(1).unwrap_or_default()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn check(text: &str) -> Result<(), OcidError> {
    if text.len() > OCID_BYTES_MAX {
        return Err(OcidError::TooLong);
    }
    if !text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')) {
        return Err(OcidError::Character);
    }
    let parts: Vec<&str> = text.split('.').collect();
    match parts.as_slice() {
        ["ocid1", type_word, realm, _, .., unique]
            if ![type_word, realm, unique].iter().any(|part| part.is_empty()) =>
        {
            Ok(())
        }
        _ => Err(OcidError::Form),
    }
}

impl TryFrom<String> for Ocid {
    type Error = OcidError;

    fn try_from(text: String) -> Result<Ocid, OcidError> {
        check(&text).map(|()| Ocid(text))
    }
}

impl From<Ocid> for String {
    fn from(id: Ocid) -> String {
        id.0
    }
}

impl AsRef<str> for Ocid {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Ocid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Random text over `[a-z0-9]`, fit for secrets: every character is equally likely.
pub fn random_text(len: usize) -> String {
    random(b"abcdefghijklmnopqrstuvwxyz0123456789", len)
}

/// Random upper-case hex digits, as clients put into `opc-request-id` (control-plane.md 1.2).
pub fn random_hex(len: usize) -> String {
    random(b"0123456789ABCDEF", len)
}

/// Characters of the alphabet, each equally likely.
fn random(alphabet: &[u8], len: usize) -> String {
    // Bytes above the largest multiple of the alphabet's length would favour its first letters.
    let fair = 256 - 256 % alphabet.len();
    let mut text = String::with_capacity(len);
    let mut bytes = [0u8; 64];
    while text.len() < len {
        aws_lc_rs::rand::fill(&mut bytes).expect("the system has a source of random numbers");
        let numbers = bytes.iter().map(|&byte| usize::from(byte)).filter(|&number| number < fair);
        let letters = numbers.map(|number| char::from(alphabet[number % alphabet.len()]));
        text.extend(letters.take(len - text.len()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_ocid_parses_and_is_unique() {
        let id = Ocid::generate("iotdigitaltwinmodel", "local-1");
        assert_eq!(Ocid::parse(id.as_str()).as_ref(), Ok(&id));
        assert_eq!(id.type_word(), "iotdigitaltwinmodel");
        let unique = id.as_str().rsplit('.').next().unwrap_or_default();
        assert_eq!(unique.len(), UNIQUE_LEN);
        assert!(unique.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        assert_ne!(id, Ocid::generate("iotdigitaltwinmodel", "local-1"));
    }

    #[test]
    fn forms() {
        let is = |text: &str, expected: Option<OcidError>| {
            assert_eq!(Ocid::parse(text).err(), expected, "{text}");
        };
        is("ocid1.user.oc1..abc", None);
        is("ocid1.x.oc1.eu-frankfurt-1.future.abc", None);
        is("", Some(OcidError::Form));
        is("ocid1.user.oc1.abc", Some(OcidError::Form));
        is("ocid1..oc1..abc", Some(OcidError::Form));
        is("ocid1.user.oc1.x.", Some(OcidError::Form));
        is("ocid2.user.oc1.x.a", Some(OcidError::Form));
        is("ocid1.user.oc1.x.a/b", Some(OcidError::Character));
        is("ocid1.user.oc1.x.ä", Some(OcidError::Character));
        is(&format!("ocid1.user.oc1..{}", "a".repeat(300)), Some(OcidError::TooLong));
    }

    #[test]
    fn json_form_is_the_text() {
        let id: Ocid = serde_json::from_str("\"ocid1.user.oc1..abc\"").unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"ocid1.user.oc1..abc\"");
        assert!(serde_json::from_str::<Ocid>("\"user\"").is_err());
    }

    #[test]
    fn random_text_has_the_length_and_the_letters_asked_for() {
        for len in [0, 1, 60, 1000] {
            assert_eq!(random_text(len).len(), len);
            assert_eq!(random_hex(len).len(), len);
        }
        let letters: std::collections::BTreeSet<char> = random_text(10_000).chars().collect();
        assert_eq!(letters.len(), 36);
        assert!(random_hex(1000).bytes().all(|b| b.is_ascii_digit() || matches!(b, b'A'..=b'F')));
    }
}
