//! `device-cert issue`: a certificate for a device, from the CA of a local platform.

use std::path::PathBuf;

use serde::Serialize;

use crate::args::{DeviceCertAction, DeviceCertArgs, GlobalArgs, IssueArgs, OutputFormat};
use crate::config::{Environment, local};
use crate::failure::Failure;
use crate::serve::{issue_device_certificate, write_private};
use crate::session::Definition;

/// What was written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Issued {
    external_key: String,
    certificate: PathBuf,
    private_key: PathBuf,
}

/// Makes the certificate and says where it is.
pub fn run(
    args: &DeviceCertArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<(), Failure> {
    let DeviceCertAction::Issue(args) = &args.action;
    let external_key = external_key(args, global, environment)?;
    let state_dir = global.local.as_deref().unwrap_or(&args.state_dir);
    let state_dir = local::state_dir(state_dir, environment);
    let (certificate, key) = issue_device_certificate(&state_dir, &external_key, args.days)?;
    let issued = Issued {
        certificate: args.out.join(format!("{external_key}.pem")),
        private_key: args.out.join(format!("{external_key}_key.pem")),
        external_key,
    };
    std::fs::create_dir_all(&args.out)
        .map_err(|error| Failure::usage(format!("--out {}: {error}", args.out.display())))?;
    write_private(&issued.private_key, key.as_bytes())?;
    write_private(&issued.certificate, certificate.as_bytes())?;
    match global.output {
        OutputFormat::Json => {
            anstream::println!("{}", serde_json::to_string_pretty(&issued).unwrap_or_default());
        }
        OutputFormat::Table | OutputFormat::Sarif => {
            anstream::println!("certificate: {}", issued.certificate.display());
            anstream::println!("private key: {}", issued.private_key.display());
        }
    }
    Ok(())
}

/// The name that goes into the certificate, and into the names of its files.
fn external_key(
    args: &IssueArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<String, Failure> {
    let key = match (&args.external_key, &args.twin) {
        (Some(key), _) => key.clone(),
        (None, Some(twin)) => {
            Definition::read(global, environment, twin)?.twin.require("external_key")?.to_owned()
        }
        (None, None) => return Err(Failure::usage("name a twin, or give --external-key")),
    };
    if key.is_empty() || key.contains(['/', '\\', '\0']) || key.starts_with('.') {
        let text = format!("the external key '{}' is no name for a file", key.escape_debug());
        return Err(Failure::usage(text).hint("give the twin another external key"));
    }
    Ok(key)
}
