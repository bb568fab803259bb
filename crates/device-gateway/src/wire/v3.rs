//! MQTT 3.1.1.

use std::num::NonZeroU16;

use bytes::BytesMut;
use bytestring::ByteString;
use rmqtt_codec::types::{Publish as CodecPublish, QoS};
use rmqtt_codec::v3::{self, Codec, ConnectAck, ConnectAckReason, Packet, SubscribeReturnCode};
use tokio_util::codec::{Decoder as _, Encoder as _};

use super::{
    CONNACK_VERSION, Connect, Outgoing, Publish, Received, Violation, cannot_encode, check_topic,
    code, is_system,
};
use crate::limits::PACKET_BYTES_MAX;

/// CONNACK with "identifier rejected".
const CONNACK_IDENTIFIER: &[u8] = &[0x20, 0x02, 0x00, 0x02];

pub(super) struct Wire(Codec);

impl Wire {
    pub fn new() -> Wire {
        Wire(Codec::new(PACKET_BYTES_MAX as u32))
    }

    /// Decodes a packet that is whole.
    pub fn decode(&mut self, buffer: &mut BytesMut) -> Result<Received, Violation> {
        match self.0.decode(buffer) {
            Ok(Some((packet, _))) => check(packet),
            Ok(None) => Err(Violation::malformed("a packet that ends too early")),
            // The codec knows it from the missing clean session.
            Err(rmqtt_codec::error::DecodeError::InvalidClientId) => {
                Ok(Received::Unacceptable(CONNACK_IDENTIFIER))
            }
            Err(error) => Err(error.into()),
        }
    }

    pub fn connack(&mut self, code: u8, session_present: bool, buffer: &mut BytesMut) {
        let return_code = match code {
            code::SUCCESS => ConnectAckReason::ConnectionAccepted,
            code::VERSION => ConnectAckReason::UnacceptableProtocolVersion,
            code::CLIENT_ID => ConnectAckReason::IdentifierRejected,
            code::UNAVAILABLE => ConnectAckReason::ServiceUnavailable,
            code::CREDENTIALS => ConnectAckReason::BadUserNameOrPassword,
            code::NOT_AUTHORIZED => ConnectAckReason::NotAuthorized,
            _ => return,
        };
        self.put(Packet::ConnectAck(ConnectAck { return_code, session_present }), buffer);
    }

    pub fn suback(&mut self, packet_id: u16, granted: &[u8], buffer: &mut BytesMut) {
        let status = granted.iter().map(|granted| match granted {
            0 => SubscribeReturnCode::Success(QoS::AtMostOnce),
            1 => SubscribeReturnCode::Success(QoS::AtLeastOnce),
            2 => SubscribeReturnCode::Success(QoS::ExactlyOnce),
            _ => SubscribeReturnCode::Failure,
        });
        let status = status.collect();
        self.with_id(packet_id, buffer, |packet_id| Packet::SubscribeAck { packet_id, status });
    }

    pub fn unsuback(&mut self, packet_id: u16, buffer: &mut BytesMut) {
        self.with_id(packet_id, buffer, |packet_id| Packet::UnsubscribeAck { packet_id });
    }

    pub fn pong(&mut self, buffer: &mut BytesMut) {
        self.put(Packet::PingResponse, buffer);
    }

    pub fn acknowledge(&mut self, packet_id: u16, qos_2: bool, buffer: &mut BytesMut) {
        self.with_id(packet_id, buffer, |packet_id| match qos_2 {
            false => Packet::PublishAck { packet_id },
            true => Packet::PublishReceived { packet_id },
        });
    }

    pub fn complete(&mut self, packet_id: u16, buffer: &mut BytesMut) {
        self.with_id(packet_id, buffer, |packet_id| Packet::PublishComplete { packet_id });
    }

    pub fn publish(&mut self, message: Outgoing<'_>, buffer: &mut BytesMut) -> bool {
        self.put(Packet::Publish(Box::new(codec_publish(message))), buffer)
    }

