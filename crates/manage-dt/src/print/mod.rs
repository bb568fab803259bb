//! Results on stdout: tables and panels, or one JSON document.

pub mod filter;
pub mod json_text;
pub mod panel;
pub mod progress;
pub mod report;
pub mod sarif;
pub mod table;
pub mod time;

#[cfg(test)]
pub(crate) mod golden;

pub use report::Report;
pub use table::Table;
