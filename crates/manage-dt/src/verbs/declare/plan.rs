//! What to do so that a domain holds what the file says.

use std::collections::{HashMap, HashSet};

use futures_util::{StreamExt, TryStreamExt, stream};
use iot_client::{ControlClient, Kind};
use serde_json::Value;

use super::diff::{self, Difference};
use super::file::{Desired, Wanted};
use super::links::{may_follow, mentions, references};
use super::state::{Found, Names, State};
use super::{REQUESTS_AT_ONCE, word};
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// What is removed besides replacements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// Nothing.
    Nothing,
    /// What carries the file's owner and is not in it.
    Unlisted,
    /// All that carries the file's owner.
    All,
}

/// What happens to one resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It is as it should be.
    Keep,
    /// It does not exist.
    Create,
    /// Members change.
    Update,
    /// It exists and belongs to nobody: it gets the owner's tag, and members may change.
    Adopt,
    /// What cannot be changed differs: a new one takes its place.
    Replace,
    /// It goes.
    Delete,
}

impl Action {
    /// In one word.
    pub fn word(self) -> &'static str {
        match self {
            Action::Keep => "keep",
            Action::Create => "create",
            Action::Update => "update",
            Action::Adopt => "adopt",
            Action::Replace => "replace",
            Action::Delete => "delete",
        }
    }
}

/// One resource and what happens to it.
#[derive(Debug)]
pub struct Change {
    /// What happens.
    pub action: Action,
    /// The kind.
    pub kind: Kind,
    /// What it is known by.
    pub key: String,
    /// Its entry, by position in the file; none when it only goes.
    pub wanted: Option<usize>,
    /// What exists.
    pub found: Option<Found>,
    /// What differs.
    pub members: Vec<Difference>,
    /// Of a replacement: the new one can stand beside the old one for a while.
    pub beside: bool,
    /// Texts of a new model's document that may be names of other models.
    pub mentions: Vec<String>,
    /// Of an instance: the file puts it behind gateways.
    pub is_behind_gateway: bool,
}

/// All of it.
#[derive(Debug)]
pub struct Plan {
    /// Owner of the file.
    pub owner: Option<String>,
    /// OCID of the domain.
    pub domain: String,
    /// One per resource of the file, then those that go.
    pub changes: Vec<Change>,
    /// OCIDs of what exists and stays, by what the file calls it.
    pub ids: HashMap<(Kind, String), String>,
    /// Resources with the file's owner that are not in the file and stay.
    pub unlisted: usize,
}

impl Plan {
    /// Whether anything is to be done.
    pub fn has_changes(&self) -> bool {
        self.changes.iter().any(|change| change.action != Action::Keep)
    }

    /// Whether something gives way to a new one of its kind.
    pub fn has_replacements(&self) -> bool {
        self.changes.iter().any(|change| change.action == Action::Replace)
    }

    /// A replacement of what does not carry the file's owner: it must be adopted first.
    pub fn unowned_replacement(&self) -> Option<&Change> {
        let is_ours = |change: &Change| {
            let owner = change.found.as_ref().and_then(Found::owner);
            owner.is_some() && owner == self.owner.as_deref()
        };
        self.changes.iter().find(|it| it.action == Action::Replace && !is_ours(it))
    }

    /// How many of an action.
    pub fn count(&self, action: Action) -> usize {
        self.changes.iter().filter(|change| change.action == action).count()
    }
}

/// Reads the state of the domain and compares.
pub async fn make(
    control: &ControlClient,
    domain: &str,
    desired: &Desired,
    removal: Removal,
) -> Result<Plan, Failure> {
    if removal != Removal::Nothing && desired.owner.is_none() {
        let text = format!(
            "{} has no `owner`, so nothing can be told to belong to it",
            desired.path.display()
        );
        return Err(
            Failure::usage(text).hint("add `owner: NAME`, and apply once: what exists is adopted")
        );
    }
    let state = State::read(control, domain).await?;
    let mut planner = Planner::new(desired, &state);
    if removal != Removal::All {
        planner.matched(desired)?;
        planner.check_references(desired)?;
        planner.complete(control, |change| change.kind != Kind::Instance).await?;
        planner.compare(desired)?;
        planner.cascade(desired);
    }
    let unlisted = planner.unlisted(desired, &state);
    let left = match removal {
        Removal::Nothing => unlisted.len(),
        _ => {
            planner.changes.extend(unlisted.into_iter().map(deletion));
            0
        }
    };
    let needs_etag = |change: &Change| {
        change.action != Action::Keep && change.found.as_ref().is_some_and(|it| it.etag.is_none())
    };
    planner.complete(control, needs_etag).await?;
    Ok(Plan {
        owner: desired.owner.clone(),
        domain: domain.to_owned(),
        ids: planner.ids,
        changes: planner.changes,
        unlisted: left,
    })
}

