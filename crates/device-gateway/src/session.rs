//! One device's connection, over any stream.
//!
//! The loop reads, hands every complete packet on, and writes acknowledgements as commits settle.
//! It never waits for a commit; when too much is unsettled it stops reading.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use platform::Platform;
use platform::ingest::{LoginRefused, Publication, PublishRefused, Receipt, Settled, Twin};
use platform::limits::INFLIGHT_MESSAGES_MAX;
use platform::metrics::Metrics;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::{mpsc, watch};

use crate::limits::{CLOSE, CONNECT, READ_BYTES_MAX, READ_BYTES_MIN, SETTLE, WRITE};
use crate::listen::stopped;
use crate::takeover::Claim;
use crate::wire::{Connect, Publish, Received, Refused, Violation, Wire};

/// Keep-alive of a device that wants none.
const FOREVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

struct Session<'p, S> {
    stream: S,
    platform: &'p Platform,
    wire: Wire,
    input: BytesMut,
    /// Bytes asked of the socket next time: more once it has filled what it was asked for.
    read_bytes: usize,
    output: BytesMut,
    receipts: mpsc::Sender<Settled>,
    settled: mpsc::Receiver<Settled>,
    unsettled: usize,
}

/// Why a session ended.
enum End {
    /// DISCONNECT, or the platform stops: no will.
    Orderly,
    /// Everything else: the will is published.
    Abnormal(String),
}

