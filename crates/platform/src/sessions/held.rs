//! Packet ids of QoS 2: which are in use until the device releases them (devices.md 3).
//!
//! Those of a lasting session are in the store too, from the commit of their message to their
//! release: a message that comes again after a restart is known.

use std::collections::HashMap;
use std::sync::{MutexGuard, PoisonError};

use super::Attachment;
use crate::ingest::Receipt;
use crate::platform::Platform;
use crate::store::HeldPacket;

/// What became of a packet id in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// Its message is on its way to the store.
    Arriving,
    /// Its message is stored.
    Kept,
    /// The device has released it; that is on its way to the store.
    Released,
}

/// Packet ids in use.
pub type HeldIds = HashMap<u16, Held>;

/// The platform takes nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotReleased;

impl Attachment {
    /// Packet ids of QoS 2 that are in use.
    pub fn held(&self) -> MutexGuard<'_, HeldIds> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to be stored of a packet id; `None` if the session ends with its connection.
    pub fn held_packet(&self, packet_id: u16) -> Option<Box<HeldPacket>> {
        self.lasts.then(|| {
            Box::new(HeldPacket {
                twin: self.session.twin,
                client_id: self.session.client_id.clone(),
                begun_us: self.begun_us,
                packet_id,
            })
        })
    }
}

impl Platform {
    /// Frees a stored packet id; `receipt` is told when that is durable.
    ///
    /// # Errors
    /// [`NotReleased`] when the platform goes down.
    pub async fn session_release(
        &self,
        held: Box<HeldPacket>,
        receipt: Receipt,
    ) -> Result<(), NotReleased> {
        self.ingest.queue_release(held, receipt).await.map_err(|_| NotReleased)
    }
}
