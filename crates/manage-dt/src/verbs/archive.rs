//! `archive`: data of a range of time in files of one's own, through the data API.

mod dataset;
mod file;
mod formats;
mod layout;
mod manifest;
mod pages;
mod view;

use std::fs;
use std::io::{IsTerminal as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use iot_api::domains::DataRetentionPeriodsInDays;
use jiff::Timestamp;

use self::dataset::Source;
use self::file::PartFile;
use self::manifest::{Asked, Cursor, DatasetEntry, FileEntry, Manifest, Origin};
use self::pages::Pages;
use crate::args::{ArchiveArgs, Dataset, GlobalArgs, Layout};
use crate::client_errors::failed;
use crate::config::Environment;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::print::Report;
use crate::runtime;
use crate::serve::failed as file_failed;
use crate::session::{Definition, Session};

/// Rows of a file: an interrupted run repeats less than this.
const FILE_ROWS_MAX: u64 = 250_000;

/// Archives and says what is where.
pub fn run(
    args: &ArchiveArgs,
    global: &GlobalArgs,
    environment: &Environment,
) -> Result<(), Failure> {
    let datasets = datasets(args)?;
    let session = Definition::read_domain(global, environment)?.connect()?;
    let mut report = Report::on_stdout(global.output, environment);
    if args.dry_run {
        let manifest = runtime::block_on(async {
            Ok(Archive::open(&session, args, &datasets).await?.manifest)
        })?;
        view::planned(&mut report, &manifest);
        return report.finish();
    }
    make_folder(&args.folder)?;
    let _turn = take_turn(&args.folder)?;
    let outcome = runtime::block_on(async {
        let mut archive = Archive::open(&session, args, &datasets).await?;
        archive.write().await?;
        Ok(archive.manifest)
    });
    let manifest = outcome.map_err(|failure| match failure.exit {
        ExitCode::Usage => failure,
        _ if failure.hint.is_some() => failure,
        _ => failure.hint("run the same command again to go on where this one stopped"),
    })?;
    view::written(&mut report, &args.folder, &manifest);
    report.finish()
}

/// The kinds asked for, each once and in order.
fn datasets(args: &ArchiveArgs) -> Result<Vec<Dataset>, Failure> {
    if let (Some(since), Some(until)) = args.times()
        && since >= until
    {
        return Err(Failure::usage("--since is not before --until"));
    }
    let has_commands = args.layout == Layout::Flat;
    if args.data.contains(&Dataset::Command) && !has_commands {
        return Err(Failure::usage("--layout archive-domain has no place for command data")
            .hint("use --data raw,historized,rejected, or --layout flat"));
    }
    let wanted = |dataset: &Dataset| match args.data.is_empty() {
        true => *dataset != Dataset::Command || has_commands,
        false => args.data.contains(dataset),
    };
    Ok(Dataset::ALL.into_iter().filter(wanted).collect())
}

/// Makes a folder (mode 0700) with those above it.
fn make_folder(folder: &Path) -> Result<(), Failure> {
    if folder.as_os_str().is_empty() || folder.exists() && !folder.is_dir() {
        let what = format!("'{}' is not a folder", folder.display());
        return Err(Failure::usage(what).hint("name one that is new, or that an archive is in"));
    }
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| file_failed(folder, error))
}

/// Two runs must not write into one folder.
fn take_turn(folder: &Path) -> Result<fs::File, Failure> {
    let opened = fs::File::open(folder).map_err(|error| file_failed(folder, error))?;
    match opened.try_lock() {
        Ok(()) => Ok(opened),
        Err(_) => Err(Failure::new(
            ExitCode::Refused,
            format!("another `manage-dt archive` writes into {}", folder.display()),
        )
        .hint("wait for it, or choose another folder")),
    }
}

/// One run.
struct Archive<'r> {
    session: &'r Session,
    args: &'r ArchiveArgs,
    datasets: &'r [Dataset],
    path: PathBuf,
    manifest: Manifest,
    started: Timestamp,
    checkpoint: Option<Timestamp>,
    domain: String,
}

