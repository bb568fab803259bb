//! Carries a plan out: in waves, so that nothing stands on what is not there yet or any more; what
//! is in a wave goes at once.

use std::collections::{HashMap, HashSet};
use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use iot_client::{ClientError, ControlClient, Kind};
use serde_json::{Map, Value, json};

use super::file::{Desired, Wanted};
use super::plan::{Action, Change, Plan};
use super::state::Found;
use super::{KEY_TAG, OWNER_TAG, REQUESTS_AT_ONCE, word};
use crate::client_errors::failed;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Characters of a retry token; the service takes 64.
const RETRY_TOKEN_CHARS: usize = 30;

/// Nobody is told of progress before this.
const PROGRESS_AFTER: Duration = Duration::from_secs(1);

/// One request of the plan; a replacement has two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Step {
    Create(usize),
    Update(usize),
    Delete(usize),
}

/// What has been done, kept outside so that an interruption does not lose it.
pub struct Progress {
    waves: Vec<Vec<Step>>,
    done: Mutex<HashSet<Step>>,
    ids: Mutex<HashMap<(Kind, String), String>>,
    began: Instant,
    is_told: AtomicBool,
}

/// A step that has been done or not, for people.
pub struct Told {
    /// `created`, `updated`, `deleted`, or the infinitive of what remains.
    pub word: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// What it is known by.
    pub key: String,
    /// OCID.
    pub id: Option<String>,
}

impl Progress {
    /// Nothing done yet.
    pub fn of(plan: &Plan) -> Progress {
        Progress {
            waves: waves(plan),
            done: Mutex::default(),
            ids: Mutex::new(plan.ids.clone()),
            began: Instant::now(),
            is_told: AtomicBool::new(false),
        }
    }

    fn done(&self) -> std::sync::MutexGuard<'_, HashSet<Step>> {
        self.done.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn ids(&self) -> std::sync::MutexGuard<'_, HashMap<(Kind, String), String>> {
        self.ids.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn count(&self) -> usize {
        self.waves.iter().map(Vec::len).sum()
    }

    /// The steps, done ones with `true`.
    pub fn steps(&self, plan: &Plan) -> Vec<(bool, Told)> {
        let done = self.done();
        let ids = self.ids();
        let one = |step: &Step| {
            let is_done = done.contains(step);
            let (at, past, future) = match *step {
                Step::Create(at) => (at, "created", "create"),
                Step::Update(at) => (at, "updated", "update"),
                Step::Delete(at) => (at, "deleted", "delete"),
            };
            let change = &plan.changes[at];
            let old = change.found.as_ref().map(|found| found.id.clone());
            let id = match step {
                Step::Create(_) if is_done => ids.get(&(change.kind, change.key.clone())).cloned(),
                Step::Create(_) => None,
                _ => old,
            };
            let word = if is_done { past } else { future };
            (is_done, Told { word, kind: change.kind, key: change.key.clone(), id })
        };
        self.waves.iter().flatten().map(one).collect()
    }

    fn note(&self, step: Step) {
        let done = {
            let mut done = self.done();
            done.insert(step);
            done.len()
        };
        let is_over = done == self.count();
        if !std::io::stderr().is_terminal() || self.began.elapsed() < PROGRESS_AFTER {
            return;
        }
        self.is_told.store(!is_over, Ordering::Relaxed);
        // Nobody is left to hear about a closed stderr.
        let end = if is_over { "\n" } else { "" };
        let _ = write!(std::io::stderr(), "\r{done} of {} done{end}", self.count());
    }

    /// Ends a line of progress that stands open.
    pub fn tell_end(&self) {
        if self.is_told.swap(false, Ordering::Relaxed) {
            let _ = writeln!(std::io::stderr());
        }
    }
}

