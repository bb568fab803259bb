//! Load on the control plane over keep-alive TLS: creates instances, or replays signed GETs of
//! instances and of their content. Reads the variables of `client/env.sh`.
//!
//! Requests are signed before the clock starts, so that the generator costs little of the machine
//! it shares with the server. Prints one JSON object.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use oci_core::config::profile_from_ini;
use oci_core::key::PrivateKey;
use oci_core::sign::Signer;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Signed requests that are replayed.
const REQUESTS: usize = 4000;

#[derive(Parser)]
#[command(about = "Load on the control plane")]
struct Args {
    /// Connections at once
    #[arg(long, default_value_t = 16)]
    connections: usize,
    #[command(subcommand)]
    work: Work,
}

#[derive(Subcommand)]
enum Work {
    /// Create instances and write their OCIDs to a file
    Create {
        /// How many
        #[arg(long)]
        count: usize,
        /// The file
        #[arg(long)]
        ids: std::path::PathBuf,
        /// Begin of every external key
        #[arg(long, default_value = "load")]
        prefix: String,
    },
    /// GET instances and their content by turns
    Get {
        /// OCIDs, a line each
        #[arg(long)]
        ids: std::path::PathBuf,
        /// How long
        #[arg(long, default_value_t = 10.0)]
        seconds: f64,
    },
    /// GET one path, for example a list
    Path {
        /// Path and query
        path: String,
        /// How long
        #[arg(long, default_value_t = 5.0)]
        seconds: f64,
    },
}

