//! Accepts connections, shakes hands in each connection's own task, and serves HTTP/1.1.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use platform::Current;
use platform::certificates::ClientCertificate;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::dispatch::{self, Peer};
use crate::websocket::{MqttSessions, Slot, Upgrade};

/// A TLS handshake takes a few round trips; more is somebody who holds the door.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Headers of one request, the silence before them included.
const HEADERS: Duration = Duration::from_secs(75);
/// What requests in hand have left when the platform stops.
const DRAIN: Duration = Duration::from_secs(15);
/// TLS handshakes at once: each costs buffers and a good part of a millisecond.
const HANDSHAKES_MAX: usize = 1_000;
/// Connections at once.
const CONNECTIONS_MAX: usize = 100_000;
/// Pause when the system has no more file handles.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Bytes of request line and headers.
const HEADER_BYTES_MAX: usize = 64 * 1024;

/// Serves until `shutdown` says true; returns when the requests in hand are answered.
pub async fn serve(
    socket: TcpListener,
    tls: TlsAcceptor,
    platform: impl Into<Current>,
    mqtt: Arc<dyn MqttSessions>,
    mut shutdown: watch::Receiver<bool>,
) {
    let platform = platform.into();
    let mut connections = JoinSet::new();
    let handshakes = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    loop {
        // The system queues who comes while too many shake hands.
        let accepted = tokio::select! {
            accepted = accept(&socket, &handshakes) => accepted,
            () = stopped(&mut shutdown) => break,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok(_) if connections.len() >= CONNECTIONS_MAX => {
                tracing::warn!(limit = CONNECTIONS_MAX, "too many connections; one refused");
            }
            Ok((stream, turn)) => {
                let tls = tls.clone();
                let shared = (platform.clone(), mqtt.clone());
                connections.spawn(connection(stream, turn, tls, shared, shutdown.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(socket);
    let all = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN, all).await.is_err() {
        tracing::warn!("some https connections did not end in time");
    }
}

/// The next connection, with its turn to shake hands.
async fn accept(
    socket: &TcpListener,
    handshakes: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, Option<OwnedSemaphorePermit>)> {
    // Nobody closes the semaphore.
    let turn = handshakes.clone().acquire_owned().await.ok();
    let (stream, _) = socket.accept().await?;
    Ok((stream, turn))
}

async fn connection(
    stream: TcpStream,
    turn: Option<OwnedSemaphorePermit>,
    tls: TlsAcceptor,
    (platform, mqtt): (Current, Arc<dyn MqttSessions>),
    mut shutdown: watch::Receiver<bool>,
) {
    // A refusal only costs latency.
    let _ = stream.set_nodelay(true);
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(HANDSHAKE, tls.accept(stream)) => shaken,
        () = stopped(&mut shutdown) => return,
    };
    let stream = match shaken {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return tracing::info!(%error, "TLS handshake failed"),
        Err(_) => return tracing::info!("TLS handshake took too long"),
    };
    drop(turn);
    let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    let certificate = certificate.map(|der| ClientCertificate::of(der));
    let peer = Arc::new(Peer {
        certificate,
        websocket: Slot::default(),
        shutdown: shutdown.clone(),
        abort: Notify::new(),
    });
    let asking = peer.clone();
    let service = service_fn(move |request| {
        let (platform, peer) = (platform.get(), asking.clone());
        async move {
            let answer = dispatch::answer(&platform, &peer, request).await;
            Ok::<_, std::convert::Infallible>(answer)
        }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .max_buf_size(HEADER_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut serving = std::pin::pin!(serving);
    let served = async {
        tokio::select! {
            ended = serving.as_mut() => ended,
            () = stopped(&mut shutdown) => {
                serving.as_mut().graceful_shutdown();
                serving.await
            }
        }
    };
    let ended = tokio::select! {
        ended = served => ended,
        () = peer.abort.notified() => return,
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "https connection ended");
        return;
    }
    let upgrade = peer.websocket.lock().unwrap_or_else(PoisonError::into_inner).take();
    match upgrade {
        None => {}
        Some(Upgrade::Mqtt { stream, host }) => {
            if let Ok(stream) = stream.await {
                let stream = Box::new(TokioIo::new(stream));
                mqtt.run(stream, host, peer.certificate.clone()).await;
            }
        }
        Some(Upgrade::Events { stream, session }) => {
            if let Ok(stream) = stream.await {
                session.run(Box::new(TokioIo::new(stream))).await;
            }
        }
    }
}

/// Waits for the word to stop; a sender that is gone means the same.
async fn stopped(shutdown: &mut watch::Receiver<bool>) {
    let _ = shutdown.wait_for(|stop| *stop).await;
}
