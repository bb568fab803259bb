//! One profile, after inheritance.

use std::fmt;

use super::ini::{self, Entry};

/// The section that all others inherit from.
const DEFAULT: &str = "DEFAULT";

/// What a profile says. Empty values count as absent. `Debug` shows neither pass phrase nor key.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// Name of the section.
    pub name: String,
    /// User OCID.
    pub user: Option<String>,
    /// Tenancy OCID.
    pub tenancy: Option<String>,
    /// Fingerprint of the API key.
    pub fingerprint: Option<String>,
    /// Path of the private key, `~` not yet replaced.
    pub key_file: Option<String>,
    /// The private key itself; only from the environment, never from a file.
    pub key_content: Option<String>,
    /// Opens an encrypted key.
    pub pass_phrase: Option<String>,
    /// Region identifier.
    pub region: Option<String>,
    /// Path of a file with a session token; `key_file` is then the session's key.
    pub security_token_file: Option<String>,
    /// Path of a file with a delegation token.
    pub delegation_token_file: Option<String>,
    /// `instance_principal`, with delegation.
    pub authentication_type: Option<String>,
}

/// Why a configuration cannot be used. No variant carries a value of the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Absurdly long.
    #[error("the configuration file is longer than {} bytes", crate::limits::CONFIG_BYTES_MAX)]
    TooLong,
    /// Neither section nor entry.
    #[error("line {line} is neither `[profile]` nor `key = value`")]
    Line {
        /// Where.
        line: usize,
    },
    /// An entry before the first section.
    #[error("line {line} stands before the first section; put `[DEFAULT]` in front of it")]
    BeforeSection {
        /// Where.
        line: usize,
    },
    /// A section that is there already.
    #[error("line {line} begins the profile `{name}` a second time")]
    SectionTwice {
        /// Where.
        line: usize,
        /// Which.
        name: String,
    },
    /// A key that the section has already.
    #[error("line {line} gives `{key}` a second time")]
    KeyTwice {
        /// Where.
        line: usize,
        /// Which.
        key: String,
    },
    /// `key_content` in a file.
    #[error("line {line}: a private key must not stand in this file; name its file in `key_file`")]
    KeyContent {
        /// Where.
        line: usize,
    },
    /// No such profile.
    #[error("there is no profile `{name}`; {}", existing(.known))]
    UnknownProfile {
        /// Asked for.
        name: String,
        /// Those that exist.
        known: Vec<String>,
    },
    /// A key that is needed.
    #[error("the profile `{profile}` has no `{key}`")]
    Missing {
        /// Which profile.
        profile: String,
        /// Which key.
        key: &'static str,
    },
    /// A value of the wrong form.
    #[error("`{key}` of the profile `{profile}` is not {expected}")]
    Form {
        /// Which profile.
        profile: String,
        /// Which key.
        key: &'static str,
        /// What it should be.
        expected: &'static str,
    },
}

fn existing(known: &[String]) -> String {
    match known {
        [] => "the file has no profiles".to_owned(),
        known => format!("the file has {}", known.join(", ")),
    }
}

/// Reads one profile of a configuration file, with what it inherits from `DEFAULT`.
///
/// ```
/// let text = "[DEFAULT]\nregion = local-1\n[LOCAL]\nuser = ocid1.user.oc0..a\n";
/// let profile = oci_core::config::profile_from_ini(text, "LOCAL").expect("exists");
/// assert_eq!(profile.region.as_deref(), Some("local-1"));
/// ```
pub fn profile_from_ini(text: &str, name: &str) -> Result<Profile, ConfigError> {
    let sections = ini::parse(text)?;
    let find = |name: &str| sections.iter().find(|(known, _)| known == name).map(|(_, s)| s);
    let own = find(name);
    if own.is_none() {
        let known = sections.iter().map(|(name, _)| name.clone()).collect();
        return Err(ConfigError::UnknownProfile { name: name.to_owned(), known });
    }
    let inherited = find(DEFAULT);
    let entry = |key: &str| -> Option<&Entry> {
        own.and_then(|section| section.get(key)).or(inherited.and_then(|section| section.get(key)))
    };
    if let Some(&Entry { line, .. }) = entry("key_content") {
        return Err(ConfigError::KeyContent { line });
    }
    let value =
        |key: &str| entry(key).map(|entry| entry.value.clone()).filter(|value| !value.is_empty());
    Ok(Profile {
        name: name.to_owned(),
        user: value("user"),
        tenancy: value("tenancy"),
        fingerprint: value("fingerprint"),
        key_file: value("key_file"),
        key_content: None,
        pass_phrase: value("pass_phrase"),
        region: value("region"),
        security_token_file: value("security_token_file"),
        delegation_token_file: value("delegation_token_file"),
        authentication_type: value("authentication_type"),
    })
}

