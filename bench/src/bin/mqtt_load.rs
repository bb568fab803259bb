//! Load on an MQTT 3.1.1 listener: many connections, a window of unacknowledged QoS 1 messages on
//! each, for a while; or the same at a fixed rate, to see how long an acknowledgement takes.
//!
//! Prints one JSON object: messages acknowledged, their rate, and latency from the send to the
//! PUBACK in microseconds. Packets are made once and only their ids change, so that the generator
//! costs little of the machine it shares with the server.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// Packet ids of one connection: one slot each for the time it was sent.
const PACKET_IDS: usize = 1 << 16;
/// Acknowledgements that still come after the last send are waited for so long.
const TAIL: Duration = Duration::from_secs(10);
/// Publishes in one write.
const BURST_MESSAGES_MAX: usize = 64;

#[derive(Parser)]
#[command(about = "Load on an MQTT listener: QoS 1, plain TCP")]
struct Args {
    /// Where the listener is
    #[arg(long)]
    address: SocketAddr,
    /// User name; several are shared out among the connections
    #[arg(long = "user")]
    users: Vec<String>,
    /// Password of every user
    #[arg(long, env = "DEVICE_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    /// Topic of every message
    #[arg(long, default_value = "iot/v1/telemetry")]
    topic: String,
    /// Payload of every message
    #[arg(
        long,
        default_value = r#"{"sht_temperature":23.8,"qmp_temperature":24.1,"humidity":54.2,"pressure":1013.2,"count":1}"#
    )]
    payload: String,
    /// Connections
    #[arg(long, default_value_t = 20)]
    connections: usize,
    /// Unacknowledged messages of one connection
    #[arg(long, default_value_t = 200)]
    window: usize,
    /// How long to send
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Messages per second in all; without it as many as are acknowledged
    #[arg(long)]
    rate: Option<f64>,
}

/// What one connection saw.
struct Seen {
    acknowledged: u64,
    last: Instant,
    latencies_us: Vec<u32>,
}

fn main() -> ExitCode {
    let args = Arc::new(Args::parse());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = runtime.map_err(|error| error.to_string()).and_then(|runtime| {
        runtime.block_on(run(args)).map_err(|error| format!("mqtt_load: {error}"))
    });
    match result {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Arc<Args>) -> std::io::Result<serde_json::Value> {
    let mut links = Vec::with_capacity(args.connections);
    for number in 0..args.connections {
        links.push(connect(&args, number).await?);
    }
    let start = Instant::now();
    let end = start + Duration::from_secs_f64(args.seconds);
    let tasks: Vec<_> =
        links.into_iter().map(|link| tokio::spawn(load(link, args.clone(), start, end))).collect();
    let mut all = Seen { acknowledged: 0, last: start, latencies_us: Vec::new() };
    for task in tasks {
        let seen = task.await.map_err(std::io::Error::other)??;
        all.acknowledged += seen.acknowledged;
        all.last = all.last.max(seen.last);
        all.latencies_us.extend(seen.latencies_us);
    }
    all.latencies_us.sort_unstable();
    let seconds = (all.last - start).as_secs_f64();
    let quantile = |q: f64| {
        let index = (all.latencies_us.len() as f64 * q) as usize;
        all.latencies_us.get(index.min(all.latencies_us.len().saturating_sub(1))).copied()
    };
    Ok(serde_json::json!({
        "acknowledged": all.acknowledged,
        "seconds": seconds,
        "per_second": all.acknowledged as f64 / seconds,
        "latency_us": { "p50": quantile(0.5), "p99": quantile(0.99), "max": quantile(1.0) },
    }))
}

async fn connect(args: &Args, number: usize) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect(args.address).await?;
    stream.set_nodelay(true)?;
    let user = args.users.get(number % args.users.len().max(1));
    let mut body = text("MQTT");
    let flags = if user.is_some() { 0xc2 } else { 0x02 };
    body.extend_from_slice(&[4, flags, 0, 0]);
    body.extend(text(&format!("load-{number}")));
    if let Some(user) = user {
        body.extend(text(user));
        body.extend(text(args.password.as_deref().unwrap_or_default()));
    }
    stream.write_all(&packet(0x10, &body)).await?;
    let mut connack = [0; 4];
    stream.read_exact(&mut connack).await?;
    match connack {
        [0x20, 2, _, 0] => Ok(stream),
        other => Err(std::io::Error::other(format!("the log-in was refused: {other:02x?}"))),
    }
}

