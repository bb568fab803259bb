//! Host names of the platform (interface.md 2, control-plane.md 1.6).

/// Region, suffix and ports from which every host name is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostNames {
    /// Region identifier such as `local-1`.
    pub region: String,
    /// Suffix such as `localhost`.
    pub suffix: String,
    /// Port of the https listener, as bound.
    pub https_port: u16,
}

/// What a host name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Surface {
    /// Control plane.
    Control,
    /// Data API of the group with this short id.
    Data(String),
    /// Devices of the domain with this short id.
    Device(String),
    /// OAuth of the identity domain with this id.
    Identity(String),
    /// Vault service, management of secrets.
    Vaults,
    /// Vault service, retrieval of secrets.
    SecretBundles,
    /// `localhost` or an address: told apart by path.
    Bare,
}

/// Longest label of a host name, characters.
const LABEL_CHARS_MAX: usize = 63;

/// Whether a text can be one label of a host name, in lower case as clients send it.
pub fn is_label(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty()
        && text.len() <= LABEL_CHARS_MAX
        && text.chars().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Whether a text is labels joined by dots.
pub fn is_host_name(text: &str) -> bool {
    text.split('.').all(is_label)
}

impl HostNames {
    /// Host of the control plane, without port.
    pub fn control(&self) -> String {
        format!("iot.{}.oci.{}", self.region, self.suffix)
    }

    /// Host of a group's data API, without port.
    pub fn data(&self, group_short_id: &str) -> String {
        format!("{group_short_id}.data.{}", self.control())
    }

    /// Host of a domain's devices; never carries a port.
    pub fn device(&self, domain_short_id: &str) -> String {
        format!("{domain_short_id}.device.{}", self.control())
    }

    /// Host of a flow runtime, without port.
    pub fn flows(&self, short_id: &str) -> String {
        format!("{short_id}.flows.{}", self.control())
    }

    /// Host of an identity domain, without port.
    pub fn identity(&self, identity_id: &str) -> String {
        format!("{identity_id}.identity.oci.{}", self.suffix)
    }

    /// Host of the vault service, without port.
    pub fn vaults(&self) -> String {
        format!("vaults.{}.oci.{}", self.region, self.suffix)
    }

    /// Host of the secret retrieval service, without port.
    pub fn secret_bundles(&self) -> String {
        format!("secrets.{}", self.vaults())
    }

    /// `host` with the https port, unless that is 443: clients put `https://` in front and go.
    pub fn with_port(&self, host: &str) -> String {
        if self.https_port == 443 { host.to_owned() } else { format!("{host}:{}", self.https_port) }
    }

    /// What a `Host` header, with or without port and in any case, stands for.
    pub fn surface(&self, host: &str) -> Option<Surface> {
        let host = without_port(host).to_ascii_lowercase();
        if host == "localhost" || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok()
        {
            return Some(Surface::Bare);
        }
        let control = self.control();
        if host == control {
            return Some(Surface::Control);
        }
        if host == self.vaults() {
            return Some(Surface::Vaults);
        }
        if host == self.secret_bundles() {
            return Some(Surface::SecretBundles);
        }
        let (label, rest) = host.split_once('.')?;
        let label = label.to_owned();
        if rest == format!("data.{control}") {
            Some(Surface::Data(label))
        } else if rest == format!("device.{control}") {
            Some(Surface::Device(label))
        } else if rest == format!("identity.oci.{}", self.suffix) {
            Some(Surface::Identity(label))
        } else {
            None
        }
    }

    /// Names that the server certificate covers; later domains by wildcards.
    pub fn certificate_names(&self) -> Vec<String> {
        vec![
            "localhost".to_owned(),
            self.control(),
            self.data("*"),
            self.device("*"),
            self.identity("*"),
            self.vaults(),
            self.secret_bundles(),
        ]
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.ends_with(':') => {
            name
        }
        _ => host,
    }
}

/// A client id for a device that brings none.
pub fn new_client_id() -> String {
    format!("auto-{}", oci_core::ocid::random_text(20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_clients_can_dial() {
        for good in ["localhost", "iot.example.org", "a1-b"] {
            assert!(is_host_name(good), "{good}");
        }
        for bad in ["", "/x", "a..b", "-", "a-", "A", "x'y", "a b", "a:1", &"a".repeat(64)] {
            assert!(!is_host_name(bad), "{bad}");
        }
    }

    fn names() -> HostNames {
        HostNames { region: "local-1".into(), suffix: "localhost".into(), https_port: 8443 }
    }

    #[test]
    fn hosts_are_told_apart_with_and_without_port() {
        let names = names();
        let is = |host: &str, surface| assert_eq!(names.surface(host), surface, "{host}");
        is("iot.local-1.oci.localhost:8443", Some(Surface::Control));
        is("IOT.local-1.oci.localhost", Some(Surface::Control));
        is("g1.data.iot.local-1.oci.localhost", Some(Surface::Data("g1".into())));
        is("d1.device.iot.local-1.oci.localhost", Some(Surface::Device("d1".into())));
        is("i1.identity.oci.localhost:1", Some(Surface::Identity("i1".into())));
        is("vaults.local-1.oci.localhost", Some(Surface::Vaults));
        is("secrets.vaults.local-1.oci.localhost", Some(Surface::SecretBundles));
        is("localhost:8443", Some(Surface::Bare));
        is("127.0.0.1:8443", Some(Surface::Bare));
        is("[::1]:8443", Some(Surface::Bare));
        is("::1", Some(Surface::Bare));
        is("example.org", None);
        is("a.b.data.iot.local-1.oci.localhost", None);
    }

    #[test]
    fn the_standard_port_is_left_out() {
        assert_eq!(names().with_port("h"), "h:8443");
        assert_eq!(HostNames { https_port: 443, ..names() }.with_port("h"), "h");
    }
}
