//! `env`: the shell lines that point OCI tools at a local platform.

use std::io::{ErrorKind, Write};
use std::path::Path;

use oci_core::config::profile_from_ini;
use serde_json::Value;

use crate::args::{EnvArgs, GlobalArgs, OutputFormat};
use crate::config::Environment;
use crate::config::local::{self, ClientDir, LOCAL_PROFILE};
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Prints `client/env.sh` and, on stderr, what it cannot do for the Python SDK.
pub fn run(args: &EnvArgs, global: &GlobalArgs, environment: &Environment) -> Result<(), Failure> {
    let state_dir = match &global.local {
        Some(given) => local::state_dir(given, environment),
        None => local::state_dir(&args.state_dir, environment),
    };
    let client = ClientDir::of_state_dir(&state_dir)?;
    let lines = client.env_sh()?;
    let text = match global.output {
        OutputFormat::Json => crate::print::filter::text(variables(&lines))?,
        _ => lines,
    };
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let text = format!("cannot write the lines: {error}");
            return Err(Failure::new(ExitCode::Refused, text));
        }
        // A reader that goes away is no error.
        _ => {}
    }
    if let Some(home) = environment.home()
        && let Some(advice) = profile_advice(&home, &client)
    {
        let _ = writeln!(std::io::stderr().lock(), "{advice}");
    }
    Ok(())
}

/// The lines as a JSON object.
fn variables(lines: &str) -> Value {
    let pairs = local::all_exported(lines);
    Value::Object(pairs.map(|(name, value)| (name.to_owned(), Value::String(value))).collect())
}

/// The Python SDK looks at `OCI_CONFIG_FILE` only where there is no `~/.oci/config`; where there
/// is one, it needs the profile in it.
fn profile_advice(home: &Path, client: &ClientDir) -> Option<String> {
    let usual = home.join(".oci/config");
    let ours = client.path().join("oci_config");
    let text = std::fs::read_to_string(&usual).ok()?;
    let wanted = std::fs::read_to_string(&ours).ok();
    let wanted = wanted.and_then(|text| profile_from_ini(&text, LOCAL_PROFILE).ok());
    let present = profile_from_ini(&text, LOCAL_PROFILE).ok();
    let ours = std::path::absolute(&ours).unwrap_or(ours);
    let (usual, ours) = (usual.display(), ours.display());
    let add =
        format!("  awk '/^\\[/ {{ on = /^\\[{LOCAL_PROFILE}\\]/ }} on' \"{ours}\" >> \"{usual}\"");
    match present {
        Some(present) if wanted.is_some_and(|wanted| wanted.fingerprint == present.fingerprint) => {
            None
        }
        Some(_) => Some(format!(
            "note: {usual} has a profile {LOCAL_PROFILE} of another platform, and the OCI Python \
             SDK reads that file.\nRemove the profile from it, then add the one of this platform:\n{add}"
        )),
        None => Some(format!(
            "note: {usual} exists, so the OCI Python SDK reads it and not OCI_CONFIG_FILE.\n\
             To add the profile {LOCAL_PROFILE} to it:\n{add}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn advice_only_where_it_is_needed() {
        let dir = tempfile::tempdir().unwrap();
        let usual = dir.path().join(".oci/config");
        write(&dir.path().join("client/env.sh"), "export A=1\n");
        let ours = "[DEFAULT]\nfingerprint=f1\n[LOCAL]\nfingerprint=f1\n";
        write(&dir.path().join("client/oci_config"), ours);
        let client = ClientDir::of_state_dir(dir.path()).unwrap();
        let advice = || profile_advice(dir.path(), &client);

        assert_eq!(advice(), None);
        write(&usual, "[DEFAULT]\nfingerprint=x\n");
        assert!(advice().unwrap().contains("exists, so the OCI Python SDK reads it"));
        write(&usual, "[DEFAULT]\nfingerprint=x\n[LOCAL]\nfingerprint=f2\n");
        assert!(advice().unwrap().contains("another platform"));
        write(&usual, "[DEFAULT]\nfingerprint=x\n[LOCAL]\nfingerprint=f1\n");
        assert_eq!(advice(), None);
    }
}
