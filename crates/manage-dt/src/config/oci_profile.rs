//! Which OCI profile applies, and where it comes from.

use std::path::{Path, PathBuf};

use oci_core::config::{Profile, profile_from_ini};

use crate::config::{Environment, Settings};
use crate::failure::Failure;

/// A profile and the place it was found, for messages.
#[derive(Debug)]
pub struct FoundProfile {
    /// The profile.
    pub profile: Profile,
    /// `profile X in FILE`, or the environment.
    pub origin: String,
}

/// Finds the profile: the `OCI_CLI_*` variables alone when they carry a key, else the named
/// configuration file, else `~/.oci/config`, else the file that `OCI_CONFIG_FILE` names.
pub fn find(settings: &Settings) -> Result<FoundProfile, Failure> {
    let environment = &settings.environment;
    let variable = |name: &str| environment.get(name).map(str::to_owned);
    let mut profile = if environment.get("OCI_CLI_KEY_CONTENT").is_some() {
        tracing::debug!("OCI authentication: Environment");
        let name = "of the OCI_CLI_* variables".to_owned();
        let profile = Profile { name, ..Profile::default() };
        let origin = "the OCI_CLI_* variables".to_owned();
        FoundProfile { profile: profile.with_environment(variable), origin }
    } else {
        tracing::debug!("OCI authentication: Config file");
        let path = existing_file(settings)?;
        let origin = format!("profile {} in {}", settings.profile, path.display());
        let mut profile = read(&path, &settings.profile)?;
        profile.region = profile.region.or_else(|| variable("OCI_REGION"));
        tell_what_does_not_count(environment);
        FoundProfile { profile, origin }
    };
    if let Some(region) = &settings.region {
        profile.profile.region = Some(region.clone());
    }
    Ok(profile)
}

/// Half a set of credentials in the environment is not mixed into a profile, as in the original.
fn tell_what_does_not_count(environment: &Environment) {
    let names = ["USER", "TENANCY", "FINGERPRINT", "KEY_FILE", "PASSPHRASE", "SECURITY_TOKEN_FILE"];
    let names = names.map(|name| format!("OCI_CLI_{name}"));
    let set: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| environment.get(name).is_some()).collect();
    if !set.is_empty() {
        tracing::debug!("Without OCI_CLI_KEY_CONTENT these do not count: {}", set.join(", "));
    }
}

fn existing_file(settings: &Settings) -> Result<PathBuf, Failure> {
    if let Some(named) = &settings.config_file {
        return match named.is_file() {
            true => Ok(named.clone()),
            false => Err(Failure::usage(format!(
                "OCI configuration file {} {}",
                named.display(),
                if named.exists() { "is not a file" } else { "does not exist" }
            ))
            .hint("--config-file or OCI_CLI_CONFIG_FILE names it")),
        };
    }
    let candidates = usual_files(&settings.environment);
    candidates.iter().find(|path| path.is_file()).cloned().ok_or_else(|| {
        let looked: Vec<String> =
            candidates.iter().map(|path| path.display().to_string()).collect();
        Failure::usage(format!("no OCI configuration file: looked for {}", looked.join(", "))).hint(
            "name one with --config-file, make one with `oci setup config`, or use a local \
             platform with --local",
        )
    })
}

/// `~/.oci/config`, then what `OCI_CONFIG_FILE` names, then the file of older clients.
fn usual_files(environment: &Environment) -> Vec<PathBuf> {
    let at_home = |name: &str| environment.home().map(|home| home.join(name));
    let variable = environment.get("OCI_CONFIG_FILE").map(|path| environment.expand(path));
    [at_home(".oci/config"), variable, at_home(".oraclebmc/config")].into_iter().flatten().collect()
}

fn read(path: &Path, name: &str) -> Result<Profile, Failure> {
    let shown = path.display();
    tracing::debug!("Config file found at {shown}");
    let text = crate::files::read_text(path).map_err(|error| {
        Failure::usage(format!("OCI configuration file {shown} cannot be read: {error}"))
    })?;
    profile_from_ini(&text, name)
        .map_err(|error| Failure::usage(format!("OCI configuration file {shown}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str, environment: &[(&str, &str)]) -> Result<FoundProfile, Failure> {
        let cli = crate::args::parse(line.split(' ')).unwrap();
        find(&Settings::resolve(&cli.global, &Environment::of(environment))?)
    }

    fn write(path: &Path, user: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, format!("[DEFAULT]\nregion=r\n[P]\nuser={user}\n")).unwrap();
    }

    #[test]
    fn order_of_the_places() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        let other = dir.path().join("other");
        std::fs::create_dir(&home).unwrap();
        let home_text = home.to_str().unwrap();
        let environment = [("HOME", home_text), ("OCI_CONFIG_FILE", other.to_str().unwrap())];
        let line = format!("manage-dt --data-dir {home_text} --profile P query t");

        let failure = found(&line, &environment).unwrap_err();
        assert!(failure.message.unwrap().contains("no OCI configuration file: looked for"));
        write(&other, "of-variable");
        assert_eq!(found(&line, &environment).unwrap().profile.user.unwrap(), "of-variable");
        write(&home.join(".oci/config"), "of-home");
        assert_eq!(found(&line, &environment).unwrap().profile.user.unwrap(), "of-home");
        let named = dir.path().join("named");
        write(&named, "of-option");
        let line = format!("{line} --config-file {}", named.display());
        let profile = found(&line, &environment).unwrap();
        assert_eq!(profile.profile.user.unwrap(), "of-option");
        assert_eq!(profile.origin, format!("profile P in {}", named.display()));
    }

    #[test]
    fn key_content_means_the_environment_alone() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().to_str().unwrap();
        write(&dir.path().join(".oci/config"), "of-home");
        let line = format!("manage-dt --data-dir {home} --profile P --region r2 query t");
        let environment = [("HOME", home), ("OCI_CLI_KEY_CONTENT", "k"), ("OCI_CLI_TENANCY", "t")];
        let profile = found(&line, &environment).unwrap().profile;
        assert_eq!(profile.user, None);
        assert_eq!(profile.tenancy.as_deref(), Some("t"));
        assert_eq!(profile.region.as_deref(), Some("r2"));
    }

    #[test]
    fn unknown_profile_names_the_known_ones() {
        let dir = tempfile::tempdir().unwrap();
        write(&dir.path().join(".oci/config"), "u");
        let home = dir.path().to_str().unwrap();
        let line = format!("manage-dt --data-dir {home} --profile Q query t");
        let message = found(&line, &[("HOME", home)]).unwrap_err().message.unwrap();
        assert!(message.contains("no profile `Q`") && message.contains("DEFAULT, P"), "{message}");
    }
}