async fn load(
    link: TcpStream,
    args: Arc<Args>,
    start: Instant,
    end: Instant,
) -> std::io::Result<Seen> {
    let (reader, writer) = link.into_split();
    let window = Arc::new(Semaphore::new(args.window));
    let sent: Arc<[std::sync::atomic::AtomicU32]> =
        (0..PACKET_IDS).map(|_| Default::default()).collect();
    let receive = tokio::spawn(receive(reader, window.clone(), sent.clone(), start));
    let writer = send(writer, &args, &window, &sent, (start, end)).await?;
    // All permits are back when everything is acknowledged; then the reader is stopped.
    let all = u32::try_from(args.window).unwrap_or(u32::MAX);
    let settled = tokio::time::timeout(TAIL, window.acquire_many(all)).await;
    if settled.is_err() {
        eprintln!("some messages were not acknowledged within {} s", TAIL.as_secs());
    }
    drop(settled);
    window.close();
    drop(writer);
    receive.await.map_err(std::io::Error::other)?
}

/// Sends until the end, within the window and at the rate.
async fn send(
    mut writer: OwnedWriteHalf,
    args: &Args,
    window: &Semaphore,
    sent: &[std::sync::atomic::AtomicU32],
    (start, end): (Instant, Instant),
) -> std::io::Result<OwnedWriteHalf> {
    let head = text(&args.topic);
    let one = packet(0x32, &[&head[..], &[0, 0], args.payload.as_bytes()].concat());
    let id_at = one.len() - args.payload.len() - 2;
    let pause = args.rate.map(|rate| Duration::from_secs_f64(args.connections as f64 / rate));
    let mut next = start;
    let mut id: u16 = 0;
    let mut burst = Vec::with_capacity(one.len() * BURST_MESSAGES_MAX);
    while Instant::now() < end {
        if let Some(pause) = pause {
            next += pause;
            tokio::time::sleep_until(next).await;
        }
        burst.clear();
        let mut permit = window.acquire().await.map_err(std::io::Error::other)?;
        let now = u32::try_from(start.elapsed().as_micros()).unwrap_or(u32::MAX);
        loop {
            permit.forget();
            id = id.checked_add(1).unwrap_or(1);
            sent[usize::from(id)].store(now, std::sync::atomic::Ordering::Relaxed);
            let at = burst.len();
            burst.extend_from_slice(&one);
            burst[at + id_at..at + id_at + 2].copy_from_slice(&id.to_be_bytes());
            if pause.is_some() || burst.len() >= one.len() * BURST_MESSAGES_MAX {
                break;
            }
            match window.try_acquire() {
                Ok(more) => permit = more,
                Err(_) => break,
            }
        }
        writer.write_all(&burst).await?;
    }
    Ok(writer)
}

/// Counts acknowledgements until the window is closed.
async fn receive(
    mut reader: OwnedReadHalf,
    window: Arc<Semaphore>,
    sent: Arc<[std::sync::atomic::AtomicU32]>,
    start: Instant,
) -> std::io::Result<Seen> {
    let mut seen = Seen { acknowledged: 0, last: start, latencies_us: Vec::new() };
    let mut buffer = vec![0; 64 * 1024];
    let mut filled = 0;
    loop {
        let read =
            tokio::time::timeout(Duration::from_millis(100), reader.read(&mut buffer[filled..]));
        match read.await {
            Ok(Ok(0)) if window.is_closed() => return Ok(seen),
            Ok(Ok(0)) => return Err(std::io::Error::other("the server closed the connection")),
            Ok(Ok(count)) => filled += count,
            Ok(Err(error)) => return Err(error),
            Err(_) if window.is_closed() => return Ok(seen),
            Err(_) => continue,
        }
        seen.last = Instant::now();
        let now = u32::try_from((seen.last - start).as_micros()).unwrap_or(u32::MAX);
        let whole = filled / 4 * 4;
        for puback in buffer[..whole].chunks_exact(4) {
            let [0x40, 2, high, low] = *puback else {
                return Err(std::io::Error::other(format!("not a PUBACK: {puback:02x?}")));
            };
            let id = usize::from(u16::from_be_bytes([high, low]));
            let sent_us = sent[id].load(std::sync::atomic::Ordering::Relaxed);
            seen.latencies_us.push(now.saturating_sub(sent_us));
        }
        seen.acknowledged += (whole / 4) as u64;
        window.add_permits(whole / 4);
        buffer.copy_within(whole..filled, 0);
        filled -= whole;
    }
}

fn text(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("texts of a benchmark are short");
    [&length.to_be_bytes(), text.as_bytes()].concat()
}

fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    let mut length = body.len();
    loop {
        let low = u8::try_from(length % 128).expect("under 128");
        length /= 128;
        bytes.push(if length > 0 { low | 0x80 } else { low });
        if length == 0 {
            break;
        }
    }
    bytes.extend_from_slice(body);
    bytes
}
