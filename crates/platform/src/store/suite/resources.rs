//! Models, adapters and instances.

use super::{Place, cases, deletion, instance, model};
use crate::list::{Field, ListParameters, ListQuery};
use crate::store::{Lifecycle, StoreError};

cases! {
    async fn resources_are_kept_listed_and_protected(place: &dyn Place) {
        let store = place.open().await;
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
}
