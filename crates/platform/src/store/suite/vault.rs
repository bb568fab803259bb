//! Secrets and their versions.

use iot_api::Tags;

use super::{Place, cases};
use crate::limits::SECRET_VERSIONS_MAX;
use crate::store::{SecretChange, SecretRecord, SecretVersion, StoreError};

fn record(id: &str, name: &str) -> SecretRecord {
    SecretRecord {
        id: id.into(),
        compartment_id: "c".into(),
        name: name.into(),
        description: None,
        tags: Tags::default(),
        metadata: serde_json::Map::new(),
        current_no: 1,
        previous_no: None,
        pending_no: None,
        latest_no: 1,
        time_created_us: 1,
        time_of_deletion_us: None,
        etag: "e1".into(),
    }
}

fn version(no: u32) -> SecretVersion {
    SecretVersion {
        no,
        name: None,
        content: no.to_be_bytes().to_vec(),
        time_created_us: 1,
        time_of_deletion_us: None,
    }
}

fn change(record: &SecretRecord, version: Option<SecretVersion>, now_us: i64) -> SecretChange {
    SecretChange {
        record: record.clone(),
        etag: "e1".into(),
        version,
        version_deletion: None,
        now_us,
    }
}

cases! {
    async fn old_versions_go_and_those_in_use_stay(place: &dyn Place) {
        let store = place.open().await;
        let mut record = record("s", "name");
        store.secret_create(&record, &version(1), None).await.unwrap();
        record.previous_no = Some(1);
        let last = u32::try_from(SECRET_VERSIONS_MAX).unwrap() + 5;
        for no in 2..=last {
            record.latest_no = no;
            record.current_no = no;
            store.secret_change(&change(&record, Some(version(no)), 2)).await.unwrap();
        }
        let kept: Vec<u32> =
            store.secret_versions("s").await.unwrap().iter().map(|version| version.no).collect();
        assert_eq!(kept.first(), Some(&last));
        assert_eq!(kept.last(), Some(&1), "the previous version stays, however old");
        assert_eq!(kept.len(), SECRET_VERSIONS_MAX + 1);
        let current = store.secret_get("s").await.unwrap().unwrap();
        assert_eq!(current.content, last.to_be_bytes());
        let stale = SecretChange { etag: "e0".into(), ..change(&record, None, 2) };
        assert_eq!(store.secret_change(&stale).await, Err(StoreError::EtagMismatch));
    }

    async fn a_version_is_deleted_by_itself_at_its_time(place: &dyn Place) {
        let store = place.open().await;
        let mut record = record("s", "name");
        store.secret_create(&record, &version(1), None).await.unwrap();
        record.latest_no = 2;
        record.current_no = 2;
        store.secret_change(&change(&record, Some(version(2)), 2)).await.unwrap();
        let times = async || -> Vec<(u32, Option<i64>)> {
            let versions = store.secret_versions("s").await.unwrap();
            versions.iter().map(|version| (version.no, version.time_of_deletion_us)).collect()
        };
        for (at_us, now_us) in [(Some(5), 3), (None, 4), (Some(9), 6)] {
            let change =
                SecretChange { version_deletion: Some((1, at_us)), ..change(&record, None, now_us) };
            store.secret_change(&change).await.unwrap();
            assert_eq!(times().await, [(2, None), (1, at_us)]);
        }
        store.secret_change(&change(&record, None, 9)).await.unwrap();
        assert_eq!(times().await, [(2, None)]);
    }

    async fn a_deleted_secret_leaves_no_content_and_frees_its_name(place: &dyn Place) {
        let store = place.open().await;
        let mut old = record("s1", "name");
        store.secret_create(&old, &version(1), None).await.unwrap();
        let again = store.secret_create(&record("s2", "name"), &version(1), None).await;
        assert!(matches!(again, Err(StoreError::Duplicate(text)) if text.contains("'name'")));

        old.time_of_deletion_us = Some(10);
        store.secret_change(&change(&old, None, 5)).await.unwrap();
        assert!(store.secret_get("s1").await.unwrap().is_none(), "no log-in while it is scheduled");
        assert_eq!(store.secret_versions("s1").await.unwrap().len(), 1);
        assert!(store.secret_by_name("name", 9).await.unwrap().is_some());
        assert!(store.secret_by_name("name", 10).await.unwrap().is_none());

        let new = SecretRecord { time_created_us: 11, ..record("s2", "name") };
        store.secret_create(&new, &version(1), None).await.unwrap();
        assert_eq!(store.secret_versions("s1").await.unwrap().len(), 0);
        assert_eq!(store.secret_record("s1").await.unwrap().unwrap().lifecycle_state(11), "DELETED");
        assert_eq!(store.secret_by_name("name", 12).await.unwrap().unwrap().id, "s2");
        let gone = store.secret_change(&change(&old, None, 12)).await;
        assert!(matches!(gone, Err(StoreError::NotFound(_))));
    }
}
