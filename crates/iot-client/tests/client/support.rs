//! A small real server: it records what it gets and answers what a test tells it to, over plain
//! HTTP or TLS.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use iot_client::{ControlClient, RetryPolicy, Trust, http_client};
use oci_core::key::PrivateKey;
use oci_core::sign::Signer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A request as it arrived.
#[derive(Clone)]
pub struct Seen {
    pub method: String,
    pub target: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Seen {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

/// What the server does with a request.
pub enum Reply {
    Answer(u16, Vec<(&'static str, String)>, String),
    CutConnection,
}

pub fn ok(body: &str) -> Reply {
    Reply::Answer(200, vec![], body.to_owned())
}

pub fn status(status: u16, body: &str) -> Reply {
    Reply::Answer(status, vec![], body.to_owned())
}

#[derive(Clone)]
pub struct Server {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
}

type Handler = dyn Fn(usize, &Seen) -> Reply + Send + Sync;

impl Server {
    /// Plain HTTP. The handler gets the number of the request, from 0.
    pub async fn plain(handler: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static) -> Server {
        Server::start(None, Arc::new(handler)).await
    }

    /// TLS with a certificate for the names, and the CA behind it as PEM.
    pub async fn tls(
        names: &[&str],
        handler: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static,
    ) -> (Server, Vec<u8>) {
        let (acceptor, ca_pem) = certificate(names);
        (Server::start(Some(acceptor), Arc::new(handler)).await, ca_pem)
    }

    async fn start(tls: Option<TlsAcceptor>, handler: Arc<Handler>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Server {
            address: listener.local_addr().unwrap(),
            seen: Arc::default(),
            connections: Arc::default(),
        };
        let accepting = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                accepting.connections.fetch_add(1, Ordering::SeqCst);
                stream.set_nodelay(true).unwrap();
                let (server, tls, handler) = (accepting.clone(), tls.clone(), handler.clone());
                tokio::spawn(async move {
                    match tls {
                        None => server.serve(stream, handler).await,
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => server.serve(stream, handler).await,
                            Err(_refused) => {}
                        },
                    }
                });
            }
        });
        server
    }

    async fn serve(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
        handler: Arc<Handler>,
    ) {
        let service = service_fn(|request| self.answer(request, handler.clone()));
        let _ = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .await;
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
        handler: Arc<Handler>,
    ) -> Result<Response<Full<Bytes>>, std::io::Error> {
        let (parts, body) = request.into_parts();
        let seen = Seen {
            method: parts.method.to_string(),
            target: parts.uri.path_and_query().unwrap().to_string(),
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes().to_vec(),
        };
        let number = {
            let mut all = self.seen.lock().unwrap();
            all.push(seen.clone());
            all.len() - 1
        };
        let Reply::Answer(status, headers, body) = handler(number, &seen) else {
            return Err(std::io::Error::other("cut by the test"));
        };
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(name, value);
        }
        Ok(response.body(Full::new(Bytes::from(body))).unwrap())
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub fn url(&self, scheme: &str, host: &str) -> String {
        format!("{scheme}://{host}:{}", self.address.port())
    }
}

pub fn plain_http() -> reqwest::Client {
    // Any certificate will do: it keeps the tests independent of the system's store.
    let (_, ca_pem) = certificate(&["unused"]);
    http_client(&Trust { ca_pem: Some(ca_pem), identity: None }).unwrap()
}

pub fn signer() -> Arc<Signer> {
    Arc::new(Signer::new("tenancy/user/fingerprint", PrivateKey::generate()))
}

/// A client of a plain server.
pub fn client(server: &Server) -> ControlClient {
    let client = ControlClient::new(plain_http(), &server.url("http", "127.0.0.1"), signer());
    client.unwrap().with_retry(impatient())
}

/// The usual tries with pauses that a test can wait for.
pub fn impatient() -> RetryPolicy {
    RetryPolicy { pause: Duration::from_millis(2), ..RetryPolicy::default() }
}

fn certificate(names: &[&str]) -> (TlsAcceptor, Vec<u8>) {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    let mut ca = CertificateParams::new(vec![]).unwrap();
    ca.distinguished_name.push(rcgen::DnType::CommonName, format!("CA of {}", names[0]));
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap();
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(names).unwrap().signed_by(&key, &ca).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key.serialize_der().try_into().unwrap())
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), ca.pem().into_bytes())
}
