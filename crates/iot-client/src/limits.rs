//! Every bound of this crate, with unit and reason.

use std::time::Duration;

/// Time to connect, TLS included, as in the cloud's own clients (control-plane.md 1.12).
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Time for one try from the first byte sent to the last one received.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// A try must have time left after it has connected.
const _: () = assert!(CONNECT_TIMEOUT.as_secs() < REQUEST_TIMEOUT.as_secs());

/// Tries of one call of the control plane, as in the cloud's own clients (control-plane.md 1.12).
pub const TRIES_MAX: u32 = 8;

/// Time after which no further try begins, as in the cloud's own clients.
pub const TRIES_TIME_MAX: Duration = Duration::from_secs(600);

/// Pause before the second try; each further pause is twice as long.
pub const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Longest pause, unless the server asks for a longer one.
pub const RETRY_PAUSE_MAX: Duration = Duration::from_secs(30);

/// Failures in a row after which the control plane is left alone for [`CIRCUIT_REST`], as in the
/// cloud's own clients (control-plane.md 1.12).
pub const CIRCUIT_FAILURES_MAX: u32 = 10;

/// The same for the exchange of a certificate for a token.
pub const FEDERATION_FAILURES_MAX: u32 = 3;

/// How long a service is left alone that failed too often, as in the cloud's own clients.
pub const CIRCUIT_REST: Duration = Duration::from_secs(30);

/// Tries of calls that the cloud's own clients do not repeat at all, such as those of the data
/// API, and of the exchange of a certificate for a token (control-plane.md 2.6).
pub const BRIEF_TRIES_MAX: u32 = 3;

/// First pause of these.
pub const BRIEF_PAUSE: Duration = Duration::from_millis(200);

/// Time to connect to the metadata service, which is on the same machine or does not exist.
pub const METADATA_CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// A token that ends within these seconds is renewed first (control-plane.md 2.5).
pub const TOKEN_GRACE_S: i64 = 60;

/// Longest answer read, in bytes: a full page of large models fits.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Most pages of one list; a server that never ends a list is broken.
pub const PAGES_MAX: usize = 10_000;

/// How far the server's clock may differ before a 401 is explained with it, in seconds: the
/// server itself refuses from here on (control-plane.md 2.2).
pub const CLOCK_SKEW_S_MAX: u64 = 300;

/// Most bytes of an error body that an error carries along.
pub const ERROR_BODY_BYTES_MAX: usize = 64 * 1024;

/// Most characters of an answer that is not what it should be that an error repeats.
pub const EXCERPT_CHARS_MAX: usize = 200;

/// Longest event read, in bytes: a payload of 256 KiB as JSON text, several times over.
pub const EVENT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Silence after which a stream of events counts as lost: three heartbeats.
pub const STREAM_SILENCE_MAX: Duration = Duration::from_secs(45);
