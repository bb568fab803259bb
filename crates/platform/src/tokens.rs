//! Access tokens for the data API: grant and check (data-api.md 1.3, 1.4).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use iot_api::token::TokenAnswer;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use oci_core::key::PrivateKey;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::limits::TOKEN_SECONDS;
use crate::platform::Platform;
use crate::store::TokenIssuer;

/// The fields of a token request, from the form and from Basic credentials.
#[derive(Default)]
pub struct TokenForm {
    /// `grant_type`
    pub grant_type: Option<String>,
    /// `username`
    pub username: Option<String>,
    /// `password`
    pub password: Option<String>,
    /// `scope`
    pub scope: Option<String>,
    /// Client id.
    pub client_id: Option<String>,
    /// Client secret.
    pub client_secret: Option<String>,
}

/// A refused token request (RFC 6749, section 5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRefusal {
    /// HTTP status.
    pub status: u16,
    /// The RFC's error word.
    pub error: &'static str,
    /// What was wrong.
    pub description: String,
}

/// What a valid token allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Short id of the group.
    pub group_short_id: String,
    /// Short id of the domain.
    pub domain_short_id: String,
    /// When it ends, seconds since 1970.
    pub expires_s: u64,
}

/// The key pair that signs tokens.
pub(crate) struct TokenKeys {
    encoding: EncodingKey,
    decoding: DecodingKey,
    kid: String,
    jwks: Value,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    scope: String,
    sub: String,
    sub_type: String,
    client_id: String,
    tok_type: String,
    gtp: String,
    iat: u64,
    exp: u64,
    jti: String,
}

const ISSUER: &str = "https://identity.oraclecloud.com/";

impl TokenKeys {
    /// Reads the signing key.
    pub fn new(pkcs8_pem: &str) -> Result<TokenKeys, String> {
        let key = PrivateKey::from_pem(pkcs8_pem, None).map_err(|error| error.to_string())?;
        let public = key.public();
        let kid = public.fingerprint().replace(':', "");
        let (n, e) =
            (URL_SAFE_NO_PAD.encode(public.modulus()), URL_SAFE_NO_PAD.encode(public.exponent()));
        let jwks = json!({"keys": [
            {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": n, "e": e}
        ]});
        let encoding =
            EncodingKey::from_rsa_pem(pkcs8_pem.as_bytes()).map_err(|error| error.to_string())?;
        let decoding =
            DecodingKey::from_rsa_components(&n, &e).map_err(|error| error.to_string())?;
        Ok(TokenKeys { encoding, decoding, kid, jwks })
    }
}

impl Platform {
    /// First label of the identity host.
    pub fn identity_id(&self) -> &str {
        &self.setup().app.identity_id
    }

    /// The keys that tokens are checked with, as a JWK set.
    pub fn signing_keys(&self) -> Value {
        self.token_keys.jwks.clone()
    }

