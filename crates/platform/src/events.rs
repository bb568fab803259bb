//! Streams of what happened: everything the cloud's queues offer (data-api.md 5), read from the
//! store by id.
//!
//! Resuming and following are the same: a subscription reads what is behind its position, and waits
//! for the bell when there is nothing. Ingest rings it after a commit, which costs an atomic read
//! while nobody listens. A subscription keeps no events, so a slow one costs nobody anything.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

use crate::limits::{
    EVENT_BYTES_READ_MAX, EVENT_IDS_READ_MAX, EVENT_READS_MAX, EVENT_ROWS_READ_MAX,
    EVENT_SUBSCRIBERS_MAX, EVENT_TWINS_MAX, EVENTS_BEHIND_MAX,
};
use crate::platform::Platform;
use crate::store::{
    Event, EventKind, EventQuery, EventRange, Instance, StoreError, Stored, TwinNo,
};

/// Between two reads that follow what happens: commits in between are read together.
const PAUSE_MIN: Duration = Duration::from_millis(20);
/// Rest after every read, as a multiple of the time it took, its turn included: many subscribers
/// share what ingest leaves them.
const REST_FACTOR: u32 = 2;

/// Where subscriptions hear of commits, and what bounds them.
pub(crate) struct Feed {
    bell: watch::Sender<()>,
    seats: Arc<Semaphore>,
    /// Never closed, as `seats`.
    turns: Semaphore,
}

impl Default for Feed {
    fn default() -> Feed {
        Feed {
            bell: watch::Sender::new(()),
            seats: Arc::new(Semaphore::new(EVENT_SUBSCRIBERS_MAX)),
            turns: Semaphore::new(EVENT_READS_MAX),
        }
    }
}

impl Feed {
    /// Something was committed. One atomic read while nobody listens.
    pub fn ring(&self) {
        // An error says that nobody does.
        let _ = self.bell.send(());
    }
}

/// Up to where a subscriber has seen each kind of events. As text it is one letter and an id for
/// each kind, such as `r120.n377.x4.c9`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Position([Option<i64>; 4]);

const LETTERS: [char; 4] = ['r', 'n', 'x', 'c'];

impl Position {
    /// Reads the text form. Kinds may be left out.
    pub fn parse(text: &str) -> Option<Position> {
        let mut position = Position::default();
        for part in text.split('.') {
            let mut characters = part.chars();
            let letter = characters.next()?;
            let kind = LETTERS.iter().position(|one| *one == letter)?;
            let digits = characters.as_str();
            let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
            let id = digits.parse().ok().filter(|_| is_number)?;
            if position.0[kind].replace(id).is_some() {
                return None;
            }
        }
        Some(position)
    }

    fn of(&self, kind: EventKind) -> i64 {
        self.0[kind as usize].unwrap_or(0)
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut dot = "";
        for (letter, id) in LETTERS.iter().zip(self.0) {
            if let Some(id) = id {
                write!(f, "{dot}{letter}{id}")?;
                dot = ".";
            }
        }
        Ok(())
    }
}

/// Which events are wanted.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Kinds; empty for all.
    pub kinds: Vec<EventKind>,
    /// OCIDs of instances; empty for all of the domain.
    pub twins: Vec<String>,
    /// Only with this endpoint; values, which have none, are all let through.
    pub endpoint: Option<String>,
    /// Only with this content path; other events, which have none, are all let through.
    pub content_path: Option<String>,
}

/// Where a subscription begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventStart {
    /// With what happens from now on.
    Now,
    /// With the oldest that is kept.
    Oldest,
    /// Behind this position; kinds that it does not name begin now.
    After(Position),
    /// With the first event from then on, UTC microseconds.
    Since(i64),
}

/// Why there is no subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscribeRefused {
    /// As many as may be are there.
    TooMany,
    /// The caller's mistake, in words.
    Bad(String),
    /// The store's error.
    Store(StoreError),
}

impl From<StoreError> for SubscribeRefused {
    fn from(error: StoreError) -> SubscribeRefused {
        SubscribeRefused::Store(error)
    }
}

/// What a subscriber is told next.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// Events of one kind, each with the position behind it.
    Events(EventKind, Vec<(Position, Event)>),
    /// Events behind the given position went before they could be read: retention took them.
    Gap(Vec<(EventKind, EventRange)>),
    /// The subscriber takes events more slowly than they come: this many of a kind wait, of the whole
    /// platform. None is left out.
    Behind(EventKind, i64),
}

/// One subscriber's way through the events of a domain.
pub struct Subscription {
    platform: Arc<Platform>,
    queries: Vec<EventQuery>,
    position: Position,
    /// Kinds with lost events, to be told first.
    gap: Vec<(EventKind, EventRange)>,
    /// How many wait, to be told next.
    behind: Option<(EventKind, i64)>,
    /// Whose turn it is among `queries`.
    turn: usize,
    /// Queries in a row that found their kind at its end.
    at_end: usize,
    has_caught_up: bool,
    rest_until: Instant,
    bell: watch::Receiver<()>,
    _seat: OwnedSemaphorePermit,
}

