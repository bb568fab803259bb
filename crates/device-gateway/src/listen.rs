//! Accepts connections and shakes hands in each connection's own task.

use std::sync::Arc;

use platform::Current;
use platform::certificates::ClientCertificate;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::limits::{ACCEPT_PAUSE, CONNECTIONS_MAX, DRAIN, HANDSHAKE, HANDSHAKES_MAX};
use crate::session::{self, Peer};

/// One listening socket.
pub struct Listener {
    /// The socket.
    pub socket: TcpListener,
    /// `None` for plain MQTT.
    pub tls: Option<TlsAcceptor>,
}

/// Serves until `shutdown` says true; returns when the sessions have settled what they took in.
pub async fn serve(
    listener: Listener,
    platform: impl Into<Current>,
    mut shutdown: watch::Receiver<bool>,
) {
    let platform = platform.into();
    let mut sessions = JoinSet::new();
    let handshakes = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    loop {
        // The system queues who comes while too many shake hands.
        let accepted = tokio::select! {
            accepted = accept(&listener, &handshakes) => accepted,
            () = stopped(&mut shutdown) => break,
        };
        while sessions.try_join_next().is_some() {}
        match accepted {
            Ok(_) if sessions.len() >= CONNECTIONS_MAX => {
                tracing::warn!(limit = CONNECTIONS_MAX, "too many connections; one refused");
            }
            Ok((stream, turn)) => {
                let (tls, platform) = (listener.tls.clone(), platform.clone());
                sessions.spawn(connection(stream, turn, tls, platform, shutdown.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    let all = async { while sessions.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN, all).await.is_err() {
        tracing::warn!("some MQTT sessions did not end in time");
    }
}

/// Waits for the word to stop; a sender that is gone means the same.
pub(crate) async fn stopped(shutdown: &mut watch::Receiver<bool>) {
    let _ = shutdown.wait_for(|stop| *stop).await;
}

/// The next connection, with its turn to shake hands.
async fn accept(
    listener: &Listener,
    handshakes: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, Option<OwnedSemaphorePermit>)> {
    // Nobody closes the semaphore.
    let turn = handshakes.clone().acquire_owned().await.ok();
    let (stream, _) = listener.socket.accept().await?;
    Ok((stream, turn))
}

async fn connection(
    stream: TcpStream,
    turn: Option<OwnedSemaphorePermit>,
    tls: Option<TlsAcceptor>,
    current: Current,
    shutdown: watch::Receiver<bool>,
) {
    // A refusal only costs latency.
    let _ = stream.set_nodelay(true);
    let counting = current.get();
    counting.metrics().mqtt_connections.inc();
    match tls {
        None => {
            drop(turn);
            session::run(stream, Peer::default(), &counting, shutdown).await;
        }
        Some(tls) => match tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
            Ok(Ok(stream)) => {
                drop(turn);
                let tls = stream.get_ref().1;
                let certificate = tls.peer_certificates().and_then(<[_]>::first);
                let peer = Peer {
                    server_name: tls.server_name().map(str::to_owned),
                    certificate: certificate.map(|der| ClientCertificate::of(der)),
                };
                session::run(stream, peer, &current.get(), shutdown).await;
            }
            Ok(Err(error)) => tracing::info!(%error, "TLS handshake failed"),
            Err(_) => tracing::info!("TLS handshake took too long"),
        },
    }
    counting.metrics().mqtt_connections.dec();
}
