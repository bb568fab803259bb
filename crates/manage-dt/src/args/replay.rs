//! Arguments of `replay`.

use std::path::PathBuf;

use clap::Args;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::path_parser;

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Name of the twin in the configuration file
    pub twin: String,
    /// New adapter, envelope and routes in one file, in the API's form
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["envelope", "routes"],
        value_parser = path_parser()
    )]
    pub adapter: Option<PathBuf>,
    /// Envelope of the new adapter [default: the present one's]
    #[arg(long, value_name = "FILE", value_parser = path_parser())]
    pub envelope: Option<PathBuf>,
    /// Routes of the new adapter [default: the present one's]
    #[arg(long, value_name = "FILE", value_parser = path_parser())]
    pub routes: Option<PathBuf>,
    /// Only messages received from then on: a time, or how long ago (90m, 7d)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub since: Option<Timestamp>,
    /// Only messages received before: a time, or how long ago
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub until: Option<Timestamp>,
    /// Which instance, when several have the twin's name
    #[arg(long, value_name = "OCID")]
    pub id: Option<String>,
    /// Rewrite the stored history with the new adapter; only on a platform of manage-dt
    #[arg(long)]
    pub apply: bool,
    /// Do not ask before --apply
    #[arg(long, requires = "apply")]
    pub yes: bool,
}

/// A point in time, as such or by its distance from now.
pub(super) fn time(text: &str) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    let wanted = || "give a time such as 2026-01-18T00:00:00Z, or how long ago: 90m, 7d".to_owned();
    let ago: Span = text.parse().map_err(|_| wanted())?;
    let now = Timestamp::now().to_zoned(TimeZone::UTC);
    now.checked_sub(ago.abs()).map(|time| time.timestamp()).map_err(|_| wanted())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_points_or_distances() {
        assert_eq!(time("2026-01-18T00:00:00Z").unwrap().as_second(), 1_768_694_400);
        let hour = Timestamp::now().as_second() - time("1h").unwrap().as_second();
        assert!((3_599..=3_601).contains(&hour), "{hour}");
        assert!(time("7d").unwrap() < time("6d").unwrap());
        for bad in ["", "x", "yesterday", "2026-01-18", "99999999999d"] {
            assert!(time(bad).is_err(), "{bad}");
        }
    }
}
