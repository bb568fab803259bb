//! The suite of the store port, on real files.

use std::sync::Arc;

use async_trait::async_trait;
use platform::store::Store;
use platform::store::suite::{self, Place};
use store_sqlite::SqliteStore;

struct File(tempfile::TempDir);

#[async_trait]
impl Place for File {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(&self.0.path().join("platform.db")).expect("a store"))
    }
}

#[tokio::test]
async fn the_suite_of_the_port() {
    for (name, case) in suite::all() {
        println!("{name}");
        case(Box::new(File(tempfile::tempdir().expect("a directory")))).await;
    }
}
