//! From the log-in to the end: packets in, acknowledgements out.

use std::collections::hash_map::Entry;
use std::time::Duration;

use platform::ingest::{PublishRefused, Receipt, Settled};
use platform::limits::INFLIGHT_MESSAGES_MAX;
use platform::metrics::Metrics;
use platform::sessions::{CommandMessage, Held, Lost};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::Instant;

use super::{End, Leave, Session, publication};
use crate::limits::RECEIVE_MAX;
use crate::listen::stopped;
use crate::wire::{Outgoing, Publish, Received, Version, Violation, code, is_system};

/// Keep-alive of a device that wants none.
const FOREVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// Reason codes from here on are failures.
const FAILURE: u8 = 0x80;

/// Marks a receipt of QoS 2; the packet id stands below.
const QOS_2: u32 = 1 << 16;
/// The receipt of every message of QoS 0: nobody waits for it.
const QOS_0: u32 = 1 << 17;
/// Marks the receipt of a release of QoS 2; the packet id stands below.
const RELEASE: u32 = 1 << 18;

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// Reads and acknowledges until the device leaves or the platform stops.
    pub(super) async fn exchange(
        &mut self,
        keep_alive_s: u16,
        shutdown: &mut watch::Receiver<bool>,
    ) -> End {
        let silence = match keep_alive_s {
            0 => FOREVER,
            seconds => Duration::from_millis(u64::from(seconds) * 1500),
        };
        let mut deadline = Instant::now() + silence;
        loop {
            match self.turn(&mut deadline, silence, shutdown).await {
                Ok(None) => {}
                Ok(Some(end)) => return end,
                Err(leave) => return End::Abnormal(leave),
            }
        }
    }

    /// Handles what is in the buffer, then waits for whatever comes next.
    async fn turn(
        &mut self,
        deadline: &mut Instant,
        silence: Duration,
        shutdown: &mut watch::Receiver<bool>,
    ) -> Result<Option<End>, Leave> {
        while self.unsettled < INFLIGHT_MESSAGES_MAX {
            let Some(received) = self.decode()? else { break };
            if let Some(end) = self.handle(received).await? {
                return Ok(Some(end));
            }
        }
        self.transport.flush().await?;
        let may_read = self.unsettled < INFLIGHT_MESSAGES_MAX;
        let may_send = self.commands.len() < self.commands_max;
        tokio::select! {
            settled = self.settled.recv(), if self.unsettled > 0 => self.settle(settled)?,
            message = self.attachment.commands.recv(), if may_send => match message {
                Some(message) => self.command(*message).await?,
                // The link is cut; the reason comes on the other channel.
                None => return Err(lost((&mut self.attachment.lost).await.ok())),
            },
            read = self.transport.read(), if may_read => {
                read?;
                self.attachment.touch();
                *deadline = Instant::now() + silence;
            }
            () = tokio::time::sleep_until(*deadline) => {
                let why = "silent for longer than 1.5 times its keep-alive";
                return Err(Leave::told(code::KEEP_ALIVE, why));
            }
            reason = &mut self.attachment.lost => return Err(lost(reason.ok())),
            () = stopped(shutdown) => {
                let output = &mut self.transport.output;
                self.wire.disconnect(code::SHUTTING_DOWN, "the platform stops", output);
                return Ok(Some(End::Orderly { session_expiry_s: None }));
            }
        }
        Ok(None)
    }

    /// The next packet in the buffer; one that breaks the rules is counted and ends the session.
    fn decode(&mut self) -> Result<Option<Received>, Leave> {
        let decoded = self.wire.decode(&mut self.transport.input);
        decoded.map_err(|violation| self.violated(violation))
    }

    fn violated(&self, violation: Violation) -> Leave {
        Metrics::count(&self.platform.metrics().messages_refused, violation.label);
        violation.into()
    }

    /// An end when the device says good-bye.
    async fn handle(&mut self, received: Received) -> Result<Option<End>, Leave> {
        let output = &mut self.transport.output;
        match received {
            Received::Publish(publish) => self.publish(publish).await?,
            Received::Release(packet_id) => self.release(packet_id).await?,
            Received::Stray(packet_id) => self.wire.release(packet_id, output),
            Received::Subscribe { packet_id, id, filters } => {
                let stored = self.platform.session_subscribe(&self.attachment, id, filters).await;
                let granted = stored.map_err(|_| not_stored())?;
                self.wire.suback(packet_id, &granted, &mut self.transport.output);
                self.platform.session_subscribed(&self.attachment).await;
            }
            Received::Unsubscribe { packet_id, filters } => {
                let stored = self.platform.session_unsubscribe(&self.attachment, &filters).await;
                let existed = stored.map_err(|_| not_stored())?;
                self.wire.unsuback(packet_id, &existed, &mut self.transport.output);
            }
            Received::Ping => self.wire.pong(output),
            Received::Disconnect { with_will: true, session_expiry_s } => {
                return Ok(Some(End::WithWill { session_expiry_s }));
            }
            Received::Disconnect { session_expiry_s, .. } => {
                return Ok(Some(End::Orderly { session_expiry_s }));
            }
            Received::Acknowledge { packet_id, reason } => {
                if let Some(command) = self.commands.remove(&packet_id) {
                    self.platform.command_acknowledged(command, reason < FAILURE).await;
                }
            }
            Received::Nothing => {}
            Received::Connect(_) | Received::Unacceptable(_) => {
                return Err(self.violated(Violation::protocol("a second CONNECT")));
            }
        }
        Ok(None)
    }

    /// Sends a command.
    async fn command(&mut self, message: CommandMessage) -> Result<(), Leave> {
        // What is late expires by itself.
        if message.deadline_us <= self.platform.now_us() {
            return Ok(());
        }
        let outgoing = Outgoing {
            topic: &message.topic,
            content_type: Some(&message.content_type),
            payload: message.payload,
            packet_id: message.packet_id,
            dup: message.dup,
            subscription_ids: &message.subscription_ids,
        };
        if !self.wire.publish(outgoing, &mut self.transport.output) {
            self.platform.command_acknowledged(message.command, false).await;
            return Ok(());
        }
        match message.packet_id {
            Some(packet_id) => {
                self.commands.insert(packet_id, message.command);
            }
            // At QoS 0 nobody will say more than that it was sent.
            None => {
                self.transport.flush().await?;
                self.platform.command_acknowledged(message.command, true).await;
            }
        }
        Ok(())
    }

    async fn publish(&mut self, publish: Publish) -> Result<(), Leave> {
        let qos_2 = publish.exactly_once;
        // An acknowledgement would promise that it is kept (devices.md 3).
        if is_system(&publish.topic) {
            return self.refuse_topic(&publish);
        }
        if let (true, Some(packet_id)) = (qos_2, publish.packet_id)
            && !self.hold(packet_id)?
        {
            return Ok(());
        }
        // Messages of QoS 0 count too: nobody fills the queue that all devices share.
        let token = match publish.packet_id {
            None => QOS_0,
            Some(id) if qos_2 => u32::from(id) | QOS_2,
            Some(id) => u32::from(id),
        };
        let receipt = Some(Receipt { to: self.receipts.clone(), token });
        self.unsettled += 1;
        let mut publication = publication(publish);
        if token & QOS_2 != 0 {
            publication.held = self.attachment.held_packet((token & 0xffff) as u16);
        }
        let accepted = self.platform.accept(&self.twin, publication, receipt).await;
        accepted.map_err(|refused| {
            self.unsettled -= 1;
            match refused {
                PublishRefused::TooLarge => {
                    Leave::told(code::TOO_LARGE, "the payload is too large")
                }
                PublishRefused::BadEndpoint(why) => Leave::told(code::TOPIC_NAME, why),
                PublishRefused::TooFast => {
                    Leave::told(code::TOO_FAST, "more messages a second than a device may send")
                }
                PublishRefused::TwinGone => {
                    Leave::told(code::ADMINISTRATIVE, "the twin was deleted or changed")
                }
                PublishRefused::Unavailable => {
                    Leave::told(code::SHUTTING_DOWN, "the platform takes no messages now")
                }
            }
        })
    }

    /// Answers a message whose topic begins with `$`.
    fn refuse_topic(&mut self, publish: &Publish) -> Result<(), Leave> {
        let why = "topics that begin with $ are not the device's";
        let violation = Violation::new("bad_endpoint", code::TOPIC_NAME, why);
        let leave = self.violated(violation);
        match (publish.packet_id, self.wire.version()) {
            (Some(packet_id), Some(Version::V5)) => {
                let output = &mut self.transport.output;
                self.wire.acknowledge(packet_id, publish.exactly_once, code::TOPIC_NAME, output);
                Ok(())
            }
            _ => Err(leave),
        }
    }

    /// Takes a packet id of QoS 2 into use; false when its message was taken in before.
    fn hold(&mut self, packet_id: u16) -> Result<bool, Leave> {
        let mut held = self.attachment.held();
        let is_full = held.len() >= usize::from(RECEIVE_MAX.get());
        match held.entry(packet_id) {
            Entry::Occupied(held) => {
                // One that is not stored yet is answered when it is.
                if *held.get() != Held::Arriving {
                    let output = &mut self.transport.output;
                    self.wire.acknowledge(packet_id, true, code::SUCCESS, output);
                }
                Ok(false)
            }
            Entry::Vacant(_) if is_full => {
                let why = "more unreleased messages than the Receive Maximum";
                Err(Leave::told(code::RECEIVE_MAXIMUM, why))
            }
            Entry::Vacant(free) => {
                free.insert(Held::Arriving);
                Ok(true)
            }
        }
    }

    /// The device knows that its message of QoS 2 is kept. A packet id that is free again in the
    /// store too is confirmed: the device may use it for another message then.
    async fn release(&mut self, packet_id: u16) -> Result<(), Leave> {
        let stored = {
            let mut ids = self.attachment.held();
            let stored = self.attachment.held_packet(packet_id);
            match (ids.get_mut(&packet_id), &stored) {
                (Some(held), Some(_)) => {
                    *held = Held::Released;
                    stored
                }
                _ => {
                    ids.remove(&packet_id);
                    None
                }
            }
        };
        let Some(held) = stored else {
            self.wire.complete(packet_id, &mut self.transport.output);
            return Ok(());
        };
        let receipt = Receipt { to: self.receipts.clone(), token: u32::from(packet_id) | RELEASE };
        self.unsettled += 1;
        self.platform.session_release(held, receipt).await.map_err(|_| {
            self.unsettled -= 1;
            Leave::told(code::SHUTTING_DOWN, "the platform takes no messages now")
        })
    }

    fn settle_release(&mut self, packet_id: u16, committed: bool) -> Result<(), Leave> {
        if !committed {
            let why = "a release could not be stored; the device sends it again";
            return Err(Leave::told(code::UNAVAILABLE, why));
        }
        let mut ids = self.attachment.held();
        if ids.get(&packet_id) == Some(&Held::Released) {
            ids.remove(&packet_id);
        }
        drop(ids);
        self.wire.complete(packet_id, &mut self.transport.output);
        Ok(())
    }

    /// Waits for the next commit and acknowledges what it settled.
    pub(super) async fn acknowledge(&mut self) -> Result<(), Leave> {
        let settled = self.settled.recv().await;
        self.settle(settled)?;
        self.transport.flush().await
    }

    /// Writes the acknowledgements of a commit in one go.
    fn settle(&mut self, first: Option<Settled>) -> Result<(), Leave> {
        let mut next = first;
        while let Some(Settled { token, committed }) = next {
            self.unsettled -= 1;
            if token != QOS_0 {
                self.settle_one(token, committed)?;
            }
            next = self.settled.try_recv().ok();
        }
        Ok(())
    }

    fn settle_one(&mut self, token: u32, committed: bool) -> Result<(), Leave> {
        let packet_id = (token & 0xffff) as u16;
        if token & RELEASE != 0 {
            return self.settle_release(packet_id, committed);
        }
        let qos_2 = token & QOS_2 != 0;
        if !committed {
            if qos_2 {
                self.attachment.held().remove(&packet_id);
            }
            let why = "a message could not be stored; the device sends it again";
            return Err(Leave::told(code::UNAVAILABLE, why));
        }
        if qos_2
            && let Some(held) = self.attachment.held().get_mut(&packet_id)
            && *held == Held::Arriving
        {
            *held = Held::Kept;
        }
        self.wire.acknowledge(packet_id, qos_2, code::SUCCESS, &mut self.transport.output);
        Ok(())
    }
}

/// Why a connection has to let go of its session.
fn lost(reason: Option<Lost>) -> Leave {
    match reason {
        Some(Lost::TakenOver) => {
            Leave::told(code::TAKEN_OVER, "a newer connection has its client id")
        }
        Some(Lost::TwinChanged) | None => {
            Leave::told(code::ADMINISTRATIVE, "the twin was deleted or changed")
        }
    }
}

fn not_stored() -> Leave {
    Leave::told(code::UNAVAILABLE, "the platform cannot keep the subscription now")
}
