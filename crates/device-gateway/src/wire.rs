//! The codec, and the checks it leaves to us. Nothing else names its types.

use std::num::NonZeroU16;

use bytes::{Bytes, BytesMut};
use rmqtt_codec::error::DecodeError;
use rmqtt_codec::types::QoS;
use rmqtt_codec::v3::{self, Codec, ConnectAck, ConnectAckReason, Packet, SubscribeReturnCode};
use rmqtt_codec::version::{ProtocolVersion, VersionCodec};
use tokio_util::codec::{Decoder as _, Encoder as _};

use crate::filter;
use crate::limits::{CONNECT_BYTES_MAX, PACKET_BYTES_MAX};

/// CONNACK of MQTT 5 with "unsupported protocol version" (0x84).
const CONNACK_V5_UNSUPPORTED: &[u8] = &[0x20, 0x03, 0x00, 0x84, 0x00];
/// CONNACK with "unacceptable protocol version".
const CONNACK_VERSION: &[u8] = &[0x20, 0x02, 0x00, 0x01];
/// CONNACK with "identifier rejected".
const CONNACK_IDENTIFIER: &[u8] = &[0x20, 0x02, 0x00, 0x02];

/// What a client sent, checked.
#[derive(Debug, PartialEq)]
pub(crate) enum Received {
    Connect(Connect),
    /// A CONNECT that is answered with these bytes, then closed.
    Unacceptable {
        answer: &'static [u8],
        why: &'static str,
    },
    Publish(Publish),
    Subscribe {
        packet_id: u16,
        /// In the order of the filters; `None` is one that is refused.
        granted: Vec<Option<u8>>,
    },
    Unsubscribe {
        packet_id: u16,
    },
    Ping,
    Disconnect,
}

/// A log-in.
#[derive(Debug, PartialEq)]
pub(crate) struct Connect {
    /// Empty only with a clean session.
    pub client_id: String,
    pub keep_alive_s: u16,
    pub credentials: Option<(String, Bytes)>,
    /// Its `packet_id` is `None`.
    pub will: Option<Publish>,
}

/// A message. `packet_id` is `None` at QoS 0.
#[derive(Debug, PartialEq)]
pub(crate) struct Publish {
    pub topic: String,
    pub payload: Bytes,
    pub packet_id: Option<u16>,
}

/// Why a connection is answered with a refusal.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Refused {
    Unavailable,
    BadCredentials,
    NotAuthorized,
}

/// A packet that closes the connection.
#[derive(Debug, PartialEq)]
pub(crate) struct Violation {
    /// The label it is counted under.
    pub reason: &'static str,
    /// For the log.
    pub why: String,
}

impl From<&'static str> for Violation {
    fn from(why: &'static str) -> Violation {
        Violation { reason: "protocol", why: why.to_owned() }
    }
}

impl From<DecodeError> for Violation {
    fn from(error: DecodeError) -> Violation {
        let reason = match error {
            DecodeError::MaxSizeExceeded { .. } => "too_large",
            _ => "protocol",
        };
        Violation { reason, why: error.to_string() }
    }
}

/// The state of one connection's stream.
pub(crate) struct Wire {
    codec: Codec,
    version_known: bool,
    connected: bool,
}

impl Wire {
    /// A stream before its CONNECT.
    pub fn new() -> Wire {
        let codec = Codec::new(CONNECT_BYTES_MAX);
        Wire { codec, version_known: false, connected: false }
    }

