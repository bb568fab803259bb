//! Adding, listing and removing users. These run in the process of `manage-dt user`, on the same
//! database as a platform that may be running; see [`crate::limits::CALLER_CACHED`].

use oci_core::key::PrivateKey;
use oci_core::ocid::Ocid;

use super::policy::{FORM, Scope, Statement};
use crate::error::Refusal;
use crate::first_start::{ADMINISTRATOR, api_key};
use crate::limits::{IDENTITY_NAME_CHARS_MAX, STATEMENTS_MAX};
use crate::store::{ApiKey, Compartment, Setup, Store, User};

/// A user to add.
#[derive(Debug, Clone, Default)]
pub struct NewUser {
    /// Name.
    pub name: String,
    /// Compartment to make unless it exists.
    pub compartment: Option<String>,
    /// Statements; without any, the user may manage IoT resources and secrets in its compartment.
    pub statements: Vec<String>,
}

/// A user as added.
pub struct AddedUser {
    /// The user.
    pub user: User,
    /// Its key as registered.
    pub key: ApiKey,
    /// The private half, kept nowhere else.
    pub private_key: PrivateKey,
    /// Its compartment, if one was named.
    pub compartment: Option<Compartment>,
}

/// Adds a user with a new API key.
///
/// # Errors
/// `InvalidParameter` with everything that is wrong with the request,
/// `NotAuthorizedOrResourceAlreadyExists` for a name that is taken.
pub async fn add(
    store: &dyn Store,
    setup: &Setup,
    new: &NewUser,
    now_us: i64,
) -> Result<AddedUser, Refusal> {
    let known = store.compartment_all().await?;
    let mut findings = Vec::new();
    check_name("the user's name", &new.name, &mut findings);
    if let Some(name) = &new.compartment {
        check_name("the compartment's name", name, &mut findings);
    }
    check_statements(new, &known, &mut findings);
    if !findings.is_empty() {
        return Err(Refusal::invalid(findings.join("\n")));
    }
    let existing = known.iter().find(|known| Some(&known.name) == new.compartment.as_ref());
    let made = new.compartment.as_ref().filter(|_| existing.is_none()).map(|name| Compartment {
        id: Ocid::generate("compartment", "").to_string(),
        name: name.clone(),
        time_created_us: now_us,
    });
    let statements = match (&new.compartment, new.statements.is_empty()) {
        (Some(compartment), true) => ["iot-family", "secret-family"]
            .map(|family| {
                format!("allow user {} to manage {family} in compartment {compartment}", new.name)
            })
            .to_vec(),
        _ => new.statements.clone(),
    };
    let user = User {
        id: Ocid::generate("user", "").to_string(),
        name: new.name.clone(),
        statements,
        time_created_us: now_us,
    };
    let private_key = PrivateKey::generate();
    let key = api_key(&setup.tenancy_id, &user.id, &private_key);
    store.user_create(&user, &key, made.as_ref()).await?;
    let compartment = existing.cloned().or(made);
    Ok(AddedUser { user, key, private_key, compartment })
}

/// Removes a user and its keys.
///
/// # Errors
/// `InvalidParameter` for the user of the first start, whose key the platform's own files name;
/// `NotAuthorizedOrNotFound` when there is no such user.
pub async fn remove(store: &dyn Store, name: &str) -> Result<(), Refusal> {
    if name == ADMINISTRATOR {
        return Err(Refusal::invalid(format!(
            "the user '{ADMINISTRATOR}' is the one that the platform's own client files are for; it cannot be removed"
        )));
    }
    Ok(store.user_delete(name).await?)
}

fn check_name(what: &str, name: &str, findings: &mut Vec<String>) {
    let length = name.chars().count();
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@');
    if length == 0 || length > IDENTITY_NAME_CHARS_MAX || !name.chars().all(allowed) {
        findings.push(format!(
            "{what} is '{}'; it must have 1 to {IDENTITY_NAME_CHARS_MAX} letters, digits, '.', '-', '_' or '@'",
            name.escape_debug()
        ));
    } else if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        // It becomes the name of a directory.
        findings.push(format!("{what} is '{name}'; it must begin with a letter or a digit"));
    }
}

fn check_statements(new: &NewUser, known: &[Compartment], findings: &mut Vec<String>) {
    if new.statements.is_empty() && new.compartment.is_none() {
        findings.push(
            "the user may do nothing yet: name its compartment, or policy statements".to_owned(),
        );
    }
    if new.statements.len() > STATEMENTS_MAX {
        findings.push(format!("a user has at most {STATEMENTS_MAX} policy statements"));
        return;
    }
    for text in &new.statements {
        if let Err(why) = check_statement(text, new, known) {
            findings.push(format!("policy '{text}': {why}"));
        }
    }
}

fn check_statement(text: &str, new: &NewUser, known: &[Compartment]) -> Result<(), String> {
    let statement =
        Statement::parse(text).map_err(|error| format!("{error}\n  the form is: {FORM}"))?;
    if statement.user != new.name {
        return Err(format!("it is about the user '{}', not '{}'", statement.user, new.name));
    }
    let names: Vec<&str> = known.iter().map(|known| known.name.as_str()).collect();
    match &statement.scope {
        Scope::Tenancy => Ok(()),
        Scope::Named(name)
            if names.contains(&name.as_str()) || new.compartment.as_ref() == Some(name) =>
        {
            Ok(())
        }
        Scope::Named(name) => Err(format!(
            "there is no compartment '{name}'; there are: {}. `--compartment {name}` makes it",
            names.join(", ")
        )),
        Scope::Id(id) if known.iter().any(|known| known.id == *id) => Ok(()),
        Scope::Id(id) => Err(format!("there is no compartment with the OCID '{id}'")),
    }
}
