//! `create`: model, adapter and instance of one twin, as far as they do not exist.

pub(super) mod plan;

use iot_api::adapters::{CreateDigitalTwinAdapterDetails, DigitalTwinAdapter};
use iot_api::instances::{CreateDigitalTwinInstanceDetails, DigitalTwinInstance};
use iot_api::models::{CreateDigitalTwinModelDetails, DigitalTwinModel};
use iot_client::ClientError;

use self::plan::{Plan, Structure};
use super::instances;
use super::resource::{self, Outcome, Resource};
use super::structure;
use crate::args::{CreateArgs, GlobalArgs};
use crate::client_errors::failed;
use crate::config::Environment;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::runtime;
use crate::session::{Definition, Session};

/// Creates the twin and tells what exists afterwards.
pub fn run(
    args: &CreateArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<(), Failure> {
    let definition = Definition::read(global, environment, &args.twin)?;
    let plan = Plan::of(&definition.twin, &definition.settings.data_dir)?;
    let session = definition.connect()?;

    let mut outcomes = Vec::new();
    let outcome = runtime::block_on(create(&session, &plan, &mut outcomes));

    let complete = outcome.is_ok();
    let written = resource::report(&args.twin, complete, &outcomes, global, environment);
    outcome.map_err(|failure| how_to_go_on(failure, &args.twin, &outcomes))?;
    written
}

/// Creates a twin and tells nothing but its failure.
pub(super) async fn quietly(definition: Definition) -> Result<(), Failure> {
    let plan = Plan::of(&definition.twin, &definition.settings.data_dir)?;
    create(&definition.connect()?, &plan, &mut Vec::new()).await
}

/// Model and adapter of a twin, created as far as they do not exist: the OCID of the adapter, none
/// of a twin without a model.
pub(super) async fn adapter_of(session: &Session, plan: &Plan) -> Result<Option<String>, Failure> {
    let Some(structure) = &plan.structure else { return Ok(None) };
    let existing = existing(session, plan).await?;
    model(session, structure, existing.model).await?;
    Ok(Some(adapter(session, structure, existing.adapter).await?.id))
}

/// A failure half way says which parts exist, and what to do about them.
fn how_to_go_on(failure: Failure, twin: &str, outcomes: &[Outcome]) -> Failure {
    let is_uncertain = matches!(failure.exit, ExitCode::Interrupted | ExitCode::Unreachable);
    let again = format!("`manage-dt create {twin}` goes on from here");
    let advice = match outcomes {
        [] if is_uncertain => again,
        [] => return failure,
        parts => {
            let exist: Vec<String> =
                parts.iter().map(|part| format!("{} {}", part.resource.title(), part.id)).collect();
            let more = if is_uncertain { " (and perhaps what was under way)" } else { "" };
            let exist = exist.join(", ");
            format!("these exist{more}: {exist}; {again}, `manage-dt delete {twin}` removes them")
        }
    };
    let hint = match &failure.hint {
        Some(first) => format!("{first}; {advice}"),
        None => advice,
    };
    failure.hint(hint)
}

/// What exists of a twin before anything is created.
struct Existing {
    model: Option<DigitalTwinModel>,
    adapter: Option<DigitalTwinAdapter>,
    instance: Option<DigitalTwinInstance>,
}

async fn create(
    session: &Session,
    plan: &Plan,
    outcomes: &mut Vec<Outcome>,
) -> Result<(), Failure> {
    let existing = existing(session, plan).await?;
    let mut adapter_id = None;
    if let Some(structure) = &plan.structure {
        outcomes.push(model(session, structure, existing.model).await?);
        let adapter = adapter(session, structure, existing.adapter).await?;
        adapter_id = Some(adapter.id.clone());
        outcomes.push(adapter);
    }
    outcomes.push(instance(session, plan, adapter_id, existing.instance).await?);
    Ok(())
}

/// Lists all three kinds at once, so that a twin which cannot be completed is left alone.
async fn existing(session: &Session, plan: &Plan) -> Result<Existing, Failure> {
    let found = instances::candidates(session);
    let (found, model, adapter) = match &plan.structure {
        None => (found.await?, None, None),
        Some(structure) => {
            let (found, models, adapters) = tokio::try_join!(
                found,
                structure::models(session, &structure.model_name),
                structure::adapters(session, &structure.adapter_name),
            )?;
            (found, models.into_iter().next(), same_adapter(structure, adapters)?)
        }
    };
    let key = &plan.instance.external_key;
    let same = |instance: &DigitalTwinInstance| instance.external_key.as_ref() == Some(key);
    if let Some(other) = found.iter().find(|instance| !same(instance)) {
        tracing::warn!(
            "Another Digital Twin Instance is named '{}' too: {}",
            other.display_name,
            other.id
        );
    }
    Ok(Existing { model, adapter, instance: found.into_iter().find(same) })
}

/// The adapter that can be kept. One of the same name for another model must not be used, and a
/// second one beside it could not be told apart.
fn same_adapter(
    structure: &Structure,
    adapters: Vec<DigitalTwinAdapter>,
) -> Result<Option<DigitalTwinAdapter>, Failure> {
    let uri = &structure.model_name;
    let (same, other): (Vec<_>, Vec<_>) =
        adapters.into_iter().partition(|adapter| adapter.digital_twin_model_spec_uri == *uri);
    if same.len() > 1 {
        tracing::warn!(
            "{} adapters are named '{}'; the oldest one is used",
            same.len(),
            structure.adapter_name
        );
    }
    let oldest = oldest(same.iter()).map(|adapter| adapter.id.clone());
    match (same.into_iter().find(|same| Some(&same.id) == oldest.as_ref()), other.first()) {
        (Some(adapter), _) => Ok(Some(adapter)),
        (None, None) => Ok(None),
        (None, Some(other)) => {
            let text = format!(
                "the adapter '{}' exists already, for the model '{}': {}",
                other.display_name, other.digital_twin_model_spec_uri, other.id
            );
            Err(Failure::new(ExitCode::Refused, text)
                .hint("choose another `adapter_name`, or delete that adapter"))
        }
    }
}

async fn model(
    session: &Session,
    structure: &Structure,
    existing: Option<DigitalTwinModel>,
) -> Result<Outcome, Failure> {
    let name = &structure.model_name;
    if let Some(model) = existing {
        return Ok(kept(Resource::Model, name, model.id));
    }
    tracing::info!("Create Digital Twin Model '{name}'");
    let details = CreateDigitalTwinModelDetails {
        iot_domain_id: session.definition.domain_id.clone(),
        spec: structure.spec.clone(),
        display_name: Some(name.clone()),
        description: structure.model_description.clone(),
        freeform_tags: None,
        defined_tags: None,
    };
    match session.control.model_create(&details).await {
        Ok(model) => Ok(created(Resource::Model, name, model.id)),
        Err(error) => {
            if is_conflict(&error)
                && let Some(model) = structure::models(session, name).await?.into_iter().next()
            {
                return Ok(kept(Resource::Model, name, model.id));
            }
            Err(failed("Cannot create Digital Twin Model", &error))
        }
    }
}

async fn adapter(
    session: &Session,
    structure: &Structure,
    existing: Option<DigitalTwinAdapter>,
) -> Result<Outcome, Failure> {
    let name = &structure.adapter_name;
    if let Some(adapter) = existing {
        return Ok(kept(Resource::Adapter, name, adapter.id));
    }
    let kind = if structure.custom.is_some() { "custom" } else { "default" };
    tracing::info!("Create {kind} Digital Twin Adapter '{name}'");
    let custom = structure.custom.clone();
    let (envelope, routes) = custom.map(|custom| (custom.envelope, custom.routes)).unzip();
    let details = CreateDigitalTwinAdapterDetails {
        iot_domain_id: session.definition.domain_id.clone(),
        digital_twin_model_id: None,
        digital_twin_model_spec_uri: Some(structure.model_name.clone()),
        display_name: Some(name.clone()),
        description: Some(format!("Default Adapter for {}", structure.model_name)),
        inbound_envelope: envelope,
        inbound_routes: routes,
        freeform_tags: None,
        defined_tags: None,
    };
    match session.control.adapter_create(&details).await {
        Ok(adapter) => only_adapter(session, structure, adapter).await,
        Err(error) => Err(failed("Cannot create Digital Twin Adapter", &error)),
    }
}

/// Adapters have no identity but their OCID, so two creates at one time make two. The older one
/// is kept, by all who look: ours goes again if it is not that one.
async fn only_adapter(
    session: &Session,
    structure: &Structure,
    ours: DigitalTwinAdapter,
) -> Result<Outcome, Failure> {
    let name = &structure.adapter_name;
    let all = structure::adapters(session, name).await?;
    match oldest(
        all.iter().filter(|other| other.digital_twin_model_spec_uri == structure.model_name),
    ) {
        Some(older) if older.id != ours.id => {
            let deleted = session.control.adapter_delete(&ours.id).await;
            deleted.map_err(|error| failed("Cannot delete Digital Twin Adapter", &error))?;
            Ok(kept(Resource::Adapter, name, older.id.clone()))
        }
        _ => Ok(created(Resource::Adapter, name, ours.id)),
    }
}

fn oldest<'a>(
    adapters: impl Iterator<Item = &'a DigitalTwinAdapter>,
) -> Option<&'a DigitalTwinAdapter> {
    adapters.min_by_key(|adapter| (adapter.time_created.as_str(), adapter.id.as_str()))
}

