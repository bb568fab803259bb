//! What `user` prints.

use platform::identity::users::AddedUser;
use platform::store::{Compartment, UserEntry};
use serde_json::{Value, json};

use super::files::UserFiles;
use crate::print::{Report, Table};

/// A user that was added, and how to act as it.
pub fn added(report: &mut Report, added: &AddedUser, files: &UserFiles) {
    let (user, compartment) = (&added.user, added.compartment.as_ref());
    let config = files.config().display().to_string();
    report.part("outcome", || json!("added"), |_| format!("User '{}' added\n", user.name));
    report.part(
        "user",
        || entry(&user.name, &user.id, &user.statements, std::slice::from_ref(&added.key.key_id)),
        |_| {
            format!(
                "  id           {}\n  key          {}\n",
                user.id,
                fingerprint(&added.key.key_id)
            )
        },
    );
    report.part(
        "compartment",
        || compartment.map_or(Value::Null, |made| json!({"name": made.name, "id": made.id})),
        |_| {
            let line = |made: &Compartment| format!("  compartment  {} {}\n", made.name, made.id);
            compartment.map(line).unwrap_or_default()
        },
    );
    report.part(
        "files",
        || json!({"config": config, "key": files.key().display().to_string()}),
        |_| {
            let policies = user.statements.iter().map(|text| format!("  policy       {text}\n"));
            let policies: String = policies.collect();
            format!(
                "{policies}  profile      {config}\n\nTo act as this user in a shell with the lines of `manage-dt env`:\n  \
                 export OCI_CLI_CONFIG_FILE='{config}'\n  export OCI_CONFIG_FILE='{config}'\n"
            )
        },
    );
}

/// Everybody, and every compartment.
pub fn listed(report: &mut Report, users: &[UserEntry], compartments: &[Compartment]) {
    report.part(
        "users",
        || {
            let value = |entry_: &UserEntry| {
                let UserEntry { user, key_ids } = entry_;
                entry(&user.name, &user.id, &user.statements, key_ids)
            };
            users.iter().map(value).collect()
        },
        |width| {
            let title = format!("Users - {} record(s)", users.len());
            let mut table = Table::new(Some(title), &["Name", "Key", "Policies"]);
            for UserEntry { user, key_ids } in users {
                let keys: Vec<&str> = key_ids.iter().map(|id| fingerprint(id)).collect();
                let statements = user.statements.join("\n");
                table.row(vec![user.name.clone(), keys.join("\n"), statements]);
            }
            table.render(width)
        },
    );
    report.part(
        "compartments",
        || compartments.iter().map(|c| json!({"name": c.name, "id": c.id})).collect(),
        |width| {
            let title = format!("Compartments - {} record(s)", compartments.len());
            let mut table = Table::new(Some(title), &["Name", "Id"]);
            for compartment in compartments {
                table.row(vec![compartment.name.clone(), compartment.id.clone()]);
            }
            table.render(width)
        },
    );
}

/// A user that was removed.
pub fn removed(report: &mut Report, name: &str) {
    report.part("outcome", || json!("removed"), |_| format!("User '{name}' removed\n"));
    report.part("user", || json!({"name": name}), |_| String::new());
}

fn entry(name: &str, id: &str, statements: &[String], key_ids: &[String]) -> Value {
    let fingerprints: Vec<&str> = key_ids.iter().map(|id| fingerprint(id)).collect();
    json!({"name": name, "id": id, "fingerprints": fingerprints, "policies": statements})
}

fn fingerprint(key_id: &str) -> &str {
    key_id.rsplit('/').next().unwrap_or_default()
}
