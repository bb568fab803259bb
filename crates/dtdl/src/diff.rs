//! What a new version of a model changes for those who use the old one: stored content, adapters
//! that map to it, devices that send to it (B1 immutability, A7 validation).

mod constraint;
mod schema;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::dtmi::Dtmi;
use crate::model::{Element, ElementKind, Model};

/// Whom a change breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Affected {
    /// Values and links that are stored under the old model.
    Content,
    /// Adapters that map to the old model.
    Adapters,
    /// Devices whose data the old model accepts.
    Devices,
}

/// How far the version must move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing that matters has changed.
    Same,
    /// Only additions and relaxations.
    Minor,
    /// Something that worked stops working.
    Major,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Content path of the element, or the name of a relationship or command.
    pub path: String,
    /// What happened, in one word: `added`, `removed`, `renamed`, `changed`, `widened`,
    /// `tightened`, `relaxed`.
    pub what: &'static str,
    /// The change in full.
    pub message: String,
    /// Whom it breaks.
    pub breaks: Vec<Affected>,
    /// How far the version must move for it.
    pub level: Level,
}

/// All changes, and what they mean for the version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The changes, in the order of the old model, additions last.
    pub changes: Vec<Change>,
    /// How far the version must move for all of them.
    pub level: Level,
    /// Does the new identifier fit? The error says what it should be.
    pub version: Result<(), String>,
}

impl fmt::Display for Affected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Affected::Content => "content",
            Affected::Adapters => "adapters",
            Affected::Devices => "devices",
        })
    }
}

impl Level {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Same => "same",
            Level::Minor => "minor",
            Level::Major => "major",
        }
    }
}

/// Everybody: what the old model took is not there any more.
const ALL: [Affected; 3] = [Affected::Content, Affected::Adapters, Affected::Devices];

/// Compares two models, an old one and the one to replace it.
///
/// ```
/// let model = |version: u32, schema: &str| {
///     let text = format!(r#"{{"@context": "dtmi:dtdl:context;3", "@id": "dtmi:a;{version}",
///       "@type": "Interface", "contents":
///       [{{"@type": "Telemetry", "name": "x", "schema": "{schema}"}}]}}"#);
///     let interface = dtdl::Interface::parse(&text).expect("valid");
///     dtdl::Model::resolve(interface, &|_| None).expect("complete")
/// };
/// let difference = dtdl::diff(&model(1, "double"), &model(2, "boolean"));
/// assert_eq!((difference.level, difference.version), (dtdl::Level::Major, Ok(())));
/// ```
pub fn diff(old: &Model, new: &Model) -> Difference {
    let mut changes = Changes(Vec::new());
    elements(old, new, &mut changes);
    relationships(old, new, &mut changes);
    commands(old, new, &mut changes);
    if (&old.display_name, &old.description) != (&new.display_name, &new.description) {
        let message = "display name or description changed";
        changes.add("", "changed", message, &[], Level::Minor);
    }
    let level = changes.0.iter().map(|change| change.level).max().unwrap_or(Level::Same);
    Difference { changes: changes.0, level, version: version_fits(&old.id, &new.id, level) }
}

/// The changes found so far.
struct Changes(Vec<Change>);

impl Changes {
    fn add(
        &mut self,
        path: &str,
        what: &'static str,
        message: impl Into<String>,
        breaks: &[Affected],
        level: Level,
    ) {
        let (path, message, breaks) = (path.to_owned(), message.into(), breaks.to_vec());
        self.0.push(Change { path, what, message, breaks, level });
    }

    /// A change that lets more through than before.
    fn relaxed(&mut self, path: &str, what: &'static str, message: impl Into<String>) {
        self.add(path, what, message, &[], Level::Minor);
    }
}

fn elements(old: &Model, new: &Model, changes: &mut Changes) {
    let added: Vec<&Element> =
        new.elements.iter().filter(|element| old.element(&element.path).is_none()).collect();
    let renamed = renamed(old, new, &added);
    for before in &old.elements {
        let path = &before.path;
        if let Some((_, after)) = new.element(path) {
            element(before, after, changes);
        } else if let Some(name) = renamed.get(path) {
            let message = format!("looks renamed to `{name}`; mappings and history stay behind");
            changes.add(path, "renamed", message, &ALL, Level::Major);
        } else {
            changes.add(path, "removed", "is not there any more", &ALL, Level::Major);
        }
    }
    for element in added {
        if !renamed.values().any(|name| *name == element.path) {
            let message = format!("new {}, {}", kind(element.kind), element.schema);
            changes.relaxed(&element.path, "added", message);
        }
    }
}

