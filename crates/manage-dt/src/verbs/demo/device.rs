//! A device of the demo: MQTT 3.1.1 over TLS, and HTTPS.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use rmqtt_codec::types::QoS;
use rmqtt_codec::v3::{Codec, Connect, ConnectAckReason, Packet};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::codec::{Decoder as _, Encoder as _};

use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::serve::Running;

/// An acknowledgement takes one commit; more than this is a fault.
const ANSWER: Duration = Duration::from_secs(10);
/// Largest packet the server may send us.
const PACKET_BYTES_MAX: u32 = 1024;

/// Sends as any of the sample twins.
pub struct Device {
    ports: crate::serve::Ports,
    device_key: String,
    password: String,
    tls: TlsConnector,
    http: reqwest::Client,
}

impl Device {
    /// Reads what a device needs to know from `client/`.
    pub fn new(running: &Running) -> Result<Device, Failure> {
        let ca_pem = std::fs::read(running.client_dir.join("ca.pem")).map_err(failed)?;
        let mut roots = rustls::RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&ca_pem) {
            roots.add(certificate.map_err(failed)?).map_err(failed)?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(failed)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let trust = iot_client::Trust { ca_pem: Some(ca_pem) };
        Ok(Device {
            ports: running.ports,
            device_key: running.device_key()?,
            password: running.device_password(),
            tls: TlsConnector::from(Arc::new(config)),
            http: iot_client::http_client(&trust).map_err(failed)?,
        })
    }

    /// Publishes at QoS 1 as `<device_key>-<twin>` and waits for every acknowledgement.
    pub async fn mqtt(&self, twin: &str, messages: &[(&str, &str)]) -> Result<(), Failure> {
        let conversation = self.converse(twin, messages);
        tokio::time::timeout(ANSWER, conversation).await.map_err(failed)?
    }

    async fn converse(&self, twin: &str, messages: &[(&str, &str)]) -> Result<(), Failure> {
        let stream = TcpStream::connect(("127.0.0.1", self.ports.mqtts)).await.map_err(failed)?;
        let name = ServerName::try_from("localhost").map_err(failed)?;
        let stream = self.tls.connect(name, stream).await.map_err(failed)?;
        let mut link = Link { stream, codec: Codec::new(PACKET_BYTES_MAX), input: BytesMut::new() };
        let external_key = format!("{}-{twin}", self.device_key);
        link.send(Packet::from(Connect {
            clean_session: true,
            keep_alive: 60,
            client_id: external_key.clone().into(),
            username: Some(external_key.clone().into()),
            password: Some(self.password.clone().into_bytes().into()),
            ..Connect::default()
        }))
        .await?;
        match link.receive().await? {
            Packet::ConnectAck(ack) if ack.return_code == ConnectAckReason::ConnectionAccepted => {}
            other => return Err(failed(format!("log-in refused: {other:?}"))),
        }
        for (index, (topic, payload)) in messages.iter().enumerate() {
            let packet_id = u16::try_from(index + 1).map_err(failed)?;
            link.publish(packet_id, topic, payload).await?;
            match link.receive().await? {
                Packet::PublishAck { packet_id: acked } if acked.get() == packet_id => {}
                other => return Err(failed(format!("not acknowledged: {other:?}"))),
            }
            anstream::println!("   MQTT   {external_key} -> {topic}: {payload}");
        }
        link.send(Packet::Disconnect).await
    }

    /// Posts with Basic credentials.
    pub async fn https(&self, twin: &str, endpoint: &str, payload: &str) -> Result<(), Failure> {
        let external_key = format!("{}-{twin}", self.device_key);
        let url = format!("https://localhost:{}/{endpoint}", self.ports.https);
        let request = self
            .http
            .post(url)
            .basic_auth(&external_key, Some(&self.password))
            .header("content-type", "application/json")
            .body(payload.to_owned());
        let answer = request.send().await.map_err(failed)?;
        if answer.status().as_u16() != 202 {
            return Err(failed(format!("HTTPS post answered {}", answer.status())));
        }
        anstream::println!("   HTTPS  {external_key} -> {endpoint}: {payload}");
        Ok(())
    }
}

struct Link {
    stream: TlsStream<TcpStream>,
    codec: Codec,
    input: BytesMut,
}

impl Link {
    async fn send(&mut self, packet: Packet) -> Result<(), Failure> {
        let mut bytes = BytesMut::new();
        self.codec.encode(packet, &mut bytes).map_err(|error| failed(format!("{error:?}")))?;
        self.stream.write_all(&bytes).await.map_err(failed)
    }

    async fn publish(&mut self, id: u16, topic: &str, payload: &str) -> Result<(), Failure> {
        self.send(Packet::Publish(Box::new(rmqtt_codec::types::Publish {
            dup: false,
            retain: false,
            qos: QoS::AtLeastOnce,
            topic: topic.into(),
            packet_id: std::num::NonZeroU16::new(id),
            payload: payload.to_owned().into_bytes().into(),
            properties: None,
        })))
        .await
    }

    async fn receive(&mut self) -> Result<Packet, Failure> {
        loop {
            let decoded = self.codec.decode(&mut self.input);
            if let Some((packet, _)) = decoded.map_err(|error| failed(format!("{error:?}")))? {
                return Ok(packet);
            }
            if self.stream.read_buf(&mut self.input).await.map_err(failed)? == 0 {
                return Err(failed("the platform closed the connection"));
            }
        }
    }
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(ExitCode::Refused, format!("the demo's device: {error}"))
}
