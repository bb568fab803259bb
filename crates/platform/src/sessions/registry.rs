//! All sessions of this process.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::{self, OwnedPermit, error::TrySendError};

use super::{CommandMessage, FOREVER_S, Held, HeldIds, Link, Lost, Session, State};
use crate::limits::SESSIONS_KEPT_MAX;
use crate::store::{Delivery, HeldPacket, SessionRecord, TwinNo};
use crate::topics::matches;

/// Sessions by twin.
#[derive(Default)]
pub(crate) struct Sessions {
    twins: Mutex<HashMap<TwinNo, Vec<Arc<Session>>>>,
    /// Counts connections and signs of life.
    clock: AtomicU64,
    /// Nobody is to be connected any more.
    is_closed: AtomicBool,
}

/// Where a command can go.
pub(crate) enum Choice {
    /// To this session, now.
    Now { permit: OwnedPermit<Box<CommandMessage>>, delivery: Delivery, subscription_ids: Vec<u32> },
    /// To a session that takes no more at the moment.
    Full,
    /// To a session whose device is away.
    Away,
    /// Nowhere.
    Nowhere,
}

impl Sessions {
    /// The sessions that were kept. A platform that stopped has no connections: what has no end
    /// ends now.
    pub fn load(records: Vec<SessionRecord>, held: Vec<HeldPacket>, now_us: i64) -> Sessions {
        let sessions = Sessions::default();
        let mut ids: HashMap<(TwinNo, String), HeldIds> = HashMap::new();
        for HeldPacket { twin, client_id, packet_id, .. } in held {
            ids.entry((twin, client_id)).or_default().insert(packet_id, Held::Kept);
        }
        for record in records {
            let held = ids.remove(&(record.twin, record.client_id.clone())).unwrap_or_default();
            let state = State {
                subscriptions: record.subscriptions,
                expiry_s: record.expiry_s,
                is_stored: true,
                ended_us: Some(record.ended_us.unwrap_or(now_us)),
                begun_us: record.begun_us,
                held: Arc::new(Mutex::new(held)),
                ..State::default()
            };
            let session = Session::new(record.twin, record.client_id, state);
            sessions.lock().entry(record.twin).or_default().push(Arc::new(session));
        }
        sessions
    }

    /// Gives a session to a connection; its number, and whether the session was there before.
    pub(super) fn attach(
        &self,
        twin: TwinNo,
        client_id: &str,
        clean_start: bool,
        expiry_s: u32,
        now_us: i64,
        link: impl FnOnce(u64) -> Link,
    ) -> (Arc<Session>, u64, bool) {
        let serial = self.tick();
        let mut twins = self.lock();
        let sessions = twins.entry(twin).or_default();
        let known = sessions.iter().find(|session| session.client_id == client_id).cloned();
        let session = known.clone().unwrap_or_else(|| {
            let session = Arc::new(Session::new(twin, client_id.to_owned(), State::default()));
            sessions.push(session.clone());
            session
        });
        let mut state = session.state();
        if let Some(lost) = state.link.take().and_then(|link| link.lost) {
            // The older connection may be gone already.
            let _ = lost.send(Lost::TakenOver);
        }
        let present = known.is_some() && !clean_start && !state.is_over(now_us);
        if !present {
            state.subscriptions.clear();
            state.subscriptions.shrink_to_fit();
            state.begun_us = now_us.max(state.begun_us + 1);
            state.held = Arc::default();
        }
        state.expiry_s = expiry_s;
        state.ended_us = None;
        state.active = serial;
        state.link = Some(link(serial));
        if self.is_closed.load(Ordering::Relaxed) {
            state.cut();
        }
        drop(state);
        (session, serial, present)
    }

    /// Ends the connection with this number, if it still has the session; true then. A session
    /// that does not outlive its connection goes.
    pub fn release(
        &self,
        session: &Arc<Session>,
        serial: u64,
        expiry_s: Option<u32>,
        now_us: Option<i64>,
    ) -> bool {
        let mut twins = self.lock();
        let mut state = session.state();
        if state.link.as_ref().is_none_or(|link| link.serial != serial) {
            return false;
        }
        state.link = None;
        state.ended_us = now_us.or(state.ended_us);
        state.expiry_s = expiry_s.unwrap_or(state.expiry_s);
        let is_over = state.expiry_s == 0;
        drop(state);
        if is_over {
            remove(&mut twins, session);
        }
        true
    }

