//! The program as its users see it: exit code, stdout and stderr of the built binary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod adapter;
mod bad_input;
mod doctor;
mod help;
mod kit;
mod models;
mod reach;
mod twins;
mod verbs;
