//! Who calls the control plane, and what they may do.
//!
//! A signed request names an API key. The key's user has policy statements ([`policy`]); the table
//! in [`rules`] says what each operation needs; [`authorize`] brings the two together, in one
//! place for all operations.

pub mod authorize;
mod caller;
pub mod policy;
pub mod rules;
pub mod users;

pub use caller::{Caller, Grants};
pub use policy::{ResourceType, Statement, Verb};
