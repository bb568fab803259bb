//! What a command asks of the platform around it: states and clock.

use reqwest::Method;
use serde_json::{Value, json};

use crate::args::{ClockArgs, ClockVerb, EmulateVerb, GlobalArgs};
use crate::config::local::{self, ClientDir};
use crate::config::{Environment, Settings};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::print::Report;
use crate::{runtime, session};

/// Asks, and tells the answer.
pub fn run(
    verb: &EmulateVerb,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<(), Failure> {
    let place = Place::find(global, environment)?;
    let settings = Settings::resolve(global, environment)?;
    let http = session::http(&settings)?;
    let (method, path, body) = request(verb);
    let request = http.request(method, format!("{}/{path}", place.url)).bearer_auth(place.token);
    let request = match &body {
        Some(body) => request.json(body),
        None => request,
    };
    let answer = runtime::block_on(async {
        let lost = |error: reqwest::Error| {
            let text = format!("cannot reach {}: {}", place.url, error.without_url());
            Failure::new(ExitCode::Unreachable, text).hint("does the platform still run?")
        };
        let answer = request.send().await.map_err(lost)?;
        let status = answer.status().as_u16();
        let text = answer.text().await.map_err(lost)?;
        match (status, serde_json::from_str::<Value>(&text)) {
            (200, Ok(value)) => Ok(value),
            (_, value) => Err(refused(status, value.ok().as_ref())),
        }
    })?;
    let mut report = Report::on_stdout(global.output, environment);
    let text = text(verb, &answer);
    for (name, value) in answer.as_object().into_iter().flatten() {
        report.part(name, || value.clone(), |_| String::new());
    }
    if report.is_text() {
        report.part("text", || Value::Null, |_| text);
    }
    report.finish()
}

/// Where the platform listens for its owner.
struct Place {
    url: String,
    token: String,
}

impl Place {
    fn find(global: &GlobalArgs, environment: &Environment) -> Result<Place, Failure> {
        let env_sh = match &global.local {
            None => None,
            Some(given) => {
                let dir = local::state_dir(given, environment);
                Some(ClientDir::of_state_dir(&dir)?.env_sh()?)
            }
        };
        let get = |name: &str| match &env_sh {
            Some(lines) => local::exported(lines, name),
            None => environment.get(name).map(str::to_owned),
        };
        match (get("MANAGE_DT_EMULATION_URL"), get("MANAGE_DT_EMULATION_TOKEN")) {
            (Some(url), Some(token)) => Ok(Place { url, token }),
            _ => Err(Failure::usage("no platform around here allows control").hint(
                "run this in `manage-dt emulate --allow-control -- COMMAND`, or name the state \
                 directory of a `manage-dt serve --allow-control` with --local=DIR",
            )),
        }
    }
}

fn request(verb: &EmulateVerb) -> (Method, String, Option<Value>) {
    match verb {
        EmulateVerb::Reset => (Method::POST, "reset".to_owned(), None),
        EmulateVerb::Snapshot { name } => (Method::PUT, snapshot(name), None),
        EmulateVerb::Restore { name } => {
            (Method::POST, format!("{}/restore", snapshot(name)), None)
        }
        EmulateVerb::Forget { name } => (Method::DELETE, snapshot(name), None),
        EmulateVerb::Snapshots => (Method::GET, "snapshots".to_owned(), None),
        EmulateVerb::Clock(ClockArgs { verb: None }) => (Method::GET, "clock".to_owned(), None),
        EmulateVerb::Clock(ClockArgs { verb: Some(ClockVerb::Advance { seconds }) }) => {
            (Method::POST, "clock".to_owned(), Some(json!({ "advanceSeconds": seconds })))
        }
    }
}

/// A name as one segment of a path; the platform says which names there can be.
fn snapshot(name: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let escaped: String = name
        .bytes()
        .map(|b| if is_plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect();
    format!("snapshots/{escaped}")
}

fn refused(status: u16, value: Option<&Value>) -> Failure {
    let message = value.and_then(|value| value["message"].as_str());
    let text = message.map_or_else(|| format!("the platform answered {status}"), str::to_owned);
    let exit = if status == 401 { ExitCode::NotAuthorized } else { ExitCode::Refused };
    Failure::new(exit, text)
}

fn text(verb: &EmulateVerb, answer: &Value) -> String {
    let get = |member: &str| crate::print::json_text::plain(answer[member].as_str().unwrap_or("?"));
    let took = answer["milliseconds"].as_f64().unwrap_or_default();
    match verb {
        EmulateVerb::Reset => format!("reset to the state of {}, in {took:.1} ms\n", get("time")),
        EmulateVerb::Snapshot { .. } => format!("kept as '{}', in {took:.1} ms\n", get("name")),
        EmulateVerb::Restore { .. } => {
            format!("restored '{}' of {}, in {took:.1} ms\n", get("name"), get("time"))
        }
        EmulateVerb::Forget { .. } => format!("forgot '{}'\n", get("name")),
        EmulateVerb::Snapshots => {
            let all = answer["snapshots"].as_array().map(Vec::as_slice).unwrap_or_default();
            let line = |one: &Value| {
                let text = |member: &str| one[member].as_str().unwrap_or("?").to_owned();
                let kib = one["bytes"].as_u64().unwrap_or(0).div_ceil(1024);
                format!("{}  {kib} KiB  {}\n", text("time"), text("name"))
            };
            all.iter().map(line).collect()
        }
        EmulateVerb::Clock(_) => {
            format!("{}, {} s ahead\n", get("time"), answer["aheadSeconds"])
        }
    }
}