/// The order of the steps.
fn waves(plan: &Plan) -> Vec<Vec<Step>> {
    let all = || plan.changes.iter().enumerate();
    let of = |kind: Kind, test: &dyn Fn(&Change) -> bool, step: fn(usize) -> Step| {
        let fits = all().filter(|(_, change)| change.kind == kind && test(change));
        fits.map(|(at, _)| step(at)).collect::<Vec<Step>>()
    };
    let gives_way = |change: &Change| change.action == Action::Replace && !change.beside;
    let goes = |change: &Change| change.action == Action::Delete;
    let goes_late =
        |change: &Change| goes(change) || (change.action == Action::Replace && change.beside);
    let is_new = |change: &Change| matches!(change.action, Action::Create | Action::Replace);
    let changes = |change: &Change| matches!(change.action, Action::Update | Action::Adopt);
    let indirect = |change: &Change| {
        let gateways =
            change.found.as_ref().and_then(|found| found.raw.get("gateways")?.as_array());
        gateways.is_some_and(|gateways| !gateways.is_empty())
    };

    let mut waves = vec![
        of(Kind::Relationship, &|change| gives_way(change) || goes(change), Step::Delete),
        of(Kind::Instance, &|change| gives_way(change) && indirect(change), Step::Delete),
        of(Kind::Instance, &|change| gives_way(change) && !indirect(change), Step::Delete),
        of(Kind::Adapter, &gives_way, Step::Delete),
        of(Kind::Model, &gives_way, Step::Delete),
        of(Kind::Model, &changes, Step::Update),
    ];
    waves.extend(model_waves(plan));
    waves.push(
        [of(Kind::Adapter, &is_new, Step::Create), of(Kind::Adapter, &changes, Step::Update)]
            .concat(),
    );
    let is_behind = |change: &Change| change.is_behind_gateway;
    waves.push(
        [
            of(Kind::Instance, &|change| is_new(change) && !is_behind(change), Step::Create),
            of(Kind::Instance, &|change| changes(change) && !is_behind(change), Step::Update),
        ]
        .concat(),
    );
    waves.push(
        [
            of(Kind::Instance, &|change| is_new(change) && is_behind(change), Step::Create),
            of(Kind::Instance, &|change| changes(change) && is_behind(change), Step::Update),
        ]
        .concat(),
    );
    waves.push(
        [
            of(Kind::Relationship, &is_new, Step::Create),
            of(Kind::Relationship, &changes, Step::Update),
        ]
        .concat(),
    );
    waves.push(of(Kind::Instance, &|change| goes(change) && indirect(change), Step::Delete));
    waves.push(of(Kind::Instance, &|change| goes(change) && !indirect(change), Step::Delete));
    waves.push(of(Kind::Adapter, &goes_late, Step::Delete));
    waves.push(of(Kind::Model, &goes, Step::Delete));
    waves.retain(|wave| !wave.is_empty());
    waves
}

/// New models, those that others mention first.
fn model_waves(plan: &Plan) -> Vec<Vec<Step>> {
    let is_new = |change: &Change| {
        change.kind == Kind::Model && matches!(change.action, Action::Create | Action::Replace)
    };
    let mut left: Vec<usize> =
        (0..plan.changes.len()).filter(|at| is_new(&plan.changes[*at])).collect();
    let mut out = Vec::new();
    while !left.is_empty() {
        let waiting: HashSet<&str> = left.iter().map(|at| plan.changes[*at].key.as_str()).collect();
        let waits = |at: &usize| {
            let change = &plan.changes[*at];
            change
                .mentions
                .iter()
                .any(|name| *name != change.key && waiting.contains(name.as_str()))
        };
        let (later, now): (Vec<usize>, Vec<usize>) = left.iter().partition(|at| waits(at));
        // Models that mention each other: the platform says what it thinks of them.
        let (later, now) = if now.is_empty() { (now, later) } else { (later, now) };
        out.push(now.into_iter().map(Step::Create).collect());
        left = later;
    }
    out
}

/// Carries the plan out.
pub async fn run(
    control: &ControlClient,
    domain: &str,
    desired: &Desired,
    plan: &Plan,
    progress: &Progress,
) -> Result<(), Failure> {
    let work = Work { control, domain, desired, plan, progress, began: jiff::Timestamp::now() };
    for wave in &progress.waves {
        work.wave(wave).await?;
    }
    Ok(())
}

struct Work<'w> {
    control: &'w ControlClient,
    domain: &'w str,
    desired: &'w Desired,
    plan: &'w Plan,
    progress: &'w Progress,
    began: jiff::Timestamp,
}

/// A step that failed: the change, and why.
type Failed = (Step, ClientError);

