//! `backup` and `restore`: a state directory as it was at one moment, also of a running platform.
//!
//! A backup is a folder: the database, keys, certificates and files for clients, and `backup.json`
//! with the digest of each. It is made beside its place and put there when it is whole. What was
//! acknowledged before the moment is in it.

mod copy;
mod record;
mod restore;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use store_sqlite::SqliteStore;

use self::copy::{Draft, copy_tree, sync_folder};
use self::record::{Record, digest};
use crate::args::{BackupArgs, GlobalArgs, StateArgs};
use crate::config::Environment;
use crate::config::local::{self, ClientDir};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::print::Report;
use crate::runtime;
use crate::serve::{failed, store_failed};

pub use restore::run as restore;

/// The database's name in a state directory and in a backup.
const DATABASE: &str = "platform.db";
/// Folders of a state directory that go along.
const FOLDERS: [&str; 2] = ["tls", "client"];

/// Makes a backup and says what is in it.
pub fn run(
    args: &BackupArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<(), Failure> {
    let state_dir = state_dir(&args.state, global, environment);
    ClientDir::of_state_dir(&state_dir)?;
    let state_dir = fs::canonicalize(&state_dir).map_err(|error| failed(&state_dir, error))?;
    let folder = args.folder.clone();
    let made = runtime::interruptible(move |stop| make(&state_dir, &folder, &stop))?;
    let mut report = Report::on_stdout(global.output, environment);
    let (files, bytes) = (made.files.len(), made.bytes());
    report.part(
        "backup",
        || {
            json!({"folder": args.folder.display().to_string(), "files": files, "bytes": bytes,
                  "time": made.time})
        },
        |_| {
            format!(
                "Backed up to {}: {files} files, {bytes} bytes, as of {}\n",
                args.folder.display(),
                made.time
            )
        },
    );
    report.finish()
}

fn state_dir(args: &StateArgs, global: &GlobalArgs, environment: &Environment) -> PathBuf {
    match &global.local {
        Some(given) => local::state_dir(given, environment),
        None => local::state_dir(&args.state_dir, environment),
    }
}

fn make(state_dir: &Path, folder: &Path, stop: &AtomicBool) -> Result<Record, Failure> {
    if fs::symlink_metadata(folder).is_ok() {
        return Err(Failure::usage(format!("{} is there already", folder.display()))
            .hint("name a folder that is not; a backup never overwrites another"));
    }
    if let Ok(full) = std::path::absolute(folder)
        && full.starts_with(state_dir)
    {
        return Err(Failure::usage("a backup inside the state directory would be lost with it")
            .hint("name a folder elsewhere"));
    }
    let draft = Draft::beside(folder)?;
    let mut record = Record::begin(state_dir);
    let database = draft.path().join(DATABASE);
    let copied = SqliteStore::copy(&state_dir.join(DATABASE), &database, |done, total| {
        tell("backup", done, total);
        !stop.load(Ordering::Relaxed)
    });
    tell_end();
    check(stop)?;
    copied.map_err(store_failed)?;
    record.add(DATABASE, digest(&database, stop)?);
    for name in FOLDERS {
        let from = state_dir.join(name);
        for file in copy_tree(&from, &draft.path().join(name), stop)? {
            let path = draft.path().join(name).join(&file);
            record.add(&format!("{name}/{file}"), digest(&path, stop)?);
        }
    }
    record.write(draft.path())?;
    sync_folder(draft.path())?;
    check(stop)?;
    draft.keep_as(folder)?;
    Ok(record)
}

/// Ends the work when the user has pressed Ctrl-C.
fn check(stop: &AtomicBool) -> Result<(), Failure> {
    match stop.load(Ordering::Relaxed) {
        true => Err(Failure::new(ExitCode::Interrupted, "interrupted")),
        false => Ok(()),
    }
}

/// Says on a terminal how far it is.
fn tell(what: &str, done: u64, total: u64) {
    use std::io::{IsTerminal as _, Write as _};
    if std::io::stderr().is_terminal() {
        let percent = done * 100 / total.max(1);
        // Nobody is left to hear about a closed stderr.
        let _ = write!(std::io::stderr(), "\r{what}: {percent:>3} %");
    }
}

fn tell_end() {
    use std::io::{IsTerminal as _, Write as _};
    if std::io::stderr().is_terminal() {
        let _ = writeln!(std::io::stderr());
    }
}
