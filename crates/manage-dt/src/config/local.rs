//! A local platform's `client` directory, as `--local` uses it.

use std::path::{Path, PathBuf};

use crate::config::Environment;
use crate::failure::Failure;

/// The directory of a platform's files for clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientDir(PathBuf);

/// The profile that `serve` writes for its clients.
pub const LOCAL_PROFILE: &str = "LOCAL";

impl ClientDir {
    /// The directory `client` of a state directory; an error when no platform has filled it.
    pub fn of_state_dir(state_dir: &Path) -> Result<ClientDir, Failure> {
        let dir = state_dir.join("client");
        if dir.join("env.sh").is_file() {
            return Ok(ClientDir(dir));
        }
        let text = format!("no platform has been set up in {}", state_dir.display());
        Err(Failure::usage(text).hint(
            "start one with `manage-dt serve`, or name its directory: --local=DIR, or \
             --state-dir DIR for `env`",
        ))
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The shell lines that `env` prints.
    pub fn env_sh(&self) -> Result<String, Failure> {
        let path = self.0.join("env.sh");
        std::fs::read_to_string(&path)
            .map_err(|error| Failure::usage(format!("{} cannot be read: {error}", path.display())))
    }
}

/// The state directory that `--local` means: the one given, else the environment's, else the
/// usual one.
pub fn state_dir(given: &Path, environment: &Environment) -> PathBuf {
    if !given.as_os_str().is_empty() {
        return given.to_owned();
    }
    let usual = environment.get("MANAGE_DT_STATE_DIR").unwrap_or(crate::args::DEFAULT_STATE_DIR);
    PathBuf::from(usual)
}

/// The value that `export NAME=…` gives in a text of shell lines.
pub fn exported(env_sh: &str, name: &str) -> Option<String> {
    all_exported(env_sh).find_map(|(found, value)| (found == name).then_some(value))
}

/// All values that a text of shell lines exports.
pub fn all_exported(env_sh: &str) -> impl Iterator<Item = (&str, String)> {
    env_sh.lines().filter_map(|line| {
        let (name, word) = line.trim().strip_prefix("export ")?.split_once('=')?;
        Some((name.trim(), unquoted(word)))
    })
}

/// A shell word without its quotes. Knows single and double quotes and the backslash; expands
/// nothing.
fn unquoted(word: &str) -> String {
    let mut out = String::new();
    let mut quote = None;
    let mut chars = word.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (None, ' ' | '\t' | ';') => break,
            (Some(open), c) if open == c => quote = None,
            (Some('\''), c) => out.push(c),
            (_, '\\') => out.extend(chars.next()),
            (_, c) => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit_code::ExitCode;

    #[test]
    fn exported_values_lose_their_quotes() {
        let text = "# comment\nexport A=plain\nexport B='{\"a\": \"b c\"}'\nexport C=\"x \\\"y\\\"\"\n\
                    export D='it'\\''s' # end\nB=other\n";
        let gives = |name, value: &str| assert_eq!(exported(text, name).as_deref(), Some(value));
        gives("A", "plain");
        gives("B", r#"{"a": "b c"}"#);
        gives("C", "x \"y\"");
        gives("D", "it's");
        assert_eq!(exported(text, "E"), None);
    }

    #[test]
    fn a_directory_without_platform_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let failure = ClientDir::of_state_dir(dir.path()).unwrap_err();
        assert_eq!(failure.exit, ExitCode::Usage);
        assert!(failure.hint.unwrap().contains("manage-dt serve"));
    }

    #[test]
    fn state_dir_is_given_or_the_environments_or_the_usual() {
        let none = Environment::default();
        let some = Environment::of(&[("MANAGE_DT_STATE_DIR", "/e")]);
        assert_eq!(state_dir(Path::new(""), &none), Path::new("./.manage-dt"));
        assert_eq!(state_dir(Path::new(""), &some), Path::new("/e"));
        assert_eq!(state_dir(Path::new("/g"), &some), Path::new("/g"));
    }
}
