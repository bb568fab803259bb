//! Writes the declarative file of what a domain holds.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use futures_util::{StreamExt, TryStreamExt, stream};
use iot_client::{ControlClient, Kind};
use serde_json::{Map, Value, json};

use super::state::{Found, Names, State};
use super::{DEFAULT_FILE, REQUESTS_AT_ONCE};
use crate::args::ExportArgs;
use crate::config::yaml;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// The namespace of tags that the service itself sets.
const SERVICE_NAMESPACE: &str = "Oracle-Tags";

/// What was written.
pub struct Written {
    /// The files, `twins.yaml` first.
    pub files: Vec<PathBuf>,
    /// Resources in it.
    pub resources: usize,
}

/// A file to write: its path below the directory, and its text.
type Pending = (String, String);

/// Reads the domain and writes the files; none of them when one is there already.
pub async fn run(
    control: &ControlClient,
    domain: &str,
    args: &ExportArgs,
) -> Result<Written, Failure> {
    let mut state = State::read(control, domain).await?;
    if let Some(owner) = args.owner.as_deref() {
        state.found.retain(|found| found.owner() == Some(owner));
        if state.found.is_empty() {
            return Err(Failure::new(
                ExitCode::Refused,
                format!("nothing in the domain belongs to `{owner}`"),
            ));
        }
    }
    let incomplete = state.found.iter_mut().filter(|found| found.kind != Kind::Instance);
    let work = stream::iter(incomplete).map(|found| found.complete(control));
    work.buffer_unordered(REQUESTS_AT_ONCE).try_collect::<Vec<()>>().await?;

    let resources = state.found.len();
    let mut pending = Exporter::of(&state).files(&state, domain)?;
    pending.rotate_right(1);
    write(&args.dir, &pending, args.force)?;
    let files = pending.iter().map(|(name, _)| args.dir.join(name)).collect();
    Ok(Written { files, resources })
}

struct Exporter {
    /// The owner of all of it.
    owner: Option<String>,
    names: Names,
    /// Texts of `keys` are the adapters' names in the file, by OCID.
    keys: HashMap<String, String>,
}

impl Exporter {
    fn of(state: &State) -> Exporter {
        let owners: HashSet<Option<&str>> = state.found.iter().map(Found::owner).collect();
        let owner = match owners.len() {
            1 => owners.into_iter().next().flatten().map(str::to_owned),
            _ => None,
        };
        let mut keys = HashMap::new();
        let mut taken = HashSet::new();
        for found in state.of(Kind::Adapter) {
            let name = found.key_tag().or(found.text("displayName")).unwrap_or("adapter");
            keys.insert(
                found.id.clone(),
                unique(name, &mut taken, |name, n| format!("{name}-{n}")),
            );
        }
        let mut names = Names::default();
        names.0.extend(keys.clone());
        for found in state.of(Kind::Instance) {
            if let Some(key) = found.text("externalKey") {
                names.0.insert(found.id.clone(), key.to_owned());
            }
        }
        Exporter { owner, names, keys }
    }

    /// The files of models and adapters, and the declarative file behind them.
    fn files(&self, state: &State, domain: &str) -> Result<Vec<Pending>, Failure> {
        let mut files = Vec::new();
        let mut taken = HashSet::new();
        let mut lists: [Vec<Value>; 4] = Default::default();
        for found in &state.found {
            let mut entry = self.names.members(found);
            if entry.get("tags").and_then(Value::as_object).is_some_and(Map::is_empty) {
                entry.remove("tags");
            }
            if let Some(tags) = entry.get_mut("definedTags").and_then(Value::as_object_mut) {
                tags.remove(SERVICE_NAMESPACE);
                if tags.is_empty() {
                    entry.remove("definedTags");
                }
            }
            escape(&mut entry);
            let (at, entry) = match found.kind {
                Kind::Model => (0, self.model(entry, found, &mut files, &mut taken)?),
                Kind::Adapter => (1, self.adapter(entry, found, &mut files, &mut taken)?),
                Kind::Instance => match found.text("externalKey") {
                    Some(key) => (2, instance(entry, key)),
                    None => continue,
                },
                Kind::Relationship => (3, self.relationship(entry, found)),
            };
            lists[at].push(Value::Object(entry));
        }
        let mut document = Map::new();
        if let Some(owner) = &self.owner {
            document.insert("owner".to_owned(), Value::from(escaped(owner)));
        }
        document.insert("domain".to_owned(), Value::from(domain));
        for (name, list) in
            ["models", "adapters", "instances", "relationships"].into_iter().zip(lists)
        {
            if !list.is_empty() {
                document.insert(name.to_owned(), Value::Array(list));
            }
        }
        let text = yaml::to_text(&Value::Object(document)).map_err(|error| {
            Failure::new(ExitCode::Refused, format!("cannot write YAML: {error}"))
        })?;
        let head = match self.owner {
            Some(_) => "",
            None => {
                "# With `owner: NAME`, `manage-dt apply` adopts all of this, and can delete it later.\n"
            }
        };
        files.push((DEFAULT_FILE.to_owned(), format!("{head}{text}")));
        Ok(files)
    }

