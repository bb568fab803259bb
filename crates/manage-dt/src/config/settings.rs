//! What the options mean together: a typed option wins over `--local`, `--local` over the
//! environment, the environment over the defaults.

use std::path::{Path, PathBuf};

use iot_client::RetryPolicy;

use crate::args::{GlobalArgs, OutputFormat};
use crate::config::Environment;
use crate::config::local::{self, ClientDir, LOCAL_PROFILE};
use crate::failure::Failure;

/// Data directory unless told otherwise.
const DEFAULT_DATA_DIR: &str = "./data";
/// Profile unless told otherwise.
const DEFAULT_PROFILE: &str = "DEFAULT";

/// Ways to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthType {
    /// A user's API key.
    ApiKey,
    /// A session token and its key.
    SecurityToken,
    /// The certificate of the compute instance that this is.
    InstancePrincipal,
    /// The token of the cloud resource that this is.
    ResourcePrincipal,
}

/// The options of a verb that talks to a platform, decided.
#[derive(Debug)]
pub struct Settings {
    /// Directory of the twins' configuration, their definitions and the token cache.
    pub data_dir: PathBuf,
    /// The twins' configuration.
    pub iot_config_file: PathBuf,
    /// Name of the OCI profile.
    pub profile: String,
    /// OCI configuration file, when one is named.
    pub config_file: Option<PathBuf>,
    /// How to sign in.
    pub auth: AuthType,
    /// Where an instance's certificate is exchanged for a token, when not in the region.
    pub federation_endpoint: Option<String>,
    /// Tries of calls of the control plane.
    pub retry: RetryPolicy,
    /// Region, when not the profile's.
    pub region: Option<String>,
    /// Address of the control plane, when not the region's.
    pub endpoint: Option<String>,
    /// File with the certificates to trust, when not the system's.
    pub cert_bundle: Option<PathBuf>,
    /// Description of regions that nobody knows by itself.
    pub region_metadata: Option<String>,
    /// Form of the results.
    pub output: OutputFormat,
    /// The variables that credentials may be taken from; none with `--local`.
    pub environment: Environment,
}

impl Settings {
    /// Decides. Reads files of `--local` only.
    pub fn decide(args: &GlobalArgs, environment: &Environment) -> Result<Settings, Failure> {
        match &args.local {
            Some(given) => Settings::of_local(args, given, environment),
            None => Settings::of_environment(args, environment),
        }
    }

    /// Decides, for a verb that reads the data directory.
    pub fn resolve(args: &GlobalArgs, environment: &Environment) -> Result<Settings, Failure> {
        let settings = Settings::decide(args, environment)?;
        if settings.data_dir.is_dir() {
            return Ok(settings);
        }
        let text = format!("data directory {} does not exist", settings.data_dir.display());
        Err(Failure::usage(text).hint(
            "name the directory of iot_config.yaml with --data-dir, or use a local platform with \
             --local",
        ))
    }

    fn of_environment(args: &GlobalArgs, environment: &Environment) -> Result<Settings, Failure> {
        let data_dir = path(&args.data_dir).unwrap_or_else(|| PathBuf::from(DEFAULT_DATA_DIR));
        let mut bundle = ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"].iter();
        let bundle = bundle.find_map(|name| environment.get(name)).map(PathBuf::from);
        Ok(Settings {
            iot_config_file: data_dir.join(&args.iot_config_file),
            data_dir,
            profile: text(&args.profile).unwrap_or_else(|| DEFAULT_PROFILE.to_owned()),
            config_file: path(&args.config_file).map(|path| expanded(&path, environment)),
            auth: auth_type(text(&args.auth).as_deref())?,
            federation_endpoint: text(&args.federation_endpoint)
                .or_else(|| environment.get("OCI_SDK_AUTH_CLIENT_REGION_URL").map(str::to_owned)),
            retry: retry(args, environment),
            region: text(&args.region),
            endpoint: text(&args.endpoint),
            cert_bundle: path(&args.cert_bundle).or(bundle),
            region_metadata: region_metadata(environment),
            output: args.output,
            environment: environment.clone(),
        })
    }

