//! Retrieval of secrets: the only answers that hold their contents.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use iot_api::ErrorCode;
use iot_api::vault::{SecretBundle, SecretBundleContent, SecretBundleVersionSummary};
use platform::Refusal;
use platform::clock::rfc3339;
use platform::store::{SecretRecord, SecretVersion};
use platform::vault::VersionChoice;

use super::Call;
use super::secrets::{version_page, with_next};
use crate::answer::{Answer, json, set};

pub(super) async fn get(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (record, version) = call.platform.secret_bundle(call.id(), &choice(call)).await?;
    Ok(answer(&record, &version))
}

pub(super) async fn get_by_name(call: &Call<'_>) -> Result<Answer, Refusal> {
    let name = call.query.get("secretName").unwrap_or_default();
    let Some(vault_id) = call.query.get("vaultId") else {
        let message = "the query parameter vaultId is missing";
        return Err(Refusal::new(ErrorCode::MissingParameter, message));
    };
    let found = call.platform.secret_bundle_by_name(name, vault_id, &choice(call)).await?;
    Ok(answer(&found.0, &found.1))
}

pub(super) async fn versions(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (record, mut versions) = call.platform.secret_versions(call.id()).await?;
    if record.time_of_deletion_us.is_some() {
        return Err(Refusal::not_found("secret", call.id()));
    }
    let (page, next) = version_page(call, &mut versions)?;
    let items: Vec<_> = versions.iter().map(|version| summary(&record, version)).collect();
    Ok(with_next(json(200, &items), &page, next.as_ref()))
}

fn choice(call: &Call<'_>) -> VersionChoice {
    VersionChoice {
        number: call.query.owned("versionNumber"),
        name: call.query.owned("secretVersionName"),
        stage: call.query.owned("stage"),
    }
}

fn answer(record: &SecretRecord, version: &SecretVersion) -> Answer {
    let bundle = SecretBundle {
        version: summary(record, version),
        secret_bundle_content: SecretBundleContent {
            content_type: "BASE64".to_owned(),
            content: STANDARD.encode(&version.content),
        },
        metadata: record.metadata.clone(),
    };
    let mut answer = json(200, &bundle);
    set(&mut answer, "etag", &record.etag);
    set(&mut answer, "cache-control", "no-store");
    answer
}

fn summary(record: &SecretRecord, version: &SecretVersion) -> SecretBundleVersionSummary {
    SecretBundleVersionSummary {
        secret_id: record.id.clone(),
        version_number: version.no,
        version_name: version.name.clone(),
        stages: record.stages(version.no).into_iter().map(str::to_owned).collect(),
        time_created: rfc3339(version.time_created_us),
        time_of_deletion: version.time_of_deletion_us.or(record.time_of_deletion_us).map(rfc3339),
    }
}
