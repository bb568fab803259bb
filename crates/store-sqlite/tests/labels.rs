//! Endpoint and content type are kept once, whatever devices invent.

use std::path::Path;
use std::sync::Arc;

use iot_api::data::DataCollection;
use platform::store::{
    Common, Creation, DataCell, DataQuery, Instance, Lifecycle, MessageRow, RowOutcome, Store,
    TwinNo,
};
use rusqlite::Connection;
use store_sqlite::SqliteStore;

fn instance() -> Instance {
    let common = Common {
        id: "twin".into(),
        parent_id: "dom".into(),
        display_name: "twin".into(),
        description: None,
        lifecycle: Lifecycle::Active,
        tags: iot_api::Tags::default(),
        time_created_us: 1,
        time_updated_us: 1,
        etag: "e".into(),
    };
    Instance {
        common,
        no: TwinNo(0),
        connectivity_type: "DIRECT".into(),
        auth_id: None,
        external_key: "key".into(),
        model_id: None,
        spec_uri: None,
        adapter_id: None,
        gateways: Vec::new(),
    }
}

fn message(twin: TwinNo, endpoint: &str, content_type: Option<&str>) -> MessageRow {
    MessageRow {
        twin,
        endpoint: endpoint.to_owned(),
        content_type: content_type.map(str::to_owned),
        content: b"1".as_slice().into(),
        time_received_us: 5,
        outcome: RowOutcome::Rejected { code: 400, message: "no".into() },
        held: None,
    }
}

async fn texts(store: &SqliteStore, collection: DataCollection, q: &str) -> Vec<[DataCell; 2]> {
    let query = ords_filter::parse(q, platform::data::columns(collection)).expect("a filter");
    let query = DataQuery { domain_id: "dom".into(), collection, query, limit: 100_000, offset: 0 };
    let rows = store.data_list(&query).await.expect("rows");
    rows.into_iter().map(|row| [row[2].clone(), row[3].clone()]).collect()
}

fn labels(path: &Path) -> i64 {
    let connection = Connection::open(path).expect("a file");
    connection.query_row("SELECT count(*) FROM message_label", [], |row| row.get(0)).expect("rows")
}

#[tokio::test]
async fn rows_with_and_without_a_label_read_alike() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("platform.db");
    let store = SqliteStore::open(&path).expect("a store");
    store.resource_create(&Creation::of(instance())).await.expect("a twin");
    let twin =
        (&store as &dyn Store).get::<Instance>("twin").await.expect("a store").expect("a twin").no;
    // As an earlier version wrote them.
    Connection::open(&path)
        .and_then(|connection| {
            connection.execute_batch(&format!(
                "INSERT INTO raw_data (id, twin, endpoint, content_type, time_received_us, content)
                     VALUES (1, {0}, 'old/1', 'text/plain', 4, x'31'), (2, {0}, '1', NULL, 4, x'31');
                 UPDATE sequence SET next = 3 WHERE name = 'raw'",
                twin.0
            ))
        })
        .expect("rows");
    let long = "x".repeat(300);
    let sent = [
        ("a/b", Some("application/json")),
        ("a/b", None),
        ("a/b", Some("")),
        ("1", Some("application/json")),
        ("", None),
        (&long, Some("text/plain")),
    ];
    let batch = || -> Vec<_> { sent.iter().map(|(e, c)| message(twin, e, *c)).collect() };
    store.commit_batch(Arc::new(batch().into())).await.expect("a commit");
    assert_eq!(labels(&path), 0, "what comes once is not worth one");
    store.commit_batch(Arc::new(batch().into())).await.expect("a commit");
    assert_eq!(labels(&path), 5, "the long one gets none");
    // A store that was opened again knows them.
    drop(store);
    let store = SqliteStore::open(&path).expect("a store");
    store.commit_batch(Arc::new(batch().into())).await.expect("a commit");
    assert_eq!(labels(&path), 5);

    let cell = |text: &str| DataCell::Text(text.to_owned());
    let pair = |(endpoint, kind): &(&str, Option<&str>)| {
        [cell(endpoint), kind.map_or(DataCell::Null, cell)]
    };
    let thrice: Vec<_> = sent.iter().cycle().take(3 * sent.len()).map(pair).collect();
    let mut all = vec![pair(&("old/1", Some("text/plain"))), pair(&("1", None))];
    all.extend(thrice.clone());
    assert_eq!(texts(&store, DataCollection::RawData, "").await, all);
    assert_eq!(texts(&store, DataCollection::RejectedData, "").await, thrice);
    for (q, count) in [
        (r#"{"endpoint":"a/b"}"#, 9),
        (r#"{"endpoint":"1"}"#, 4),
        (r#"{"endpoint":"old/1"}"#, 1),
        (r#"{"content_type":{"$null":null}}"#, 7),
        (r#"{"content_type":"text/plain"}"#, 4),
        (r#"{"endpoint":{"$like":"a/%"},"content_type":{"$notnull":null}}"#, 6),
    ] {
        assert_eq!(texts(&store, DataCollection::RawData, q).await.len(), count, "{q}");
    }
}

#[tokio::test]
async fn a_device_that_invents_texts_gets_few_labels() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("platform.db");
    let store = SqliteStore::open(&path).expect("a store");
    store.resource_create(&Creation::of(instance())).await.expect("a twin");
    let once = (0..1000).map(|number| message(TwinNo(1), &format!("n/{number}"), None));
    store.commit_batch(Arc::new(once.collect::<Vec<_>>().into())).await.expect("a commit");
    assert_eq!(labels(&path), 0, "endpoints that come once");
    for number in 0..30 {
        let twice = vec![message(TwinNo(1), "a", Some(&format!("x/{number}"))); 2];
        store.commit_batch(Arc::new(twice.into())).await.expect("a commit");
    }
    assert_eq!(labels(&path), 8);
    let kinds = texts(&store, DataCollection::RawData, r#"{"content_type":{"$like":"x/%"}}"#).await;
    assert_eq!(kinds.len(), 60);
    assert_eq!(kinds[59][1], DataCell::Text("x/29".into()));
}
