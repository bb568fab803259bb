//! `init`: a commented configuration, by asking for what is not given.

mod ask;

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use iot_api::domains::IotDomain;
use oci_core::ocid::Ocid;
use serde_json::json;

use self::ask::{Asker, Question};
use crate::args::{GlobalArgs, InitArgs};
use crate::auth;
use crate::client_errors::failed;
use crate::config::{Environment, Settings, oci_profile};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::print::Report;
use crate::print::json_text::plain;
use crate::serve::write_private;
use crate::templates::{self, IotConfigValues};
use crate::{runtime, session};

/// Characters of a device key; it becomes part of several names.
const DEVICE_KEY_CHARS_MAX: usize = 32;
/// Bytes of a file with a secret.
const SECRET_BYTES_MAX: u64 = 64 * 1024;
/// Domains that are offered.
const OFFERED_MAX: usize = 50;
/// First lines of the file.
const TITLE: &str = "# Configuration of manage-dt.";

/// Asks, and writes the file.
pub fn run(args: &InitArgs, global: &GlobalArgs, environment: &Environment) -> Result<(), Failure> {
    let settings = Settings::decide(global, environment)?;
    let file = &settings.iot_config_file;
    let mut asker = Asker::on_terminal();
    may_write(args, file, &mut asker)?;
    let secret = |file: &Option<PathBuf>, name: &str| match file {
        Some(path) => secret_of(path).map(Some),
        None => Ok(environment.get(name).map(str::to_owned)),
    };
    let client_secret = secret(&args.app_client_secret_file, "IAM_APP_CLIENT_SECRET")?;
    let password = secret(&args.password_file, "IAM_PASSWORD")?;
    let random_key = format!("d{}", oci_core::ocid::random_text(7));

    let domain_id = domain(args, &settings, &mut asker)?;
    let app_client_id = asker.answer(Question {
        option: "--app-client-id",
        text: "Client id of the confidential application",
        given: args.app_client_id.clone(),
        ..Question::default()
    })?;
    let app_client_secret = asker.answer(Question {
        option: "--app-client-secret-file",
        text: "Its client secret",
        given: client_secret,
        is_secret: true,
        ..Question::default()
    })?;
    let user = asker.answer(Question {
        option: "--user",
        text: "User of the identity domain",
        given: args.user.clone(),
        ..Question::default()
    })?;
    let password = asker.answer(Question {
        option: "--password-file",
        text: "The user's password",
        given: password,
        is_secret: true,
        ..Question::default()
    })?;
    let device_key = asker.answer(Question {
        option: "--device-key",
        text: "Short id of your devices",
        given: args.device_key.clone(),
        usual: Some(random_key),
        check: device_key,
        ..Question::default()
    })?;
    let auth_id = asker.answer(Question {
        option: "--auth-id",
        text: "OCID of the vault secret with the devices' password",
        given: args.auth_id.clone(),
        check: |text| ocid(text, &["vaultsecret", "certificate"]),
        ..Question::default()
    })?;
    asker.complete()?;

    let values = IotConfigValues {
        domain_id: &domain_id,
        app_client_id: &app_client_id,
        app_client_secret: &app_client_secret,
        user: &user,
        password: &password,
        device_key: &device_key,
        auth_id: &auth_id,
    };
    write(file, &values)?;
    let shown = file.display().to_string();
    let mut report = Report::on_stdout(global.output, environment);
    report.part("file", || json!(shown), |_| format!("{shown} is written\n"));
    report.part("domainId", || json!(domain_id), |_| String::new());
    report.part("deviceKey", || json!(device_key), |_| String::new());
    report.part(
        "next",
        || json!(["manage-dt doctor", "manage-dt create custom-adapter"]),
        |_| "Go on with `manage-dt doctor`, then `manage-dt create custom-adapter`\n".to_owned(),
    );
    report.finish()
}

/// A configuration that exists is replaced only when that is wanted.
fn may_write(args: &InitArgs, file: &Path, asker: &mut Asker) -> Result<(), Failure> {
    if args.overwrite || !file.exists() {
        return Ok(());
    }
    let text = format!("{} exists", file.display());
    match asker.confirms(&format!("{text}. Replace it?"))? {
        Some(true) => Ok(()),
        Some(false) => Err(Failure::new(ExitCode::Refused, format!("{text} and is kept"))),
        None => Err(Failure::usage(text).hint("--overwrite replaces it")),
    }
}

