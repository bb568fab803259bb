//! Options of `send`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::path_parser;

/// Fastest rate that can be asked for, messages per second.
const RATE_MAX: f64 = 1_000_000.0;

/// Arguments of `send`.
#[derive(Debug, Args)]
pub struct SendArgs {
    /// Name of the twin in the configuration file
    pub twin: String,
    /// JSON text, a file, or - for stdin [default: stdin]
    #[arg(value_name = "MESSAGE|FILE|-")]
    pub sources: Vec<String>,
    /// Protocol
    #[arg(long, value_name = "PROTOCOL", default_value = "mqtt")]
    pub via: Via,
    /// Topic or path [default: the reference endpoint of the adapter's envelope, else telemetry]
    #[arg(id = "endpoint", long, value_name = "ENDPOINT")]
    pub endpoint: Option<String>,
    /// Every line of a file or of stdin is a message
    #[arg(long)]
    pub ndjson: bool,
    /// Messages per second; as fast as they are taken unless given
    #[arg(long, value_name = "NUMBER", value_parser = rate)]
    pub rate: Option<f64>,
    /// MQTT: 0 without, 1 with acknowledgement [default: 1]
    #[arg(long, value_name = "0|1", value_parser = clap::value_parser!(u8).range(0..=1))]
    pub qos: Option<u8>,
    /// Say of each message what became of it
    #[arg(long)]
    pub explain: bool,
    /// File with the password [default: DEVICE_PASSWORD, else the secret of the twin's authId]
    #[arg(long, value_name = "FILE", value_parser = path_parser(), conflicts_with = "cert")]
    pub password_file: Option<PathBuf>,
    /// Certificate of the device, instead of a password
    #[arg(long, value_name = "FILE", value_parser = path_parser(), requires = "key")]
    pub cert: Option<PathBuf>,
    /// Private key of the certificate
    #[arg(long, value_name = "FILE", value_parser = path_parser(), requires = "cert")]
    pub key: Option<PathBuf>,
    /// Which instance, when several have the twin's name
    #[arg(long, value_name = "OCID")]
    pub id: Option<String>,
}

/// A protocol of devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Via {
    /// MQTT over TLS.
    #[value(help = "MQTT over TLS")]
    Mqtt,
    /// MQTT over WebSocket.
    #[value(help = "MQTT over WebSocket")]
    Wss,
    /// One post a message.
    #[value(help = "one HTTPS post a message")]
    Https,
}

impl Via {
    /// As it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Via::Mqtt => "mqtt",
            Via::Wss => "wss",
            Via::Https => "https",
        }
    }
}

pub(super) fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate <= RATE_MAX => Ok(rate),
        _ => Err(format!("a number above 0, at most {RATE_MAX}")),
    }
}
