//! Digital twin model identifiers (B3).

use std::fmt;
use std::sync::Arc;

use crate::limits::{ID_BYTES_MAX, USER_ID_BYTES_MAX};

/// Identifiers that begin like this belong to the language.
const RESERVED_PREFIXES: [&str; 2] = ["dtmi:dtdl:", "dtmi:standard:"];

/// A valid DTMI such as `dtmi:com:example:pump;1.2`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Dtmi {
    text: Arc<str>,
    /// Where the path ends: the position of `;` or `#`, or the length.
    path_end: usize,
    /// Where the fragment begins: the position of `#`, or the length.
    fragment: usize,
    version: (u32, u32),
}

/// Why a text is no DTMI, or none that a user may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DtmiError {
    /// Longer than any identifier may be.
    #[error("identifier is longer than {USER_ID_BYTES_MAX} characters")]
    TooLong,
    /// Breaks the grammar.
    #[error("identifier is not a valid DTMI; expected something like dtmi:com:example:pump;1")]
    Invalid,
    /// Has a `#` part, which references may have but identifiers may not.
    #[error("identifier must not have a fragment")]
    Fragment,
    /// Lies in a name space of the language.
    #[error("identifiers that begin with dtmi:dtdl: or dtmi:standard: are reserved")]
    Reserved,
}

impl Dtmi {
    /// Checks a text against the grammar for identifiers that a user may choose.
    pub fn parse(text: &str) -> Result<Dtmi, DtmiError> {
        if text.len() > USER_ID_BYTES_MAX {
            return Err(DtmiError::TooLong);
        }
        let dtmi = Dtmi::parse_any(text)?;
        if !dtmi.labels().all(is_name) {
            return Err(DtmiError::Invalid);
        }
        if dtmi.fragment < text.len() {
            return Err(DtmiError::Fragment);
        }
        if RESERVED_PREFIXES.iter().any(|prefix| text.starts_with(prefix)) {
            return Err(DtmiError::Reserved);
        }
        Ok(dtmi)
    }

    /// Checks a text against the grammar of all identifiers: segments that begin with an
    /// underscore, a fragment and the language's own name spaces are fine as well.
    pub fn parse_any(text: &str) -> Result<Dtmi, DtmiError> {
        if text.len() > ID_BYTES_MAX {
            return Err(DtmiError::TooLong);
        }
        let (before, fragment) = match text.split_once('#') {
            Some((before, fragment)) => (before, Some(fragment)),
            None => (text, None),
        };
        if fragment.is_some_and(|fragment| !fragment.is_empty() && !is_segment(fragment)) {
            return Err(DtmiError::Invalid);
        }
        let (path, version) = match before.split_once(';') {
            Some((path, version)) => (path, parse_version(version).ok_or(DtmiError::Invalid)?),
            None => (before, (0, 0)),
        };
        let segments = path.strip_prefix("dtmi:").ok_or(DtmiError::Invalid)?;
        if !segments.split(':').all(is_segment) {
            return Err(DtmiError::Invalid);
        }
        let fragment = before.len();
        Ok(Dtmi { path_end: path.len(), fragment, text: text.into(), version })
    }

    /// The whole identifier.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The identifier without version and fragment.
    pub fn path(&self) -> &str {
        &self.text[..self.path_end]
    }

    /// The segments of the path, without the scheme.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.path().split(':').skip(1)
    }

    /// The part from `#` on; empty if there is none.
    pub fn fragment(&self) -> &str {
        &self.text[self.fragment..]
    }

    /// Does a segment or the fragment begin with an underscore, as only those do that are
    /// generated?
    pub fn is_system(&self) -> bool {
        self.labels().any(|label| label.starts_with('_')) || self.fragment().starts_with("#_")
    }

    /// Does it end with a version, as the identifier of a model must on the platform?
    pub fn has_version(&self) -> bool {
        self.path_end < self.fragment
    }

    /// Major and minor version; a missing part counts as zero (B3).
    pub fn version(&self) -> (u32, u32) {
        self.version
    }
}

impl fmt::Display for Dtmi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Dtmi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dtmi({})", self.text)
    }
}

/// Is it a name of an element or a segment a user may choose: a letter first, then letters, digits
/// and underscores, and no underscore last (B2, B3)?
pub(crate) fn is_name(text: &str) -> bool {
    text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) && is_segment(text)
}

/// Is it a DTMI of any sort?
pub(crate) fn is_dtmi(text: &str) -> bool {
    Dtmi::parse_any(text).is_ok()
}

/// A segment of any sort: as a name, but it may begin with an underscore.
fn is_segment(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(|first| !first.is_ascii_digit())
        && bytes.last() != Some(&b'_')
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    match text.split_once('.') {
        Some((major, minor)) => Some((parse_part(major, 9)?, parse_part(minor, 6)?)),
        None => Some((parse_part(text, 9)?, 0)),
    }
}

/// A positive number without leading zero.
fn parse_part(text: &str, digits_max: usize) -> Option<u32> {
    let plain = text.len() <= digits_max && text.bytes().all(|b| b.is_ascii_digit());
    if !plain || text.starts_with('0') { None } else { text.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(text: &str, path: &str, version: (u32, u32)) {
        let dtmi = Dtmi::parse(text).expect(text);
        assert_eq!((dtmi.as_str(), dtmi.path(), dtmi.version()), (text, path, version));
    }

    fn refuses(text: &str, error: DtmiError) {
        assert_eq!(Dtmi::parse(text), Err(error), "{text}");
    }

    #[test]
    fn grammar() {
        accepts("dtmi:com:example:pump;1", "dtmi:com:example:pump", (1, 0));
        accepts("dtmi:a;999999999.999999", "dtmi:a", (999_999_999, 999_999));
        accepts("dtmi:a_1:b2", "dtmi:a_1:b2", (0, 0));
        for text in [
            "placeholder",
            "",
            "dtmi:",
            "dtmi:a:;1",
            "dtmi:1a;1",
            "dtmi:a_;1",
            "dtmi:_a;1",
            "dtmi:a;0",
            "dtmi:a;01",
            "dtmi:a;1.0",
            "dtmi:a;1.",
            "dtmi:a;",
            "dtmi:a;1;2",
            "dtmi:a;1234567890",
            "dtmi:a;1.1234567",
            "dtmi:ä;1",
            "DTMI:a;1",
            "dtmi:a b;1",
        ] {
            refuses(text, DtmiError::Invalid);
        }
        refuses("dtmi:a;1#part", DtmiError::Fragment);
        refuses("dtmi:dtdl:a;1", DtmiError::Reserved);
        refuses("dtmi:standard:a;1", DtmiError::Reserved);
        refuses(&format!("dtmi:{};1", "a".repeat(2048)), DtmiError::TooLong);
        refuses("dtmi:a:_b#part", DtmiError::Invalid);
    }

    #[test]
    fn all_sorts() {
        let dtmi = Dtmi::parse_any("dtmi:dtdl:_b;1.2#_part").expect("valid");
        assert_eq!((dtmi.path(), dtmi.fragment()), ("dtmi:dtdl:_b", "#_part"));
        assert_eq!(dtmi.labels().collect::<Vec<_>>(), ["dtdl", "_b"]);
        assert!(dtmi.is_system());
        assert!(Dtmi::parse_any(&format!("dtmi:{};1", "a".repeat(4000))).is_ok());
        let long = Dtmi::parse_any(&format!("dtmi:{};1", "a".repeat(4096)));
        assert_eq!(long, Err(DtmiError::TooLong));
    }
}
