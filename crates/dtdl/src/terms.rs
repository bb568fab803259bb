//! The vocabulary: kinds of elements, their properties, and the types that extensions add.

/// The material type of a part of a document (B2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Interface,
    Telemetry,
    Property,
    Command,
    CommandRequest,
    CommandResponse,
    Relationship,
    Component,
    Array,
    Enum,
    EnumValue,
    Field,
    Map,
    MapKey,
    MapValue,
    Object,
}

/// Properties that every part may have.
const COMMON: [&str; 3] = ["comment", "description", "displayName"];

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

impl Kind {
    const ALL: [Kind; 16] = [
        Kind::Interface,
        Kind::Telemetry,
        Kind::Property,
        Kind::Command,
        Kind::CommandRequest,
        Kind::CommandResponse,
        Kind::Relationship,
        Kind::Component,
        Kind::Array,
        Kind::Enum,
        Kind::EnumValue,
        Kind::Field,
        Kind::Map,
        Kind::MapKey,
        Kind::MapValue,
        Kind::Object,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Interface => "Interface",
            Kind::Telemetry => "Telemetry",
            Kind::Property => "Property",
            Kind::Command => "Command",
            Kind::CommandRequest => "CommandRequest",
            Kind::CommandResponse => "CommandResponse",
            Kind::Relationship => "Relationship",
            Kind::Component => "Component",
            Kind::Array => "Array",
            Kind::Enum => "Enum",
            Kind::EnumValue => "EnumValue",
            Kind::Field => "Field",
            Kind::Map => "Map",
            Kind::MapKey => "MapKey",
            Kind::MapValue => "MapValue",
            Kind::Object => "Object",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    fn properties(self) -> &'static [&'static str] {
        match self {
            Kind::Interface => &["contents", "extends", "schemas"],
            Kind::Telemetry | Kind::CommandRequest | Kind::CommandResponse => &["name", "schema"],
            Kind::Field | Kind::MapKey | Kind::MapValue | Kind::Component => &["name", "schema"],
            Kind::Property => &["name", "schema", "writable"],
            Kind::Command => &["name", "request", "response", "commandType"],
            Kind::Relationship => {
                &["name", "target", "properties", "minMultiplicity", "maxMultiplicity", "writable"]
            }
            Kind::Array => &["elementSchema"],
            Kind::Enum => &["valueSchema", "enumValues"],
            Kind::EnumValue => &["name", "enumValue"],
            Kind::Map => &["mapKey", "mapValue"],
            Kind::Object => &["fields"],
        }
    }

    /// May this kind have the property, as far as the language without extensions goes?
    pub(crate) fn has_property(self, property: &str) -> bool {
        COMMON.contains(&property) || self.properties().contains(&property)
    }

    /// May keywords of the validation extension stand here (B7)? `Object` is on our own list
    /// besides the documented ones, since `required` can stand nowhere else in a reusable schema.
    pub(crate) fn takes_validation(self) -> bool {
        matches!(
            self,
            Kind::Array
                | Kind::CommandRequest
                | Kind::CommandResponse
                | Kind::Enum
                | Kind::Field
                | Kind::MapValue
                | Kind::Object
                | Kind::Property
                | Kind::Telemetry
        )
    }

    /// May a semantic type stand here (B6)?
    pub(crate) fn takes_quantity(self) -> bool {
        matches!(
            self,
            Kind::CommandRequest
                | Kind::CommandResponse
                | Kind::Field
                | Kind::MapValue
                | Kind::Property
                | Kind::Telemetry
        )
    }
}

/// Is it a property of some kind, or of some extension?
pub(crate) fn is_known_property(property: &str) -> bool {
    Kind::ALL.iter().any(|kind| kind.has_property(property))
        || VALIDATION.contains(&property)
        || matches!(property, "unit" | "annotates" | "overrides" | "languageMajorVersion")
}

/// Drops the long form of a term: `dtmi:dtdl:class:Telemetry;3` is `Telemetry`.
pub(crate) fn short<'t>(term: &'t str, prefix: &str) -> &'t str {
    let Some(rest) = term.strip_prefix(prefix) else {
        return term;
    };
    match rest.split_once(';') {
        Some((name, _)) => name,
        None => rest,
    }
}

/// Prefix of the long form of a kind.
pub(crate) const CLASS: &str = "dtmi:dtdl:class:";
/// Prefix of the long form of a property.
pub(crate) const PROPERTY: &str = "dtmi:dtdl:property:";
/// Prefix of the long form of a primitive schema.
pub(crate) const SCHEMA: &str = "dtmi:dtdl:instance:Schema:";
/// Prefix of the long form of a geospatial schema.
pub(crate) const GEOSPATIAL: &str = "dtmi:standard:schema:geospatial:";
/// Prefix of the long form of a command type.
pub(crate) const COMMAND_TYPE: &str = "dtmi:dtdl:instance:CommandType:";
