//! The stream of a domain's events, `…/ords/<domain>/20250531/stream`: server-sent events, or a
//! WebSocket. OCI has no such path; what its queues carry is in data-api.md 5.

mod frame;
mod sse;
mod websocket;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::HeaderMap;
use http::request::Parts;
use platform::Platform;
use platform::clock::rfc3339_us;
use platform::events::{EventFilter, EventStart, Heard, Position, SubscribeRefused, Subscription};
use platform::store::{Domain, EventKind};
use platform::tokens::Grant;
use tokio::time::Instant;

use super::problem::{Problem, answer as problem};
use super::{check_scope, store_failed};
use crate::answer::{Answer, set};
use crate::dispatch::Peer;
use crate::query::Query;
use frame::Frame;

pub(crate) use websocket::Session;

/// Silence after which a subscriber hears that the stream is alive.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// A subscriber that takes nothing for this long is dropped: its seat is for somebody else.
const STALLED: Duration = Duration::from_secs(20);
/// What a refused subscriber is asked to wait, seconds.
const RETRY_AFTER_S: &str = "10";

/// Where frames go.
#[async_trait]
trait Subscriber: Send {
    /// Sends frames; fails when the subscriber is gone or takes nothing.
    async fn send(&mut self, frames: Vec<Frame>) -> Result<(), Lost>;
    /// Waits until the subscriber goes away.
    async fn gone(&mut self);
}

/// Why a subscriber gets nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lost {
    Gone,
    Stalled,
}

/// What ends a stream besides its subscriber.
struct Bounds {
    platform: Arc<Platform>,
    peer: Arc<Peer>,
    domain_short_id: String,
    group: Option<String>,
    grant: Grant,
}

/// Answers a request for the stream.
pub(super) async fn answer(
    platform: &Arc<Platform>,
    peer: &Arc<Peer>,
    parts: &Parts,
    domain: &Domain,
    group: Option<&str>,
    grant: Grant,
) -> Result<Answer, Box<Answer>> {
    let query = Query::parse(parts.uri.query().unwrap_or_default());
    let bad = |message: String| Box::new(problem(Problem::BadRequest, &message));
    let (filter, start) = wanted(&query, &parts.headers).map_err(bad)?;
    let domain_id = &domain.common.id;
    let subscribed = platform.event_subscribe(domain_id, &filter, &start).await;
    let subscription = subscribed.map_err(|refused| match refused {
        SubscribeRefused::Bad(message) => bad(message),
        SubscribeRefused::Store(error) => store_failed(error),
        SubscribeRefused::TooMany => {
            let text = "as many subscribers as there may be are listening; try again later";
            let mut answer = problem(Problem::ServiceUnavailable, text);
            set(&mut answer, "retry-after", RETRY_AFTER_S);
            Box::new(answer)
        }
    })?;
    let bounds = Bounds {
        platform: platform.clone(),
        peer: peer.clone(),
        domain_short_id: domain.short_id.clone(),
        group: group.map(str::to_owned),
        grant,
    };
    if crate::websocket::is_upgrade(&parts.method, &parts.headers) {
        return websocket::answer(parts, subscription, bounds).map_err(bad);
    }
    Ok(sse::answer(&parts.method, subscription, bounds))
}

/// What the parameters ask for; unknown ones are refused, because a filter that is not applied
/// would show what nobody asked for.
fn wanted(query: &Query, headers: &HeaderMap) -> Result<(EventFilter, EventStart), String> {
    let (mut filter, mut start) = (EventFilter::default(), None);
    for (name, value) in query.pairs() {
        let words = || value.split(',').map(str::trim).filter(|word| !word.is_empty());
        let shown = value.escape_debug();
        match name {
            "kind" => {
                for word in words() {
                    let kind = EventKind::from_name(word).ok_or_else(|| {
                        let word = word.escape_debug();
                        format!(
                            "kind is '{word}'; it must be raw, normalized, rejected or command, several with commas"
                        )
                    })?;
                    filter.kinds.push(kind);
                }
            }
            "twin" => filter.twins.extend(words().map(str::to_owned)),
            "endpoint" => filter.endpoint = Some(value.trim_start_matches('/').to_owned()),
            "contentPath" => filter.content_path = Some(value.to_owned()),
            "after" | "since" if start.is_some() => {
                return Err("give one of after and since".to_owned());
            }
            "after" if value == "oldest" => start = Some(EventStart::Oldest),
            "after" => start = Some(after(value)?),
            "since" => {
                let at_us = rfc3339_us(value).ok_or_else(|| {
                    format!("since is '{shown}'; it must be a time such as 2026-01-05T08:00:00Z")
                })?;
                start = Some(EventStart::Since(at_us));
            }
            _ => {
                let name = name.escape_debug();
                return Err(format!(
                    "'{name}' is no parameter of the stream; it knows kind, twin, endpoint, contentPath, after and since"
                ));
            }
        }
    }
    // What a browser sends when it comes again wins over the address it came with first.
    match headers.get("last-event-id").map(|value| value.to_str()) {
        None => Ok((filter, start.unwrap_or(EventStart::Now))),
        Some(value) => Ok((filter, after(value.unwrap_or("?"))?)),
    }
}

