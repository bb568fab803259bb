//! `user`: adds, lists and removes users of a local platform, running or not.
//!
//! The verb opens the platform's own database, which several processes may write to at a time. A
//! running platform reads users and policies anew after a moment; the verb waits for that, so that
//! what it did holds when it ends.

mod files;
mod show;

use std::path::{Path, PathBuf};

use iot_api::ErrorCode;
use platform::Refusal;
use platform::clock::wall_clock_us;
use platform::identity::users::{self, NewUser};
use platform::limits::CALLER_CACHED;
use platform::store::{IdentityStore as _, Setup, Store as _};
use store_sqlite::SqliteStore;

use crate::args::{GlobalArgs, UserAddArgs, UserArgs, UserRemoveArgs, UserVerb};
use crate::config::Environment;
use crate::config::local::{self, ClientDir};
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::print::Report;
use crate::serve::{StateDir, open_store, store_failed};
use files::UserFiles;

/// Runs the verb.
pub fn run(args: &UserArgs, global: &GlobalArgs, environment: &Environment) -> Result<(), Failure> {
    let state_dir = match &global.local {
        Some(given) => local::state_dir(given, environment),
        None => local::state_dir(&args.state_dir, environment),
    };
    let mut report = Report::on_stdout(global.output, environment);
    crate::runtime::block_on(async {
        let users = Users::open(&state_dir).await?;
        match &args.verb {
            UserVerb::Add(add) => users.add(add, &mut report).await,
            UserVerb::List => users.list(&mut report).await,
            UserVerb::Remove(remove) => users.remove(remove, &mut report).await,
        }
    })?;
    report.finish()
}

/// The users of a state directory.
struct Users {
    store: SqliteStore,
    setup: Setup,
    client: PathBuf,
    /// Held while no platform runs there.
    lock: Option<StateDir>,
}

impl Users {
    async fn open(state_dir: &Path) -> Result<Users, Failure> {
        let client = ClientDir::of_state_dir(state_dir)?;
        let client = std::fs::canonicalize(client.path())
            .map_err(|error| Failure::usage(format!("{}: {error}", client.path().display())))?;
        let (store, lock) = open_store(state_dir)?;
        let setup = store.setup_get().await.map_err(store_failed)?.ok_or_else(|| {
            Failure::new(ExitCode::Refused, "the platform's first start did not finish")
                .hint("start it with `manage-dt serve`")
        })?;
        Ok(Users { store, setup, client, lock })
    }

    async fn add(&self, args: &UserAddArgs, report: &mut Report) -> Result<(), Failure> {
        let new = NewUser {
            name: args.name.clone(),
            compartment: args.compartment.clone(),
            statements: args.policies.clone(),
        };
        let added = users::add(&self.store, &self.setup, &new, wall_clock_us()).await;
        let added = added.map_err(refused)?;
        let files = UserFiles::of(&self.client, &new.name);
        if let Err(failure) = files.write(&self.client, &self.setup, &added) {
            // A user whose key nobody has is of no use.
            users::remove(&self.store, &new.name).await.map_err(refused)?;
            return Err(failure);
        }
        self.wait_until_seen().await;
        show::added(report, &added, &files);
        Ok(())
    }

    async fn list(&self, report: &mut Report) -> Result<(), Failure> {
        let users = self.store.user_all().await.map_err(store_failed)?;
        let compartments = self.store.compartment_all().await.map_err(store_failed)?;
        show::listed(report, &users, &compartments);
        Ok(())
    }

    async fn remove(&self, args: &UserRemoveArgs, report: &mut Report) -> Result<(), Failure> {
        let name = args.name.as_str();
        let known = self.store.user_all().await.map_err(store_failed)?;
        // Who does not exist is refused without a question.
        if known.iter().any(|entry| entry.user.name == name) {
            let question = format!("Remove user '{name}', its keys and its files?");
            crate::confirm::confirmed(args.yes, &question)?;
        }
        users::remove(&self.store, name).await.map_err(refused)?;
        UserFiles::of(&self.client, name).remove()?;
        self.wait_until_seen().await;
        show::removed(report, name);
        Ok(())
    }

    /// Waits until a running platform knows.
    async fn wait_until_seen(&self) {
        if self.lock.is_none() {
            tokio::time::sleep(CALLER_CACHED).await;
        }
    }
}

fn refused(refusal: Refusal) -> Failure {
    let exit = match refusal.code {
        ErrorCode::InvalidParameter => ExitCode::Usage,
        _ => ExitCode::Refused,
    };
    let message = match refusal.code {
        ErrorCode::NotAuthorizedOrNotFound => "there is no such user".to_owned(),
        _ => refusal.message,
    };
    let failure = Failure::new(exit, message);
    if refusal.code == ErrorCode::NotAuthorizedOrNotFound {
        return failure.hint("`manage-dt user list` shows who there is");
    }
    failure
}
