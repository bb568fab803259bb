//! The three kinds of resource a twin consists of, and what a verb did with each.

use serde_json::{Value, json};

use crate::args::GlobalArgs;
use crate::config::Environment;
use crate::failure::Failure;
use crate::print::Report;

/// A kind of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// A model.
    Model,
    /// An adapter.
    Adapter,
    /// An instance.
    Instance,
}

impl Resource {
    /// The name in log lines and results.
    pub fn title(self) -> &'static str {
        match self {
            Resource::Model => "Digital Twin Model",
            Resource::Adapter => "Digital Twin Adapter",
            Resource::Instance => "Digital Twin Instance",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Resource::Model => "model",
            Resource::Adapter => "adapter",
            Resource::Instance => "instance",
        }
    }
}

/// One resource and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What became of it: `created`, `kept`, `deleted`.
    pub outcome: &'static str,
    /// Its kind.
    pub resource: Resource,
    /// DTMI of a model, display name of the others.
    pub name: String,
    /// OCID.
    pub id: String,
}

/// Prints what became of a twin's resources; `complete` when nothing is left to do.
pub fn report(
    twin: &str,
    complete: bool,
    outcomes: &[Outcome],
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<(), Failure> {
    let mut report = Report::on_stdout(global.output, environment);
    report.part("digitalTwin", || Value::from(twin), |_| String::new());
    report.part("complete", || Value::from(complete), |_| String::new());
    report.part("resources", || as_json(outcomes), |_| as_text(outcomes));
    report.finish()
}

/// The outcomes as the JSON member `resources`.
fn as_json(outcomes: &[Outcome]) -> Value {
    let one = |outcome: &Outcome| {
        json!({
            "resource": outcome.resource.word(),
            "name": outcome.name,
            "id": outcome.id,
            "outcome": outcome.outcome,
        })
    };
    outcomes.iter().map(one).collect()
}

/// The outcomes as text: what, and below it the OCID.
fn as_text(outcomes: &[Outcome]) -> String {
    let one = |outcome: &Outcome| {
        let title = outcome.resource.title();
        format!("{:8} {title:21}  {}\n         {}\n", outcome.outcome, outcome.name, outcome.id)
    };
    outcomes.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::print::golden;

    #[test]
    fn outcomes_in_both_forms() {
        let outcome = |outcome, resource, name: &str, id: &str| Outcome {
            outcome,
            resource,
            name: name.to_owned(),
            id: id.to_owned(),
        };
        let outcomes = [
            outcome("kept", Resource::Model, "dtmi:x;1", "ocid1.iotdigitaltwinmodel.oc0..a"),
            outcome(
                "created",
                Resource::Adapter,
                "x-adapter",
                "ocid1.iotdigitaltwinadapter.oc0..b",
            ),
            outcome("deleted", Resource::Instance, "x-01", "ocid1.iotdigitaltwininstance.oc0..c"),
        ];
        golden::check("outcomes.txt", &as_text(&outcomes));
        golden::check("outcomes.json", &format!("{:#}\n", as_json(&outcomes)));
    }
}
