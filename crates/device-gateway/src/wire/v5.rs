//! MQTT 5.

use std::num::{NonZeroU16, NonZeroU32};

use bytes::BytesMut;
use bytestring::ByteString;
use rmqtt_codec::types::QoS;
use rmqtt_codec::v5::{
    Codec, Connect as CodecConnect, ConnectAck, ConnectAckReason, Disconnect, DisconnectReasonCode,
    Packet, PublishAck, PublishAckReason, PublishProperties, SubscribeAck, SubscribeAckReason,
    UnsubscribeAck, UnsubscribeAckReason,
};
use tokio_util::codec::{Decoder as _, Encoder as _};

use super::v3::{check_will, codec_publish};
use super::{
    Accepted, Connect, Outgoing, Publish, Received, Violation, cannot_encode, check_topic, code,
};
use crate::limits::{PACKET_BYTES_MAX, RECEIVE_MAX};

/// Reason codes from here on are failures.
const FAILURE: u8 = 0x80;

pub(super) struct Wire {
    codec: Codec,
    /// What the session's expiry was at the log-in, seconds.
    session_expiry_s: u32,
}

impl Default for Wire {
    fn default() -> Wire {
        Wire { codec: Codec::new(PACKET_BYTES_MAX as u32, 0), session_expiry_s: 0 }
    }
}

impl Wire {
    /// Decodes a packet that is whole.
    pub fn decode(&mut self, buffer: &mut BytesMut) -> Result<Received, Violation> {
        match self.codec.decode(buffer) {
            Ok(Some((packet, _))) => self.check(packet),
            Ok(None) => Err(Violation::malformed("a packet that ends too early")),
            // Only for lack of a clean start; this version lets the server make an id then too.
            Err(rmqtt_codec::error::DecodeError::InvalidClientId) => {
                let why = "an empty client id needs a clean start";
                Err(Violation::new("protocol", code::CLIENT_ID, why))
            }
            Err(error) => Err(error.into()),
        }
    }

    pub fn connack(&mut self, accepted: &Accepted<'_>, buffer: &mut BytesMut) {
        let acknowledgement = ConnectAck {
            session_present: accepted.session_present,
            receive_max: RECEIVE_MAX,
            max_packet_size: Some(PACKET_BYTES_MAX as u32),
            assigned_client_id: accepted.assigned_client_id.map(ByteString::from),
            ..ConnectAck::default()
        };
        self.put(acknowledgement.into(), buffer);
    }

    pub fn refuse(&mut self, code: u8, why: &str, buffer: &mut BytesMut) {
        let acknowledgement = ConnectAck {
            reason_code: ConnectAckReason::try_from(code)
                .unwrap_or(ConnectAckReason::UnspecifiedError),
            reason_string: Some(ByteString::from(why)),
            ..ConnectAck::default()
        };
        self.put(acknowledgement.into(), buffer);
    }

    pub fn suback(&mut self, packet_id: u16, granted: &[u8], buffer: &mut BytesMut) {
        let Some(packet_id) = NonZeroU16::new(packet_id) else { return };
        let status = granted.iter().map(|code| {
            SubscribeAckReason::try_from(*code).unwrap_or(SubscribeAckReason::UnspecifiedError)
        });
        let status = status.collect();
        let acknowledgement =
            SubscribeAck { packet_id, properties: Vec::new(), reason_string: None, status };
        self.put(Packet::SubscribeAck(acknowledgement), buffer);
    }

    pub fn unsuback(&mut self, packet_id: u16, existed: &[bool], buffer: &mut BytesMut) {
        let Some(packet_id) = NonZeroU16::new(packet_id) else { return };
        let status = existed.iter().map(|existed| match existed {
            true => UnsubscribeAckReason::Success,
            false => UnsubscribeAckReason::NoSubscriptionExisted,
        });
        let status = status.collect();
        let acknowledgement =
            UnsubscribeAck { packet_id, properties: Vec::new(), reason_string: None, status };
        self.put(Packet::UnsubscribeAck(acknowledgement), buffer);
    }

    pub fn pong(&mut self, buffer: &mut BytesMut) {
        self.put(Packet::PingResponse, buffer);
    }

    pub fn acknowledge(&mut self, packet_id: u16, qos_2: bool, code: u8, buffer: &mut BytesMut) {
        let Some(packet_id) = NonZeroU16::new(packet_id) else { return };
        if code == code::SUCCESS {
            // The short form; the codec writes the long one.
            let first = if qos_2 { 0x50 } else { 0x40 };
            let [high, low] = packet_id.get().to_be_bytes();
            return buffer.extend_from_slice(&[first, 2, high, low]);
        }
        let reason_code =
            PublishAckReason::try_from(code).unwrap_or(PublishAckReason::UnspecifiedError);
        let acknowledgement = PublishAck { packet_id, reason_code, ..PublishAck::default() };
        self.put(
            match qos_2 {
                false => Packet::PublishAck(acknowledgement),
                true => Packet::PublishReceived(acknowledgement),
            },
            buffer,
        );
    }

    pub fn complete(&mut self, packet_id: u16, buffer: &mut BytesMut) {
        let [high, low] = packet_id.to_be_bytes();
        buffer.extend_from_slice(&[0x70, 2, high, low]);
    }