    /// Sessions without connection that a twin has too many of, or whose time is up.
    pub fn evict(&self, twin: TwinNo) -> Vec<Arc<Session>> {
        let mut twins = self.lock();
        let Some(sessions) = twins.get(&twin) else { return Vec::new() };
        if sessions.len() <= SESSIONS_KEPT_MAX {
            return Vec::new();
        }
        let mut away: Vec<(i64, Arc<Session>)> = sessions
            .iter()
            .filter_map(|session| {
                let state = session.state();
                let ended_us = state.ended_us.filter(|_| state.link.is_none())?;
                Some((ended_us, session.clone()))
            })
            .collect();
        away.sort_unstable_by_key(|(ended_us, _)| *ended_us);
        away.truncate(away.len().saturating_sub(SESSIONS_KEPT_MAX));
        let evicted: Vec<_> = away.into_iter().map(|(_, session)| session).collect();
        for session in &evicted {
            session.state().expiry_s = 0;
            remove(&mut twins, session);
        }
        evicted
    }

    /// Takes the sessions away whose time is up.
    pub fn take_expired(&self, now_us: i64) -> Vec<Arc<Session>> {
        let mut twins = self.lock();
        let mut over = Vec::new();
        twins.retain(|_, sessions| {
            sessions.retain(|session| {
                let mut state = session.state();
                let is_over = state.is_over(now_us);
                if is_over {
                    state.expiry_s = 0;
                    over.push(session.clone());
                }
                !is_over
            });
            !sessions.is_empty()
        });
        over
    }

    /// Takes all sessions of a twin away and tells their connections.
    pub fn end(&self, twin: TwinNo) -> Vec<Arc<Session>> {
        let sessions = self.lock().remove(&twin).unwrap_or_default();
        for session in &sessions {
            let mut state = session.state();
            state.expiry_s = 0;
            if let Some(lost) = state.link.take().and_then(|link| link.lost) {
                let _ = lost.send(Lost::TwinChanged);
            }
        }
        sessions
    }

    /// Tells all connections to let go, and those that still come; the sessions stay as they are.
    pub fn close(&self) {
        let twins = self.lock();
        self.is_closed.store(true, Ordering::Relaxed);
        for session in twins.values().flatten() {
            session.state().cut();
        }
    }

    /// The best session for a command: of those connected the one most recently active.
    pub fn choose(&self, via: &[TwinNo], topic: &str, now_us: i64) -> Choice {
        let twins = self.lock();
        let mut is_away = false;
        let mut best: Option<(u64, Arc<Session>)> = None;
        for session in via.iter().filter_map(|twin| twins.get(twin)).flatten() {
            let state = session.state();
            let subscribes = state.subscriptions.iter().any(|s| matches(&s.filter, topic));
            if !subscribes || state.is_over(now_us) {
                continue;
            }
            if state.link.is_none() {
                is_away = true;
            } else if best.as_ref().is_none_or(|(active, _)| *active < state.active) {
                best = Some((state.active, session.clone()));
            }
        }
        drop(twins);
        match best {
            Some((_, session)) => session.offer(topic, None).unwrap_or(Choice::Away),
            None if is_away => Choice::Away,
            None => Choice::Nowhere,
        }
    }

    /// The session that a command was sent on, to send it again.
    pub fn again(&self, delivery: &Delivery, topic: &str) -> Option<Choice> {
        let twins = self.lock();
        let mut sessions = twins.get(&delivery.via)?.iter();
        let session = sessions.find(|session| session.client_id == delivery.client_id)?.clone();
        drop(twins);
        session.offer(topic, Some(delivery))
    }

    /// Notes that a packet id of a session is in use.
    pub fn note_packet_id(&self, delivery: &Delivery) {
        let twins = self.lock();
        let mut sessions = twins.get(&delivery.via).into_iter().flatten();
        if let Some(session) = sessions.find(|session| session.client_id == delivery.client_id) {
            let mut state = session.state();
            state.last_packet_id = state.last_packet_id.max(delivery.packet_id.unwrap_or(0));
        }
    }

