//! What an instance shows to be given a token: its certificate, the authorities between, and the
//! session's key, signed with the certificate's key (control-plane.md 2.6).

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::key::PublicKey;
use crate::limits::CHAIN_CERTIFICATES_MAX;
use crate::pem;

/// Beginnings of the values in a certificate's subject that name the tenancy.
const TENANCY_PREFIXES: [&str; 2] = ["opc-tenant:", "opc-identity:"];

/// Why a certificate cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// No PEM block `CERTIFICATE`, or its content is not base64.
    #[error("this is not a certificate in PEM form")]
    NotPem,
    /// Not X.509.
    #[error("the certificate is damaged")]
    Damaged,
    /// Not a certificate of an instance.
    #[error("the certificate names no tenancy (`opc-tenant:` in its subject)")]
    NoTenancy,
    /// Absurdly many.
    #[error("more than {CHAIN_CERTIFICATES_MAX} certificates in one chain")]
    TooMany,
}

/// The certificate of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafCertificate {
    der: Vec<u8>,
    tenancy_id: String,
}

impl LeafCertificate {
    /// Reads a PEM block `CERTIFICATE`.
    pub fn from_pem(pem: &str) -> Result<LeafCertificate, CertificateError> {
        let der = certificate(pem)?;
        let (_, parsed) = X509Certificate::from_der(&der).map_err(|_| CertificateError::Damaged)?;
        let values = parsed.subject().iter_attributes().filter_map(|value| value.as_str().ok());
        let tenancy = |value: &str| {
            let mut prefixes = TENANCY_PREFIXES.iter();
            prefixes.find_map(|prefix| value.strip_prefix(prefix)).map(str::to_owned)
        };
        let tenancy_id = values.into_iter().find_map(tenancy).ok_or(CertificateError::NoTenancy)?;
        Ok(LeafCertificate { der, tenancy_id })
    }

    /// OCID of the tenancy that the instance belongs to.
    pub fn tenancy_id(&self) -> &str {
        &self.tenancy_id
    }

    /// `<tenancy>/fed-x509/<fingerprint>` (control-plane.md 2.4). The fingerprint is SHA-1: a name
    /// of the certificate, not a protection.
    pub fn key_id(&self) -> String {
        let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, &self.der);
        let pairs: Vec<String> = hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
        format!("{}/fed-x509/{}", self.tenancy_id, pairs.join(":"))
    }
}

/// Body of the request for a token. The certificates of `intermediate_pem` go along one by one.
pub fn exchange_body(
    leaf: &LeafCertificate,
    session_key: &PublicKey,
    intermediate_pem: &str,
) -> Result<Vec<u8>, CertificateError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Body {
        certificate: String,
        public_key: String,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        intermediate_certificates: Vec<String>,
    }
    let intermediate_certificates = chain(intermediate_pem)?;
    let body = Body {
        certificate: STANDARD.encode(&leaf.der),
        public_key: STANDARD.encode(session_key.to_spki_der()),
        intermediate_certificates,
    };
    Ok(serde_json::to_vec(&body).expect("texts are always JSON"))
}

fn chain(pem: &str) -> Result<Vec<String>, CertificateError> {
    const END: &str = "-----END CERTIFICATE-----";
    let blocks: Vec<&str> = pem.split_inclusive(END).filter(|block| block.ends_with(END)).collect();
    if blocks.len() > CHAIN_CERTIFICATES_MAX {
        return Err(CertificateError::TooMany);
    }
    blocks.into_iter().map(|block| certificate(block).map(|der| STANDARD.encode(der))).collect()
}

fn certificate(pem: &str) -> Result<Vec<u8>, CertificateError> {
    let block = pem::first_block(pem).filter(|block| block.label == "CERTIFICATE");
    block.and_then(|block| block.der).ok_or(CertificateError::NotPem)
}
