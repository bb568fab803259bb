//! The metamodel as a table: which kind of element has which properties, and what each property
//! may hold (B2). Everything the checker does on an element follows from here.

/// The material type of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

/// A property that a kind of element may have.
pub(crate) struct PropertyRule {
    /// Its term.
    pub name: &'static str,
    /// What it holds.
    pub value: ValueRule,
    /// Must it be there?
    pub required: bool,
}

/// What a property holds.
pub(crate) enum ValueRule {
    /// A text, which must look like a name if asked.
    Text {
        /// Letters, digits and underscores only?
        is_name: bool,
    },
    /// A text in one or more languages.
    Localized,
    /// `true` or `false`.
    Boolean,
    /// A number within bounds.
    Integer {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
    },
    /// The value of an enum's member, which the enum's value schema decides.
    EnumValue,
    /// A DTMI that need not be defined anywhere.
    Identifier,
    /// One of a few predefined elements, whose identifiers begin with the prefix.
    Predefined {
        /// Their terms.
        terms: &'static [&'static str],
        /// What their identifiers begin with.
        prefix: &'static str,
    },
    /// Elements, written in place or referred to.
    Elements(Slot),
}

/// A place for elements.
pub(crate) struct Slot {
    /// Kinds that fit.
    pub kinds: &'static [Kind],
    /// May there be several?
    pub plural: bool,
    /// May `@type` be left out, since only one kind fits?
    pub implied: bool,
    /// Do the predefined schemas fit as well?
    pub predefined: bool,
    /// Must each have an `@id`?
    pub id_required: bool,
    /// May they be written in version 2 of the language?
    pub version_2: bool,
}

/// What the identifiers of predefined schemas begin with.
pub(crate) const SCHEMA_PREFIX: &str = "dtmi:dtdl:instance:Schema:";
/// What the identifiers of geospatial schemas begin with.
pub(crate) const GEOSPATIAL_PREFIX: &str = "dtmi:standard:schema:geospatial:";
/// What the identifiers of kinds begin with.
pub(crate) const CLASS_PREFIX: &str = "dtmi:dtdl:class:";
/// What the identifiers of properties begin with.
pub(crate) const PROPERTY_PREFIX: &str = "dtmi:dtdl:property:";

const COMPLEX: &[Kind] = &[Kind::Array, Kind::Enum, Kind::Map, Kind::Object];
const CONTENTS: &[Kind] =
    &[Kind::Telemetry, Kind::Property, Kind::Command, Kind::Relationship, Kind::Component];

const fn rule(name: &'static str, value: ValueRule, required: bool) -> PropertyRule {
    PropertyRule { name, value, required }
}

/// Several elements that name their kind.
const fn set_of(kinds: &'static [Kind], version_2: bool) -> ValueRule {
    ValueRule::Elements(Slot {
        kinds,
        plural: true,
        implied: false,
        predefined: false,
        id_required: false,
        version_2,
    })
}

/// Elements of one kind that may leave their type out.
const fn implied(kinds: &'static [Kind], plural: bool) -> ValueRule {
    ValueRule::Elements(Slot {
        kinds,
        plural,
        implied: true,
        predefined: false,
        id_required: false,
        version_2: false,
    })
}

const fn any_schema() -> ValueRule {
    ValueRule::Elements(Slot {
        kinds: COMPLEX,
        plural: false,
        implied: false,
        predefined: true,
        id_required: false,
        version_2: true,
    })
}

const COMMENT: PropertyRule = rule("comment", ValueRule::Text { is_name: false }, false);
const DESCRIPTION: PropertyRule = rule("description", ValueRule::Localized, false);
const DISPLAY_NAME: PropertyRule = rule("displayName", ValueRule::Localized, false);
const NAME: PropertyRule = rule("name", ValueRule::Text { is_name: true }, true);
const SCHEMA: PropertyRule = rule("schema", any_schema(), true);
const WRITABLE: PropertyRule = rule("writable", ValueRule::Boolean, false);

/// The rule of a property, if that kind of element may have it.
pub(crate) fn property_rule(kind: Kind, property: &str) -> Option<&'static PropertyRule> {
    kind.properties().iter().find(|rule| rule.name == property)
}

