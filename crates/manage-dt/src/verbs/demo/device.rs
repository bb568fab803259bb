//! The devices of the demo: they send, and say so.

use rmqtt_codec::types::QoS;

use crate::config::local;
use crate::device::mqtt::Told;
use crate::device::{ANSWER_TIMEOUT, Credentials, Device, DeviceAddress};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::serve::Running;

/// Makes a device of any of the sample twins.
pub struct Devices {
    address: DeviceAddress,
    device_key: String,
    password: String,
    trust: iot_client::Trust,
}

impl Devices {
    /// Reads what a device needs to know from `client/`.
    pub fn new(running: &Running) -> Result<Devices, Failure> {
        let read = |name: &str| std::fs::read(running.client_dir.join(name)).map_err(failed);
        let env_sh = String::from_utf8_lossy(&read("env.sh")?).into_owned();
        let host = local::exported(&env_sh, "IOT_DEVICE_HOST");
        let host = host.ok_or_else(|| failed("env.sh names no host of devices"))?;
        let (https_port, mqtts_port) = (running.ports.https, running.ports.mqtts);
        Ok(Devices {
            address: DeviceAddress { host, https_port, mqtts_port },
            device_key: running.device_key()?,
            password: running.device_password(),
            trust: iot_client::Trust { ca_pem: Some(read("ca.pem")?), identity: None },
        })
    }

    fn device(&self, twin: &str) -> Result<Device, Failure> {
        let external_key = format!("{}-{twin}", self.device_key);
        let password = Some(self.password.clone());
        let credentials = Credentials { external_key, password };
        Device::new(self.address.clone(), credentials, &self.trust)
    }

    /// Publishes at QoS 1 as `<device_key>-<twin>` and waits for every acknowledgement.
    pub async fn mqtt(&self, twin: &str, messages: &[(&str, &str)]) -> Result<(), Failure> {
        let device = self.device(twin)?;
        let mut session = device.mqtt().await?;
        for (topic, payload) in messages {
            let id = session.publish(QoS::AtLeastOnce, topic, payload.as_bytes().to_vec()).await?;
            let told = tokio::time::timeout(ANSWER_TIMEOUT, session.told()).await;
            match (told.map_err(failed)??, id) {
                (Told::Acknowledged(acknowledged), Some(id)) if acknowledged == id => {}
                (other, _) => return Err(failed(format!("not acknowledged: {other:?}"))),
            }
            let external_key = &device.credentials.external_key;
            super::say(&format!("   MQTT   {external_key} -> {topic}: {payload}"));
        }
        session.close().await
    }

    /// Posts with Basic credentials.
    pub async fn https(&self, twin: &str, endpoint: &str, payload: &str) -> Result<(), Failure> {
        let device = self.device(twin)?;
        device.post(endpoint, payload.as_bytes().to_vec()).await?;
        let external_key = &device.credentials.external_key;
        super::say(&format!("   HTTPS  {external_key} -> {endpoint}: {payload}"));
        Ok(())
    }
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(ExitCode::Refused, format!("the demo's device: {error}"))
}
