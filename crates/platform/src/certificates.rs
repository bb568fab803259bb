//! Certificates of devices (devices.md 2).
//!
//! The listeners check that a client's certificate is one of the platform's own CA and in its time.
//! What is left is whose it is: its common name is a twin's external key, and that twin's `authId`
//! names a certificate of this platform. Any certificate of the CA with that name will do, so that
//! one can be renewed without touching the twin, unless it was issued before those of that name
//! were revoked.

use oci_core::ocid::Ocid;

use crate::first_start::REGION_KEY;
use crate::platform::Platform;
use crate::store::{Certificate, Store, Stored};

/// Name of the certificate that twins with certificates name as their `authId`.
const DEVICE_CERTIFICATE: &str = "device-certificate";

/// What is known of a client by its certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The common name of its subject; empty, which is no external key, if it has none or several.
    pub common_name: String,
    /// Since when it is valid, seconds since 1970.
    pub issued_s: i64,
}

impl ClientCertificate {
    /// Reads what the TLS layer has checked.
    pub fn of(der: &[u8]) -> ClientCertificate {
        ClientCertificate::read(der).unwrap_or_default()
    }

    fn read(der: &[u8]) -> Option<ClientCertificate> {
        let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
        let mut names = certificate.subject().iter_common_name();
        let common_name = names.next()?.as_str().ok()?.to_owned();
        let issued_s = certificate.validity().not_before.timestamp();
        names.next().is_none().then_some(ClientCertificate { common_name, issued_s })
    }
}

/// The certificate that stands for the platform's CA in `authId`, made if there is none yet.
///
/// # Errors
/// The store's.
pub async fn device_certificate(store: &dyn Store) -> Stored<Certificate> {
    if let Some(certificate) = store.certificate_by_name(DEVICE_CERTIFICATE).await? {
        return Ok(certificate);
    }
    let id = Ocid::generate("certificate", REGION_KEY).to_string();
    let certificate = Certificate { id, name: DEVICE_CERTIFICATE.to_owned() };
    store.certificate_create(&certificate).await?;
    Ok(certificate)
}

impl Platform {
    /// Whether something that devices log in with has this OCID.
    pub(crate) async fn auth_exists(&self, auth_id: &str) -> Stored<bool> {
        Ok(self.secret_get(auth_id).await?.is_some()
            || self.store().certificate_get(auth_id).await?.is_some())
    }
}
