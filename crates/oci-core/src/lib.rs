//! What every party of an OCI-style API agrees on: OCIDs, API keys, configuration profiles,
//! regions, and request signatures, from the signing and from the verifying side.
//!
//! This crate does no IO, reads no clock and spawns nothing; `now` is an argument, in seconds
//! since 1970 UTC. Random numbers come from the cryptographic library. Private keys, pass phrases
//! and tokens never appear in `Debug` output or in errors.

pub mod config;
pub mod date;
mod der;
pub mod federation;
pub mod key;
pub mod limits;
pub mod ocid;
mod pem;
pub mod region;
pub mod sign;
pub mod token;
pub mod verify;