/// Removed elements whose like was added, if only one was: probably the same under a new name.
fn renamed(old: &Model, new: &Model, added: &[&Element]) -> HashMap<Arc<str>, Arc<str>> {
    let like = |element: &Element| {
        // Commas cannot be part of any of these.
        format!("{:?},{},{:?}", element.kind, element.historized, element.schema)
    };
    let mut candidates: HashMap<String, (Vec<&Element>, Vec<&Element>)> = HashMap::new();
    for element in old.elements.iter().filter(|element| new.element(&element.path).is_none()) {
        candidates.entry(like(element)).or_default().0.push(element);
    }
    for element in added {
        if let Some(candidate) = candidates.get_mut(&like(element)) {
            candidate.1.push(element);
        }
    }
    let pair = |(removed, added): (Vec<&Element>, Vec<&Element>)| match (&removed[..], &added[..]) {
        ([removed], [added]) => Some((removed.path.clone(), added.path.clone())),
        _ => None,
    };
    candidates.into_values().filter_map(pair).collect()
}

fn element(before: &Element, after: &Element, changes: &mut Changes) {
    let path = &before.path;
    if before.kind != after.kind {
        let message = format!(
            "was {}, is {}; the platform treats both alike, other readers of the model do not",
            kind(before.kind),
            kind(after.kind)
        );
        changes.add(path, "changed", message, &[], Level::Major);
    }
    match (before.historized, after.historized) {
        (true, false) => {
            let message = "is not Historized any more; no history is kept from now on";
            changes.add(path, "changed", message, &[Affected::Content], Level::Major);
        }
        (false, true) => changes.relaxed(path, "changed", "is Historized now"),
        _ => {}
    }
    let mut place = schema::Place { path, within: String::new(), changes };
    place.schema(&before.schema, &after.schema);
    place.constraints(&before.constraints, &after.constraints);
}

fn kind(kind: ElementKind) -> &'static str {
    match kind {
        ElementKind::Telemetry => "Telemetry",
        ElementKind::Property => "Property",
    }
}

fn relationships(old: &Model, new: &Model, changes: &mut Changes) {
    let target = |model: &Model, name: &str| {
        let position = model.relationships.iter().position(|known| **known == *name)?;
        Some(model.relationship_targets[position].clone())
    };
    for name in &old.relationships {
        let before = target(old, name).flatten();
        match target(new, name) {
            None => {
                let message = "relationship is not there any more; its links stay behind";
                changes.add(name, "removed", message, &[Affected::Content], Level::Major);
            }
            Some(after) if after == before => {}
            Some(None) => changes.relaxed(name, "relaxed", "target is not restricted any more"),
            Some(Some(after)) => {
                let message = format!("target must be {after} now");
                changes.add(name, "tightened", message, &[Affected::Content], Level::Major);
            }
        }
    }
    for name in &new.relationships {
        if !old.relationships.contains(name) {
            changes.relaxed(name, "added", "new relationship");
        }
    }
}

fn commands(old: &Model, new: &Model, changes: &mut Changes) {
    for name in &old.commands {
        if !new.commands.contains(name) {
            let message = "command is not there any more";
            changes.add(name, "removed", message, &[Affected::Devices], Level::Major);
        }
    }
    for name in &new.commands {
        if !old.commands.contains(name) {
            changes.relaxed(name, "added", "new command");
        }
    }
}

/// Does the new identifier say what has changed? Twins move within one major version only, to the
/// same or a higher minor one (B1).
fn version_fits(old: &Dtmi, new: &Dtmi, level: Level) -> Result<(), String> {
    let (path, (major, minor)) = (old.path(), old.version());
    if new.path() != path {
        return Err(format!("the new model is {}, no version of {path}", new.path()));
    }
    let fits = match level {
        Level::Same => new.version() >= old.version(),
        Level::Minor => new.version() > old.version(),
        Level::Major => new.version().0 > major,
    };
    if fits {
        return Ok(());
    }
    Err(match level {
        Level::Same => format!("the version went back; use {old} or a higher one"),
        Level::Minor => {
            // An identifier without version becomes 1, since 0.1 cannot be written.
            let next = if major == 0 { "1".to_owned() } else { format!("{major}.{}", minor + 1) };
            format!("the changes need a new minor version; use {path};{next}")
        }
        Level::Major => format!("the changes need a new major version; use {path};{}", major + 1),
    })
}