    fn model(
        &self,
        mut entry: Map<String, Value>,
        found: &Found,
        files: &mut Vec<Pending>,
        taken: &mut HashSet<String>,
    ) -> Result<Map<String, Value>, Failure> {
        let spec = entry.shift_remove("spec").unwrap_or(Value::Null);
        let name = file_name(found.text("specUri").unwrap_or("model"));
        let file = format!("models/{}.json", unique(&name, taken, |name, n| format!("{name}_{n}")));
        files.push((file.clone(), format!("{spec:#}\n")));
        Ok(with_first([("spec", json!(file))], entry))
    }

    fn adapter(
        &self,
        mut entry: Map<String, Value>,
        found: &Found,
        files: &mut Vec<Pending>,
        taken: &mut HashSet<String>,
    ) -> Result<Map<String, Value>, Failure> {
        let key = self.keys.get(&found.id).cloned().unwrap_or_default();
        let name = unique(&file_name(&key), taken, |name, n| format!("{name}_{n}"));
        for half in ["envelope", "routes"] {
            if let Some(document) = entry.get_mut(half) {
                let file = format!("adapters/{name}_{half}.json");
                files.push((file.clone(), format!("{document:#}\n")));
                *document = Value::from(file);
            }
        }
        let mut first = vec![("key", json!(escaped(&key)))];
        // Without an owner no tag says which adapter it is.
        if self.owner.is_none() {
            first.push(("id", json!(found.id)));
        }
        Ok(with_first(first, entry))
    }

    fn relationship(&self, entry: Map<String, Value>, found: &Found) -> Map<String, Value> {
        let key = found.key_tag().filter(|_| self.owner.is_some());
        with_first(key.map(|key| ("key", json!(escaped(key)))), entry)
    }
}

fn instance(mut entry: Map<String, Value>, key: &str) -> Map<String, Value> {
    // The adapter says which model it is.
    if entry.contains_key("adapter") {
        entry.shift_remove("model");
    }
    with_first([("externalKey", json!(escaped(key)))], entry)
}

fn with_first(
    first: impl IntoIterator<Item = (&'static str, Value)>,
    rest: Map<String, Value>,
) -> Map<String, Value> {
    first.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(rest).collect()
}

/// Texts in which a placeholder would be looked for.
fn escape(entry: &mut Map<String, Value>) {
    for (name, value) in entry.iter_mut() {
        match value {
            Value::String(text) => *text = escaped(text),
            Value::Array(items) if name == "gateways" => {
                for item in items {
                    *item = Value::from(escaped(item.as_str().unwrap_or_default()));
                }
            }
            Value::Object(tags) if name == "tags" => {
                for tag in tags.values_mut() {
                    *tag = Value::from(escaped(tag.as_str().unwrap_or_default()));
                }
            }
            _ => {}
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('$', "$$")
}

fn unique(name: &str, taken: &mut HashSet<String>, next: impl Fn(&str, usize) -> String) -> String {
    let mut candidate = name.to_owned();
    let mut n = 2;
    while !taken.insert(candidate.clone()) {
        candidate = next(name, n);
        n += 1;
    }
    candidate
}

/// A name that is a file's on every system.
fn file_name(text: &str) -> String {
    let text = text.strip_prefix("dtmi:").unwrap_or(text);
    let safe = text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' });
    safe.take(100).collect()
}

fn write(dir: &Path, files: &[Pending], force: bool) -> Result<(), Failure> {
    let failed = |path: &Path, error: &std::io::Error| {
        Failure::new(ExitCode::Refused, format!("cannot write {}: {error}", path.display()))
    };
    if !force {
        let mut paths = files.iter().map(|(name, _)| dir.join(name));
        if let Some(path) = paths.find(|path| path.exists()) {
            let text = format!("{} exists already; nothing has been written", path.display());
            return Err(
                Failure::usage(text).hint("name another directory, or overwrite with --force")
            );
        }
    }
    for (name, text) in files.iter().rev() {
        let path = dir.join(name);
        let parent = path.parent().unwrap_or(dir);
        std::fs::create_dir_all(parent).map_err(|error| failed(parent, &error))?;
        std::fs::write(&path, text).map_err(|error| failed(&path, &error))?;
    }
    Ok(())
}
