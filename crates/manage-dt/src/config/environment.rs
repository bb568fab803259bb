//! The process environment, read once, so that code that depends on it can be tested.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Environment variables by name. An empty variable counts as unset.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    values: BTreeMap<String, String>,
}

impl Environment {
    /// The variables of this process; those that are not Unicode are left out.
    pub fn of_process() -> Environment {
        let pairs = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Environment { values: pairs.filter(|(_, value)| !value.is_empty()).collect() }
    }

    /// An environment of these variables only.
    pub fn of(pairs: &[(&str, &str)]) -> Environment {
        let owned = pairs.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        Environment { values: owned.filter(|(_, value)| !value.is_empty()).collect() }
    }

    /// An environment with no variables but these of this one.
    pub fn only(&self, names: &[&str]) -> Environment {
        let kept = names.iter().filter_map(|name| self.values.get_key_value(*name));
        Environment { values: kept.map(|(name, value)| (name.clone(), value.clone())).collect() }
    }

    /// The value of one variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// The user's home directory.
    pub fn home(&self) -> Option<PathBuf> {
        self.get("HOME").map(PathBuf::from).or_else(std::env::home_dir)
    }

    /// A path as a user writes it: `~` alone and `~/` at the start stand for the home directory.
    pub fn expand(&self, path: &str) -> PathBuf {
        let behind_home = path.strip_prefix("~/").or((path == "~").then_some(""));
        match (behind_home, self.home()) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => PathBuf::from(path),
        }
    }
}
