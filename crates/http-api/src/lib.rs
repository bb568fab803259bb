//! The https listener: control plane, data API, tokens, device posts, health and metrics.
//!
//! Every module here translates: it reads a request, calls one use case of `platform`, and writes
//! the answer. Dispatch is by host name first (interface.md 2), then by path; the control plane's
//! paths come from the one table in `iot_api::operation`.

mod answer;
mod body;
mod control;
mod data;
mod device;
mod dispatch;
mod emulation;
mod health;
mod history;
mod listen;
mod openapi;
mod query;
mod retry;
mod signed;
mod token;
mod vault;
mod websocket;

pub use listen::serve;
pub use websocket::{MqttSessions, WebSocketBytes, accept_key};
