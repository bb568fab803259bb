//! The store against a real file.

use std::sync::Arc;

use iot_api::Tags;
use iot_api::data::DataCollection;
use platform::list::{Field, ListParameters, ListQuery};
use platform::store::{
    Common, DataCell, DataQuery, DataRow, Deletion, Instance, Lifecycle, MessageRow, Model,
    RowOutcome, RowValue, Store, StoreError, TwinNo,
};
use store_sqlite::SqliteStore;

fn common(id: &str, time: i64) -> Common {
    Common {
        id: id.into(),
        parent_id: "dom".into(),
        display_name: format!("name {id}"),
        description: None,
        lifecycle: Lifecycle::Active,
        tags: Tags::default(),
        time_created_us: time,
        time_updated_us: time,
        etag: "e1".into(),
    }
}

fn model(id: &str, uri: &str, references: &[&str]) -> Model {
    let references = references.iter().map(|&uri| uri.to_owned()).collect();
    Model { common: common(id, 1), spec_uri: uri.into(), references }
}

fn instance(id: &str, time: i64) -> Instance {
    Instance {
        common: common(id, time),
        no: TwinNo(0),
        connectivity_type: "DIRECT".into(),
        auth_id: None,
        external_key: format!("key {id}"),
        model_id: Some("m1".into()),
        spec_uri: Some("dtmi:a;1".into()),
        adapter_id: None,
    }
}

fn deletion(id: &str, etag: Option<&str>) -> Deletion {
    Deletion { id: id.into(), etag: etag.map(str::to_owned), now_us: 99 }
}

async fn rows(store: &SqliteStore, collection: DataCollection, q: &str) -> Vec<DataRow> {
    let query = ords_filter::parse(q, platform::data::columns(collection)).expect("a filter");
    let query = DataQuery { domain_id: "dom".into(), collection, query, limit: 100, offset: 0 };
    store.data_list(&query).await.expect("a page")
}

fn message(twin: TwinNo, time: i64, outcome: RowOutcome) -> MessageRow {
    MessageRow {
        twin,
        endpoint: "plant/a".into(),
        content_type: None,
        content: b"{}".to_vec().into(),
        time_received_us: time,
        outcome,
    }
}

fn values(time: i64, pairs: &[(&str, &str)]) -> RowOutcome {
    let value = |&(path, value): &(&str, &str)| RowValue {
        path: path.into(),
        value: value.into(),
        historized: true,
    };
    RowOutcome::Values { time_observed_us: time, values: pairs.iter().map(value).collect() }
}

#[tokio::test]
async fn resources_are_kept_listed_and_protected() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&dir.path().join("db")).unwrap();
    store.model_create(&model("m1", "dtmi:a;1", &[]), "{ \"x\": 1.0 }").await.unwrap();
    assert_eq!(store.model_spec("m1").await.unwrap().as_deref(), Some("{ \"x\": 1.0 }"));
    let again = store.model_create(&model("m2", "dtmi:a;1", &[]), "{}").await;
    assert!(matches!(again, Err(StoreError::Duplicate(text)) if text.contains("dtmi:a;1")));
    for no in 0..5 {
        store.instance_create(&instance(&format!("i{no}"), no)).await.unwrap();
    }
    let used = store.model_delete(&deletion("m1", None)).await;
    assert!(matches!(used, Err(StoreError::InUse(text)) if text.contains("i0")));

    let parameters = ListParameters { limit: Some("2".into()), ..ListParameters::default() };
    let mut query = ListQuery::new("dom".into(), &parameters).unwrap();
    let mut seen = Vec::new();
    loop {
        let page = store.instance_list(&query).await.unwrap();
        seen.extend(page.items.into_iter().map(|item| item.common.id));
        let Some(next) = page.next else { break };
        query.after = Some(next);
    }
    assert_eq!(seen, ["i4", "i3", "i2", "i1", "i0"]);
    let named = ListQuery::new("dom".into(), &ListParameters::default()).unwrap();
    let named = named.filter(Field::DisplayName, Some("name i3".into()));
    assert_eq!(store.instance_list(&named).await.unwrap().items.len(), 1);

    let stale = store.instance_delete(&deletion("i0", Some("old"))).await;
    assert_eq!(stale, Err(StoreError::EtagMismatch));
    for no in 0..5 {
        store.instance_delete(&deletion(&format!("i{no}"), Some("e1"))).await.unwrap();
    }
    let gone = store.instance_get("i0").await.unwrap().unwrap();
    assert_eq!((gone.common.lifecycle, gone.common.time_updated_us), (Lifecycle::Deleted, 99));
    assert_ne!(gone.common.etag, "e1");
    store.model_create(&model("m3", "dtmi:b;1", &["dtmi:a;1"]), "{}").await.unwrap();
    assert!(matches!(store.model_delete(&deletion("m1", None)).await, Err(StoreError::InUse(_))));
    store.model_delete(&deletion("m3", None)).await.unwrap();
    store.model_delete(&deletion("m1", None)).await.unwrap();
    assert!(matches!(
        store.instance_create(&instance("i9", 9)).await,
        Err(StoreError::NotFound(_))
    ));
}

