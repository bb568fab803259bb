//! One device's connection, over any stream.
//!
//! The loop reads, hands every complete packet on, and writes acknowledgements as commits settle.
//! It never waits for a commit; when too much is unsettled it stops reading.

mod exchange;
mod transport;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use platform::Platform;
use platform::certificates::ClientCertificate;
use platform::ingest::{LoginRefused, Publication, Settled, Twin};
use platform::limits::{COMMANDS_INFLIGHT_MAX, INFLIGHT_MESSAGES_MAX};
use platform::metrics::Metrics;
use platform::sessions::Attachment;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, watch};

use crate::limits::{CONNECT, SETTLE};
use crate::listen::stopped;
use crate::wire::{Accepted, Connect, Publish, Received, Violation, Wire, code};
use transport::Transport;

/// What every refusal of credentials says: nothing shows which part was wrong (devices.md 3).
const BAD_CREDENTIALS: &str =
    "external key and password are not those of an active twin of this domain";

const BAD_CERTIFICATE: &str =
    "the certificate's common name is not the external key of an active twin with a certificate";

/// What is known of a device before its first packet.
#[derive(Debug, Clone, Default)]
pub struct Peer {
    /// The host name that it asked for.
    pub server_name: Option<String>,
    /// Its certificate, which the TLS layer has checked.
    pub certificate: Option<ClientCertificate>,
}

/// A connection after its log-in.
struct Session<'p, S> {
    transport: Transport<S>,
    platform: &'p Platform,
    wire: Wire,
    twin: Arc<Twin>,
    receipts: mpsc::Sender<Settled>,
    settled: mpsc::Receiver<Settled>,
    unsettled: usize,
    attachment: Attachment,
    /// Commands that the device has not acknowledged, by packet id.
    commands: HashMap<u16, u64>,
    /// How many of them there may be.
    commands_max: usize,
}

/// Why a connection ends before its device says good-bye.
struct Leave {
    /// Reason code of MQTT 5, if the device should be told.
    code: Option<u8>,
    why: Cow<'static, str>,
}

impl Leave {
    /// The device is told this reason.
    fn told(code: u8, why: impl Into<Cow<'static, str>>) -> Leave {
        Leave { code: Some(code), why: why.into() }
    }

    /// The stream is gone.
    fn lost(why: impl Into<Cow<'static, str>>) -> Leave {
        Leave { code: None, why: why.into() }
    }
}

impl From<Violation> for Leave {
    fn from(violation: Violation) -> Leave {
        Leave::told(violation.code, violation.why)
    }
}

/// Why a session ended.
enum End {
    /// DISCONNECT, or the platform stops: no will. A new session expiry, if the device named one.
    Orderly { session_expiry_s: Option<u32> },
    /// DISCONNECT with the wish that the will be published.
    WithWill { session_expiry_s: Option<u32> },
    /// Everything else: the will is published.
    Abnormal(Leave),
}

/// Runs a session to its end.
pub(crate) async fn run<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    peer: Peer,
    platform: &Arc<Platform>,
    mut shutdown: watch::Receiver<bool>,
) {
    let mut transport = Transport::new(stream);
    let mut wire = Wire::new();
    let connect = match tokio::time::timeout(CONNECT, read_connect(&mut transport, &mut wire)).await
    {
        Ok(Ok(connect)) => connect,
        Ok(Err(leave)) => {
            tracing::info!(why = %leave.why, "MQTT connection refused");
            return refuse(transport, wire, leave, platform).await;
        }
        Err(_) => return tracing::info!("no CONNECT in time"),
    };
    let twin = match identify(platform, &connect, &peer).await {
        Ok(twin) => twin,
        Err(leave) => return refuse(transport, wire, leave, platform).await,
    };
    let assigned = connect.client_id.is_empty().then(platform::names::new_client_id);
    let client_id = assigned.as_deref().unwrap_or(&connect.client_id);
    let (clean_start, expiry_s) = (connect.clean_start, connect.session_expiry_s);
    let attached = platform.session_attach(&twin, client_id, clean_start, expiry_s).await;
    let Ok(attachment) = attached else {
        let why = "the platform cannot keep the session now";
        return refuse(transport, wire, Leave::told(code::UNAVAILABLE, why), platform).await;
    };
    let session_present = attachment.present;
    let accepted = Accepted { session_present, assigned_client_id: assigned.as_deref() };
    wire.connack(&accepted, &mut transport.output);
    let (receipts, settled) = mpsc::channel(INFLIGHT_MESSAGES_MAX);
    let mut session = Session {
        transport,
        platform,
        wire,
        twin,
        receipts,
        settled,
        unsettled: 0,
        attachment,
        commands: HashMap::new(),
        commands_max: COMMANDS_INFLIGHT_MAX.min(usize::from(connect.receive_max)),
    };
    platform.session_started(&session.attachment).await;
    let end = session.exchange(connect.keep_alive_s, &mut shutdown).await;
    session.leave(&end).await;
    let Session { twin, attachment, .. } = session;
    let new_expiry_s = match end {
        End::Orderly { session_expiry_s } | End::WithWill { session_expiry_s } => session_expiry_s,
        End::Abnormal(_) => None,
    };
    if let Err(error) = platform.session_detach(attachment, new_expiry_s).await {
        tracing::error!(?error, "the end of a session could not be stored");
    }
    if !matches!(end, End::Orderly { .. })
        && let Some(will) = connect.will
    {
        let delay_s = connect.will_delay_s.min(new_expiry_s.unwrap_or(expiry_s));
        publish_will(platform, &twin, will, delay_s, client_id, &mut shutdown).await;
    }
}

