//! Terms and identifiers: which word in a document means what (B2, B3).

use crate::dtmi::{Dtmi, DtmiError};
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
const OTHER: [&str; 38] = [
    "AdjunctType",
    "Alias",
    "aliasFor",
    "asynchronous",
    "Boolean",
    "CommandPayload",
    "CommandType",
    "ComplexSchema",
    "Content",
    "Date",
    "DateTime",
    "Double",
    "DtdlExtension",
    "Duration",
    "Entity",
    "exponent",
    "Float",
    "Integer",
    "languageMajorVersion",
    "LatentType",
    "Long",
    "metamodel",
    "model",
    "NamedEntity",
    "NamedLatentType",
    "NumericSchema",
    "PrimitiveSchema",
    "Schema",
    "SchemaField",
    "SemanticType",
    "SemanticUnit",
    "String",
    "symbol",
    "synchronous",
    "TemporalSchema",
    "Time",
    "Unit",
    "UnitAttribute",
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
        let is_user = !matches!(Dtmi::parse(word), Err(DtmiError::Invalid | DtmiError::Fragment));
        return if is_user { Stray::Irrelevant } else { Stray::BadIdentifier };
    }
    if word.contains(':') {
        return Stray::Malformed;
    }
    let known = Kind::ALL.iter().any(|kind| {
        kind.name() == word || kind.properties().iter().any(|property| property.name == word)
    });
    if known
        || OTHER.contains(&word)
        || is_extension_word(word)
        || crate::schema::Schema::predefined(word).is_some()
    {
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

/// Does an extension add the word? It is known then, though its context may be missing.
fn is_extension_word(word: &str) -> bool {
    VALIDATION.contains(&word) || matches!(word, "unit" | "annotates" | "overrides")
}
