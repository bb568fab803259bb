//! The twins of a fleet: which exist, and those that the run makes and takes away.

use std::collections::HashMap;

use futures_util::{StreamExt as _, stream};
use iot_api::instances::{CreateDigitalTwinInstanceDetails, DigitalTwinInstance};
use iot_client::InstanceQuery;

use super::super::create::plan::Plan;
use super::super::{create, instances};
use super::fleet::Keys;
use crate::client_errors::failed;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::print::progress::Progress;
use crate::session::Session;

/// Calls under way at once.
const CALLS_MAX: usize = 16;
/// Missing twins that are named.
const NAMED_MAX: usize = 3;

/// The fleet on the control plane.
#[derive(Default)]
pub struct Twins {
    /// OCIDs of all of them, with their keys.
    pub by_id: HashMap<String, String>,
    /// OCIDs of those that were created here.
    pub created: Vec<String>,
}

impl Twins {
    /// Finds the fleet, and creates what is missing if that was asked for. What was created is in
    /// `self` also when it fails or is dropped.
    pub async fn gather(
        &mut self,
        session: &Session,
        keys: &Keys,
        may_create: bool,
    ) -> Result<(), Failure> {
        let missing = self.find(session, keys).await?;
        if missing.is_empty() {
            return Ok(());
        }
        if !may_create {
            let named = missing.iter().take(NAMED_MAX).map(|key| format!("'{key}'"));
            let named = named.collect::<Vec<_>>().join(", ");
            let more = if missing.len() > NAMED_MAX { ", …" } else { "" };
            let text = format!(
                "{} of {} digital twins do not exist: {named}{more}",
                missing.len(),
                keys.count
            );
            return Err(Failure::new(ExitCode::Refused, text).hint("--create creates them"));
        }
        let template = template(session).await?;
        let progress = Progress::of("created", missing.len() as u64);
        let calls = missing.iter().map(|key| create_one(session, &template, key));
        let mut calls = stream::iter(calls).buffer_unordered(CALLS_MAX);
        while let Some(outcome) = calls.next().await {
            let instance = outcome?;
            let key = instance.external_key.unwrap_or_default();
            self.by_id.insert(instance.id.clone(), key);
            self.created.push(instance.id);
            progress.step();
        }
        Ok(())
    }

    /// Fills in who exists; the keys of the others.
    async fn find(&mut self, session: &Session, keys: &Keys) -> Result<Vec<String>, Failure> {
        let query = InstanceQuery {
            iot_domain_id: &session.definition.domain_id,
            lifecycle_state: Some(instances::ACTIVE),
            ..InstanceQuery::default()
        };
        let found = session.control.instance_list(&query).await;
        let found = found.map_err(|error| failed("Cannot get Digital Twin Instances", &error))?;
        let mut ids: HashMap<String, String> = found
            .into_iter()
            .filter_map(|instance| Some((instance.external_key?, instance.id)))
            .collect();
        let mut missing = Vec::new();
        for device in 0..keys.count {
            let key = keys.of(device);
            match ids.remove(&key) {
                Some(id) => drop(self.by_id.insert(id, key)),
                None => missing.push(key),
            }
        }
        Ok(missing)
    }

    /// Deletes what was created here.
    pub async fn delete(&mut self, session: &Session) -> Result<(), Failure> {
        let progress = Progress::of("deleted", self.created.len() as u64);
        let ids = std::mem::take(&mut self.created);
        let calls = ids.iter().map(|id| session.control.instance_delete(id));
        let mut calls = stream::iter(calls).buffer_unordered(CALLS_MAX);
        let mut first = None;
        while let Some(outcome) = calls.next().await {
            progress.step();
            // The others go all the same.
            first = first.or(outcome.err());
        }
        match first {
            None => Ok(()),
            Some(error) => Err(failed("Cannot delete Digital Twin Instance", &error)),
        }
    }
}

/// What all of them have in common: the parts of the configured twin, created as far as they are
/// missing.
async fn template(session: &Session) -> Result<CreateDigitalTwinInstanceDetails, Failure> {
    let definition = &session.definition;
    let plan = Plan::of(&definition.twin, &definition.settings.data_dir)?;
    Ok(CreateDigitalTwinInstanceDetails {
        iot_domain_id: definition.domain_id.clone(),
        auth_id: Some(plan.instance.auth_id.clone()),
        external_key: Some(plan.instance.external_key.clone()),
        display_name: Some(plan.instance.device_name.clone()),
        description: Some(plan.instance.description.clone()),
        digital_twin_adapter_id: create::adapter_of(session, &plan).await?,
        ..CreateDigitalTwinInstanceDetails::default()
    })
}

async fn create_one(
    session: &Session,
    template: &CreateDigitalTwinInstanceDetails,
    key: &str,
) -> Result<DigitalTwinInstance, Failure> {
    let mut details = template.clone();
    // A fleet of one is the configured twin itself.
    if details.external_key.as_deref() != Some(key) {
        (details.external_key, details.display_name) = (Some(key.to_owned()), Some(key.to_owned()));
    }
    let created = session.control.instance_create(&details).await;
    created.map_err(|error| failed(&format!("Cannot create Digital Twin Instance '{key}'"), &error))
}
