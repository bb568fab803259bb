//! The vault service: verify, find the operation, call its use case.

mod bundles;
mod secrets;

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use hyper::body::Incoming;
use iot_api::ErrorCode;
use iot_api::vault::{Found, VaultOperation, find};
use platform::identity::Caller;
use platform::identity::authorize::Named;
use platform::identity::rules::Rule;
use platform::retries::Attempt;
use platform::{Asked, Platform, Refusal};

use crate::answer::{Answer, error, refused, set};
use crate::control::{details, if_match};
use crate::query::{Query, decode};
use crate::retry::{self, Begun};
use crate::signed::{self, Signed};

/// A verified request.
struct Call<'a> {
    platform: &'a Platform,
    caller: Arc<Caller>,
    /// Decoded ids of the path: the secret's, then the version's number.
    ids: Vec<String>,
    query: Query,
    if_match: Option<String>,
    body: Bytes,
    /// The attempt of a request with a retry token.
    attempt: Option<Attempt<'a>>,
}

/// Answers a request of the vault service.
pub(crate) async fn answer(
    platform: &Arc<Platform>,
    parts: &Parts,
    incoming: &mut Incoming,
) -> Answer {
    let Signed { caller, target, body } = match signed::receive(platform, parts, incoming).await {
        Ok(signed) => signed,
        Err(answer) => return *answer,
    };
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let path = format!("/{}", path.trim_start_matches('/'));
    match find(parts.method.as_str(), &path) {
        Found::NotFound => error(ErrorCode::NotFound, "no operation has this path"),
        Found::MethodNotAllowed(methods) => {
            let allow = methods.join(", ");
            let mut answer =
                error(ErrorCode::MethodNotAllowed, &format!("this path takes {allow}"));
            set(&mut answer, "allow", &allow);
            answer
        }
        Found::Operation(operation, ids) => {
            let mut call = Call {
                platform,
                caller,
                attempt: None,
                ids: ids.into_iter().map(|id| decode(id, false)).collect(),
                query: Query::parse(query),
                if_match: if_match(&parts.headers),
                body,
            };
            // Of the operations that are served only this one takes a token.
            let token = retry::token(&parts.method, &parts.headers)
                .filter(|_| operation == VaultOperation::CreateSecret);
            call.answer_once(operation, token, &path)
                .await
                .unwrap_or_else(|refusal| refused(&refusal))
        }
    }
}

impl Call<'_> {
    /// Carries an operation out, or repeats its answer to a request with this retry token.
    async fn answer_once(
        &mut self,
        operation: VaultOperation,
        token: Option<&str>,
        path: &str,
    ) -> Result<Answer, Refusal> {
        if let Some(token) = token {
            match retry::begin(self.platform, &self.caller, token, path, &self.body).await? {
                Begun::Answered(answer) => return Ok(answer),
                Begun::New(attempt) => self.attempt = Some(attempt),
            }
        }
        self.answer(operation).await
    }

    /// Runs an operation that the caller may do.
    async fn answer(&self, operation: VaultOperation) -> Result<Answer, Refusal> {
        let named = Named {
            path_id: self.id(),
            compartment_id: self.query.get("compartmentId"),
            iot_domain_id: None,
            secret_name: self.query.get("secretName"),
            body: &self.body,
        };
        self.platform.authorize(&self.caller, Rule::of_vault(operation), &named).await?;
        self.run(operation).await
    }

    async fn run(&self, operation: VaultOperation) -> Result<Answer, Refusal> {
        match operation {
            VaultOperation::ListSecrets => secrets::list(self).await,
            VaultOperation::CreateSecret => secrets::create(self).await,
            VaultOperation::GetSecret => secrets::get(self).await,
            VaultOperation::UpdateSecret => secrets::update(self).await,
            VaultOperation::ListSecretVersions => secrets::versions(self).await,
            VaultOperation::GetSecretVersion => secrets::version(self).await,
            VaultOperation::ScheduleSecretDeletion => secrets::schedule_deletion(self).await,
            VaultOperation::CancelSecretDeletion => secrets::cancel_deletion(self).await,
            VaultOperation::ChangeSecretCompartment => secrets::change_compartment(self).await,
            VaultOperation::GetSecretBundleByName => bundles::get_by_name(self).await,
            VaultOperation::GetSecretBundle => bundles::get(self).await,
            VaultOperation::ListSecretBundleVersions => bundles::versions(self).await,
            VaultOperation::ScheduleSecretVersionDeletion => {
                secrets::schedule_version_deletion(self).await
            }
            VaultOperation::CancelSecretVersionDeletion => {
                secrets::cancel_version_deletion(self).await
            }
            // Both need a function of the caller's that makes contents; there are none here.
            VaultOperation::RotateSecret | VaultOperation::CancelSecretRotation => {
                Err(Refusal::not_implemented(operation.name()))
            }
        }
    }

    /// The secret of the path; empty for operations without one.
    fn id(&self) -> &str {
        self.ids.first().map_or("", String::as_str)
    }

    fn details<T: serde::de::DeserializeOwned>(&self) -> Result<Asked<T>, Refusal> {
        details::read(&self.body)
    }
}