impl Work<'_> {
    /// Carries out what is independent, all of it even when some is refused. Deletes that were
    /// refused because another still refers are tried again as long as that helps.
    async fn wave(&self, wave: &[Step]) -> Result<(), Failure> {
        let mut left = wave.to_vec();
        loop {
            let failures = self.at_once(&left).await;
            if failures.is_empty() {
                return Ok(());
            }
            let conflicts = failures.iter().all(|(step, error)| {
                matches!(step, Step::Delete(_)) && error.status() == Some(409)
            });
            if !conflicts || failures.len() == left.len() {
                return Err(self.told(&failures));
            }
            left = failures.into_iter().map(|(step, _)| step).collect();
        }
    }

    async fn at_once(&self, steps: &[Step]) -> Vec<Failed> {
        let stop = AtomicBool::new(false);
        let one = |step: Step| {
            let stop = &stop;
            async move {
                if stop.load(Ordering::Relaxed) {
                    return None;
                }
                match self.step(step).await {
                    Ok(()) => {
                        self.progress.note(step);
                        None
                    }
                    Err(error) => {
                        // A platform that is not there or does not know us is not asked again.
                        if matches!(error.status(), None | Some(401 | 403 | 429)) {
                            stop.store(true, Ordering::Relaxed);
                        }
                        Some((step, error))
                    }
                }
            }
        };
        let all = stream::iter(steps.iter().copied()).map(one).buffer_unordered(REQUESTS_AT_ONCE);
        all.filter_map(std::future::ready).collect().await
    }

    fn told(&self, failures: &[Failed]) -> Failure {
        self.progress.tell_end();
        let mut worst: Option<Failure> = None;
        for (step, error) in failures {
            let (at, verb) = match *step {
                Step::Create(at) => (at, "create"),
                Step::Update(at) => (at, "update"),
                Step::Delete(at) => (at, "delete"),
            };
            let change = &self.plan.changes[at];
            let cannot = format!("Cannot {verb} {} '{}'", word(change.kind), change.key);
            let failure = failed(&cannot, error);
            let failure = match error.status() {
                Some(412) => {
                    failure.hint("it was changed after the plan was made, so the plan is stale")
                }
                _ => failure,
            };
            worst.get_or_insert(failure);
        }
        worst.unwrap_or_else(|| Failure::reported(ExitCode::Refused))
    }

    async fn step(&self, step: Step) -> Result<(), ClientError> {
        match step {
            Step::Create(at) => self.create(&self.plan.changes[at]).await,
            Step::Update(at) => self.update(&self.plan.changes[at]).await,
            Step::Delete(at) => {
                let change = &self.plan.changes[at];
                let Some(found) = &change.found else { return Ok(()) };
                tracing::info!("Delete {} '{}'", word(change.kind), change.key);
                self.control.resource_delete(change.kind, &found.id, found.etag.as_deref()).await
            }
        }
    }

    async fn create(&self, change: &Change) -> Result<(), ClientError> {
        let Some(wanted) = change.wanted.map(|at| &self.desired.wanted[at]) else { return Ok(()) };
        tracing::info!("Create {} '{}'", word(change.kind), change.key);
        let mut details = Map::new();
        details.insert("iotDomainId".to_owned(), Value::from(self.domain));
        if wanted.kind == Kind::Adapter {
            details.insert("displayName".to_owned(), Value::from(wanted.key.as_str()));
        }
        if wanted.kind == Kind::Instance {
            details.insert("externalKey".to_owned(), Value::from(wanted.key.as_str()));
        }
        for (name, value) in wanted.members.iter().filter(|(_, value)| !value.is_null()) {
            self.wire(name, value, None, &mut details)?;
        }
        if let Some(tags) = self.tags(wanted, None) {
            details.insert("freeformTags".to_owned(), tags);
        }
        let details = Value::Object(details);
        let created = self.created(wanted.kind, &details).await?;
        let id = created.get("id").and_then(Value::as_str).unwrap_or_default();
        self.progress.ids().insert((wanted.kind, wanted.key.clone()), id.to_owned());
        Ok(())
    }

    /// Creates with a token made of what is created, so that a run that was cut off and is repeated
    /// does not create twice. Within the token's day the resource may have been changed or deleted
    /// since: then a token of its own.
    async fn created(&self, kind: Kind, details: &Value) -> Result<Value, ClientError> {
        let again = || oci_core::ocid::random_text(RETRY_TOKEN_CHARS);
        match self.control.resource_create(kind, details, &retry_token(kind, details)).await {
            Err(ClientError::Service { code, .. }) if code == "InvalidatedRetryToken" => {
                self.control.resource_create(kind, details, &again()).await
            }
            Ok(created) if self.is_stale(kind, &created).await? => {
                self.control.resource_create(kind, details, &again()).await
            }
            outcome => outcome,
        }
    }

    /// Whether an answer is that of an earlier create whose resource is gone by now.
    async fn is_stale(&self, kind: Kind, created: &Value) -> Result<bool, ClientError> {
        let text = |member: &str| created.get(member).and_then(Value::as_str).unwrap_or_default();
        let time = text("timeCreated").parse::<jiff::Timestamp>();
        if time.is_ok_and(|time| time >= self.began) {
            return Ok(false);
        }
        match self.control.resource_get(kind, text("id")).await {
            Ok((now, _)) => Ok(now.get("lifecycleState") == Some(&json!("DELETED"))),
            Err(error) if error.status() == Some(404) => Ok(true),
            Err(error) => Err(error),
        }
    }

    async fn update(&self, change: &Change) -> Result<(), ClientError> {
        let (Some(at), Some(found)) = (change.wanted, &change.found) else { return Ok(()) };
        let wanted = &self.desired.wanted[at];
        tracing::info!("Update {} '{}'", word(change.kind), change.key);
        let mut details = Map::new();
        for difference in &change.members {
            self.wire(&difference.member, &difference.new, Some(found), &mut details)?;
        }
        let tags_differ = change.members.iter().any(|it| it.member == "tags");
        if (tags_differ || change.action == Action::Adopt)
            && let Some(tags) = self.tags(wanted, Some(found))
        {
            details.insert("freeformTags".to_owned(), tags);
        }
        let (details, etag) = (Value::Object(details), found.etag.as_deref());
        self.control.resource_update(change.kind, &found.id, &details, etag).await.map(|_| ())
    }

    /// A member as the platform calls it.
    fn wire(
        &self,
        name: &str,
        value: &Value,
        found: Option<&Found>,
        out: &mut Map<String, Value>,
    ) -> Result<(), ClientError> {
        let (name, value) = match name {
            // Written as a whole, with our own.
            "tags" => return Ok(()),
            "definedTags" => {
                let old = found.and_then(|found| found.raw.get("definedTags")?.as_object());
                let mut all = old.cloned().unwrap_or_default();
                all.extend(value.as_object().cloned().unwrap_or_default());
                ("definedTags", Value::Object(all))
            }
            "model" => ("digitalTwinModelSpecUri", value.clone()),
            "envelope" => ("inboundEnvelope", value.clone()),
            "routes" => ("inboundRoutes", value.clone()),
            "path" => ("contentPath", value.clone()),
            "adapter" => ("digitalTwinAdapterId", self.id(Kind::Adapter, value)?),
            "from" => ("sourceDigitalTwinInstanceId", self.id(Kind::Instance, value)?),
            "to" => ("targetDigitalTwinInstanceId", self.id(Kind::Instance, value)?),
            "gateways" => {
                let ids = value.as_array().map(|keys| {
                    let ids = keys.iter().map(|key| self.id(Kind::Instance, key));
                    ids.collect::<Result<Vec<Value>, ClientError>>()
                });
                ("gateways", ids.transpose()?.map_or(Value::Null, Value::from))
            }
            other => (other, value.clone()),
        };
        out.insert(name.to_owned(), value);
        Ok(())
    }

    fn id(&self, kind: Kind, name: &Value) -> Result<Value, ClientError> {
        let Some(name) = name.as_str() else { return Ok(Value::Null) };
        match self.progress.ids().get(&(kind, name.to_owned())) {
            Some(id) => Ok(Value::from(id.as_str())),
            None if name.starts_with("ocid1.") => Ok(Value::from(name)),
            None => Err(ClientError::setup(format!("there is no {} `{name}`", word(kind)))),
        }
    }

    /// The free-form tags with ours; none when there is nothing to say.
    fn tags(&self, wanted: &Wanted, found: Option<&Found>) -> Option<Value> {
        let given = wanted.members.get("tags").and_then(Value::as_object).cloned();
        let mut tags = match (given, found) {
            (Some(tags), _) => tags,
            (None, Some(found)) => found.tags(),
            (None, None) => Map::new(),
        };
        let owner = self.desired.owner.as_deref();
        if let Some(owner) = owner {
            tags.insert(OWNER_TAG.to_owned(), Value::from(owner));
        }
        let has_key = found.is_none_or(|found| found.key_tag().is_some()) || owner.is_some();
        if has_key && matches!(wanted.kind, Kind::Adapter | Kind::Relationship) {
            tags.insert(KEY_TAG.to_owned(), Value::from(wanted.key.as_str()));
        }
        let is_needed = found.is_some() || !tags.is_empty();
        is_needed.then_some(Value::Object(tags))
    }
}

/// A token that is the same for the same create.
fn retry_token(kind: Kind, details: &Value) -> String {
    let text = format!("{}\n{details}", word(kind));
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    hex[..RETRY_TOKEN_CHARS].to_owned()
}
