//! The codec, and the checks it leaves to us. Nothing else names its types.

use bytes::{Bytes, BytesMut};
use platform::limits::{ENDPOINT_BYTES_MAX, PAYLOAD_BYTES_MAX};
use rmqtt_codec::types::QoS;
use rmqtt_codec::v3::{Codec, ConnectAck, ConnectAckReason, Packet, SubscribeReturnCode};
use tokio_util::codec::{Decoder as _, Encoder as _};

use crate::filter;

/// Largest packet: a payload, a topic and the rest of the header.
const PACKET_BYTES_MAX: u32 = (PAYLOAD_BYTES_MAX + ENDPOINT_BYTES_MAX + 16) as u32;

/// CONNACK of MQTT 5 with "unsupported protocol version" (0x84).
pub(crate) const CONNACK_V5_UNSUPPORTED: &[u8] = &[0x20, 0x03, 0x00, 0x84, 0x00];

/// What a client sent, checked.
#[derive(Debug)]
pub(crate) enum Received {
    Connect(Connect),
    /// MQTT 5 or 3.1: answered with these bytes, then closed.
    OtherVersion(&'static [u8]),
    Publish(Publish),
    Subscribe {
        packet_id: u16,
        granted: Vec<Option<u8>>,
    },
    Unsubscribe {
        packet_id: u16,
    },
    Ping,
    Disconnect,
}

/// A log-in.
#[derive(Debug)]
pub(crate) struct Connect {
    pub client_id: String,
    pub clean_session: bool,
    pub keep_alive_s: u16,
    pub credentials: Option<(String, Bytes)>,
    /// Topic and payload of the will.
    pub will: Option<(String, Bytes)>,
}

/// A message. `packet_id` is `None` at QoS 0.
#[derive(Debug)]
pub(crate) struct Publish {
    pub topic: String,
    pub payload: Bytes,
    pub packet_id: Option<u16>,
}

/// Why a connection is answered with a refusal.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Refused {
    Identifier,
    Unavailable,
    BadCredentials,
    NotAuthorized,
}

/// The state of one connection's stream.
pub(crate) struct Wire {
    codec: Codec,
    connected: bool,
}

impl Wire {
    /// A stream before its CONNECT.
    pub fn new() -> Wire {
        Wire { codec: Codec::new(PACKET_BYTES_MAX), connected: false }
    }

    /// The next packet of the buffer, if it is complete. An error closes the connection.
    pub fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<Received>, String> {
        if !self.connected
            && let Some(answer) = other_version(buffer)
        {
            return Ok(Some(Received::OtherVersion(answer)));
        }
        let decoded = self.codec.decode(buffer).map_err(|error| format!("{error:?}"))?;
        let Some((packet, _)) = decoded else { return Ok(None) };
        let first = !std::mem::replace(&mut self.connected, true);
        if first != matches!(packet, Packet::Connect(_)) {
            return Err("CONNECT must be the first packet, and only the first".to_owned());
        }
        check(packet).map(Some).map_err(str::to_owned)
    }

    /// CONNACK with return code 0; the platform keeps no session yet.
    pub fn connack(&mut self, buffer: &mut BytesMut) {
        self.put(connack(ConnectAckReason::ConnectionAccepted), buffer);
    }

    /// CONNACK with a refusal.
    pub fn refuse(&mut self, refused: Refused, buffer: &mut BytesMut) {
        let reason = match refused {
            Refused::Identifier => ConnectAckReason::IdentifierRejected,
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
        if let Some(packet_id) = std::num::NonZeroU16::new(packet_id) {
            self.put(Packet::SubscribeAck { packet_id, status: status.collect() }, buffer);
        }
    }

    /// UNSUBACK.
    pub fn unsuback(&mut self, packet_id: u16, buffer: &mut BytesMut) {
        if let Some(packet_id) = std::num::NonZeroU16::new(packet_id) {
            self.put(Packet::UnsubscribeAck { packet_id }, buffer);
        }
    }

    /// PINGRESP.
    pub fn pong(&mut self, buffer: &mut BytesMut) {
        self.put(Packet::PingResponse, buffer);
    }

    /// PUBACK.
    pub fn puback(&mut self, packet_id: u16, buffer: &mut BytesMut) {
        if let Some(packet_id) = std::num::NonZeroU16::new(packet_id) {
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

/// The answer to a CONNECT of MQTT 5 or 3.1, seen before the codec for 3.1.1 is.
fn other_version(buffer: &BytesMut) -> Option<&'static [u8]> {
    let length_bytes = buffer.get(1..5)?.iter().position(|byte| byte & 0x80 == 0)? + 1;
    let body = buffer.get(1 + length_bytes..)?;
    if buffer.first() != Some(&0x10) {
        return None;
    }
    match body {
        [0, 4, b'M', b'Q', b'T', b'T', 5, ..] => Some(CONNACK_V5_UNSUPPORTED),
        [0, 6, b'M', b'Q', b'I', b's', b'd', b'p', 3, ..] => Some(&[0x20, 0x02, 0x00, 0x01]),
        _ => None,
    }
}

fn check(packet: Packet) -> Result<Received, &'static str> {
    match packet {
        Packet::Connect(connect) => {
            if connect.password.is_some() && connect.username.is_none() {
                return Err("a password without a user name");
            }
            let will = match connect.last_will {
                None => None,
                Some(will) => {
                    check_topic(&will.topic)?;
                    Some((will.topic.to_string(), will.message))
                }
            };
            let credentials = match (connect.username, connect.password) {
                (Some(user), Some(password)) => Some((user.to_string(), password)),
                _ => None,
            };
            if connect.client_id.contains('\0') {
                return Err("a NUL character in the client id");
            }
            Ok(Received::Connect(Connect {
                client_id: connect.client_id.to_string(),
                clean_session: connect.clean_session,
                keep_alive_s: connect.keep_alive,
                credentials,
                will,
            }))
        }
        Packet::Publish(publish) => {
            check_topic(&publish.topic)?;
            let packet_id = match publish.qos {
                QoS::AtMostOnce if publish.dup => return Err("dup at QoS 0"),
                QoS::AtMostOnce => None,
                QoS::AtLeastOnce => publish.packet_id.map(std::num::NonZeroU16::get),
                QoS::ExactlyOnce => return Err("QoS 2 is not available on this platform"),
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
        Packet::Subscribe { .. } | Packet::Unsubscribe { .. } => Err("no topic filter"),
        Packet::PingRequest => Ok(Received::Ping),
        Packet::Disconnect => Ok(Received::Disconnect),
        _ => Err("a packet that this server never asked for"),
    }
}

fn check_topic(topic: &str) -> Result<(), &'static str> {
    if topic.is_empty() {
        Err("an empty topic")
    } else if topic.contains(['+', '#', '\0']) {
        Err("a wildcard or NUL character in a topic")
    } else if topic.starts_with('$') {
        Err("a topic that begins with '$'")
    } else {
        Ok(())
    }
}