/// The domain: given, or chosen among those that the platform has.
fn domain(args: &InitArgs, settings: &Settings, asker: &mut Asker) -> Result<String, Failure> {
    let mut offered = Vec::new();
    if args.domain_id.is_none() && asker.may_ask() {
        match domains(args, settings) {
            Ok(domains) => offered = domains,
            Err(failure) => {
                let why = failure.message.unwrap_or_else(|| "it refused".to_owned());
                asker.say(&format!("The platform cannot be asked for its domains: {why}"));
            }
        }
    }
    offered.truncate(OFFERED_MAX);
    for (number, domain) in offered.iter().enumerate() {
        asker.say(&format!(
            "  {}  {}\n     {}",
            number + 1,
            plain(&domain.display_name),
            domain.id
        ));
    }
    let text = match offered.is_empty() {
        true => "OCID of the IoT domain",
        false => "The IoT domain, its number or OCID",
    };
    let answer = asker.answer_with(
        Question {
            option: "--domain-id",
            text,
            given: args.domain_id.clone(),
            usual: offered.first().filter(|_| offered.len() == 1).map(|_| "1".to_owned()),
            ..Question::default()
        },
        &|text| match text.parse::<usize>() {
            Ok(number) if (1..=offered.len()).contains(&number) => Ok(()),
            _ => ocid(text, &["iotdomain"]),
        },
    )?;
    let number = answer.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    Ok(match number.and_then(|at| offered.get(at)) {
        Some(domain) => domain.id.clone(),
        None => answer,
    })
}

/// The ACTIVE domains of the compartment.
fn domains(args: &InitArgs, settings: &Settings) -> Result<Vec<IotDomain>, Failure> {
    let compartment_id = match &args.compartment_id {
        Some(id) => id.clone(),
        None => oci_profile::find(settings)?.profile.tenancy.ok_or_else(|| {
            Failure::usage("the profile names no tenancy; --compartment-id says where to look")
        })?,
    };
    let http = session::http(settings)?;
    let sign_in = auth::sign_in(settings, &http)?;
    let (control, _) = session::control(settings, http, sign_in)?;
    let mut domains = runtime::block_on(async {
        let listed = control.domain_list(&compartment_id).await;
        listed.map_err(|error| failed("Cannot get IoT Domains", &error))
    })?;
    domains.retain(|domain| domain.lifecycle_state == "ACTIVE");
    Ok(domains)
}

fn ocid(text: &str, kinds: &[&str]) -> Result<(), String> {
    match Ocid::parse(text) {
        Ok(ocid) if kinds.contains(&ocid.type_word()) => Ok(()),
        Ok(_) => Err(format!("it begins with ocid1.{}.", kinds.join(". or ocid1."))),
        Err(error) => Err(error.to_string()),
    }
}

fn device_key(text: &str) -> Result<(), String> {
    let is_good = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.len() <= DEVICE_KEY_CHARS_MAX
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    match is_good {
        true => Ok(()),
        false => Err(format!(
            "1 to {DEVICE_KEY_CHARS_MAX} lower-case letters and digits, a letter first"
        )),
    }
}

/// The first line of a file.
fn secret_of(path: &Path) -> Result<String, Failure> {
    use std::io::Read as _;
    let unreadable = |error| Failure::usage(format!("{} cannot be read: {error}", path.display()));
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut text = String::new();
    file.take(SECRET_BYTES_MAX).read_to_string(&mut text).map_err(unreadable)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// Writes the configuration, and beside it the definitions of the sample twins that are missing.
fn write(file: &Path, values: &IotConfigValues<'_>) -> Result<(), Failure> {
    let dir = file.parent().unwrap_or(Path::new("."));
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(|error| crate::serve::failed(dir, error))?;
    for (name, text) in templates::DEFINITIONS {
        let path = dir.join(name);
        if !path.exists() {
            write_private(&path, text.as_bytes())?;
        }
    }
    write_private(file, templates::iot_config(TITLE, values).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_keys_fit_into_names() {
        for good in ["a", "d12x", &"a".repeat(32)] {
            assert!(device_key(good).is_ok(), "{good}");
        }
        for bad in ["", "1a", "A", "a-b", "ä", &"a".repeat(33)] {
            assert!(device_key(bad).is_err(), "{bad}");
        }
    }
}