    /// The next packet of the buffer, if it is complete. An error closes the connection.
    pub fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<Received>, Violation> {
        if !self.version_known {
            match VersionCodec.decode(buffer) {
                Ok(None) => return Ok(None),
                Ok(Some(ProtocolVersion::MQTT3)) => self.version_known = true,
                Ok(Some(ProtocolVersion::MQTT5)) => {
                    return Ok(other_version(CONNACK_V5_UNSUPPORTED));
                }
                Err(DecodeError::InvalidProtocol) if is_mqtt(buffer) => {
                    return Ok(other_version(CONNACK_VERSION));
                }
                Err(DecodeError::UnsupportedPacketType) => {
                    return Err("CONNECT must be the first packet".into());
                }
                Err(error) => return Err(error.into()),
            }
        }
        let (packet, length) = match self.codec.decode(buffer) {
            Ok(None) => return Ok(None),
            Ok(Some(decoded)) => decoded,
            // The codec knows it from the missing clean session.
            Err(DecodeError::InvalidClientId) if !self.connected => {
                let why = "an empty client id needs a clean session";
                return Ok(Some(Received::Unacceptable { answer: CONNACK_IDENTIFIER, why }));
            }
            Err(error) => return Err(error.into()),
        };
        if std::mem::replace(&mut self.connected, true) == matches!(packet, Packet::Connect(_)) {
            return Err("CONNECT must be the first packet, and only the first".into());
        }
        self.codec.set_max_size(PACKET_BYTES_MAX);
        check(packet, length).map(Some)
    }

    /// CONNACK with return code 0; the platform keeps no session yet.
    pub fn connack(&mut self, buffer: &mut BytesMut) {
        self.put(connack(ConnectAckReason::ConnectionAccepted), buffer);
    }

    /// CONNACK with a refusal.
    pub fn refuse(&mut self, refused: Refused, buffer: &mut BytesMut) {
        let reason = match refused {
            Refused::Unavailable => ConnectAckReason::ServiceUnavailable,
            Refused::BadCredentials => ConnectAckReason::BadUserNameOrPassword,
            Refused::NotAuthorized => ConnectAckReason::NotAuthorized,
        };
        self.put(connack(reason), buffer);
    }

    /// SUBACK; `None` is a filter that was refused.
    pub fn suback(&mut self, packet_id: u16, granted: &[Option<u8>], buffer: &mut BytesMut) {
        let status = granted.iter().map(|granted| match granted {
            None => SubscribeReturnCode::Failure,
            Some(0) => SubscribeReturnCode::Success(QoS::AtMostOnce),
            Some(_) => SubscribeReturnCode::Success(QoS::AtLeastOnce),
        });
        if let Some(packet_id) = NonZeroU16::new(packet_id) {
            self.put(Packet::SubscribeAck { packet_id, status: status.collect() }, buffer);
        }
    }

    /// UNSUBACK.
    pub fn unsuback(&mut self, packet_id: u16, buffer: &mut BytesMut) {
        if let Some(packet_id) = NonZeroU16::new(packet_id) {
            self.put(Packet::UnsubscribeAck { packet_id }, buffer);
        }
    }

    /// PINGRESP.
    pub fn pong(&mut self, buffer: &mut BytesMut) {
        self.put(Packet::PingResponse, buffer);
    }

    /// PUBACK.
    pub fn puback(&mut self, packet_id: u16, buffer: &mut BytesMut) {
        if let Some(packet_id) = NonZeroU16::new(packet_id) {
            self.put(Packet::PublishAck { packet_id }, buffer);
        }
    }

    fn put(&mut self, packet: Packet, buffer: &mut BytesMut) {
        if let Err(error) = self.codec.encode(packet, buffer) {
            tracing::error!(?error, "cannot encode a packet");
        }
    }
}

fn connack(return_code: ConnectAckReason) -> Packet {
    Packet::ConnectAck(ConnectAck { return_code, session_present: false })
}

fn other_version(answer: &'static [u8]) -> Option<Received> {
    Some(Received::Unacceptable { answer, why: "only MQTT 3.1.1 is served" })
}

/// Whether a CONNECT of an unknown level names MQTT; its length takes one to four bytes.
fn is_mqtt(buffer: &[u8]) -> bool {
    (2..=5).any(|start| buffer.get(start..start + 6) == Some(b"\0\x04MQTT"))
}

