//! Commands that are not settled, in the order of their creation.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::store::{OpenCommand, TwinNo};
use crate::topics::without_slash;

/// What every message asks, kept beside the book so that it waits for nothing.
#[derive(Default)]
pub(super) struct Watch {
    /// Commands in the book.
    open: AtomicUsize,
    /// Answers that are waited for.
    answers: AtomicUsize,
    /// Endpoints of answers by the twin that may bring them.
    endpoints: Mutex<HashMap<TwinNo, Vec<String>>>,
}

impl Watch {
    /// Whether the book has nothing.
    pub fn is_idle(&self) -> bool {
        self.open.load(Ordering::Acquire) == 0
    }

    /// Whether a message of this twin on this endpoint may be an answer.
    pub fn expects(&self, twin: TwinNo, endpoint: &str) -> bool {
        self.answers.load(Ordering::Acquire) > 0
            && self.lock().get(&twin).is_some_and(|all| all.iter().any(|one| one == endpoint))
    }

    fn note(&self, earlier: Option<&OpenCommand>, later: Option<&OpenCommand>) {
        match (earlier, later) {
            (None, Some(_)) => self.open.fetch_add(1, Ordering::AcqRel),
            (Some(_), None) => self.open.fetch_sub(1, Ordering::AcqRel),
            _ => 0,
        };
        let (earlier, later) = (earlier.and_then(answer), later.and_then(answer));
        if earlier.is_some() == later.is_some() {
            return;
        }
        let mut endpoints = self.lock();
        if let Some((via, endpoint)) = later {
            self.answers.fetch_add(1, Ordering::AcqRel);
            for twin in via {
                endpoints.entry(*twin).or_default().push(endpoint.to_owned());
            }
        } else if let Some((via, endpoint)) = earlier {
            self.answers.fetch_sub(1, Ordering::AcqRel);
            for twin in via {
                let Some(all) = endpoints.get_mut(twin) else { continue };
                if let Some(index) = all.iter().position(|one| one == endpoint) {
                    all.swap_remove(index);
                }
                if all.is_empty() {
                    endpoints.remove(twin);
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TwinNo, Vec<String>>> {
        self.endpoints.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who may bring the answer that a command waits for, and where.
fn answer(command: &OpenCommand) -> Option<(&[TwinNo], &str)> {
    let endpoint = command.response_endpoint.as_deref()?;
    is_sent(command).then(|| (command.via.as_slice(), without_slash(endpoint)))
}

/// The open commands with the ways to find them.
#[derive(Default)]
pub(super) struct Book {
    pub watch: Arc<Watch>,
    next: u64,
    commands: BTreeMap<u64, OpenCommand>,
    by_via: HashMap<TwinNo, BTreeSet<u64>>,
    deadlines: BTreeSet<(i64, u64)>,
}

impl Book {
    /// Adds a command; its name in this process.
    pub fn add(&mut self, command: OpenCommand) -> u64 {
        self.next += 1;
        for via in &command.via {
            self.by_via.entry(*via).or_default().insert(self.next);
        }
        self.deadlines.insert((command.deadline_us, self.next));
        self.watch.note(None, Some(&command));
        self.commands.insert(self.next, command);
        self.next
    }

    pub fn get(&self, name: u64) -> Option<&OpenCommand> {
        self.commands.get(&name)
    }

    /// Puts the newer state of a command in the place of the older; a settled one goes.
    pub fn put(&mut self, name: u64, command: OpenCommand) {
        let Some(earlier) = self.commands.remove(&name) else { return };
        self.deadlines.remove(&(earlier.deadline_us, name));
        let is_open = !command.status.is_terminal();
        self.watch.note(Some(&earlier), is_open.then_some(&command));
        if is_open {
            self.deadlines.insert((command.deadline_us, name));
            self.commands.insert(name, command);
            return;
        }
        for via in &earlier.via {
            if let Some(names) = self.by_via.get_mut(via) {
                names.remove(&name);
                if names.is_empty() {
                    self.by_via.remove(via);
                }
            }
        }
    }

    /// Commands that may go on sessions of this twin, oldest first.
    pub fn via(&self, twin: TwinNo) -> Vec<u64> {
        self.by_via.get(&twin).map(|names| names.iter().copied().collect()).unwrap_or_default()
    }

    /// All of them, oldest first.
    pub fn all(&self) -> Vec<u64> {
        self.commands.keys().copied().collect()
    }

    /// Commands for this twin.
    pub fn of(&self, twin: TwinNo) -> Vec<u64> {
        let mine = self.commands.iter().filter(|(_, command)| command.twin == twin);
        mine.map(|(name, _)| *name).collect()
    }

    /// The oldest command that waits for an answer of this twin on this endpoint.
    pub fn waiting(&self, twin: TwinNo, endpoint: &str) -> Option<u64> {
        let waits = |name: &u64| {
            let answer = self.commands.get(name).and_then(answer);
            answer.is_some_and(|(_, expected)| expected == endpoint)
        };
        self.by_via.get(&twin)?.iter().copied().find(waits)
    }

    /// The next deadline.
    pub fn deadline_us(&self) -> Option<i64> {
        self.deadlines.first().map(|(deadline_us, _)| *deadline_us)
    }

    /// Commands whose time is up.
    pub fn overdue(&self, now_us: i64) -> Vec<u64> {
        let overdue = self.deadlines.iter().take_while(|(deadline_us, _)| *deadline_us <= now_us);
        overdue.map(|(_, name)| *name).collect()
    }
}

fn is_sent(command: &OpenCommand) -> bool {
    command.status == crate::store::DeliveryStatus::Sent
}
