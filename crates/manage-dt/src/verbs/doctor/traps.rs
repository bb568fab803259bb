//! What leads OCI tools astray beside a local platform although `manage-dt` itself works.

use std::net::ToSocketAddrs;
use std::path::Path;

use serde::Serialize;

use crate::args::GlobalArgs;
use crate::config::Environment;
use crate::config::local::{self, ClientDir};

/// Variables that name certificates to trust; each tool reads others first.
const BUNDLES: [&str; 4] =
    ["OCI_CLI_CERT_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"];

/// A trap and the way out.
#[derive(Debug, Serialize)]
pub struct Trap {
    problem: String,
    fix: String,
}

/// All traps that are set here.
pub fn find(global: &GlobalArgs, environment: &Environment) -> Vec<Trap> {
    let given = global.local.clone().unwrap_or_default();
    let client = ClientDir::of_state_dir(&local::state_dir(&given, environment)).ok();
    let hosts = client.as_ref().map(|client| client.path().join("hosts"));
    let missing = hosts.and_then(|hosts| missing_hosts(&hosts, resolves));
    let all = [hidden_profile(environment), different_bundles(environment), missing];
    all.into_iter().flatten().collect()
}

/// The Python SDK reads `OCI_CONFIG_FILE` only where there is no `~/.oci/config`.
fn hidden_profile(environment: &Environment) -> Option<Trap> {
    let usual = environment.home()?.join(".oci/config");
    let named = environment.get("OCI_CONFIG_FILE")?;
    let is_same = environment.expand(named) == usual;
    let (usual, is_file) = (usual.display().to_string(), usual.is_file());
    (is_file && !is_same).then(|| Trap {
        problem: format!("{usual} exists and hides {named} (OCI_CONFIG_FILE) from the Python SDK"),
        fix: format!("add the profile to {usual} (`manage-dt env` says how), or move that file"),
    })
}

/// With several bundles each tool trusts another one.
fn different_bundles(environment: &Environment) -> Option<Trap> {
    let set: Vec<(&str, &str)> =
        BUNDLES.iter().filter_map(|name| Some((*name, environment.get(name)?))).collect();
    let (_, first) = set.first()?;
    let all_same = set.iter().all(|(_, value)| value == first);
    let shown: Vec<String> = set.iter().map(|(name, value)| format!("{name}={value}")).collect();
    (!all_same).then(|| Trap {
        problem: format!("bundles differ, and tools disagree on which wins: {}", shown.join(", ")),
        fix: "set all of them to one file, or unset those that are not meant".to_owned(),
    })
}

/// `manage-dt` resolves names under `localhost` itself; other tools ask the system.
fn missing_hosts(hosts: &Path, resolves: impl Fn(&str) -> bool) -> Option<Trap> {
    let text = std::fs::read_to_string(hosts).ok()?;
    let names = text.lines().filter_map(|line| line.split_whitespace().nth(1));
    let missing: Vec<&str> = names.filter(|name| !resolves(name)).collect();
    let first = missing.first()?;
    let more = match missing.len() {
        1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    Some(Trap {
        problem: format!("this system does not find {first}{more}: other tools fail to connect"),
        fix: format!("add the lines of {} to the hosts file (/etc/hosts)", hosts.display()),
    })
}

fn resolves(name: &str) -> bool {
    (name, 443).to_socket_addrs().is_ok_and(|mut found| found.next().is_some())
}

pub fn text(traps: &[Trap]) -> String {
    let one = |trap: &Trap| format!("trap    {}\n        fix: {}\n", trap.problem, trap.fix);
    traps.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_trap_is_found_and_only_where_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().to_str().unwrap();
        let environment =
            |more: &[(&str, &str)]| Environment::of(&[&[("HOME", home)], more].concat());
        let named = [("OCI_CONFIG_FILE", "/other")];
        assert!(hidden_profile(&environment(&named)).is_none());
        std::fs::create_dir(dir.path().join(".oci")).unwrap();
        std::fs::write(dir.path().join(".oci/config"), "[DEFAULT]\n").unwrap();
        assert!(hidden_profile(&environment(&[])).is_none());
        assert!(hidden_profile(&environment(&[("OCI_CONFIG_FILE", "~/.oci/config")])).is_none());
        let trap = hidden_profile(&environment(&named)).unwrap();
        assert!(trap.problem.contains("hides /other"), "{trap:?}");

        let same = [("REQUESTS_CA_BUNDLE", "/a"), ("SSL_CERT_FILE", "/a")];
        assert!(different_bundles(&environment(&same)).is_none());
        let other = [("REQUESTS_CA_BUNDLE", "/a"), ("OCI_CLI_CERT_BUNDLE", "/b")];
        assert!(different_bundles(&environment(&other)).unwrap().problem.contains("=/b"));

        let hosts = dir.path().join("hosts");
        std::fs::write(&hosts, "127.0.0.1 a.localhost\n127.0.0.1 b.localhost\n").unwrap();
        assert!(missing_hosts(&hosts, |_| true).is_none());
        let trap = missing_hosts(&hosts, |name| name == "a.localhost").unwrap();
        assert!(trap.problem.contains("find b.localhost:"), "{trap:?}");
        let trap = missing_hosts(&hosts, |_| false).unwrap();
        assert!(trap.problem.contains("a.localhost and 1 more"), "{trap:?}");
    }
}