/// Who signs, and where to.
struct Client {
    signer: Signer,
    host: String,
    port: u16,
    tls: TlsConnector,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let report = runtime.map_err(Failed::from).and_then(|runtime| runtime.block_on(run(args)));
    match report {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("control_load: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<serde_json::Value, Failed> {
    let client = Arc::new(Client::from_environment()?);
    match args.work {
        Work::Create { count, ids, prefix } => {
            create(client, args.connections, count, &prefix, &ids).await
        }
        Work::Get { ids, seconds } => {
            let ids = std::fs::read_to_string(ids)?;
            let ids: Vec<&str> = ids.lines().collect();
            let path = |number: usize| {
                // A stride that visits twins all over the store.
                let id = ids[(number * 7919) % ids.len()];
                let tail = if number.is_multiple_of(2) { "" } else { "/content" };
                format!("/20250531/digitalTwinInstances/{id}{tail}")
            };
            let requests = (0..REQUESTS).map(|number| client.request("GET", &path(number), None));
            replay(client.clone(), args.connections, requests.collect(), seconds).await
        }
        Work::Path { path, seconds } => {
            let requests = vec![client.request("GET", &path, None)];
            replay(client, args.connections, requests, seconds).await
        }
    }
}

async fn create(
    client: Arc<Client>,
    connections: usize,
    count: usize,
    prefix: &str,
    ids: &std::path::Path,
) -> Result<serde_json::Value, Failed> {
    let (domain, secret) = (variable("IOT_DOMAIN_ID")?, variable("DEVICE_SECRET_ID")?);
    let adapter = variable("LOAD_ADAPTER_ID").ok();
    let started = Instant::now();
    let tasks: Vec<_> = (0..connections)
        .map(|task| {
            let (client, domain, secret) = (client.clone(), domain.clone(), secret.clone());
            let (adapter, prefix) = (adapter.clone(), prefix.to_owned());
            tokio::spawn(async move {
                let mut link = Link::open(&client).await?;
                let mut made = Vec::new();
                for number in (task..count).step_by(connections) {
                    let body = serde_json::json!({
                        "iotDomainId": domain, "authId": secret, "digitalTwinAdapterId": adapter,
                        "displayName": format!("{prefix} {number}"),
                        "externalKey": format!("{prefix}-{number}"),
                    });
                    let path = "/20250531/digitalTwinInstances";
                    let request = client.request("POST", path, Some(body.to_string()));
                    let answer: serde_json::Value =
                        serde_json::from_slice(&link.exchange(&request).await?)?;
                    made.push(answer["id"].as_str().ok_or("no id")?.to_owned());
                }
                Ok::<_, Failed>(made)
            })
        })
        .collect();
    let mut all = Vec::with_capacity(count);
    for task in tasks {
        all.extend(task.await??);
    }
    let seconds = started.elapsed().as_secs_f64();
    std::fs::write(ids, all.join("\n"))?;
    Ok(serde_json::json!({
        "created": all.len(), "seconds": seconds, "per_second": all.len() as f64 / seconds,
    }))
}

async fn replay(
    client: Arc<Client>,
    connections: usize,
    requests: Vec<Vec<u8>>,
    seconds: f64,
) -> Result<serde_json::Value, Failed> {
    let requests = Arc::new(requests);
    let started = Instant::now();
    let end = started + Duration::from_secs_f64(seconds);
    let tasks: Vec<_> = (0..connections)
        .map(|task| {
            let (client, requests) = (client.clone(), requests.clone());
            tokio::spawn(async move {
                let mut link = Link::open(&client).await?;
                let mut latencies_us = Vec::new();
                let mut number = task * requests.len() / connections;
                while Instant::now() < end {
                    let sent = Instant::now();
                    link.exchange(&requests[number % requests.len()]).await?;
                    latencies_us.push(sent.elapsed().as_micros() as u64);
                    number += 1;
                }
                Ok::<_, Failed>(latencies_us)
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await??);
    }
    let seconds = started.elapsed().as_secs_f64();
    all.sort_unstable();
    let quantile = |q: f64| all.get((all.len() as f64 * q) as usize).or(all.last()).copied();
    Ok(serde_json::json!({
        "answers": all.len(), "seconds": seconds, "per_second": all.len() as f64 / seconds,
        "latency_us": { "p50": quantile(0.5), "p99": quantile(0.99), "max": all.last() },
    }))
}

impl Client {
    fn from_environment() -> Result<Client, Failed> {
        let ini = std::fs::read_to_string(variable("OCI_CONFIG_FILE")?)?;
        let profile = profile_from_ini(&ini, &variable("OCI_CLI_PROFILE")?)?;
        let key_file = profile.key_file.as_deref().ok_or("the profile has no key_file")?;
        let key = PrivateKey::from_pem(&std::fs::read_to_string(key_file)?, None)?;
        let mut roots = rustls::RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(variable("NODE_EXTRA_CA_CERTS")?)? {
            roots.add(certificate?)?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let port = variable("IOT_HTTPS_PORT")?.parse()?;
        Ok(Client {
            signer: Signer::new(profile.api_key_id()?, key),
            host: format!("localhost:{port}"),
            port,
            tls: TlsConnector::from(Arc::new(config)),
        })
    }

    /// A signed request as bytes.
    fn request(&self, method: &str, target: &str, body: Option<String>) -> Vec<u8> {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let date = oci_core::date::imf_fixdate(now.unwrap_or_default().as_secs() as i64);
        let signed = body.as_ref().map(|body| (body.as_bytes(), "application/json"));
        let mut text = format!("{method} {target} HTTP/1.1\r\n");
        for (name, value) in self.signer.sign(method, target, &self.host, &date, signed) {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        text.push_str(&body.unwrap_or_default());
        text.into_bytes()
    }
}

/// One keep-alive connection.
struct Link {
    stream: TlsStream<TcpStream>,
    buffer: Vec<u8>,
}

impl Link {
    async fn open(client: &Client) -> Result<Link, Failed> {
        let stream = TcpStream::connect(("127.0.0.1", client.port)).await?;
        stream.set_nodelay(true)?;
        let stream = client.tls.connect(ServerName::try_from("localhost")?, stream).await?;
        Ok(Link { stream, buffer: Vec::new() })
    }

    /// Sends a request; the body of its answer, which must be 200.
    async fn exchange(&mut self, request: &[u8]) -> Result<Vec<u8>, Failed> {
        self.stream.write_all(request).await?;
        self.stream.flush().await?;
        self.buffer.clear();
        loop {
            if let Some(head) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                let length = content_length(&self.buffer[..head])?;
                let body = head + 4..head + 4 + length;
                while self.buffer.len() < body.end {
                    self.read().await?;
                }
                let body = self.buffer[body].to_vec();
                if !self.buffer.starts_with(b"HTTP/1.1 200") {
                    return Err(String::from_utf8_lossy(&self.buffer).into_owned().into());
                }
                return Ok(body);
            }
            self.read().await?;
        }
    }

    async fn read(&mut self) -> Result<(), Failed> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err("the server closed the connection".into()),
            _ => Ok(()),
        }
    }
}

fn content_length(head: &[u8]) -> Result<usize, Failed> {
    let head = std::str::from_utf8(head)?.to_ascii_lowercase();
    let value = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    Ok(value.ok_or("no content-length")?.trim().parse()?)
}

fn variable(name: &str) -> Result<String, Failed> {
    std::env::var(name).map_err(|_| format!("{name} is not set; source client/env.sh").into())
}
