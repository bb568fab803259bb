//! What the first start made.

use platform::first_start::{ADMINISTRATOR, ADMINISTRATOR_STATEMENT, COMPARTMENT_NAME};
use platform::store::{
    ApiKey, Compartment, Domain, DomainGroup, IdentityApp, SecretRecord, SecretVersion, Setup,
    StoreError, Stored, User,
};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use crate::connection::failed;
use crate::rows::{find, insert};
use crate::{identity, vault};

/// Keeps all of it.
pub(crate) fn create(transaction: &Transaction<'_>, setup: &Setup) -> Stored<()> {
    let app = &setup.app;
    transaction
        .execute(
            "INSERT INTO setup VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                setup.tenancy_id,
                setup.compartment_id,
                setup.user_id,
                setup.api_key.key_id,
                setup.group.common.id,
                setup.domain.common.id,
                setup.secret.id,
                app.identity_id,
                app.client_id,
                app.client_secret,
                app.user,
                app.password,
                app.signing_key_pem
            ],
        )
        .map_err(failed)?;
    api_key_create(transaction, &setup.api_key)?;
    create_identity(transaction, setup)?;
    create_secret(transaction, setup)?;
    insert(transaction, &setup.group, None)?;
    insert(transaction, &setup.domain, None)
}

fn create_identity(transaction: &Transaction<'_>, setup: &Setup) -> Stored<()> {
    let time_created_us = setup.domain.common.time_created_us;
    let user = User {
        id: setup.user_id.clone(),
        name: ADMINISTRATOR.to_owned(),
        statements: vec![ADMINISTRATOR_STATEMENT.to_owned()],
        time_created_us,
    };
    let compartment = Compartment {
        id: setup.compartment_id.clone(),
        name: COMPARTMENT_NAME.to_owned(),
        time_created_us,
    };
    identity::add_user(transaction, &user)?;
    identity::add_compartment(transaction, &compartment)
}

fn create_secret(transaction: &Transaction<'_>, setup: &Setup) -> Stored<()> {
    let time_created_us = setup.domain.common.time_created_us;
    let record = SecretRecord {
        id: setup.secret.id.clone(),
        compartment_id: setup.compartment_id.clone(),
        name: setup.secret.name.clone(),
        description: Some("Password of devices, made at the first start".to_owned()),
        tags: iot_api::Tags::default(),
        metadata: serde_json::Map::new(),
        current_no: 1,
        previous_no: None,
        pending_no: None,
        latest_no: 1,
        time_created_us,
        time_of_deletion_us: None,
        etag: platform::models::new_etag(),
    };
    let content = setup.secret.content.clone();
    let version =
        SecretVersion { no: 1, name: None, content, time_created_us, time_of_deletion_us: None };
    vault::create(transaction, &record, &version)
}

/// Adds an API key; one that is there already stays.
pub(crate) fn api_key_create(transaction: &Transaction<'_>, key: &ApiKey) -> Stored<()> {
    transaction
        .execute(
            "INSERT OR REPLACE INTO api_key VALUES (?, ?, ?)",
            params![key.key_id, key.user_id, key.public_key_pem],
        )
        .map(drop)
        .map_err(failed)
}

/// The API key with this id.
pub(crate) fn api_key(connection: &Connection, key_id: &str) -> Stored<Option<ApiKey>> {
    connection
        .prepare_cached("SELECT key_id, user_id, public_key_pem FROM api_key WHERE key_id = ?")
        .and_then(|mut statement| {
            statement
                .query_row([key_id], |row| {
                    Ok(ApiKey {
                        key_id: row.get(0)?,
                        user_id: row.get(1)?,
                        public_key_pem: row.get(2)?,
                    })
                })
                .optional()
        })
        .map_err(failed)
}

/// All of it, put together again.
pub(crate) fn get(connection: &Connection) -> Stored<Option<Setup>> {
    let row = connection
        .query_row("SELECT * FROM setup", [], |row| {
            let mut texts = Vec::with_capacity(13);
            for index in 1..=13 {
                texts.push(row.get::<_, String>(index)?);
            }
            Ok(texts)
        })
        .optional()
        .map_err(failed)?;
    let Some(texts) = row else { return Ok(None) };
    let Ok(
        [
            tenancy_id,
            compartment_id,
            user_id,
            key_id,
            group_id,
            domain_id,
            secret_id,
            identity_id,
            client_id,
            client_secret,
            user,
            password,
            signing_key_pem,
        ],
    ) = <[String; 13]>::try_from(texts)
    else {
        return Err(StoreError::Failed("the setup row has another shape".to_owned()));
    };
    let lost = |what: &str| StoreError::Failed(format!("the store lost its {what}"));
    Ok(Some(Setup {
        api_key: api_key(connection, &key_id)?.ok_or_else(|| lost("API key"))?,
        group: find::<DomainGroup>(connection, "id = ?", &[&group_id])?
            .ok_or_else(|| lost("domain group"))?,
        domain: find::<Domain>(connection, "id = ?", &[&domain_id])?
            .ok_or_else(|| lost("domain"))?,
        secret: vault::first(connection, &secret_id)?.ok_or_else(|| lost("secret"))?,
        app: IdentityApp { identity_id, client_id, client_secret, user, password, signing_key_pem },
        tenancy_id,
        compartment_id,
        user_id,
    }))
}
