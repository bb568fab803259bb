//! Interfaces: the document itself, and those defined in place inside it.

use std::sync::Arc;

use serde_json::Value;

use super::{Reader, Reusable, plural};
use crate::diagnostic::{Pointer, code};
use crate::dtmi::Dtmi;
use crate::interface::Interface;
use crate::limits::INTERFACE_ID_BYTES_MAX;
use crate::terms::Kind;

impl<'v> Reader<'v> {
    /// The one interface of a document.
    pub(crate) fn document(&mut self, value: &'v Value, at: &Pointer) -> Option<Interface> {
        let value = match value {
            // An array of one is the same as the one.
            Value::Array(values) if values.len() == 1 => &values[0],
            Value::Array(_) => {
                let message = "the model must be exactly one interface";
                self.report(code!("notJsonObject"), at, message);
                return None;
            }
            value => value,
        };
        self.document_context(value.get("@context"), at);
        self.interface(value, at)
    }

    fn interface(&mut self, value: &'v Value, at: &Pointer) -> Option<Interface> {
        let part = self.part(value, at, &[Kind::Interface], None)?;
        let id = match part.object.get("@id") {
            Some(Value::String(text)) if text.len() > INTERFACE_ID_BYTES_MAX => {
                let message = format!("`@id` is longer than {INTERFACE_ID_BYTES_MAX} characters");
                self.report(code!("idTooLongForType"), &at.key("@id"), message);
                None
            }
            // A malformed one has been reported with the part.
            Some(value) => value.as_str().and_then(|text| Dtmi::parse(text).ok()),
            None => {
                self.report(code!("missingTopLevelId"), at, "`@id` is missing");
                None
            }
        };
        let (display_name, description) = self.texts(&part, at);

        // Reusable schemas belong to one interface (B2), also when that is defined in place.
        let outer = std::mem::take(&mut self.schemas);
        self.declare_schemas(part.get("schemas"), &at.key("schemas"));
        let contents = self.contents(part.get("contents"), &at.key("contents"));
        self.read_unused_schemas();
        self.schemas = outer;

        let mut extends = Vec::new();
        let at_extends = at.key("extends");
        for (i, value) in plural(part.get("extends")).iter().enumerate() {
            extends.extend(self.interface_reference(value, &at_extends.index(i)));
        }
        Some(Interface {
            id: id?,
            display_name,
            description,
            extends,
            contents: contents?,
            embedded: if matches!(at, Pointer::Root) {
                std::mem::take(&mut self.embedded)
            } else {
                Vec::new()
            },
        })
    }

    /// An interface by its identifier, or defined in place.
    pub(crate) fn interface_reference(&mut self, value: &'v Value, at: &Pointer) -> Option<Dtmi> {
        match value {
            Value::String(text) => self.user_dtmi(text, at),
            Value::Object(object) if object.len() == 1 && object.contains_key("@id") => {
                self.report(code!("idReference"), at, "write the identifier itself, as a string");
                None
            }
            _ => {
                let extensions = self.extensions;
                let interface = self.interface(value, at);
                self.extensions = extensions;
                let interface = Arc::new(interface?);
                let id = interface.id.clone();
                self.embedded.push(interface);
                Some(id)
            }
        }
    }

    fn declare_schemas(&mut self, schemas: Option<&'v Value>, at: &Pointer) {
        for (i, value) in plural(schemas).iter().enumerate() {
            let at = at.index(i);
            match value.get("@id").and_then(Value::as_str) {
                Some(id) => {
                    let entry = Reusable::Unread(value, at.to_string());
                    if self.schemas.insert(id.to_owned(), entry).is_some() {
                        let message = format!("`{id}` is defined twice");
                        self.report(code!("duplicateDefinition"), &at, message);
                    }
                }
                None => {
                    let message = "a reusable schema needs an `@id`";
                    self.report(code!("missingRequiredId"), &at, message);
                }
            }
        }
    }

    /// Reads the reusable schemas nobody used, only for their mistakes.
    fn read_unused_schemas(&mut self) {
        let unread = |(id, entry): (&String, &Reusable)| {
            matches!(entry, Reusable::Unread(..)).then(|| id.clone())
        };
        let ids: Vec<_> = self.schemas.iter().filter_map(unread).collect();
        for id in ids {
            self.reusable_schema(&id, &Pointer::Root);
        }
    }
}
