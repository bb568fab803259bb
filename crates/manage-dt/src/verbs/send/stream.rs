//! The way of the messages: paced, a few under way at once, each acknowledgement counted.

use std::cell::Cell;
use std::collections::VecDeque;
use std::num::NonZeroU16;
use std::time::Duration;

use rmqtt_codec::types::QoS;
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, interval_at, sleep_until, timeout};

use super::EXPLAINED_MAX;
use super::messages::NextMessage;
use crate::device::mqtt::{KEEP_ALIVE_S, MqttSession, Told};
use crate::device::{ANSWER_TIMEOUT, Device};
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Messages under way at once: enough to fill a commit, not enough to be a burden.
const IN_FLIGHT_MAX: usize = 32;
/// Pause between two signs of life.
const PING_EVERY: Duration = Duration::from_secs(KEEP_ALIVE_S as u64 / 2);
/// Pause between two words about the progress.
const PROGRESS_EVERY: Duration = Duration::from_secs(2);
/// How much of a delay is made up for by sending faster.
const CATCH_UP_MAX: Duration = Duration::from_millis(100);

/// How far it has come. Outlives the stream, which may be interrupted.
pub struct Progress {
    sent: Cell<u64>,
    acknowledged: Cell<u64>,
    is_over: Cell<bool>,
    next_word: Cell<Instant>,
}

impl Default for Progress {
    fn default() -> Progress {
        let next_word = Cell::new(Instant::now() + PROGRESS_EVERY);
        let none = || Cell::new(0);
        Progress { sent: none(), acknowledged: none(), is_over: Cell::new(false), next_word }
    }
}

impl Progress {
    /// Messages handed to the network.
    pub fn sent(&self) -> u64 {
        self.sent.get()
    }

    /// Messages that the platform has acknowledged.
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged.get()
    }

    /// Whether everything has been sent, and acknowledged where that is asked for.
    pub fn is_over(&self) -> bool {
        self.is_over.get()
    }

    /// Notes that it is over.
    pub fn set_over(&self) {
        self.is_over.set(true);
    }

    fn count_sent(&self) {
        self.sent.set(self.sent.get() + 1);
        self.word();
    }

    fn count_acknowledged(&self) {
        self.acknowledged.set(self.acknowledged.get() + 1);
        self.word();
    }

    /// Says on stderr how far it is, from time to time.
    fn word(&self) {
        let now = Instant::now();
        if now >= self.next_word.get() {
            self.next_word.set(now + PROGRESS_EVERY);
            anstream::eprintln!("{} sent, {} acknowledged", self.sent(), self.acknowledged());
        }
    }
}

/// When the next message may go.
struct Pace {
    pause: Option<Duration>,
    due: Instant,
}

impl Pace {
    fn new(rate: Option<f64>) -> Pace {
        let pause = rate.and_then(|rate| Duration::try_from_secs_f64(1.0 / rate).ok());
        Pace { pause, due: Instant::now() }
    }

    /// Waits; may be dropped and begun again.
    async fn wait(&self) {
        if self.due > Instant::now() {
            sleep_until(self.due).await;
        }
    }

    /// Notes that a message has gone.
    fn step(&mut self) {
        if let Some(pause) = self.pause {
            let now = Instant::now();
            let earliest = now.checked_sub(CATCH_UP_MAX).unwrap_or(now);
            self.due = self.due.checked_add(pause).unwrap_or(now).max(earliest);
        }
    }
}

/// Messages on their way.
pub struct Stream<'a> {
    /// The device that sends.
    pub device: &'a Device,
    /// Topic or path.
    pub endpoint: &'a str,
    /// MQTT's quality of service.
    pub qos: QoS,
    /// Messages per second.
    pub rate: Option<f64>,
    /// Where they come from.
    pub source: Receiver<NextMessage>,
    /// How far it has come.
    pub progress: &'a Progress,
    /// What was sent, when it is to be explained.
    pub kept: Option<Vec<Vec<u8>>>,
}

