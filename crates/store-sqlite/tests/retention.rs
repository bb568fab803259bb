//! Retention with a clock of our own, on a real file.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use iot_api::data::DataCollection;
use platform::Platform;
use platform::limits::ServiceLimits;
use platform::names::HostNames;
use platform::store::{
    Common, Creation, DataQuery, Instance, Lifecycle, MessageRow, RowOutcome, RowValue, Store,
    TwinNo,
};
use store_sqlite::SqliteStore;

const DAY_US: i64 = 24 * 3600 * 1_000_000;
const MESSAGES: usize = 20_000;

static NOW_US: AtomicI64 = AtomicI64::new(100 * DAY_US);

fn clock() -> i64 {
    NOW_US.load(Ordering::Relaxed)
}

fn instance(domain_id: &str) -> Instance {
    let common = Common {
        id: "twin".into(),
        parent_id: domain_id.into(),
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

async fn count(store: &SqliteStore, domain_id: &str, collection: DataCollection) -> usize {
    let query = ords_filter::parse("", platform::data::columns(collection)).expect("no filter");
    let domain_id = domain_id.to_owned();
    let query = DataQuery { domain_id, collection, query, limit: 100_000, offset: 0 };
    store.data_list(&query).await.expect("rows").len()
}

fn bytes(path: &Path) -> u64 {
    std::fs::metadata(path).expect("a file").len()
}

#[tokio::test]
async fn data_goes_when_its_days_are_over_and_its_room_too() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("platform.db");
    let store = SqliteStore::open(&path).expect("a store");
    let (setup, _) = platform::first_start::new_setup(clock());
    store.setup_create(&setup).await.expect("a setup");
    let domain_id = setup.domain.common.id.clone();
    store.resource_create(&Creation::of(instance(&domain_id))).await.expect("a twin");
    let twin =
        (&store as &dyn Store).get::<Instance>("twin").await.expect("a store").expect("a twin").no;
    let message = |time_us: i64| MessageRow {
        twin,
        endpoint: "a".into(),
        content_type: None,
        content: vec![b'x'; 500].into(),
        time_received_us: time_us,
        outcome: RowOutcome::Values {
            time_observed_us: time_us,
            values: vec![RowValue { path: "t".into(), value: "1".into(), historized: true }],
        },
        held: None,
    };
    let mut batch: Vec<_> = (0..MESSAGES).map(|_| message(clock())).collect();
    batch.push(message(clock() + 10 * DAY_US));
    store.commit_batch(Arc::new(batch.into())).await.expect("a commit");
    drop(store);
    let full = bytes(&path);

    let store = Arc::new(SqliteStore::open(&path).expect("a store"));
    let names =
        HostNames { region: "local-1".into(), suffix: "localhost".into(), https_port: 8443 };
    let platform = Platform::start(
        store.clone(),
        setup,
        names,
        platform::clock::Clock::of(clock),
        ServiceLimits::OPEN,
    )
    .await
    .expect("a platform");
    NOW_US.fetch_add(16 * DAY_US, Ordering::Relaxed);
    assert_eq!(platform.retention_apply().await, Ok(0), "16 days old is not older than 16 days");
    NOW_US.fetch_add(1, Ordering::Relaxed);
    assert_eq!(platform.retention_apply().await, Ok(MESSAGES as u64), "raw data has 16 days");
    assert_eq!(count(&store, &domain_id, DataCollection::RawData).await, 1);
    assert_eq!(
        count(&store, &domain_id, DataCollection::HistorizedData).await,
        MESSAGES + 1,
        "historized data has 30 days"
    );
    NOW_US.fetch_add(14 * DAY_US, Ordering::Relaxed);
    assert_eq!(platform.retention_apply().await, Ok(MESSAGES as u64 + 1));
    assert_eq!(count(&store, &domain_id, DataCollection::HistorizedData).await, 1);
    platform.drain().await;
    drop(platform);
    drop(Arc::into_inner(store).expect("the last owner"));
    let freed = bytes(&path);
    assert!(freed < full / 4, "{freed} of {full} bytes are still in use");
}
