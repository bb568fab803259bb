//! The HTTP client: whom it trusts, how it finds hosts, which proxy it uses. The only module that
//! names the TLS library.

use std::env;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{NoProxy, Proxy};
use rustls::client::WantsClientCert;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::net::TcpStream;

use crate::ClientError;
use crate::error::causes;
use crate::limits::{CONNECT_TIMEOUT, METADATA_CONNECT_TIMEOUT, REQUEST_TIMEOUT};

/// Whom to trust, and who one is.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Certificates of authorities in PEM form. When given, only these are trusted; otherwise
    /// the system's.
    pub ca_pem: Option<Vec<u8>>,
    /// Certificate to show, when the other side asks for one.
    pub identity: Option<ClientIdentity>,
}

/// A certificate and its private key, both in PEM form. `Debug` shows neither.
#[derive(Clone)]
pub struct ClientIdentity {
    /// The certificate, and those between it and its authority.
    pub certificate_pem: Vec<u8>,
    /// The private key.
    pub key_pem: Vec<u8>,
}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientIdentity(…)")
    }
}

/// A client for [`ControlClient`](crate::ControlClient), [`DataClient`](crate::DataClient) and
/// [`token_password`](crate::token_password); cheap to clone, and clones share connections.
///
/// HTTP/1.1 only, and no redirects: a signature is for one host. `localhost` and every name under
/// it mean this machine, whatever the system's resolver says (interface.md 2). The environment's
/// proxies are used, except for this machine.
pub fn http_client(trust: &Trust) -> Result<reqwest::Client, ClientError> {
    let mut builder = reqwest::Client::builder()
        .http1_only()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(REQUEST_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .user_agent(concat!("manage-dt/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(Resolver)
        .no_proxy();
    for proxy in proxies(|name| env::var(name).ok())? {
        builder = builder.proxy(proxy);
    }
    if trust.ca_pem.is_some() || trust.identity.is_some() {
        let mut config = tls_config(trust)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        builder = builder.tls_backend_preconfigured(config);
    }
    builder.build().map_err(|error| {
        let cause = causes(&error);
        ClientError::setup(format!(
            "cannot set up TLS with the system's certificates: {cause}; install them, or give \
             your own with --cert-bundle or OCI_CLI_CERT_BUNDLE"
        ))
    })
}

/// A client of the metadata service: plain HTTP on a link of its own, which no proxy leads to.
pub(crate) fn metadata_client() -> Result<reqwest::Client, ClientError> {
    let builder = reqwest::Client::builder()
        .http1_only()
        .connect_timeout(METADATA_CONNECT_TIMEOUT)
        .timeout(REQUEST_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .dns_resolver(Resolver)
        .no_proxy();
    // The system's certificates would take time to read; a metadata service by https is none.
    let builder = builder.tls_backend_preconfigured(
        tls_builder()?.with_root_certificates(RootCertStore::empty()).with_no_client_auth(),
    );
    builder.build().map_err(|error| ClientError::setup(causes(&error)))
}

/// TLS as a client, for protocols other than HTTP as well.
pub fn tls_config(trust: &Trust) -> Result<ClientConfig, ClientError> {
    let builder = tls_builder()?;
    let builder = match &trust.ca_pem {
        Some(pem) => builder.with_root_certificates(roots(pem)?),
        None => builder.with_platform_verifier().map_err(|error| {
            ClientError::setup(format!("cannot use the system's certificates: {error}"))
        })?,
    };
    match &trust.identity {
        None => Ok(builder.with_no_client_auth()),
        Some(identity) => with_identity(builder, identity),
    }
}

fn tls_builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, ClientError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ClientError::setup(format!("cannot set up TLS: {error}")))
}

fn roots(pem: &[u8]) -> Result<RootCertStore, ClientError> {
    let unusable = |why: &str| {
        ClientError::setup(format!(
            "the certificate bundle cannot be used: {why}; it must hold certificates of \
             authorities, each as `-----BEGIN CERTIFICATE-----`, base64, `-----END CERTIFICATE-----`"
        ))
    };
    let certificates: Vec<CertificateDer<'_>> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| unusable(&error.to_string()))?;
    let mut roots = RootCertStore::empty();
    // Bundles of whole systems contain oddities that the library refuses; the others still count.
    let (usable, _) = roots.add_parsable_certificates(certificates);
    if usable == 0 {
        return Err(unusable("no usable certificate in it"));
    }
    Ok(roots)
}

fn with_identity(
    builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    identity: &ClientIdentity,
) -> Result<ClientConfig, ClientError> {
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(&identity.certificate_pem)
            .collect::<Result<_, _>>()
            .map_err(|error| ClientError::setup(format!("the client certificate: {error}")))?;
    let key = PrivateKeyDer::from_pem_slice(&identity.key_pem)
        .map_err(|_| ClientError::setup("the client certificate's key is no PEM private key"))?;
    builder.with_client_auth_cert(chain, key).map_err(|error| {
        ClientError::setup(format!("client certificate and key cannot be used: {error}"))
    })
}

/// Connects to a host as [`http_client`] does: `localhost` and the names under it are this machine.
pub async fn connect_tcp(host: &str, port: u16) -> std::io::Result<TcpStream> {
    if is_local(host) {
        return TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await;
    }
    TcpStream::connect((host, port)).await
}

/// The proxies of the environment, under their usual names.
fn proxies(variable: impl Fn(&str) -> Option<String>) -> Result<Vec<Proxy>, ClientError> {
    let first = |names: &[&'static str]| {
        names.iter().find_map(|&name| {
            variable(name).filter(|value| !value.is_empty()).map(|value| (name, value))
        })
    };
    // In a CGI program HTTP_PROXY would be a header of the caller's.
    let is_cgi = variable("REQUEST_METHOD").is_some();
    let http_names: &[&'static str] =
        if is_cgi { &["http_proxy"] } else { &["HTTP_PROXY", "http_proxy"] };
    let all = first(&["ALL_PROXY", "all_proxy"]);
    let https = first(&["HTTPS_PROXY", "https_proxy"]).or_else(|| all.clone());
    let http = first(http_names).or(all);

    let without = first(&["NO_PROXY", "no_proxy"]).map(|(_, list)| list).unwrap_or_default();
    let without = NoProxy::from_string(&format!("localhost,127.0.0.0/8,::1,{without}"));
    let bad = |name: &str| ClientError::setup(format!("{name} is not the address of a proxy"));
    let mut proxies = Vec::new();
    if let Some((name, address)) = https {
        proxies.push(Proxy::https(address).map_err(|_| bad(name))?.no_proxy(without.clone()));
    }
    if let Some((name, address)) = http {
        proxies.push(Proxy::http(address).map_err(|_| bad(name))?.no_proxy(without));
    }
    Ok(proxies)
}

/// `localhost` and the names under it by ourselves, all others by the system.
struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        if is_local(name.as_str()) {
            // Port 0 is replaced by the address' own.
            let local = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
            return Box::pin(async move { Ok(Box::new(std::iter::once(local)) as Addrs) });
        }
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(Box::new(found.collect::<Vec<_>>().into_iter()) as Addrs)
        })
    }
}

