//! Work requests: accepted with the change that they make, carried out by one task, resumed after a
//! restart (control-plane.md 3.8, 3.9).

use std::sync::{Arc, Weak};

use iot_api::ErrorCode;
use oci_core::ocid::Ocid;
use tokio::sync::watch;

use crate::changes::Target;
use crate::error::Refusal;
use crate::list::{ListQuery, Listed};
use crate::models::new_etag;
use crate::platform::Platform;
use crate::store::{
    Ceiling, Common, Kind, Lifecycle, Resource, WorkEntry, WorkRequest, WorkStatus, WorkStep,
};

/// The header that names a work request.
pub const WORK_HEADER: &str = "opc-work-request-id";

/// What a work request does to its resource.
pub(crate) struct Job {
    /// `operationType`
    pub operation: &'static str,
    /// State of the resource meanwhile.
    pub passing: Lifecycle,
    /// State at the end; `None` for the one it had.
    pub leads_to: Option<Lifecycle>,
}

impl Job {
    /// A change that leaves the resource as ready as it was.
    pub fn update(operation: &'static str) -> Job {
        Job { operation, passing: Lifecycle::Updating, leads_to: None }
    }

    /// A delete.
    pub fn delete(operation: &'static str) -> Job {
        let leads_to = Some(Lifecycle::Deleted);
        Job { operation, passing: Lifecycle::Deleting, leads_to }
    }
}

impl Platform {
    /// A work request with its compartment.
    ///
    /// # Errors
    /// `NotAuthorizedOrNotFound`.
    pub async fn work_get(&self, id: &str) -> Result<WorkRequest, Refusal> {
        let work = self.store().work_get(id).await?;
        work.ok_or_else(|| Refusal::not_found("work request", id))
    }

    /// One page of a compartment's work requests.
    ///
    /// # Errors
    /// The store's.
    pub async fn work_list(&self, query: &ListQuery) -> Result<Listed<WorkRequest>, Refusal> {
        Ok(self.store().work_list(query).await?)
    }

    /// One page of a work request's log, or of its errors.
    ///
    /// # Errors
    /// The store's.
    pub async fn work_entries(
        &self,
        errors: bool,
        query: &ListQuery,
    ) -> Result<Listed<WorkEntry>, Refusal> {
        Ok(self.store().work_entries(errors, query).await?)
    }

    /// A work request that is to be kept with the change that it makes.
    pub(crate) fn new_work(
        &self,
        operation: &str,
        kind: Kind,
        common: &Common,
        leads_to: Lifecycle,
    ) -> WorkRequest {
        let now_us = self.now_us();
        WorkRequest {
            id: Ocid::generate("iotworkrequest", crate::first_start::REGION_KEY).to_string(),
            compartment_id: common.parent_id.clone(),
            operation: operation.to_owned(),
            status: WorkStatus::Accepted,
            kind,
            resource_id: common.id.clone(),
            leads_to,
            time_accepted_us: now_us,
            time_started_us: None,
            time_finished_us: None,
            time_updated_us: now_us,
            etag: new_etag(),
        }
    }

    /// Accepts a change of a resource as a work request; its OCID.
    ///
    /// # Errors
    /// `NotAuthorizedOrNotFound`, `NoEtagMatch`, `IncorrectState` while another one runs, and
    /// those of `change`.
    pub(crate) async fn work_accept<R: Resource>(
        &self,
        target: Target<'_>,
        job: Job,
        ceilings: Vec<Ceiling>,
        mut change: impl FnMut(&mut R) -> Result<(), Refusal> + Send,
    ) -> Result<String, Refusal> {
        loop {
            let mut resource: R = self.live(target.id, target.if_match).await?;
            steady(&resource)?;
            let kept = match resource.common().lifecycle {
                Lifecycle::Failed => Lifecycle::Active,
                state => state,
            };
            let leads_to = job.leads_to.unwrap_or(kept);
            let work = self.new_work(job.operation, R::KIND, resource.common(), leads_to);
            change(&mut resource)?;
            resource.common_mut().lifecycle = job.passing;
            let (request, ceilings) = (work.clone(), ceilings.clone());
            let answer = target.attempt.map(|attempt| {
                attempt.answer(202, vec![(WORK_HEADER.to_owned(), work.id.clone())], Vec::new())
            });
            let replaced = self.replace(resource, |update| {
                update.work = Some(request);
                update.answer = answer;
                update.ceilings = ceilings;
            });
            if replaced.await?.is_some() {
                self.work.nudge();
                return Ok(work.id);
            }
        }
    }
}

