//! One interface as its document says, before anything it refers to is joined in.

use std::sync::Arc;

use crate::constraints::Constraints;
use crate::diagnostic::{Diagnostic, Diagnostics, Pointer, code};
use crate::dtmi::Dtmi;
use crate::limits::TEXT_BYTES_MAX;
use crate::parse::Reader;
use crate::schema::Schema;

/// A parsed DTDL interface.
#[derive(Debug)]
pub struct Interface {
    /// Its `@id`.
    pub id: Dtmi,
    /// The English display name.
    pub display_name: Option<String>,
    /// The English description.
    pub description: Option<String>,
    /// Interfaces whose contents it inherits.
    pub extends: Vec<Dtmi>,
    /// Its own contents, in document order.
    pub contents: Vec<Content>,
    /// Interfaces that the document defines in place, inside `extends` or a component.
    pub embedded: Vec<Arc<Interface>>,
}

/// One member of an interface's contents.
#[derive(Debug)]
pub struct Content {
    /// Its name, unique in the interface.
    pub name: Arc<str>,
    /// What it is.
    pub kind: ContentKind,
    /// Where it stands in the document, as a JSON pointer.
    pub(crate) pointer: String,
}

/// What a member of an interface's contents is (B2).
#[derive(Debug)]
pub enum ContentKind {
    /// A value the device reports.
    Telemetry(ValueSpec),
    /// A value that describes the state; `writable` as the document says.
    Property {
        /// What its values look like.
        value: ValueSpec,
        /// May it be set from outside? The platform refuses that (B1).
        writable: bool,
    },
    /// A function of the device; carried, but never run by the platform.
    Command,
    /// A link to other twins.
    Relationship {
        /// The interface the other end must have, if restricted.
        target: Option<String>,
        /// May it be changed from outside?
        writable: bool,
    },
    /// An interface embedded under the component's name.
    Component {
        /// That interface.
        schema: Dtmi,
    },
}

/// What the values of an element look like.
#[derive(Debug, Clone)]
pub struct ValueSpec {
    /// Their schema.
    pub schema: Schema,
    /// Is each value to be kept as history (B5)?
    pub historized: bool,
    /// What they must satisfy besides (B7).
    pub constraints: Constraints,
}

impl Interface {
    /// Reads one document; the error lists everything that is wrong with it.
    ///
    /// ```
    /// let error = dtdl::Interface::parse(r#"{"@id": "placeholder", "@type": "Interface"}"#);
    /// assert_eq!(error.unwrap_err().0.len(), 2); // no context, and no valid identifier
    /// ```
    pub fn parse(text: &str) -> Result<Interface, Diagnostics> {
        // Editors on Windows begin a file with a byte order mark.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.len() > TEXT_BYTES_MAX {
            let message = format!("the model is larger than {TEXT_BYTES_MAX} bytes");
            return Err(single(code!("textTooLong"), message));
        }
        let value = serde_json::from_str(text).map_err(|error| {
            single(code!("notJson"), format!("the model is not valid JSON: {error}"))
        })?;
        let mut reader = Reader::default();
        let interface = reader.document(&value, &Pointer::Root);
        match interface {
            Some(interface) if reader.diagnostics.is_empty() => Ok(interface),
            _ => Err(Diagnostics(reader.diagnostics)),
        }
    }

    /// What the platform refuses although the language allows it (B1): properties and
    /// relationships that can be written from outside.
    pub fn check_platform(&self) -> Result<(), Diagnostics> {
        let mut diagnostics = Vec::new();
        let mut interfaces = vec![self];
        while let Some(interface) = interfaces.pop() {
            for content in &interface.contents {
                let writable = match content.kind {
                    ContentKind::Property { writable, .. } => writable,
                    ContentKind::Relationship { writable, .. } => writable,
                    _ => false,
                };
                if writable {
                    diagnostics.push(Diagnostic {
                        code: code!("valueNotExact"),
                        pointer: format!("{}/writable", content.pointer),
                        message: format!(
                            "`{}` of {} is writable, which is not supported; set `writable` to \
                             false or leave it out",
                            content.name, interface.id
                        ),
                    });
                }
            }
            interfaces.extend(interface.embedded.iter().map(Arc::as_ref));
        }
        if diagnostics.is_empty() { Ok(()) } else { Err(Diagnostics(diagnostics)) }
    }
}

fn single(code: &'static str, message: String) -> Diagnostics {
    Diagnostics(vec![Diagnostic { code, pointer: String::new(), message }])
}
