//! From a profile to a signer: an API key, or a session token with its key.

use std::path::Path;

use oci_core::config::Profile;
use oci_core::key::PrivateKey;
use oci_core::sign::{Signer, token_key_id};

use crate::config::oci_profile::FoundProfile;
use crate::config::settings::AuthType;
use crate::config::{Environment, Settings};
use crate::failure::Failure;

/// Builds the signer that the settings ask for.
pub fn signer(settings: &Settings, found: &FoundProfile) -> Result<Signer, Failure> {
    let profile = &found.profile;
    let wrong =
        |error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", found.origin));
    let key_id = match settings.auth {
        AuthType::SecurityToken => {
            let file = profile.required("security_token_file", &profile.security_token_file);
            let path = settings.environment.expand(file.map_err(|error| wrong(&error))?);
            token_key_id(&read(&path, "session token")?)
        }
        _ => profile.api_key_id().map_err(|error| wrong(&error))?,
    };
    let key = private_key(profile, &settings.environment, &wrong)?;
    Ok(Signer::new(key_id, key))
}

fn private_key(
    profile: &Profile,
    environment: &Environment,
    wrong: &dyn Fn(&dyn std::fmt::Display) -> Failure,
) -> Result<PrivateKey, Failure> {
    let pass_phrase = profile.pass_phrase.as_deref();
    if let Some(content) = &profile.key_content {
        return PrivateKey::from_pem(content, pass_phrase)
            .map_err(|error| Failure::usage(format!("OCI_CLI_KEY_CONTENT: {error}")));
    }
    let file = profile.required("key_file", &profile.key_file).map_err(|error| wrong(&error))?;
    let path = environment.expand(file);
    let text = read(&path, "private key")?;
    PrivateKey::from_pem(&text, pass_phrase)
        .map_err(|error| Failure::usage(format!("private key {}: {error}", path.display())))
}

fn read(path: &Path, what: &str) -> Result<String, Failure> {
    let shown = path.display();
    crate::files::read_text(path)
        .map_err(|error| Failure::usage(format!("{what} {shown} cannot be read: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OCID: &str = "ocid1.x.oc1..a";
    const FINGERPRINT: &str = "00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff";

    fn settings(line: &str) -> Settings {
        let cli = crate::args::parse(line.split(' ')).unwrap();
        Settings::resolve(&cli.global, &Environment::default()).unwrap()
    }

    fn profile(key_file: &Path) -> FoundProfile {
        let profile = Profile {
            name: "P".to_owned(),
            user: Some(OCID.to_owned()),
            tenancy: Some(OCID.to_owned()),
            fingerprint: Some(FINGERPRINT.to_owned()),
            key_file: Some(key_file.display().to_string()),
            ..Profile::default()
        };
        FoundProfile { profile, origin: "profile P in F".to_owned() }
    }

    #[test]
    fn api_key_and_session_token() {
        let dir = tempfile::tempdir().unwrap();
        let key = dir.path().join("key.pem");
        std::fs::write(&key, PrivateKey::generate().to_pkcs8_pem()).unwrap();
        let token = dir.path().join("token");
        std::fs::write(&token, "a.b.c\n").unwrap();
        let line = format!("manage-dt --data-dir {} query t", dir.path().display());

        let mut found = profile(&key);
        let made = signer(&settings(&line), &found).unwrap();
        assert_eq!(made.key_id, format!("{OCID}/{OCID}/{FINGERPRINT}"));

        found.profile.security_token_file = Some(token.display().to_string());
        let made = signer(&settings(&format!("{line} --auth security_token")), &found).unwrap();
        assert_eq!(made.key_id, "ST$a.b.c");
    }

    #[test]
    fn errors_name_the_place() {
        let dir = tempfile::tempdir().unwrap();
        let line = format!("manage-dt --data-dir {} query t", dir.path().display());
        let missing = dir.path().join("none.pem");
        let message = |found: &FoundProfile| {
            signer(&settings(&line), found).err().and_then(|failure| failure.message).unwrap()
        };
        let mut found = profile(&missing);
        assert!(message(&found).contains("none.pem cannot be read"));
        found.profile.user = None;
        assert_eq!(message(&found), "profile P in F: the profile `P` has no `user`");
    }
}
