//! Value schemas: predefined, reusable, or written in place (B2).

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;

use super::{Part, Reader, Reusable, plural};
use crate::diagnostic::{Pointer, code};
use crate::limits::SCHEMA_DEPTH_MAX;
use crate::schema::{
    ArraySchema, EnumSchema, EnumValue, Field, MapSchema, ObjectSchema, Primitive, Schema,
};
use crate::terms::{GEOSPATIAL, Kind, SCHEMA, short};

const COMPLEX: [Kind; 4] = [Kind::Array, Kind::Enum, Kind::Map, Kind::Object];

/// A schema with the levels of complex schemas it contains, itself included.
type Measured = (Schema, usize);

impl<'v> Reader<'v> {
    /// A schema `depth` levels below an element.
    pub(crate) fn schema(
        &mut self,
        value: &'v Value,
        at: &Pointer,
        depth: usize,
    ) -> Option<Measured> {
        let measured = match value {
            Value::String(name) => self.named_schema(name, at)?,
            value => {
                if depth >= SCHEMA_DEPTH_MAX {
                    self.too_deep(at);
                    return None;
                }
                let extensions = self.extensions;
                let schema = self.complex_schema(value, at, depth);
                self.extensions = extensions;
                schema?
            }
        };
        if depth + measured.1 > SCHEMA_DEPTH_MAX {
            self.too_deep(at);
            return None;
        }
        Some(measured)
    }

    fn too_deep(&mut self, at: &Pointer) {
        let message = format!("schemas are nested more than {SCHEMA_DEPTH_MAX} levels deep");
        self.report(code!("excessiveDepthNarrow"), at, message);
    }

    fn named_schema(&mut self, name: &str, at: &Pointer) -> Option<Measured> {
        let plain = short(short(name, SCHEMA), GEOSPATIAL);
        if let Some(schema) = Schema::predefined(plain) {
            return Some((schema, 0));
        }
        if self.schemas.contains_key(name) {
            return self.reusable_schema(name, at);
        }
        let message = format!(
            "schema `{name}` is neither predefined nor among the `schemas` of the interface"
        );
        self.report(code!("badDtmiOrTerm"), at, message);
        None
    }

    /// Reads an entry of `schemas`, once.
    pub(crate) fn reusable_schema(&mut self, id: &str, at: &Pointer) -> Option<Measured> {
        match self.schemas.insert(id.to_owned(), Reusable::Open)? {
            Reusable::Unread(value, pointer) => {
                let extensions = self.extensions;
                let schema = self.complex_schema(value, &Pointer::Text(&pointer), 0);
                self.extensions = extensions;
                self.schemas.insert(id.to_owned(), Reusable::Read(schema.clone()));
                schema
            }
            Reusable::Open => {
                let message = format!("schema `{id}` contains itself");
                self.report(code!("recursiveStructureNarrow"), at, message);
                None
            }
            Reusable::Read(schema) => {
                self.schemas.insert(id.to_owned(), Reusable::Read(schema.clone()));
                schema
            }
        }
    }

    fn complex_schema(&mut self, value: &'v Value, at: &Pointer, depth: usize) -> Option<Measured> {
        let part = self.part(value, at, &COMPLEX, None)?;
        self.texts(&part, at);
        let (schema, below) = match part.kind {
            Kind::Array => self.array(&part, at, depth)?,
            Kind::Enum => (self.enumeration(&part, at)?, 0),
            Kind::Map => self.map(&part, at, depth)?,
            _ => self.object(&part, at, depth)?,
        };
        Some((schema, below + 1))
    }

    fn array(&mut self, part: &Part<'v>, at: &Pointer, depth: usize) -> Option<Measured> {
        let Some(value) = part.get("elementSchema") else {
            self.missing("elementSchema", at);
            return None;
        };
        let (element, below) = self.schema(value, &at.key("elementSchema"), depth + 1)?;
        let item_constraints = self.constraints(part.object, Some(&element), at);
        Some((Schema::Array(Arc::new(ArraySchema { element, item_constraints })), below))
    }

