//! Access to the data API: where it is, and a token for it, from the cache where possible.

use iot_client::{ClientError, DataClient, TokenRequest, token_password};

use crate::client_errors::{failed, failed_with_body};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::session::Session;
use crate::token_cache::{DataAccess, TokenCache};

/// What to do although the cache has an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renew {
    /// Nothing: take what is there.
    Nothing,
    /// A new token: the platform has refused the one there.
    Token,
    /// All of it: the addresses there lead nowhere.
    All,
}

/// A client of the data API.
///
/// A cached token is used while it is fresh; of an ended one the addresses are kept. Addresses
/// that lead nowhere, as those of a platform that has moved, are asked for once more.
pub async fn obtain(session: &Session, renew: Renew) -> Result<DataClient, Failure> {
    let definition = &session.definition;
    let cache = TokenCache::of_data_dir(&definition.settings.data_dir);
    let cached = match renew {
        Renew::All => None,
        Renew::Nothing | Renew::Token => cache.read(&definition.domain_id),
    };
    if let Some(access) = &cached
        && renew == Renew::Nothing
        && access.is_fresh(now())
    {
        tracing::debug!("Using cached data access configuration and token");
        return client(session, access);
    }
    let was_cached = cached.is_some();
    let access = match cached {
        Some(access) => access,
        None => addresses(session).await?,
    };
    let access = match with_token(session, access).await {
        // An address of the cache may be out of date; it is read anew before giving up.
        Err(TokenFailure::NoAnswer(_)) if was_cached => {
            let access = addresses(session).await?;
            with_token(session, access).await
        }
        outcome => outcome,
    };
    let access = access.map_err(|failure| match failure {
        TokenFailure::NoAnswer(error) => {
            failed_with_body("Unable to get OAuth access token", &error)
        }
        TokenFailure::Other(failure) => failure,
    })?;
    match cache.write(&access) {
        Ok(()) => tracing::debug!("Data access configuration retrieved and saved"),
        Err(error) => tracing::warn!("Cannot save the data access configuration: {error}"),
    }
    client(session, &access)
}

fn client(session: &Session, access: &DataAccess) -> Result<DataClient, Failure> {
    DataClient::new(session.http.clone(), &access.iot_data_endpoint, &access.token)
        .map_err(|error| failed_with_body("Unable to query data API", &error))
}

/// Asks the control plane where data API and token endpoint are.
async fn addresses(session: &Session) -> Result<DataAccess, Failure> {
    tracing::debug!("Retrieving data access configuration");
    let control = &session.control;
    let domain_id = &session.definition.domain_id;
    let domain = control
        .domain_get(domain_id)
        .await
        .map_err(|error| failed("Cannot get IoT Domain", &error))?;
    let group_id = domain.iot_domain_group_id;
    let domain = domain.parts.unwrap_or_default();
    let Some(identity_host) = domain.db_allowed_identity_domain_host else {
        tracing::error!("ORDS Data access has not been configured for this IoT Domain");
        return Err(Failure::reported(ExitCode::Refused).hint(
            "have an administrator run `oci iot domain configure-ords-data-access` for the domain",
        ));
    };
    let group = control
        .domain_group_get(&group_id)
        .await
        .map_err(|error| failed("Cannot get IoT Domain Group", &error))?;
    let lacks =
        |what: &str| Failure::new(ExitCode::Refused, format!("the platform names no {what}"));
    let group = group.parts.unwrap_or_default();
    let data_host = group.data_host.ok_or_else(|| lacks("host of the data API"))?;
    let device_host = domain.device_host.ok_or_else(|| lacks("host of the domain's devices"))?;
    let (group_short_id, domain_short_id) = (first_label(&data_host), first_label(&device_host));
    Ok(DataAccess {
        iot_domain_id: domain_id.clone(),
        iot_data_endpoint: format!("https://{data_host}/ords/{domain_short_id}/20250531"),
        oauth_endpoint: format!("https://{identity_host}/oauth2/v1/token"),
        scope: format!("/{group_short_id}/iot/{domain_short_id}"),
        token: String::new(),
        expires: 0,
    })
}

enum TokenFailure {
    NoAnswer(ClientError),
    Other(Failure),
}

async fn with_token(session: &Session, access: DataAccess) -> Result<DataAccess, TokenFailure> {
    tracing::debug!("Getting OAuth access token");
    let identity = |member| session.definition.config.identity(member).map_err(TokenFailure::Other);
    let request = TokenRequest {
        oauth_endpoint: &access.oauth_endpoint,
        client_id: identity("app_client_id")?,
        client_secret: identity("app_client_secret")?,
        user: identity("user")?,
        password: identity("password")?,
        scope: &access.scope,
    };
    let asked_at = now();
    match token_password(&session.http, &request).await {
        Ok(answer) => {
            let life = i64::try_from(answer.expires_in).unwrap_or(i64::MAX);
            let expires = asked_at.saturating_add(life);
            Ok(DataAccess { token: answer.access_token, expires, ..access })
        }
        Err(error @ ClientError::Service { .. }) => {
            let failure = failed_with_body("Unable to get OAuth access token", &error);
            Err(TokenFailure::Other(token_refused(session, error.status(), failure)))
        }
        Err(error) => Err(TokenFailure::NoAnswer(error)),
    }
}

/// The endpoint says 400 of a wrong user or password (data-api.md 1.3): it is about credentials
/// whatever the status.
fn token_refused(session: &Session, status: Option<u16>, failure: Failure) -> Failure {
    match status {
        Some(400..=403) => Failure { exit: ExitCode::NotAuthorized, ..failure }.hint(format!(
            "check the section `identity` in {}",
            session.definition.settings.iot_config_file.display()
        )),
        _ => failure,
    }
}

fn first_label(host: &str) -> &str {
    host.split('.').next().unwrap_or(host)
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}
