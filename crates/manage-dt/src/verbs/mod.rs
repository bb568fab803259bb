//! The verbs, one file each.

pub mod adapter;
pub mod bulk;
pub mod command;
pub mod completions;
pub mod config;
pub mod create;
pub mod delete;
pub mod demo;
pub mod device_cert;
pub mod doctor;
pub mod emulate;
pub mod env;
mod instances;
pub mod list;
pub mod man;
pub mod model;
mod present_adapter;
pub mod query;
mod recorded;
pub mod replay;
mod resource;
pub mod send;
pub mod serve;
pub mod show;
pub mod simulate;
mod structure;
pub mod user;
