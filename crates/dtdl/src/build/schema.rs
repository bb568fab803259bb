//! Value schemas, built from their elements.

use std::sync::Arc;

use serde_json::Value;

use super::Builder;
use crate::constraints::Constraints;
use crate::cotypes::Cotype;
use crate::graph::Target;
use crate::metamodel::{Kind, SCHEMA_PREFIX};
use crate::quantitative::units_of_type;
use crate::schema::{
    ArraySchema, EnumSchema, EnumValue, Field, MapSchema, ObjectSchema, Primitive, Schema,
};
use crate::vocabulary::{property_of, term_of};

impl<'v> Builder<'_, 'v> {
    /// The schema that a property of an element leads to.
    pub(super) fn schema(&mut self, element: usize, property: &str) -> Option<Schema> {
        let links = &self.graph.elements[element].links;
        match links.iter().find(|link| link.property == property)?.target {
            Target::Predefined(term) => Schema::predefined(term).or_else(|| unit_enum(term)),
            Target::Element(schema) => self.complex(schema),
            _ => None,
        }
    }

    /// The keywords on an element. An opaque object's `required` joins them, since it has no
    /// fields that could carry it.
    pub(super) fn constraints(&self, element: usize, property: &str) -> Constraints {
        let mut constraints = Constraints::of(&self.graph.elements[element]);
        let target = self.graph.targets(element, property).next();
        if let Some(object) = target.filter(|target| self.is_opaque(*target)) {
            constraints.required.extend(Constraints::of(&self.graph.elements[object]).required);
        }
        constraints
    }

    /// Is it an object without declared fields?
    fn is_opaque(&self, element: usize) -> bool {
        let element = &self.graph.elements[element];
        let version = element.context.version;
        element.kind == Kind::Object
            && !element.object.keys().any(|key| property_of(key, version) == "fields")
    }

    fn complex(&mut self, element: usize) -> Option<Schema> {
        if let Some(schema) = self.schemas.get(&element) {
            return Some(schema.clone());
        }
        let schema = match self.graph.elements[element].kind {
            Kind::Array => Schema::Array(Arc::new(ArraySchema {
                element: self.schema(element, "elementSchema")?,
                item_constraints: self.constraints(element, "elementSchema"),
            })),
            Kind::Enum => Schema::Enum(Arc::new(self.enumeration(element))),
            Kind::Map => {
                let value = self.graph.targets(element, "mapValue").next()?;
                Schema::Map(Arc::new(MapSchema {
                    value: self.schema(value, "schema")?,
                    value_constraints: self.constraints(value, "schema"),
                }))
            }
            _ => Schema::Object(Arc::new(self.object(element))),
        };
        self.schemas.insert(element, schema.clone());
        Some(schema)
    }

    fn object(&mut self, index: usize) -> ObjectSchema {
        if self.is_opaque(index) {
            return ObjectSchema::default();
        }
        let required = Constraints::of(&self.graph.elements[index]).required;
        let fields: Vec<_> = self.graph.targets(index, "fields").collect();
        let mut field = |index: usize| {
            let element = &self.graph.elements[index];
            let name = element.name?;
            Some(Field {
                name: name.to_owned(),
                schema: self.schema(index, "schema")?,
                required: element.cotypes.contains(&Cotype::Required)
                    || required.iter().any(|required| required == name),
                constraints: self.constraints(index, "schema"),
            })
        };
        let fields = fields.into_iter().filter_map(&mut field).collect();
        ObjectSchema { fields: Some(fields) }
    }

    fn enumeration(&self, index: usize) -> EnumSchema {
        let element = &self.graph.elements[index];
        let term = element.literal("valueSchema").and_then(Value::as_str).unwrap_or_default();
        let value_schema = match term_of(term, SCHEMA_PREFIX, element.context.version) {
            "integer" => Primitive::Integer,
            _ => Primitive::String,
        };
        let member = |index: usize| {
            let element = &self.graph.elements[index];
            Some(EnumValue {
                name: element.name?.to_owned(),
                value: element.literal("enumValue")?.clone(),
            })
        };
        let values = self.graph.targets(index, "enumValues").filter_map(member).collect();
        EnumSchema { value_schema, values }
    }
}

/// A unit type as a schema: one of its units, by name.
fn unit_enum(unit_type: &str) -> Option<Schema> {
    let units = units_of_type(unit_type)?.iter();
    let values =
        units.map(|unit| EnumValue { name: unit.clone(), value: Value::from(unit.as_str()) });
    let value_schema = Primitive::String;
    Some(Schema::Enum(Arc::new(EnumSchema { value_schema, values: values.collect() })))
}
