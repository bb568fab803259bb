//! The codec, and the checks it leaves to us. Nothing outside names its types.

mod frame;
mod properties;
mod strict;
mod v3;
mod v5;

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};
use rmqtt_codec::error::DecodeError;
use rmqtt_codec::version::{ProtocolVersion, VersionCodec};
use tokio_util::codec::Decoder as _;

use crate::limits::{CONNECT_BYTES_MAX, PACKET_BYTES_MAX};

/// Reason codes of MQTT 5 that we give.
pub(crate) mod code {
    pub const SUCCESS: u8 = 0x00;
    pub const MALFORMED: u8 = 0x81;
    pub const PROTOCOL: u8 = 0x82;
    pub const VERSION: u8 = 0x84;
    pub const CLIENT_ID: u8 = 0x85;
    pub const CREDENTIALS: u8 = 0x86;
    pub const NOT_AUTHORIZED: u8 = 0x87;
    pub const UNAVAILABLE: u8 = 0x88;
    pub const SHUTTING_DOWN: u8 = 0x8b;
    pub const AUTH_METHOD: u8 = 0x8c;
    pub const KEEP_ALIVE: u8 = 0x8d;
    pub const TAKEN_OVER: u8 = 0x8e;
    pub const TOPIC_NAME: u8 = 0x90;
    pub const RECEIVE_MAXIMUM: u8 = 0x93;
    pub const TOPIC_ALIAS: u8 = 0x94;
    pub const TOO_LARGE: u8 = 0x95;
    pub const TOO_FAST: u8 = 0x96;
    pub const ADMINISTRATIVE: u8 = 0x98;
}

/// CONNACK of MQTT 3.1.1 with "unacceptable protocol version".
const CONNACK_VERSION: &[u8] = &[0x20, 0x02, 0x00, 0x01];

/// The versions that are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// 3.1.1
    V3,
    /// 5
    V5,
}

/// What a client sent, checked.
#[derive(Debug, PartialEq)]
pub(crate) enum Received {
    Connect(Box<Connect>),
    /// A CONNECT of a version that is not served; the answer to it.
    Unacceptable(&'static [u8]),
    Publish(Publish),
    /// PUBREL
    Release(u16),
    /// PUBREC of a message, though none is sent at QoS 2
    Stray(u16),
    /// PUBACK; above 0x7f the device does not take the message.
    Acknowledge {
        packet_id: u16,
        reason: u8,
    },
    Subscribe {
        packet_id: u16,
        /// Subscription identifier.
        id: Option<u32>,
        /// Well-formed filters and the QoS asked for.
        filters: Vec<(String, u8)>,
    },
    Unsubscribe {
        packet_id: u16,
        filters: Vec<String>,
    },
    Ping,
    Disconnect {
        with_will: bool,
        /// A new session expiry interval, seconds.
        session_expiry_s: Option<u32>,
    },
    /// Something that needs no answer.
    Nothing,
}

/// A log-in.
#[derive(Debug, PartialEq)]
pub(crate) struct Connect {
    /// May be empty.
    pub client_id: String,
    pub clean_start: bool,
    /// Seconds that the session outlives the connection; `u32::MAX` is for ever.
    pub session_expiry_s: u32,
    pub keep_alive_s: u16,
    pub user: Option<String>,
    pub password: Option<Bytes>,
    /// Its `packet_id` is `None`.
    pub will: Option<Publish>,
    /// Seconds between the loss of the connection and the will.
    pub will_delay_s: u32,
    /// Messages the client wants unacknowledged at most.
    pub receive_max: u16,
}

/// A message. `packet_id` is `None` at QoS 0.
#[derive(Debug, PartialEq)]
pub(crate) struct Publish {
    pub topic: String,
    pub content_type: Option<String>,
    pub payload: Bytes,
    pub packet_id: Option<u16>,
    /// QoS 2: the packet id stays in use until it is released.
    pub exactly_once: bool,
}

/// A message to the device.
#[derive(Debug)]
pub(crate) struct Outgoing<'a> {
    pub topic: &'a str,
    pub content_type: Option<&'a str>,
    pub payload: Bytes,
    /// `None` at QoS 0.
    pub packet_id: Option<u16>,
    /// It was sent before.
    pub dup: bool,
    pub subscription_ids: &'a [u32],
}