impl<'r> Archive<'r> {
    /// Goes on with what the folder has, or begins.
    async fn open(
        session: &'r Session,
        args: &'r ArchiveArgs,
        datasets: &'r [Dataset],
    ) -> Result<Archive<'r>, Failure> {
        let path = layout::manifest_path(&args.folder, args.layout);
        let client = pages::data_api(session).await?;
        let domain_id = session.definition.domain_id.clone();
        let source = Origin { iot_domain_id: domain_id, data_api: client.base().to_owned() };
        let asked = Asked::of(args, datasets);
        let checkpoint = match args.layout {
            Layout::Flat => None,
            Layout::ArchiveDomain => layout::checkpoint(&args.folder)?,
        };
        let manifest = match Manifest::read(&path)? {
            Some(found) => {
                check_same(&found, &source, &asked, &path)?;
                found.check_files(&args.folder)?;
                found
            }
            None => begin(session, args, datasets, source, asked, checkpoint).await?,
        };
        let domain = domain_short_id(&manifest.source.data_api);
        let started = manifest
            .time_started
            .parse()
            .map_err(|error| Failure::usage(format!("{}: timeStarted: {error}", path.display())))?;
        Ok(Archive { session, args, datasets, path, manifest, started, checkpoint, domain })
    }

    async fn write(&mut self) -> Result<(), Failure> {
        if self.manifest.time_finished.is_some() {
            return Ok(());
        }
        if let Some(folder) = self.path.parent() {
            make_folder(folder)?;
        }
        self.manifest.write(&self.path)?;
        for index in 0..self.datasets.len() {
            let written = self.dataset(index).await;
            if let (Err(failure), Layout::ArchiveDomain) = (&written, self.args.layout) {
                let why = failure.message.as_deref().unwrap_or("see the log");
                self.end_run(Some(why))?;
            }
            written?;
        }
        self.manifest.time_finished = Some(format!("{:.6}", Timestamp::now()));
        self.manifest.write(&self.path)?;
        match self.args.layout {
            Layout::Flat => Ok(()),
            Layout::ArchiveDomain => self.end_run(None),
        }
    }

    fn end_run(&self, error: Option<&str>) -> Result<(), Failure> {
        layout::end_run(&self.args.folder, &self.manifest, self.checkpoint, self.started, error)
    }

    async fn dataset(&mut self, index: usize) -> Result<(), Failure> {
        let dataset = self.datasets[index];
        let entry = &self.manifest.datasets[index];
        if entry.complete {
            return Ok(());
        }
        let time = |text: &str| text.parse::<Timestamp>();
        let from = entry.time_from.as_deref().map(time).transpose();
        let (Ok(from), Ok(before)) = (from, time(&entry.time_before)) else {
            return Err(Failure::usage(format!("{}: a time is none", self.path.display())));
        };
        let mut pages =
            Pages::open(self.session, dataset, (from, before), entry.cursor.clone()).await?;
        let mut part: Option<Part> = None;
        while let Some(rows) = pages.next().await? {
            for row in rows {
                let open = match part.take() {
                    Some(open) => open,
                    None => self.part(index)?,
                };
                let open = open.add(row, dataset)?;
                if open.entry.rows < FILE_ROWS_MAX {
                    part = Some(open);
                } else {
                    self.finish_part(index, open)?;
                }
            }
            self.tell(index, part.as_ref());
        }
        if let Some(open) = part {
            self.finish_part(index, open)?;
        }
        self.tell(index, None);
        if std::io::stderr().is_terminal() {
            // Nobody is left to hear about a closed stderr.
            let _ = writeln!(std::io::stderr());
        }
        self.manifest.datasets[index].complete = true;
        self.manifest.write(&self.path)
    }

    fn part(&self, index: usize) -> Result<Part, Failure> {
        let dataset = self.datasets[index];
        let number = self.manifest.datasets[index].files.len() + 1;
        let path = layout::file(self.args, dataset, &self.domain, self.started, number);
        let cursor = self.manifest.datasets[index].cursor.clone();
        let at = self.args.folder.join(&path);
        let file = PartFile::create(&at, self.args.format, dataset.columns())?;
        let entry = FileEntry {
            path,
            rows: 0,
            bytes: 0,
            sha256: String::new(),
            first_id: String::new(),
            last_id: String::new(),
            time_first: None,
            time_last: None,
        };
        Ok(Part { file, entry, cursor })
    }

    fn finish_part(&mut self, index: usize, part: Part) -> Result<(), Failure> {
        let Part { file, mut entry, cursor } = part;
        let finished = file.finish()?;
        (entry.bytes, entry.sha256) = (finished.bytes, finished.sha256);
        let dataset = &mut self.manifest.datasets[index];
        dataset.rows += entry.rows;
        dataset.cursor = cursor;
        dataset.files.push(entry);
        self.manifest.write(&self.path)
    }

    /// Says on a terminal how far it is.
    fn tell(&self, index: usize, part: Option<&Part>) {
        let entry = &self.manifest.datasets[index];
        let rows = entry.rows + part.map_or(0, |part| part.entry.rows);
        let last = part.map(|part| &part.entry).or(entry.files.last());
        let last = last.and_then(|file| file.time_last.as_deref()).unwrap_or("-");
        let last = last.get(..19).unwrap_or(last);
        if std::io::stderr().is_terminal() {
            let name = &entry.name;
            let _ = write!(std::io::stderr(), "\r{name:<10} {rows:>12} rows, up to {last:<19}");
        }
        tracing::info!("{} data: {rows} rows archived", entry.name);
    }
}