    fn with_id(
        &mut self,
        packet_id: u16,
        buffer: &mut BytesMut,
        packet: impl FnOnce(NonZeroU16) -> Packet,
    ) {
        if let Some(packet_id) = NonZeroU16::new(packet_id) {
            self.put(packet(packet_id), buffer);
        }
    }

    fn put(&mut self, packet: Packet, buffer: &mut BytesMut) -> bool {
        self.0.encode(packet, buffer).inspect_err(cannot_encode).is_ok()
    }
}

/// The codec's form of a message to the device.
pub(super) fn codec_publish(message: Outgoing<'_>) -> CodecPublish {
    let packet_id = message.packet_id.and_then(NonZeroU16::new);
    CodecPublish {
        dup: message.dup,
        retain: false,
        qos: if packet_id.is_some() { QoS::AtLeastOnce } else { QoS::AtMostOnce },
        topic: ByteString::from(message.topic),
        packet_id,
        payload: message.payload,
        properties: None,
    }
}

fn check(packet: Packet) -> Result<Received, Violation> {
    Ok(match packet {
        Packet::Connect(connect) => return check_connect(*connect),
        Packet::Publish(publish) => {
            check_topic(&publish.topic)?;
            // An acknowledgement would promise that it is kept (devices.md 3).
            if is_system(&publish.topic) {
                let why = "a topic that begins with $";
                return Err(Violation::new("bad_endpoint", code::TOPIC_NAME, why));
            }
            Received::Publish(Publish {
                topic: publish.topic.to_string(),
                content_type: None,
                payload: publish.payload,
                packet_id: publish.packet_id.map(NonZeroU16::get),
                exactly_once: publish.qos == QoS::ExactlyOnce,
            })
        }
        Packet::PublishAck { packet_id } => {
            Received::Acknowledge { packet_id: packet_id.get(), reason: code::SUCCESS }
        }
        Packet::PublishRelease { packet_id } => Received::Release(packet_id.get()),
        Packet::PublishReceived { packet_id } => Received::Stray(packet_id.get()),
        // Nothing was sent at QoS 2.
        Packet::PublishComplete { .. } => Received::Nothing,
        Packet::Subscribe { packet_id, topic_filters } => {
            let filters =
                topic_filters.iter().map(|(filter, qos)| (filter.to_string(), qos.value()));
            Received::Subscribe { packet_id: packet_id.get(), id: None, filters: filters.collect() }
        }
        Packet::Unsubscribe { packet_id, topic_filters } => {
            let filters = topic_filters.iter().map(ToString::to_string).collect();
            Received::Unsubscribe { packet_id: packet_id.get(), filters }
        }
        Packet::PingRequest => Received::Ping,
        Packet::Disconnect => Received::Disconnect { with_will: false, session_expiry_s: None },
        _ => return Err(Violation::protocol("a packet that no client sends")),
    })
}

fn check_connect(connect: v3::Connect) -> Result<Received, Violation> {
    if connect.protocol.level() != 4 {
        return Ok(Received::Unacceptable(CONNACK_VERSION));
    }
    let will = connect.last_will.map(|will| Publish {
        topic: will.topic.to_string(),
        content_type: None,
        payload: will.message,
        packet_id: None,
        exactly_once: false,
    });
    if let Some(will) = &will {
        check_will(will)?;
    }
    Ok(Received::Connect(Box::new(Connect {
        client_id: connect.client_id.to_string(),
        clean_start: connect.clean_session,
        session_expiry_s: if connect.clean_session { 0 } else { u32::MAX },
        keep_alive_s: connect.keep_alive,
        user: connect.username.map(|user| user.to_string()),
        password: connect.password,
        will,
        will_delay_s: 0,
        receive_max: u16::MAX,
    })))
}

/// A will is published like any other message, so its topic follows the same rules.
pub(super) fn check_will(will: &Publish) -> Result<(), Violation> {
    check_topic(&will.topic)?;
    if will.topic.is_empty() || is_system(&will.topic) {
        let why = "a will whose topic is empty or begins with $";
        return Err(Violation::new("bad_endpoint", code::TOPIC_NAME, why));
    }
    Ok(())
}