fn deletion(found: Found) -> Change {
    let key = match found.kind {
        Kind::Model => found.text("specUri"),
        Kind::Instance => found.text("externalKey"),
        _ => found.key_tag(),
    };
    let key = key.or(found.text("displayName")).unwrap_or(&found.id).to_owned();
    Change {
        action: Action::Delete,
        kind: found.kind,
        key,
        wanted: None,
        found: Some(found),
        members: Vec::new(),
        beside: false,
        mentions: Vec::new(),
        is_behind_gateway: false,
    }
}

struct Planner {
    changes: Vec<Change>,
    ids: HashMap<(Kind, String), String>,
    /// Positions in the state, by kind and identity.
    index: Index,
}

/// What exists, by what it can be known by.
struct Index {
    found: Vec<Found>,
    by: HashMap<(Kind, String), Vec<usize>>,
}

impl Index {
    fn of(state: &State, owner: Option<&str>) -> Index {
        let mut by: HashMap<(Kind, String), Vec<usize>> = HashMap::new();
        for (at, found) in state.found.iter().enumerate() {
            let mut add = |text: String| by.entry((found.kind, text)).or_default().push(at);
            add(format!("id:{}", found.id));
            let text = |member| found.text(member).unwrap_or_default();
            match found.kind {
                Kind::Model => add(format!("dtmi:{}", text("specUri"))),
                Kind::Instance => add(format!("key:{}", text("externalKey"))),
                Kind::Adapter if found.owner().is_none() => {
                    add(format!(
                        "name:{}\n{}",
                        text("displayName"),
                        text("digitalTwinModelSpecUri")
                    ));
                }
                Kind::Adapter => {}
                Kind::Relationship => {
                    let (from, to) = ("sourceDigitalTwinInstanceId", "targetDigitalTwinInstanceId");
                    add(format!("ends:{}\n{}\n{}", text(from), text("contentPath"), text(to)));
                }
            }
            if let Some(key) = found.key_tag().filter(|_| found.owner() == owner) {
                add(format!("tag:{key}"));
            }
        }
        Index { found: state.found.clone(), by }
    }

    fn all(&self, kind: Kind, text: String) -> &[usize] {
        self.by.get(&(kind, text)).map_or(&[], Vec::as_slice)
    }
}

impl Planner {
    fn new(desired: &Desired, state: &State) -> Planner {
        let mut ids = HashMap::new();
        for found in state.of(Kind::Instance) {
            if let Some(key) = found.text("externalKey") {
                ids.insert((Kind::Instance, key.to_owned()), found.id.clone());
            }
        }
        for found in state.of(Kind::Model) {
            if let Some(dtmi) = found.text("specUri") {
                ids.insert((Kind::Model, dtmi.to_owned()), found.id.clone());
            }
        }
        let index = Index::of(state, desired.owner.as_deref());
        Planner { changes: Vec::new(), ids, index }
    }

    /// Finds what exists of each entry.
    fn matched(&mut self, desired: &Desired) -> Result<(), Failure> {
        let mut taken = HashSet::new();
        for (at, wanted) in desired.wanted.iter().enumerate() {
            let candidates = self.candidates(wanted);
            let mut free = candidates.into_iter().filter(|at| !taken.contains(at));
            let (first, second) = (free.next(), free.next());
            if let (Some(first), Some(second)) = (first, second) {
                return Err(self.ambiguous(desired, wanted, first, second));
            }
            let found = first.map(|at| self.index.found[at].clone());
            if let Some(found) = &found {
                taken.extend(first);
                belongs(desired, wanted, found)?;
                self.ids.insert((wanted.kind, wanted.key.clone()), found.id.clone());
            }
            self.changes.push(Change {
                action: if found.is_some() { Action::Keep } else { Action::Create },
                kind: wanted.kind,
                key: wanted.key.clone(),
                wanted: Some(at),
                found,
                members: Vec::new(),
                beside: false,
                mentions: mentions(wanted),
                is_behind_gateway: references(wanted).iter().any(|it| it.0 == "gateways"),
            });
        }
        Ok(())
    }

