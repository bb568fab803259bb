//! The life of a command, one transition after the other (devices.md 7).

use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Mutex, Notify};

use super::book::{Book, Watch};
use super::response;
use crate::clock::Clock;
use crate::events::Feed;
use crate::limits::PAYLOAD_BYTES_MAX;
use crate::sessions::{Choice, CommandMessage, Sessions};
use crate::store::{
    CommandResponse, Delivery, DeliveryStatus, NewCommand, OpenCommand, Store, Stored, TwinNo,
};

/// The longest sleep between two looks at the deadlines; clocks may be set.
const LOOK: Duration = Duration::from_secs(30);

/// All open commands.
pub(crate) struct Commands {
    store: Arc<dyn Store>,
    sessions: Arc<Sessions>,
    clock: Clock,
    /// Held over the write of each transition, so that they are stored in their order.
    book: Mutex<Book>,
    watch: Arc<Watch>,
    /// Something has an earlier deadline.
    wake: Arc<Notify>,
    feed: Arc<Feed>,
}

impl Commands {
    /// Reads back what was open when the platform stopped. Nobody is connected yet, so what was
    /// not sent waits for its device, or is rejected.
    pub async fn load(
        store: Arc<dyn Store>,
        sessions: Arc<Sessions>,
        clock: Clock,
        feed: Arc<Feed>,
    ) -> Stored<Arc<Commands>> {
        let mut book = Book::default();
        for command in store.command_open().await? {
            if let Some(delivery) = &command.delivery {
                sessions.note_packet_id(delivery);
            }
            book.add(command);
        }
        let watch = book.watch.clone();
        let commands = Commands {
            store,
            sessions,
            clock,
            book: Mutex::new(book),
            watch,
            wake: Arc::default(),
            feed,
        };
        let mut book = commands.book.lock().await;
        for name in book.all() {
            match book.get(name).map(|command| command.status) {
                Some(DeliveryStatus::Responded) => {
                    commands.move_to(&mut book, name, DeliveryStatus::Completed, None).await;
                }
                _ => drop(commands.dispatch(&mut book, name).await),
            }
        }
        drop(book);
        Ok(Arc::new(commands))
    }

    /// Whether a message may be an answer.
    pub fn expects(&self, twin: TwinNo, endpoint: &str) -> bool {
        self.watch.expects(twin, endpoint)
    }

    /// How many commands of a twin are open.
    pub async fn open_of(&self, twin: TwinNo) -> usize {
        if self.watch.is_idle() { 0 } else { self.book.lock().await.of(twin).len() }
    }

    /// Keeps a command and sends it if it can go.
    pub async fn invoke(&self, command: NewCommand) -> Stored<()> {
        let mut book = self.book.lock().await;
        self.store.command_create(&command).await?;
        self.feed.ring();
        let name = book.add(command.open);
        self.dispatch(&mut book, name).await;
        self.wake.notify_one();
        Ok(())
    }

    /// The device is connected: what it did not acknowledge goes again, then what waited.
    pub async fn session_started(&self, twin: TwinNo, client_id: &str) {
        if self.watch.is_idle() {
            return;
        }
        let book = self.book.lock().await;
        for name in book.via(twin) {
            let Some(command) = book.get(name) else { continue };
            if let Some(delivery) = &command.delivery
                && is_on(delivery, twin, client_id)
                && !delivery.acknowledged
            {
                self.send_again(name, command, delivery).await;
            }
        }
        drop(book);
        self.session_ready(twin).await;
    }

    /// A session of this twin takes commands, or takes others than before.
    pub async fn session_ready(&self, twin: TwinNo) {
        if self.watch.is_idle() {
            return;
        }
        let mut book = self.book.lock().await;
        for name in book.via(twin) {
            if !self.dispatch(&mut book, name).await {
                break;
            }
        }
    }

