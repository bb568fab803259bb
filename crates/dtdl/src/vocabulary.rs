//! Terms and identifiers: which word in a document means what (B2, B3).

use crate::dtmi::is_dtmi;
use crate::metamodel::{CLASS_PREFIX, Kind, PROPERTY_PREFIX};

/// Keywords of the validation extension (B7).
pub(crate) const VALIDATION: [&str; 14] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "enum",
    "const",
    "minItems",
    "maxItems",
    "uniqueItems",
    "required",
];

/// Words of the language that name neither a kind nor a property nor a schema one can use.
const OTHER: [&str; 14] = [
    "Entity",
    "NamedEntity",
    "Content",
    "Schema",
    "ComplexSchema",
    "PrimitiveSchema",
    "NumericSchema",
    "TemporalSchema",
    "CommandPayload",
    "CommandType",
    "languageMajorVersion",
    "supportedLanguages",
    "synchronous",
    "asynchronous",
];

/// What a word that is no property or type of its element is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stray {
    /// Neither an identifier nor a word.
    Malformed,
    /// Begins like an identifier and breaks its grammar.
    BadIdentifier,
    /// A word or identifier that means something, but not here.
    Irrelevant,
    /// A word without meaning.
    Undefined,
}

/// Classifies a word that has no meaning where it stands.
pub(crate) fn stray(word: &str) -> Stray {
    if word.starts_with("dtmi:") {
        return if is_dtmi(word) { Stray::Irrelevant } else { Stray::BadIdentifier };
    }
    if word.is_empty() || word.contains(':') || word.contains(char::is_whitespace) {
        return Stray::Malformed;
    }
    let known = Kind::ALL.iter().any(|kind| {
        kind.name() == word || kind.properties().iter().any(|property| property.name == word)
    });
    if known || OTHER.contains(&word) || crate::schema::Schema::predefined(word).is_some() {
        return Stray::Irrelevant;
    }
    Stray::Undefined
}

/// The kind a type names, by its term or its identifier in that version of the language.
pub(crate) fn kind_of(word: &str, version: u8) -> Option<Kind> {
    let name = term_of(word, CLASS_PREFIX, version);
    Kind::ALL.into_iter().find(|kind| kind.name() == name)
}

/// The term of a property, given as such or as an identifier.
pub(crate) fn property_of(key: &str, version: u8) -> &str {
    term_of(key, PROPERTY_PREFIX, version)
}

/// `prefix` + term + `;version` gives the term; anything else is left alone.
pub(crate) fn term_of<'w>(word: &'w str, prefix: &str, version: u8) -> &'w str {
    match word.strip_prefix(prefix).and_then(|rest| rest.split_once(';')) {
        Some((term, "3")) if version == 3 => term,
        Some((term, "2")) if version == 2 => term,
        _ => word,
    }
}