    fn candidates(&self, wanted: &Wanted) -> Vec<usize> {
        let text =
            |member: &str| wanted.members.get(member).and_then(Value::as_str).unwrap_or_default();
        let mut ways = Vec::new();
        match wanted.kind {
            Kind::Model => ways.push(format!("dtmi:{}", wanted.key)),
            Kind::Instance => ways.push(format!("key:{}", wanted.key)),
            Kind::Adapter => {
                ways.extend(wanted.id.iter().map(|id| format!("id:{id}")));
                ways.push(format!("tag:{}", wanted.key));
                let name = wanted.members.get("displayName").and_then(Value::as_str);
                ways.push(format!("name:{}\n{}", name.unwrap_or(&wanted.key), text("model")));
            }
            Kind::Relationship => {
                ways.push(format!("tag:{}", wanted.key));
                let id = |end| self.ids.get(&(Kind::Instance, text(end).to_owned()));
                if let (Some(from), Some(to)) = (id("from"), id("to")) {
                    ways.push(format!("ends:{from}\n{}\n{to}", text("path")));
                }
            }
        }
        let found = ways.into_iter().map(|way| self.index.all(wanted.kind, way));
        found.into_iter().find(|all| !all.is_empty()).map(<[usize]>::to_vec).unwrap_or_default()
    }

    fn ambiguous(&self, desired: &Desired, wanted: &Wanted, one: usize, two: usize) -> Failure {
        let id = |at: usize| &self.index.found[at].id;
        let text = format!(
            "{}: the {} `{}` could be {} or {}",
            desired.path.display(),
            word(wanted.kind),
            wanted.key,
            id(one),
            id(two)
        );
        Failure::new(ExitCode::Refused, text).hint("say which one with `id:`, or delete the other")
    }

    /// Every name in the file must be in it, or exist.
    fn check_references(&self, desired: &Desired) -> Result<(), Failure> {
        let in_file: HashSet<(Kind, &str)> =
            desired.wanted.iter().map(|wanted| (wanted.kind, wanted.key.as_str())).collect();
        for wanted in &desired.wanted {
            for (member, kind, name) in references(wanted) {
                let is_known = in_file.contains(&(kind, name))
                    || self.ids.contains_key(&(kind, name.to_owned()))
                    || !self.index.all(kind, format!("id:{name}")).is_empty();
                if !is_known {
                    let (own, other) = (word(wanted.kind), word(kind));
                    let text = format!(
                        "{}: {own} `{}`: {member}: there is no {other} `{name}`, neither in the file nor in the domain",
                        desired.path.display(),
                        wanted.key
                    );
                    return Err(Failure::usage(text));
                }
            }
        }
        Ok(())
    }

    /// Gets the whole of what exists, for the changes that need it.
    async fn complete(
        &mut self,
        control: &ControlClient,
        needs: impl Fn(&Change) -> bool,
    ) -> Result<(), Failure> {
        let wanted = self.changes.iter_mut().filter(|change| needs(change));
        let found = wanted.filter_map(|change| change.found.as_mut());
        let work = stream::iter(found).map(|found| async move {
            let before = found.text("timeUpdated").map(str::to_owned);
            found.complete(control).await?;
            let gone = found.text("lifecycleState") != Some("ACTIVE");
            if gone || found.text("timeUpdated").map(str::to_owned) != before {
                let text =
                    format!("the {} {} changed while it was looked at", word(found.kind), found.id);
                return Err(Failure::new(ExitCode::Refused, text).hint("run it again"));
            }
            Ok(())
        });
        work.buffer_unordered(REQUESTS_AT_ONCE).try_collect::<Vec<()>>().await.map(|_| ())
    }