fn is_local(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_machine() {
        for name in ["localhost", "iot.local-1.oci.localhost", "LOCALHOST", "a.localhost."] {
            assert!(is_local(name), "{name}");
        }
        for name in ["localhost.example", "notlocalhost", ""] {
            assert!(!is_local(name), "{name}");
        }
    }

    #[test]
    fn proxies_of_the_environment() {
        let count = |pairs: &[(&str, &str)]| {
            proxies(|name| {
                pairs.iter().find(|(known, _)| *known == name).map(|(_, v)| (*v).to_owned())
            })
            .map(|proxies| proxies.len())
        };
        assert_eq!(count(&[]), Ok(0));
        assert_eq!(count(&[("HTTPS_PROXY", "")]), Ok(0));
        assert_eq!(count(&[("https_proxy", "http://proxy:3128")]), Ok(1));
        assert_eq!(count(&[("ALL_PROXY", "proxy:3128")]), Ok(2));
        assert_eq!(count(&[("HTTP_PROXY", "http://p"), ("REQUEST_METHOD", "GET")]), Ok(0));
        let error = count(&[("HTTPS_PROXY", "http://user:secret@")]).unwrap_err().to_string();
        assert_eq!(error, "HTTPS_PROXY is not the address of a proxy");
    }

    #[test]
    fn a_bundle_without_certificates_is_refused() {
        for pem in ["", "nothing", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
        {
            let trust = Trust { ca_pem: Some(pem.into()), identity: None };
            assert!(matches!(http_client(&trust), Err(ClientError::Setup { .. })), "{pem}");
        }
    }
}
