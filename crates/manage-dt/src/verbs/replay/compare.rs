//! What a message becomes with one adapter and with another.

use std::sync::Arc;

use adapter::{Normalized, Outcome};
use dtdl::Model;

use crate::verbs::adapter::trace::{shown, time};
use crate::verbs::recorded::Recorded;

/// Changes that are kept for the report; all are counted.
const CHANGES_MAX: usize = 10_000;

/// What would change, over all messages.
#[derive(Debug)]
pub struct Changes {
    model: Arc<Model>,
    /// Messages replayed.
    pub messages: u64,
    /// Rejected so far, no longer.
    pub newly_accepted: u64,
    /// Accepted so far, rejected then.
    pub newly_rejected: u64,
    /// Accepted by both, with other values.
    pub different: u64,
    /// The same in every value, or rejected by both.
    pub unchanged: u64,
    /// Those of `unchanged` that both reject.
    pub rejected_by_both: u64,
    /// The first changes.
    pub kept: Vec<Change>,
}

/// What kind of change it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Rejected so far, no longer.
    NewlyAccepted,
    /// Accepted so far, rejected then.
    NewlyRejected,
    /// Accepted by both, with other values.
    Different,
}

/// One message that would become something else.
#[derive(Debug)]
pub struct Change {
    /// The message, without its payload.
    pub message: Recorded,
    /// What kind of change it is.
    pub kind: Kind,
    /// One line for each difference.
    pub differences: Vec<Difference>,
}

/// One thing that differs; texts are JSON where they are values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Content path, or `timeObserved`, `rejection`, `target`.
    pub what: String,
    /// With the present adapter.
    pub old: Option<String>,
    /// With the new one.
    pub new: Option<String>,
}

impl Changes {
    /// None yet.
    pub fn of(model: Arc<Model>) -> Changes {
        Changes {
            model,
            messages: 0,
            newly_accepted: 0,
            newly_rejected: 0,
            different: 0,
            unchanged: 0,
            rejected_by_both: 0,
            kept: Vec::new(),
        }
    }

    /// Counts a message, and keeps it if it changes.
    pub fn add(&mut self, message: Recorded, old: &Outcome, new: &Outcome) {
        self.messages += 1;
        let is_rejected = |outcome: &Outcome| matches!(outcome, Outcome::Rejected(_));
        let differences = self.differences(old, new);
        let kind = match (is_rejected(old), is_rejected(new)) {
            (true, true) => {
                self.unchanged += 1;
                self.rejected_by_both += 1;
                return;
            }
            (false, false) if differences.is_empty() => {
                self.unchanged += 1;
                return;
            }
            (true, false) => Kind::NewlyAccepted,
            (false, true) => Kind::NewlyRejected,
            (false, false) => Kind::Different,
        };
        match kind {
            Kind::NewlyAccepted => self.newly_accepted += 1,
            Kind::NewlyRejected => self.newly_rejected += 1,
            Kind::Different => self.different += 1,
        }
        if self.kept.len() < CHANGES_MAX {
            let message = Recorded { content: Vec::new(), ..message };
            self.kept.push(Change { message, kind, differences });
        }
    }

    /// Changes that are counted only.
    pub fn omitted(&self) -> u64 {
        let changed = self.newly_accepted + self.newly_rejected + self.different;
        changed.saturating_sub(self.kept.len() as u64)
    }

    fn differences(&self, old: &Outcome, new: &Outcome) -> Vec<Difference> {
        let (old, new) = (self.parts(old), self.parts(new));
        let find = |parts: &[(String, String)], what: &str| {
            parts.iter().find(|(other, _)| other == what).map(|(_, value)| value.clone())
        };
        let added = new.iter().filter(|(what, _)| find(&old, what).is_none());
        let names = old.iter().chain(added).map(|(what, _)| what);
        let all = names.map(|what| Difference {
            what: what.clone(),
            old: find(&old, what),
            new: find(&new, what),
        });
        all.filter(|difference| difference.old != difference.new).collect()
    }

    /// An outcome as names with texts.
    fn parts(&self, outcome: &Outcome) -> Vec<(String, String)> {
        match outcome {
            Outcome::Values(normalized) => self.values(normalized),
            Outcome::Rejected(rejection) => {
                let text = format!("{} {}", rejection.code, rejection.message);
                vec![("rejection".to_owned(), text)]
            }
            Outcome::Delegated(delegation) => {
                let content = shown(&String::from_utf8_lossy(&delegation.content));
                vec![
                    ("target".to_owned(), delegation.target.clone()),
                    ("content".to_owned(), content),
                ]
            }
        }
    }

    fn values(&self, normalized: &Normalized) -> Vec<(String, String)> {
        let observed = ("timeObserved".to_owned(), time(normalized.time_observed_us));
        let values = normalized.values.iter().map(|value| {
            (self.model.elements[value.element].path.to_string(), value.value.clone())
        });
        std::iter::once(observed).chain(values).collect()
    }
}
