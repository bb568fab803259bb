//! MQTT sessions: who is connected as what, what is subscribed to, and what stays when the
//! connection ends (devices.md 3).
//!
//! All sessions are in memory, the lasting ones in the store too: subscriptions of a lasting
//! session are durable before they are acknowledged. One connection per twin and client id holds
//! a session; a newer one takes it over.

mod held;
mod registry;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use crate::ingest::Twin;
use crate::limits::{COMMANDS_INFLIGHT_MAX, SUBSCRIPTIONS_MAX};
use crate::list::ListQuery;
use crate::platform::Platform;
use crate::store::{Instance, Stored, Subscription, TwinNo};

pub use held::{Held, HeldIds};
pub(crate) use registry::{Choice, Sessions};

/// Seconds of a session that never ends.
pub const FOREVER_S: u32 = u32::MAX;

/// Twins of a deleted domain that are read at a time.
const TWINS_AT_ONCE: usize = 500;

/// SUBACK's code for one filter too many.
const QUOTA_EXCEEDED: u8 = 0x97;

/// Why a connection has to let go of its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// A newer connection has the client id.
    TakenOver,
    /// The twin was deleted, or may not be connected like this any more.
    TwinChanged,
}

/// A command for the device at the other end.
#[derive(Debug)]
pub struct CommandMessage {
    /// The command's name in this process.
    pub command: u64,
    /// Topic.
    pub topic: String,
    /// Content type.
    pub content_type: String,
    /// Payload.
    pub payload: Bytes,
    /// `None` at QoS 0.
    pub packet_id: Option<u16>,
    /// Sent before on an earlier connection of the session.
    pub dup: bool,
    /// Identifiers of the subscriptions it matched.
    pub subscription_ids: Vec<u32>,
    /// It is not worth sending after this time, UTC microseconds.
    pub deadline_us: i64,
}

/// One session.
pub(crate) struct Session {
    pub twin: TwinNo,
    pub client_id: String,
    state: Mutex<State>,
    /// Writes of this session to the store happen one after the other, each of its newest state.
    storing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    subscriptions: Vec<Subscription>,
    expiry_s: u32,
    /// A record of it is in the store.
    is_stored: bool,
    link: Option<Link>,
    ended_us: Option<i64>,
    /// Rises with every connection and message: the larger, the more recently active.
    active: u64,
    last_packet_id: u16,
    /// When the session began anew.
    begun_us: i64,
    /// Packet ids of QoS 2 in use; new ones with every new beginning, so that nobody else frees
    /// or takes one.
    held: Arc<Mutex<HeldIds>>,
}

/// The connection that holds a session.
struct Link {
    serial: u64,
    commands: mpsc::Sender<Box<CommandMessage>>,
    lost: Option<oneshot::Sender<Lost>>,
}

impl Session {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection's hold on its session. Dropping it ends the connection's part; use
/// [`Platform::session_detach`] to have it durable.
pub struct Attachment {
    session: Arc<Session>,
    serial: u64,
    sessions: Arc<Sessions>,
    held: Arc<Mutex<HeldIds>>,
    begun_us: i64,
    lasts: bool,
    /// The session was there before.
    pub present: bool,
    /// Commands for the device.
    pub commands: mpsc::Receiver<Box<CommandMessage>>,
    /// Resolves when the connection has to let go.
    pub lost: oneshot::Receiver<Lost>,
}

impl Attachment {
    /// Says that the device was heard.
    pub fn touch(&self) {
        self.sessions.touch(&self.session);
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        self.sessions.release(&self.session, self.serial, None, None);
    }
}

impl Platform {
    /// Takes the session of a twin and client id, or makes it; durable when it is to last.
    ///
    /// # Errors
    /// The store's.
    pub async fn session_attach(
        &self,
        twin: &Twin,
        client_id: &str,
        clean_start: bool,
        expiry_s: u32,
    ) -> Stored<Attachment> {
        let (commands, receiver) = mpsc::channel(COMMANDS_INFLIGHT_MAX);
        let (lost, lost_receiver) = oneshot::channel();
        let link = |serial| Link { serial, commands, lost: Some(lost) };
        let sessions = &self.sessions;
        let (session, serial, present) =
            sessions.attach(twin.no, client_id, clean_start, expiry_s, self.now_us(), link);
        let (held, begun_us) = session.beginning();
        let attachment = Attachment {
            session,
            held,
            begun_us,
            lasts: expiry_s > 0,
            serial,
            sessions: sessions.clone(),
            present,
            commands: receiver,
            lost: lost_receiver,
        };
        self.session_store(&attachment.session).await?;
        if !present {
            self.commands.session_gone(twin.no, client_id).await;
        }
        for evicted in sessions.evict(twin.no) {
            self.session_store(&evicted).await?;
        }
        Ok(attachment)
    }

