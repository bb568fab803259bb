//! History rewritten: kept messages through another adapter, their outcomes replaced in one step.

use std::sync::Arc;
use std::time::Instant;

use adapter::Message;
use iot_api::ErrorCode;
use iot_api::history::{RewriteHistoryDetails, RewrittenHistory};

use crate::error::Refusal;
use crate::ingest::{off_the_sockets, outcome};
use crate::limits::{HISTORY_BYTES_MAX, HISTORY_MESSAGES_MAX, HISTORY_TIME_MAX};
use crate::platform::Platform;
use crate::store::{HistoryChange, HistoryFrom, Instance, KeptMessage, RowOutcome};

/// Messages read and normalised at a time.
const PAGE_ROWS: u32 = 5_000;
/// Payload bytes in memory at a time.
const PAGE_BYTES: usize = 16 * 1024 * 1024;

impl Platform {
    /// Runs the kept messages of an ACTIVE instance through an adapter and replaces what became of
    /// them, in one transaction. Messages that arrive meanwhile, the raw data, and the instance's
    /// adapter stay as they are.
    ///
    /// # Errors
    /// `InvalidParameter` with every finding on the adapter, or when the range has more messages
    /// than fit; `NotAuthorizedOrNotFound`; `Conflict` for an instance without a model.
    pub async fn history_rewrite(
        &self,
        id: &str,
        details: &RewriteHistoryDetails,
    ) -> Result<RewrittenHistory, Refusal> {
        let instance: Instance = self.live(id, None).await?;
        let adapter = self.adapter_for_history(&instance, details).await?;
        let mut from = HistoryFrom {
            twin: instance.no,
            after: 0,
            since_us: time("timeReceivedSince", details.time_received_since.as_deref(), i64::MIN)?,
            before_us: time(
                "timeReceivedBefore",
                details.time_received_before.as_deref(),
                i64::MAX,
            )?,
            rows_max: PAGE_ROWS,
            bytes_max: PAGE_BYTES,
            with_time_observed: instance.connectivity_type == "INDIRECT",
        };
        let started = Instant::now();
        let mut rewriting = Rewriting::default();
        loop {
            let page = self.store().history_read(&from).await?;
            let Some(last) = page.last() else { break };
            from.after = last.id;
            rewriting.add(&adapter, page, started).await?;
        }
        let Rewriting { outcomes, done, .. } = rewriting;
        if !outcomes.is_empty() {
            let change = HistoryChange { twin: instance.no, outcomes };
            self.store().history_replace(Arc::new(change)).await?;
            self.feed.ring();
        }
        tracing::info!(instance.id = id, ?done, "history rewritten");
        Ok(done)
    }

    async fn adapter_for_history(
        &self,
        instance: &Instance,
        details: &RewriteHistoryDetails,
    ) -> Result<adapter::Adapter, Refusal> {
        let Some(model_id) = &instance.model_id else {
            return Err(Refusal::new(
                ErrorCode::Conflict,
                "the digital twin instance has no model; its messages are raw data only",
            ));
        };
        let model = self.model_resolved(&self.model_get(model_id).await?).await?;
        let (envelope, routes) =
            (details.inbound_envelope.as_ref(), details.inbound_routes.as_ref());
        crate::adapters::compile_parts(model, envelope, routes)
    }
}

/// RFC 3339 to microseconds.
fn time(member: &str, text: Option<&str>, default: i64) -> Result<i64, Refusal> {
    let Some(text) = text else { return Ok(default) };
    crate::clock::rfc3339_us(text).ok_or_else(|| {
        Refusal::invalid(format!(
            "{member} is '{}'; it must be a time such as 2026-01-05T08:00:00Z",
            text.escape_debug()
        ))
    })
}

/// What was worked out so far.
#[derive(Default)]
struct Rewriting {
    outcomes: Vec<(i64, RowOutcome)>,
    bytes: usize,
    done: RewrittenHistory,
}

impl Rewriting {
    /// Normalises a page of messages, off the threads that serve sockets.
    async fn add(
        &mut self,
        adapter: &adapter::Adapter,
        page: Vec<KeptMessage>,
        started: Instant,
    ) -> Result<(), Refusal> {
        for messages in page.chunks(64) {
            off_the_sockets(|| messages.iter().for_each(|message| self.one(adapter, message)));
            if self.outcomes.len() > HISTORY_MESSAGES_MAX || self.bytes > HISTORY_BYTES_MAX {
                return Err(Refusal::invalid(format!(
                    "the range has more than can be rewritten in one step ({HISTORY_MESSAGES_MAX} messages, {HISTORY_BYTES_MAX} bytes of values); take timeReceivedSince and timeReceivedBefore closer together"
                )));
            }
            if started.elapsed() > HISTORY_TIME_MAX {
                return Err(Refusal::invalid(format!(
                    "the adapter needs longer than {HISTORY_TIME_MAX:?} for the range; take timeReceivedSince and timeReceivedBefore closer together"
                )));
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    fn one(&mut self, adapter: &adapter::Adapter, kept: &KeptMessage) {
        self.done.messages += 1;
        if kept.stays {
            self.done.left_alone += 1;
            return;
        }
        let message = Message {
            endpoint: &kept.endpoint,
            content: &kept.content,
            // A twin behind a gateway inherits the time that the gateway observed.
            time_received_us: kept.time_observed_us.unwrap_or(kept.time_received_us),
        };
        match outcome(adapter, &message) {
            // What was handed on belongs to another twin.
            (_, Some(_)) => self.done.left_alone += 1,
            (outcome, None) => {
                match &outcome {
                    RowOutcome::RawOnly => {}
                    RowOutcome::Values { values, .. } => {
                        self.done.normalized += 1;
                        self.bytes +=
                            values.iter().map(|value| 64 + value.value.len()).sum::<usize>();
                    }
                    RowOutcome::Rejected { message, .. } => {
                        self.done.rejected += 1;
                        self.bytes += 64 + message.len();
                    }
                }
                self.outcomes.push((kept.id, outcome));
            }
        }
    }
}