/// The answer to a good CONNECT.
#[derive(Debug)]
pub(crate) struct Accepted<'a> {
    pub session_present: bool,
    /// The client id that was made for a client without one.
    pub assigned_client_id: Option<&'a str>,
}

/// A packet that closes the connection.
#[derive(Debug, PartialEq)]
pub(crate) struct Violation {
    /// The label it is counted under.
    pub label: &'static str,
    /// Reason code of MQTT 5.
    pub code: u8,
    /// For the log, and for the device if it speaks MQTT 5.
    pub why: Cow<'static, str>,
}

impl Violation {
    /// A violation counted under its own label.
    pub fn new(label: &'static str, code: u8, why: impl Into<Cow<'static, str>>) -> Violation {
        Violation { label, code, why: why.into() }
    }

    /// Bytes that are not a packet.
    pub fn malformed(why: impl Into<Cow<'static, str>>) -> Violation {
        Violation::new("protocol", code::MALFORMED, why)
    }

    /// A packet that must not come, or not now.
    pub fn protocol(why: impl Into<Cow<'static, str>>) -> Violation {
        Violation::new("protocol", code::PROTOCOL, why)
    }
}

impl From<DecodeError> for Violation {
    fn from(error: DecodeError) -> Violation {
        Violation::malformed(error.to_string())
    }
}

enum Codec {
    /// Before the CONNECT.
    Unknown,
    V3(v3::Wire),
    V5(Box<v5::Wire>),
}

/// One connection's stream of packets.
pub(crate) struct Wire {
    codec: Codec,
    connected: bool,
}

impl Wire {
    /// A stream before its CONNECT.
    pub fn new() -> Wire {
        Wire { codec: Codec::Unknown, connected: false }
    }

    /// The version, once the CONNECT began.
    pub fn version(&self) -> Option<Version> {
        match self.codec {
            Codec::Unknown => None,
            Codec::V3(_) => Some(Version::V3),
            Codec::V5(_) => Some(Version::V5),
        }
    }

    /// The next packet of the buffer, if it is complete. An error closes the connection.
    pub fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<Received>, Violation> {
        let bytes_max = if self.connected { PACKET_BYTES_MAX } else { CONNECT_BYTES_MAX };
        let is_connect = match buffer.first() {
            None => return Ok(None),
            Some(first) => first >> 4 == frame::kind::CONNECT,
        };
        if !self.connected && !is_connect {
            return Err(Violation::protocol("CONNECT must be the first packet"));
        }
        let Some(frame) = frame::find(buffer, bytes_max)? else { return Ok(None) };
        if self.connected && is_connect {
            return Err(Violation::protocol("a second CONNECT"));
        }
        if let Codec::Unknown = self.codec {
            match VersionCodec.decode(buffer) {
                Ok(Some(ProtocolVersion::MQTT3)) => self.codec = Codec::V3(v3::Wire::new()),
                Ok(Some(ProtocolVersion::MQTT5)) => self.codec = Codec::V5(Box::default()),
                Err(DecodeError::InvalidProtocol) if is_mqtt(&buffer[frame.header..]) => {
                    return Ok(Some(Received::Unacceptable(CONNACK_VERSION)));
                }
                Ok(None) => return Err(Violation::malformed("a CONNECT that is too short")),
                Err(error) => return Err(error.into()),
            }
        }
        let body = &buffer[frame.header..frame.header + frame.body];
        let received = match &mut self.codec {
            Codec::Unknown => unreachable_version(),
            Codec::V3(wire) => {
                // Level 3 has another form and another answer.
                if self.connected || body.starts_with(b"\0\x04MQTT\x04") {
                    strict::check(Version::V3, frame, body)?;
                }
                wire.decode(buffer)
            }
            Codec::V5(wire) => {
                strict::check(Version::V5, frame, body)?;
                wire.decode(buffer)
            }
        }?;
        self.connected = true;
        Ok(Some(received))
    }

    /// CONNACK with success.
    pub fn connack(&mut self, accepted: &Accepted<'_>, buffer: &mut BytesMut) {
        match &mut self.codec {
            Codec::Unknown => {}
            Codec::V3(wire) => wire.connack(code::SUCCESS, accepted.session_present, buffer),
            Codec::V5(wire) => wire.connack(accepted, buffer),
        }
    }

    /// CONNACK with a refusal. MQTT 3.1.1 has few codes: what it has no word for stays unanswered.
    pub fn refuse(&mut self, code: u8, why: &str, buffer: &mut BytesMut) {
        match &mut self.codec {
            Codec::Unknown => {}
            Codec::V3(wire) => wire.connack(code, false, buffer),
            Codec::V5(wire) => wire.refuse(code, why, buffer),
        }
    }

