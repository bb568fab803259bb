//! Group commit: everything that waits becomes one transaction, then its receipts go out.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit, mpsc};
use tokio::task::JoinHandle;

use crate::events::Feed;
use crate::limits::{
    BATCH_MESSAGES_MAX, COMMIT_RETRIES_MAX, QUEUE_BYTES_MAX, QUEUE_MESSAGES_MAX, SLOW_ADAPTERS_MAX,
};
use crate::metrics::Metrics;
use crate::store::{Batch, HeldPacket, MessageRow, RowOutcome, Store};

/// Bytes that one permit of the queue stands for; a message costs at least one.
const PERMIT_BYTES: usize = 1024;

/// Pause before a failed commit is tried again.
const COMMIT_RETRY_PAUSE: Duration = Duration::from_millis(200);

/// Where to say that a message is durable. The channel needs room for every message its owner has
/// in flight: it is never waited for.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// The owner's channel.
    pub to: mpsc::Sender<Settled>,
    /// The owner's name for the message.
    pub token: u32,
}

/// What became of a queued message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// The name from the receipt.
    pub token: u32,
    /// On disk with its outcome; otherwise nothing of it is kept.
    pub committed: bool,
}

struct Queued {
    work: Work,
    receipt: Option<Receipt>,
    /// Gives the room in the queue back when the message is settled.
    _room: OwnedSemaphorePermit,
}

enum Work {
    Message {
        row: MessageRow,
        /// What of a gateway's message belongs to another twin; both are kept, or neither.
        delegated: Option<Box<MessageRow>>,
    },
    /// A packet id is free again.
    Release(Box<HeldPacket>),
}

/// The queue in front of the store and the task behind it.
pub(crate) struct Ingest {
    queue: Mutex<Option<mpsc::Sender<Queued>>>,
    room: Arc<Semaphore>,
    slow: Semaphore,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// The queue takes nothing any more.
#[derive(Debug)]
pub(crate) struct Closed;

impl Ingest {
    /// Starts the task that commits.
    pub fn start(store: Arc<dyn Store>, metrics: Arc<Metrics>, feed: Arc<Feed>) -> Ingest {
        let (sender, receiver) = mpsc::channel(QUEUE_MESSAGES_MAX);
        let task = tokio::spawn(run(receiver, store, metrics, feed));
        Ingest {
            queue: Mutex::new(Some(sender)),
            room: Arc::new(Semaphore::new(QUEUE_BYTES_MAX / PERMIT_BYTES)),
            slow: Semaphore::new(SLOW_ADAPTERS_MAX),
            task: Mutex::new(Some(task)),
        }
    }

    /// A turn of the slow adapters; waits while others have it.
    pub async fn slow_turn(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        self.slow.acquire().await.ok()
    }

    /// Queues a row, and with it what of it belongs to another twin; waits while the queue is full.
    pub async fn queue(
        &self,
        row: MessageRow,
        delegated: Option<MessageRow>,
        receipt: Option<Receipt>,
    ) -> Result<(), Closed> {
        let delegated = delegated.map(Box::new);
        let bytes = row.content.len() + delegated.as_ref().map_or(0, |row| row.content.len());
        self.send(Work::Message { row, delegated }, bytes, receipt).await
    }

    /// Queues the release of a packet id, behind its message.
    pub async fn queue_release(
        &self,
        held: Box<HeldPacket>,
        receipt: Receipt,
    ) -> Result<(), Closed> {
        self.send(Work::Release(held), 0, Some(receipt)).await
    }

    async fn send(&self, work: Work, bytes: usize, receipt: Option<Receipt>) -> Result<(), Closed> {
        let permits = u32::try_from(bytes / PERMIT_BYTES + 1).map_err(|_| Closed)?;
        let room = self.room.clone().acquire_many_owned(permits).await.map_err(|_| Closed)?;
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let queue = queue.ok_or(Closed)?;
        let queued = Queued { work, receipt, _room: room };
        queue.send(queued).await.map_err(|_| Closed)
    }

    /// Closes the queue and waits until what is in it is committed.
    pub async fn drain(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "the committing task failed");
        }
    }
}

async fn run(
    mut queue: mpsc::Receiver<Queued>,
    store: Arc<dyn Store>,
    metrics: Arc<Metrics>,
    feed: Arc<Feed>,
) {
    let mut waiting = Vec::with_capacity(BATCH_MESSAGES_MAX);
    while queue.recv_many(&mut waiting, BATCH_MESSAGES_MAX).await > 0 {
        let mut batch = Batch { rows: Vec::with_capacity(waiting.len()), released: Vec::new() };
        let mut receipts = Vec::with_capacity(waiting.len());
        let mut rooms = Vec::with_capacity(waiting.len());
        for Queued { work, receipt, _room } in waiting.drain(..) {
            match work {
                Work::Message { row, delegated } => {
                    batch.rows.push(row);
                    batch.rows.extend(delegated.map(|row| *row));
                }
                Work::Release(held) => batch.released.push(*held),
            }
            receipts.extend(receipt);
            rooms.push(_room);
        }
        let batch = Arc::new(batch);
        let committed = commit(&*store, &batch, &metrics).await;
        if committed {
            feed.ring();
            count(&metrics, &batch.rows);
        }
        for Receipt { to, token } in receipts {
            // A full or closed channel means that nobody waits any more.
            let _ = to.try_send(Settled { token, committed });
        }
    }
}

async fn commit(store: &dyn Store, batch: &Arc<Batch>, metrics: &Metrics) -> bool {
    for attempt in 0..=COMMIT_RETRIES_MAX {
        match store.commit_batch(batch.clone()).await {
            Ok(()) => return true,
            Err(error) => {
                metrics.commit_failures.inc();
                tracing::error!(?error, attempt, messages = batch.rows.len(), "commit failed");
            }
        }
        tokio::time::sleep(COMMIT_RETRY_PAUSE).await;
    }
    false
}

fn count(metrics: &Metrics, rows: &[MessageRow]) {
    metrics.commits.inc();
    metrics.messages_committed.inc_by(rows.len() as u64);
    for row in rows {
        match &row.outcome {
            RowOutcome::RawOnly => {}
            RowOutcome::Values { .. } => {
                metrics.messages_normalized.inc();
            }
            RowOutcome::Rejected { code, message } => {
                Metrics::count(&metrics.messages_rejected, code.to_string());
                tracing::info!(twin.no = row.twin.0, code, message, "message rejected");
            }
        }
    }
}
