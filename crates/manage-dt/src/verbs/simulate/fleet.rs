//! The devices at work: a fixed number of connections, each with its share of the devices.
//!
//! Nothing waits in queues: a message is made when it is due and sent before the next one is made,
//! so memory does not grow with the fleet nor with a platform that is slow.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rmqtt_codec::types::QoS;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::random::Random;
use super::recipe::{Flaws, Recipe};
use super::schedule::Schedule;
use super::tally::{Tally, count};
use crate::args::{Fault, Via};
use crate::device::mqtt::{KEEP_ALIVE_S, MqttSession, Told};
use crate::device::{ANSWER_TIMEOUT, Credentials, Device};
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Pause between two signs of life.
const PING_EVERY: Duration = Duration::from_secs(KEEP_ALIVE_S as u64 / 2);
/// Pause before a lost connection is made anew; the second doubles it, up to the last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));
/// Name of the draws of a fleet's storms.
const STORM: u64 = u64::MAX;

/// What all devices share.
pub struct Fleet {
    /// Where they connect; the credentials are those of the first.
    pub device: Device,
    /// Their external keys.
    pub keys: Keys,
    /// Topic or path.
    pub endpoint: String,
    /// Protocol.
    pub via: Via,
    /// What they send.
    pub recipe: Recipe,
    /// When they send.
    pub schedule: Schedule,
    /// Messages a second of each device.
    pub rate: f64,
    /// What goes wrong, and how probable it is.
    pub faults: Vec<(Fault, f64)>,
    /// Where randomness begins.
    pub seed: u64,
    /// Connections at once.
    pub connections: u32,
    /// What has happened.
    pub tally: Tally,
}

/// External keys by number.
#[derive(Debug, Clone)]
pub struct Keys {
    /// The name of the only device, or with `{}` in it those of all.
    pub pattern: String,
    /// How many there are.
    pub count: u32,
}

impl Keys {
    /// The key of a device, from 0.
    pub fn of(&self, device: u32) -> String {
        self.pattern.replace("{}", &(u64::from(device) + 1).to_string())
    }
}

/// A message and what goes wrong with it.
pub struct Made {
    /// Its bytes.
    pub payload: Vec<u8>,
    /// What is the matter with it.
    pub flaws: Vec<Fault>,
}

impl Fleet {
    /// Message `number` of a device: the same in every run with the same seed, times apart.
    pub fn message(&self, device: u32, number: u64, now_us: i64) -> Made {
        let mut random = Random::of(self.seed, [u64::from(device), number]);
        let mut flaws = Vec::new();
        for (fault, share) in &self.faults {
            // Drawn for all, so that one fault more changes nothing about the others.
            if random.share() < *share && *fault != Fault::Storm {
                flaws.push(*fault);
            }
        }
        let has = |fault| flaws.contains(&fault);
        let wanted = Flaws {
            late: has(Fault::Late),
            malformed: has(Fault::Malformed),
            out_of_range: has(Fault::OutOfRange),
        };
        let mut random = Random::of(self.seed ^ STORM, [u64::from(device), number]);
        let payload = self.recipe.payload(&self.keys.of(device), &mut random, now_us, wanted);
        Made { payload, flaws }
    }

    /// Whether a storm breaks out in this second.
    fn storms(&self, second: u64) -> bool {
        let share = self.faults.iter().find(|(fault, _)| *fault == Fault::Storm);
        share.is_some_and(|(_, share)| Random::of(self.seed, [STORM, second]).share() < *share)
    }

    /// Sends until `end`; what is under way then is finished.
    ///
    /// # Errors
    /// When the first device cannot sign in.
    pub async fn run(self: &Arc<Fleet>, end: impl Future<Output = ()>) -> Result<(), Failure> {
        // A mistake in names or credentials is told before thousands make it.
        if self.via != Via::Https {
            self.connect(0).await?.close().await?;
        }
        let started = Instant::now();
        let (thunder, weather) = watch::channel(Weather::Fair);
        let mut workers = JoinSet::new();
        for worker in 0..self.connections.min(self.keys.count) {
            let (fleet, weather) = (self.clone(), weather.clone());
            workers.spawn(async move { Worker::new(fleet, worker, started, weather).run().await });
        }
        let storms = async {
            for second in 1.. {
                sleep_until(started + Duration::from_secs(second)).await;
                if self.storms(second) {
                    self.tally.fault(Fault::Storm);
                    thunder.send_replace(Weather::Storm);
                }
            }
        };
        tokio::select! {
            () = storms => {}
            () = end => {}
        }
        thunder.send_replace(Weather::Over);
        let rest = async { while workers.join_next().await.is_some() {} };
        // Whoever is still not answered then is counted as not acknowledged.
        let _ = timeout(ANSWER_TIMEOUT, rest).await;
        Ok(())
    }

    fn device(&self, device: u32) -> Device {
        let external_key = self.keys.of(device);
        self.device.as_another(Credentials { external_key, ..self.device.credentials.clone() })
    }

    async fn connect(&self, device: u32) -> Result<MqttSession, Failure> {
        let device = self.device(device);
        let session = match self.via {
            Via::Wss => device.websocket().await?,
            Via::Mqtt | Via::Https => device.mqtt().await?,
        };
        count(&self.tally.connected);
        Ok(session)
    }
}

/// What all connections are told at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weather {
    Fair,
    /// Connect anew, all of you.
    Storm,
    /// Finish.
    Over,
}

