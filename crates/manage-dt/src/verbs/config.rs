//! `config show`: the settings in force, and with `--origin` where each comes from.

use oci_core::config::Profile;
use serde_json::{Value, json};

use crate::args::{ConfigVerb, GlobalArgs};
use crate::config::settings::AuthType;
use crate::config::{Environment, Settings, oci_profile};
use crate::failure::Failure;
use crate::print::json_text::plain;
use crate::print::{Report, Table};

/// A setting in force.
struct Line {
    name: &'static str,
    value: Option<String>,
    origin: String,
}

/// Runs the verb below `config`.
pub fn run(
    verb: &ConfigVerb,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<(), Failure> {
    let ConfigVerb::Show { origin } = verb;
    let settings = Settings::resolve(global, environment)?;
    let mut lines = of_options(&settings, global, environment);
    if matches!(settings.auth, AuthType::ApiKey | AuthType::SecurityToken) {
        let found = oci_profile::find(&settings)?;
        lines.extend(of_profile(&found.profile, &found.origin, &settings, global));
    }
    let mut report = Report::on_stdout(global.output, environment);
    let as_json = || lines.iter().map(|line| line.to_json(*origin)).collect();
    report.part("settings", as_json, |width| table(&lines, *origin).render(width));
    report.finish()
}

fn table(lines: &[Line], with_origin: bool) -> Table {
    let heads = ["Setting", "Value", "Origin"];
    let mut table = Table::new(None, if with_origin { &heads } else { &heads[..2] });
    for line in lines {
        let value = line.value.clone().unwrap_or_else(|| "-".to_owned());
        let mut row = vec![line.name.to_owned(), plain(&value)];
        if with_origin {
            row.push(plain(&line.origin));
        }
        table.row(row);
    }
    table
}

impl Line {
    fn to_json(&self, with_origin: bool) -> Value {
        match with_origin {
            true => json!({"name": self.name, "value": self.value, "origin": self.origin}),
            false => json!({"name": self.name, "value": self.value}),
        }
    }
}

/// The options, in the order in which they win: typed, `--local`, variable, default.
fn of_options(settings: &Settings, global: &GlobalArgs, environment: &Environment) -> Vec<Line> {
    let path = |path: &std::path::Path| Some(path.display().to_string());
    let line = |name: &'static str, variables: &[&str], value: Option<String>, local: bool| {
        let variable = variables.iter().find(|variable| environment.get(variable).is_some());
        let origin = match (global.typed.contains(&name), &global.local, variable) {
            (true, ..) => format!("--{}", name.replace('_', "-")),
            (_, Some(_), _) if local => "--local".to_owned(),
            (_, None, Some(variable)) => format!("variable {variable}"),
            _ => "default".to_owned(),
        };
        Line { name, value, origin }
    };
    let auth = match settings.auth {
        AuthType::ApiKey => "api_key",
        AuthType::SecurityToken => "security_token",
        AuthType::InstancePrincipal => "instance_principal",
        AuthType::ResourcePrincipal => "resource_principal",
    };
    let bundles = ["OCI_CLI_CERT_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"];
    let config_file = settings.config_file.as_deref().and_then(path);
    let bundle = settings.cert_bundle.as_deref().and_then(path);
    vec![
        line("data_dir", &["MANAGE_DT_DATA_DIR"], path(&settings.data_dir), true),
        line("auth", &["OCI_CLI_AUTH"], Some(auth.to_owned()), false),
        line("profile", &["OCI_CLI_PROFILE"], Some(settings.profile.clone()), true),
        line("config_file", &["OCI_CLI_CONFIG_FILE"], config_file, true),
        line("endpoint", &["OCI_CLI_ENDPOINT"], settings.endpoint.clone(), false),
        line("cert_bundle", &bundles, bundle, true),
    ]
}

/// What the profile says, with the variables that are put over it. Secrets are not shown.
fn of_profile(
    profile: &Profile,
    origin: &str,
    settings: &Settings,
    global: &GlobalArgs,
) -> Vec<Line> {
    let line = |name: &'static str, variable: &str, value: &Option<String>| {
        let counts = profile.key_content.is_some() || variable == "OCI_CLI_REGION";
        let is_set = counts && value.is_some() && settings.environment.get(variable).is_some();
        let origin = match (value, is_set) {
            (None, _) => "not set".to_owned(),
            (_, true) => format!("variable {variable}"),
            (_, false) => origin.to_owned(),
        };
        Line { name, value: value.clone(), origin }
    };
    let hidden = |value: &Option<String>| value.as_ref().map(|_| "(set, not shown)".to_owned());
    let mut region = line("region", "OCI_CLI_REGION", &profile.region);
    if global.typed.contains(&"region") {
        region.origin = "--region".to_owned();
    }
    vec![
        region,
        line("user", "OCI_CLI_USER", &profile.user),
        line("tenancy", "OCI_CLI_TENANCY", &profile.tenancy),
        line("fingerprint", "OCI_CLI_FINGERPRINT", &profile.fingerprint),
        line("key_file", "OCI_CLI_KEY_FILE", &profile.key_file),
        line("key_content", "OCI_CLI_KEY_CONTENT", &hidden(&profile.key_content)),
        line("pass_phrase", "OCI_CLI_PASSPHRASE", &hidden(&profile.pass_phrase)),
        line("security_token_file", "OCI_CLI_SECURITY_TOKEN_FILE", &profile.security_token_file),
    ]
}
