//! How fast a full store is read, and how many bytes a value and a message take.
//!
//! `bench/read [VALUES [FOLDER]]`: fills a store in
//! FOLDER (a temporary one, removed at the end) through the store port with VALUES historized values
//! of 10,000 twins, five in a message as the sample's device sends them; then asks what the sample
//! client asks, alone and beside ingest, and walks pages.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use iot_api::data::DataCollection;
use platform::store::{
    Common, Creation, DataCell, DataQuery, Instance, Lifecycle, MessageRow, RowOutcome, RowValue,
    Store, StoreError, TwinNo,
};
use store_sqlite::SqliteStore;

const TWINS: u64 = 10_000;
const VALUES_A_MESSAGE: u64 = 5;
const BATCH: u64 = 5_000;
/// Each twin sends every three seconds, so that five minutes are a hundred messages.
const MESSAGES_A_SECOND: u64 = TWINS / 3;
const FIRST_US: i64 = 1_767_225_600_000_000;
const QUERIES: usize = 2_000;

fn instance(number: u64) -> Instance {
    let common = Common {
        id: format!("ocid1.iotdigitaltwininstance.oc0.loc.{number:060}"),
        parent_id: "dom".into(),
        display_name: format!("twin {number}"),
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
        external_key: format!("key {number}"),
        model_id: None,
        spec_uri: None,
        adapter_id: None,
        gateways: Vec::new(),
    }
}

fn message(number: u64) -> MessageRow {
    let at_us = FIRST_US + i64::try_from(number * 1_000_000 / MESSAGES_A_SECOND).unwrap();
    // Neighbours in time are of different twins.
    let twin = i64::try_from(number * 7_919 % TWINS).unwrap() + 1;
    let (a, b) = (20.0 + (number % 100) as f64 / 10.0, 40 + number % 50);
    let content = format!(
        r#"{{"sht_temperature":{a:.1},"qmp_temperature":{a:.1},"humidity":{b}.25,"pressure":1013.{b},"count":{}}}"#,
        number % 1000
    );
    let value = |path: &str, value: String| RowValue { path: path.into(), value, historized: true };
    let values = vec![
        value("sht_temperature", format!("{a:.1}")),
        value("qmp_temperature", format!("{a:.1}")),
        value("humidity", format!("{b}.25")),
        value("pressure", format!("1013.{b}")),
        value("count", (number % 1000).to_string()),
    ];
    MessageRow {
        twin: TwinNo(twin),
        endpoint: "iot/v1/telemetry".into(),
        content_type: Some("application/json".into()),
        content: content.into_bytes().into(),
        time_received_us: at_us,
        outcome: RowOutcome::Values { time_observed_us: at_us, values },
        held: None,
    }
}

async fn fill(store: &SqliteStore, messages: u64) {
    for first in (1..=TWINS).step_by(500) {
        let creations: Vec<_> =
            (first..first + 500).map(|number| Creation::of(instance(number))).collect();
        for creation in &creations {
            store.resource_create(creation).await.unwrap();
        }
    }
    let mut told = Instant::now();
    for first in (0..messages).step_by(usize::try_from(BATCH).unwrap()) {
        let rows: Vec<_> = (first..(first + BATCH).min(messages)).map(message).collect();
        store.commit_batch(Arc::new(rows.into())).await.unwrap();
        if told.elapsed() > Duration::from_secs(10) {
            eprintln!("{first} of {messages} messages");
            told = Instant::now();
        }
    }
}

fn query(q: &str, limit: u64, offset: u64) -> DataQuery {
    let collection = DataCollection::HistorizedData;
    let query = ords_filter::parse(q, platform::data::columns(collection)).unwrap();
    DataQuery { domain_id: "dom".into(), collection, query, limit, offset }
}

/// The sample client's query, of one twin after another; milliseconds, sorted.
async fn sample_queries(store: &SqliteStore, last_us: i64) -> Vec<f64> {
    let since = platform::clock::rfc3339(last_us - 300_000_000);
    let mut times = Vec::with_capacity(QUERIES);
    for number in 0..QUERIES as u64 {
        let id = instance(number * 4_801 % TWINS + 1).common.id;
        let q = format!(
            r#"{{"$and":[{{"digital_twin_instance_id":"{id}"}},{{"time_observed":{{"$gte":{{"$date":"{since}"}}}}}}],"$orderby":{{"id":"desc"}}}}"#
        );
        let query = query(&q, 101, 0);
        let started = Instant::now();
        let rows = store.data_list(&query).await.unwrap();
        times.push(started.elapsed().as_secs_f64() * 1000.0);
        assert!(rows.len() > 90, "{} rows", rows.len());
    }
    times.sort_by(f64::total_cmp);
    times
}

fn told(what: &str, times: &[f64]) {
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
    println!("{what}: p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms", at(0.5), at(0.99), at(1.0));
}

