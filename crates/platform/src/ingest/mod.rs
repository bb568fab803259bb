//! The way of a message: log-in, acceptance, normalising, group commit, receipt.
//!
//! Normalising runs where the message arrived, on all cores; writing happens in one place. What a
//! receipt confirms is on disk with its outcome.

mod accept;
mod committer;
mod delegate;
mod login;
mod twins;

pub use accept::{Publication, PublishRefused};
pub use committer::{Receipt, Settled};
pub use login::LoginRefused;
pub use twins::Twin;

pub(crate) use accept::{off_the_sockets, outcome};
pub(crate) use committer::Ingest;
pub(crate) use twins::TwinCache;
