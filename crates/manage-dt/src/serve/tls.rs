//! The platform's own CA and its server certificate.

use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use platform::names::HostNames;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::state_dir::write_private;
use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Days a server certificate is valid.
const LEAF_DAYS: i64 = 365;
/// Days the CA is valid.
const CA_DAYS: i64 = 3650;
/// A server certificate with fewer days left is made anew at the next start.
const LEAF_DAYS_LEFT_MIN: i64 = 30;

/// What the listeners need.
pub struct Certificates {
    /// The CA, for clients.
    pub ca_pem: String,
    /// TLS for HTTP/1.1.
    pub https: TlsAcceptor,
    /// TLS for MQTT.
    pub mqtts: TlsAcceptor,
}

/// Loads or makes the certificates.
pub fn prepare(dir: &Path, names: &HostNames, bind: IpAddr) -> Result<Certificates, Failure> {
    let ca_file = dir.join("ca.pem");
    let ca_key_file = dir.join("ca_key.pem");
    if !ca_file.exists() || !ca_key_file.exists() {
        let key = KeyPair::generate().map_err(|error| failed(&error))?;
        let ca = ca_params().self_signed(&key).map_err(|error| failed(&error))?;
        write_private(&ca_key_file, key.serialize_pem().as_bytes())?;
        write_private(&ca_file, ca.pem().as_bytes())?;
    }
    let ca_pem = fs::read_to_string(&ca_file).map_err(|error| failed(&error))?;
    let (leaf_file, leaf_key_file) = (dir.join("server.pem"), dir.join("server_key.pem"));
    let names_file = dir.join("server_names");
    let mut covered = names.certificate_names();
    covered.extend(["127.0.0.1".to_owned(), "::1".to_owned(), bind.to_string()]);
    covered.dedup();
    let listed = covered.join("\n");
    let covers = fs::read_to_string(&names_file).is_ok_and(|names| names == listed);
    if !covers || days_left(&leaf_file).is_none_or(|days| days < LEAF_DAYS_LEFT_MIN) {
        let ca_key_pem = fs::read_to_string(&ca_key_file).map_err(|error| failed(&error))?;
        let ca_key = KeyPair::from_pem(&ca_key_pem).map_err(|error| failed(&error))?;
        let issuer = Issuer::from_ca_cert_pem(&ca_pem, ca_key).map_err(|error| failed(&error))?;
        let key = KeyPair::generate().map_err(|error| failed(&error))?;
        let leaf =
            leaf_params(covered)?.signed_by(&key, &issuer).map_err(|error| failed(&error))?;
        write_private(&leaf_key_file, key.serialize_pem().as_bytes())?;
        write_private(&leaf_file, leaf.pem().as_bytes())?;
        write_private(&names_file, listed.as_bytes())?;
    }
    let leaf = fs::read(&leaf_file).map_err(|error| failed(&error))?;
    let key = fs::read(&leaf_key_file).map_err(|error| failed(&error))?;
    Ok(Certificates {
        https: acceptor(&leaf, &key, &ca_pem, &[b"http/1.1"])?,
        mqtts: acceptor(&leaf, &key, &ca_pem, &[])?,
        ca_pem,
    })
}

/// Days until the certificate of a file expires; `None` when there is none that can be read.
fn days_left(file: &Path) -> Option<i64> {
    let leaf = CertificateDer::from_pem_file(file).ok()?;
    let (_, leaf) = x509_parser::parse_x509_certificate(&leaf).ok()?;
    let seconds = leaf.validity().not_after.timestamp() - jiff::Timestamp::now().as_second();
    Some(seconds / (24 * 3600))
}

/// A certificate for a device with this external key, and its private key, both PEM; signed by
/// the CA of a state directory.
///
/// # Errors
/// Exit 1 when the directory has no CA, or one that cannot be read.
pub fn issue_device_certificate(
    state_dir: &Path,
    external_key: &str,
    days: u32,
) -> Result<(String, String), Failure> {
    let dir = state_dir.join("tls");
    let read = |name: &str| {
        fs::read_to_string(dir.join(name)).map_err(|error| {
            Failure::new(
                ExitCode::Refused,
                format!(
                    "{}: {error}; `manage-dt serve` makes the CA at its first start",
                    dir.join(name).display()
                ),
            )
        })
    };
    let ca_key = KeyPair::from_pem(&read("ca_key.pem")?).map_err(|error| failed(&error))?;
    let issuer =
        Issuer::from_ca_cert_pem(&read("ca.pem")?, ca_key).map_err(|error| failed(&error))?;
    let mut params = CertificateParams::default();
    params.distinguished_name = name(external_key);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.use_authority_key_identifier_extension = true;
    valid_for(&mut params, days.into());
    // To the second: what was issued before a revocation is told from what comes after it.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    params.not_before =
        rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(now.unwrap_or_default().as_secs());
    let key = KeyPair::generate().map_err(|error| failed(&error))?;
    let leaf = params.signed_by(&key, &issuer).map_err(|error| failed(&error))?;
    Ok((leaf.pem(), key.serialize_pem()))
}

fn ca_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = name("manage-dt local CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    valid_for(&mut params, CA_DAYS);
    params
}

fn leaf_params(names: Vec<String>) -> Result<CertificateParams, Failure> {
    let mut params = CertificateParams::new(names).map_err(|error| failed(&error))?;
    params.distinguished_name = name("manage-dt platform");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // OpenSSL's strict checks want it (interface.md 2).
    params.use_authority_key_identifier_extension = true;
    valid_for(&mut params, LEAF_DAYS);
    Ok(params)
}

fn name(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

/// From yesterday, so that clocks may differ a little.
fn valid_for(params: &mut CertificateParams, days: i64) {
    let date = |days: i64| {
        let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let date = now.saturating_add(jiff::Span::new().days(days));
        rcgen::date_time_ymd(
            date.year().into(),
            date.month().unsigned_abs(),
            date.day().unsigned_abs(),
        )
    };
    params.not_before = date(-1);
    params.not_after = date(days);
}

/// Clients may show a certificate of the CA; one of anybody else ends the handshake.
fn acceptor(
    leaf_pem: &[u8],
    key_pem: &[u8],
    ca_pem: &str,
    alpn: &[&[u8]],
) -> Result<TlsAcceptor, Failure> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(leaf_pem)
        .collect::<Result<_, _>>()
        .map_err(|error| failed(&error))?;
    let key = PrivateKeyDer::from_pem_slice(key_pem).map_err(|error| failed(&error))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let ca = CertificateDer::from_pem_slice(ca_pem.as_bytes()).map_err(|error| failed(&error))?;
    let mut roots = RootCertStore::empty();
    roots.add(ca).map_err(|error| failed(&error))?;
    let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .allow_unauthenticated()
        .build()
        .map_err(|error| failed(&error))?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error))?
        .with_client_cert_verifier(clients)
        .with_single_cert(chain, key)
        .map_err(|error| failed(&error))?;
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn failed(error: &dyn std::fmt::Display) -> Failure {
    Failure::new(ExitCode::Refused, format!("the platform's certificates: {error}"))
}