    /// The log-in was answered: commands that wait for this device go now.
    pub async fn session_started(&self, attachment: &Attachment) {
        let session = &attachment.session;
        self.commands.session_started(session.twin, &session.client_id).await;
    }

    /// A subscription was answered: commands that wait for it go now.
    pub async fn session_subscribed(&self, attachment: &Attachment) {
        self.commands.session_ready(attachment.session.twin).await;
    }

    /// Adds subscriptions; the codes of the SUBACK, granted QoS or reason.
    ///
    /// # Errors
    /// The store's; nothing is to be acknowledged then.
    pub async fn session_subscribe(
        &self,
        attachment: &Attachment,
        id: Option<u32>,
        filters: Vec<(String, u8)>,
    ) -> Stored<Vec<u8>> {
        let mut codes = Vec::with_capacity(filters.len());
        {
            let mut state = attachment.session.state();
            for (filter, qos) in filters {
                state.subscriptions.retain(|other| other.filter != filter);
                if state.subscriptions.len() >= SUBSCRIPTIONS_MAX {
                    codes.push(QUOTA_EXCEEDED);
                    continue;
                }
                state.subscriptions.push(Subscription { filter, qos, id });
                codes.push(qos);
            }
        }
        self.session_store(&attachment.session).await?;
        Ok(codes)
    }

    /// Takes subscriptions away; for each filter whether there was one.
    ///
    /// # Errors
    /// The store's.
    pub async fn session_unsubscribe(
        &self,
        attachment: &Attachment,
        filters: &[String],
    ) -> Stored<Vec<bool>> {
        let existed = {
            let mut state = attachment.session.state();
            let mut remove = |filter: &String| {
                let count = state.subscriptions.len();
                state.subscriptions.retain(|other| other.filter != *filter);
                state.subscriptions.len() < count
            };
            filters.iter().map(&mut remove).collect()
        };
        self.session_store(&attachment.session).await?;
        Ok(existed)
    }

    /// Ends a connection's hold; `expiry_s` is a new life time of the session, if the device
    /// named one.
    ///
    /// # Errors
    /// The store's.
    pub async fn session_detach(
        &self,
        attachment: Attachment,
        expiry_s: Option<u32>,
    ) -> Stored<()> {
        let session = attachment.session.clone();
        let now_us = self.now_us();
        if self.sessions.release(&session, attachment.serial, expiry_s, Some(now_us)) {
            self.session_store(&session).await?;
            if !self.sessions.exists(session.twin, &session.client_id) {
                self.commands.session_gone(session.twin, &session.client_id).await;
            }
        }
        Ok(())
    }

    /// Whether a device is connected with this client id.
    pub fn session_is_connected(&self, twin: &Twin, client_id: &str) -> bool {
        self.sessions.is_connected(twin.no, client_id)
    }

    /// Cuts all connections of a twin and forgets its sessions, after it was deleted or changed.
    pub(crate) async fn sessions_end(&self, twin: TwinNo) {
        for session in self.sessions.end(twin) {
            if let Err(error) = self.session_store(&session).await {
                tracing::error!(?error, "a session could not be forgotten");
            }
        }
    }

    /// Cuts the connections of all twins of a domain, forgets their sessions and settles their
    /// commands, after the domain was deleted.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn domain_devices_end(&self, domain_id: &str) -> Stored<()> {
        let mut query = ListQuery::matching(domain_id, &[], TWINS_AT_ONCE);
        loop {
            let page = self.store().list::<Instance>(&query).await?;
            for instance in page.items {
                self.sessions_end(instance.no).await;
                self.commands.twin_gone(instance.no).await;
            }
            query.after = page.next;
            if query.after.is_none() {
                return Ok(());
            }
        }
    }

    /// Forgets the sessions whose device has been away for longer than they last; how many.
    ///
    /// # Errors
    /// The store's.
    pub async fn sessions_expire(&self) -> Stored<u64> {
        let over = self.sessions.take_expired(self.now_us());
        for session in &over {
            self.session_store(session).await?;
            self.commands.session_gone(session.twin, &session.client_id).await;
        }
        Ok(over.len() as u64)
    }

    /// Brings the store's record of a session up to date.
    async fn session_store(&self, session: &Session) -> Stored<()> {
        let _turn = session.storing.lock().await;
        let Some(wanted) = session.record() else { return Ok(()) };
        match wanted {
            Some(record) => self.store().session_put(&record).await,
            None => {
                let begun_us = session.state().begun_us;
                self.store().session_delete(session.twin, &session.client_id, begun_us).await
            }
        }
    }
}
