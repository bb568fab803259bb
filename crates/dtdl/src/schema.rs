//! What values of an element look like (B2).

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::constraints::Constraints;

/// A value schema; complex ones are shared, since a reusable schema may occur many times.
#[derive(Debug, Clone)]
pub enum Schema {
    /// A single value.
    Primitive(Primitive),
    /// A GeoJSON geometry.
    Geospatial(Geospatial),
    /// A list of values of one schema.
    Array(Arc<ArraySchema>),
    /// One of a list of values.
    Enum(Arc<EnumSchema>),
    /// Values under keys that the sender chooses.
    Map(Arc<MapSchema>),
    /// Values under declared names.
    Object(Arc<ObjectSchema>),
}

/// Primitive schemas of version 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Primitive {
    /// `true` or `false`.
    Boolean,
    /// Full date of ISO 8601.
    Date,
    /// Date and time with zone, RFC 3339.
    DateTime,
    /// 8-byte floating point.
    Double,
    /// Duration of ISO 8601.
    Duration,
    /// 4-byte floating point.
    Float,
    /// 4-byte signed integer.
    Integer,
    /// 8-byte signed integer.
    Long,
    /// Text.
    String,
    /// Time of day with zone, RFC 3339.
    Time,
}

impl Primitive {
    /// All of them.
    pub const ALL: [Primitive; 10] = [
        Primitive::Boolean,
        Primitive::Date,
        Primitive::DateTime,
        Primitive::Double,
        Primitive::Duration,
        Primitive::Float,
        Primitive::Integer,
        Primitive::Long,
        Primitive::String,
        Primitive::Time,
    ];

    /// The name in a document.
    pub fn as_str(self) -> &'static str {
        match self {
            Primitive::Boolean => "boolean",
            Primitive::Date => "date",
            Primitive::DateTime => "dateTime",
            Primitive::Double => "double",
            Primitive::Duration => "duration",
            Primitive::Float => "float",
            Primitive::Integer => "integer",
            Primitive::Long => "long",
            Primitive::String => "string",
            Primitive::Time => "time",
        }
    }

    /// Is it one of `double`, `float`, `integer`, `long`?
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Double | Self::Float | Self::Integer | Self::Long)
    }
}

/// Geospatial schemas: GeoJSON geometries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Geospatial {
    /// One position.
    Point,
    /// Several positions.
    MultiPoint,
    /// A line.
    LineString,
    /// Several lines.
    MultiLineString,
    /// An area.
    Polygon,
    /// Several areas.
    MultiPolygon,
}

impl Geospatial {
    /// All of them.
    pub const ALL: [Geospatial; 6] = [
        Geospatial::Point,
        Geospatial::MultiPoint,
        Geospatial::LineString,
        Geospatial::MultiLineString,
        Geospatial::Polygon,
        Geospatial::MultiPolygon,
    ];

    /// The name in a document.
    pub fn as_str(self) -> &'static str {
        match self {
            Geospatial::Point => "point",
            Geospatial::MultiPoint => "multiPoint",
            Geospatial::LineString => "lineString",
            Geospatial::MultiLineString => "multiLineString",
            Geospatial::Polygon => "polygon",
            Geospatial::MultiPolygon => "multiPolygon",
        }
    }
}

/// A list of values of one schema.
#[derive(Debug)]
pub struct ArraySchema {
    /// Schema of each item.
    pub element: Schema,
    /// What each item must satisfy besides (B7).
    pub item_constraints: Constraints,
}

/// One of a list of values.
#[derive(Debug)]
pub struct EnumSchema {
    /// `integer` or `string`.
    pub value_schema: Primitive,
    /// The allowed values, in document order.
    pub values: Vec<EnumValue>,
}

/// An allowed value of an enum.
#[derive(Debug, Clone, PartialEq)]
pub struct EnumValue {
    /// Its name.
    pub name: String,
    /// A JSON string or integer, as the enum's value schema says.
    pub value: Value,
}

/// Values under keys that the sender chooses.
#[derive(Debug)]
pub struct MapSchema {
    /// Schema of each value.
    pub value: Schema,
    /// What each value must satisfy besides (B7).
    pub value_constraints: Constraints,
}

/// Values under declared names.
#[derive(Debug, Default)]
pub struct ObjectSchema {
    /// The declared fields; `None` when the document declares none, which leaves the object
    /// opaque (A7).
    pub fields: Option<Vec<Field>>,
}

/// A field of an object.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Schema of its value.
    pub schema: Schema,
    /// Must it be there (`Required`, B8)?
    pub required: bool,
    /// What its value must satisfy besides (B7).
    pub constraints: Constraints,
}

impl Schema {
    /// Is it a numeric primitive?
    pub fn is_numeric(&self) -> bool {
        matches!(self, Schema::Primitive(primitive) if primitive.is_numeric())
    }

    /// The predefined schema of that name; `None` if the name means none.
    pub fn predefined(name: &str) -> Option<Schema> {
        let primitive = Primitive::ALL.iter().find(|p| p.as_str() == name);
        let geospatial = || Geospatial::ALL.iter().find(|g| g.as_str() == name);
        primitive
            .map(|p| Schema::Primitive(*p))
            .or_else(|| geospatial().map(|g| Schema::Geospatial(*g)))
    }
}

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Schema::Primitive(primitive) => primitive.as_str(),
            Schema::Geospatial(geospatial) => geospatial.as_str(),
            Schema::Array(_) => "Array",
            Schema::Enum(_) => "Enum",
            Schema::Map(_) => "Map",
            Schema::Object(_) => "Object",
        })
    }
}
