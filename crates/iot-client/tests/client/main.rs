//! The client against a small real server.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod control;
mod failures;
mod principals;
mod support;
