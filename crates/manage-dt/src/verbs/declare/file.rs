//! The declarative file: what is to exist in a domain (docs/declarative-file.md).

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use iot_client::Kind;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::config::IotConfig;
use crate::config::yaml;
use crate::failure::Failure;

/// Bytes of the file, and of each file that it names.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// Resources in one file.
const RESOURCES_MAX: usize = 100_000;

/// The longest value of a tag (control-plane.md 1.4).
const OWNER_CHARS_MAX: usize = 100;

/// One resource that is to exist.
#[derive(Debug)]
pub struct Wanted {
    /// Its kind.
    pub kind: Kind,
    /// What it is known by: DTMI, adapter key, external key, or the key of a relationship.
    pub key: String,
    /// OCID, when the file insists on one.
    pub id: Option<String>,
    /// Members in the words of the file; `null` is to be cleared, absent is left as it is.
    pub members: Map<String, Value>,
}

/// The file, read and checked.
#[derive(Debug)]
pub struct Desired {
    /// Where it was read.
    pub path: PathBuf,
    /// Value of the tag that marks what belongs to this file.
    pub owner: Option<String>,
    /// OCID of the domain, when the file names it.
    pub domain: Option<String>,
    /// The resources: models, adapters, instances, relationships, each in the file's order.
    pub wanted: Vec<Wanted>,
}

