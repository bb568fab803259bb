//! What goes into normalising and what comes out.

use crate::limits::REJECTION_CHARS_MAX;

/// A message of a device, as received.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Where the device sent it.
    pub endpoint: &'a str,
    /// Its bytes.
    pub content: &'a [u8],
    /// When it was received; also the observed time of a message that names none (A5). For
    /// content delegated by a gateway, give the time the gateway observed here.
    pub time_received_us: i64,
}

/// What a message turned into.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Values of the twin.
    Values(Normalized),
    /// Nothing, for a reason that is recorded.
    Rejected(Rejection),
    /// Content of another twin, to be normalised by that twin's adapter.
    Delegated(Delegation),
}

/// Values that one message yields; there is at least one, and no element occurs twice.
#[derive(Debug, Clone, PartialEq)]
pub struct Normalized {
    /// When all of them were observed.
    pub time_observed_us: i64,
    /// The values, in mapping order.
    pub values: Vec<ContentValue>,
}

/// The value of one element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentValue {
    /// Index in the model's elements.
    pub element: usize,
    /// The value as compact JSON text; a number keeps the digits that were sent.
    pub value: String,
}

/// Why a message yields nothing (A9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// HTTP-like reason code.
    pub code: u16,
    /// Text for the user.
    pub message: String,
}

/// Content that belongs to another twin (A2, steps 4 and 6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    /// External key of that twin; not empty.
    pub target: String,
    /// JSON text of its part of the message.
    pub content: Vec<u8>,
    /// When it was observed, if the envelope says so.
    pub time_observed_us: Option<i64>,
}

impl Rejection {
    /// A rejection whose message is cut to the bound, since parts of it come from outside.
    pub(crate) fn new(code: u16, message: String) -> Rejection {
        let message = match message.char_indices().nth(REJECTION_CHARS_MAX) {
            Some((end, _)) => format!("{}…", &message[..end]),
            None => message,
        };
        Rejection { code, message }
    }

    pub(crate) fn failed(field: &str, message: impl std::fmt::Display) -> Rejection {
        Rejection::new(400, format!("Failed to evaluate {field}: {message}"))
    }
}
