//! Log-in of devices by external key and secret (devices.md 2).

use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;

use super::twins::Twin;
use crate::certificates::ClientCertificate;
use crate::error::Refusal;
use crate::metrics::Metrics;
use crate::platform::Platform;

/// Why a device may not log in. What was wrong stands in the log and in the metrics only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginRefused {
    /// Unknown key, wrong password, or a twin that does not connect: one answer for all.
    BadCredentials,
    /// A certificate that is not that of a twin, or not of the one the user name says.
    NotAuthorized,
    /// The store failed; worth another try.
    Unavailable,
}

impl Platform {
    /// The twin behind an external key, if the password is the current content of its secret.
    ///
    /// # Errors
    /// See [`LoginRefused`].
    pub async fn device_login(
        &self,
        domain_id: &str,
        external_key: &str,
        password: &[u8],
    ) -> Result<Arc<Twin>, LoginRefused> {
        let twin = match self.twin(domain_id, external_key).await {
            Ok(Some(twin)) => twin,
            Ok(None) => return Err(self.login_refused(external_key, "unknown_external_key")),
            Err(_) => return Err(LoginRefused::Unavailable),
        };
        if !matches!(twin.connectivity_type.as_str(), "DIRECT" | "GATEWAY") {
            return Err(self.login_refused(external_key, "twin_does_not_connect"));
        }
        let Some(auth_id) = &twin.auth_id else {
            return Err(self.login_refused(external_key, "no_auth_id"));
        };
        let secret = match self.secret_get(auth_id).await {
            Ok(Some(secret)) => secret,
            Ok(None) => return Err(self.login_refused(external_key, "secret_missing")),
            Err(_) => return Err(LoginRefused::Unavailable),
        };
        if verify_slices_are_equal(&secret.content, password).is_err() {
            return Err(self.login_refused(external_key, "wrong_password"));
        }
        Ok(twin)
    }

    /// The twin whose external key is the common name of a certificate that the TLS layer has
    /// checked. A user name beside it must be the same.
    ///
    /// # Errors
    /// See [`LoginRefused`].
    pub async fn device_login_by_certificate(
        &self,
        domain_id: &str,
        certificate: &ClientCertificate,
        user: Option<&str>,
    ) -> Result<Arc<Twin>, LoginRefused> {
        let ClientCertificate { common_name, issued_s } = certificate;
        let refused = |reason| {
            self.login_refused(common_name, reason);
            Err(LoginRefused::NotAuthorized)
        };
        if user.is_some_and(|user| user != *common_name) {
            return refused("user_unlike_certificate");
        }
        let twin = match self.twin(domain_id, common_name).await {
            Ok(Some(twin)) => twin,
            Ok(None) => return refused("unknown_common_name"),
            Err(_) => return Err(LoginRefused::Unavailable),
        };
        if !matches!(twin.connectivity_type.as_str(), "DIRECT" | "GATEWAY") {
            return refused("twin_does_not_connect");
        }
        let Some(auth_id) = &twin.auth_id else { return refused("no_auth_id") };
        match self.store().certificate_get(auth_id).await {
            Ok(Some(_)) => {}
            Ok(None) => return refused("auth_id_is_no_certificate"),
            Err(_) => return Err(LoginRefused::Unavailable),
        }
        match self.store().certificate_revoked(common_name).await {
            Ok(Some(before_s)) if *issued_s < before_s => refused("certificate_revoked"),
            Ok(_) => Ok(twin),
            Err(_) => Err(LoginRefused::Unavailable),
        }
    }

    /// The ACTIVE twin with this external key, from the cache or from the store.
    pub(crate) async fn twin(
        &self,
        domain_id: &str,
        external_key: &str,
    ) -> Result<Option<Arc<Twin>>, Refusal> {
        if let Some(twin) = self.twins.get(domain_id, external_key) {
            return Ok(Some(twin));
        }
        loop {
            let changes = self.twins.changes();
            let found = self.store().instance_by_key(domain_id, external_key).await?;
            let Some(instance) = found else { return Ok(None) };
            let adapter = match &instance.adapter_id {
                Some(id) => Some(self.adapter_compiled(id).await?),
                None => None,
            };
            let twin = Arc::new(Twin::new(&instance, adapter));
            if self.twins.keep(&twin, changes) {
                return Ok(Some(twin));
            }
        }
    }

    fn login_refused(&self, external_key: &str, reason: &str) -> LoginRefused {
        Metrics::count(&self.metrics().logins_refused, reason);
        tracing::warn!(external_key = %external_key.escape_debug(), reason, "device log-in refused");
        LoginRefused::BadCredentials
    }
}
