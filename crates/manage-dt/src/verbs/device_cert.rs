//! `device-cert`: certificates for devices, from the CA of a local platform.

use std::path::{Path, PathBuf};
use std::time::Duration;

use platform::clock::wall_clock_us;
use platform::store::Store as _;
use serde::Serialize;
use serde_json::Value;

use crate::args::{
    CertifiedArgs, DeviceCertAction, DeviceCertArgs, GlobalArgs, IssueArgs, RevokeArgs,
};
use crate::config::{Environment, local};
use crate::failure::Failure;
use crate::print::Report;
use crate::serve::{issue_device_certificate, open_store, store_failed, write_private};
use crate::session::Definition;

/// What was written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Issued {
    external_key: String,
    certificate: PathBuf,
    private_key: PathBuf,
}

/// What holds no longer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Revoked {
    external_key: String,
    /// RFC 3339.
    issued_before: String,
}

/// Does what is to be done with the certificates of one device.
pub fn run(
    args: &DeviceCertArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<(), Failure> {
    let device = match &args.action {
        DeviceCertAction::Issue(IssueArgs { device, .. })
        | DeviceCertAction::Revoke(RevokeArgs { device, .. }) => device,
    };
    let external_key = external_key(device, global, environment)?;
    let state_dir = global.local.as_deref().unwrap_or(&device.state_dir);
    let state_dir = local::state_dir(state_dir, environment);
    let report = Report::on_stdout(global.output, environment);
    match &args.action {
        DeviceCertAction::Issue(args) => issue(external_key, args, &state_dir, report),
        DeviceCertAction::Revoke(args) => {
            let question = format!("Take all certificates of '{external_key}' out of use?");
            crate::confirm::confirmed(args.yes, &question)?;
            revoke(external_key, &state_dir, report)
        }
    }
}

/// Makes the certificate and says where it is.
fn issue(
    external_key: String,
    args: &IssueArgs,
    state_dir: &Path,
    report: Report,
) -> Result<(), Failure> {
    let files = (
        args.out.join(format!("{external_key}.pem")),
        args.out.join(format!("{external_key}_key.pem")),
    );
    if let Some(there) = [&files.0, &files.1].into_iter().find(|file| !args.force && file.exists())
    {
        return Err(Failure::usage(format!("{} is there already", there.display()))
            .hint("--force replaces it; --out names another folder"));
    }
    let (certificate, key) = issue_device_certificate(state_dir, &external_key, args.days)?;
    if !crate::runtime::block_on(is_known(state_dir, &external_key))? {
        tracing::warn!(
            "no twin has the external key '{}' yet; the certificate works once one has",
            external_key.escape_debug()
        );
    }
    let issued = Issued { certificate: files.0, private_key: files.1, external_key };
    std::fs::create_dir_all(&args.out)
        .map_err(|error| Failure::usage(format!("--out {}: {error}", args.out.display())))?;
    write_private(&issued.private_key, key.as_bytes())?;
    write_private(&issued.certificate, certificate.as_bytes())?;
    let (certificate, private_key) = (&issued.certificate, &issued.private_key);
    let text =
        format!("certificate: {}\nprivate key: {}\n", certificate.display(), private_key.display());
    say(&issued, text, report)
}

/// Whether a twin has this external key.
async fn is_known(state_dir: &Path, external_key: &str) -> Result<bool, Failure> {
    let (store, _lock) = open_store(state_dir)?;
    for domain in store.domain_all().await.map_err(store_failed)? {
        let found = store.instance_by_key(&domain.common.id, external_key).await;
        if found.map_err(store_failed)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Takes the certificates issued until now out of use.
fn revoke(external_key: String, state_dir: &Path, report: Report) -> Result<(), Failure> {
    // Certificates count in whole seconds: this one is over before the next is issued.
    let before_s = wall_clock_us() / 1_000_000 + 1;
    crate::runtime::block_on(async {
        let (store, _lock) = open_store(state_dir)?;
        store.certificate_revoke(&external_key, before_s).await.map_err(store_failed)?;
        let rest_us = u64::try_from(before_s * 1_000_000 - wall_clock_us()).unwrap_or(0);
        tokio::time::sleep(Duration::from_micros(rest_us)).await;
        Ok::<(), Failure>(())
    })?;
    let issued_before = jiff::Timestamp::from_second(before_s).unwrap_or_default().to_string();
    let revoked = Revoked { external_key, issued_before };
    let Revoked { external_key, issued_before } = &revoked;
    let text = format!("revoked: certificates of {external_key} from before {issued_before}\n");
    say(&revoked, text, report)
}

/// The members of `value` as JSON, or the text.
fn say(value: &impl Serialize, text: String, mut report: Report) -> Result<(), Failure> {
    let mut text = Some(text);
    if let Ok(Value::Object(members)) = serde_json::to_value(value) {
        for (name, member) in members {
            report.part(&name, || member, |_| text.take().unwrap_or_default());
        }
    }
    report.finish()
}

/// The name that stands in the certificate, and in the names of its files.
fn external_key(
    args: &CertifiedArgs,
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
