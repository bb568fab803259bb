//! The platform in this process: state directory, certificates, listeners, shutdown.

pub mod client_files;
mod emulator;
mod platforms;
mod state_dir;
mod tls;
mod websocket;

pub use tls::issue_device_certificate;

use std::path::Path;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use platform::Current;
use platform::clock::{Clock, wall_clock_us};
use platform::limits::ServiceLimits;
use platform::names::{HostNames, is_host_name, is_label};
use platform::store::{IdentityStore as _, Setup, Store as _, StoreError};
use store_sqlite::SqliteStore;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::args::{Limits, ServeArgs};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use client_files::ClientFiles;
use emulator::Emulator;
use platforms::{Background, Platforms};
pub use state_dir::{StateDir, failed, write_private};
use websocket::MqttOverWebSocket;

/// A running platform.
pub struct Running {
    /// `client/` of the state directory.
    pub client_dir: PathBuf,
    /// Ports in use: https, mqtts, mqtt.
    pub ports: Ports,
    platform: Current,
    emulator: Option<Arc<Emulator>>,
    stop: watch::Sender<bool>,
    listeners: Vec<JoinHandle<()>>,
    background: Background,
    /// Held until the platform is down, so that nobody else opens the directory.
    _lock: StateDir,
}

/// Ports as bound.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// Control plane, data API, tokens, device posts.
    pub https: u16,
    /// MQTT over TLS.
    pub mqtts: u16,
    /// Plain MQTT, if asked for.
    pub mqtt: Option<u16>,
}

/// Opens the state directory and starts everything; must run inside a Tokio runtime.
///
/// # Errors
/// Exit 1 when the directory is in use or a port is taken, exit 2 for options that cannot be.
pub async fn start(args: &ServeArgs) -> Result<Running, Failure> {
    check(args)?;
    let state = StateDir::open(&args.state_dir)?;
    let https = bind(args, args.https_port, "--https-port").await?;
    let mqtts = bind(args, args.mqtts_port, "--mqtts-port").await?;
    let mqtt = match args.mqtt_port {
        None => None,
        Some(port) => Some(bind(args, port, "--mqtt-port").await?),
    };
    let ports = Ports {
        https: port(&https)?,
        mqtts: port(&mqtts)?,
        mqtt: mqtt.as_ref().map(port).transpose()?,
    };
    let names = HostNames {
        region: args.region.clone(),
        suffix: args.host_suffix.clone(),
        https_port: ports.https,
    };
    let database = state.path().join("platform.db");
    let store = SqliteStore::open(&database).map_err(|error| {
        store_failed(error).hint(format!(
            "the database is {}; restore it from a copy, or start anew with another --state-dir",
            database.display()
        ))
    })?;
    let setup = setup(&store, &state).await?;
    let certificates = tls::prepare(&state.path().join("tls"), &names, args.bind)?;
    let certificate =
        platform::certificates::device_certificate(&store).await.map_err(store_failed)?;
    let token = args.allow_control.then(|| oci_core::ocid::random_text(40));
    let files = ClientFiles {
        dir: state.path().join("client"),
        setup: &setup,
        certificate_id: &certificate.id,
        names: &names,
        ports,
        emulation_token: token.as_deref(),
    };
    files.write(&certificates.ca_pem)?;
    let clock = Clock::of(wall_clock_us);
    let (stop, stopped) = watch::channel(false);
    let background = Background::default();
    let platforms = Platforms {
        names,
        clock,
        limits: match args.limits {
            Limits::Oci => ServiceLimits::OCI,
            Limits::Open => ServiceLimits::OPEN,
        },
        device_rate: args.device_rate,
        bind: args.bind,
        client_dir: state.path().join("client"),
        stopped: stopped.clone(),
        background: background.clone(),
    };
    let store = Arc::new(store);
    let platform = Current::from(platforms.start(store.clone(), setup).await?);
    let mut listeners = vec![
        tokio::spawn(http_api::serve(
            https,
            certificates.https,
            platform.clone(),
            Arc::new(MqttOverWebSocket { platform: platform.clone(), shutdown: stopped.clone() }),
            stopped.clone(),
        )),
        tokio::spawn(device_gateway::serve(
            device_gateway::Listener { socket: mqtts, tls: Some(certificates.mqtts) },
            platform.clone(),
            stopped.clone(),
        )),
    ];
    if let Some(socket) = mqtt {
        let listener = device_gateway::Listener { socket, tls: None };
        listeners.push(tokio::spawn(device_gateway::serve(listener, platform.clone(), stopped)));
    }
    let emulator = match token {
        None => None,
        Some(token) => Some(Emulator::start(token, platforms, platform.clone(), store).await?),
    };
    platform.get().set_ready(true);
    let client_dir = state.path().join("client");
    Ok(Running { client_dir, ports, platform, emulator, stop, listeners, background, _lock: state })
}

impl Running {
    /// The password of devices, from the vault secret.
    pub fn device_password(&self) -> String {
        String::from_utf8_lossy(&self.platform.get().setup().secret.content).into_owned()
    }

