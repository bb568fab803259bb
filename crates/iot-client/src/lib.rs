//! The platform's protocols from the outside: control plane, vault, token endpoint and data API, one
//! method per operation. The program's verbs and the tests of the server use it.
//!
//! This crate owns connections, signing, paging, retries and the reading of answers. It knows no
//! configuration file and no rule of the domain, and prints nothing. Nothing is connected before
//! the first call; one [`reqwest::Client`] keeps its connections open for all that share it.

mod answer;
mod breaker;
mod connect;
mod control;
mod data;
mod error;
mod events;
mod exchange;
mod form;
mod identity;
pub mod limits;
mod retry;
mod token;

pub use connect::{ClientIdentity, Trust, connect_tcp, http_client, tls_config};
pub use control::{AdapterQuery, ControlClient, InstanceQuery, Kind, ModelQuery};
pub use data::DataClient;
pub use error::ClientError;
pub use events::{EventStream, PastContent, PastValue, StreamEvent, StreamStart};
pub use identity::{Identity, InstanceMetadata, InstancePrincipal, InstanceRegion};
pub use retry::RetryPolicy;
pub use token::{TokenRequest, token_password};
