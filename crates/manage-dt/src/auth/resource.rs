//! `--auth resource_principal`, version 2.2: token and key that the cloud hands to the process
//! (control-plane.md 2.7).

use std::path::Path;

use iot_client::{ClientError, Identity};
use oci_core::key::PrivateKey;
use oci_core::sign::{Signer, token_key_id};

use super::SignIn;
use crate::config::{Environment, Settings};
use crate::failure::Failure;

const VERSION: &str = "OCI_RESOURCE_PRINCIPAL_VERSION";
const TOKEN: &str = "OCI_RESOURCE_PRINCIPAL_RPST";
const KEY: &str = "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM";
const PASS_PHRASE: &str = "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM_PASSPHRASE";
const REGION: &str = "OCI_RESOURCE_PRINCIPAL_REGION";

/// Reads token and key once, so that a mistake is told at once; they are read again when the
/// token ends or is refused.
pub fn sign_in(settings: &Settings) -> Result<SignIn, Failure> {
    tracing::debug!("OCI authentication: Resource principal");
    let environment = &settings.environment;
    match environment.get(VERSION) {
        Some("2.2") => {}
        Some(other) => {
            let text = format!("{VERSION} is {other}, and only version 2.2 can be used");
            return Err(Failure::usage(text));
        }
        None => {
            let text = format!("{VERSION} is not set: the cloud sets it where it runs a resource");
            return Err(Failure::usage(text).hint("sign in with --auth api_key elsewhere"));
        }
    }
    signer(environment).map_err(Failure::usage)?;
    let region = settings.region.clone();
    let region = region.or_else(|| environment.get(REGION).map(str::to_owned));
    let own = environment.only(&[TOKEN, KEY, PASS_PHRASE]);
    Ok(SignIn {
        identity: Identity::read(move || signer(&own)),
        region,
        region_metadata: settings.region_metadata.clone(),
        origin: "the OCI_RESOURCE_PRINCIPAL_* variables".to_owned(),
    })
}

fn signer(environment: &Environment) -> Result<Signer, ClientError> {
    let wanted = |name| {
        let value = value(environment, name)?;
        value.ok_or_else(|| ClientError::setup(format!("{name} is not set")))
    };
    let token = wanted(TOKEN)?;
    let key = wanted(KEY)?;
    let pass_phrase = value(environment, PASS_PHRASE)?;
    let pass_phrase = pass_phrase.as_deref().map(|text| text.trim_end_matches(['\r', '\n']));
    let key = PrivateKey::from_pem(&key, pass_phrase)
        .map_err(|error| ClientError::setup(format!("{KEY}: {error}")))?;
    Ok(Signer::new(token_key_id(&token), key))
}

/// The variable's value, or the content of the file that it names by an absolute path.
fn value(environment: &Environment, name: &str) -> Result<Option<String>, ClientError> {
    let Some(value) = environment.get(name) else { return Ok(None) };
    let path = Path::new(value);
    if !path.is_absolute() {
        return Ok(Some(value.to_owned()));
    }
    let text = crate::files::read_text(path)
        .map_err(|error| ClientError::setup(format!("{name}: {value} cannot be read: {error}")))?;
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(environment: &[(&str, &str)]) -> Result<SignIn, String> {
        let dir = tempfile::tempdir().unwrap();
        let line = format!(
            "manage-dt --auth resource_principal --data-dir {} query t",
            dir.path().display()
        );
        let cli = crate::args::parse(line.split(' ')).unwrap();
        let settings = Settings::resolve(&cli.global, &Environment::of(environment)).unwrap();
        sign_in(&settings).map_err(|failure| failure.message.unwrap())
    }

    #[test]
    fn values_and_files() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("rpst");
        std::fs::write(&file, "a.b.c\n").unwrap();
        let key = PrivateKey::generate().to_pkcs8_pem();
        let token = file.to_str().unwrap();
        let all = [(VERSION, "2.2"), (TOKEN, token), (KEY, key.as_str()), (REGION, "r-1")];
        assert_eq!(signer(&Environment::of(&all)).unwrap().key_id, "ST$a.b.c");
        let found = outcome(&all).unwrap();
        assert_eq!(found.region.as_deref(), Some("r-1"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let message = |environment: &[(&str, &str)]| outcome(environment).err().unwrap();
        assert!(message(&[]).starts_with("OCI_RESOURCE_PRINCIPAL_VERSION is not set"));
        assert!(message(&[(VERSION, "1.1")]).contains("only version 2.2"));
        let no_token = message(&[(VERSION, "2.2")]);
        assert_eq!(no_token, "OCI_RESOURCE_PRINCIPAL_RPST is not set");
        let no_file = message(&[(VERSION, "2.2"), (TOKEN, "/no/such/file"), (KEY, "k")]);
        assert!(no_file.contains("/no/such/file cannot be read"), "{no_file}");
        let bad_key = message(&[(VERSION, "2.2"), (TOKEN, "a.b.c"), (KEY, "s3cr3t")]);
        assert!(bad_key.contains("PEM form") && !bad_key.contains("s3cr3t"), "{bad_key}");
    }
}
