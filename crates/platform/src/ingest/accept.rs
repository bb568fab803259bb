//! From a publish to a row with its outcome (adapters-and-models.md A2).

use std::sync::Arc;
use std::time::Instant;

use adapter::{Delegation, Message, Outcome};
use bytes::Bytes;
use tokio::runtime::{Handle, RuntimeFlavor};

use super::committer::Receipt;
use super::twins::Twin;
use crate::limits::{CONTENT_TYPE_BYTES_MAX, ENDPOINT_BYTES_MAX, PAYLOAD_BYTES_MAX};
use crate::metrics::Metrics;
use crate::platform::Platform;
use crate::store::{HeldPacket, MessageRow, RowOutcome, RowValue};
use crate::topics::without_slash;

/// What a device sent.
#[derive(Debug, Clone)]
pub struct Publication {
    /// Topic or path; one leading slash is taken away.
    pub endpoint: String,
    /// Content type, if the protocol carries one.
    pub content_type: Option<String>,
    /// The bytes.
    pub content: Bytes,
    /// The packet id to hold with it (QoS 2), see [`crate::sessions::Attachment::held_packet`].
    pub held: Option<Box<HeldPacket>>,
}

/// Why a message was not taken in. Nothing of it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublishRefused {
    /// Over [`PAYLOAD_BYTES_MAX`].
    TooLarge,
    /// Empty, too long, or with a character that has no place there.
    BadEndpoint(String),
    /// The twin was deleted.
    TwinGone,
    /// More messages a second than a device may send.
    TooFast,
    /// The platform is going down, or its store failed.
    Unavailable,
}

impl Platform {
    /// Takes a message in: normalises it and queues it for the next commit. Waits while the queue
    /// is full. `receipt` is told after the commit.
    ///
    /// # Errors
    /// See [`PublishRefused`].
    pub async fn accept(
        &self,
        twin: &Arc<Twin>,
        publication: Publication,
        receipt: Option<Receipt>,
    ) -> Result<(), PublishRefused> {
        let renewed;
        let twin = if twin.is_stale() {
            renewed = self.twin_renewed(twin).await?;
            &renewed
        } else {
            twin
        };
        if !self.rate_allows(twin) {
            Metrics::count(&self.metrics().messages_refused, "too_fast");
            return Err(PublishRefused::TooFast);
        }
        let is_answer = {
            let Publication { endpoint, content_type, content, .. } = &publication;
            let endpoint = without_slash(endpoint);
            self.command_answered(twin.no, endpoint, content_type.as_deref(), content).await
        };
        let time_received_us = self.now_us();
        let row = if twin.adapter_is_slow() && !is_answer {
            // In its turn and off the threads that serve sockets: nobody else waits for it.
            let _turn = self.ingest.slow_turn().await;
            off_the_sockets(|| message_row(twin, publication, time_received_us, is_answer))
        } else {
            message_row(twin, publication, time_received_us, is_answer)
        };
        let (mut row, delegation) = row.inspect_err(|refused| {
            let reason = match refused {
                PublishRefused::TooLarge => "too_large",
                PublishRefused::BadEndpoint(_) => "bad_endpoint",
                PublishRefused::TwinGone => "twin_gone",
                PublishRefused::TooFast => "too_fast",
                PublishRefused::Unavailable => "unavailable",
            };
            Metrics::count(&self.metrics().messages_refused, reason);
        })?;
        let delegated = match delegation {
            Some(delegation) => self.delegate(twin, &mut row, delegation).await?,
            None => None,
        };
        self.ingest.queue(row, delegated, receipt).await.map_err(|_| PublishRefused::Unavailable)
    }

    /// The twin as it is now, if it is still the same instance.
    async fn twin_renewed(&self, twin: &Twin) -> Result<Arc<Twin>, PublishRefused> {
        match self.twin(&twin.domain_id, &twin.external_key).await {
            Ok(Some(now)) if now.id == twin.id => Ok(now),
            Ok(_) => Err(PublishRefused::TwinGone),
            Err(_) => Err(PublishRefused::Unavailable),
        }
    }
}

