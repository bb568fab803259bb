//! `manage-dt`: the command line of the OCI IoT Platform and of a platform of one's own.
//!
//! A verb is read by [`args`], finds what it is told in [`config`], talks to a platform through a
//! [`session`], and shows what came of it with [`mod@print`]. Results go to stdout, everything else
//! to stderr, and the process ends with a documented [`exit_code`]. No rule of the domain lives
//! here: the platform decides, this crate asks and shows.

pub mod args;
pub mod auth;
pub mod client_errors;
pub mod config;
pub mod confirm;
pub mod data_access;
pub mod device;
pub mod dispatch;
pub mod exit_code;
pub mod failure;
mod files;
pub mod log;
pub mod print;
pub mod runtime;
pub mod serve;
pub mod session;
pub mod templates;
pub mod temporary_dir;
pub mod token_cache;
pub mod verbs;