fn after(text: &str) -> Result<EventStart, String> {
    let position = Position::parse(text).ok_or_else(|| {
        let text = text.escape_debug();
        format!(
            "'{text}' is no position in the stream; give the id of an event such as r120.n377.x4.c9, or after=oldest"
        )
    })?;
    Ok(EventStart::After(position))
}

/// Runs a stream to its end.
async fn run(mut subscription: Subscription, bounds: Bounds, subscriber: &mut dyn Subscriber) {
    let sent = send_all(&mut subscription, &bounds, subscriber).await;
    let position = subscription.position();
    match sent {
        Ok(reason) => {
            // Whoever is gone by now goes on at its own position.
            let _ = subscriber.send(vec![Frame::end(&position, reason)]).await;
        }
        Err(Lost::Gone) => {}
        Err(Lost::Stalled) => {
            tracing::warn!(
                domain = bounds.domain_short_id,
                %position,
                "a subscriber that takes nothing was dropped"
            );
            bounds.peer.abort.notify_one();
        }
    }
}

/// Why the stream ended, in words for its subscriber.
type Reason = &'static str;

async fn send_all(
    subscription: &mut Subscription,
    bounds: &Bounds,
    subscriber: &mut dyn Subscriber,
) -> Result<Reason, Lost> {
    subscriber.send(vec![Frame::ready(&subscription.position())]).await?;
    let mut shutdown = bounds.peer.shutdown.clone();
    let mut checked = Instant::now();
    loop {
        if let Some(reason) = bounds.over(&mut checked).await {
            return Ok(reason);
        }
        let silence = HEARTBEAT.min(Duration::from_secs(bounds.token_s()));
        let heard = tokio::select! {
            biased;
            _ = shutdown.wait_for(|stop| *stop) => return Ok("the platform is stopping; connect again"),
            () = subscriber.gone() => return Err(Lost::Gone),
            heard = tokio::time::timeout(silence, subscription.next()) => heard,
        };
        let frames = match heard {
            Err(_) => vec![Frame::beat(&subscription.position())],
            Ok(Ok(Heard::Events(kind, events))) => events
                .into_iter()
                .map(|(position, event)| Frame::event(kind, &position, event))
                .collect(),
            Ok(Ok(Heard::Gap(kinds))) => vec![Frame::gap(&subscription.position(), &kinds)],
            Ok(Ok(Heard::Behind(kind, waiting))) => {
                vec![Frame::behind(&subscription.position(), kind, waiting)]
            }
            Ok(Err(error)) => {
                tracing::error!(?error, "events could not be read");
                return Ok("events could not be read; connect again");
            }
        };
        tokio::select! {
            sent = subscriber.send(frames) => sent?,
            // Who takes nothing must not hold up the end; it goes on behind what it has.
            _ = shutdown.wait_for(|stop| *stop) => {
                bounds.peer.abort.notify_one();
                return Err(Lost::Gone);
            }
        }
    }
}

impl Bounds {
    /// Seconds that the token has left.
    fn token_s(&self) -> u64 {
        let now_s = u64::try_from(self.platform.now_us() / 1_000_000).unwrap_or_default();
        self.grant.expires_s.saturating_sub(now_s)
    }

    /// Why the stream must end now, if it must: looked at before every batch and every heartbeat,
    /// at the domain not more often than heartbeats come.
    async fn over(&self, checked: &mut Instant) -> Option<Reason> {
        if self.token_s() == 0 {
            return Some("the access token has expired; connect again with a new one");
        }
        if checked.elapsed() < HEARTBEAT {
            return None;
        }
        *checked = Instant::now();
        let found = self.platform.domain_by_short_id(&self.domain_short_id).await.ok()?;
        let holds = found.is_some_and(|(domain, owner)| {
            check_scope(&domain, &owner, self.group.as_deref(), &self.grant).is_ok()
        });
        (!holds).then_some("the domain does not take this access token any more")
    }
}