/// Publishes the will, after its delay unless the device is back by then.
async fn publish_will(
    platform: &Platform,
    twin: &Arc<Twin>,
    will: Publish,
    delay_s: u32,
    client_id: &str,
    shutdown: &mut watch::Receiver<bool>,
) {
    if delay_s > 0 {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(delay_s.into())) => {}
            () = stopped(shutdown) => {}
        }
        if platform.session_is_connected(twin, client_id) {
            return;
        }
    }
    // The device is gone: nobody is left to be told.
    let _ = platform.accept(twin, publication(will), None).await;
}

/// Reads the CONNECT.
async fn read_connect<S: AsyncRead + AsyncWrite + Unpin>(
    transport: &mut Transport<S>,
    wire: &mut Wire,
) -> Result<Connect, Leave> {
    loop {
        match wire.decode(&mut transport.input)? {
            Some(Received::Connect(connect)) => return Ok(*connect),
            Some(Received::Unacceptable(answer)) => {
                transport.output.extend_from_slice(answer);
                return Err(Leave::lost("its version or its client id is not served"));
            }
            Some(_) => return Err(Leave::lost("CONNECT must be the first packet")),
            None => transport.read().await?,
        }
    }
}

/// Answers a CONNECT with a refusal.
async fn refuse<S: AsyncRead + AsyncWrite + Unpin>(
    mut transport: Transport<S>,
    mut wire: Wire,
    leave: Leave,
    platform: &Platform,
) {
    if let Some(code) = leave.code {
        if !matches!(code, code::CREDENTIALS | code::NOT_AUTHORIZED | code::UNAVAILABLE) {
            Metrics::count(&platform.metrics().messages_refused, "protocol");
        }
        wire.refuse(code, &leave.why, &mut transport.output);
    }
    if let Err(leave) = transport.flush().await {
        tracing::info!(why = %leave.why, "cannot answer a CONNECT");
    }
    transport.close().await;
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// Acknowledges what was taken in, if the device still listens, says why and closes.
    async fn leave(&mut self, end: &End) {
        let settle = async { while self.unsettled > 0 && self.acknowledge().await.is_ok() {} };
        let _ = tokio::time::timeout(SETTLE, settle).await;
        if let End::Abnormal(leave) = end {
            tracing::info!(
                twin.external_key = self.twin.external_key,
                why = %leave.why,
                "MQTT session ended"
            );
            if let Some(code) = leave.code {
                self.wire.disconnect(code, &leave.why, &mut self.transport.output);
                let _ = self.transport.flush().await;
            }
        }
        self.transport.close().await;
    }
}

fn publication(publish: Publish) -> Publication {
    Publication {
        endpoint: publish.topic,
        content_type: publish.content_type,
        content: publish.payload,
        held: None,
    }
}

async fn identify(platform: &Platform, connect: &Connect, peer: &Peer) -> Result<Arc<Twin>, Leave> {
    let server_name = peer.server_name.as_deref();
    if let Some(certificate) = &peer.certificate {
        let user = connect.user.as_deref();
        let domain_id = platform.domain_by_device_host(server_name).await;
        let domain_id = domain_id.as_deref().unwrap_or_default();
        let login = platform.device_login_by_certificate(domain_id, certificate, user).await;
        return login.map_err(leave);
    }
    let (Some(external_key), Some(password)) = (&connect.user, &connect.password) else {
        tracing::warn!("MQTT connection refused: neither password nor certificate");
        return Err(Leave::told(code::NOT_AUTHORIZED, "neither password nor certificate"));
    };
    let Some(domain_id) = platform.domain_by_device_host(server_name).await else {
        tracing::warn!(server_name, "MQTT connection refused: no domain has this device host");
        return Err(leave(LoginRefused::BadCredentials));
    };
    let login = platform.device_login(&domain_id, external_key, password).await;
    login.map_err(leave)
}

/// What a device is told about a log-in that was refused.
fn leave(refused: LoginRefused) -> Leave {
    match refused {
        LoginRefused::BadCredentials => Leave::told(code::CREDENTIALS, BAD_CREDENTIALS),
        LoginRefused::NotAuthorized => Leave::told(code::NOT_AUTHORIZED, BAD_CERTIFICATE),
        LoginRefused::Unavailable => {
            Leave::told(code::UNAVAILABLE, "the platform cannot check credentials now")
        }
    }
}
