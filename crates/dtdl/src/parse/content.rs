//! Members of an interface: telemetry, properties, commands, relationships and components (B2).

use std::collections::HashSet;

use serde_json::Value;

use super::{Part, Reader, plural};
use crate::diagnostic::{Pointer, code};
use crate::interface::{Content, ContentKind, ValueSpec};
use crate::limits::USER_ID_BYTES_MAX;
use crate::terms::{COMMAND_TYPE, Kind, short};

const CONTENTS: [Kind; 5] =
    [Kind::Telemetry, Kind::Property, Kind::Command, Kind::Relationship, Kind::Component];

impl<'v> Reader<'v> {
    /// All members; `None` after a finding in one of them, for then the list is incomplete.
    pub(crate) fn contents(
        &mut self,
        value: Option<&'v Value>,
        at: &Pointer,
    ) -> Option<Vec<Content>> {
        let mut contents: Vec<Content> = Vec::new();
        let mut names = HashSet::new();
        let mut complete = true;
        for (i, value) in plural(value).iter().enumerate() {
            let at = at.index(i);
            let extensions = self.extensions;
            let content = self.content(value, &at);
            self.extensions = extensions;
            match content {
                Some(content) if !names.insert(content.name.clone()) => {
                    let message = format!("the name `{}` is used twice", content.name);
                    self.report(code!("nonUniquePropertyValue"), &at.key("name"), message);
                }
                Some(content) => contents.push(content),
                None => complete = false,
            }
        }
        complete.then_some(contents)
    }

    fn content(&mut self, value: &'v Value, at: &Pointer) -> Option<Content> {
        let part = self.part(value, at, &CONTENTS, None)?;
        self.texts(&part, at);
        let name = self.name(&part, at);
        let kind = match part.kind {
            Kind::Telemetry => self.value_spec(&part, at).map(ContentKind::Telemetry),
            Kind::Property => {
                let writable = self.writable(&part, at);
                self.value_spec(&part, at).map(|value| ContentKind::Property { value, writable })
            }
            Kind::Command => self.command(&part, at),
            Kind::Relationship => self.relationship(&part, at),
            _ => self.component(&part, at),
        };
        Some(Content { name: name?.into(), kind: kind?, pointer: at.to_string() })
    }

    /// The schema of an element's values and what the co-types say about them.
    pub(crate) fn value_spec(&mut self, part: &Part<'v>, at: &Pointer) -> Option<ValueSpec> {
        let Some(value) = part.get("schema") else {
            self.missing("schema", at);
            return None;
        };
        let (schema, _) = self.schema(value, &at.key("schema"), 0)?;
        if part.quantity().is_some() && !schema.is_numeric() {
            let message = "a semantic type needs one of the schemas double, float, integer, long";
            self.report(code!("notRequiredType"), &at.key("schema"), message);
        }
        let constraints = self.constraints(part.object, Some(&schema), at);
        Some(ValueSpec { schema, historized: part.has_cotype("Historized"), constraints })
    }

    fn writable(&mut self, part: &Part<'v>, at: &Pointer) -> bool {
        match part.get("writable") {
            None => false,
            Some(Value::Bool(writable)) => *writable,
            Some(_) => {
                let message = "`writable` must be true or false";
                self.report(code!("booleanNotBoolean"), &at.key("writable"), message);
                false
            }
        }
    }

    fn command(&mut self, part: &Part<'v>, at: &Pointer) -> Option<ContentKind> {
        if let Some(kind) = part.get("commandType")
            && !matches!(
                kind.as_str().map(|kind| short(kind, COMMAND_TYPE)),
                Some("synchronous" | "asynchronous")
            )
        {
            let message = "`commandType` must be `synchronous` or `asynchronous`";
            self.report(code!("badDtmiOrTerm"), &at.key("commandType"), message);
        }
        let payloads = [("request", Kind::CommandRequest), ("response", Kind::CommandResponse)];
        for (property, kind) in payloads {
            let Some(value) = part.get(property) else {
                continue;
            };
            let at = at.key(property);
            let payload = self.part(value, &at, &[kind], Some(kind))?;
            self.texts(&payload, &at);
            self.name(&payload, &at);
            self.value_spec(&payload, &at);
        }
        Some(ContentKind::Command)
    }

    fn relationship(&mut self, part: &Part<'v>, at: &Pointer) -> Option<ContentKind> {
        let target = match part.get("target") {
            None => None,
            Some(Value::String(target)) => {
                self.user_dtmi(target, &at.key("target"));
                Some(target.clone())
            }
            Some(_) => {
                let message = format!(
                    "`target` must be an identifier of up to {USER_ID_BYTES_MAX} characters"
                );
                self.report(code!("badDtmiOrTerm"), &at.key("target"), message);
                None
            }
        };
        for (property, fits) in
            [("minMultiplicity", (|n| n == 0) as fn(i64) -> bool), ("maxMultiplicity", |n| n >= 1)]
        {
            let Some(value) = part.get(property) else {
                continue;
            };
            let at = at.key(property);
            match value.as_i64() {
                Some(n) if fits(n) => {}
                Some(_) => {
                    let message = "`minMultiplicity` must be 0 and `maxMultiplicity` at least 1";
                    self.report(code!("valueNotExact"), &at, message);
                }
                None => self.report(
                    code!("integerNotInteger"),
                    &at,
                    format!("`{property}` must be an integer"),
                ),
            }
        }
        let writable = self.writable(part, at);
        let at_properties = at.key("properties");
        let mut names = HashSet::new();
        for (i, value) in plural(part.get("properties")).iter().enumerate() {
            let at = at_properties.index(i);
            let property = self.part(value, &at, &[Kind::Property], None)?;
            self.texts(&property, &at);
            self.writable(&property, &at);
            self.value_spec(&property, &at);
            if let Some(name) = self.name(&property, &at)
                && !names.insert(name)
            {
                let message = format!("the name `{name}` is used twice");
                self.report(code!("nonUniquePropertyValue"), &at.key("name"), message);
            }
        }
        Some(ContentKind::Relationship { target, writable })
    }

    fn component(&mut self, part: &Part<'v>, at: &Pointer) -> Option<ContentKind> {
        let Some(value) = part.get("schema") else {
            self.missing("schema", at);
            return None;
        };
        let schema = self.interface_reference(value, &at.key("schema"))?;
        Some(ContentKind::Component { schema })
    }
}
