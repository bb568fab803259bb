//! Changes of schemas.

use super::{ALL, Affected, Changes, Level};
use crate::constraints::Constraints;
use crate::schema::{EnumSchema, ObjectSchema, Primitive, Schema};

/// Where in an element the comparison stands.
pub(super) struct Place<'c, 'p> {
    pub path: &'p str,
    /// Fields and items on the way down; empty for the element itself.
    pub within: String,
    pub changes: &'c mut Changes,
}

impl Place<'_, '_> {
    pub(super) fn add(
        &mut self,
        what: &'static str,
        message: &str,
        breaks: &[Affected],
        level: Level,
    ) {
        let message = match self.within.as_str() {
            "" => message.to_owned(),
            within => format!("{within}: {message}"),
        };
        self.changes.add(self.path, what, message, breaks, level);
    }

    /// Goes down into a part and comes back.
    fn inside(&mut self, part: &str, compare: impl FnOnce(&mut Place)) {
        let length = self.within.len();
        if length > 0 {
            self.within.push('/');
        }
        self.within.push_str(part);
        compare(self);
        self.within.truncate(length);
    }

    /// Compares two schemas.
    pub(super) fn schema(&mut self, before: &Schema, after: &Schema) {
        match (before, after) {
            (Schema::Primitive(before), Schema::Primitive(after)) => {
                self.primitive(*before, *after);
            }
            (Schema::Geospatial(before), Schema::Geospatial(after)) if before == after => {}
            (Schema::Array(before), Schema::Array(after)) => self.inside("items", |place| {
                place.schema(&before.element, &after.element);
                place.constraints(&before.item_constraints, &after.item_constraints);
            }),
            (Schema::Map(before), Schema::Map(after)) => self.inside("values", |place| {
                place.schema(&before.value, &after.value);
                place.constraints(&before.value_constraints, &after.value_constraints);
            }),
            (Schema::Enum(before), Schema::Enum(after)) => self.enumeration(before, after),
            (Schema::Object(before), Schema::Object(after)) => self.object(before, after),
            (before, after) => {
                let message = format!("schema was {before}, is {after}");
                self.add("changed", &message, &ALL, Level::Major);
            }
        }
    }

    fn primitive(&mut self, before: Primitive, after: Primitive) {
        use Primitive::{Double, Float, Integer, Long};
        if before == after {
            return;
        }
        let message = format!("schema was {}, is {}", before.as_str(), after.as_str());
        match (before, after) {
            (Integer, Long | Double) | (Float, Double) => {
                let message = format!("{message}; every old value fits");
                self.add("widened", &message, &[], Level::Minor);
            }
            _ => self.add("changed", &message, &ALL, Level::Major),
        }
    }

    fn enumeration(&mut self, before: &EnumSchema, after: &EnumSchema) {
        if before.value_schema != after.value_schema {
            let message = format!(
                "values were {}, are {}",
                before.value_schema.as_str(),
                after.value_schema.as_str()
            );
            return self.add("changed", &message, &ALL, Level::Major);
        }
        for old in &before.values {
            match after.values.iter().find(|new| new.value == old.value) {
                None => {
                    let message = format!("enum value {} (`{}`) was removed", old.value, old.name);
                    let breaks = [Affected::Content, Affected::Devices];
                    self.add("tightened", &message, &breaks, Level::Major);
                }
                Some(new) if new.name != old.name => {
                    let message = format!(
                        "enum value {} was called `{}`, is called `{}`",
                        old.value, old.name, new.name
                    );
                    self.add("changed", &message, &[], Level::Minor);
                }
                Some(_) => {}
            }
        }
        for new in &after.values {
            if !before.values.iter().any(|old| old.value == new.value) {
                let message = format!("enum value {} (`{}`) is new", new.value, new.name);
                self.add("relaxed", &message, &[], Level::Minor);
            }
        }
    }

    fn object(&mut self, before: &ObjectSchema, after: &ObjectSchema) {
        let (old, new) = match (&before.fields, &after.fields) {
            (Some(old), Some(new)) => (old, new),
            (None, None) => return,
            (Some(_), None) => {
                return self.add("relaxed", "takes any object now", &[], Level::Minor);
            }
            (None, Some(_)) => {
                let message = "took any object, takes only declared fields now";
                return self.add("tightened", message, &ALL, Level::Major);
            }
        };
        for field in old {
            let Some(other) = new.iter().find(|other| other.name == field.name) else {
                self.inside(&field.name, |place| {
                    place.add("removed", "field is not there any more", &ALL, Level::Major);
                });
                continue;
            };
            self.inside(&field.name, |place| {
                match (field.required, other.required) {
                    (false, true) => place.required(),
                    (true, false) => {
                        place.add("relaxed", "is not required any more", &[], Level::Minor);
                    }
                    _ => {}
                }
                place.schema(&field.schema, &other.schema);
                place.constraints(&field.constraints, &other.constraints);
            });
        }
        for field in new {
            if !old.iter().any(|other| other.name == field.name) {
                self.inside(&field.name, |place| match field.required {
                    true => place.required(),
                    false => place.add("added", "new field", &[], Level::Minor),
                });
            }
        }
    }

    fn required(&mut self) {
        self.add("tightened", "is required now", &ALL, Level::Major);
    }

    /// Compares the constraints of a value.
    pub(super) fn constraints(&mut self, before: &Constraints, after: &Constraints) {
        for (keyword, step) in super::constraint::steps(before, after) {
            let message = format!("`{keyword}` {}", step.text);
            match step.tightens {
                true => {
                    let breaks = [Affected::Content, Affected::Devices];
                    self.add("tightened", &message, &breaks, Level::Major);
                }
                false => self.add("relaxed", &message, &[], Level::Minor),
            }
        }
    }
}