    fn map(&mut self, part: &Part<'v>, at: &Pointer, depth: usize) -> Option<Measured> {
        let (Some(key), Some(value)) = (part.get("mapKey"), part.get("mapValue")) else {
            self.missing("mapKey` or `mapValue", at);
            return None;
        };
        let at_key = at.key("mapKey");
        let key = self.part(key, &at_key, &[Kind::MapKey], Some(Kind::MapKey))?;
        self.texts(&key, &at_key);
        self.name(&key, &at_key);
        if key.get("schema").and_then(Value::as_str).map(|name| short(name, SCHEMA))
            != Some("string")
        {
            let message = "the schema of a map key must be `string`";
            self.report(code!("valueNotExact"), &at_key.key("schema"), message);
        }
        let at_value = at.key("mapValue");
        let (_, schema, below, value_constraints, _) =
            self.named_value(value, &at_value, Kind::MapValue, depth)?;
        Some((Schema::Map(Arc::new(MapSchema { value: schema, value_constraints })), below))
    }

    fn object(&mut self, part: &Part<'v>, at: &Pointer, depth: usize) -> Option<Measured> {
        let Some(value) = part.get("fields") else {
            return Some((Schema::Object(Arc::default()), 0));
        };
        let required = self.constraints(part.object, None, at).required;
        let at = at.key("fields");
        let mut fields: Vec<Field> = Vec::new();
        let mut names = HashSet::new();
        let mut deepest = 0;
        for (i, value) in plural(Some(value)).iter().enumerate() {
            let at = at.index(i);
            let (name, schema, below, constraints, is_required) =
                self.named_value(value, &at, Kind::Field, depth)?;
            if !names.insert(name) {
                let message = format!("the name `{name}` is used twice");
                self.report(code!("nonUniquePropertyValue"), &at.key("name"), message);
            }
            deepest = deepest.max(below);
            fields.push(Field {
                name: name.to_owned(),
                schema,
                required: is_required || required.iter().any(|required| required == name),
                constraints,
            });
        }
        Some((Schema::Object(Arc::new(ObjectSchema { fields: Some(fields) })), deepest))
    }

    /// A field or a map value: name, schema, levels, constraints, and whether it is `Required`.
    fn named_value(
        &mut self,
        value: &'v Value,
        at: &Pointer,
        kind: Kind,
        depth: usize,
    ) -> Option<(&'v str, Schema, usize, crate::constraints::Constraints, bool)> {
        let part = self.part(value, at, &[kind], Some(kind))?;
        self.texts(&part, at);
        let name = self.name(&part, at);
        let Some(value) = part.get("schema") else {
            self.missing("schema", at);
            return None;
        };
        let (schema, below) = self.schema(value, &at.key("schema"), depth + 1)?;
        if part.quantity().is_some() && !schema.is_numeric() {
            let message = "a semantic type needs one of the schemas double, float, integer, long";
            self.report(code!("notRequiredType"), &at.key("schema"), message);
        }
        let constraints = self.constraints(part.object, Some(&schema), at);
        Some((name?, schema, below, constraints, part.has_cotype("Required")))
    }

    fn enumeration(&mut self, part: &Part<'v>, at: &Pointer) -> Option<Schema> {
        let value_schema = part.get("valueSchema").and_then(Value::as_str);
        let value_schema = match value_schema.map(|name| short(name, SCHEMA)) {
            Some("integer") => Primitive::Integer,
            Some("string") => Primitive::String,
            _ => {
                let message = "`valueSchema` of an enum must be `integer` or `string`";
                self.report(code!("badDtmiOrTerm"), &at.key("valueSchema"), message);
                return None;
            }
        };
        let at = at.key("enumValues");
        let mut values: Vec<EnumValue> = Vec::new();
        let (mut names, mut texts) = (HashSet::new(), HashSet::new());
        for (i, value) in plural(part.get("enumValues")).iter().enumerate() {
            let at = at.index(i);
            let part = self.part(value, &at, &[Kind::EnumValue], Some(Kind::EnumValue))?;
            self.texts(&part, &at);
            let name = self.name(&part, &at);
            let value = part.get("enumValue").unwrap_or(&Value::Null);
            let fits = match value_schema {
                Primitive::Integer => value.as_i64().is_some_and(|n| i32::try_from(n).is_ok()),
                _ => value.is_string(),
            };
            if !fits {
                let message = format!("`enumValue` must be of schema {}", value_schema.as_str());
                self.report(code!("nonConformantDatatype"), &at, message);
                continue;
            }
            let name = name?;
            if !names.insert(name) | !texts.insert(value.to_string()) {
                let message = "names and values of an enum must be unique";
                self.report(code!("nonUniquePropertyValue"), &at, message);
            }
            values.push(EnumValue { name: name.to_owned(), value: value.clone() });
        }
        Some(Schema::Enum(Arc::new(EnumSchema { value_schema, values })))
    }
}
