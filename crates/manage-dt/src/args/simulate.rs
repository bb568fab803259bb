//! Options of `simulate`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::emulate::duration;
use super::send::rate;
use super::{SendArgs, Via, path_parser};

/// Most devices of a fleet.
const DEVICES_MAX: i64 = 100_000;
/// Most connections at once: a process has only so many files.
const CONNECTIONS_MAX: i64 = 20_000;

/// Arguments of `simulate`.
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// Name of the twin in the configuration file: its model and adapter are those of the fleet
    pub twin: String,
    /// Devices of the fleet; a single one is the twin itself
    #[arg(short = 'n', long, value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u32).range(1..=DEVICES_MAX))]
    pub devices: u32,
    /// External keys of a fleet; {} is the number [default: the twin's, then -{}]
    #[arg(long, value_name = "PATTERN", value_parser = pattern)]
    pub keys: Option<String>,
    /// Create the twins that do not exist
    #[arg(long)]
    pub create: bool,
    /// Delete the twins that --create has made, at the end
    #[arg(long, requires = "create")]
    pub delete: bool,
    /// Messages a second of each device
    #[arg(long, value_name = "NUMBER", default_value = "1", value_parser = rate)]
    pub rate: f64,
    /// How the rate changes over time
    #[arg(long, value_enum, value_name = "SHAPE", default_value_t)]
    pub load: Load,
    /// How long, such as 90s, 15m or 2h [default: until Ctrl-C]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub duration: Option<Duration>,
    /// A fault and how probable it is: late, duplicate, malformed, out-of-range and reconnect for
    /// each message, storm (all connect anew at once) for each second
    #[arg(long = "fault", value_name = "NAME=P", value_parser = fault)]
    pub faults: Vec<(Fault, f64)>,
    /// The same number makes the same messages and faults, times apart
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub seed: u64,
    /// A JSON file to vary instead of the envelope's reference payload
    #[arg(long, value_name = "FILE", value_parser = path_parser())]
    pub payload: Option<PathBuf>,
    /// Print the payloads, one a line, and send nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Protocol
    #[arg(long, value_name = "PROTOCOL", default_value = "mqtt")]
    pub via: Via,
    /// Connections at once; more devices than that take turns
    #[arg(long, value_name = "N", default_value_t = 1000,
          value_parser = clap::value_parser!(u32).range(1..=CONNECTIONS_MAX))]
    pub connections: u32,
    /// Topic or path [default: the reference endpoint of the adapter's envelope, else telemetry]
    #[arg(id = "endpoint", long, value_name = "ENDPOINT")]
    pub endpoint: Option<String>,
    /// File with the password [default: DEVICE_PASSWORD, else the secret of the twin's authId]
    #[arg(long, value_name = "FILE", value_parser = path_parser())]
    pub password_file: Option<PathBuf>,
}

/// How the rate of a fleet changes over time. The average is the rate, but for `ramp`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "kebab-case")]
pub enum Load {
    /// The same all the time.
    #[default]
    #[value(help = "the same all the time")]
    Steady,
    /// From nothing up to the rate.
    #[value(help = "from nothing up to the rate, over the whole time (or a minute)")]
    Ramp,
    /// Five times the rate for a second in ten.
    #[value(help = "half of all messages in one second of ten")]
    Burst,
    /// Slow at both ends, fast in the middle.
    #[value(help = "slow, fast, slow: a day in the whole time (or in 24 hours)")]
    Diurnal,
}

/// What may go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "each is told in the help of --fault")]
pub enum Fault {
    Late,
    Duplicate,
    Malformed,
    OutOfRange,
    Reconnect,
    Storm,
}

impl Fault {
    /// As it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Fault::Late => "late",
            Fault::Duplicate => "duplicate",
            Fault::Malformed => "malformed",
            Fault::OutOfRange => "out-of-range",
            Fault::Reconnect => "reconnect",
            Fault::Storm => "storm",
        }
    }
}

impl SimulateArgs {
    /// The options that it shares with `send`: a fleet finds its platform as one device does.
    pub fn as_send(&self) -> SendArgs {
        SendArgs {
            twin: self.twin.clone(),
            sources: Vec::new(),
            via: self.via,
            endpoint: self.endpoint.clone(),
            ndjson: false,
            rate: None,
            qos: None,
            // The control plane is asked for the twins, the data API for what became of messages.
            explain: true,
            password_file: self.password_file.clone(),
            cert: None,
            key: None,
            id: None,
        }
    }
}

fn pattern(text: &str) -> Result<String, String> {
    match text.matches("{}").count() {
        1 => Ok(text.to_owned()),
        _ => Err("a name with {} in it once, such as pump-{}".to_owned()),
    }
}

fn fault(text: &str) -> Result<(Fault, f64), String> {
    let wanted = || {
        let names = Fault::value_variants().iter().map(|fault| fault.name());
        let names = names.collect::<Vec<_>>().join(", ");
        format!("give a name and a probability from 0 to 1, such as late=0.01; names: {names}")
    };
    let (name, share) = text.split_once('=').ok_or_else(wanted)?;
    let fault = Fault::from_str(name, false).map_err(|_| wanted())?;
    match share.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok((fault, share)),
        _ => Err(wanted()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_have_a_name_and_a_probability() {
        assert_eq!(fault("late=0.5"), Ok((Fault::Late, 0.5)));
        assert_eq!(fault("out-of-range=1"), Ok((Fault::OutOfRange, 1.0)));
        for bad in ["late", "late=", "late=2", "late=-1", "late=NaN", "x=1", "=1"] {
            assert!(fault(bad).unwrap_err().contains("out-of-range"), "{bad}");
        }
        for known in Fault::value_variants() {
            assert_eq!(Fault::from_str(known.name(), false).as_ref(), Ok(known));
        }
    }

    #[test]
    fn keys_have_one_number() {
        assert!(pattern("pump-{}").is_ok());
        assert!(pattern("pump").is_err() && pattern("{}{}").is_err());
    }
}
