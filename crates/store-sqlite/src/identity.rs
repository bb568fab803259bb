//! Users, their API keys and statements, and compartments.

use async_trait::async_trait;
use platform::identity::ResourceType;
use platform::store::{
    ApiKey, Compartment, Identity, IdentityStore, StoreError, Stored, User, UserEntry,
};
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use crate::SqliteStore;
use crate::connection::failed;
use crate::rows::{duplicate, from_json, json};
use crate::setup;

/// The user from the columns that begin at `at`: id, name, statements, time_created_us.
fn user(row: &Row<'_>, at: usize) -> rusqlite::Result<User> {
    Ok(User {
        id: row.get(at)?,
        name: row.get(at + 1)?,
        statements: from_json(row, at + 2)?,
        time_created_us: row.get(at + 3)?,
    })
}

fn identity(connection: &Connection, key_id: &str) -> Stored<Option<Identity>> {
    let sql = "SELECT k.key_id, k.user_id, k.public_key_pem,
             u.id, u.name, u.statements, u.time_created_us
         FROM api_key k JOIN user u ON u.id = k.user_id WHERE k.key_id = ?";
    let read = |row: &Row<'_>| {
        let key = ApiKey { key_id: row.get(0)?, user_id: row.get(1)?, public_key_pem: row.get(2)? };
        Ok((key, user(row, 3)?))
    };
    let statement = connection.prepare_cached(sql);
    let found = statement
        .and_then(|mut statement| statement.query_row([key_id], read).optional())
        .map_err(failed)?;
    let Some((key, user)) = found else { return Ok(None) };
    Ok(Some(Identity { key, user, compartments: compartments(connection)? }))
}

fn compartments(connection: &Connection) -> Stored<Vec<Compartment>> {
    let sql = "SELECT id, name, time_created_us FROM compartment ORDER BY name";
    let read = |row: &Row<'_>| {
        Ok(Compartment { id: row.get(0)?, name: row.get(1)?, time_created_us: row.get(2)? })
    };
    let mut statement = connection.prepare_cached(sql).map_err(failed)?;
    let rows = statement.query_map([], read).map_err(failed)?;
    rows.collect::<Result<_, _>>().map_err(failed)
}

/// Adds a user without keys.
pub(crate) fn add_user(transaction: &Transaction<'_>, user: &User) -> Stored<()> {
    let User { id, name, statements, time_created_us } = user;
    let sql = "INSERT INTO user VALUES (?, ?, ?, ?)";
    let inserted = transaction.execute(sql, params![id, name, json(statements), time_created_us]);
    let taken = || format!("there is a user '{name}' already; remove it first");
    inserted.map(drop).map_err(|error| duplicate(error, taken))
}

/// Adds a compartment.
pub(crate) fn add_compartment(
    transaction: &Transaction<'_>,
    compartment: &Compartment,
) -> Stored<()> {
    let Compartment { id, name, time_created_us } = compartment;
    let sql = "INSERT INTO compartment VALUES (?, ?, ?)";
    let taken = || format!("there is a compartment '{name}' already");
    let inserted = transaction.execute(sql, params![id, name, time_created_us]);
    inserted.map(drop).map_err(|error| duplicate(error, taken))
}

fn users(connection: &Connection) -> Stored<Vec<UserEntry>> {
    let sql = "SELECT id, name, statements, time_created_us,
             (SELECT json_group_array(key_id) FROM api_key WHERE user_id = user.id)
         FROM user ORDER BY name";
    let read = |row: &Row<'_>| Ok(UserEntry { user: user(row, 0)?, key_ids: from_json(row, 4)? });
    let mut statement = connection.prepare_cached(sql).map_err(failed)?;
    let rows = statement.query_map([], read).map_err(failed)?;
    rows.collect::<Result<_, _>>().map_err(failed)
}

fn delete_user(transaction: &Transaction<'_>, name: &str) -> Stored<()> {
    let keys = "DELETE FROM api_key WHERE user_id = (SELECT id FROM user WHERE name = ?)";
    transaction.execute(keys, [name]).map_err(failed)?;
    let gone = transaction.execute("DELETE FROM user WHERE name = ?", [name]).map_err(failed)?;
    if gone == 0 { Err(StoreError::missing("user", name)) } else { Ok(()) }
}

/// SQL that finds a resource's compartment by its id; `None` for types that are not kept yet.
fn compartment_sql(kind: ResourceType) -> &'static str {
    match kind {
        ResourceType::DomainGroup => "SELECT parent_id FROM domain_group WHERE id = ?",
        ResourceType::Domain => "SELECT parent_id FROM domain WHERE id = ?",
        ResourceType::Model => {
            "SELECT d.parent_id FROM model r JOIN domain d ON d.id = r.parent_id WHERE r.id = ?"
        }
        ResourceType::Adapter => {
            "SELECT d.parent_id FROM adapter r JOIN domain d ON d.id = r.parent_id WHERE r.id = ?"
        }
        ResourceType::Instance => {
            "SELECT d.parent_id FROM instance r JOIN domain d ON d.id = r.parent_id WHERE r.id = ?"
        }
        ResourceType::Secret | ResourceType::SecretVersion | ResourceType::SecretBundle => {
            "SELECT compartment_id FROM vault_secret WHERE id = ?"
        }
        ResourceType::Relationship => {
            "SELECT d.parent_id FROM relationship r JOIN domain d ON d.id = r.parent_id WHERE r.id = ?"
        }
        ResourceType::FlowRuntime => "SELECT parent_id FROM flow_runtime WHERE id = ?",
        ResourceType::WorkRequest => "SELECT parent_id FROM work_request WHERE id = ?",
    }
}

#[async_trait]
impl IdentityStore for SqliteStore {
    async fn identity_get(&self, key_id: &str) -> Stored<Option<Identity>> {
        let key_id = key_id.to_owned();
        self.database.look_up(move |connection| identity(connection, &key_id)).await
    }

    async fn api_key_create(&self, key: &ApiKey) -> Stored<()> {
        let key = key.clone();
        self.database.write(move |transaction| setup::api_key_create(transaction, &key)).await
    }

    async fn user_create(
        &self,
        user: &User,
        key: &ApiKey,
        compartment: Option<&Compartment>,
    ) -> Stored<()> {
        let (user, key, compartment) = (user.clone(), key.clone(), compartment.cloned());
        self.database
            .write(move |transaction| {
                add_user(transaction, &user)?;
                setup::api_key_create(transaction, &key)?;
                compartment.map_or(Ok(()), |made| add_compartment(transaction, &made))
            })
            .await
    }

    async fn user_all(&self) -> Stored<Vec<UserEntry>> {
        self.database.read(users).await
    }

    async fn user_delete(&self, name: &str) -> Stored<()> {
        let name = name.to_owned();
        self.database.write(move |transaction| delete_user(transaction, &name)).await
    }

    async fn compartment_all(&self) -> Stored<Vec<Compartment>> {
        self.database.read(compartments).await
    }

    async fn compartment_of(&self, kind: ResourceType, id: &str) -> Stored<Option<String>> {
        let sql = compartment_sql(kind);
        let id = id.to_owned();
        self.database
            .look_up(move |connection| {
                let statement = connection.prepare_cached(sql);
                statement
                    .and_then(|mut found| found.query_row([&id], |row| row.get(0)).optional())
                    .map_err(failed)
            })
            .await
    }
}
