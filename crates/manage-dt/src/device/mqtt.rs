//! One MQTT 3.1.1 session of a device that only publishes.

use std::num::NonZeroU16;

use bytes::BytesMut;
use rmqtt_codec::types::{Publish, QoS};
use rmqtt_codec::v3::{Codec, Connect, ConnectAckReason, Packet};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio_util::codec::{Decoder as _, Encoder as _};

use super::{ANSWER_TIMEOUT, Credentials, not_accepted};
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Largest packet the platform may send us: without subscriptions it sends acknowledgements.
const PACKET_BYTES_MAX: u32 = 1024;
/// Seconds without a packet after which the platform gives us up. [`super`] pings in time.
pub const KEEP_ALIVE_S: u16 = 60;

/// What a session runs on.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// What the platform tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// The message with this packet id is kept.
    Acknowledged(NonZeroU16),
    /// Everything sent before the ping has been read.
    Pong,
}

/// A session that is signed in.
pub struct MqttSession {
    stream: Box<dyn Stream>,
    codec: Codec,
    input: BytesMut,
    packet_id: u16,
}

impl MqttSession {
    /// Signs in. The client id is a random one, so that the device's own connection stays.
    pub async fn open(
        stream: Box<dyn Stream>,
        credentials: &Credentials,
    ) -> Result<MqttSession, Failure> {
        let codec = Codec::new(PACKET_BYTES_MAX);
        let mut session = MqttSession { stream, codec, input: BytesMut::new(), packet_id: 0 };
        let external_key = &credentials.external_key;
        let password = credentials.password.clone();
        session
            .send(Packet::from(Connect {
                clean_session: true,
                keep_alive: KEEP_ALIVE_S,
                client_id: format!("manage-dt-{}", oci_core::ocid::random_text(12)).into(),
                username: Some(external_key.clone().into()),
                password: password.map(|password| password.into_bytes().into()),
                ..Connect::default()
            }))
            .await?;
        match session.receive().await? {
            Packet::ConnectAck(ack) => match ack.return_code {
                ConnectAckReason::ConnectionAccepted => Ok(session),
                ConnectAckReason::BadUserNameOrPassword | ConnectAckReason::NotAuthorized => {
                    Err(not_accepted(external_key))
                }
                other => Err(refused(other.reason())),
            },
            _ => Err(refused("the platform does not speak MQTT 3.1.1")),
        }
    }

    /// Publishes; the packet id of a message that will be acknowledged.
    pub async fn publish(
        &mut self,
        qos: QoS,
        topic: &str,
        payload: Vec<u8>,
    ) -> Result<Option<NonZeroU16>, Failure> {
        let packet_id = (qos != QoS::AtMostOnce).then(|| self.next_packet_id());
        self.send(Packet::Publish(Box::new(Publish {
            dup: false,
            retain: false,
            qos,
            topic: topic.into(),
            packet_id,
            payload: payload.into(),
            properties: None,
        })))
        .await?;
        Ok(packet_id)
    }

    fn next_packet_id(&mut self) -> NonZeroU16 {
        self.packet_id = self.packet_id.checked_add(1).unwrap_or(1);
        NonZeroU16::MIN.saturating_add(self.packet_id - 1)
    }

    /// Asks for a sign of life.
    pub async fn ping(&mut self) -> Result<(), Failure> {
        self.send(Packet::PingRequest).await
    }

    /// The next thing that the platform tells. Nothing is lost when the future is dropped.
    pub async fn told(&mut self) -> Result<Told, Failure> {
        match self.receive().await? {
            Packet::PublishAck { packet_id } => Ok(Told::Acknowledged(packet_id)),
            Packet::PingResponse => Ok(Told::Pong),
            _ => Err(refused("the platform sent a packet that nobody asked for")),
        }
    }

    /// Takes leave.
    pub async fn close(mut self) -> Result<(), Failure> {
        self.send(Packet::Disconnect).await?;
        // The other side may be gone first.
        let _ = self.stream.shutdown().await;
        Ok(())
    }

    async fn send(&mut self, packet: Packet) -> Result<(), Failure> {
        let mut bytes = BytesMut::new();
        let encoded = self.codec.encode(packet, &mut bytes);
        encoded.map_err(|error| refused(&format!("{error:?}")))?;
        let write = async {
            self.stream.write_all(&bytes).await?;
            self.stream.flush().await
        };
        match tokio::time::timeout(ANSWER_TIMEOUT, write).await {
            Ok(written) => written.map_err(|error| lost(&error)),
            Err(_) => Err(lost(&"it does not read any more")),
        }
    }

    async fn receive(&mut self) -> Result<Packet, Failure> {
        loop {
            let decoded = self.codec.decode(&mut self.input);
            if let Some((packet, _)) = decoded.map_err(|error| refused(&format!("{error:?}")))? {
                return Ok(packet);
            }
            let read = self.stream.read_buf(&mut self.input).await;
            if read.map_err(|error| lost(&error))? == 0 {
                return Err(refused("the platform closed the connection").hint(
                    "its log says why; a message may be too large, or its endpoint no topic",
                ));
            }
        }
    }
}

fn refused(why: &str) -> Failure {
    Failure::new(ExitCode::Refused, why)
}

fn lost(why: &dyn std::fmt::Display) -> Failure {
    Failure::new(ExitCode::Unreachable, format!("the connection is lost: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packet_ids_go_round_and_are_never_zero() {
        let (stream, _other) = tokio::io::duplex(1);
        let (stream, codec) = (Box::new(stream), Codec::new(PACKET_BYTES_MAX));
        let mut session = MqttSession { stream, codec, input: BytesMut::new(), packet_id: 65_534 };
        let ids = [(); 3].map(|()| session.next_packet_id().get());
        assert_eq!(ids, [65_535, 1, 2]);
    }
}
