//! Operations over TLS against a platform with a store of its own, one module per resource.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod domains;
mod flow_runtimes;
mod instances;
mod manners;
mod relationships;

#[path = "../kit/mod.rs"]
mod kit;
