//! `restore`: a state directory from a backup.

use std::fs::{self, File, TryLockError};
use std::io::{self, IsTerminal as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde_json::json;
use store_sqlite::SqliteStore;

use super::copy::{Draft, copy_file, sync_folder};
use super::record::{Record, digest};
use super::{DATABASE, check, tell, tell_end};
use crate::args::{GlobalArgs, RestoreArgs};
use crate::config::Environment;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::print::Report;
use crate::runtime;
use crate::serve::{failed, store_failed, write_private};

/// Restores, and says what became of what was there.
pub fn run(
    args: &RestoreArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<(), Failure> {
    let state_dir = super::state_dir(&args.state, global, environment);
    let record = Record::read(&args.folder)?;
    let lock = if_free(&state_dir)?;
    if !args.dry_run && is_filled(&state_dir)? && !args.force {
        ask(&state_dir)?;
    }
    let (folder, target, dry_run) = (args.folder.clone(), state_dir.clone(), args.dry_run);
    let time = record.time.clone();
    let aside = runtime::interruptible(move |stop| {
        let aside = put(&folder, &record, &target, dry_run, &stop);
        drop(lock);
        aside
    })?;
    let mut report = Report::on_stdout(global.output, environment);
    let outcome = if args.dry_run { "checked" } else { "restored" };
    let aside_json = aside.as_ref().map(|path| path.display().to_string());
    report.part("outcome", || json!(outcome), |_| String::new());
    report.part(
        "restore",
        || json!({"stateDir": state_dir.display().to_string(), "time": time,
                  "movedAside": aside_json}),
        |_| match (args.dry_run, &aside) {
            (true, _) => format!("The backup of {time} is whole\n"),
            (false, None) => format!("Restored {} as of {time}\n", state_dir.display()),
            (false, Some(aside)) => format!(
                "Restored {} as of {time}\nWhat was there is in {}; remove it when nobody needs it\n",
                state_dir.display(),
                aside.display()
            ),
        },
    );
    report.finish()
}

/// The lock of a state directory that is there; refused while a platform runs on it.
fn if_free(state_dir: &Path) -> Result<Option<File>, Failure> {
    let path = state_dir.join("lock");
    let lock = match fs::OpenOptions::new().append(true).open(&path) {
        Ok(lock) => lock,
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(failed(&path, error)),
    };
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => {
            let text = format!("a platform runs on {}", state_dir.display());
            Err(Failure::new(ExitCode::Refused, text)
                .hint("stop it, or restore into another directory with --state-dir"))
        }
        Err(TryLockError::Error(error)) => Err(failed(&path, error)),
    }
}

fn is_filled(state_dir: &Path) -> Result<bool, Failure> {
    match fs::read_dir(state_dir) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(failed(state_dir, error)),
    }
}

/// Nothing is overwritten unless a person says so.
fn ask(state_dir: &Path) -> Result<(), Failure> {
    let place = state_dir.display();
    let refused = || {
        Failure::usage(format!("{place} is not empty"))
            .hint("--force moves what is there aside; --state-dir names another directory")
    };
    if !io::stdin().is_terminal() {
        return Err(refused());
    }
    match crate::confirm::ask(&format!("{place} is not empty; move it aside and restore?"))? {
        true => Ok(()),
        false => Err(refused()),
    }
}

fn put(
    folder: &Path,
    record: &Record,
    state_dir: &Path,
    dry_run: bool,
    stop: &AtomicBool,
) -> Result<Option<PathBuf>, Failure> {
    verify(folder, record, stop)?;
    if dry_run {
        return Ok(None);
    }
    let state_dir = std::path::absolute(state_dir).map_err(|error| failed(state_dir, error))?;
    let draft = Draft::beside(&state_dir)?;
    for file in &record.files {
        check(stop)?;
        let target = draft.path().join(&file.path);
        if let Some(parent) = target.parent() {
            let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(parent);
            made.map_err(|error| failed(parent, error))?;
        }
        copy_file(&folder.join(&file.path), &target)?;
        if file.path.starts_with("client/") {
            follow(&target, &record.state_dir, &state_dir)?;
        }
    }
    sync_folder(draft.path())?;
    check(stop)?;
    let aside = match is_filled(&state_dir)? {
        false => None,
        true => {
            let name = state_dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
            let aside = state_dir.with_file_name(format!("{name}.before-{now}"));
            fs::rename(&state_dir, &aside).map_err(|error| failed(&state_dir, error))?;
            Some(aside)
        }
    };
    if let Err(failure) = draft.keep_as(&state_dir) {
        if let Some(aside) = &aside {
            fs::rename(aside, &state_dir).map_err(|error| failed(aside, error))?;
        }
        return Err(failure);
    }
    Ok(aside)
}

/// Every file is what it was, and the database one that this program can open.
fn verify(folder: &Path, record: &Record, stop: &AtomicBool) -> Result<(), Failure> {
    let broken = |path: &Path, what: &str| {
        Failure::new(ExitCode::Refused, format!("{} {what}", path.display()))
            .hint("this backup cannot be restored; take another")
    };
    let total = record.bytes();
    let mut done = 0;
    for file in &record.files {
        let path = folder.join(&file.path);
        if !fs::symlink_metadata(&path).is_ok_and(|found| found.is_file()) {
            return Err(broken(&path, "is missing"));
        }
        if digest(&path, stop)? != file.digest {
            return Err(broken(&path, "is not what was backed up: its digest differs"));
        }
        done += file.digest.bytes;
        tell("check", done, total);
    }
    tell_end();
    let database = folder.join(DATABASE);
    if !record.files.iter().any(|file| file.path == DATABASE) {
        return Err(broken(&database, "is missing"));
    }
    SqliteStore::copy_check(&database).map_err(store_failed)
}

/// Paths in files for clients follow the state directory; `serve` writes some of them anew.
fn follow(path: &Path, from: &str, to: &Path) -> Result<(), Failure> {
    let Ok(text) = fs::read_to_string(path) else { return Ok(()) };
    let (old, new) = (format!("{from}/"), format!("{}/", to.display()));
    match old != new && text.contains(&old) {
        true => write_private(path, text.replace(&old, &new).as_bytes()),
        false => Ok(()),
    }
}
