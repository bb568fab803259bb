//! A platform behind its listener, and requests to it over TLS.

#![allow(dead_code, reason = "no test file uses all of it")]

pub mod calls;
pub mod requests;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oci_core::date::imf_fixdate;
use oci_core::sign::Signer;
use platform::Platform;
use platform::certificates::ClientCertificate;
use platform::clock::{Clock, wall_clock_us};
use platform::limits::ServiceLimits;
use platform::names::HostNames;
use platform::store::{Setup, Store};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// A platform with its listener, and all that a client needs.
pub struct Served {
    pub platform: Arc<Platform>,
    pub setup: Setup,
    pub signer: Signer,
    pub port: u16,
    pub tls: TlsConnector,
    pub stop: watch::Sender<bool>,
    pub task: JoinHandle<()>,
    _dir: tempfile::TempDir,
}

/// Nobody comes by WebSocket here.
struct NoMqtt;

#[async_trait::async_trait]
impl http_api::MqttSessions for NoMqtt {
    async fn run(
        &self,
        _stream: Box<dyn http_api::WebSocketBytes>,
        _host: Option<String>,
        _certificate: Option<ClientCertificate>,
    ) {
    }
}

/// An answer.
pub struct Got {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Got {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

impl Served {
    pub async fn start() -> Served {
        Served::limited(ServiceLimits::OPEN).await
    }

    /// One with these limits.
    pub async fn limited(limits: ServiceLimits) -> Served {
        Served::with_clock(limits, Clock::of(wall_clock_us)).await
    }

    /// One with these limits and another clock.
    pub async fn with_clock(limits: ServiceLimits, clock: Clock) -> Served {
        let dir = tempfile::tempdir().unwrap();
        let store = store_sqlite::SqliteStore::open(&dir.path().join("db")).unwrap();
        let (setup, key) = platform::first_start::new_setup(wall_clock_us());
        store.setup_create(&setup).await.unwrap();
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = socket.local_addr().unwrap().port();
        let names =
            HostNames { region: "local-1".into(), suffix: "localhost".into(), https_port: port };
        let platform =
            Platform::start(Arc::new(store), setup.clone(), names, clock, limits).await.unwrap();
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let certificate = made.cert.der().clone();
        let private = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let server = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], private)
            .unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(certificate).unwrap();
        let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let (stop, stopped) = watch::channel(false);
        let acceptor = TlsAcceptor::from(Arc::new(server));
        let task = tokio::spawn(http_api::serve(
            socket,
            acceptor,
            platform.clone(),
            Arc::new(NoMqtt),
            stopped,
        ));
        let signer = Signer::new(setup.api_key.key_id.clone(), key);
        let tls = TlsConnector::from(Arc::new(client));
        Served { platform, setup, signer, port, tls, stop, task, _dir: dir }
    }

    /// One request on a connection of its own; `content-length` must be among the headers.
    pub async fn raw(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, String)],
        body: &[u8],
    ) -> Got {
        let tcp = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = self.tls.connect(name, tcp).await.unwrap();
        let mut text = format!("{method} {target} HTTP/1.1\r\nconnection: close\r\n");
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        stream.write_all(text.as_bytes()).await.unwrap();
        stream.write_all(body).await.unwrap();
        stream.flush().await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Got { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// A request to a host with one more header.
    pub async fn plain(&self, call: (&str, &str, &str), extra: (&str, &str), body: &[u8]) -> Got {
        let (method, host, target) = call;
        let headers = [
            ("host", host.to_owned()),
            ("content-length", body.len().to_string()),
            (extra.0, extra.1.to_owned()),
        ];
        self.raw(method, target, &headers, body).await
    }

    /// A signed request to the control plane.
    pub async fn signed(&self, method: &str, target: &str, body: Option<&str>) -> Got {
        let host = self.platform.names().with_port(&self.platform.names().control());
        self.signed_by(&self.signer, (method, &host, target), body, None).await
    }

    /// A request to a host, signed by anybody; POST and PUT always have a body.
    pub async fn signed_by(
        &self,
        signer: &Signer,
        call: (&str, &str, &str),
        body: Option<&str>,
        if_match: Option<&str>,
    ) -> Got {
        let (method, host, target) = call;
        let date = imf_fixdate(wall_clock_us() / 1_000_000);
        let content = body.map(|body| (body.as_bytes(), "application/json"));
        let mut headers = signer.sign(method, target, host, &date, content);
        headers.extend(if_match.map(|etag| ("if-match", etag.to_owned())));
        self.raw(method, target, &headers, body.unwrap_or_default().as_bytes()).await
    }

    pub fn basic(&self, user: &str, password: &[u8]) -> String {
        format!("Basic {}", STANDARD.encode([user.as_bytes(), b":", password].concat()))
    }
}
