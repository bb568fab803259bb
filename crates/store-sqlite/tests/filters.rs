//! Any filter selects in SQL what its meaning in plain Rust selects (`ords_filter::Filter::matches`).

use std::sync::Arc;

use iot_api::data::DataCollection;
use ords_filter::Cell;
use platform::data::columns;
use platform::store::{
    Common, Creation, DataCell, DataQuery, DataRow, Instance, Lifecycle, MessageRow, RowOutcome,
    RowValue, Store, TwinNo,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use store_sqlite::SqliteStore;

const TEXTS: [&str; 10] = ["a", "A", "plant/a", "Plant/Ä", "10%", "_", "7", "", "true", "1.5"];
const VALUES: [&str; 12] = [
    "0",
    "7",
    "1.5",
    "1.50",
    "-3",
    "1e3",
    "true",
    "false",
    "\"7\"",
    "\"plant/a\"",
    "null",
    "{\"a\":[7]}",
];
const COLLECTIONS: [DataCollection; 4] = [
    DataCollection::RawData,
    DataCollection::RejectedData,
    DataCollection::HistorizedData,
    DataCollection::SnapshotData,
];

fn instance(id: &str) -> Instance {
    let common = Common {
        id: id.into(),
        parent_id: "dom".into(),
        display_name: id.into(),
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
        external_key: id.into(),
        model_id: None,
        spec_uri: None,
        adapter_id: None,
        gateways: Vec::new(),
    }
}

/// Rows of every sort: each text as endpoint and content type, each value at two times.
async fn filled(store: &SqliteStore) {
    let mut batch = Vec::new();
    for (number, id) in ["a", "plant/a"].into_iter().enumerate() {
        store.resource_create(&Creation::of(instance(id))).await.expect("a twin");
        let twin = (store as &dyn Store).get::<Instance>(id).await.expect("a store");
        let twin = twin.expect("a twin").no;
        for (at, text) in TEXTS.iter().filter(|text| !text.is_empty()).enumerate() {
            let time_us = (at as i64 + number as i64 * 3) * 500_000;
            let values = VALUES.iter().enumerate().map(|(at, value)| RowValue {
                path: format!("p{at}").into(),
                value: (*value).to_owned(),
                historized: true,
            });
            let outcome = match at % 3 {
                0 => RowOutcome::Values { time_observed_us: time_us, values: values.collect() },
                1 => RowOutcome::Rejected { code: at as u16, message: (*text).to_owned() },
                _ => RowOutcome::RawOnly,
            };
            batch.push(MessageRow {
                twin,
                endpoint: (*text).to_owned(),
                content_type: (at % 2 == 0).then(|| TEXTS[TEXTS.len() - 1 - at].to_owned()),
                content: Vec::new().into(),
                time_received_us: time_us,
                outcome,
                held: None,
            });
        }
    }
    store.commit_batch(Arc::new(batch.into())).await.expect("a commit");
}

async fn rows(store: &SqliteStore, collection: DataCollection, q: &str) -> Option<Vec<DataRow>> {
    let query = ords_filter::parse(q, columns(collection)).ok()?;
    let query = DataQuery { domain_id: "dom".into(), collection, query, limit: 10_000, offset: 0 };
    Some(store.data_list(&query).await.expect("rows"))
}

/// Whether a row fits, by the plain meaning.
fn fits(filter: &ords_filter::Filter, row: &DataRow) -> bool {
    let json: Vec<Value> = row
        .iter()
        .map(|cell| match cell {
            DataCell::Json(text) => serde_json::from_str(text).expect("JSON"),
            _ => Value::Null,
        })
        .collect();
    filter.matches(&|column| match &row[column] {
        DataCell::Null => Cell::Null,
        DataCell::Integer(value) => Cell::Integer(*value),
        DataCell::Text(text) => Cell::Text(text),
        DataCell::TimestampUs(us) => Cell::TimestampUs(*us),
        DataCell::Json(_) => Cell::Json(&json[column]),
    })
}

fn operand() -> impl Strategy<Value = Value> {
    prop_oneof![
        prop::sample::select(&TEXTS[..]).prop_map(Value::from),
        (-3i64..12).prop_map(Value::from),
        prop::sample::select(&[0.5, 1.5, 7.0, 1000.0][..]).prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        (0u32..9).prop_map(
            |half| json!({"$date": format!("1970-01-01T00:00:0{}.{}Z", half / 2, half % 2 * 5)})
        ),
    ]
}

fn condition() -> impl Strategy<Value = Value> {
    let compare = prop::sample::select(&["$eq", "$ne", "$lt", "$lte", "$gt", "$gte"][..]);
    let text = prop::sample::select(&["$instr", "$ninstr", "$like"][..]);
    let some = prop::sample::select(&["a", "A", "%a", "plant/_", "ä", "%", "7", "1"][..]);
    prop_oneof![
        operand(),
        (compare, operand()).prop_map(|(op, value)| json!({op: value})),
        (text, some).prop_map(|(op, value)| json!({op: value})),
        Just(json!({"$null": null})),
        Just(json!({"$notnull": null})),
        (operand(), operand()).prop_map(|(low, high)| json!({"$between": [low, high]})),
        operand().prop_map(|high| json!({"$between": [null, high]})),
        (any::<bool>(), prop::collection::vec(operand(), 0..4))
            .prop_map(|(not, values)| { json!({if not { "$nin" } else { "$in" }: values}) }),
    ]
}

fn filter() -> impl Strategy<Value = Value> {
    let column = prop::sample::select(
        &[
            "id",
            "digital_twin_instance_id",
            "endpoint",
            "content_type",
            "time_received",
            "reason_code",
            "reason_message",
            "content_path",
            "value",
            "time_observed",
        ][..],
    );
    let leaf = (column, condition()).prop_map(|(column, condition)| json!({column: condition}));
    leaf.prop_recursive(3, 12, 4, |inner| {
        (any::<bool>(), prop::collection::vec(inner, 0..4))
            .prop_map(|(all, list)| json!({if all { "$and" } else { "$or" }: list}))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn sql_selects_what_the_filter_means(filters in prop::collection::vec(filter(), 40)) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let dir = tempfile::tempdir().expect("a directory");
            let store = SqliteStore::open(&dir.path().join("db")).expect("a store");
            filled(&store).await;
            for collection in COLLECTIONS {
                let all = rows(&store, collection, "").await.expect("all rows");
                assert!(all.len() >= 6, "{collection:?}");
                for filter in &filters {
                    let q = filter.to_string();
                    let Some(selected) = rows(&store, collection, &q).await else { continue };
                    let parsed = ords_filter::parse(&q, columns(collection)).expect("as before");
                    let meant: Vec<_> =
                        all.iter().filter(|row| fits(&parsed.filter, row)).cloned().collect();
                    assert_eq!(selected, meant, "{collection:?} {q}");
                }
            }
        });
    }
}
