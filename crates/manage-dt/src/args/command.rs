//! Options of `command`.

use std::path::PathBuf;

use clap::Args;

use super::path_parser;

/// Arguments of `command`.
#[derive(Debug, Args)]
pub struct CommandArgs {
    /// Name of the twin in the configuration file
    pub twin: String,
    /// Topic on which the device gets the command
    pub topic: String,
    /// What the device gets.
    #[command(flatten)]
    pub payload: Payload,
    /// Content type; follows from the payload unless given
    #[arg(long, value_name = "TYPE")]
    pub content_type: Option<String>,
    /// Time for the delivery, ISO 8601 such as PT10M
    #[arg(long, value_name = "DURATION")]
    pub request_duration: Option<String>,
    /// Topic on which the device answers
    #[arg(long, value_name = "TOPIC")]
    pub response_endpoint: Option<String>,
    /// Time for the answer, ISO 8601
    #[arg(long, value_name = "DURATION")]
    pub response_duration: Option<String>,
    /// Wait until the command is settled, and show its record
    #[arg(long)]
    pub wait: bool,
    /// Which instance, when several have the twin's name
    #[arg(long, value_name = "OCID")]
    pub id: Option<String>,
}

/// What the device gets, in one of three forms.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Payload {
    /// A JSON object
    #[arg(long, value_name = "OBJECT")]
    pub json: Option<String>,
    /// Text
    #[arg(long, value_name = "TEXT")]
    pub text: Option<String>,
    /// The bytes of a file
    #[arg(long, value_name = "FILE", value_parser = path_parser())]
    pub file: Option<PathBuf>,
}
