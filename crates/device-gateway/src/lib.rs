//! MQTT listeners and sessions of devices (devices.md 3): MQTT 3.1.1 and 5 over TLS, over WebSocket
//! and, on request, over plain TCP.
//!
//! An acknowledgement is written when the message and its outcome are on disk, never before.

mod limits;
mod listen;
mod session;
mod websocket;
mod wire;

pub use listen::{Listener, serve};
pub use session::Peer;
pub use websocket::{Bytestream, serve_websocket};
