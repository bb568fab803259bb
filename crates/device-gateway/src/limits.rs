//! Every bound of the gateway, with its unit and its reason. What the platform bounds, it bounds
//! itself.

use std::num::NonZeroU16;
use std::time::Duration;

use platform::limits::{ENDPOINT_BYTES_MAX, INFLIGHT_MESSAGES_MAX, PAYLOAD_BYTES_MAX};

/// Connections of one listener at once.
pub(crate) const CONNECTIONS_MAX: usize = 100_000;

/// Largest packet before the log-in, bytes: a stranger gets no room for more than a CONNECT.
pub(crate) const CONNECT_BYTES_MAX: usize = 64 * 1024;

/// Properties of one packet, bytes, that fit beside the largest payload.
const PROPERTIES_BYTES: usize = 1024;

/// Largest packet after the log-in, bytes: a payload, a topic, properties and the header.
pub(crate) const PACKET_BYTES_MAX: usize =
    PAYLOAD_BYTES_MAX + ENDPOINT_BYTES_MAX + PROPERTIES_BYTES + 16;

/// Bytes asked of a quiet socket at once: a hundred thousand of them are idle most of the time.
pub(crate) const READ_BYTES_MIN: usize = 2 * 1024;
/// Bytes asked of a busy socket at once.
pub(crate) const READ_BYTES_MAX: usize = 64 * 1024;

/// TLS handshakes of one listener at once: each costs buffers and a good part of a millisecond.
pub(crate) const HANDSHAKES_MAX: usize = 1_000;

/// Bytes of one WebSocket message; a client may put several packets into one.
pub(crate) const WEBSOCKET_BYTES_MAX: usize = 1024 * 1024;
/// Bytes a WebSocket reads and writes at once.
pub(crate) const WEBSOCKET_BUFFER_BYTES: usize = 4 * 1024;

/// A TLS handshake takes a few round trips; more is somebody who holds the door.
pub(crate) const HANDSHAKE: Duration = Duration::from_secs(10);
/// The CONNECT arrives within this time.
pub(crate) const CONNECT: Duration = Duration::from_secs(10);
/// A device that does not read its acknowledgements for so long is cut off.
pub(crate) const WRITE: Duration = Duration::from_secs(10);
/// Unsettled messages get so long when the session ends.
pub(crate) const SETTLE: Duration = Duration::from_secs(10);
/// Saying good-bye on the transport.
pub(crate) const CLOSE: Duration = Duration::from_secs(2);
/// What sessions have left when the platform stops: to settle, to close, and some air.
pub(crate) const DRAIN: Duration = Duration::from_secs(15);
/// Pause when the system has no more file handles.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Messages of one device that may wait for their acknowledgement, told to MQTT 5.
pub(crate) const RECEIVE_MAX: NonZeroU16 = match NonZeroU16::new(INFLIGHT_MESSAGES_MAX as u16) {
    Some(count) => count,
    None => NonZeroU16::MAX,
};