fn check(packet: Packet, length: u32) -> Result<Received, Violation> {
    match packet {
        Packet::Connect(connect) => check_connect(*connect, length),
        Packet::Publish(publish) => {
            check_topic(&publish.topic)?;
            let packet_id = match publish.qos {
                QoS::AtMostOnce if publish.dup => return Err("dup at QoS 0".into()),
                QoS::AtMostOnce => None,
                QoS::AtLeastOnce => publish.packet_id.map(NonZeroU16::get),
                QoS::ExactlyOnce => {
                    let why = "QoS 2 is not available".to_owned();
                    return Err(Violation { reason: "qos2_not_available", why });
                }
            };
            let (topic, payload) = (publish.topic.to_string(), publish.payload);
            Ok(Received::Publish(Publish { topic, payload, packet_id }))
        }
        Packet::Subscribe { packet_id, topic_filters } if !topic_filters.is_empty() => {
            let granted = topic_filters
                .iter()
                .map(|(topic, qos)| filter::is_valid(topic).then(|| qos.value().min(1)))
                .collect();
            Ok(Received::Subscribe { packet_id: packet_id.get(), granted })
        }
        Packet::Unsubscribe { packet_id, topic_filters } if !topic_filters.is_empty() => {
            Ok(Received::Unsubscribe { packet_id: packet_id.get() })
        }
        Packet::Subscribe { .. } | Packet::Unsubscribe { .. } => Err("no topic filter".into()),
        Packet::PingRequest | Packet::Disconnect if length != 0 => {
            Err("a PINGREQ or DISCONNECT with content".into())
        }
        Packet::PingRequest => Ok(Received::Ping),
        Packet::Disconnect => Ok(Received::Disconnect),
        _ => Err("a packet that no client sends, or that this server never asked for".into()),
    }
}

fn check_connect(connect: v3::Connect, length: u32) -> Result<Received, Violation> {
    if connect.protocol.level() != 4 {
        let why = "only MQTT 3.1.1 is served";
        return Ok(Received::Unacceptable { answer: CONNACK_VERSION, why });
    }
    if connect.password.is_some() && connect.username.is_none() {
        return Err("a password without a user name".into());
    }
    if length as usize != connect_bytes(&connect) {
        return Err("bytes behind the last field of a CONNECT".into());
    }
    check_text(&connect.client_id)?;
    check_text(connect.username.as_deref().unwrap_or_default())?;
    if let Some(will) = &connect.last_will {
        check_topic(&will.topic)?;
    }
    let will = connect.last_will.map(|will| Publish {
        topic: will.topic.to_string(),
        payload: will.message,
        packet_id: None,
    });
    Ok(Received::Connect(Connect {
        client_id: connect.client_id.to_string(),
        keep_alive_s: connect.keep_alive,
        credentials: connect.username.map(|user| user.to_string()).zip(connect.password),
        will,
    }))
}

/// Length of a CONNECT with these fields: ten bytes of header, then fields with two of length each.
fn connect_bytes(connect: &v3::Connect) -> usize {
    let will = connect.last_will.as_ref();
    let user = connect.username.as_ref();
    12 + connect.client_id.len()
        + will.map_or(0, |will| 4 + will.topic.len() + will.message.len())
        + user.map_or(0, |user| 2 + user.len())
        + connect.password.as_ref().map_or(0, |password| 2 + password.len())
}

fn check_topic(topic: &str) -> Result<(), Violation> {
    if topic.is_empty() {
        Err("an empty topic".into())
    } else if topic.contains(['+', '#']) {
        Err("a wildcard in a topic".into())
    } else if topic.starts_with('$') {
        // An acknowledgement would promise that it is kept (devices.md 3).
        Err("a topic that begins with $".into())
    } else {
        check_text(topic)
    }
}

fn check_text(text: &str) -> Result<(), Violation> {
    if text.chars().any(char::is_control) {
        return Err("a control character in a text".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
