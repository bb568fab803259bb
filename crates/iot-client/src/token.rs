//! The token endpoint of the identity domain (data-api.md 1.3).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use iot_api::token::TokenAnswer;

use crate::exchange::{Repeat, Tries, base_url, exchange};
use crate::form;
use crate::{ClientError, RetryPolicy};

/// A request for a token with a user's name and password. `Debug` shows neither secret.
#[derive(Clone, Copy)]
pub struct TokenRequest<'a> {
    /// Complete address, `https://<identity domain host>/oauth2/v1/token`.
    pub oauth_endpoint: &'a str,
    /// Id of the confidential application.
    pub client_id: &'a str,
    /// Secret of the confidential application.
    pub client_secret: &'a str,
    /// User of the identity domain.
    pub user: &'a str,
    /// The user's password.
    pub password: &'a str,
    /// `/<group short id>/iot/<domain short id>`.
    pub scope: &'a str,
}

impl fmt::Debug for TokenRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRequest")
            .field("oauth_endpoint", &self.oauth_endpoint)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// Asks for a token. Sent once only: a repeated log-in could lock the user out.
pub async fn token_password(
    http: &reqwest::Client,
    request: &TokenRequest<'_>,
) -> Result<TokenAnswer, ClientError> {
    let url = base_url(request.oauth_endpoint)?;
    let body = form::encode(&[
        ("grant_type", "password"),
        ("username", request.user),
        ("password", request.password),
        ("scope", request.scope),
    ]);
    let credentials = STANDARD.encode(format!("{}:{}", request.client_id, request.client_secret));
    let answer = exchange(&url, Repeat::Never, &Tries::new(RetryPolicy::BRIEF), || {
        let mut basic = HeaderValue::from_str(&format!("Basic {credentials}"))
            .map_err(|_| ClientError::setup("client id and secret do not fit into a header"))?;
        basic.set_sensitive(true);
        Ok(http
            .post(url.clone())
            .header("authorization", basic)
            .header("accept", "application/json")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.clone()))
    })
    .await?;
    answer.json_secret()
}
