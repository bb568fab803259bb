//! Changes of secrets: new versions, stages, deletion, moves.

use iot_api::ErrorCode;
use iot_api::vault::{ScheduleSecretDeletionDetails, UpdateSecretDetails};

use super::{check_shared, content};
use crate::error::Refusal;
use crate::limits::SECRET_DELETION_DAYS_MAX;
use crate::models::new_etag;
use crate::platform::Platform;
use crate::store::{SecretChange, SecretRecord, SecretVersion};
use crate::validate::Asked;

/// Microseconds of a day.
const DAY_US: i64 = 24 * 3600 * 1_000_000;

impl Platform {
    /// Changes a secret; new content becomes a new version.
    ///
    /// # Errors
    /// `InvalidParameter` with everything that is wrong, `NoEtagMatch`, `NotAuthorizedOrNotFound`,
    /// `Conflict` for a secret that is scheduled for deletion.
    pub async fn secret_update(
        &self,
        id: &str,
        asked: Asked<UpdateSecretDetails>,
        if_match: Option<&str>,
    ) -> Result<SecretRecord, Refusal> {
        let old = self.active(id, if_match).await?;
        let Asked { details, mut findings } = asked;
        findings.description(details.description.as_deref());
        let content = content::read(details.secret_content.as_ref(), &mut findings);
        if details.secret_content.is_some() && details.current_version_number.is_some() {
            findings.add("currentVersionNumber: not together with secretContent");
        }
        let mut record = SecretRecord { etag: new_etag(), ..old.clone() };
        if let Some(metadata) = details.metadata {
            record.metadata = metadata;
        }
        check_shared(&record.metadata, details.enable_auto_generation, &mut findings);
        let free = details.freeform_tags.unwrap_or_else(|| old.tags.freeform_tags.clone());
        let defined = details.defined_tags.unwrap_or_else(|| old.tags.defined_tags.clone());
        record.tags = iot_api::Tags { freeform_tags: free, defined_tags: defined };
        findings.tags(&record.tags);
        findings.check()?;
        if details.description.is_some() {
            record.description = details.description;
        }
        if let Some(no) = details.current_version_number {
            self.promote(&mut record, no).await?;
        }
        let now_us = self.now_us();
        let version = content.map(|content| {
            let no = record.latest_no.saturating_add(1);
            record.latest_no = no;
            if content.pending {
                record.pending_no = Some(no);
            } else {
                record.previous_no = Some(record.current_no);
                record.current_no = no;
            }
            let name = content.name;
            SecretVersion {
                no,
                name,
                content: content.bytes,
                time_created_us: now_us,
                time_of_deletion_us: None,
            }
        });
        let change =
            SecretChange { record, etag: old.etag, version, version_deletion: None, now_us };
        self.store().secret_change(&change).await?;
        Ok(change.record)
    }

    /// Makes a version that is kept the current one.
    async fn promote(&self, record: &mut SecretRecord, no: u32) -> Result<(), Refusal> {
        if no == record.current_no {
            return Ok(());
        }
        let (_, versions) = self.secret_versions(&record.id).await?;
        let is_kept = |version: &SecretVersion| version.time_of_deletion_us.is_none();
        if !versions.iter().any(|version| version.no == no && is_kept(version)) {
            return Err(Refusal::invalid(format!(
                "currentVersionNumber is {no}; the secret has no such version that is to stay"
            )));
        }
        record.previous_no = Some(record.current_no);
        record.current_no = no;
        if record.pending_no == Some(no) {
            record.pending_no = None;
        }
        Ok(())
    }

    /// Schedules a secret's deletion. From now on it cannot be read, and devices cannot log in
    /// with it.
    ///
    /// # Errors
    /// `InvalidParameter` for a time that is too near or too far, and as for an update.
    pub async fn secret_schedule_deletion(
        &self,
        id: &str,
        details: &ScheduleSecretDeletionDetails,
        if_match: Option<&str>,
    ) -> Result<SecretRecord, Refusal> {
        let old = self.active(id, if_match).await?;
        let at_us = self.deletion_time(details)?;
        let record =
            SecretRecord { time_of_deletion_us: Some(at_us), etag: new_etag(), ..old.clone() };
        self.keep(old, record, None).await
    }

    /// When something is to be deleted: one to thirty days ahead.
    fn deletion_time(&self, details: &ScheduleSecretDeletionDetails) -> Result<i64, Refusal> {
        let now_us = self.now_us();
        let at_us = match &details.time_of_deletion {
            None => now_us + SECRET_DELETION_DAYS_MAX * DAY_US,
            Some(text) => text
                .parse::<jiff::Timestamp>()
                .map_err(|_| {
                    Refusal::invalid(format!(
                        "timeOfDeletion is '{text}'; it must be a date-time such as 2026-01-05T21:31:40Z"
                    ))
                })?
                .as_microsecond(),
        };
        // Clients compute "in one day" a moment before we see it.
        let slack_us = DAY_US / 24;
        let ahead_us = at_us.saturating_sub(now_us);
        if ahead_us < DAY_US - slack_us || ahead_us > SECRET_DELETION_DAYS_MAX * DAY_US + slack_us {
            return Err(Refusal::invalid(format!(
                "timeOfDeletion: from 1 to {SECRET_DELETION_DAYS_MAX} days ahead"
            )));
        }
        Ok(at_us)
    }

