//! Snapshots of a state, and what a restored one keeps out.

use std::path::Path;
use std::sync::Arc;

use platform::store::{Certificate, Store, StoreError};
use store_sqlite::SqliteStore;

fn certificate(name: &str) -> Certificate {
    Certificate { id: format!("id of {name}"), name: name.to_owned() }
}

async fn has(store: &SqliteStore, name: &str) -> bool {
    store.certificate_by_name(name).await.expect("a look-up").is_some()
}

fn open(dir: &Path) -> SqliteStore {
    SqliteStore::open(&dir.join("platform.db")).expect("a store")
}

#[tokio::test]
async fn a_restored_state_is_whole_and_durable() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = open(dir.path());
    store.certificate_create(&certificate("early")).await.expect("a write");
    let snapshot = store.snapshot().await.expect("a snapshot");
    assert!(snapshot.bytes().expect("bytes") > 0);
    store.certificate_create(&certificate("late")).await.expect("a write");
    for _ in 0..2 {
        let restored = store.restore(&snapshot).await.expect("a restored state");
        assert!(has(&restored, "early").await && !has(&restored, "late").await);
        restored.certificate_create(&certificate("later")).await.expect("a write");
        assert!(has(&restored, "later").await);
    }
    drop(store);
    let again = open(dir.path());
    assert!(has(&again, "early").await && has(&again, "later").await);
    assert!(!has(&again, "late").await);
}

#[tokio::test]
async fn what_belongs_to_the_earlier_state_stays_out() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = Arc::new(open(dir.path()));
    let snapshot = store.snapshot().await.expect("a snapshot");
    let writers: Vec<_> = (0..200)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let key = format!("k{number}");
                tokio::task::yield_now().await;
                store.certificate_create(&certificate(&key)).await
            })
        })
        .collect();
    let restored = store.restore(&snapshot).await.expect("a restored state");
    for (number, writer) in writers.into_iter().enumerate() {
        // Before the restore it was written and is gone; after it it is refused.
        let written = writer.await.expect("a task");
        let refused = Err(StoreError::Failed("another state was restored".to_owned()));
        assert!(written == Ok(()) || written == refused, "{written:?}");
        assert!(!has(&restored, &format!("k{number}")).await);
    }
}