impl Stream<'_> {
    /// One post after another.
    pub async fn over_https(&mut self) -> Result<(), Failure> {
        let mut pace = Pace::new(self.rate);
        while let Some(payload) = next(&mut self.source, &pace).await {
            let payload = payload?;
            self.keep(&payload)?;
            pace.step();
            self.progress.count_sent();
            self.device.post(self.endpoint, payload).await?;
            self.progress.count_acknowledged();
        }
        Ok(())
    }

    /// Several under way at once, in order.
    pub async fn over_mqtt(&mut self, mut session: MqttSession) -> Result<(), Failure> {
        let mut pace = Pace::new(self.rate);
        let mut in_flight: VecDeque<NonZeroU16> = VecDeque::new();
        let mut patience = Instant::now() + ANSWER_TIMEOUT;
        let mut ping = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        let mut ended = false;
        while !(ended && in_flight.is_empty()) {
            tokio::select! {
                biased;
                told = session.told() => if let Told::Acknowledged(id) = told? {
                    let at = in_flight.iter().position(|waiting| *waiting == id);
                    let at = at.ok_or_else(|| refused("an acknowledgement of nothing sent"))?;
                    in_flight.remove(at);
                    patience = Instant::now() + ANSWER_TIMEOUT;
                    self.progress.count_acknowledged();
                },
                () = sleep_until(patience), if !in_flight.is_empty() => {
                    return Err(refused("the platform does not acknowledge in time"));
                }
                _ = ping.tick() => session.ping().await?,
                payload = next(&mut self.source, &pace), if !ended && in_flight.len() < IN_FLIGHT_MAX => {
                    let Some(payload) = payload else { ended = true; continue };
                    let payload = payload?;
                    self.keep(&payload)?;
                    if in_flight.is_empty() {
                        patience = Instant::now() + ANSWER_TIMEOUT;
                    }
                    in_flight.extend(session.publish(self.qos, self.endpoint, payload).await?);
                    pace.step();
                    self.progress.count_sent();
                }
            }
        }
        if self.qos == QoS::AtMostOnce {
            all_read(&mut session).await?;
        }
        session.close().await
    }

    fn keep(&mut self, payload: &[u8]) -> Result<(), Failure> {
        let Some(kept) = &mut self.kept else { return Ok(()) };
        if kept.len() == EXPLAINED_MAX {
            let text = format!("--explain takes at most {EXPLAINED_MAX} messages");
            return Err(Failure::usage(text).hint("send the rest without it, and see `query`"));
        }
        kept.push(payload.to_vec());
        Ok(())
    }
}

/// The next message when it may go. Nothing is lost when the future is dropped.
async fn next(source: &mut Receiver<NextMessage>, pace: &Pace) -> Option<NextMessage> {
    pace.wait().await;
    source.recv().await
}

/// The answer to a ping says that everything before it has been read: without it, what is not
/// acknowledged could end with the connection.
async fn all_read(session: &mut MqttSession) -> Result<(), Failure> {
    session.ping().await?;
    match timeout(ANSWER_TIMEOUT, session.told()).await {
        Ok(told) => told.map(|_| ()),
        Err(_) => Err(refused("the platform does not answer in time")),
    }
}

fn refused(why: &str) -> Failure {
    Failure::new(ExitCode::Refused, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_keeps_its_average_and_makes_up_little() {
        let mut pace = Pace::new(Some(100.0));
        let start = pace.due;
        pace.step();
        pace.step();
        assert_eq!(pace.due - start, Duration::from_millis(20));
        pace.due = start - Duration::from_millis(900).min(start.elapsed());
        let mut late = Pace { pause: pace.pause, due: pace.due };
        late.step();
        assert!(late.due + CATCH_UP_MAX + Duration::from_millis(20) > Instant::now());
    }
}
