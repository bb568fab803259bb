//! Sessions with a clock of our own, on a real file.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use platform::Platform;
use platform::limits::ServiceLimits;
use platform::names::HostNames;
use platform::sessions::FOREVER_S;
use platform::store::{Common, Creation, Instance, Lifecycle, Secret, Store, TwinNo};
use store_sqlite::SqliteStore;

const SECOND_US: i64 = 1_000_000;

static NOW_US: AtomicI64 = AtomicI64::new(1_000 * SECOND_US);

fn clock() -> i64 {
    NOW_US.load(Ordering::Relaxed)
}

fn instance(domain_id: &str, secret: &Secret) -> Instance {
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
        auth_id: Some(secret.id.clone()),
        external_key: "key".into(),
        model_id: None,
        spec_uri: None,
        adapter_id: None,
        gateways: Vec::new(),
    }
}

#[tokio::test]
async fn expired_sessions_are_forgotten() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = Arc::new(SqliteStore::open(&dir.path().join("platform.db")).expect("a store"));
    let (setup, _) = platform::first_start::new_setup(clock());
    store.setup_create(&setup).await.expect("a setup");
    let domain_id = setup.domain.common.id.clone();
    let password = setup.secret.content.clone();
    let twin = instance(&domain_id, &setup.secret);
    store.resource_create(&Creation::of(twin)).await.expect("a twin");
    let names =
        HostNames { region: "local-1".into(), suffix: "localhost".into(), https_port: 8443 };
    let platform = Platform::start(
        store.clone(),
        setup,
        names,
        platform::clock::Clock::of(clock),
        ServiceLimits::OPEN,
    )
    .await;
    let platform = platform.expect("a platform");
    let twin = platform.device_login(&domain_id, "key", &password).await.expect("a log-in");
    for (client_id, expiry_s, leaves) in
        [("short", 60, true), ("long", 3600, true), ("ever", FOREVER_S, true), ("here", 60, false)]
    {
        let attached = platform.session_attach(&twin, client_id, false, expiry_s).await;
        let attachment = attached.expect("a session");
        if leaves {
            platform.session_detach(attachment, None).await.expect("an end");
        } else {
            // Connected as long as the test runs.
            std::mem::forget(attachment);
        }
    }
    let kept = || async {
        let all = store.session_all().await.expect("sessions");
        all.into_iter().map(|session| session.client_id).collect::<Vec<_>>()
    };
    NOW_US.fetch_add(59 * SECOND_US, Ordering::Relaxed);
    assert_eq!(platform.sessions_expire().await, Ok(0));
    assert_eq!(kept().await, ["ever", "here", "long", "short"]);
    NOW_US.fetch_add(SECOND_US, Ordering::Relaxed);
    assert_eq!(platform.sessions_expire().await, Ok(1));
    assert_eq!(kept().await, ["ever", "here", "long"]);
    NOW_US.fetch_add(1_000_000 * SECOND_US, Ordering::Relaxed);
    assert_eq!(platform.sessions_expire().await, Ok(1));
    assert_eq!(kept().await, ["ever", "here"]);
    // Whoever comes back finds nothing, and begins anew.
    let again = platform.session_attach(&twin, "short", false, 60).await.expect("a session");
    assert!(!again.present);
    assert_eq!(kept().await, ["ever", "here", "short"]);
}