type Member = Option<Value>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Document {
    owner: Option<String>,
    domain: Option<String>,
    tags: Option<BTreeMap<String, String>>,
    models: Vec<ModelEntry>,
    adapters: Vec<AdapterEntry>,
    instances: Vec<InstanceEntry>,
    relationships: Vec<RelationshipEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ModelEntry {
    dtmi: Option<String>,
    spec: Value,
    #[serde(default, deserialize_with = "given")]
    display_name: Member,
    #[serde(default, deserialize_with = "given")]
    description: Member,
    tags: Option<BTreeMap<String, String>>,
    #[serde(default, deserialize_with = "given")]
    defined_tags: Member,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct AdapterEntry {
    key: String,
    id: Option<String>,
    model: String,
    #[serde(default, deserialize_with = "given")]
    display_name: Member,
    #[serde(default, deserialize_with = "given")]
    description: Member,
    #[serde(default, deserialize_with = "given")]
    envelope: Member,
    #[serde(default, deserialize_with = "given")]
    routes: Member,
    tags: Option<BTreeMap<String, String>>,
    #[serde(default, deserialize_with = "given")]
    defined_tags: Member,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct InstanceEntry {
    external_key: String,
    #[serde(default, deserialize_with = "given")]
    display_name: Member,
    #[serde(default, deserialize_with = "given")]
    description: Member,
    #[serde(default, deserialize_with = "given")]
    connectivity_type: Member,
    #[serde(default, deserialize_with = "given")]
    auth_id: Member,
    #[serde(default, deserialize_with = "given")]
    model: Member,
    #[serde(default, deserialize_with = "given")]
    adapter: Member,
    #[serde(default, deserialize_with = "given")]
    gateways: Member,
    tags: Option<BTreeMap<String, String>>,
    #[serde(default, deserialize_with = "given")]
    defined_tags: Member,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RelationshipEntry {
    key: Option<String>,
    from: String,
    path: String,
    to: String,
    #[serde(default, deserialize_with = "given")]
    display_name: Member,
    #[serde(default, deserialize_with = "given")]
    description: Member,
    #[serde(default, deserialize_with = "given")]
    content: Member,
    tags: Option<BTreeMap<String, String>>,
    #[serde(default, deserialize_with = "given")]
    defined_tags: Member,
}

/// Keeps `null` apart from absent.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Member, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Reads the file at `path` and all that it names. `config` has the values of placeholders.
pub fn read(path: &Path, config: Option<&IotConfig>) -> Result<Desired, Failure> {
    let text = read_file(path).map_err(|failure| {
        failure.hint(
            "docs/declarative-file.md describes it; `manage-dt export DIR` writes one from what \
             exists",
        )
    })?;
    from_text(path, &text, config)
}

fn from_text(path: &Path, text: &str, config: Option<&IotConfig>) -> Result<Desired, Failure> {
    let document: Document = yaml::from_text(text).map_err(|error| {
        let (line, column) = (error.line, error.column);
        let shown = path.display();
        let text =
            format!("{shown}, line {line}, column {column}: {}\n{}", error.message, error.excerpt);
        Failure::usage(text.trim_end())
    })?;
    let reader = Reader { path, config, tags: document.tags.clone() };
    reader.desired(document)
}

/// Reads entries and says where a mistake is.
struct Reader<'r> {
    path: &'r Path,
    config: Option<&'r IotConfig>,
    tags: Option<BTreeMap<String, String>>,
}

impl Reader<'_> {
    fn desired(&self, document: Document) -> Result<Desired, Failure> {
        let mut wanted = Vec::new();
        for (at, entry) in document.models.into_iter().enumerate() {
            wanted.push(self.model(&format!("models[{at}]"), entry)?);
        }
        for (at, entry) in document.adapters.into_iter().enumerate() {
            wanted.push(self.adapter(&format!("adapters[{at}]"), entry)?);
        }
        for (at, entry) in document.instances.into_iter().enumerate() {
            wanted.push(self.instance(&format!("instances[{at}]"), entry)?);
        }
        for (at, entry) in document.relationships.into_iter().enumerate() {
            wanted.push(self.relationship(&format!("relationships[{at}]"), entry)?);
        }
        if wanted.len() > RESOURCES_MAX {
            let text = format!("has {} resources; {RESOURCES_MAX} is the most", wanted.len());
            return Err(self.wrong("it", text));
        }
        let mut seen = HashSet::new();
        for one in &wanted {
            if !seen.insert((one.kind, one.key.as_str())) {
                return Err(
                    self.wrong(super::word(one.kind), format!("`{}` stands there twice", one.key))
                );
            }
        }
        let owner = document.owner.map(|owner| self.filled(&owner));
        if let Some(owner) = &owner
            && (owner.trim().is_empty() || owner.chars().count() > OWNER_CHARS_MAX)
        {
            return Err(self.wrong("owner", format!("must have 1 to {OWNER_CHARS_MAX} characters")));
        }
        let domain = document.domain.map(|domain| self.filled(&domain));
        Ok(Desired { path: self.path.to_owned(), owner, domain, wanted })
    }

    fn model(&self, place: &str, entry: ModelEntry) -> Result<Wanted, Failure> {
        let mut spec = self.document(place, "spec", entry.spec)?;
        let Some(object) = spec.as_object_mut() else {
            return Err(self.wrong(&format!("{place}.spec"), "must be one DTDL interface"));
        };
        let key = match entry.dtmi {
            Some(dtmi) => {
                let dtmi = self.filled(&dtmi);
                object.insert("@id".to_owned(), Value::from(dtmi.as_str()));
                dtmi
            }
            None => match object.get("@id").and_then(Value::as_str) {
                Some(dtmi) => dtmi.to_owned(),
                None => return Err(self.wrong(&format!("{place}.spec"), "has no `@id`")),
            },
        };
        let mut members = self.common(place, entry.display_name, entry.description)?;
        members.insert("spec".to_owned(), spec);
        self.tagged(place, &mut members, entry.tags, entry.defined_tags)?;
        Ok(Wanted { kind: Kind::Model, key, id: None, members })
    }

    fn adapter(&self, place: &str, entry: AdapterEntry) -> Result<Wanted, Failure> {
        let key = self.key(place, "key", &entry.key)?;
        let mut members = self.common(place, entry.display_name, entry.description)?;
        members.insert("model".to_owned(), Value::from(self.filled(&entry.model)));
        for (name, member) in [("envelope", entry.envelope), ("routes", entry.routes)] {
            if let Some(value) = member {
                let value = self.document(place, name, value)?;
                let fits = match name {
                    "routes" => value.is_array(),
                    _ => value.is_object(),
                };
                if !fits && !value.is_null() {
                    let form = if name == "routes" { "a list" } else { "an object" };
                    return Err(self.wrong(&format!("{place}.{name}"), format!("must be {form}")));
                }
                members.insert(name.to_owned(), value);
            }
        }
        self.tagged(place, &mut members, entry.tags, entry.defined_tags)?;
        Ok(Wanted { kind: Kind::Adapter, key, id: entry.id, members })
    }

    fn instance(&self, place: &str, entry: InstanceEntry) -> Result<Wanted, Failure> {
        let key = self.key(place, "externalKey", &entry.external_key)?;
        let mut members = self.common(place, entry.display_name, entry.description)?;
        for (name, member) in [
            ("connectivityType", entry.connectivity_type),
            ("authId", entry.auth_id),
            ("model", entry.model),
            ("adapter", entry.adapter),
        ] {
            self.text(place, &mut members, name, member)?;
        }
        if let Some(gateways) = entry.gateways {
            let wrong =
                || self.wrong(&format!("{place}.gateways"), "must be a list of external keys");
            let value = match gateways {
                Value::Null => Value::Null,
                Value::Array(items) => {
                    let texts =
                        items.iter().map(|item| item.as_str().map(|text| self.filled(text)));
                    let mut keys = texts.collect::<Option<Vec<String>>>().ok_or_else(wrong)?;
                    keys.sort();
                    Value::from(keys)
                }
                _ => return Err(wrong()),
            };
            members.insert("gateways".to_owned(), value);
        }
        self.tagged(place, &mut members, entry.tags, entry.defined_tags)?;
        Ok(Wanted { kind: Kind::Instance, key, id: None, members })
    }

    fn relationship(&self, place: &str, entry: RelationshipEntry) -> Result<Wanted, Failure> {
        let from = self.key(place, "from", &entry.from)?;
        let path = self.key(place, "path", &entry.path)?;
        let to = self.key(place, "to", &entry.to)?;
        let key = match entry.key {
            Some(key) => self.key(place, "key", &key)?,
            None => format!("{from}/{path}/{to}"),
        };
        let mut members = self.common(place, entry.display_name, entry.description)?;
        for (name, value) in [("from", from), ("path", path), ("to", to)] {
            members.insert(name.to_owned(), Value::from(value));
        }
        if let Some(content) = entry.content {
            let content = self.document(place, "content", content)?;
            members.insert("content".to_owned(), content);
        }
        self.tagged(place, &mut members, entry.tags, entry.defined_tags)?;
        Ok(Wanted { kind: Kind::Relationship, key, id: None, members })
    }

    fn common(
        &self,
        place: &str,
        name: Member,
        about: Member,
    ) -> Result<Map<String, Value>, Failure> {
        let mut members = Map::new();
        self.text(place, &mut members, "displayName", name)?;
        self.text(place, &mut members, "description", about)?;
        Ok(members)
    }

    /// A text, or `null`; placeholders replaced.
    fn text(
        &self,
        place: &str,
        members: &mut Map<String, Value>,
        name: &str,
        member: Member,
    ) -> Result<(), Failure> {
        let value = match member {
            None => return Ok(()),
            Some(Value::String(text)) => Value::from(self.filled(&text)),
            Some(Value::Null) => Value::Null,
            Some(_) => return Err(self.wrong(&format!("{place}.{name}"), "must be text; quote it")),
        };
        members.insert(name.to_owned(), value);
        Ok(())
    }

    fn key(&self, place: &str, name: &str, text: &str) -> Result<String, Failure> {
        let text = self.filled(text);
        match text.trim().is_empty() {
            true => Err(self.wrong(&format!("{place}.{name}"), "is empty")),
            false => Ok(text),
        }
    }

    fn tagged(
        &self,
        place: &str,
        members: &mut Map<String, Value>,
        own: Option<BTreeMap<String, String>>,
        defined: Member,
    ) -> Result<(), Failure> {
        if own.is_some() || self.tags.is_some() {
            let mut tags = Map::new();
            for (name, value) in self.tags.iter().chain(&own).flatten() {
                if name.starts_with(super::TAG_PREFIX) {
                    let text = format!(
                        "`{name}`: tags that begin with {} are kept by this program",
                        super::TAG_PREFIX
                    );
                    return Err(self.wrong(&format!("{place}.tags"), text));
                }
                tags.insert(name.clone(), Value::from(self.filled(value)));
            }
            members.insert("tags".to_owned(), Value::Object(tags));
        }
        match defined {
            None => Ok(()),
            Some(value @ Value::Object(_)) => {
                members.insert("definedTags".to_owned(), value);
                Ok(())
            }
            Some(_) => {
                Err(self.wrong(&format!("{place}.definedTags"), "must be a group of namespaces"))
            }
        }
    }

    /// A document: here, or in a file whose path is relative to this one.
    fn document(&self, place: &str, name: &str, value: Value) -> Result<Value, Failure> {
        let Value::String(file) = value else { return Ok(value) };
        let path = self.path.parent().unwrap_or(Path::new("")).join(self.filled(&file));
        let told = |text: String| self.wrong(&format!("{place}.{name}"), text);
        let text = read_file(&path).map_err(|failure| told(failure.message.unwrap_or_default()))?;
        serde_json::from_str(&text)
            .map_err(|error| told(format!("{} is not JSON: {error}", path.display())))
    }

    fn filled(&self, text: &str) -> String {
        match self.config {
            Some(config) => config.filled(text),
            None => crate::config::substitute::substitute(text, |_| None),
        }
    }

    fn wrong(&self, place: &str, text: impl std::fmt::Display) -> Failure {
        Failure::usage(format!("{}: {place}: {text}", self.path.display()))
    }
}

fn read_file(path: &Path) -> Result<String, Failure> {
    use std::io::Read as _;
    let mut text = String::new();
    let file = std::fs::File::open(path);
    match file.and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text)) {
        Ok(_) if text.len() as u64 > FILE_BYTES_MAX => {
            Err(Failure::usage(format!("{} is larger than {FILE_BYTES_MAX} bytes", path.display())))
        }
        Ok(_) => Ok(text),
        Err(error) => Err(Failure::usage(format!("cannot read {}: {error}", path.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails(text: &str) -> String {
        let failure = from_text(Path::new("t.yaml"), text, None).expect_err(text);
        failure.message.unwrap_or_default()
    }

    #[test]
    fn mistakes_say_where() {
        for (text, told) in [
            ("models: [{spec: {}}]", "t.yaml: models[0].spec: has no `@id`"),
            ("models: [{spec: no.json}]", "models[0].spec: cannot read no.json"),
            ("instances: [{externalKey: a, authId: 1}]", "instances[0].authId: must be text"),
            ("instances: [{externalKey: a}, {externalKey: a}]", "instance: `a` stands there twice"),
            ("instances: [{externalKey: a, tags: {manage-dt-owner: x}}]", "instances[0].tags"),
            ("instances: [{externalKey: a, adaptor: x}]", "line 1"),
            ("adapters: [{key: a, model: m, routes: {}}]", "adapters[0].routes: must be a list"),
            ("owner: ' '", "owner: must have 1 to 100"),
        ] {
            let message = fails(text);
            assert!(message.contains(told), "{text}: {message}");
        }
    }

    #[test]
    fn null_is_not_absent() {
        let text = "instances: [{externalKey: a, authId: null}]";
        let desired = from_text(Path::new("t.yaml"), text, None).unwrap();
        let members = &desired.wanted[0].members;
        assert_eq!(members.get("authId"), Some(&Value::Null));
        assert_eq!(members.get("adapter"), None);
    }
}