#[tokio::test]
async fn messages_are_kept_and_filtered() {
    use DataCollection::{HistorizedData, RawCommandData, RawData, RejectedData, SnapshotData};
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    let store = SqliteStore::open(&path).unwrap();
    store.model_create(&model("m1", "dtmi:a;1", &[]), "{}").await.unwrap();
    store.instance_create(&instance("i1", 1)).await.unwrap();
    let no = store.instance_get("i1").await.unwrap().unwrap().no;
    let rejected = RowOutcome::Rejected { code: 400, message: "bad".into() };
    let batch = vec![
        message(no, 10, values(10, &[("t", "1.50"), ("s", "\"on\""), ("o", "{\"k\":\"on\"}")])),
        message(no, 20, rejected),
        message(no, 30, values(30, &[("t", "2"), ("b", "true")])),
        message(no, 40, RowOutcome::RawOnly),
    ];
    store.commit_batch(Arc::new(batch)).await.unwrap();
    for (collection, q, expected) in [
        (RawData, "{}", 4),
        (RawData, r#"{"id":{"$gt":2}}"#, 2),
        (RawData, r#"{"content_type":{"$null":null}}"#, 4),
        (RawData, r#"{"digital_twin_instance_id":"i1"}"#, 4),
        (RawData, r#"{"digital_twin_instance_id":"nobody"}"#, 0),
        (RejectedData, r#"{"reason_code":400,"reason_message":{"$instr":"BAD"}}"#, 1),
        (HistorizedData, "{}", 5),
        (HistorizedData, r#"{"id":{"$between":[2,4]}}"#, 3),
        (HistorizedData, r#"{"value":{"$gt":1.5}}"#, 1),
        (HistorizedData, r#"{"value":1.5}"#, 1),
        (HistorizedData, r#"{"value":"on"}"#, 1),
        (HistorizedData, r#"{"value":{"$ne":"x"}}"#, 1),
        (HistorizedData, r#"{"value":{"$instr":"ON"}}"#, 1),
        (HistorizedData, r#"{"content_path":{"$in":["t","b"]}}"#, 3),
        (SnapshotData, "{}", 4),
        (SnapshotData, r#"{"value":2,"content_path":{"$like":"_"}}"#, 1),
        (SnapshotData, r#"{"value":{"$instr":"on"}}"#, 1),
        (RawCommandData, "{}", 0),
    ] {
        assert_eq!(rows(&store, collection, q).await.len(), expected, "{collection:?} {q}");
    }
    let latest = rows(&store, HistorizedData, r#"{"$orderby":{"id":"desc"}}"#).await;
    let ids: Vec<_> = latest.iter().map(|row| row[0].clone()).collect();
    assert_eq!(ids, [5, 4, 3, 2, 1].map(DataCell::Integer));
    let item = store.data_get("dom", HistorizedData, "1").await.unwrap().unwrap();
    assert_eq!(item.row[3], DataCell::Json("1.50".into()));
    let item = store.data_get("dom", HistorizedData, "5").await.unwrap().unwrap();
    assert_eq!(item.row[2], DataCell::Text("b".into()));
    assert!(store.data_get("dom", HistorizedData, "6").await.unwrap().is_none());
    assert!(store.data_get("other", RawData, "1").await.unwrap().is_none());
    assert!(store.data_get("dom", RawData, "x").await.unwrap().is_none());
    assert_eq!(store.data_get("dom", RawData, "1").await.unwrap().unwrap().extra.len(), 1);
    assert_eq!(store.instance_content(no).await.unwrap().time_last_heard_us, Some(40));

    drop(store);
    let store = SqliteStore::open(&path).unwrap();
    let more = vec![message(no, 50, values(50, &[("t", "3")]))];
    store.commit_batch(Arc::new(more)).await.unwrap();
    let raw = rows(&store, RawData, r#"{"id":{"$gt":4}}"#).await;
    assert_eq!(raw[0][0], DataCell::Integer(5));
    let last = rows(&store, HistorizedData, r#"{"id":{"$gt":5}}"#).await;
    assert_eq!((last.len(), &last[0][0]), (1, &DataCell::Integer(6)));
}