    /// SUBACK with a granted QoS or a reason code for each filter.
    pub fn suback(&mut self, packet_id: u16, granted: &[u8], buffer: &mut BytesMut) {
        match &mut self.codec {
            Codec::Unknown => {}
            Codec::V3(wire) => wire.suback(packet_id, granted, buffer),
            Codec::V5(wire) => wire.suback(packet_id, granted, buffer),
        }
    }

    /// UNSUBACK; `existed` for each filter.
    pub fn unsuback(&mut self, packet_id: u16, existed: &[bool], buffer: &mut BytesMut) {
        match &mut self.codec {
            Codec::Unknown => {}
            Codec::V3(wire) => wire.unsuback(packet_id, buffer),
            Codec::V5(wire) => wire.unsuback(packet_id, existed, buffer),
        }
    }

    /// PINGRESP.
    pub fn pong(&mut self, buffer: &mut BytesMut) {
        match &mut self.codec {
            Codec::Unknown => {}
            Codec::V3(wire) => wire.pong(buffer),
            Codec::V5(wire) => wire.pong(buffer),
        }
    }

    /// PUBACK, or PUBREC for a message that is kept exactly once. Codes above 0x7f exist in MQTT 5
    /// only.
    pub fn acknowledge(&mut self, packet_id: u16, qos_2: bool, code: u8, buffer: &mut BytesMut) {
        match &mut self.codec {
            Codec::Unknown => {}
            Codec::V3(wire) => wire.acknowledge(packet_id, qos_2, buffer),
            Codec::V5(wire) => wire.acknowledge(packet_id, qos_2, code, buffer),
        }
    }

    /// PUBCOMP, also for a packet id that is not in use: the device may have missed an earlier one.
    pub fn complete(&mut self, packet_id: u16, buffer: &mut BytesMut) {
        match &mut self.codec {
            Codec::Unknown => {}
            Codec::V3(wire) => wire.complete(packet_id, buffer),
            Codec::V5(wire) => wire.complete(packet_id, buffer),
        }
    }

    /// PUBREL: the answer to every PUBREC, so that the device can forget the packet id.
    pub fn release(&mut self, packet_id: u16, buffer: &mut BytesMut) {
        match &self.codec {
            Codec::Unknown => {}
            Codec::V3(_) | Codec::V5(_) => {
                let [high, low] = packet_id.to_be_bytes();
                buffer.extend_from_slice(&[0x62, 2, high, low]);
            }
        }
    }

    /// PUBLISH; false when it is larger than the device takes.
    #[must_use]
    pub fn publish(&mut self, message: Outgoing<'_>, buffer: &mut BytesMut) -> bool {
        match &mut self.codec {
            Codec::Unknown => false,
            Codec::V3(wire) => wire.publish(message, buffer),
            Codec::V5(wire) => wire.publish(message, buffer),
        }
    }

    /// DISCONNECT with a reason, which only MQTT 5 has.
    pub fn disconnect(&mut self, code: u8, why: &str, buffer: &mut BytesMut) {
        if let Codec::V5(wire) = &mut self.codec {
            wire.disconnect(code, why, buffer);
        }
    }
}

/// The version is decided before anything else is read.
fn unreachable_version() -> Result<Received, Violation> {
    Err(Violation::protocol("CONNECT must be the first packet"))
}

/// Whether a CONNECT of an unknown level names MQTT.
fn is_mqtt(body: &[u8]) -> bool {
    body.starts_with(b"\0\x04MQTT")
}

/// The codec refused to write a packet of ours.
fn cannot_encode(error: &rmqtt_codec::error::EncodeError) {
    tracing::error!(?error, "cannot encode a packet");
}

/// Whether a topic, as it would be kept without its leading slash, is one of those that begin with
/// `$`: nobody may publish there (devices.md 3).
pub(crate) fn is_system(topic: &str) -> bool {
    topic.strip_prefix('/').unwrap_or(topic).starts_with('$')
}

fn check_topic(topic: &str) -> Result<(), Violation> {
    if topic.contains(['+', '#']) {
        return Err(Violation::malformed("a wildcard in a topic"));
    }
    if topic.chars().any(char::is_control) {
        return Err(Violation::malformed("a control character in a topic"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
