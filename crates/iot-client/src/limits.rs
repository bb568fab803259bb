//! Every bound of this crate, with unit and reason.

use std::time::Duration;

/// Time to connect, TLS included, as in the cloud's own clients (control-plane.md 1.12).
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Time for one try from the first byte sent to the last one received.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// A try must have time left after it has connected.
const _: () = assert!(CONNECT_TIMEOUT.as_secs() < REQUEST_TIMEOUT.as_secs());

/// Tries of one call. The cloud's own clients try eight times, over minutes; whoever waits at a
/// terminal wants to know sooner.
pub const TRIES_MAX: u32 = 3;

/// Pause before the second try; each further pause is four times as long.
pub const RETRY_PAUSE: Duration = Duration::from_millis(200);

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
