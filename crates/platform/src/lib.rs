//! The platform's use cases: what happens when somebody creates a model, logs in as a device,
//! sends a message, asks for a token or reads data.
//!
//! One module per resource or duty. The crate knows no socket and no SQL: edges call it, and it
//! calls the [`store::Store`] port, which a backend implements. All times are UTC microseconds since the epoch
//! (`_us`).

pub mod adapters;
pub mod certificates;
mod changes;
pub mod clock;
pub mod commands;
mod content;
mod current;
pub mod data;
pub mod domain_groups;
pub mod domains;
pub mod emulation;
pub mod error;
pub mod events;
pub mod first_start;
pub mod flow_runtimes;
pub mod history;
pub mod identity;
pub mod ingest;
pub mod instances;
pub mod limits;
pub mod list;
pub mod metrics;
pub mod models;
pub mod names;
mod page_ends;
mod platform;
pub mod relationships;
pub mod retention;
pub mod retries;
pub mod sessions;
pub mod store;
pub mod tokens;
pub mod topics;
pub mod turns;
mod validate;
pub mod vault;
pub mod work;

pub use changes::Target;
pub use current::Current;
pub use error::Refusal;
pub use platform::Platform;
pub use validate::{Asked, Findings};
