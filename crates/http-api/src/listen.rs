//! Accepts connections, shakes hands in each connection's own task, and serves HTTP/1.1.

use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use platform::Platform;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::dispatch;

/// A TLS handshake takes a few round trips; more is somebody who holds the door.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Headers of one request, the silence before them included.
const HEADERS: Duration = Duration::from_secs(75);
/// What requests in hand have left when the platform stops.
const DRAIN: Duration = Duration::from_secs(10);
/// Pause when the system has no more file handles.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Bytes of request line and headers.
const HEADER_BYTES_MAX: usize = 64 * 1024;

/// Serves until `shutdown` says true; returns when the requests in hand are answered.
pub async fn serve(
    socket: TcpListener,
    tls: TlsAcceptor,
    platform: Arc<Platform>,
    mut shutdown: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            () = stopped(&mut shutdown) => break,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, _)) => {
                connections.spawn(connection(
                    stream,
                    tls.clone(),
                    platform.clone(),
                    shutdown.clone(),
                ));
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

async fn connection(
    stream: TcpStream,
    tls: TlsAcceptor,
    platform: Arc<Platform>,
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
    let service = service_fn(move |request| {
        let platform = platform.clone();
        async move { Ok::<_, std::convert::Infallible>(dispatch::answer(&platform, request).await) }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .max_buf_size(HEADER_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut serving = std::pin::pin!(serving);
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = stopped(&mut shutdown) => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "https connection ended");
    }
}

/// Waits for the word to stop; a sender that is gone means the same.
async fn stopped(shutdown: &mut watch::Receiver<bool>) {
    let _ = shutdown.wait_for(|stop| *stop).await;
}
