//! `model`: digital twin models as files, without any platform.

mod check;
mod diff;

use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::args::{GlobalArgs, ModelVerb};
use crate::config::Environment;
use crate::failure::Failure;

/// Bytes of one file; more is no model.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Files taken from directories; more are hardly models of one device.
const FILES_MAX: usize = 10_000;

/// Directories inside each other that are looked through.
const DIRECTORY_DEPTH_MAX: usize = 8;

/// The `@id` of a model whose DTMI stands in the configuration.
pub const PLACEHOLDER: &str = "placeholder";

/// What to do about a model that still has it.
pub const PLACEHOLDER_HINT: &str = "`create` puts a twin's `model_name` in the place of a \
    placeholder; `manage-dt adapter lint TWIN` checks model and adapter with it";

/// Runs the verb below `model`.
pub fn run(
    verb: &ModelVerb,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<(), Failure> {
    match verb {
        ModelVerb::Check(args) => check::run(args, global.output, environment),
        ModelVerb::Diff(args) => diff::run(args, global.output, environment),
    }
}

/// A file with its text.
struct Document {
    /// The path as given; `<stdin>` for `-`.
    name: String,
    text: String,
}

/// Reads one file, or standard input for `-`.
fn read(path: &Path) -> Result<Document, Failure> {
    let mut text = String::new();
    let (name, read) = if path == Path::new("-") {
        let stdin = std::io::stdin().lock();
        ("<stdin>".to_owned(), stdin.take(FILE_BYTES_MAX + 1).read_to_string(&mut text))
    } else {
        let file = std::fs::File::open(path);
        let read = file.and_then(|f| f.take(FILE_BYTES_MAX + 1).read_to_string(&mut text));
        (path.display().to_string(), read)
    };
    match read {
        Ok(_) if text.len() as u64 > FILE_BYTES_MAX => {
            Err(Failure::usage(format!("{name} is larger than {FILE_BYTES_MAX} bytes")))
        }
        Ok(_) => Ok(Document { name, text }),
        Err(error) => Err(Failure::usage(format!("cannot read {name}: {error}"))
            .hint("name a file with a DTDL model, or `-` for standard input")),
    }
}

/// Reads the files of `--with`, of directories those that end in `.json`, leaving out the ones
/// that are read already.
fn read_with(with: &[PathBuf], already: &[&PathBuf]) -> Result<Vec<Document>, Failure> {
    let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut seen: HashSet<PathBuf> = already.iter().map(|path| real(path)).collect();
    let mut paths = Vec::new();
    for path in with {
        match path.is_dir() {
            true => json_files(path, 0, &mut paths)?,
            false => paths.push(path.clone()),
        }
    }
    let mut documents = Vec::new();
    for path in paths {
        if seen.insert(real(&path)) {
            documents.push(read(&path)?);
        }
    }
    Ok(documents)
}

fn json_files(directory: &Path, depth: usize, paths: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::usage(format!("cannot read {}: {error}", directory.display()))
    };
    let entries = std::fs::read_dir(directory).map_err(unreadable)?;
    let mut found = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(unreadable)?;
    found.sort();
    for path in found {
        if path.is_dir() {
            if depth < DIRECTORY_DEPTH_MAX {
                json_files(&path, depth + 1, paths)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "json") {
            if paths.len() == FILES_MAX {
                return Err(Failure::usage(format!("`--with` leads to over {FILES_MAX} files"))
                    .hint("name a smaller directory"));
            }
            paths.push(path);
        }
    }
    Ok(())
}