    /// Whether a session still exists.
    pub fn exists(&self, twin: TwinNo, client_id: &str) -> bool {
        let twins = self.lock();
        twins
            .get(&twin)
            .is_some_and(|sessions| sessions.iter().any(|one| one.client_id == client_id))
    }

    /// Whether a session has a connection.
    pub fn is_connected(&self, twin: TwinNo, client_id: &str) -> bool {
        let twins = self.lock();
        let mut sessions = twins.get(&twin).into_iter().flatten();
        sessions.any(|one| one.client_id == client_id && one.state().link.is_some())
    }

    /// Says that a session's device was heard.
    pub fn touch(&self, session: &Session) {
        session.state().active = self.tick();
    }

    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TwinNo, Vec<Arc<Session>>>> {
        self.twins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    fn new(twin: TwinNo, client_id: String, state: State) -> Session {
        Session {
            twin,
            client_id,
            state: Mutex::new(state),
            storing: tokio::sync::Mutex::default(),
        }
    }

    /// The packet ids in use, and since when they are counted.
    pub(super) fn beginning(&self) -> (Arc<Mutex<HeldIds>>, i64) {
        let state = self.state();
        (state.held.clone(), state.begun_us)
    }

    /// What the store should have: `None` when it has it, `Some(None)` for nothing. The caller
    /// holds the turn to store.
    pub(super) fn record(&self) -> Option<Option<SessionRecord>> {
        let mut state = self.state();
        if state.expiry_s == 0 {
            return std::mem::take(&mut state.is_stored).then_some(None);
        }
        state.is_stored = true;
        Some(Some(SessionRecord {
            twin: self.twin,
            client_id: self.client_id.clone(),
            expiry_s: state.expiry_s,
            subscriptions: state.subscriptions.clone(),
            ended_us: state.ended_us,
            begun_us: state.begun_us,
        }))
    }

    /// Room for a command on this session's connection. `None` without a connection.
    fn offer(&self, topic: &str, earlier: Option<&Delivery>) -> Option<Choice> {
        let mut state = self.state();
        let commands = state.link.as_ref()?.commands.clone();
        let permit = match reserve(commands) {
            Ok(permit) => permit,
            Err(is_full) => return is_full.then_some(Choice::Full),
        };
        let matching = state.subscriptions.iter().filter(|s| matches(&s.filter, topic));
        let qos = matching.clone().map(|subscription| subscription.qos).max().unwrap_or(0);
        let subscription_ids = matching.filter_map(|subscription| subscription.id).collect();
        let delivery = earlier.cloned().unwrap_or_else(|| Delivery {
            via: self.twin,
            client_id: self.client_id.clone(),
            packet_id: (qos > 0).then(|| state.next_packet_id()),
            acknowledged: false,
        });
        Some(Choice::Now { permit, delivery, subscription_ids })
    }
}

/// A place in the channel, or whether it is full; it is closed otherwise.
fn reserve(
    commands: mpsc::Sender<Box<CommandMessage>>,
) -> Result<OwnedPermit<Box<CommandMessage>>, bool> {
    commands.try_reserve_owned().map_err(|error| matches!(error, TrySendError::Full(_)))
}

impl State {
    /// Tells the connection to let go.
    fn cut(&mut self) {
        if let Some(lost) = self.link.as_mut().and_then(|link| link.lost.take()) {
            // It may be gone already.
            let _ = lost.send(Lost::TwinChanged);
        }
    }

    fn is_over(&self, now_us: i64) -> bool {
        self.expiry_s != FOREVER_S
            && self.link.is_none()
            && self
                .ended_us
                .is_some_and(|ended_us| ended_us + i64::from(self.expiry_s) * 1_000_000 <= now_us)
    }

    /// Far fewer are in flight than there are ids, so the next one is always free.
    fn next_packet_id(&mut self) -> u16 {
        self.last_packet_id = self.last_packet_id.checked_add(1).unwrap_or(1);
        self.last_packet_id
    }
}

fn remove(twins: &mut HashMap<TwinNo, Vec<Arc<Session>>>, session: &Arc<Session>) {
    let Some(sessions) = twins.get_mut(&session.twin) else { return };
    sessions.retain(|other| !Arc::ptr_eq(other, session));
    if sessions.is_empty() {
        twins.remove(&session.twin);
    }
}
