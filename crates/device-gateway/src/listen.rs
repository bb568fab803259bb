//! Accepts connections and shakes hands in each connection's own task.

use std::sync::Arc;

use platform::Platform;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::limits::{ACCEPT_PAUSE, CONNECTIONS_MAX, DRAIN, HANDSHAKE};
use crate::session;

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
    platform: Arc<Platform>,
    mut shutdown: watch::Receiver<bool>,
) {
    let mut sessions = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.socket.accept() => accepted,
            () = stopped(&mut shutdown) => break,
        };
        while sessions.try_join_next().is_some() {}
        match accepted {
            Ok(_) if sessions.len() >= CONNECTIONS_MAX => {
                tracing::warn!(limit = CONNECTIONS_MAX, "too many connections; one refused");
            }
            Ok((stream, _)) => {
                let (tls, platform) = (listener.tls.clone(), platform.clone());
                sessions.spawn(connection(stream, tls, platform, shutdown.clone()));
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

async fn connection(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    platform: Arc<Platform>,
    shutdown: watch::Receiver<bool>,
) {
    // A refusal only costs latency.
    let _ = stream.set_nodelay(true);
    platform.metrics().mqtt_connections.inc();
    match tls {
        None => session::run(stream, None, &platform, shutdown).await,
        Some(tls) => match tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await {
            Ok(Ok(stream)) => {
                let name = stream.get_ref().1.server_name().map(str::to_owned);
                session::run(stream, name.as_deref(), &platform, shutdown).await;
            }
            Ok(Err(error)) => tracing::info!(%error, "TLS handshake failed"),
            Err(_) => tracing::info!("TLS handshake took too long"),
        },
    }
    platform.metrics().mqtt_connections.dec();
}
