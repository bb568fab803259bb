//! Digital twin models written in DTDL version 3: parse, check, resolve.
//!
//! The way through: [`Interface::parse`] reads one document and reports everything that is wrong
//! with it at once, [`Interface::check_platform`] adds what the platform refuses although the
//! language allows it, and [`Model::resolve`] joins an interface with the ones it extends or
//! embeds into the flat list of elements that adapters map to.
//!
//! This crate does not store anything, does no IO and reads no clock: where a referenced
//! interface comes from is the caller's affair. Rules cite `adapters-and-models.md` part B.
//!
//! ```
//! let text = r#"{
//!   "@context": ["dtmi:dtdl:context;3", "dtmi:dtdl:extension:historization;1"],
//!   "@id": "dtmi:com:example:pump;1", "@type": "Interface",
//!   "contents": [{"@type": ["Telemetry", "Historized"], "name": "flow", "schema": "double"}]
//! }"#;
//! let interface = dtdl::Interface::parse(text)?;
//! let model = dtdl::Model::resolve(interface, &|_| None)?;
//! let (index, flow) = model.element("flow").expect("declared above");
//! assert_eq!((index, flow.historized), (0, true));
//! # Ok::<(), dtdl::Diagnostics>(())
//! ```

mod build;
mod check;
mod constraints;
mod context;
mod cotypes;
mod diagnostic;
mod diff;
mod dtmi;
mod graph;
mod interface;
mod json;
mod language;
mod limits;
mod locate;
mod metamodel;
mod model;
mod quantitative;
mod schema;
mod vocabulary;

pub use constraints::{Constraints, Pattern};
pub use diagnostic::{Diagnostic, Diagnostics, Position};
pub use diff::{Affected, Change, Difference, Level, diff};
pub use dtmi::{Dtmi, DtmiError};
pub use interface::{Content, ContentKind, Interface, RelationshipRules, ValueSpec};
pub use language::{LanguageOptions, LanguageReport, check_language};
pub use limits::DIAGNOSTICS_MAX;
pub use model::{Element, ElementKind, Model};
pub use schema::{
    ArraySchema, EnumSchema, EnumValue, Field, Geospatial, MapSchema, ObjectSchema, Primitive,
    Schema,
};