/// Runs a session to its end.
pub(crate) async fn run<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    server_name: Option<&str>,
    platform: &Arc<Platform>,
    mut shutdown: watch::Receiver<bool>,
) {
    let (receipts, settled) = mpsc::channel(INFLIGHT_MESSAGES_MAX);
    let mut session = Session {
        stream,
        platform,
        wire: Wire::new(),
        input: BytesMut::new(),
        read_bytes: READ_BYTES_MIN,
        output: BytesMut::new(),
        receipts,
        settled,
        unsettled: 0,
    };
    let connect = match tokio::time::timeout(CONNECT, session.connect()).await {
        Ok(Ok(Some(connect))) => connect,
        Ok(Ok(None)) => return,
        Ok(Err(why)) => return tracing::info!(why, "MQTT connection refused"),
        Err(_) => return tracing::info!("no CONNECT in time"),
    };
    let Some(twin) = session.log_in(&connect, server_name).await else { return };
    let claim = Claim::new(&twin.id, &connect.client_id);
    let end = session.serve(&twin, connect.keep_alive_s, &claim, &mut shutdown).await;
    drop(claim);
    if let End::Abnormal(why) = end {
        tracing::info!(twin.external_key = twin.external_key, why, "MQTT session ended");
        if let Some(will) = connect.will {
            // The device is gone: nobody is left to be told.
            let _ = platform.accept(&twin, publication(will), None).await;
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// Reads the CONNECT; `None` when it was answered with a refusal.
    async fn connect(&mut self) -> Result<Option<Connect>, String> {
        loop {
            match self.decode()? {
                Some(Received::Connect(connect)) => return Ok(Some(connect)),
                Some(Received::Unacceptable { answer, why }) => {
                    tracing::info!(why, "MQTT connection refused");
                    self.output.extend_from_slice(answer);
                    self.flush().await?;
                    self.close().await;
                    return Ok(None);
                }
                Some(_) => return Err("CONNECT must be the first packet".to_owned()),
                None => self.read().await?,
            }
        }
    }

    /// The next packet in the buffer; one that breaks the rules is counted and ends the session.
    fn decode(&mut self) -> Result<Option<Received>, String> {
        self.wire.decode(&mut self.input).map_err(|Violation { reason, why }| {
            Metrics::count(&self.platform.metrics().messages_refused, reason);
            why
        })
    }

    async fn read(&mut self) -> Result<(), String> {
        self.input.reserve(self.read_bytes);
        let read = self.stream.read_buf(&mut self.input).await;
        self.note_read(read)
    }

    /// Takes note of how much a read brought.
    fn note_read(&mut self, read: std::io::Result<usize>) -> Result<(), String> {
        let count = read.map_err(|error| error.to_string())?;
        if count == 0 {
            return Err("the device closed the connection".to_owned());
        }
        let is_busy = count >= self.read_bytes;
        self.read_bytes = if is_busy { READ_BYTES_MAX } else { READ_BYTES_MIN };
        Ok(())
    }

    async fn close(&mut self) {
        let _ = tokio::time::timeout(CLOSE, self.stream.shutdown()).await;
    }

    /// Answers the CONNECT. What the device sent behind it waits in the buffer meanwhile.
    async fn log_in(&mut self, connect: &Connect, server_name: Option<&str>) -> Option<Arc<Twin>> {
        let result = identify(self.platform, connect, server_name).await;
        match &result {
            Ok(_) => self.wire.connack(&mut self.output),
            Err(refused) => self.wire.refuse(*refused, &mut self.output),
        }
        if let Err(why) = self.flush().await {
            tracing::info!(why, "cannot answer a CONNECT");
            return None;
        }
        if result.is_err() {
            self.close().await;
        }
        result.ok()
    }

    async fn serve(
        &mut self,
        twin: &Arc<Twin>,
        keep_alive_s: u16,
        claim: &Claim,
        shutdown: &mut watch::Receiver<bool>,
    ) -> End {
        let end = match self.exchange(twin, keep_alive_s, claim, shutdown).await {
            Ok(()) => End::Orderly,
            Err(why) => End::Abnormal(why),
        };
        // What was taken in is acknowledged, if the device still listens.
        let settle = async { while self.unsettled > 0 && self.acknowledge().await.is_ok() {} };
        let _ = tokio::time::timeout(SETTLE, settle).await;
        self.close().await;
        end
    }

    /// Reads and acknowledges until the device leaves or the platform stops.
    async fn exchange(
        &mut self,
        twin: &Arc<Twin>,
        keep_alive_s: u16,
        claim: &Claim,
        shutdown: &mut watch::Receiver<bool>,
    ) -> Result<(), String> {
        let silence = match keep_alive_s {
            0 => FOREVER,
            seconds => Duration::from_millis(u64::from(seconds) * 1500),
        };
        let mut deadline = tokio::time::Instant::now() + silence;
        loop {
            while self.unsettled < INFLIGHT_MESSAGES_MAX {
                let Some(received) = self.decode()? else { break };
                if self.handle(twin, received).await? {
                    return Ok(());
                }
            }
            self.flush().await?;
            let may_read = self.unsettled < INFLIGHT_MESSAGES_MAX;
            self.input.reserve(self.read_bytes);
            tokio::select! {
                settled = self.settled.recv(), if self.unsettled > 0 => self.settle(settled).await?,
                read = self.stream.read_buf(&mut self.input), if may_read => {
                    self.note_read(read)?;
                    deadline = tokio::time::Instant::now() + silence;
                }
                () = tokio::time::sleep_until(deadline) => {
                    return Err("silent for longer than 1.5 times its keep-alive".to_owned());
                }
                () = claim.lost() => {
                    return Err("a newer connection has its client id".to_owned());
                }
                () = stopped(shutdown) => return Ok(()),
            }
        }
    }

    /// True when the device says good-bye.
    async fn handle(&mut self, twin: &Arc<Twin>, received: Received) -> Result<bool, String> {
        match received {
            Received::Publish(publish) => self.publish(twin, publish).await?,
            Received::Subscribe { packet_id, granted } => {
                self.wire.suback(packet_id, &granted, &mut self.output);
            }
            Received::Unsubscribe { packet_id } => self.wire.unsuback(packet_id, &mut self.output),
            Received::Ping => self.wire.pong(&mut self.output),
            Received::Disconnect => return Ok(true),
            Received::Connect(_) | Received::Unacceptable { .. } => {
                return Err("a second CONNECT".to_owned());
            }
        }
        Ok(false)
    }

    async fn publish(&mut self, twin: &Arc<Twin>, publish: Publish) -> Result<(), String> {
        let receipt =
            publish.packet_id.map(|id| Receipt { to: self.receipts.clone(), token: u32::from(id) });
        let is_unsettled = receipt.is_some();
        self.unsettled += usize::from(is_unsettled);
        let accepted = self.platform.accept(twin, publication(publish), receipt).await;
        accepted.map_err(|refused| {
            self.unsettled -= usize::from(is_unsettled);
            match refused {
                PublishRefused::TooLarge => "the payload is too large".to_owned(),
                PublishRefused::BadEndpoint(why) => why,
                PublishRefused::TwinGone => "the twin was deleted".to_owned(),
                PublishRefused::Unavailable => "the platform takes no messages now".to_owned(),
            }
        })
    }

    /// Waits for the next commit and acknowledges what it settled.
    async fn acknowledge(&mut self) -> Result<(), String> {
        let settled = self.settled.recv().await;
        self.settle(settled).await?;
        self.flush().await
    }

    /// Writes the acknowledgements of a commit in one go.
    async fn settle(&mut self, first: Option<Settled>) -> Result<(), String> {
        let mut next = first;
        while let Some(Settled { token, committed }) = next {
            self.unsettled -= 1;
            if !committed {
                return Err("a message could not be stored; the device sends it again".to_owned());
            }
            self.wire.puback(u16::try_from(token).unwrap_or_default(), &mut self.output);
            next = self.settled.try_recv().ok();
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), String> {
        if self.output.is_empty() {
            return Ok(());
        }
        let write = async {
            self.stream.write_all(&self.output).await?;
            self.stream.flush().await
        };
        let written = tokio::time::timeout(WRITE, write).await;
        self.output.clear();
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("the device does not read".to_owned()),
        }
    }
}

fn publication(publish: Publish) -> Publication {
    Publication { endpoint: publish.topic, content_type: None, content: publish.payload }
}

async fn identify(
    platform: &Platform,
    connect: &Connect,
    server_name: Option<&str>,
) -> Result<Arc<Twin>, Refused> {
    let Some((external_key, password)) = &connect.credentials else {
        tracing::warn!("MQTT connection refused: neither password nor certificate");
        return Err(Refused::NotAuthorized);
    };
    let Some(domain_id) = platform.domain_by_device_host(server_name).await else {
        tracing::warn!(server_name, "MQTT connection refused: no domain has this device host");
        return Err(Refused::BadCredentials);
    };
    let login = platform.device_login(&domain_id, external_key, password).await;
    login.map_err(|refused| match refused {
        LoginRefused::BadCredentials => Refused::BadCredentials,
        LoginRefused::Unavailable => Refused::Unavailable,
    })
}