/// What a page of 10,000 takes, and that it is the right one.
async fn page(store: &SqliteStore, q: &str, offset: u64, first_id: u64) -> String {
    let query = query(q, 10_001, offset);
    let started = Instant::now();
    match store.data_list(&query).await {
        Ok(rows) => {
            assert_eq!(rows[0][0], DataCell::Integer(i64::try_from(first_id).unwrap()));
            format!("{:.0} ms", started.elapsed().as_secs_f64() * 1000.0)
        }
        Err(StoreError::TooSlow) => "stopped: longer than a read may take".to_owned(),
        Err(error) => panic!("{error:?}"),
    }
}

/// Walks all values of one path of one twin as a client does that goes on behind the last id; times
/// of the pages.
async fn walk(store: &SqliteStore, messages: u64) -> Vec<f64> {
    let id = instance(1).common.id;
    let (mut last, mut count, mut times) = (0, 0, Vec::new());
    loop {
        let q = format!(
            r#"{{"digital_twin_instance_id":"{id}","content_path":"humidity","id":{{"$gt":{last}}}}}"#
        );
        let query = query(&q, 101, 0);
        let started = Instant::now();
        let rows = store.data_list(&query).await.unwrap();
        times.push(started.elapsed().as_secs_f64() * 1000.0);
        let page = &rows[..rows.len().min(100)];
        count += page.len() as u64;
        let Some(DataCell::Integer(id)) = page.last().map(|row| row[0].clone()) else { break };
        last = id;
    }
    assert_eq!(count, messages.div_ceil(TWINS), "messages of a twin");
    times.sort_by(f64::total_cmp);
    times
}

/// Bytes on disk of a value and of a message, and those of each table and index.
fn sizes(path: &Path, messages: u64) {
    let connection = rusqlite::Connection::open(path).unwrap();
    let mut statement = connection
        .prepare("SELECT name, sum(pgsize) FROM dbstat GROUP BY 1 ORDER BY 2 DESC LIMIT 8")
        .unwrap();
    let mut rows = statement.query([]).unwrap();
    let mut tables = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let (name, bytes): (String, i64) = (row.get(0).unwrap(), row.get(1).unwrap());
        tables.push((name, bytes as f64 / messages as f64));
    }
    let sum = |prefix: &str| -> f64 {
        tables.iter().filter(|(name, _)| name.starts_with(prefix)).map(|(_, bytes)| bytes).sum()
    };
    let payloads: usize = (0..1000).map(|number| message(number).content.len()).sum();
    let payload = payloads as f64 / 1000.0;
    println!(
        "on disk: {:.1} bytes a historized value; {:.1} bytes a raw message of {payload:.0} bytes, {:.2} times the payload; with their indexes:",
        sum("historized_data") / VALUES_A_MESSAGE as f64,
        sum("raw_data"),
        sum("raw_data") / payload
    );
    for (name, bytes) in tables {
        println!("  {name:<24} {bytes:>8.1} bytes a message");
    }
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let values: u64 = arguments.next().map_or(10_000_000, |text| text.parse().unwrap());
    let folder = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = tempfile::tempdir_in(folder).unwrap();
    let path = folder.path().join("platform.db");
    let messages = values / VALUES_A_MESSAGE;
    let store = Arc::new(SqliteStore::open(&path).unwrap());
    let started = Instant::now();
    fill(&store, messages).await;
    let seconds = started.elapsed().as_secs_f64();
    println!("{values} values in {messages} messages of {TWINS} twins, filled in {seconds:.0} s");
    let last_us = message(messages - 1).time_received_us;
    told("the sample's query, alone", &sample_queries(&store, last_us).await);

    let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let load = tokio::spawn({
        let (store, stop, sent) = (store.clone(), stop.clone(), sent.clone());
        async move {
            let mut next = messages;
            while !stop.load(Ordering::Relaxed) {
                let rows: Vec<_> = (next..next + 200).map(message).collect();
                store.commit_batch(Arc::new(rows.into())).await.unwrap();
                next += 200;
                sent.store(next - messages, Ordering::Relaxed);
            }
        }
    });
    let started = Instant::now();
    let times = sample_queries(&store, last_us).await;
    let rate = sent.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    load.await.unwrap();
    told(&format!("the same beside {rate:.0} messages/s"), &times);

    let messages = messages + sent.load(Ordering::Relaxed);
    told("a page of one value of one twin", &walk(&store, messages).await);
    let far = values - 20_000;
    println!("a page of 10,000: at offset 0: {}", page(&store, "", 0, 1).await);
    println!("  at offset {far}: {}", page(&store, "", far, far + 1).await);
    let behind = format!(r#"{{"id":{{"$gt":{far}}}}}"#);
    println!("  behind the id {far}: {}", page(&store, &behind, 0, far + 1).await);
    drop(store);
    sizes(&path, messages);
}
