//! What one message may use up while jq runs: steps, time and stack. Everything that loops, grows
//! or descends asks here first, and running out ends the evaluation in a way no `try` can catch.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::value::Val;
use crate::limits::{JQ_FUEL, JQ_STACK_BYTES, JQ_TIME};

/// Steps between two looks at the clock.
const STEPS_PER_LOOK: u64 = 512;

/// Why an evaluation ends early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// A jq error, which `try` catches.
    Error(Val),
    /// A way out to a label; also how a consumer says that it has seen enough.
    Break(u64),
    /// A limit is reached.
    Limit(&'static str),
}

/// The result of anything that can end an evaluation.
pub(crate) type Run<T = ()> = Result<T, Stop>;

/// A jq error with that text.
pub(crate) fn error<T>(message: impl Into<String>) -> Run<T> {
    Err(Stop::Error(Val::from(message.into())))
}

/// The account of one message.
pub(crate) struct Meter {
    fuel: Cell<u64>,
    next_look: Cell<u64>,
    started: Cell<Option<Instant>>,
    time: Duration,
    stack_start: usize,
    labels: Cell<u64>,
}

impl Meter {
    pub(crate) fn new() -> Meter {
        Meter {
            fuel: Cell::new(JQ_FUEL),
            next_look: Cell::new(JQ_FUEL),
            started: Cell::new(None),
            time: JQ_TIME,
            stack_start: stack_position(),
            labels: Cell::new(0),
        }
    }

    /// An account for a program that is run by itself.
    pub(crate) fn patient() -> Meter {
        let meter = Meter { time: 10 * JQ_TIME, ..Meter::new() };
        meter.fuel.set(10 * JQ_FUEL);
        meter.next_look.set(10 * JQ_FUEL);
        meter
    }

    /// A small account for the part of a value that an error shows.
    pub(crate) fn for_excerpt() -> Meter {
        let meter = Meter::new();
        meter.fuel.set(256);
        meter.next_look.set(0);
        meter
    }

    /// Takes steps off the account.
    pub(crate) fn charge(&self, steps: usize) -> Run {
        let Some(fuel) = self.fuel.get().checked_sub(steps as u64) else {
            // Later expressions of the same message find the account empty as well.
            self.fuel.set(0);
            return Err(Stop::Limit("the expression takes too many steps"));
        };
        self.fuel.set(fuel);
        if fuel > self.next_look.get() { Ok(()) } else { self.look() }
    }

    /// Takes the steps off that making a text of so many bytes costs.
    pub(crate) fn charge_bytes(&self, bytes: usize) -> Run {
        self.charge(1 + bytes / 8)
    }

    /// Asks whether there is stack for one more level.
    pub(crate) fn descend(&self) -> Run {
        match self.stack_start.abs_diff(stack_position()) {
            0..JQ_STACK_BYTES => Ok(()),
            _ => Err(Stop::Limit("the expression is nested too deeply")),
        }
    }

    /// A label nobody else has.
    pub(crate) fn label(&self) -> u64 {
        self.labels.set(self.labels.get() + 1);
        self.labels.get()
    }

    fn look(&self) -> Run {
        self.next_look.set(self.fuel.get().saturating_sub(STEPS_PER_LOOK));
        let Some(started) = self.started.get() else {
            self.started.set(Some(Instant::now()));
            return Ok(());
        };
        if started.elapsed() < self.time {
            return Ok(());
        }
        self.fuel.set(0);
        Err(Stop::Limit("the expression takes too long"))
    }
}

/// Roughly where the stack ends now; only differences mean anything.
#[inline(never)]
fn stack_position() -> usize {
    let here = 0u8;
    std::hint::black_box(std::ptr::from_ref(&here)).addr()
}
