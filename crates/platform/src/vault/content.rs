//! Contents of secrets: reading them from a request, and choosing a version.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use iot_api::vault::SecretContentDetails;

use crate::error::Refusal;
use crate::limits::{SECRET_BYTES_MAX, SECRET_NAME_CHARS_MAX};
use crate::platform::Platform;
use crate::store::{SecretRecord, SecretVersion};
use crate::validate::Findings;

/// A content as read.
#[derive(Default)]
pub(super) struct Content {
    pub bytes: Vec<u8>,
    pub name: Option<String>,
    pub pending: bool,
}

/// Reads a content; findings say what is wrong with it, never what it is.
pub(super) fn read(
    details: Option<&SecretContentDetails>,
    findings: &mut Findings,
) -> Option<Content> {
    let details = details?;
    if details.content_type != "BASE64" {
        findings.add("secretContent.contentType: it must be BASE64");
    }
    let pending = match details.stage.as_deref() {
        None | Some("CURRENT") => false,
        Some("PENDING") => true,
        Some(_) => {
            findings.add("secretContent.stage: it must be CURRENT or PENDING");
            false
        }
    };
    if let Some(name) = &details.name {
        let length = name.chars().count();
        if length == 0 || length > SECRET_NAME_CHARS_MAX || name.chars().any(char::is_control) {
            findings.add(format!(
                "secretContent.name: 1 to {SECRET_NAME_CHARS_MAX} characters, no control characters"
            ));
        }
    }
    let Some(content) = &details.content else {
        findings.add("secretContent.content: it is missing");
        return None;
    };
    match STANDARD.decode(content.trim()) {
        Ok(bytes) if bytes.is_empty() || bytes.len() > SECRET_BYTES_MAX => {
            findings.add(format!("secretContent.content: 1 to {SECRET_BYTES_MAX} bytes"));
            None
        }
        Ok(bytes) => Some(Content { bytes, name: details.name.clone(), pending }),
        Err(_) => {
            findings.add("secretContent.content: it is not base64");
            None
        }
    }
}

/// Which version of a secret is asked for; the current one when nothing is said.
#[derive(Debug, Clone, Default)]
pub struct VersionChoice {
    /// `versionNumber`
    pub number: Option<String>,
    /// `secretVersionName`
    pub name: Option<String>,
    /// `stage`
    pub stage: Option<String>,
}

/// Stages that a version can be asked for by.
const STAGES: [&str; 5] = ["CURRENT", "PENDING", "LATEST", "PREVIOUS", "DEPRECATED"];

impl VersionChoice {
    fn check(&self) -> Result<Option<u32>, Refusal> {
        if let Some(stage) = &self.stage
            && !STAGES.contains(&stage.as_str())
        {
            let stages = STAGES.join(", ");
            return Err(Refusal::invalid(format!(
                "stage is '{stage}'; it must be one of {stages}"
            )));
        }
        let Some(text) = &self.number else { return Ok(None) };
        let number = text.parse().map_err(|_| {
            Refusal::invalid(format!("versionNumber is '{text}'; it must be an integer from 1"))
        })?;
        Ok(Some(number))
    }
}

impl Platform {
    /// A version with its content.
    ///
    /// # Errors
    /// `NotAuthorizedOrNotFound` for a version that is not there or is scheduled for deletion, and
    /// for every version of a secret that is; `InvalidParameter`.
    pub async fn secret_bundle(
        &self,
        id: &str,
        choice: &VersionChoice,
    ) -> Result<(SecretRecord, SecretVersion), Refusal> {
        let number = choice.check()?;
        let (record, versions) = self.secret_versions(id).await?;
        if record.time_of_deletion_us.is_some() {
            return Err(Refusal::not_found("secret", id));
        }
        let any = number.is_none() && choice.name.is_none();
        let stage = choice.stage.as_deref().or(any.then_some("CURRENT"));
        let matches = |version: &SecretVersion| {
            number.is_none_or(|number| version.no == number)
                && choice.name.as_ref().is_none_or(|name| version.name.as_ref() == Some(name))
                && stage.is_none_or(|stage| record.stages(version.no).contains(&stage))
        };
        let mut readable =
            versions.into_iter().filter(|version| version.time_of_deletion_us.is_none());
        let found = readable.find(matches);
        let version = found.ok_or_else(|| Refusal::not_found("version of the secret", id))?;
        Ok((record, version))
    }

    /// The same by the secret's name.
    ///
    /// # Errors
    /// As above; also for a vault that is not the platform's.
    pub async fn secret_bundle_by_name(
        &self,
        name: &str,
        vault_id: &str,
        choice: &VersionChoice,
    ) -> Result<(SecretRecord, SecretVersion), Refusal> {
        if vault_id != super::vault_id(self.setup()) {
            return Err(Refusal::not_found("vault", vault_id));
        }
        let record = self.store().secret_by_name(name, self.now_us()).await?;
        let record = record.ok_or_else(|| Refusal::not_found("secret", name))?;
        self.secret_bundle(&record.id, choice).await
    }
}