impl Profile {
    /// This profile with the values that the environment gives put over its own
    /// (control-plane.md 2.9). `variable` looks one up; an empty one counts as absent.
    pub fn with_environment(mut self, variable: impl Fn(&str) -> Option<String>) -> Profile {
        let put = |slot: &mut Option<String>, name: &str| {
            if let Some(value) = variable(name).filter(|value| !value.is_empty()) {
                *slot = Some(value);
            }
        };
        put(&mut self.user, "OCI_CLI_USER");
        put(&mut self.tenancy, "OCI_CLI_TENANCY");
        put(&mut self.fingerprint, "OCI_CLI_FINGERPRINT");
        put(&mut self.key_file, "OCI_CLI_KEY_FILE");
        put(&mut self.key_content, "OCI_CLI_KEY_CONTENT");
        put(&mut self.pass_phrase, "OCI_CLI_PASSPHRASE");
        put(&mut self.region, "OCI_CLI_REGION");
        put(&mut self.security_token_file, "OCI_CLI_SECURITY_TOKEN_FILE");
        put(&mut self.delegation_token_file, "OCI_CLI_DELEGATION_TOKEN_FILE");
        if self.region.is_none() {
            put(&mut self.region, "OCI_REGION");
        }
        self
    }

    /// The key id of an API key, `<tenancy>/<user>/<fingerprint>`, after the checks that the
    /// cloud's own clients make (control-plane.md 1.5).
    pub fn api_key_id(&self) -> Result<String, ConfigError> {
        let tenancy = self.checked("tenancy", &self.tenancy, is_ocid, "an OCID")?;
        let user = self.checked("user", &self.user, is_ocid, "an OCID")?;
        let expected = "16 pairs of hex digits (0-9, a-f) separated by colons";
        let fingerprint =
            self.checked("fingerprint", &self.fingerprint, is_fingerprint, expected)?;
        Ok(format!("{tenancy}/{user}/{fingerprint}"))
    }

    /// A value that must be there, or an error that names its key.
    pub fn required<'a>(
        &self,
        key: &'static str,
        value: &'a Option<String>,
    ) -> Result<&'a str, ConfigError> {
        let missing = || ConfigError::Missing { profile: self.name.clone(), key };
        value.as_deref().ok_or_else(missing)
    }

    fn checked<'a>(
        &self,
        key: &'static str,
        value: &'a Option<String>,
        is_valid: fn(&str) -> bool,
        expected: &'static str,
    ) -> Result<&'a str, ConfigError> {
        let value = self.required(key, value)?;
        match is_valid(value) {
            true => Ok(value),
            false => Err(ConfigError::Form { profile: self.name.clone(), key, expected }),
        }
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile")
            .field("name", &self.name)
            .field("user", &self.user)
            .field("tenancy", &self.tenancy)
            .field("fingerprint", &self.fingerprint)
            .field("key_file", &self.key_file)
            .field("region", &self.region)
            .field("security_token_file", &self.security_token_file)
            .finish_non_exhaustive()
    }
}

/// The clients' own test: letters, digits, `-` and `_` in at least five parts, ended by `.` or
/// `:`, of which those in the middle may be empty.
fn is_ocid(text: &str) -> bool {
    let parts: Vec<&str> = text.split(['.', ':']).collect();
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    parts.len() >= 5
        && parts.iter().all(|part| part.bytes().all(is_word))
        && [parts.first(), parts.last()].iter().all(|part| part.is_some_and(|p| !p.is_empty()))
}

fn is_fingerprint(text: &str) -> bool {
    let is_hex = |b: u8| b.is_ascii_digit() || matches!(b, b'a'..=b'f');
    let pairs: Vec<&str> = text.split(':').collect();
    pairs.len() == 16 && pairs.iter().all(|pair| pair.len() == 2 && pair.bytes().all(is_hex))
}
