//! References between resources: what must be ACTIVE, who still refers, how many there are.

use platform::store::{Ceiling, Kind, Resource, StoreError, Stored};
use rusqlite::Transaction;

use crate::connection::failed;
use crate::lists;
use crate::rows::Table;

/// OCIDs that a refusal to delete names at most.
const REFERENCES_NAMED_MAX: i64 = 5;

/// Refuses when rows of `table` match: names them and says what to do.
pub(crate) fn refuse_if_used<R: Resource>(
    transaction: &Transaction<'_>,
    table: &str,
    condition: &str,
    value: &str,
) -> Stored<()> {
    let sql = format!(
        "SELECT id FROM {table} WHERE lifecycle = 'ACTIVE' AND {condition} LIMIT {REFERENCES_NAMED_MAX}"
    );
    let mut statement = transaction.prepare_cached(&sql).map_err(failed)?;
    let ids = statement.query_map([value], |row| row.get(0)).map_err(failed)?;
    let ids: Vec<String> = ids.collect::<Result<_, _>>().map_err(failed)?;
    if ids.is_empty() {
        return Ok(());
    }
    Err(StoreError::InUse(format!(
        "the {} is still in use; delete first ({table}): {}",
        R::KIND.words(),
        ids.join(", ")
    )))
}

/// What a new resource refers to must still be ACTIVE.
pub(crate) fn still_active<R: Table>(transaction: &Transaction<'_>, id: &str) -> Stored<()> {
    let sql = format!("SELECT count(*) FROM {} WHERE id = ? AND lifecycle = 'ACTIVE'", R::TABLE);
    let mut statement = transaction.prepare_cached(&sql).map_err(failed)?;
    let count: i64 = statement.query_row([id], |row| row.get(0)).map_err(failed)?;
    if count == 0 { Err(StoreError::missing(R::KIND.words(), id)) } else { Ok(()) }
}

/// Refuses when one of the ceilings is passed, `except` not counted but added as one.
pub(crate) fn check_ceilings(
    transaction: &Transaction<'_>,
    ceilings: &[Ceiling],
    except: &str,
) -> Stored<()> {
    for ceiling in ceilings {
        let mut sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM {} WHERE lifecycle <> 'DELETED' AND id <> ?",
            table(ceiling.kind)
        );
        let mut parameters = vec![rusqlite::types::Value::Text(except.to_owned())];
        for (field, value) in &ceiling.filters {
            lists::filter(*field, value, &mut sql, &mut parameters);
        }
        // Counting stops where it is decided.
        sql.push_str(&format!(" LIMIT {})", ceiling.most));
        let mut statement = transaction.prepare_cached(&sql).map_err(failed)?;
        let count: i64 = statement
            .query_row(rusqlite::params_from_iter(parameters), |row| row.get(0))
            .map_err(failed)?;
        if u64::try_from(count).unwrap_or_default() >= ceiling.most {
            return Err(ceiling.refusal.clone());
        }
    }
    Ok(())
}

/// Name of a kind's table.
pub(crate) fn table(kind: Kind) -> &'static str {
    use platform::store as s;
    match kind {
        Kind::DomainGroup => s::DomainGroup::TABLE,
        Kind::Domain => s::Domain::TABLE,
        Kind::Model => s::Model::TABLE,
        Kind::Adapter => s::Adapter::TABLE,
        Kind::Instance => s::Instance::TABLE,
        Kind::Relationship => s::Relationship::TABLE,
        Kind::FlowRuntime => s::FlowRuntime::TABLE,
    }
}