    fn of_local(
        args: &GlobalArgs,
        given: &Path,
        environment: &Environment,
    ) -> Result<Settings, Failure> {
        let client = ClientDir::of_state_dir(&local::state_dir(given, environment))?;
        let dir = client.path();
        let typed = |id: &str| args.typed.contains(&id);
        let typed_text = |id, value: &Option<String>| text(value).filter(|_| typed(id));
        let typed_path = |id, value: &Option<PathBuf>| path(value).filter(|_| typed(id));
        let data_dir = typed_path("data_dir", &args.data_dir).unwrap_or_else(|| dir.to_owned());
        let in_client = |name: &str| Some(dir.join(name));
        Ok(Settings {
            iot_config_file: data_dir.join(&args.iot_config_file),
            data_dir,
            profile: typed_text("profile", &args.profile)
                .unwrap_or_else(|| LOCAL_PROFILE.to_owned()),
            config_file: typed_path("config_file", &args.config_file)
                .or_else(|| in_client("oci_config")),
            auth: auth_type(typed_text("auth", &args.auth).as_deref())?,
            federation_endpoint: text(&args.federation_endpoint),
            retry: retry(args, environment),
            region: typed_text("region", &args.region),
            endpoint: typed_text("endpoint", &args.endpoint),
            cert_bundle: typed_path("cert_bundle", &args.cert_bundle)
                .or_else(|| in_client("ca-bundle.pem")),
            region_metadata: local::exported(&client.env_sh()?, "OCI_REGION_METADATA"),
            output: args.output,
            environment: environment.only(&["HOME"]),
        })
    }
}

/// Descriptions from `~/.oci/regions-config.json` and, behind them, from `OCI_REGION_METADATA`,
/// the order of the cloud's own clients. A file that cannot be read is no reason to stop.
fn region_metadata(environment: &Environment) -> Option<String> {
    let variable = environment.get("OCI_REGION_METADATA").map(str::to_owned);
    let file = environment.home().map(|home| home.join(".oci/regions-config.json"));
    let Some(file) = file.and_then(|file| std::fs::read_to_string(file).ok()) else {
        return variable;
    };
    let Ok(serde_json::Value::Array(mut regions)) = serde_json::from_str(&file) else {
        return variable;
    };
    match variable.as_deref().map(serde_json::from_str) {
        Some(Ok(region)) => regions.push(region),
        // Left as it is, so that the error names it.
        Some(Err(_)) => return variable,
        None => {}
    }
    Some(serde_json::Value::Array(regions).to_string())
}

fn auth_type(name: Option<&str>) -> Result<AuthType, Failure> {
    match name {
        None | Some("api_key") => Ok(AuthType::ApiKey),
        Some("security_token") => Ok(AuthType::SecurityToken),
        Some("instance_principal") => Ok(AuthType::InstancePrincipal),
        Some("resource_principal") => Ok(AuthType::ResourcePrincipal),
        Some(name) => Err(Failure::usage(format!("unknown type of sign-in '{name}'")).hint(
            "--auth and OCI_CLI_AUTH take api_key, security_token, instance_principal or \
             resource_principal",
        )),
    }
}

/// As the cloud's own clients try, unless an option or their variable says otherwise.
fn retry(args: &GlobalArgs, environment: &Environment) -> RetryPolicy {
    let is_off = |name| {
        environment.get(name).is_some_and(|text| {
            let text = text.trim();
            text.eq_ignore_ascii_case("false") || text == "0"
        })
    };
    let usual = RetryPolicy::default();
    let tries_max = match args.max_retries {
        Some(retries) => retries + 1,
        None if args.no_retry || is_off("OCI_SDK_DEFAULT_RETRY_ENABLED") => 1,
        None => usual.tries_max,
    };
    let failures_max = match is_off("OCI_SDK_DEFAULT_CIRCUITBREAKER_ENABLED") {
        true => u32::MAX,
        false => usual.failures_max,
    };
    RetryPolicy { tries_max, failures_max, ..usual }
}

