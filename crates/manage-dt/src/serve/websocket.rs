//! Joins the https listener, which knows WebSockets, and the device gateway, which knows MQTT.

use async_trait::async_trait;
use device_gateway::Peer;
use http_api::{MqttSessions, WebSocketBytes};
use platform::Current;
use platform::certificates::ClientCertificate;
use tokio::sync::watch;

/// Runs the gateway's sessions on the listener's streams.
pub struct MqttOverWebSocket {
    /// The platform that devices talk to.
    pub platform: Current,
    /// The word to stop.
    pub shutdown: watch::Receiver<bool>,
}

#[async_trait]
impl MqttSessions for MqttOverWebSocket {
    async fn run(
        &self,
        stream: Box<dyn WebSocketBytes>,
        host: Option<String>,
        certificate: Option<ClientCertificate>,
    ) {
        let peer = Peer { server_name: host, certificate };
        let shutdown = self.shutdown.clone();
        device_gateway::serve_websocket(stream, peer, &self.platform.get(), shutdown).await;
    }
}