    /// Where tokens come from and what they are checked with, as OpenID Connect clients read it.
    pub fn openid_configuration(&self) -> Value {
        let host = self.names().with_port(&self.names().identity(self.identity_id()));
        json!({
            "issuer": ISSUER,
            "token_endpoint": format!("https://{host}/oauth2/v1/token"),
            "jwks_uri": format!("https://{host}/admin/v1/SigningCert/jwk"),
            "grant_types_supported": ["password", "client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "id_token_signing_alg_values_supported": ["RS256"],
        })
    }

    /// Grants a token for the application's user or for the application itself.
    ///
    /// # Errors
    /// The RFC's refusals; wrong user and wrong password are one answer.
    pub async fn token_grant(&self, form: &TokenForm) -> Result<TokenAnswer, TokenRefusal> {
        let app = &self.setup().app;
        let client_is = equal(form.client_id.as_deref(), &app.client_id)
            & equal(form.client_secret.as_deref(), &app.client_secret);
        if !client_is {
            return Err(refusal(
                401,
                "invalid_client",
                "the client id or the client secret is wrong",
            ));
        }
        let (subject, sub_type, gtp) = match form.grant_type.as_deref() {
            None => return Err(refusal(400, "invalid_request", "grant_type is missing")),
            Some("client_credentials") => (&app.client_id, "client", "cc"),
            Some("password") => {
                if form.username.is_none() || form.password.is_none() {
                    return Err(refusal(
                        400,
                        "invalid_request",
                        "username and password are needed",
                    ));
                }
                let user_is = equal(form.username.as_deref(), &app.user)
                    & equal(form.password.as_deref(), &app.password);
                if !user_is {
                    return Err(refusal(400, "invalid_grant", "the user or the password is wrong"));
                }
                (&app.user, "user", "ro")
            }
            Some(other) => {
                let text = format!(
                    "grant_type '{other}' is not known; use password or client_credentials"
                );
                return Err(refusal(400, "unsupported_grant_type", text));
            }
        };
        let scope = form.scope.as_deref().unwrap_or_default();
        let Some((group, domain)) = self.scope_domain(scope).await? else {
            let text = "scope must be /<group short id>/iot/<domain short id> of a domain of this platform whose data access is configured for this identity domain";
            return Err(refusal(400, "invalid_scope", text));
        };
        let iat = u64::try_from(self.now_us() / 1_000_000).unwrap_or_default();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: format!("/{group}"),
            scope: format!("/iot/{domain}"),
            sub: subject.clone(),
            sub_type: sub_type.to_owned(),
            client_id: app.client_id.clone(),
            tok_type: "AT".to_owned(),
            gtp: gtp.to_owned(),
            iat,
            exp: iat + TOKEN_SECONDS,
            jti: oci_core::ocid::random_text(24),
        };
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(self.token_keys.kid.clone());
        let access_token = jsonwebtoken::encode(&header, &claims, &self.token_keys.encoding)
            .map_err(|error| {
                tracing::error!(%error, "cannot sign an access token");
                refusal(500, "server_error", "the token could not be signed")
            })?;
        Ok(TokenAnswer { access_token, token_type: "Bearer".to_owned(), expires_in: TOKEN_SECONDS })
    }

    /// Short ids of the group and the domain of a scope, if its data API takes our tokens.
    async fn scope_domain(&self, scope: &str) -> Result<Option<(String, String)>, TokenRefusal> {
        let parts: Vec<&str> = scope.split('/').collect();
        let ["", group_id, word, short_id] = parts.as_slice() else { return Ok(None) };
        let found = self.domain_by_short_id(short_id).await;
        let found =
            found.map_err(|_| refusal(500, "server_error", "the domain could not be read"))?;
        Ok(found
            .filter(|(domain, group)| {
                word.eq_ignore_ascii_case("iot")
                    && group.short_id.eq_ignore_ascii_case(group_id)
                    && domain.token_issuer == Some(TokenIssuer::Own)
            })
            .map(|(domain, group)| (group.short_id, domain.short_id)))
    }

    /// What a bearer token allows; `None` when it is not ours, changed or expired.
    pub fn token_check(&self, token: &str) -> Option<Grant> {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.validate_aud = false;
        // Expiry is compared with the platform's own clock.
        validation.validate_exp = false;
        validation.set_issuer(&[ISSUER]);
        let claims = jsonwebtoken::decode::<Claims>(token, &self.token_keys.decoding, &validation)
            .ok()?
            .claims;
        let now_s = u64::try_from(self.now_us() / 1_000_000).unwrap_or_default();
        if claims.exp <= now_s || claims.tok_type != "AT" {
            return None;
        }
        Some(Grant {
            group_short_id: claims.aud.strip_prefix('/')?.to_owned(),
            domain_short_id: claims.scope.strip_prefix("/iot/")?.to_owned(),
            expires_s: claims.exp,
        })
    }
}

fn refusal(status: u16, error: &'static str, description: impl Into<String>) -> TokenRefusal {
    TokenRefusal { status, error, description: description.into() }
}

/// Comparison whose time does not tell how much is right.
fn equal(given: Option<&str>, expected: &str) -> bool {
    verify_slices_are_equal(given.unwrap_or_default().as_bytes(), expected.as_bytes()).is_ok()
}