/// Whether somebody else was quicker.
fn is_conflict(error: &ClientError) -> bool {
    error.status() == Some(409)
}

async fn instance(
    session: &Session,
    plan: &Plan,
    adapter_id: Option<String>,
    existing: Option<DigitalTwinInstance>,
) -> Result<Outcome, Failure> {
    let plan = &plan.instance;
    let name = &plan.device_name;
    if let Some(instance) = existing {
        if instance.digital_twin_adapter_id != adapter_id {
            tracing::warn!("Digital Twin Instance '{name}' is kept but uses another adapter");
        }
        return Ok(kept(Resource::Instance, name, instance.id));
    }
    tracing::info!("Create Digital Twin Instance {}", plan.description);
    let details = CreateDigitalTwinInstanceDetails {
        iot_domain_id: session.definition.domain_id.clone(),
        auth_id: Some(plan.auth_id.clone()),
        external_key: Some(plan.external_key.clone()),
        display_name: Some(name.clone()),
        description: Some(plan.description.clone()),
        digital_twin_adapter_id: adapter_id,
        ..CreateDigitalTwinInstanceDetails::default()
    };
    match session.control.instance_create(&details).await {
        Ok(instance) => Ok(created(Resource::Instance, name, instance.id)),
        Err(error) => {
            if is_conflict(&error) {
                let found = instances::candidates(session).await?;
                let same = |found: &DigitalTwinInstance| found.external_key == details.external_key;
                if let Some(instance) = found.into_iter().find(same) {
                    return Ok(kept(Resource::Instance, name, instance.id));
                }
            }
            Err(failed("Cannot create Digital Twin Instance", &error))
        }
    }
}

fn created(resource: Resource, name: &str, id: String) -> Outcome {
    tracing::info!("{} created", resource.title());
    Outcome { outcome: "created", resource, name: name.to_owned(), id }
}

fn kept(resource: Resource, name: &str, id: String) -> Outcome {
    tracing::info!("{} '{name}' exists already and is kept", resource.title());
    Outcome { outcome: "kept", resource, name: name.to_owned(), id }
}