    /// A session is gone for good, or began anew: what was sent on it may go on another.
    pub async fn session_gone(&self, twin: TwinNo, client_id: &str) {
        if self.watch.is_idle() {
            return;
        }
        let mut book = self.book.lock().await;
        for name in book.via(twin) {
            let Some(command) = book.get(name) else { continue };
            let delivery = command.delivery.as_ref();
            if delivery.is_some_and(|one| is_on(one, twin, client_id) && !one.acknowledged) {
                let command = OpenCommand { delivery: None, ..command.clone() };
                book.put(name, command);
                self.dispatch(&mut book, name).await;
            }
        }
    }

    /// A twin cannot receive any more.
    pub async fn twin_gone(&self, twin: TwinNo) {
        if self.watch.is_idle() {
            return;
        }
        let mut book = self.book.lock().await;
        for name in book.of(twin) {
            self.move_to(&mut book, name, DeliveryStatus::Rejected, None).await;
        }
    }

    /// The device acknowledged a command, or did not take it.
    pub async fn acknowledged(&self, name: u64, taken: bool) {
        let mut book = self.book.lock().await;
        let Some(command) = book.get(name).cloned() else { return };
        let Some(delivery) = command.delivery.clone().filter(|one| !one.acknowledged) else {
            return;
        };
        let via = delivery.via;
        match (taken, &command.response_endpoint) {
            (false, _) => self.move_to(&mut book, name, DeliveryStatus::Refused, None).await,
            (true, None) => self.move_to(&mut book, name, DeliveryStatus::Completed, None).await,
            (true, Some(_)) => {
                let waiting = OpenCommand {
                    delivery: Some(Delivery { acknowledged: true, ..delivery }),
                    deadline_us: self.clock.now_us() + command.response_us,
                    ..command
                };
                self.keep(&mut book, name, waiting, None).await;
                self.wake.notify_one();
            }
        }
        for name in book.via(via) {
            if !self.dispatch(&mut book, name).await {
                break;
            }
        }
    }

    /// Completes the command that waits for this answer; false when none does.
    pub async fn answered(
        &self,
        twin: TwinNo,
        endpoint: &str,
        content_type: Option<&str>,
        content: &Bytes,
    ) -> bool {
        let mut book = self.book.lock().await;
        let Some(name) = book.waiting(twin, endpoint) else { return false };
        let is_small = content.len() <= PAYLOAD_BYTES_MAX;
        let response = is_small.then(|| response(content_type, content)).flatten();
        match response {
            // Kept with the first of the two, so that a restart between them loses nothing.
            Some(response) => {
                self.move_to(&mut book, name, DeliveryStatus::Responded, Some(&response)).await;
                self.move_to(&mut book, name, DeliveryStatus::Completed, None).await;
            }
            None => self.move_to(&mut book, name, DeliveryStatus::BadResponse, None).await,
        }
        true
    }

    /// Settles what is overdue; how long there is nothing to do then.
    pub async fn expire(&self) -> Duration {
        let mut book = self.book.lock().await;
        let now_us = self.clock.now_us();
        for name in book.overdue(now_us) {
            let Some(command) = book.get(name) else { continue };
            let is_delivered = command.delivery.as_ref().is_some_and(|one| one.acknowledged);
            let status = match (command.status, is_delivered) {
                (DeliveryStatus::Responded, _) => DeliveryStatus::Completed,
                (_, true) => DeliveryStatus::NotResponded,
                (_, false) => DeliveryStatus::Expired,
            };
            self.move_to(&mut book, name, status, None).await;
        }
        let wait_us = book.deadline_us().map_or(i64::MAX, |next_us| next_us - self.clock.now_us());
        // One that could not be stored is not tried in a loop.
        LOOK.min(Duration::from_micros(u64::try_from(wait_us.max(10_000)).unwrap_or(u64::MAX)))
    }

