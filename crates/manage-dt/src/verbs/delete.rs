//! `delete`: instance, adapter and model of one twin, in this order.

use super::instances;
use super::resource::{self, Outcome, Resource};
use super::structure;
use crate::args::{DeleteArgs, GlobalArgs};
use crate::client_errors::failed;
use crate::config::{Environment, Twin};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::runtime;
use crate::session::{Definition, Session};

/// Deletes the twin and tells what is gone.
pub fn run(
    args: &DeleteArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<(), Failure> {
    instances::check_id(args.id.as_deref())?;
    let definition = Definition::read(global, environment, &args.twin)?;
    // A field that is missing is told before anything is gone.
    names(&definition.twin)?;
    let session = definition.connect()?;

    let mut outcomes = Vec::new();
    let outcome = runtime::block_on(delete(&session, args, &mut outcomes));

    let complete = outcome.is_ok();
    let written = resource::report(&args.twin, complete, &outcomes, global, environment);
    outcome?;
    written
}

/// The names by which the parts of a twin are found.
struct Names<'t> {
    device: &'t str,
    /// Adapter and model; only with structured telemetry.
    structure: Option<(&'t str, &'t str)>,
}

fn names(twin: &Twin) -> Result<Names<'_>, Failure> {
    let structure = match twin.is_structured() {
        true => Some((twin.require("adapter_name")?, twin.require("model_name")?)),
        false => None,
    };
    Ok(Names { device: twin.require("device_name")?, structure })
}

/// Failures of the parts. A part that is missing or refused does not stop the others; a platform
/// that cannot be reached does.
#[derive(Default)]
struct Parts {
    worst: Option<Failure>,
}

impl Parts {
    fn note(&mut self, outcome: Result<(), Failure>) -> Result<(), Failure> {
        match outcome {
            Ok(()) => Ok(()),
            Err(failure) if stops(failure.exit) => Err(failure),
            Err(failure) => {
                failure.tell();
                let exit = failure.exit;
                self.worst.get_or_insert_with(|| Failure::reported(exit));
                Ok(())
            }
        }
    }

    fn end(self) -> Result<(), Failure> {
        self.worst.map_or(Ok(()), Err)
    }
}

fn stops(exit: ExitCode) -> bool {
    matches!(exit, ExitCode::Unreachable | ExitCode::Usage)
}

async fn delete(
    session: &Session,
    args: &DeleteArgs,
    outcomes: &mut Vec<Outcome>,
) -> Result<(), Failure> {
    let names = names(&session.definition.twin)?;
    let mut parts = Parts::default();

    tracing::info!("Delete Digital Twin Instance '{}'", args.twin);
    // Several of one name: refused as a whole, before anything is gone.
    let candidates = instances::candidates(session).await?;
    let instance = instances::choose(candidates, args.id.as_deref())?;
    let adapter_id = instance.as_ref().and_then(|it| it.digital_twin_adapter_id.clone());
    let outcome = match instance {
        None => Err(missing(Resource::Instance)),
        Some(instance) => session
            .control
            .instance_delete(&instance.id)
            .await
            .map(|()| outcomes.push(deleted(Resource::Instance, names.device, instance.id)))
            .map_err(|error| failed("Cannot delete Digital Twin Instance", &error)),
    };
    parts.note(outcome)?;

    if let Some((adapter_name, model_name)) = names.structure {
        tracing::info!("Delete Digital Twin Adapter '{adapter_name}'");
        let outcome = delete_adapter(session, adapter_name, adapter_id).await;
        parts.note(outcome.map(|outcome| outcomes.push(outcome)))?;
        tracing::info!("Delete Digital Twin Model '{model_name}'");
        let outcome = delete_model(session, model_name).await;
        parts.note(outcome.map(|outcome| outcomes.push(outcome)))?;
    }
    parts.end()
}

async fn delete_adapter(
    session: &Session,
    name: &str,
    of_instance: Option<String>,
) -> Result<Outcome, Failure> {
    let mut adapters = structure::adapters(session, name).await?;
    if adapters.len() > 1 {
        // Of several the one that the instance used is meant.
        match adapters.iter().position(|adapter| Some(&adapter.id) == of_instance.as_ref()) {
            Some(at) => adapters = vec![adapters.swap_remove(at)],
            None => return Err(structure::ambiguous(&adapters)),
        }
    }
    let adapter = adapters.pop().ok_or_else(|| missing(Resource::Adapter))?;
    match session.control.adapter_delete(&adapter.id).await {
        Ok(()) => Ok(deleted(Resource::Adapter, name, adapter.id)),
        Err(error) => Err(failed("Cannot delete Digital Twin Adapter", &error)),
    }
}

async fn delete_model(session: &Session, spec_uri: &str) -> Result<Outcome, Failure> {
    let models = structure::models(session, spec_uri).await?;
    let model = models.into_iter().next().ok_or_else(|| missing(Resource::Model))?;
    match session.control.model_delete(&model.id).await {
        Ok(()) => Ok(deleted(Resource::Model, spec_uri, model.id)),
        Err(error) => Err(failed("Cannot delete Digital Twin Model", &error)),
    }
}

fn missing(resource: Resource) -> Failure {
    tracing::error!("{} does not exist", resource.title());
    Failure::reported(ExitCode::Refused)
}

fn deleted(resource: Resource, name: &str, id: String) -> Outcome {
    tracing::info!("{} deleted", resource.title());
    Outcome { outcome: "deleted", resource, name: name.to_owned(), id }
}