/// Refuses while a work request changes the resource.
pub(crate) fn steady<R: Resource>(resource: &R) -> Result<(), Refusal> {
    let common = resource.common();
    if !common.lifecycle.is_passing() {
        return Ok(());
    }
    Err(Refusal::new(
        ErrorCode::IncorrectState,
        format!(
            "{} '{}' is {}; wait until its work request has ended",
            R::KIND.words(),
            common.id,
            common.lifecycle.as_str()
        ),
    ))
}

/// Wakes the task that carries work requests out.
pub(crate) struct WorkBell(watch::Sender<()>);

impl WorkBell {
    /// A bell and the end on which the task listens.
    pub fn new() -> (WorkBell, watch::Receiver<()>) {
        let (bell, heard) = watch::channel(());
        (WorkBell(bell), heard)
    }

    /// There is work.
    pub fn nudge(&self) {
        // The value is replaced, not sent: one ring is as good as many.
        self.0.send_replace(());
    }
}

/// Carries out what is open, in order, until the platform is gone.
pub(crate) async fn run(platform: Weak<Platform>, mut bell: watch::Receiver<()>) {
    loop {
        bell.mark_unchanged();
        {
            let Some(platform) = platform.upgrade() else { return };
            match platform.store().work_open().await {
                Ok(open) => {
                    for work in open {
                        carry_out(&platform, work).await;
                    }
                }
                Err(error) => tracing::error!(?error, "cannot read the open work requests"),
            }
        }
        if bell.changed().await.is_err() {
            return;
        }
    }
}

async fn carry_out(platform: &Arc<Platform>, mut work: WorkRequest) {
    let started_us = platform.now_us();
    work.status = WorkStatus::InProgress;
    work.time_started_us = work.time_started_us.or(Some(started_us));
    (work.time_updated_us, work.etag) = (started_us, new_etag());
    let begun = format!("{} has begun", work.operation);
    let mut entries = vec![line(None, begun, started_us)];
    if !step(platform, &work, std::mem::take(&mut entries)).await {
        return;
    }
    if let Err(why) = platform.hosts_announce().await {
        entries.push(line(None, format!("the list of hosts was not written: {why}"), started_us));
    }
    let finished_us = platform.now_us();
    let remark = remark(&work.operation);
    entries.extend(remark.map(|text| line(None, text.to_owned(), finished_us)));
    entries.push(line(None, format!("{} has succeeded", work.operation), finished_us));
    work.status = WorkStatus::Succeeded;
    work.time_finished_us = Some(finished_us);
    (work.time_updated_us, work.etag) = (finished_us, new_etag());
    if !step(platform, &work, entries).await {
        work.status = WorkStatus::Failed;
        let message = "the platform's store failed; the platform's log says why".to_owned();
        let code = ErrorCode::InternalServerError.as_str().to_owned();
        step(platform, &work, vec![line(Some(code), message, finished_us)]).await;
        return;
    }
    if work.leads_to == Lifecycle::Deleted && work.kind == Kind::Domain {
        platform.twins.forget_where(|twin| twin.domain_id == work.resource_id);
        if let Err(error) = platform.domain_devices_end(&work.resource_id).await {
            tracing::error!(?error, "devices of a deleted domain stay connected for now");
        }
    }
}

async fn step(platform: &Platform, work: &WorkRequest, entries: Vec<WorkEntry>) -> bool {
    let step = WorkStep { work: work.clone(), entries };
    match platform.store().work_step(&step).await {
        Ok(()) => true,
        Err(error) => {
            tracing::error!(work_request.id = %work.id, ?error, "a work request cannot go on");
            false
        }
    }
}

fn line(code: Option<String>, message: String, time_us: i64) -> WorkEntry {
    WorkEntry { id: String::new(), code, message, time_us }
}

/// What this platform does otherwise than the cloud, said where the user looks for it.
fn remark(operation: &str) -> Option<&'static str> {
    match operation {
        "CREATE_IOT_FLOW_RUNTIME" | "ACTIVATE_IOT_FLOW_RUNTIME" => Some(
            "this platform keeps flow runtimes and their flows, but does not run flows: nothing \
             listens on the flow runtime's host",
        ),
        "CONFIGURE_DOMAIN_GROUP_DATA_ACCESS" => Some(
            "this platform has no database that clients connect to: the list of networks is kept \
             and has no effect",
        ),
        "CONFIGURE_DOMAIN_DATA_ACCESS" => Some(
            "of the ways to data this platform offers the data API with tokens of its own \
             identity domain; direct sessions and APEX workspaces are not available",
        ),
        _ => None,
    }
}