/// One connection and the devices that use it in turn.
struct Worker {
    fleet: Arc<Fleet>,
    /// Its number, which is that of its first device.
    first: u32,
    /// Distance to the next of its devices.
    step: u32,
    /// How many of the devices are its own.
    devices: u32,
    started: Instant,
    weather: watch::Receiver<Weather>,
    /// The connection, and whose it is.
    session: Option<(u32, MqttSession)>,
    pause: Duration,
}

impl Worker {
    fn new(
        fleet: Arc<Fleet>,
        first: u32,
        started: Instant,
        weather: watch::Receiver<Weather>,
    ) -> Worker {
        let (count, step) = (fleet.keys.count, fleet.connections.min(fleet.keys.count));
        let devices = (count - first).div_ceil(step);
        Worker { fleet, first, step, devices, started, weather, session: None, pause: PAUSES.0 }
    }

    /// Message after message: the devices in turn, each when it is due.
    async fn run(mut self) {
        // Not all at once: the first messages are spread over the pause between two.
        let offset = f64::from(self.first) / f64::from(self.step);
        for number in 0_u64.. {
            let devices = u64::from(self.devices);
            let per_second = self.fleet.rate * f64::from(self.devices);
            let due_s = self.fleet.schedule.due_s((number as f64 + offset) / per_second);
            // What is centuries away is not waited for in seconds.
            let wait = Duration::try_from_secs_f64(due_s).unwrap_or(Duration::MAX);
            let Some(due) = self.started.checked_add(wait) else { return };
            if self.wait(due).await == Weather::Over {
                break;
            }
            let lag = u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.fleet.tally.lag_us.fetch_max(lag, Ordering::Relaxed);
            let device = self.first + (number % devices) as u32 * self.step;
            match self.message(device, number / devices).await {
                Ok(()) => self.pause = PAUSES.0,
                Err(failure) => {
                    self.session = None;
                    let why = failure.message.unwrap_or_default();
                    // The key differs from device to device, the reason does not.
                    self.fleet.tally.fail(why.replace(&self.fleet.keys.of(device), "…"));
                    let over = self.weather.wait_for(|weather| *weather == Weather::Over);
                    if timeout(self.pause, over).await.is_ok() {
                        break;
                    }
                    self.pause = (self.pause * 2).min(PAUSES.1);
                }
            }
        }
        if let Some((_, session)) = self.session.take() {
            // It may have been lost meanwhile; nothing is under way on it.
            let _ = session.close().await;
        }
    }

    /// Waits, with signs of life, and connects anew when a storm breaks out.
    async fn wait(&mut self, due: Instant) -> Weather {
        loop {
            if *self.weather.borrow() == Weather::Over {
                return Weather::Over;
            }
            let next = due.min(Instant::now() + PING_EVERY);
            tokio::select! {
                () = sleep_until(next) => {}
                changed = self.weather.changed() => {
                    let weather = *self.weather.borrow_and_update();
                    // Without anybody to tell the weather it is over.
                    if weather == Weather::Over || changed.is_err() {
                        return Weather::Over;
                    }
                    if let Some((device, _)) = self.session.take() {
                        // A failure is told with the next message, which connects too.
                        self.session = self.fleet.connect(device).await.ok().map(|it| (device, it));
                    }
                }
            }
            if Instant::now() >= due {
                return Weather::Fair;
            }
            if next < due
                && let Some((_, session)) = &mut self.session
            {
                let lives = async {
                    session.ping().await?;
                    session.told().await
                };
                if !matches!(timeout(ANSWER_TIMEOUT, lives).await, Ok(Ok(_))) {
                    self.session = None;
                }
            }
        }
    }

    /// One message with its faults.
    async fn message(&mut self, device: u32, number: u64) -> Result<(), Failure> {
        let now_us = jiff::Timestamp::now().as_microsecond();
        let Made { payload, flaws } = self.fleet.message(device, number, now_us);
        for fault in &flaws {
            self.fleet.tally.fault(*fault);
        }
        if flaws.contains(&Fault::Reconnect) {
            // Without a word, as when the battery is pulled out.
            self.session = None;
        }
        if flaws.contains(&Fault::Duplicate) {
            self.send(device, payload.clone()).await?;
        }
        self.send(device, payload).await
    }

    async fn send(&mut self, device: u32, payload: Vec<u8>) -> Result<(), Failure> {
        let fleet = self.fleet.clone();
        if fleet.via == Via::Https {
            let began = Instant::now();
            count(&fleet.tally.sent);
            fleet.device(device).post(&fleet.endpoint, payload).await?;
            fleet.tally.acknowledge(began.elapsed());
            return Ok(());
        }
        let session = match self.session.take() {
            Some((whose, session)) if whose == device => session,
            other => {
                if let Some((_, session)) = other {
                    session.close().await?;
                }
                fleet.connect(device).await?
            }
        };
        let (_, session) = self.session.insert((device, session));
        let began = Instant::now();
        let id = session.publish(QoS::AtLeastOnce, &fleet.endpoint, payload).await?;
        count(&fleet.tally.sent);
        let answered = async {
            loop {
                if let Told::Acknowledged(told) = session.told().await?
                    && Some(told) == id
                {
                    return Ok(());
                }
            }
        };
        let late = |_| Failure::new(ExitCode::Refused, "not acknowledged in time");
        timeout(ANSWER_TIMEOUT, answered).await.map_err(late)??;
        fleet.tally.acknowledge(began.elapsed());
        Ok(())
    }
}