/// The row of a message, and what of it belongs to another twin.
fn message_row(
    twin: &Twin,
    publication: Publication,
    time_received_us: i64,
    is_answer: bool,
) -> Result<(MessageRow, Option<Delegation>), PublishRefused> {
    if publication.content.len() > PAYLOAD_BYTES_MAX {
        return Err(PublishRefused::TooLarge);
    }
    let endpoint = endpoint(publication.endpoint)?;
    let (outcome, delegation) = match &twin.adapter {
        // The answer to a command is no telemetry (devices.md 7).
        _ if is_answer => (RowOutcome::RawOnly, None),
        None => (RowOutcome::RawOnly, None),
        Some(adapter) => {
            let content = publication.content.as_ref();
            let message = Message { endpoint: &endpoint, content, time_received_us };
            normalise(twin, adapter, &message)
        }
    };
    // MQTT 3.1.1 carries no content type (devices.md 3).
    let content_type = publication.content_type.or_else(|| {
        let is_json = !matches!(outcome, RowOutcome::RawOnly | RowOutcome::Rejected { .. })
            || serde_json::from_slice::<serde::de::IgnoredAny>(&publication.content).is_ok();
        is_json.then(|| "application/json".to_owned())
    });
    let row = MessageRow {
        twin: twin.no,
        endpoint,
        content_type: content_type.filter(|text| text.len() <= CONTENT_TYPE_BYTES_MAX),
        content: publication.content,
        time_received_us,
        outcome,
        held: publication.held,
    };
    Ok((row, delegation))
}

/// Runs `work` where it holds up no socket, if the runtime has such a place.
pub(crate) fn off_the_sockets<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

/// Takes one leading slash away and checks the rest.
fn endpoint(mut text: String) -> Result<String, PublishRefused> {
    if text.starts_with('/') {
        text.remove(0);
    }
    let bad = |why: &str| Err(PublishRefused::BadEndpoint(why.to_owned()));
    if text.is_empty() {
        return bad("the endpoint is empty");
    }
    if text.len() > ENDPOINT_BYTES_MAX {
        return bad("the endpoint is longer than 1,024 bytes");
    }
    if text.contains('\0') {
        return bad("the endpoint has a NUL character");
    }
    Ok(text)
}

/// Runs an adapter and takes note of how long it took.
pub(super) fn normalise(
    twin: &Twin,
    adapter: &adapter::Adapter,
    message: &Message<'_>,
) -> (RowOutcome, Option<Delegation>) {
    let started = Instant::now();
    let normalised = outcome(adapter, message);
    twin.note_adapter_time(started.elapsed());
    normalised
}

/// What an adapter makes of a message, as it is kept.
pub(crate) fn outcome(
    adapter: &adapter::Adapter,
    message: &Message<'_>,
) -> (RowOutcome, Option<Delegation>) {
    match adapter.normalise(message) {
        Outcome::Values(normalized) => {
            let elements = &adapter.model().elements;
            let values = normalized.values.into_iter().filter_map(|value| {
                let element = elements.get(value.element)?;
                Some(RowValue {
                    path: element.path.clone(),
                    value: value.value,
                    historized: element.historized,
                })
            });
            let time_observed_us = normalized.time_observed_us;
            (RowOutcome::Values { time_observed_us, values: values.collect() }, None)
        }
        Outcome::Rejected(rejection) => {
            let adapter::Rejection { code, message } = rejection;
            (RowOutcome::Rejected { code, message }, None)
        }
        Outcome::Delegated(delegation) => (RowOutcome::RawOnly, Some(delegation)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_leading_slash_goes() {
        assert_eq!(endpoint("/iot/v1".into()), Ok("iot/v1".into()));
        assert_eq!(endpoint("//iot".into()), Ok("/iot".into()));
        for bad in ["", "/", "a\0b"] {
            assert!(endpoint(bad.into()).is_err(), "{bad:?}");
        }
        assert!(endpoint("x".repeat(1025)).is_err());
    }
}
