//! State directories of released versions open and keep what is in them.

use std::path::Path;

use platform::list::{Field, ListQuery};
use platform::store::{
    Creation, Domain, HistoryFrom, Instance, Kind, Lifecycle, Model, Store, TokenIssuer, TwinNo,
};
use rusqlite::Connection;
use store_sqlite::SqliteStore;

/// A database as the first version left it.
fn first_version(path: &Path) {
    let connection = Connection::open(path).expect("a file");
    connection.execute_batch(include_str!("../src/schema.sql")).expect("the first schema");
    connection.execute_batch(include_str!("first_version.sql")).expect("rows of the first version");
    connection.pragma_update(None, "user_version", 1).expect("a version");
}

#[tokio::test]
async fn a_state_directory_of_the_first_version_opens() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("platform.db");
    first_version(&path);
    let store = SqliteStore::open(&path).expect("a migrated store");
    let store: &dyn Store = &store;
    // Nothing says what became of its message, so that cannot be rewritten.
    let from = HistoryFrom {
        twin: TwinNo(7),
        after: 0,
        since_us: i64::MIN,
        before_us: i64::MAX,
        rows_max: 10,
        bytes_max: 1000,
        with_time_observed: false,
    };
    let kept = store.history_read(&from).await.expect("messages");
    assert_eq!(kept.iter().map(|message| message.stays).collect::<Vec<_>>(), [true]);
    let setup = store.setup_get().await.expect("a setup").expect("the first one");
    assert_eq!(setup.group.group_type, "DEVELOPMENT");
    // The first version configured access to the data of its one domain.
    let domain: Domain = store.get("domain1").await.expect("a store").expect("a domain");
    assert_eq!(domain.token_issuer, Some(TokenIssuer::Own));
    assert_eq!((domain.retention.raw_data, domain.identity_groups), (16, None));
    let twin: Instance = store.get("twin1").await.expect("a store").expect("a twin");
    assert_eq!((twin.no, twin.gateways.len()), (TwinNo(7), 0));
    let model: Model = store.get("model1").await.expect("a store").expect("a model");
    assert_eq!((model.spec_uri.as_str(), model.common.lifecycle), ("dtmi:a;1", Lifecycle::Active));
    let spec = store.resource_document(Kind::Model, "model1").await.expect("a store");
    assert_eq!(spec.as_deref(), Some("{ \"x\": 1.0 }"));
    assert_eq!(store.instance_content(TwinNo(7)).await.expect("content").values.len(), 1);

    let mut another = twin.clone();
    another.common.id = "twin2".to_owned();
    another.external_key = "key2".to_owned();
    store.resource_create(&Creation::of(another)).await.expect("a second twin");
    let named = ListQuery::matching("domain1", &[(Field::ModelId, "model1")], 10);
    assert_eq!(store.list::<Instance>(&named).await.expect("a page").items.len(), 2);
}

/// A page must not cost more the more twins there are: no sort, no scan.
#[test]
fn pages_are_read_from_an_index() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("platform.db");
    drop(SqliteStore::open(&path).expect("a store"));
    let connection = Connection::open(&path).expect("a file");
    for (table, column) in [
        ("instance", "time_created_us"),
        ("instance", "display_name"),
        ("model", "time_created_us"),
        ("model", "display_name"),
        ("adapter", "time_created_us"),
        ("adapter", "display_name"),
        ("relationship", "time_created_us"),
        ("relationship", "display_name"),
        ("work_request", "time_created_us"),
    ] {
        let sql = format!(
            "EXPLAIN QUERY PLAN SELECT * FROM {table} WHERE parent_id = 'd' AND ({column}, id) < (1, 'x') ORDER BY {column} DESC, id DESC LIMIT 101"
        );
        let mut statement = connection.prepare(&sql).expect("a plan");
        let steps = statement.query_map([], |row| row.get::<_, String>(3)).expect("steps");
        let plan: Vec<String> = steps.collect::<Result<_, _>>().expect("texts");
        assert_eq!(plan.len(), 1, "{table} {column}: {plan:?}");
        assert!(plan[0].contains("USING INDEX"), "{table} {column}: {plan:?}");
        assert!(plan[0].contains(&format!("{column}<?")) || plan[0].contains("<(?,?)"), "{plan:?}");
    }
}