/// A file under way.
struct Part {
    file: PartFile,
    entry: FileEntry,
    cursor: Cursor,
}

impl Part {
    fn add(mut self, row: Source, dataset: Dataset) -> Result<Part, Failure> {
        let entry = &mut self.entry;
        let time = row.time(dataset).map(ToOwned::to_owned);
        if entry.rows == 0 {
            entry.first_id = row.id_text();
        }
        // Times are all of one form, so that their texts sort as they do; observed times jump.
        if time.is_some() && (entry.time_first.is_none() || time < entry.time_first) {
            entry.time_first.clone_from(&time);
        }
        entry.time_last = entry.time_last.take().max(time);
        entry.last_id = row.id_text();
        entry.rows += 1;
        self.cursor.pass(&row, dataset);
        self.file.row(row.into_row(dataset))?;
        Ok(self)
    }
}

async fn begin(
    session: &Session,
    args: &ArchiveArgs,
    datasets: &[Dataset],
    source: Origin,
    asked: Asked,
    checkpoint: Option<Timestamp>,
) -> Result<Manifest, Failure> {
    let now = Timestamp::now();
    let (since, until) = args.times();
    let periods = match args.layout {
        Layout::Flat => None,
        Layout::ArchiveDomain => Some(retention(session).await?),
    };
    let entry = |dataset: &Dataset| match &periods {
        None => DatasetEntry::new(*dataset, since, until.unwrap_or(now)),
        Some(periods) => {
            let (from, before) = layout::window(args, now, days(periods, *dataset), checkpoint);
            DatasetEntry::new(*dataset, Some(from), before)
        }
    };
    Ok(Manifest {
        version: 1,
        program: concat!("manage-dt ", env!("CARGO_PKG_VERSION")).to_owned(),
        source,
        asked,
        time_started: format!("{now:.6}"),
        time_finished: None,
        datasets: datasets.iter().map(entry).collect(),
    })
}

async fn retention(session: &Session) -> Result<DataRetentionPeriodsInDays, Failure> {
    let domain = session.control.domain_get(&session.definition.domain_id).await;
    let domain = domain.map_err(|error| failed("Cannot get IoT Domain", &error))?;
    domain.parts.and_then(|parts| parts.data_retention_periods_in_days).ok_or_else(|| {
        Failure::new(ExitCode::Refused, "the platform does not say how long the domain keeps data")
    })
}

fn days(periods: &DataRetentionPeriodsInDays, dataset: Dataset) -> u32 {
    match dataset {
        Dataset::Raw => periods.raw_data,
        Dataset::Historized => periods.historized_data,
        Dataset::Rejected => periods.rejected_data,
        Dataset::Command => periods.raw_command_data,
    }
}

fn check_same(
    found: &Manifest,
    source: &Origin,
    asked: &Asked,
    path: &Path,
) -> Result<(), Failure> {
    let what = match (found.source == *source, found.asked == *asked) {
        (true, true) => return Ok(()),
        (false, _) => "another domain",
        (true, false) => "other options",
    };
    Err(Failure::usage(format!("{} is of a run with {what}", path.display()))
        .hint("choose another folder, or repeat the options of that run to go on with it"))
}

/// `<DOM>` of `…/ords/<DOM>/20250531`.
fn domain_short_id(data_api: &str) -> String {
    let behind = data_api.split_once("/ords/").map_or("", |(_, behind)| behind);
    behind.split('/').next().unwrap_or_default().to_owned()
}