    /// What differs, and what that means.
    fn compare(&mut self, desired: &Desired) -> Result<(), Failure> {
        let names = self.names();
        let owner = desired.owner.as_deref();
        for change in &mut self.changes {
            let (Some(found), Some(at)) = (&change.found, change.wanted) else { continue };
            let wanted = &desired.wanted[at];
            change.members = diff::members(&wanted.members, &names.members(found));
            let is_ours = owner.is_none() || found.owner() == owner;
            let differs = |name: &str| change.members.iter().any(|it| it.member == name);
            let is_fixed = match wanted.kind {
                Kind::Model => differs("spec"),
                Kind::Adapter => differs("model"),
                Kind::Instance => !may_follow(found, wanted, desired),
                Kind::Relationship => ["from", "path", "to"].into_iter().any(differs),
            };
            change.beside = wanted.kind == Kind::Adapter;
            change.action = match (is_fixed, is_ours, change.members.is_empty()) {
                (true, ..) => Action::Replace,
                (_, false, _) => Action::Adopt,
                (_, _, false) => Action::Update,
                (_, _, true) => Action::Keep,
            };
            if owner.is_none()
                && change.action != Action::Keep
                && let Some(other) = found.owner()
            {
                return Err(foreign(desired, wanted, found, other));
            }
        }
        Ok(())
    }

    /// What OCIDs are called: adapters of the file by their keys, instances by their external
    /// keys.
    fn names(&self) -> Names {
        let mut names = Names::default();
        for ((kind, key), id) in &self.ids {
            if matches!(kind, Kind::Adapter | Kind::Instance) {
                names.0.insert(id.clone(), key.clone());
            }
        }
        names
    }

    /// What stands on something that gives way must give way too, or be turned to the new one.
    fn cascade(&mut self, desired: &Desired) {
        loop {
            let mut more = false;
            let replaced: HashMap<(Kind, String), bool> = self
                .changes
                .iter()
                .filter(|change| change.action == Action::Replace)
                .map(|change| ((change.kind, change.key.clone()), change.beside))
                .collect();
            for change in &mut self.changes {
                let (Some(at), true) = (change.wanted, change.found.is_some()) else { continue };
                for (member, kind, name) in references(&desired.wanted[at]) {
                    match replaced.get(&(kind, name.to_owned())) {
                        None => {}
                        Some(true) => {
                            if change.action == Action::Keep {
                                change.action = Action::Update;
                            }
                            let is_told = change.members.iter().any(|it| it.member == member);
                            if !is_told && change.action != Action::Replace {
                                let new = Value::from(name);
                                let old = change
                                    .found
                                    .as_ref()
                                    .and_then(|found| found.raw.get("digitalTwinAdapterId"));
                                let old = old.cloned().unwrap_or(Value::Null);
                                change.members.push(Difference {
                                    member: member.to_owned(),
                                    old,
                                    new,
                                });
                                more = true;
                            }
                        }
                        Some(false) => {
                            let is_new = change.action != Action::Replace || change.beside;
                            change.action = Action::Replace;
                            change.beside = false;
                            more |= is_new;
                        }
                    }
                }
            }
            if !more {
                return;
            }
        }
    }

    /// What carries the file's owner and is not in the file.
    fn unlisted(&self, desired: &Desired, state: &State) -> Vec<Found> {
        let Some(owner) = desired.owner.as_deref() else { return Vec::new() };
        let listed: HashSet<&str> = self
            .changes
            .iter()
            .filter_map(|change| Some(change.found.as_ref()?.id.as_str()))
            .collect();
        let ours = state.found.iter().filter(|found| found.owner() == Some(owner));
        ours.filter(|found| !listed.contains(found.id.as_str())).cloned().collect()
    }
}

/// Refuses what belongs to another file.
fn belongs(desired: &Desired, wanted: &Wanted, found: &Found) -> Result<(), Failure> {
    match (desired.owner.as_deref(), found.owner()) {
        (Some(own), Some(other)) if own != other => Err(foreign(desired, wanted, found, other)),
        _ => Ok(()),
    }
}

fn foreign(desired: &Desired, wanted: &Wanted, found: &Found, other: &str) -> Failure {
    let text = format!(
        "{}: the {} `{}` ({}) belongs to the owner `{other}`",
        desired.path.display(),
        word(wanted.kind),
        wanted.key,
        found.id
    );
    Failure::new(ExitCode::Refused, text).hint(
        "use that owner's file, or remove its tag `manage-dt-owner` so that it can be adopted",
    )
}