fn text(value: &Option<String>) -> Option<String> {
    value.clone().filter(|value| !value.is_empty())
}

fn path(value: &Option<PathBuf>) -> Option<PathBuf> {
    value.clone().filter(|value| !value.as_os_str().is_empty())
}

fn expanded(path: &Path, environment: &Environment) -> PathBuf {
    path.to_str().map_or_else(|| path.to_owned(), |path| environment.expand(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(line: &str, environment: &[(&str, &str)]) -> Settings {
        let cli = crate::args::parse(line.split(' ')).unwrap();
        Settings::resolve(&cli.global, &Environment::of(environment)).unwrap()
    }

    #[test]
    fn local_comes_from_the_client_directory() {
        let state = tempfile::tempdir().unwrap();
        let client = state.path().join("client");
        std::fs::create_dir(&client).unwrap();
        std::fs::write(client.join("env.sh"), "export OCI_REGION_METADATA='{}'\n").unwrap();
        let dir = state.path().display();
        let other = [("OCI_CLI_KEY_CONTENT", "x"), ("REQUESTS_CA_BUNDLE", "/other")];

        let settings = resolved(&format!("manage-dt --local={dir} query t"), &other);
        assert_eq!(settings.profile, "LOCAL");
        assert_eq!(settings.config_file, Some(client.join("oci_config")));
        assert_eq!(settings.cert_bundle, Some(client.join("ca-bundle.pem")));
        assert_eq!(settings.iot_config_file, client.join("iot_config.yaml"));
        assert_eq!(settings.region_metadata.as_deref(), Some("{}"));
        assert_eq!(settings.environment.get("OCI_CLI_KEY_CONTENT"), None);

        let line = format!("manage-dt --local={dir} query t --profile P --cert-bundle /mine");
        let settings = resolved(&line, &other);
        assert_eq!(settings.profile, "P");
        assert_eq!(settings.cert_bundle, Some(PathBuf::from("/mine")));
    }

    #[test]
    fn bundle_comes_from_the_first_variable() {
        let dir = tempfile::tempdir().unwrap();
        let line = format!("manage-dt --data-dir {} query t", dir.path().display());
        let both = [("SSL_CERT_FILE", "/s"), ("REQUESTS_CA_BUNDLE", "/r")];
        assert_eq!(resolved(&line, &both).cert_bundle, Some(PathBuf::from("/r")));
        assert_eq!(resolved(&line, &both[..1]).cert_bundle, Some(PathBuf::from("/s")));
        assert_eq!(resolved(&line, &[]).cert_bundle, None);
        assert_eq!(resolved(&line, &[]).profile, "DEFAULT");
    }

    #[test]
    fn unknown_sign_in_is_told() {
        let failure = auth_type(Some("x")).unwrap_err();
        assert!(failure.message.unwrap().contains("unknown type of sign-in 'x'"));
        assert!(failure.hint.unwrap().contains("resource_principal"));
    }

    #[test]
    fn tries_follow_option_and_variable() {
        let dir = tempfile::tempdir().unwrap();
        let line = format!("manage-dt --data-dir {} query t", dir.path().display());
        let tries = |more: &str, environment: &[(&str, &str)]| {
            resolved(&format!("{line}{more}"), environment).retry.tries_max
        };
        let off = [("OCI_SDK_DEFAULT_RETRY_ENABLED", "False")];
        assert_eq!(tries("", &[]), 8);
        assert_eq!(tries("", &off), 1);
        assert_eq!(tries(" --no-retry", &[]), 1);
        assert_eq!(tries(" --max-retries 2", &off), 3);

        let failures =
            |environment: &[(&str, &str)]| resolved(&line, environment).retry.failures_max;
        assert_eq!(failures(&[]), 10);
        assert_eq!(failures(&[("OCI_SDK_DEFAULT_CIRCUITBREAKER_ENABLED", "false")]), u32::MAX);
    }
}