    /// Sends a command, if it can go now; false when its session takes no more.
    async fn dispatch(&self, book: &mut Book, name: u64) -> bool {
        let Some(command) = book.get(name) else { return true };
        let is_out = command
            .delivery
            .as_ref()
            .is_some_and(|one| one.acknowledged || self.sessions.exists(one.via, &one.client_id));
        if is_out || command.deadline_us <= self.clock.now_us() {
            return true;
        }
        if command.status == DeliveryStatus::Accepted {
            self.move_to(book, name, DeliveryStatus::Prepared, None).await;
        }
        let Some(command) = book.get(name) else { return true };
        let endpoint = &command.request_endpoint;
        let is_new = command.status == DeliveryStatus::Prepared;
        match self.sessions.choose(&command.via, endpoint, self.clock.now_us()) {
            choice @ Choice::Now { .. } => self.send(book, name, choice).await,
            Choice::Full => return false,
            Choice::Away if is_new => {
                self.move_to(book, name, DeliveryStatus::Pending, None).await;
            }
            Choice::Nowhere if is_new => {
                self.move_to(book, name, DeliveryStatus::Rejected, None).await;
            }
            Choice::Away | Choice::Nowhere => {}
        }
        true
    }

    /// Stores that a command is sent, then sends it.
    async fn send(&self, book: &mut Book, name: u64, choice: Choice) {
        let Choice::Now { permit, delivery, subscription_ids } = choice else { return };
        let Some(command) = book.get(name).cloned() else { return };
        let payload = match self.store.command_payload(&command.id).await {
            Ok(payload) => payload,
            Err(error) => return tracing::error!(?error, command.id, "a command has no payload"),
        };
        let message = message(name, &command, payload, delivery.packet_id, false, subscription_ids);
        let sent =
            OpenCommand { status: DeliveryStatus::Sent, delivery: Some(delivery), ..command };
        if self.keep(book, name, sent, None).await {
            permit.send(message);
        }
    }

    async fn send_again(&self, name: u64, command: &OpenCommand, delivery: &Delivery) {
        let choice = self.sessions.again(delivery, &command.request_endpoint);
        let Some(Choice::Now { permit, subscription_ids, .. }) = choice else { return };
        match self.store.command_payload(&command.id).await {
            Ok(payload) => {
                permit.send(message(
                    name,
                    command,
                    payload,
                    delivery.packet_id,
                    delivery.packet_id.is_some(),
                    subscription_ids,
                ));
            }
            Err(error) => tracing::error!(?error, command.id, "a command has no payload"),
        }
    }

    /// Gives a command another status.
    async fn move_to(
        &self,
        book: &mut Book,
        name: u64,
        status: DeliveryStatus,
        response: Option<&CommandResponse>,
    ) {
        let Some(command) = book.get(name) else { return };
        let command = OpenCommand { status, ..command.clone() };
        self.keep(book, name, command, response).await;
    }

    /// Stores the newer state of a command; the older stands when that fails.
    async fn keep(
        &self,
        book: &mut Book,
        name: u64,
        command: OpenCommand,
        response: Option<&CommandResponse>,
    ) -> bool {
        match self.store.command_update(&command, response, self.clock.now_us()).await {
            Ok(()) => {
                self.feed.ring();
                book.put(name, command);
                true
            }
            Err(error) => {
                tracing::error!(?error, command.id, "a command's status could not be stored");
                false
            }
        }
    }
}

/// Settles what is overdue, again and again, as long as the platform is there.
pub(super) async fn watch_deadlines(commands: Weak<Commands>) {
    loop {
        let Some(commands) = commands.upgrade() else { return };
        let pause = commands.expire().await;
        let wake = commands.wake.clone();
        drop(commands);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = wake.notified() => {}
        }
    }
}

fn is_on(delivery: &Delivery, twin: TwinNo, client_id: &str) -> bool {
    delivery.via == twin && delivery.client_id == client_id
}

fn message(
    name: u64,
    command: &OpenCommand,
    payload: Vec<u8>,
    packet_id: Option<u16>,
    dup: bool,
    subscription_ids: Vec<u32>,
) -> Box<CommandMessage> {
    Box::new(CommandMessage {
        command: name,
        topic: command.request_endpoint.clone(),
        content_type: command.request_content_type.clone(),
        payload: payload.into(),
        packet_id,
        dup,
        subscription_ids,
        deadline_us: command.deadline_us,
    })
}
