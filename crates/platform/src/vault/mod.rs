//! The vault: secrets, their versions and stages. Devices log in with the current content of the
//! secret that their `authId` names; it is read anew for each log-in, so that a rotation or a
//! scheduled deletion holds at once.

mod change;
mod content;

use iot_api::vault::CreateSecretDetails;
use oci_core::ocid::Ocid;

pub use content::VersionChoice;

use crate::error::Refusal;
use crate::limits::{SECRET_METADATA_BYTES_MAX, SECRET_NAME_CHARS_MAX};
use crate::list::Listed;
use crate::models::new_etag;
use crate::platform::Platform;
use crate::store::{SavedAnswer, Secret, SecretQuery, SecretRecord, SecretVersion, Setup, Stored};
use crate::validate::{Asked, Findings};

/// OCID of the platform's vault: there is one, named after the tenancy.
pub fn vault_id(setup: &Setup) -> String {
    of_tenancy("vault", setup)
}

/// OCID of the key that clients name when they create a secret. Contents are kept in the database,
/// which only the platform's user can read; they are not encrypted with a key of their own.
pub fn key_id(setup: &Setup) -> String {
    of_tenancy("key", setup)
}

fn of_tenancy(word: &str, setup: &Setup) -> String {
    let unique = setup.tenancy_id.rsplit('.').next().unwrap_or_default();
    format!("ocid1.{word}.{}.{}.{unique}", oci_core::ocid::REALM, crate::first_start::REGION_KEY)
}

impl SecretRecord {
    /// `ACTIVE`, `PENDING_DELETION` or `DELETED`.
    pub fn lifecycle_state(&self, now_us: i64) -> &'static str {
        match self.time_of_deletion_us {
            None => "ACTIVE",
            Some(at) if at > now_us => "PENDING_DELETION",
            Some(_) => "DELETED",
        }
    }

    /// The stages that a version is in.
    pub fn stages(&self, no: u32) -> Vec<&'static str> {
        let mut stages = Vec::new();
        if no == self.current_no {
            stages.push("CURRENT");
        }
        if Some(no) == self.pending_no {
            stages.push("PENDING");
        }
        if Some(no) == self.previous_no {
            stages.push("PREVIOUS");
        }
        if stages.is_empty() {
            stages.push("DEPRECATED");
        }
        if no == self.latest_no {
            stages.push("LATEST");
        }
        stages
    }
}

impl Platform {
    /// The current content of a secret that is not scheduled for deletion.
    ///
    /// # Errors
    /// The store's.
    pub async fn secret_get(&self, id: &str) -> Stored<Option<Secret>> {
        self.store().secret_get(id).await
    }

    /// A new secret with its first version, to be kept by [`Platform::secret_create`].
    ///
    /// # Errors
    /// `InvalidParameter` with everything that is wrong,
    /// `RelatedResourceNotAuthorizedOrNotFound` for another vault or key.
    pub fn secret_new(
        &self,
        asked: Asked<CreateSecretDetails>,
    ) -> Result<(SecretRecord, SecretVersion), Refusal> {
        let Asked { details, mut findings } = asked;
        for (name, given, ours) in [
            ("vaultId", &details.vault_id, vault_id(self.setup())),
            ("keyId", &details.key_id, key_id(self.setup())),
        ] {
            if *given != ours {
                findings.related(Refusal::related(name, given));
            }
        }
        check_name(&details.secret_name, &mut findings);
        findings.description(details.description.as_deref());
        let metadata = details.metadata.unwrap_or_default();
        check_shared(&metadata, details.enable_auto_generation, &mut findings);
        let content = content::read(details.secret_content.as_ref(), &mut findings);
        let tags = findings.new_tags(details.freeform_tags, details.defined_tags);
        findings.tags(&tags);
        if details.secret_content.is_none() {
            findings.add("secretContent: it is needed, contents are not generated here");
        }
        findings.check()?;
        let now_us = self.now_us();
        let content = content.unwrap_or_default();
        if content.pending {
            return Err(Refusal::invalid("secretContent.stage: the first version is CURRENT"));
        }
        let record = SecretRecord {
            id: Ocid::generate("vaultsecret", crate::first_start::REGION_KEY).to_string(),
            compartment_id: details.compartment_id,
            name: details.secret_name,
            description: details.description,
            tags,
            metadata,
            current_no: 1,
            previous_no: None,
            pending_no: None,
            latest_no: 1,
            time_created_us: now_us,
            time_of_deletion_us: None,
            etag: new_etag(),
        };
        let version = SecretVersion {
            no: 1,
            name: content.name,
            content: content.bytes,
            time_created_us: now_us,
            time_of_deletion_us: None,
        };
        Ok((record, version))
    }

    /// Keeps a new secret, with the answer for a retry token.
    ///
    /// # Errors
    /// `NotAuthorizedOrResourceAlreadyExists` for a name that is taken.
    pub async fn secret_create(
        &self,
        record: &SecretRecord,
        version: &SecretVersion,
        answer: Option<&SavedAnswer>,
    ) -> Result<(), Refusal> {
        Ok(self.store().secret_create(record, version, answer).await?)
    }

    /// A secret in any state.
    ///
    /// # Errors
    /// `NotAuthorizedOrNotFound`.
    pub async fn secret_record(&self, id: &str) -> Result<SecretRecord, Refusal> {
        let record = self.store().secret_record(id).await?;
        record.ok_or_else(|| Refusal::not_found("secret", id))
    }

    /// One page of secrets.
    ///
    /// # Errors
    /// The store's.
    pub async fn secret_list(&self, query: &SecretQuery) -> Result<Listed<SecretRecord>, Refusal> {
        Ok(self.store().secret_list(query).await?)
    }

    /// Metadata of all versions, newest first.
    ///
    /// # Errors
    /// `NotAuthorizedOrNotFound`.
    pub async fn secret_versions(
        &self,
        id: &str,
    ) -> Result<(SecretRecord, Vec<SecretVersion>), Refusal> {
        let record = self.secret_record(id).await?;
        let mut versions = self.store().secret_versions(id).await?;
        let now_us = self.now_us();
        versions.retain(|version| version.time_of_deletion_us.is_none_or(|at| at > now_us));
        Ok((record, versions))
    }
}

fn check_name(name: &str, findings: &mut Findings) {
    let length = name.chars().count();
    if length == 0 || length > SECRET_NAME_CHARS_MAX || name.chars().any(char::is_control) {
        findings.add(format!(
            "secretName: 1 to {SECRET_NAME_CHARS_MAX} characters, no control characters"
        ));
    }
}

fn check_shared(
    metadata: &serde_json::Map<String, serde_json::Value>,
    generated: Option<bool>,
    findings: &mut Findings,
) {
    let bytes = serde_json::to_string(metadata).map_or(0, |text| text.len());
    if bytes > SECRET_METADATA_BYTES_MAX {
        findings.add(format!("metadata: at most {SECRET_METADATA_BYTES_MAX} bytes of JSON"));
    }
    if generated == Some(true) {
        findings.add("enableAutoGeneration: contents are not generated here; send secretContent");
    }
}
