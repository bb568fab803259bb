//! The same over a WebSocket: one JSON message an event.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::{SinkExt as _, StreamExt as _};
use http::request::Parts;
use hyper::upgrade::OnUpgrade;
use platform::events::Subscription;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Message};

use super::{Bounds, Frame, Lost, STALLED, Subscriber, run};
use crate::answer::Answer;
use crate::websocket::{Upgrade, WebSocketBytes, keep, switching};

/// Bytes of a message from a subscriber, who has nothing to say.
const INBOUND_BYTES_MAX: usize = 4096;
/// What is left for the closing handshake.
const CLOSING: Duration = Duration::from_secs(2);

/// A subscription whose WebSocket is on its way.
pub(crate) struct Session {
    subscription: Subscription,
    bounds: Bounds,
}

/// Answers the handshake.
pub(super) fn answer(
    parts: &Parts,
    subscription: Subscription,
    bounds: Bounds,
) -> Result<Answer, String> {
    let answer = switching(&parts.headers).map_err(|bad| bad.message.to_owned())?;
    let Some(stream) = parts.extensions.get::<OnUpgrade>().cloned() else {
        return Err("this connection cannot become a WebSocket".to_owned());
    };
    let slot = bounds.peer.websocket.clone();
    keep(&slot, Upgrade::Events { stream, session: Box::new(Session { subscription, bounds }) });
    Ok(answer)
}

impl Session {
    /// Runs the stream to its end.
    pub async fn run(self, stream: Box<dyn WebSocketBytes>) {
        let config = WebSocketConfig::default()
            .max_message_size(Some(INBOUND_BYTES_MAX))
            .max_frame_size(Some(INBOUND_BYTES_MAX));
        let socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
        run(self.subscription, self.bounds, &mut Messages { socket }).await;
    }
}

struct Messages {
    socket: WebSocketStream<Box<dyn WebSocketBytes>>,
}

impl Messages {
    async fn write(&mut self, frames: Vec<Frame>) -> Result<(), Lost> {
        for frame in &frames {
            let message = match frame.json() {
                Some(json) => Message::text(json),
                None => Message::Ping(Bytes::copy_from_slice(frame.position().as_bytes())),
            };
            self.feed(message).await?;
        }
        let flushed = tokio::time::timeout(STALLED, self.socket.flush()).await;
        flushed.map_err(|_| Lost::Stalled)?.map_err(|_| Lost::Gone)
    }

    async fn feed(&mut self, message: Message) -> Result<(), Lost> {
        let fed = tokio::time::timeout(STALLED, self.socket.feed(message)).await;
        fed.map_err(|_| Lost::Stalled)?.map_err(|_| Lost::Gone)
    }
}

#[async_trait]
impl Subscriber for Messages {
    async fn send(&mut self, frames: Vec<Frame>) -> Result<(), Lost> {
        let end = frames.last().filter(|frame| frame.is_end());
        let reason = end.map(|frame| format!("after={}", frame.position()));
        self.write(frames).await?;
        if let Some(reason) = reason {
            let frame = CloseFrame { code: CloseCode::Away, reason: reason.as_str().into() };
            self.socket.close(Some(frame)).await.map_err(|_| Lost::Gone)?;
            // The other side says good-bye too, or does not.
            let answered = async { while let Some(Ok(_)) = self.socket.next().await {} };
            let _ = tokio::time::timeout(CLOSING, answered).await;
        }
        Ok(())
    }

    async fn gone(&mut self) {
        // Pings are answered by the library; whatever else a subscriber says is not listened to.
        while let Some(Ok(message)) = self.socket.next().await {
            if message.is_close() {
                return;
            }
        }
    }
}
