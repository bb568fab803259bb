//! The seed: twins that are there before the command starts.
//!
//! A seed has the form of `iot_config.yaml`, as far as a platform that does not exist yet can be
//! described: `environ` and `digital_twins`. Files stand beside it. Without `auth_id` a twin gets
//! the platform's own secret, so its devices sign in with `DEVICE_PASSWORD`. The configuration of
//! the platform has the seed's twins afterwards, so every verb finds them by name.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::create;
use crate::args::GlobalArgs;
use crate::config::{Environment, IotConfig, Twin};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::serve::{Running, write_private};
use crate::session::Definition;

/// Fields that name files.
const FILE_FIELDS: [&str; 3] = ["model_dtdl", "adapter_envelope", "adapter_routes"];

/// The twins of a seed.
pub struct Seed {
    twins: Vec<Twin>,
    /// Where the files are.
    dir: PathBuf,
}

impl Seed {
    /// Reads and checks the file.
    pub fn read(path: &Path) -> Result<Seed, Failure> {
        let config = IotConfig::read(path)?;
        let names: Vec<String> = config.twin_names().map(str::to_owned).collect();
        if names.is_empty() {
            let text = format!("--seed {}: there are no `digital_twins` in it", path.display());
            return Err(Failure::usage(text));
        }
        let twins = names.iter().map(|name| config.twin(name)).collect::<Result<Vec<_>, _>>()?;
        let unreadable = |error| Failure::usage(format!("--seed {}: {error}", path.display()));
        let absolute = std::path::absolute(path).map_err(unreadable)?;
        let dir = absolute.parent().unwrap_or(Path::new("/")).to_owned();
        for twin in &twins {
            for file in FILE_FIELDS.iter().filter_map(|field| twin.field(field)) {
                let file = dir.join(file);
                if let Err(error) = std::fs::metadata(&file) {
                    let text = format!("--seed: {} of twin '{}'", file.display(), twin.name);
                    return Err(Failure::usage(format!("{text}: {error}")));
                }
            }
        }
        Ok(Seed { twins, dir })
    }

    /// Writes the configuration that names the twins, and creates them.
    pub async fn plant(
        &self,
        running: &Running,
        state_dir: &Path,
        global: &GlobalArgs,
        environment: &Environment,
    ) -> Result<(), Failure> {
        let path = running.client_dir.join("iot_config.yaml");
        write_private(&path, self.configuration(&path, running)?.as_bytes())?;
        // Whatever the shell or the options say of other platforms, it is this one.
        let local = global.for_platform(state_dir);
        for twin in &self.twins {
            let definition = Definition::read(&local, environment, &twin.name)?;
            create::quietly(definition).await.map_err(|failure| {
                let why = failure.message.unwrap_or_default();
                let message = Some(format!("--seed: twin '{}': {why}", twin.name));
                Failure { message, ..failure }
            })?;
        }
        Ok(())
    }

    /// The platform's configuration with the seed's twins in it. JSON is YAML too, and has no
    /// doubtful scalars.
    fn configuration(&self, path: &Path, running: &Running) -> Result<String, Failure> {
        let platform = IotConfig::read(path)?;
        let mut identity = serde_json::Map::new();
        for member in ["app_client_id", "app_client_secret", "user", "password"] {
            identity.insert(member.to_owned(), platform.identity(member)?.into());
        }
        let twins = self.twins.iter().map(|twin| (twin.name.clone(), self.fields(twin, running)));
        let document = serde_json::json!({
            "iot": { "domain_id": platform.domain_id()? },
            "identity": identity,
            "environ": { "device_key": running.device_key()? },
            "digital_twins": twins.collect::<serde_json::Map<String, Value>>(),
        });
        let text = serde_json::to_string_pretty(&document)
            .map_err(|error| Failure::new(ExitCode::Refused, error))?;
        Ok(format!(
            "# Configuration of manage-dt for the local platform, made of a seed.\n{text}\n"
        ))
    }

    fn fields(&self, twin: &Twin, running: &Running) -> Value {
        let mut fields = serde_json::Map::new();
        fields.insert("auth_id".to_owned(), running.device_secret_id().into());
        for (field, value) in twin.fields() {
            let value = match FILE_FIELDS.contains(&field) {
                true => self.dir.join(value).display().to_string(),
                false => value.to_owned(),
            };
            fields.insert(field.to_owned(), value.into());
        }
        Value::Object(fields)
    }
}