impl Platform {
    /// Subscribes to events of a domain.
    ///
    /// # Errors
    /// See [`SubscribeRefused`].
    pub async fn event_subscribe(
        self: &Arc<Platform>,
        domain_id: &str,
        filter: &EventFilter,
        start: &EventStart,
    ) -> Result<Subscription, SubscribeRefused> {
        let seat = self.feed.seats.clone().try_acquire_owned();
        let seat = seat.map_err(|_| SubscribeRefused::TooMany)?;
        // Before the range is read: what is committed from now on rings.
        let bell = self.feed.bell.subscribe();
        let twins = self.event_twins(domain_id, &filter.twins).await?;
        let is_wanted = |kind: &EventKind| filter.kinds.is_empty() || filter.kinds.contains(kind);
        let query = |kind| EventQuery {
            domain_id: domain_id.to_owned(),
            kind,
            twins: twins.clone(),
            endpoint: filter.endpoint.clone(),
            content_path: filter.content_path.clone(),
            after: 0,
            ids_max: EVENT_IDS_READ_MAX,
            rows_max: EVENT_ROWS_READ_MAX,
            bytes_max: EVENT_BYTES_READ_MAX,
        };
        let kinds = EventKind::ALL.into_iter().filter(is_wanted);
        let queries: Vec<EventQuery> = kinds.map(query).collect();
        let ranges = self.store().event_range().await?;
        let (mut position, mut gap) = (Position::default(), Vec::new());
        for query in &queries {
            let (kind, range) = (query.kind, ranges[query.kind as usize]);
            let after = match start {
                EventStart::Now => range.newest,
                EventStart::Oldest => range.oldest.map_or(range.newest, |oldest| oldest - 1),
                EventStart::Since(since_us) => {
                    let _turn = self.feed.turns.acquire().await.ok();
                    let first = self.store().event_since(query, *since_us).await?;
                    first.map_or(range.newest, |first| first - 1)
                }
                EventStart::After(given) => {
                    let after = given.0[kind as usize].unwrap_or(range.newest);
                    if after > range.newest {
                        let (name, newest) = (kind.name(), range.newest);
                        return Err(SubscribeRefused::Bad(format!(
                            "the position is {name} event {after}, but the newest is {newest}; is it of another platform, or of one that was restored?"
                        )));
                    }
                    let is_lost = match range.oldest {
                        Some(oldest) => after + 1 < oldest,
                        None => after < range.newest,
                    };
                    if is_lost {
                        gap.push((kind, range));
                    }
                    after
                }
            };
            position.0[kind as usize] = Some(after);
        }
        Ok(Subscription {
            platform: self.clone(),
            queries,
            position,
            gap,
            behind: None,
            turn: 0,
            at_end: 0,
            has_caught_up: false,
            rest_until: Instant::now(),
            bell,
            _seat: seat,
        })
    }

    async fn event_twins(
        &self,
        domain_id: &str,
        ids: &[String],
    ) -> Result<Vec<TwinNo>, SubscribeRefused> {
        if ids.len() > EVENT_TWINS_MAX {
            let text = format!("{} twins are named; {EVENT_TWINS_MAX} may be", ids.len());
            return Err(SubscribeRefused::Bad(text));
        }
        let mut twins = Vec::with_capacity(ids.len());
        for id in ids {
            let instance = self.store().get::<Instance>(id).await?;
            match instance.filter(|one| one.common.parent_id == domain_id) {
                Some(instance) => twins.push(instance.no),
                None => {
                    return Err(SubscribeRefused::Bad(format!(
                        "this domain has no digital twin instance '{}'",
                        id.escape_debug()
                    )));
                }
            }
        }
        Ok(twins)
    }
}

impl Subscription {
    /// Up to where everything was given out.
    pub fn position(&self) -> Position {
        self.position
    }

    /// The next that there is to tell; waits for it. May be dropped while it waits.
    ///
    /// # Errors
    /// The store's; calling again goes on where it was.
    pub async fn next(&mut self) -> Stored<Heard> {
        if !self.gap.is_empty() {
            return Ok(Heard::Gap(std::mem::take(&mut self.gap)));
        }
        if let Some((kind, waiting)) = self.behind.take() {
            return Ok(Heard::Behind(kind, waiting));
        }
        loop {
            if self.at_end >= self.queries.len() {
                self.has_caught_up = true;
                tokio::time::sleep(PAUSE_MIN).await;
                // The sender lives as long as the platform, which is held here.
                let _ = self.bell.changed().await;
                self.at_end = 0;
            }
            tokio::time::sleep_until(self.rest_until).await;
            if let Some(heard) = self.step().await? {
                return Ok(heard);
            }
        }
    }

    /// Reads once for the kind whose turn it is.
    async fn step(&mut self) -> Stored<Option<Heard>> {
        let query = &mut self.queries[self.turn];
        let kind = query.kind;
        query.after = self.position.of(kind);
        let started = Instant::now();
        let events = {
            let _turn = self.platform.feed.turns.acquire().await.ok();
            self.platform.store().event_read(query).await?
        };
        self.rest_until = Instant::now() + started.elapsed() * REST_FACTOR;
        self.turn = (self.turn + 1) % self.queries.len();
        self.at_end = if events.seen >= events.newest { self.at_end + 1 } else { 0 };
        let waiting = events.newest - events.seen;
        if self.has_caught_up && waiting > EVENTS_BEHIND_MAX {
            self.has_caught_up = false;
            self.behind = Some((kind, waiting));
        }
        let before = self.position;
        self.position.0[kind as usize] = Some(events.seen);
        if events.items.is_empty() {
            return Ok(None);
        }
        let at = |event: Event| {
            let mut position = before;
            position.0[kind as usize] = Some(event.id);
            (position, event)
        };
        Ok(Some(Heard::Events(kind, events.items.into_iter().map(at).collect())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_read_as_they_are_written() {
        for text in ["r120.n377.x4.c9", "n0", "r1.c2"] {
            assert_eq!(Position::parse(text).expect(text).to_string(), text);
        }
        for bad in ["", "r", "r-1", "r+1", "q1", "r1.", "r1.r2", "1", "r99999999999999999999", "é1"]
        {
            assert_eq!(Position::parse(bad), None, "{bad}");
        }
    }
}