static INTERFACE: &[PropertyRule] = &[
    COMMENT,
    DESCRIPTION,
    DISPLAY_NAME,
    rule("contents", set_of(CONTENTS, true), false),
    rule("extends", set_of(&[Kind::Interface], true), false),
    rule(
        "schemas",
        ValueRule::Elements(Slot {
            kinds: COMPLEX,
            plural: true,
            implied: false,
            predefined: false,
            id_required: true,
            version_2: false,
        }),
        false,
    ),
];
static VALUED: &[PropertyRule] = &[COMMENT, DESCRIPTION, DISPLAY_NAME, NAME, SCHEMA];
static PROPERTY: &[PropertyRule] = &[COMMENT, DESCRIPTION, DISPLAY_NAME, NAME, SCHEMA, WRITABLE];
static COMMAND: &[PropertyRule] = &[
    COMMENT,
    DESCRIPTION,
    DISPLAY_NAME,
    NAME,
    rule("request", implied(&[Kind::CommandRequest], false), false),
    rule("response", implied(&[Kind::CommandResponse], false), false),
    rule(
        "commandType",
        ValueRule::Predefined {
            terms: &["synchronous", "asynchronous"],
            prefix: "dtmi:dtdl:instance:CommandType:",
        },
        false,
    ),
];
static RELATIONSHIP: &[PropertyRule] = &[
    COMMENT,
    DESCRIPTION,
    DISPLAY_NAME,
    NAME,
    rule("target", ValueRule::Identifier, false),
    rule("properties", set_of(&[Kind::Property], true), false),
    rule("minMultiplicity", ValueRule::Integer { min: 0, max: 0 }, false),
    rule("maxMultiplicity", ValueRule::Integer { min: 1, max: i32::MAX as i64 }, false),
    WRITABLE,
];
static COMPONENT: &[PropertyRule] = &[
    COMMENT,
    DESCRIPTION,
    DISPLAY_NAME,
    NAME,
    rule(
        "schema",
        ValueRule::Elements(Slot {
            kinds: &[Kind::Interface],
            plural: false,
            implied: false,
            predefined: false,
            id_required: false,
            version_2: true,
        }),
        true,
    ),
];
static ARRAY: &[PropertyRule] =
    &[COMMENT, DESCRIPTION, DISPLAY_NAME, rule("elementSchema", any_schema(), true)];
static ENUM: &[PropertyRule] = &[
    COMMENT,
    DESCRIPTION,
    DISPLAY_NAME,
    rule(
        "valueSchema",
        ValueRule::Predefined { terms: &["integer", "string"], prefix: SCHEMA_PREFIX },
        true,
    ),
    rule("enumValues", implied(&[Kind::EnumValue], true), false),
];
static ENUM_VALUE: &[PropertyRule] =
    &[COMMENT, DESCRIPTION, DISPLAY_NAME, NAME, rule("enumValue", ValueRule::EnumValue, true)];
static MAP: &[PropertyRule] = &[
    COMMENT,
    DESCRIPTION,
    DISPLAY_NAME,
    rule("mapKey", implied(&[Kind::MapKey], false), true),
    rule("mapValue", implied(&[Kind::MapValue], false), true),
];
static MAP_KEY: &[PropertyRule] = &[
    COMMENT,
    DESCRIPTION,
    DISPLAY_NAME,
    NAME,
    rule("schema", ValueRule::Predefined { terms: &["string"], prefix: SCHEMA_PREFIX }, true),
];
static OBJECT: &[PropertyRule] =
    &[COMMENT, DESCRIPTION, DISPLAY_NAME, rule("fields", implied(&[Kind::Field], true), false)];

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Kind; 16] = [
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

    /// Its term.
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

    /// The properties it may have.
    pub(crate) fn properties(self) -> &'static [PropertyRule] {
        match self {
            Kind::Interface => INTERFACE,
            Kind::Telemetry
            | Kind::CommandRequest
            | Kind::CommandResponse
            | Kind::Field
            | Kind::MapValue => VALUED,
            Kind::Property => PROPERTY,
            Kind::Command => COMMAND,
            Kind::Relationship => RELATIONSHIP,
            Kind::Component => COMPONENT,
            Kind::Array => ARRAY,
            Kind::Enum => ENUM,
            Kind::EnumValue => ENUM_VALUE,
            Kind::Map => MAP,
            Kind::MapKey => MAP_KEY,
            Kind::Object => OBJECT,
        }
    }

    /// Is it a complex schema?
    pub(crate) fn is_complex_schema(self) -> bool {
        COMPLEX.contains(&self)
    }
}
