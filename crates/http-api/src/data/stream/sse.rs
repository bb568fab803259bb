//! Server-sent events.

use async_trait::async_trait;
use bytes::Bytes;
use http::Method;
use platform::events::Subscription;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::SendTimeoutError;

use super::{Bounds, Frame, Lost, STALLED, Subscriber, run};
use crate::answer::{Answer, Body, empty, set};

/// Bytes written together, about.
const CHUNK_BYTES: usize = 32 * 1024;
/// Chunks on their way to the connection.
const CHUNKS_WAITING: usize = 1;

/// Answers with the stream.
pub(super) fn answer(method: &Method, subscription: Subscription, bounds: Bounds) -> Answer {
    let mut answer = empty(200);
    set(&mut answer, "content-type", "text/event-stream");
    set(&mut answer, "cache-control", "no-store");
    // For proxies that would gather events before they pass them on.
    set(&mut answer, "x-accel-buffering", "no");
    if method == Method::HEAD {
        return answer;
    }
    let (to, from) = mpsc::channel(CHUNKS_WAITING);
    tokio::spawn(async move { run(subscription, bounds, &mut Chunks(to)).await });
    *answer.body_mut() = Body::Chunks(from);
    answer
}

/// The body of an answer, from the side that writes it.
struct Chunks(mpsc::Sender<Bytes>);

impl Chunks {
    async fn write(&self, text: &mut String) -> Result<(), Lost> {
        let chunk = Bytes::from(std::mem::take(text));
        self.0.send_timeout(chunk, STALLED).await.map_err(|error| match error {
            SendTimeoutError::Timeout(_) => Lost::Stalled,
            SendTimeoutError::Closed(_) => Lost::Gone,
        })
    }
}

#[async_trait]
impl Subscriber for Chunks {
    async fn send(&mut self, frames: Vec<Frame>) -> Result<(), Lost> {
        let mut text = String::new();
        for frame in frames {
            frame.write_sse(&mut text);
            if text.len() >= CHUNK_BYTES {
                self.write(&mut text).await?;
            }
        }
        match text.is_empty() {
            true => Ok(()),
            false => self.write(&mut text).await,
        }
    }

    async fn gone(&mut self) {
        self.0.closed().await;
    }
}
