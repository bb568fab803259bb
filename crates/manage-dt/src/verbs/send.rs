//! `send`: messages of a twin's device, over any protocol, and what became of them.

mod explain;
mod messages;
mod outcome;
pub(super) mod place;
mod stream;

use rmqtt_codec::types::QoS;
use serde_json::json;

use self::explain::Explainer;
use self::outcome::Outcome;
use self::stream::{Progress, Stream};
use crate::args::{GlobalArgs, SendArgs, Via};
use crate::config::Environment;
use crate::device::Device;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::print::Report;
use crate::runtime;

/// Most messages that are explained: each is looked for by itself.
const EXPLAINED_MAX: usize = 1000;

/// Sends, and tells how much was acknowledged, whatever the end.
pub fn run(args: &SendArgs, global: &GlobalArgs, environment: &Environment) -> Result<(), Failure> {
    super::instances::check_id(args.id.as_deref())?;
    if args.via == Via::Https && args.qos.is_some() {
        return Err(Failure::usage("--qos is for MQTT; every HTTPS post is answered"));
    }
    let place = place::Place::read(args, global, environment)?;
    let mut report = Report::on_stdout(global.output, environment);
    let progress = Progress::default();
    let outcome = runtime::block_on(send(args, &place, &progress, &mut report));
    if !progress.is_over() {
        count(&progress, &mut report, String::new());
    }
    let written = report.finish();
    outcome.map_err(|failure| with_count(failure, args, &progress))?;
    written
}

/// Adds how many messages were acknowledged, once any was sent.
fn with_count(failure: Failure, args: &SendArgs, progress: &Progress) -> Failure {
    let (sent, acknowledged) = (progress.sent(), progress.acknowledged());
    let is_over = progress.is_over();
    match failure.message {
        Some(message) if !is_over && (sent > 0 || failure.exit == ExitCode::Interrupted) => {
            let text = match args.qos {
                Some(0) => format!("{message}: {sent} sent, without acknowledgement"),
                _ => format!("{message}: {sent} sent, {acknowledged} acknowledged"),
            };
            Failure { message: Some(text), ..failure }
        }
        _ => failure,
    }
}

async fn send(
    args: &SendArgs,
    place: &place::Place,
    progress: &Progress,
    report: &mut Report,
) -> Result<(), Failure> {
    let source = messages::read(&args.sources, args.ndjson)?;
    let device = place.device().await?;
    let explainer = match args.explain {
        true => Some(Explainer::start(place.session()?, args, &place.endpoint).await?),
        false => None,
    };
    let mut stream = Stream {
        device: &device,
        endpoint: &place.endpoint,
        qos: if args.qos == Some(0) { QoS::AtMostOnce } else { QoS::AtLeastOnce },
        rate: args.rate,
        source,
        progress,
        kept: args.explain.then(Vec::new),
    };
    match args.via {
        Via::Mqtt => stream.over_mqtt(device.mqtt().await?).await?,
        Via::Wss => stream.over_mqtt(device.websocket().await?).await?,
        Via::Https => stream.over_https().await?,
    }
    let kept = stream.kept.take().unwrap_or_default();
    progress.set_over();
    summary(args, &device, &place.endpoint, progress, report);
    let Some(explainer) = explainer else { return Ok(()) };
    let outcomes = explainer.outcomes(&kept).await?;
    report.part("messages", || json!(outcomes), |width| outcome::table(&outcomes, width));
    verdict(&outcomes)
}

fn summary(
    args: &SendArgs,
    device: &Device,
    endpoint: &str,
    progress: &Progress,
    report: &mut Report,
) {
    let external_key = &device.credentials.external_key;
    let (sent, acknowledged) = (progress.sent(), progress.acknowledged());
    report.part("externalKey", || json!(external_key), |_| String::new());
    report.part("via", || json!(args.via.name()), |_| String::new());
    report.part("endpoint", || json!(endpoint), |_| String::new());
    let text = match args.qos {
        Some(0) => format!("{sent} sent, without acknowledgement"),
        _ => format!("{sent} sent, {acknowledged} acknowledged"),
    };
    let text = format!("{text}: {external_key} -> {endpoint} over {}\n", args.via.name());
    count(progress, report, text);
}

fn count(progress: &Progress, report: &mut Report, text: String) {
    report.part("sent", || json!(progress.sent()), |_| String::new());
    report.part("acknowledged", || json!(progress.acknowledged()), |_| text);
}

/// Exit 1 unless every message was accepted.
fn verdict(outcomes: &[Outcome]) -> Result<(), Failure> {
    let rejected = outcomes.iter().filter(|outcome| outcome.is_rejected()).count();
    let missing = outcomes.iter().filter(|outcome| outcome.is_unknown()).count();
    if rejected == 0 && missing == 0 {
        return Ok(());
    }
    let text = match missing {
        0 => format!("{rejected} of {} messages rejected", outcomes.len()),
        _ => format!(
            "{rejected} of {} messages rejected, {missing} not found in the raw data",
            outcomes.len()
        ),
    };
    Err(Failure::new(ExitCode::Refused, text)
        .hint("`manage-dt adapter try` shows what the adapter does with a message"))
}
