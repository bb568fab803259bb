//! `content` and `diff`: what a twin's content was at an instant.
//!
//! A platform of ours answers by itself; of the cloud it is rebuilt from the data API.

mod rebuild;
mod view;

use std::collections::BTreeMap;

use iot_client::{ClientError, DataClient, PastContent};
use jiff::Timestamp;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::instances;
use crate::args::{ContentArgs, DiffArgs, GlobalArgs};
use crate::client_errors::failed_with_body;
use crate::config::Environment;
use crate::data_access::{self, Renew};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::print::Report;
use crate::runtime;
use crate::session::{Definition, Session};

/// Content as of an instant.
struct Past {
    at: Timestamp,
    /// Value and time observed by content path.
    values: BTreeMap<String, (Box<RawValue>, String)>,
    /// Content paths of which nothing from then is kept.
    unknown: Vec<String>,
    /// Time observed of the oldest value that is kept, if the platform says.
    oldest: Option<String>,
    /// Rebuilt from historized data, because the platform does not answer by itself.
    is_rebuilt: bool,
}

/// Prints the content as of an instant.
pub fn content(
    args: &ContentArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<(), Failure> {
    instances::check_id(args.id.as_deref())?;
    let session = Definition::read(global, environment, &args.twin)?.connect()?;
    let at = args.at.unwrap_or_else(Timestamp::now);
    let (id, past) = runtime::block_on(async {
        let id = instance(&session, &args.twin, args.id.as_deref()).await?;
        let past = Source::open(&session).await?.at(&id, at).await?;
        Ok((id, past))
    })?;
    let mut report = Report::on_stdout(global.output, environment);
    report.part("digitalTwin", || Value::from(args.twin.as_str()), |_| String::new());
    report.part("instanceId", || Value::from(id), |_| String::new());
    report.part("time", || Value::from(time(at)), |_| String::new());
    report.part("content", || past.nested(), |width| view::content(&args.twin, &past, width));
    report.part("timeObserved", || past.times(), |_| String::new());
    report.part("unknown", || json!(past.unknown), |_| view::unknown(&past));
    report.part("timeOldest", || json!(past.oldest), |_| String::new());
    report.part("rebuilt", || json!(past.is_rebuilt), |_| String::new());
    report.finish()
}

/// Prints what differs between two instants.
pub fn diff(
    args: &DiffArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<(), Failure> {
    instances::check_id(args.id.as_deref())?;
    let to = args.to.unwrap_or_else(Timestamp::now);
    if args.from > to {
        let text = format!("--from {} is after --to {}", time(args.from), time(to));
        return Err(Failure::usage(text).hint("exchange them"));
    }
    let session = Definition::read(global, environment, &args.twin)?.connect()?;
    let (id, before, after) = runtime::block_on(async {
        let id = instance(&session, &args.twin, args.id.as_deref()).await?;
        let mut source = Source::open(&session).await?;
        let before = source.at(&id, args.from).await?;
        let after = source.at(&id, to).await?;
        Ok((id, before, after))
    })?;
    let changes = changes(&before, &after);
    let mut report = Report::on_stdout(global.output, environment);
    report.part("digitalTwin", || Value::from(args.twin.as_str()), |_| String::new());
    report.part("instanceId", || Value::from(id), |_| String::new());
    report.part("from", || Value::from(time(args.from)), |_| String::new());
    report.part("to", || Value::from(time(to)), |_| String::new());
    let list = || Value::Array(changes.iter().map(Change::to_json).collect());
    report.part("changes", list, |width| {
        view::changes(&args.twin, (&before, &after), &changes, width)
    });
    let unknown = || json!({"from": before.unknown, "to": after.unknown});
    report.part("unknown", unknown, |_| view::unknown(&before));
    report.part("rebuilt", || json!(before.is_rebuilt), |_| String::new());
    report.finish()
}

/// OCID of the instance that is meant.
async fn instance(session: &Session, twin: &str, id: Option<&str>) -> Result<String, Failure> {
    let candidates = instances::candidates(session).await?;
    match instances::choose(candidates, id)? {
        Some(instance) if instance.digital_twin_model_id.is_some() => Ok(instance.id),
        Some(_) => {
            let text = format!("{twin} has no model, hence no content; its messages are raw data");
            Err(Failure::new(ExitCode::Refused, text)
                .hint(format!("`manage-dt watch {twin} --since 1h` shows them")))
        }
        None => {
            tracing::error!("Digital Twin Instance does not exist");
            Err(Failure::reported(ExitCode::Refused)
                .hint(format!("`manage-dt create {twin}` creates it")))
        }
    }
}

/// Where the past is asked for.
struct Source<'s> {
    session: &'s Session,
    client: DataClient,
}

impl<'s> Source<'s> {
    async fn open(session: &'s Session) -> Result<Source<'s>, Failure> {
        let client = data_access::obtain(session, Renew::Nothing).await?;
        Ok(Source { session, client })
    }

    /// Content as of an instant; a token or an address of the cache that is out of date is
    /// replaced once.
    async fn at(&mut self, id: &str, at: Timestamp) -> Result<Past, Failure> {
        let renew = match self.ask(id, at).await {
            Err(error) if error.status() == Some(401) => Renew::Token,
            Err(ClientError::Unreachable { .. }) => Renew::All,
            outcome => return outcome.map_err(told),
        };
        self.client = data_access::obtain(self.session, renew).await?;
        self.ask(id, at).await.map_err(told)
    }

    async fn ask(&self, id: &str, at: Timestamp) -> Result<Past, ClientError> {
        match self.client.content_at(id, &time(at)).await {
            Ok(content) => Ok(Past::of(content, at)),
            Err(error) if error.status() == Some(404) => {
                rebuild::content_at(&self.client, id, at).await
            }
            Err(error) => Err(error),
        }
    }
}

fn told(error: ClientError) -> Failure {
    failed_with_body("Unable to query data API", &error)
}

impl Past {
    fn of(content: PastContent, at: Timestamp) -> Past {
        let value =
            |value: iot_client::PastValue| (value.content_path, (value.value, value.time_observed));
        Past {
            at,
            values: content.values.into_iter().map(value).collect(),
            unknown: content.unknown,
            oldest: content.time_oldest,
            is_rebuilt: false,
        }
    }

    /// Values as content has them: components are objects.
    fn nested(&self) -> Value {
        let mut content = Map::new();
        for (path, (value, _)) in &self.values {
            nest(&mut content, path, parsed(value));
        }
        Value::Object(content)
    }

    fn times(&self) -> Value {
        self.values.iter().map(|(path, (_, time))| (path.clone(), json!(time))).collect()
    }
}

/// A content path whose value is another one than before.
struct Change {
    path: String,
    before: Option<(Value, String)>,
    after: Option<(Value, String)>,
}

impl Change {
    /// By how much a number has changed.
    fn difference(&self) -> Option<f64> {
        let number = |side: &Option<(Value, String)>| side.as_ref()?.0.as_f64();
        Some(number(&self.after)? - number(&self.before)?)
    }

    fn to_json(&self) -> Value {
        let side = |side: &Option<(Value, String)>| match side {
            Some((value, time)) => json!({"value": value, "timeObserved": time}),
            None => Value::Null,
        };
        let (before, after) = (side(&self.before), side(&self.after));
        json!({"contentPath": self.path, "from": before, "to": after, "difference": self.difference()})
    }
}

fn changes(before: &Past, after: &Past) -> Vec<Change> {
    let mut paths: Vec<&String> = before.values.keys().chain(after.values.keys()).collect();
    paths.sort_unstable();
    paths.dedup();
    let side = |past: &Past, path: &str| {
        past.values.get(path).map(|(value, time)| (parsed(value), time.clone()))
    };
    let change = |path: &String| {
        let (before, after) = (side(before, path), side(after, path));
        let same = before.as_ref().map(|side| &side.0) == after.as_ref().map(|side| &side.0);
        (!same).then(|| Change { path: path.clone(), before, after })
    };
    paths.into_iter().filter_map(change).collect()
}

fn nest(object: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            object.insert(path.to_owned(), value);
        }
        Some((component, rest)) => {
            let nested = object.entry(component).or_insert_with(|| json!({}));
            // A value of the component's name would be a mistake of the platform's.
            if let Value::Object(nested) = nested {
                nest(nested, rest, value);
            }
        }
    }
}

fn parsed(value: &RawValue) -> Value {
    serde_json::from_str(value.get()).unwrap_or_default()
}

fn time(at: Timestamp) -> String {
    format!("{at:.6}")
}
