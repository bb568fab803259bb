//! `doctor`: the way from the options to a token of the data API, step by step, and the traps of a
//! local set-up beside it.

mod traps;

use serde_json::{Value, json};

use crate::args::GlobalArgs;
use crate::auth;
use crate::client_errors;
use crate::config::Environment;
use crate::data_access::{self, Renew};
use crate::failure::Failure;
use crate::print::Report;
use crate::runtime;
use crate::session::{self, Definition};

/// One step that was taken.
struct Step {
    name: &'static str,
    outcome: Result<String, Failure>,
}

/// Takes the steps up to the first that fails, and tells which one that is and what helps.
pub fn run(global: &GlobalArgs, environment: &Environment) -> Result<(), Failure> {
    let mut steps = Vec::new();
    let whole = walk(global, environment, &mut steps);
    let traps = traps::find(global, environment);
    let mut report = Report::on_stdout(global.output, environment);
    report.part("healthy", || Value::from(whole.is_some()), |_| String::new());
    report.part("steps", || steps.iter().map(Step::to_json).collect(), |_| text(&steps));
    report.part("traps", || json!(traps), |_| traps::text(&traps));
    report.finish()?;
    match steps.pop().map(|step| step.outcome) {
        // The step has been told.
        Some(Err(failure)) => Err(Failure::reported(failure.exit)),
        _ => Ok(()),
    }
}

/// `None` when a step failed, which is the last one then.
fn walk(global: &GlobalArgs, environment: &Environment, steps: &mut Vec<Step>) -> Option<()> {
    let definition = take(steps, "configuration", || {
        let definition = Definition::read_first(global, environment)?;
        let detail = definition.settings.iot_config_file.display().to_string();
        Ok((definition, detail))
    })?;
    take(steps, "sign-in", || {
        let http = session::http(&definition.settings)?;
        let sign_in = auth::sign_in(&definition.settings, &http)?;
        Ok(((), sign_in.origin))
    })?;
    let session = take(steps, "address", || {
        let session = definition.connect()?;
        let detail = session.control.endpoint().to_owned();
        Ok((session, detail))
    })?;
    take(steps, "control plane", || {
        let id = &session.definition.domain_id;
        let domain = runtime::block_on(async {
            let domain = session.control.domain_get(id).await;
            domain.map_err(|error| client_errors::failed("Cannot get IoT Domain", &error))
        })?;
        Ok(((), format!("domain {}", domain.id)))
    })?;
    take(steps, "data API token", || {
        runtime::block_on(data_access::obtain(&session, Renew::All))?;
        Ok(((), format!("user {}", session.definition.config.identity("user")?)))
    })
}

fn take<T>(
    steps: &mut Vec<Step>,
    name: &'static str,
    step: impl FnOnce() -> Result<(T, String), Failure>,
) -> Option<T> {
    let (value, outcome) = match step() {
        Ok((value, detail)) => (Some(value), Ok(detail)),
        Err(failure) => (None, Err(failure)),
    };
    steps.push(Step { name, outcome });
    value
}

impl Step {
    fn to_json(&self) -> Value {
        match &self.outcome {
            Ok(detail) => json!({"step": self.name, "ok": true, "detail": detail}),
            Err(failure) => json!({"step": self.name, "ok": false,
                "problem": failure.message, "fix": failure.hint}),
        }
    }
}

fn text(steps: &[Step]) -> String {
    let mut out = String::new();
    for step in steps {
        match &step.outcome {
            Ok(detail) => out.push_str(&format!("ok      {:15} {detail}\n", step.name)),
            Err(failure) => {
                let told = "refused: the log lines on stderr say how".to_owned();
                let message = failure.message.clone().unwrap_or(told);
                out.push_str(&format!("BROKEN  {:15} {message}\n", step.name));
                if let Some(hint) = &failure.hint {
                    out.push_str(&format!("        fix: {hint}\n"));
                }
            }
        }
    }
    out
}
