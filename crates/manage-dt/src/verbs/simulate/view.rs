//! The summary of a run.

use std::fmt::Write as _;
use std::time::Duration;

use clap::ValueEnum as _;
use serde_json::{Map, Value, json};

use super::fleet::Fleet;
use super::outcomes::Rejections;
use super::tally::get;
use crate::args::{Fault, SimulateArgs, Via};
use crate::failure::Failure;
use crate::print::Report;

/// Adds the summary to the report.
pub fn report(
    args: &SimulateArgs,
    fleet: &Fleet,
    took: Duration,
    rejections: &Result<Rejections, Failure>,
    report: &mut Report,
) {
    let tally = &fleet.tally;
    let (sent, acknowledged) = (get(&tally.sent), get(&tally.acknowledged));
    let rate = sent as f64 / took.as_secs_f64().max(0.001);
    let mut text = format!(
        "{} {} over {} for {:.1} s, seed {}\n",
        fleet.keys.count,
        if fleet.keys.count == 1 { "device" } else { "devices" },
        args.via.name(),
        took.as_secs_f64(),
        args.seed
    );
    line(&mut text, "Sent", format!("{sent}, {rate:.1} a second"));
    line(&mut text, "Acknowledged", acknowledged.to_string());
    match rejections {
        Ok(rejections) => {
            let accepted = acknowledged.saturating_sub(rejections.count);
            let more = if rejections.is_cut { " or more" } else { "" };
            line(&mut text, "Accepted", accepted.to_string());
            line(&mut text, "Rejected", format!("{}{more}", rejections.count));
            for (reason, count) in &rejections.reasons {
                let _ = writeln!(text, "  {count} × {reason}");
            }
        }
        Err(failure) => {
            let why = failure.message.clone().unwrap_or_default();
            line(&mut text, "Accepted", format!("unknown: {why}"));
        }
    }
    for (why, count) in tally.failures() {
        line(&mut text, "Failed", format!("{count} × {why}"));
    }
    for fault in made(fleet) {
        line(&mut text, "Fault", format!("{} × {}", tally.faults_of(fault), fault.name()));
    }
    if let Some(all) = latencies(fleet) {
        line(&mut text, "Latency", all);
    }
    if args.via != Via::Https {
        line(&mut text, "Connections", get(&tally.connected).to_string());
    }
    line(&mut text, "Latest start", format!("{:.1} ms behind its time", lag_ms(fleet)));
    document(args, fleet, took, rejections, report);
    if report.is_text() {
        report.part("text", || Value::Null, |_| text);
    }
}

fn line(text: &mut String, name: &str, value: String) {
    let _ = writeln!(text, "{name:<13} {value}");
}

fn latencies(fleet: &Fleet) -> Option<String> {
    let of = |share| fleet.tally.latency_ms(share);
    let (p50, p90, p99, max) = (of(0.5)?, of(0.9)?, of(0.99)?, of(1.0)?);
    Some(format!("p50 {p50:.1} ms, p90 {p90:.1} ms, p99 {p99:.1} ms, max {max:.1} ms"))
}

fn lag_ms(fleet: &Fleet) -> f64 {
    get(&fleet.tally.lag_us) as f64 / 1000.0
}

/// The faults that were asked for.
fn made(fleet: &Fleet) -> impl Iterator<Item = Fault> + '_ {
    let is_wanted = |fault: &Fault| fleet.faults.iter().any(|(wanted, _)| wanted == fault);
    Fault::value_variants().iter().copied().filter(is_wanted)
}

fn document(
    args: &SimulateArgs,
    fleet: &Fleet,
    took: Duration,
    rejections: &Result<Rejections, Failure>,
    report: &mut Report,
) {
    let tally = &fleet.tally;
    let none = |_: Option<usize>| String::new();
    let mut part = |name: &str, value: Value| report.part(name, || value, none);
    part("devices", json!(fleet.keys.count));
    part("via", json!(args.via.name()));
    part("seed", json!(args.seed));
    part("seconds", json!(took.as_secs_f64()));
    part("sent", json!(get(&tally.sent)));
    part("acknowledged", json!(get(&tally.acknowledged)));
    let known = rejections.as_ref().ok();
    let accepted = known.map(|known| get(&tally.acknowledged).saturating_sub(known.count));
    part("accepted", json!(accepted));
    part("rejected", json!(known.map(|known| known.count)));
    part("reasons", json!(known.map(|known| &known.reasons)));
    part("failures", json!(tally.failures()));
    let faults = made(fleet).map(|fault| (fault.name().to_owned(), tally.faults_of(fault).into()));
    part("faults", Value::Object(faults.collect::<Map<_, _>>()));
    part("latencyMs", tally.latencies());
    part("connections", json!(get(&tally.connected)));
    part("lagMs", json!(lag_ms(fleet)));
}
