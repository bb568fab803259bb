//! MQTT listeners and sessions of devices (devices.md 3): MQTT 3.1.1, QoS 0 and 1, over TLS or, on
//! request, over plain TCP.
//!
//! A PUBACK is written when the message and its outcome are on disk, never before.

mod limits;
mod listen;
mod session;
mod wire;

pub use listen::{Listener, serve};