    pub fn publish(&mut self, message: Outgoing<'_>, buffer: &mut BytesMut) -> bool {
        let ids = message.subscription_ids.iter().copied().filter_map(NonZeroU32::new).collect();
        let properties = PublishProperties {
            content_type: message.content_type.map(ByteString::from),
            subscription_ids: ids,
            ..PublishProperties::default()
        };
        let mut publish = codec_publish(message);
        publish.properties = Some(properties);
        // Larger than the device takes is no fault of ours.
        self.codec.encode(Packet::Publish(Box::new(publish)), buffer).is_ok()
    }

    pub fn disconnect(&mut self, code: u8, why: &str, buffer: &mut BytesMut) {
        let reason_code =
            DisconnectReasonCode::try_from(code).unwrap_or(DisconnectReasonCode::UnspecifiedError);
        let packet = Disconnect {
            reason_string: Some(ByteString::from(why)),
            ..Disconnect::new(reason_code)
        };
        self.put(Packet::Disconnect(packet), buffer);
    }

    fn put(&mut self, packet: Packet, buffer: &mut BytesMut) {
        if let Err(error) = self.codec.encode(packet, buffer) {
            cannot_encode(&error);
        }
    }

    fn check(&mut self, packet: Packet) -> Result<Received, Violation> {
        Ok(match packet {
            Packet::Connect(connect) => return self.check_connect(*connect),
            Packet::Publish(publish) => {
                check_topic(&publish.topic)?;
                let content_type = publish.properties.and_then(|set| set.content_type);
                Received::Publish(Publish {
                    topic: publish.topic.to_string(),
                    content_type: content_type.map(|text| text.to_string()),
                    payload: publish.payload,
                    packet_id: publish.packet_id.map(NonZeroU16::get),
                    exactly_once: publish.qos == QoS::ExactlyOnce,
                })
            }
            Packet::PublishAck(acknowledgement) => Received::Acknowledge {
                packet_id: acknowledgement.packet_id.get(),
                reason: acknowledgement.reason_code.into(),
            },
            Packet::PublishRelease(release) => Received::Release(release.packet_id.get()),
            Packet::PublishReceived(received) if u8::from(received.reason_code) < FAILURE => {
                Received::Stray(received.packet_id.get())
            }
            // Nothing was sent at QoS 2.
            Packet::PublishReceived(_) | Packet::PublishComplete(_) => Received::Nothing,
            Packet::Subscribe(subscribe) => Received::Subscribe {
                packet_id: subscribe.packet_id.get(),
                id: subscribe.id.map(NonZeroU32::get),
                filters: subscribe
                    .topic_filters
                    .iter()
                    .map(|(filter, options)| (filter.to_string(), options.qos.value()))
                    .collect(),
            },
            Packet::Unsubscribe(unsubscribe) => Received::Unsubscribe {
                packet_id: unsubscribe.packet_id.get(),
                filters: unsubscribe.topic_filters.iter().map(ToString::to_string).collect(),
            },
            Packet::PingRequest => Received::Ping,
            Packet::Disconnect(disconnect) => return self.check_disconnect(&disconnect),
            _ => return Err(Violation::protocol("a packet that no client sends")),
        })
    }

    fn check_disconnect(&self, disconnect: &Disconnect) -> Result<Received, Violation> {
        let expiry_s = disconnect.session_expiry_interval_secs;
        if self.session_expiry_s == 0 && expiry_s.is_some_and(|expiry_s| expiry_s > 0) {
            return Err(Violation::protocol("a session expiry that was 0 at the log-in"));
        }
        Ok(Received::Disconnect {
            with_will: disconnect.reason_code != DisconnectReasonCode::NormalDisconnection,
            session_expiry_s: expiry_s,
        })
    }

    fn check_connect(&mut self, connect: CodecConnect) -> Result<Received, Violation> {
        if connect.auth_method.is_some() {
            let why = "no authentication method is served";
            return Err(Violation::new("protocol", code::AUTH_METHOD, why));
        }
        if connect.auth_data.is_some() {
            return Err(Violation::protocol("authentication data without a method"));
        }
        let mut will_delay_s = 0;
        let will = connect.last_will.map(|will| {
            will_delay_s = will.will_delay_interval_sec.unwrap_or(0);
            Publish {
                topic: will.topic.to_string(),
                content_type: will.content_type.map(|text| text.to_string()),
                payload: will.message,
                packet_id: None,
                exactly_once: false,
            }
        });
        if let Some(will) = &will {
            check_will(will)?;
        }
        self.session_expiry_s = connect.session_expiry_interval_secs;
        if let Some(bytes) = connect.max_packet_size {
            self.codec.set_max_outbound_size(bytes.get());
        }
        Ok(Received::Connect(Box::new(Connect {
            client_id: connect.client_id.to_string(),
            clean_start: connect.clean_start,
            session_expiry_s: connect.session_expiry_interval_secs,
            keep_alive_s: connect.keep_alive,
            user: connect.username.map(|user| user.to_string()),
            password: connect.password,
            will,
            will_delay_s,
            receive_max: connect.receive_max.map_or(u16::MAX, NonZeroU16::get),
        })))
    }
}