    /// OCID of the vault secret with that password.
    pub fn device_secret_id(&self) -> String {
        self.platform.get().setup().secret.id.clone()
    }

    /// `environ.device_key` of the configuration in `client/`.
    ///
    /// # Errors
    /// Exit 2 when the file does not say.
    pub fn device_key(&self) -> Result<String, Failure> {
        let path = self.client_dir.join("iot_config.yaml");
        let text = std::fs::read_to_string(&path)
            .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
        let value = text
            .lines()
            .find_map(|line| line.trim().trim_start_matches('"').strip_prefix("device_key"));
        let value = value.map(|value| value.trim_matches([' ', '"', '\'', ':', ',']).to_owned());
        value.ok_or_else(|| Failure::usage(format!("{}: no device_key", path.display())))
    }

    /// Stops accepting, finishes and acknowledges what is in hand.
    pub async fn stop(self) {
        let platform = self.platform.get();
        platform.set_ready(false);
        // Receivers that are gone have stopped already.
        let _ = self.stop.send(true);
        for listener in self.listeners {
            if let Err(error) = listener.await {
                tracing::error!(%error, "a listener failed");
            }
        }
        platform.drain().await;
        let tasks = {
            let mut background = self.background.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *background)
        };
        tasks.join_all().await;
    }

    /// Makes the present state the one that a reset brings back, if control was allowed.
    ///
    /// # Errors
    /// Exit 1 when it is too large to be kept in memory.
    pub async fn mark_start(&self) -> Result<(), Failure> {
        match &self.emulator {
            Some(emulator) => emulator.mark_start().await,
            None => Ok(()),
        }
    }
}

fn check(args: &ServeArgs) -> Result<(), Failure> {
    if !is_label(&args.region) {
        return Err(Failure::usage(format!(
            "--region '{}' cannot be part of a host name",
            args.region
        ))
        .hint("use lower-case letters, digits and `-`, such as local-1"));
    }
    if !is_host_name(&args.host_suffix) {
        let text = format!("--host-suffix '{}' cannot end a host name", args.host_suffix);
        return Err(Failure::usage(text).hint(
            "use a name such as localhost or iot.example.org, in lower case, without a port",
        ));
    }
    if args.database != "sqlite" {
        return Err(Failure::usage("--database: only the embedded store is available yet"));
    }
    if args.bus.is_some() {
        return Err(Failure::usage("--bus: several nodes are not available yet"));
    }
    if args.mqtt_port.is_some() && !args.bind.is_loopback() && !args.allow_insecure {
        return Err(Failure::usage(format!(
            "--mqtt-port on {} would send passwords in the clear; add --allow-insecure if that is wanted",
            args.bind
        )));
    }
    Ok(())
}

async fn bind(args: &ServeArgs, port: u16, option: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind((args.bind, port)).await.map_err(|error| {
        let message = format!(
            "cannot listen on {}:{port}: {error}; choose another port with {option} (0 picks a free one)",
            args.bind
        );
        Failure::new(ExitCode::Refused, message)
    })
}

fn port(socket: &TcpListener) -> Result<u16, Failure> {
    let address = socket.local_addr();
    address.map(|address| address.port()).map_err(|error| Failure::new(ExitCode::Refused, error))
}

/// What the first start made; made now if this is the first.
async fn setup(store: &SqliteStore, state: &StateDir) -> Result<Setup, Failure> {
    let key_file = state.path().join("client").join("api_key.pem");
    let (setup, key) = match store.setup_get().await.map_err(store_failed)? {
        Some(setup) if key_file.exists() => return Ok(setup),
        // The file was lost: its user gets a new key.
        Some(setup) => {
            let key = oci_core::key::PrivateKey::generate();
            let record = platform::first_start::api_key(&setup.tenancy_id, &setup.user_id, &key);
            store.api_key_create(&record).await.map_err(store_failed)?;
            (Setup { api_key: record, ..setup }, key)
        }
        None => {
            let (setup, key) = platform::first_start::new_setup(wall_clock_us());
            store.setup_create(&setup).await.map_err(store_failed)?;
            (setup, key)
        }
    };
    let pem = format!("{}\nOCI_API_KEY\n", key.to_pkcs8_pem().trim_end());
    state_dir::write_private(&key_file, pem.as_bytes())?;
    Ok(setup)
}

/// Opens the database of a state directory, also beside a running platform; the lock is held while
/// none runs.
///
/// # Errors
/// Exit 1 when there is no such directory, or its database cannot be read.
pub fn open_store(state_dir: &Path) -> Result<(SqliteStore, Option<StateDir>), Failure> {
    let lock = StateDir::open_if_free(state_dir)?;
    let database = state_dir.join("platform.db");
    let opened = match &lock {
        Some(_) => SqliteStore::open(&database),
        None => SqliteStore::open_beside(&database),
    };
    Ok((opened.map_err(store_failed)?, lock))
}

/// Says what is wrong with the database.
pub fn store_failed(error: StoreError) -> Failure {
    let why = match error {
        StoreError::Failed(why) => why,
        other => format!("{other:?}"),
    };
    Failure::new(ExitCode::Refused, format!("the state directory's database: {why}"))
}