    /// Schedules the deletion of one version, which must not be in use. From now on it cannot be
    /// read or made the current one.
    ///
    /// # Errors
    /// `Conflict` for a version that is in use or scheduled already; as for the secret's deletion.
    pub async fn secret_version_schedule_deletion(
        &self,
        id: &str,
        no: u32,
        details: &ScheduleSecretDeletionDetails,
        if_match: Option<&str>,
    ) -> Result<SecretRecord, Refusal> {
        let old = self.active(id, if_match).await?;
        let version = self.version(id, no).await?;
        let stages = old.stages(no);
        if stages != ["DEPRECATED"] {
            let message = format!(
                "version {no} of the secret is {}; only one that is nothing but DEPRECATED can be deleted",
                stages.join(", ")
            );
            return Err(Refusal::new(ErrorCode::Conflict, message));
        }
        if version.time_of_deletion_us.is_some() {
            let message = format!("version {no} of the secret is scheduled for deletion already");
            return Err(Refusal::new(ErrorCode::Conflict, message));
        }
        let at_us = self.deletion_time(details)?;
        let record = SecretRecord { etag: new_etag(), ..old.clone() };
        self.keep(old, record, Some((no, Some(at_us)))).await
    }

    /// Takes the scheduled deletion of one version back.
    ///
    /// # Errors
    /// `Conflict` when none is scheduled; as for an update.
    pub async fn secret_version_cancel_deletion(
        &self,
        id: &str,
        no: u32,
        if_match: Option<&str>,
    ) -> Result<SecretRecord, Refusal> {
        let old = self.active(id, if_match).await?;
        if self.version(id, no).await?.time_of_deletion_us.is_none() {
            let message = format!("version {no} of the secret is not scheduled for deletion");
            return Err(Refusal::new(ErrorCode::Conflict, message));
        }
        let record = SecretRecord { etag: new_etag(), ..old.clone() };
        self.keep(old, record, Some((no, None))).await
    }

    async fn version(&self, id: &str, no: u32) -> Result<SecretVersion, Refusal> {
        let (_, versions) = self.secret_versions(id).await?;
        let found = versions.into_iter().find(|version| version.no == no);
        found.ok_or_else(|| Refusal::not_found("version of the secret", &no.to_string()))
    }

    /// Takes a scheduled deletion back.
    ///
    /// # Errors
    /// `Conflict` when none is scheduled; as for an update.
    pub async fn secret_cancel_deletion(
        &self,
        id: &str,
        if_match: Option<&str>,
    ) -> Result<SecretRecord, Refusal> {
        let old = self.present(id, if_match).await?;
        if old.time_of_deletion_us.is_none() {
            let message = format!("the secret '{id}' is not scheduled for deletion");
            return Err(Refusal::new(ErrorCode::Conflict, message));
        }
        let record = SecretRecord { time_of_deletion_us: None, etag: new_etag(), ..old.clone() };
        self.keep(old, record, None).await
    }

    /// Moves a secret to another compartment.
    ///
    /// # Errors
    /// As for an update.
    pub async fn secret_move(
        &self,
        id: &str,
        compartment_id: String,
        if_match: Option<&str>,
    ) -> Result<SecretRecord, Refusal> {
        let old = self.active(id, if_match).await?;
        let record = SecretRecord { compartment_id, etag: new_etag(), ..old.clone() };
        self.keep(old, record, None).await
    }

    async fn keep(
        &self,
        old: SecretRecord,
        record: SecretRecord,
        version_deletion: Option<(u32, Option<i64>)>,
    ) -> Result<SecretRecord, Refusal> {
        let (etag, now_us) = (old.etag, self.now_us());
        let change = SecretChange { record, etag, version: None, version_deletion, now_us };
        self.store().secret_change(&change).await?;
        Ok(change.record)
    }

    /// A secret that is not deleted, if its etag is the expected one.
    async fn present(&self, id: &str, if_match: Option<&str>) -> Result<SecretRecord, Refusal> {
        let record = self.secret_record(id).await?;
        if record.lifecycle_state(self.now_us()) == "DELETED" {
            return Err(Refusal::not_found("secret", id));
        }
        if if_match.is_some_and(|etag| etag != record.etag) {
            return Err(crate::store::StoreError::EtagMismatch.into());
        }
        Ok(record)
    }

    /// One that is not scheduled for deletion either.
    async fn active(&self, id: &str, if_match: Option<&str>) -> Result<SecretRecord, Refusal> {
        let record = self.present(id, if_match).await?;
        if record.time_of_deletion_us.is_some() {
            let message = format!("the secret '{id}' is scheduled for deletion; cancel that first");
            return Err(Refusal::new(ErrorCode::Conflict, message));
        }
        Ok(record)
    }
}
