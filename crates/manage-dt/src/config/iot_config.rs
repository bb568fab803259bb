//! `iot_config.yaml`: the domain, the sign-in to the data API, and the digital twins.
//!
//! Sections and members are optional while reading; a verb asks for what it needs and gets an
//! error that names the member.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::config::substitute::substitute;
use crate::config::yaml;
use crate::failure::Failure;

/// The configuration file as read.
#[derive(Debug)]
pub struct IotConfig {
    path: PathBuf,
    sections: Sections,
}

/// One twin: its name in the file and its fields, placeholders replaced.
#[derive(Debug)]
pub struct Twin {
    /// Name under which the file defines it.
    pub name: String,
    path: PathBuf,
    fields: Members,
}

#[derive(Debug, Default, Deserialize)]
struct Sections {
    #[serde(default)]
    iot: Option<Members>,
    #[serde(default)]
    identity: Option<Members>,
    #[serde(default)]
    environ: Option<Members>,
    #[serde(default)]
    digital_twins: Option<Entries<Option<Members>>>,
}

/// Name and value pairs in the order of the file.
struct Entries<T>(Vec<(String, T)>);

/// Members with text values; a value left blank is no value.
type Members = Entries<Option<String>>;

impl IotConfig {
    /// Reads the file at `path`.
    pub fn read(path: &Path) -> Result<IotConfig, Failure> {
        let shown = path.display();
        let text = crate::files::read(path).map_err(|error| missing_file(path, &error))?;
        let text = String::from_utf8(text)
            .map_err(|_| Failure::usage(format!("configuration file {shown} is not UTF-8 text")))?;
        IotConfig::from_text(path, &text)
    }

    /// Reads `text`, the content of the file at `path`.
    pub fn from_text(path: &Path, text: &str) -> Result<IotConfig, Failure> {
        let sections = yaml::from_text(text).map_err(|error| {
            let place = match error.line {
                0 => String::new(),
                line => format!(", line {line}, column {}", error.column),
            };
            let text = format!(
                "configuration file {}{place}: {}\n{}",
                path.display(),
                error.message,
                error.excerpt
            );
            Failure::usage(text.trim_end())
        })?;
        Ok(IotConfig { path: path.to_owned(), sections })
    }

    /// OCID of the domain.
    pub fn domain_id(&self) -> Result<&str, Failure> {
        required(&self.path, "iot", self.sections.iot.as_ref(), "domain_id")
    }

    /// One member of the section `identity`.
    pub fn identity(&self, member: &str) -> Result<&str, Failure> {
        required(&self.path, "identity", self.sections.identity.as_ref(), member)
    }

    /// `text` with its placeholders replaced from `environ`.
    pub fn filled(&self, text: &str) -> String {
        let environ = self.sections.environ.as_ref();
        substitute(text, |name| environ.and_then(|environ| environ.member(name)))
    }

    /// The names of all twins, in the order of the file.
    pub fn twin_names(&self) -> impl Iterator<Item = &str> {
        let twins = self.sections.digital_twins.as_ref();
        twins.into_iter().flat_map(|twins| &twins.0).map(|(name, _)| name.as_str())
    }

    /// The twin that the file defines under `name`.
    pub fn twin(&self, name: &str) -> Result<Twin, Failure> {
        let twins = self.sections.digital_twins.as_ref().map_or(&[][..], |twins| &twins.0[..]);
        let Some((_, fields)) = twins.iter().find(|(known, _)| known == name) else {
            return Err(self.unknown_twin(name, twins));
        };
        let filled = fields
            .iter()
            .flat_map(|members| &members.0)
            .map(|(field, value)| (field.clone(), value.as_ref().map(|value| self.filled(value))));
        let fields = Entries(filled.collect());
        Ok(Twin { name: name.to_owned(), path: self.path.clone(), fields })
    }

    /// A twin without name and fields, for what is about none.
    pub fn nobody(&self) -> Twin {
        Twin { name: String::new(), path: self.path.clone(), fields: Entries(Vec::new()) }
    }

    fn unknown_twin(&self, name: &str, twins: &[(String, Option<Members>)]) -> Failure {
        let path = self.path.display();
        let names: Vec<&str> = twins.iter().map(|(name, _)| name.as_str()).collect();
        let failure = Failure::usage(format!("unknown digital twin '{name}'"));
        match names.is_empty() {
            true => failure.hint(format!("{path} defines none: add it under `digital_twins`")),
            false => failure.hint(format!("{path} defines: {}", names.join(", "))),
        }
    }
}

impl Twin {
    /// A field, when the file has it and it is not blank.
    pub fn field(&self, field: &str) -> Option<&str> {
        self.fields.member(field)
    }

