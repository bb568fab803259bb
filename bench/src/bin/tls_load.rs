//! TLS connections to an MQTT 3.1.1 listener: so many, each with a full handshake and a log-in, some
//! at once; then they stay and are silent until standard input ends.
//!
//! Prints one JSON object when all are there: connections, their rate, and the time from the first
//! packet to the CONNACK in microseconds.

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use rustls::client::Resumption;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

type Failed = Box<dyn std::error::Error + Send + Sync>;

#[derive(Parser)]
#[command(about = "Idle TLS connections to an MQTT listener")]
struct Args {
    /// Where the listener is
    #[arg(long)]
    address: SocketAddr,
    /// Name in its certificate
    #[arg(long, default_value = "localhost")]
    name: String,
    /// File with the certificate of its CA
    #[arg(long)]
    ca: PathBuf,
    /// User name of all connections; none without it
    #[arg(long)]
    user: Option<String>,
    /// Password
    #[arg(long, env = "DEVICE_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    /// Connections
    #[arg(long, default_value_t = 10_000)]
    connections: usize,
    /// Handshakes at once
    #[arg(long, default_value_t = 32)]
    at_once: usize,
}

fn main() -> ExitCode {
    let args = Arc::new(Args::parse());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = runtime.map_err(Failed::from).and_then(|runtime| runtime.block_on(run(args)));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("tls_load: {why}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Arc<Args>) -> Result<(), Failed> {
    let tls = connector(&args)?;
    let turns = Arc::new(Semaphore::new(args.at_once));
    let start = Instant::now();
    let mut tasks = Vec::with_capacity(args.connections);
    for number in 0..args.connections {
        let turn = turns.clone().acquire_owned().await?;
        let (args, tls) = (args.clone(), tls.clone());
        tasks.push(tokio::spawn(async move {
            let _turn = turn;
            connect(&args, &tls, number).await
        }));
    }
    let mut links = Vec::with_capacity(tasks.len());
    let mut all = Vec::with_capacity(tasks.len());
    for task in tasks {
        let (link, taken_us) = task.await??;
        links.push(link);
        all.push(taken_us);
    }
    let seconds = start.elapsed().as_secs_f64();
    all.sort_unstable();
    let quantile = |q: f64| all.get((all.len() as f64 * q) as usize).or(all.last()).copied();
    let report = serde_json::json!({
        "connections": links.len(), "seconds": seconds,
        "per_second": links.len() as f64 / seconds,
        "latency_us": { "p50": quantile(0.5), "p99": quantile(0.99), "max": all.last() },
    });
    println!("{report}");
    let until_end = || std::io::stdin().lock().read_to_end(&mut Vec::new());
    tokio::task::spawn_blocking(until_end).await??;
    Ok(())
}

/// Every handshake is a whole one: nothing is resumed.
fn connector(args: &Args) -> Result<TlsConnector, Failed> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(&args.ca)? {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// A logged-in connection without keep-alive, and how long it took, microseconds.
async fn connect(
    args: &Args,
    tls: &TlsConnector,
    number: usize,
) -> Result<(TlsStream<TcpStream>, u128), Failed> {
    let start = Instant::now();
    let stream = TcpStream::connect(args.address).await?;
    stream.set_nodelay(true)?;
    let mut stream = tls.connect(ServerName::try_from(args.name.clone())?, stream).await?;
    stream.write_all(&connect_packet(args, number)?).await?;
    stream.flush().await?;
    let mut connack = [0; 4];
    stream.read_exact(&mut connack).await?;
    match connack {
        [0x20, 2, _, 0] => Ok((stream, start.elapsed().as_micros())),
        other => Err(format!("the log-in was refused: {other:02x?}").into()),
    }
}

fn connect_packet(args: &Args, number: usize) -> Result<Vec<u8>, Failed> {
    let text = |text: &str| {
        let length = u16::try_from(text.len()).map_err(|_| "a text is too long")?;
        Ok::<_, Failed>([&length.to_be_bytes()[..], text.as_bytes()].concat())
    };
    let flags = if args.user.is_some() { 0xc2 } else { 0x02 };
    let mut body = [text("MQTT")?, vec![4, flags, 0, 0], text(&format!("idle-{number}"))?].concat();
    if let Some(user) = &args.user {
        body.extend(text(user)?);
        body.extend(text(args.password.as_deref().unwrap_or_default())?);
    }
    let length = u8::try_from(body.len()).ok().filter(|length| *length < 0x80);
    let length = length.ok_or("user name and password are longer than a CONNECT of ours")?;
    Ok([&[0x10, length][..], &body].concat())
}
