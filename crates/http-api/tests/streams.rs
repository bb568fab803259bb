//! Streams with a clock of our own: the token's end is the stream's.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod kit;

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use kit::Served;
use platform::clock::wall_clock_us;
use platform::limits::ServiceLimits;

static AHEAD_US: AtomicI64 = AtomicI64::new(0);

fn clock() -> i64 {
    wall_clock_us() + AHEAD_US.load(Ordering::Relaxed)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_its_token() {
    let served = Served::with_clock(ServiceLimits::OPEN, platform::clock::Clock::of(clock)).await;
    let (setup, names) = (&served.setup, served.platform.names());
    let scope = format!("/{}/iot/{}", setup.group.short_id, setup.domain.short_id);
    let form = platform::tokens::TokenForm {
        grant_type: Some("client_credentials".into()),
        scope: Some(scope),
        client_id: Some(setup.app.client_id.clone()),
        client_secret: Some(setup.app.client_secret.clone()),
        ..platform::tokens::TokenForm::default()
    };
    let token = served.platform.token_grant(&form).await.expect("a token").access_token;
    let host = names.with_port(&names.data(&setup.group.short_id));
    let path = format!("/ords/{}/20250531/stream", setup.domain.short_id);
    let bearer = format!("Bearer {token}");
    let open = || served.plain(("GET", &host, &path), ("authorization", &bearer), b"");

    // Two seconds before its end it opens a stream, which the end then closes.
    AHEAD_US.store(3_598_000_000, Ordering::Relaxed);
    let got = tokio::time::timeout(Duration::from_secs(10), open()).await.expect("an end in time");
    assert_eq!(got.status, 200, "{}", got.body);
    for part in [
        "event: ready\nid: r0.n0.x0.c0\n",
        "event: end\nid: r0.n0.x0.c0\ndata: {\"reason\":\"the access token has expired",
    ] {
        assert!(got.body.contains(part), "{}", got.body);
    }
    let refused = open().await;
    assert_eq!(refused.status, 401, "{}", refused.body);
}