    /// All fields that are not blank, in the order of the file.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.fields.0.iter();
        pairs
            .filter_map(|(name, value)| Some((name.as_str(), value.as_deref()?)))
            .filter(|(_, value)| !value.is_empty())
    }

    /// A field that the verb cannot do without.
    pub fn require(&self, field: &str) -> Result<&str, Failure> {
        let section = format!("digital_twins.{}", self.name);
        required(&self.path, &section, Some(&self.fields), field)
    }

    /// Whether the twin's telemetry has a model.
    pub fn is_structured(&self) -> bool {
        self.field("model_dtdl").is_some()
    }

    /// The configuration file, for messages.
    pub fn config_path(&self) -> &Path {
        &self.path
    }
}

fn missing_file(path: &Path, error: &std::io::Error) -> Failure {
    let shown = path.display();
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            Failure::usage(format!("configuration file {shown} does not exist")).hint(
                "copy data/iot_config.distr.yaml to iot_config.yaml in the data directory and \
                 fill it in, name another place with --data-dir or --iot-config-file, or use a \
                 local platform with --local",
            )
        }
        _ => Failure::usage(format!("configuration file {shown} cannot be read: {error}")),
    }
}

fn required<'m>(
    path: &Path,
    section: &str,
    members: Option<&'m Members>,
    member: &str,
) -> Result<&'m str, Failure> {
    let path = path.display();
    let Some(value) = members.and_then(|members| members.member(member)) else {
        return Err(Failure::usage(format!(
            "configuration file {path} lacks `{section}.{member}`"
        )));
    };
    if value.starts_with('<') && value.ends_with('>') {
        let text = format!(
            "`{section}.{member}` in configuration file {path} still holds the template's text \
             in angle brackets"
        );
        return Err(Failure::usage(text).hint("put your own value in its place"));
    }
    Ok(value)
}

impl Members {
    /// The value of a member, unless it is absent or blank.
    fn member(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(known, _)| known == name)?;
        value.as_deref().filter(|value| !value.is_empty())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder<T>(std::marker::PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for InOrder<T> {
            type Value = Entries<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("lines of the form `name: value`")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(InOrder(std::marker::PhantomData))
    }
}

/// Shows the names only: values may be secrets.
impl<T> fmt::Debug for Entries<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit_code::ExitCode;

    fn config(text: &str) -> IotConfig {
        IotConfig::from_text(Path::new("data/iot_config.yaml"), text).unwrap()
    }

    fn text_of(failure: Failure) -> String {
        assert_eq!(failure.exit, ExitCode::Usage);
        format!("{}|{}", failure.message.unwrap(), failure.hint.unwrap_or_default())
    }

    #[test]
    fn fields_are_filled_from_environ() {
        let config = config(
            "environ: {key: 007, n: 1.50, b: true}\n\
             digital_twins:\n  t: {device_name: '${key}-$n-${b}', auth_id: 5, x: ~, y: '$z'}\n",
        );
        let twin = config.twin("t").unwrap();
        assert_eq!(twin.field("device_name"), Some("007-1.50-true"));
        assert_eq!(twin.field("auth_id"), Some("5"));
        assert_eq!(twin.field("x"), None);
        assert_eq!(twin.field("y"), Some("$z"));
        assert!(!twin.is_structured());
    }

    #[test]
    fn sections_are_missed_when_asked_for() {
        let empty = config("");
        let lacks = "configuration file data/iot_config.yaml lacks `iot.domain_id`|";
        assert_eq!(text_of(empty.domain_id().unwrap_err()), lacks);
        let lacks = "configuration file data/iot_config.yaml lacks `identity.user`|";
        assert_eq!(text_of(empty.identity("user").unwrap_err()), lacks);
        let config = config("iot: {domain_id: 'ocid1.iotdomain.x'}\nidentity:\n");
        assert_eq!(config.domain_id().unwrap(), "ocid1.iotdomain.x");
        assert_eq!(text_of(config.identity("user").unwrap_err()), lacks);
    }

    #[test]
    fn unknown_twin_names_the_known_ones_in_file_order() {
        let config = config("digital_twins: {z: {}, a: , m: {}}\n");
        let expected = "unknown digital twin 'q'|data/iot_config.yaml defines: z, a, m";
        assert_eq!(text_of(config.twin("q").unwrap_err()), expected);
        let lacks = "configuration file data/iot_config.yaml lacks `digital_twins.a.device_name`|";
        assert_eq!(text_of(config.twin("a").unwrap().require("device_name").unwrap_err()), lacks);
    }

    #[test]
    fn template_text_is_not_a_value() {
        let config = config("iot: {domain_id: <IoT domain OCID>}\n");
        assert!(text_of(config.domain_id().unwrap_err()).contains("angle brackets"));
    }

    #[test]
    fn debug_shows_no_values() {
        let config = config("identity: {password: hunter2}\nenviron: {a: hunter2}\n");
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn merge_keys_and_anchors_work() {
        let config = config(
            "base: &base {auth_id: a1}\n\
             digital_twins:\n  t:\n    <<: *base\n    device_name: d\n",
        );
        assert_eq!(config.twin("t").unwrap().field("auth_id"), Some("a1"));
    }
}
