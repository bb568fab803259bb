//! Adapters: how a message of a device becomes values of a digital twin.
//!
//! [`Adapter::compile`] takes a definition in the API's JSON form and a model, and reports every
//! mistake with the field it is in. The compiled adapter is immutable and shared by all threads;
//! [`Adapter::normalise`] runs it on one message and always answers within bounded time: with
//! values, with a rejection (which is data, not an error), or with the part of the message that
//! belongs to another twin.
//!
//! This crate does no IO, knows no store and does not log. Times are microseconds since the epoch,
//! UTC (`_us`). Rules cite `adapters-and-models.md` part A.
//!
//! ```
//! use std::sync::Arc;
//! use adapter::{Adapter, Message, Outcome};
//!
//! let text = r#"{"@context": "dtmi:dtdl:context;3", "@id": "dtmi:com:example:pump;1",
//!   "@type": "Interface",
//!   "contents": [{"@type": "Telemetry", "name": "flow", "schema": "double"}]}"#;
//! let interface = dtdl::Interface::parse(text).expect("valid");
//! let model = Arc::new(dtdl::Model::resolve(interface, &|_| None).expect("complete"));
//! let adapter = Adapter::compile(model, None, None).expect("the default adapter");
//! let content = br#"{"flow": 22.10, "time": 1700000000000000}"#;
//! let message = Message { endpoint: "pumps/1", content, time_received_us: 0 };
//! let Outcome::Values(normalized) = adapter.normalise(&message) else { panic!("rejected") };
//! assert_eq!(normalized.time_observed_us, 1_700_000_000_000_000);
//! assert_eq!(normalized.values[0].value, "22.10");
//! ```

mod adapter;
mod coerce;
mod compact;
mod default_definition;
mod definition;
mod diagnostic;
mod document;
mod endpoint;
mod explain;
mod expression;
mod jq;
mod jsonpath;
pub mod language;
mod limits;
pub mod lint;
mod normalise;
mod outcome;
mod target;
mod time;
mod validate;

pub use adapter::Adapter;
pub use default_definition::default_definition;
pub use diagnostic::Diagnostic;
pub use explain::{
    Evaluated, Explanation, ExpressionTrace, Fault, FieldTrace, RouteState, RouteTrace, Verdict,
};
pub use outcome::{ContentValue, Delegation, Message, Normalized, Outcome, Rejection};
pub use validate::check_value;
