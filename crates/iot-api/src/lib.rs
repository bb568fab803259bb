//! The wire shapes of the OCI IoT API `20250531`, of its data API and of its token endpoint,
//! shared by the server (`http-api`) and the client (`iot-client`).
//!
//! This crate owns names, members, codes and paths, and nothing else: no IO, no clock, no rule of
//! the domain. Times are RFC 3339 strings in UTC with six fraction digits (`…T21:31:40.123456Z`).

pub mod adapters;
pub mod commands;
pub mod data;
pub mod domains;
pub mod error;
pub mod flow_runtimes;
pub mod history;
pub mod instances;
pub mod list;
pub mod models;
pub mod null;
mod object;
pub mod openapi;
pub mod operation;
pub mod relationships;
pub mod tags;
pub mod token;
pub mod vault;
pub mod work_requests;

pub use error::{ErrorBody, ErrorCode};
pub use list::Collection;
pub use null::Nullable;
pub use operation::Operation;
pub use tags::Tags;

/// Path prefix of the control plane (control-plane.md 1.1).
pub const CONTROL_PATH: &str = "/20250531";

/// Path prefix of what this platform offers on the host of the control plane beside OCI's
/// operations.
pub const PLATFORM_PATH: &str = "/platform/v1";
