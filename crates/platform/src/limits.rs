//! Every bound of the platform, with its unit and its reason.

/// Largest payload a device may send, bytes (devices.md 3, 4).
pub const PAYLOAD_BYTES_MAX: usize = 256 * 1024;

/// Longest endpoint (topic or path), bytes: MQTT's own bound on a topic is 65,535, far more than
/// any real one; longer ones only cost room in every row.
pub const ENDPOINT_BYTES_MAX: usize = 1024;

/// Longest content type kept, bytes.
pub const CONTENT_TYPE_BYTES_MAX: usize = 255;

/// Body of a control-plane request, bytes: a model of 1 MiB grows when a client escapes it
/// (control-plane.md 1.1).
pub const CONTROL_BODY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Body of a token request, bytes.
pub const TOKEN_BODY_BYTES_MAX: usize = 64 * 1024;

/// Messages in one commit. Larger groups lower the cost per row no further and make the first
/// message wait.
pub const BATCH_MESSAGES_MAX: usize = 4096;

/// Payload bytes waiting for a commit, in all. A full queue stops the readers of all sockets; it
/// never grows memory.
pub const QUEUE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Messages waiting for a commit, in all.
pub const QUEUE_MESSAGES_MAX: usize = 16 * 1024;

/// Unacknowledged messages of one connection. At most this many wait, then its socket is not read.
pub const INFLIGHT_MESSAGES_MAX: usize = 1024;

/// Times a failed commit is tried again before its messages are given back unacknowledged.
pub const COMMIT_RETRIES_MAX: u32 = 3;

/// Time an adapter may take on the threads that serve sockets. One that took longer runs in turns
/// of its own from then on, until it is quick again.
pub const ADAPTER_QUICK_MAX: std::time::Duration = std::time::Duration::from_millis(2);

/// Slow adapters at work at once; the connections of the others wait. Half of the machine at most
/// is theirs.
pub const SLOW_ADAPTERS_MAX: usize = 1;

/// Rows that retention removes in one transaction: a few milliseconds of the writer.
pub const PURGE_ROWS_MAX: u32 = 2000;

/// Subscribers of events at once, in all. Each holds what one read gives, at most.
pub const EVENT_SUBSCRIBERS_MAX: usize = 256;
/// Reads for subscribers at once; the others wait, ingest and the data API do not.
pub const EVENT_READS_MAX: usize = 2;
/// Ids that one read of events looks at: a few milliseconds, whatever the filter lets through.
pub const EVENT_IDS_READ_MAX: u32 = 10_000;
/// Rows that one read of events gives.
pub const EVENT_ROWS_READ_MAX: u32 = 500;
/// Payload bytes of one read of events, beyond which no further row is read.
pub const EVENT_BYTES_READ_MAX: usize = 512 * 1024;
/// Twins that one subscriber may name.
pub const EVENT_TWINS_MAX: usize = 100;
/// Events of a kind that may wait for a subscriber who had caught up before that is said.
pub const EVENTS_BEHIND_MAX: i64 = 10_000;

/// Twins kept ready in memory; the ones nobody is connected as are dropped first.
pub const TWINS_CACHED_MAX: usize = 100_000;

/// API keys kept parsed.
pub const API_KEYS_CACHED_MAX: usize = 1_000;

/// Page size of control-plane lists when the client names none (control-plane.md 1.8).
pub const LIST_ITEMS_DEFAULT: usize = 100;
/// Largest page of control-plane lists; larger wishes are cut (control-plane.md 1.8).
pub const LIST_ITEMS_MAX: usize = 1000;

/// Page size of the data API when the client names none (data-api.md 2.4).
pub const DATA_ROWS_DEFAULT: u64 = 25;
/// Largest page of the data API; larger wishes are cut (data-api.md 2.4).
pub const DATA_ROWS_MAX: u64 = 10_000;

/// Findings that one refusal lists.
pub const FINDINGS_MAX: usize = 100;
/// Characters of a name from outside that a finding repeats.
pub const NAME_SHOWN_CHARS_MAX: usize = 60;
/// Brackets inside each other in the JSON of a request: what the JSON reader bounds its stack with.
pub const JSON_DEPTH_MAX: usize = 127;
/// `displayName`, characters (control-plane.md 4).
pub const DISPLAY_NAME_CHARS_MAX: usize = 255;
/// `description`, characters (control-plane.md 4).
pub const DESCRIPTION_CHARS_MAX: usize = 1024;
/// `externalKey`, characters (control-plane.md 5.5).
pub const EXTERNAL_KEY_CHARS_MAX: usize = 255;
/// Tags of one resource (control-plane.md 4).
pub const TAGS_MAX: usize = 64;
/// Tag key, characters (control-plane.md 4).
pub const TAG_KEY_CHARS_MAX: usize = 100;
/// Tag value, characters (control-plane.md 4).
pub const TAG_VALUE_CHARS_MAX: usize = 256;

/// Interfaces that one model may need in all, itself included (adapters-and-models.md B2).
pub const INTERFACES_MAX: usize = 1024;
/// Gateways that one indirect twin may name.
pub const GATEWAYS_MAX: usize = 100;
/// Networks of a domain group.
pub const VCNS_MAX: usize = 100;
/// Identity groups of a domain.
pub const IDENTITY_GROUPS_MAX: usize = 100;
/// Longest retention, days (control-plane.md 5.3).
pub const RETENTION_DAYS_MAX: u32 = 3650;
/// Shortest password of an APEX administrator, characters (control-plane.md 4.2).
pub const APEX_PASSWORD_CHARS_MIN: usize = 12;
/// Network security groups of a flow runtime (control-plane.md 4.8).
pub const SECURITY_GROUPS_MAX: usize = 5;
/// File systems of a flow runtime (control-plane.md 4.8).
pub const FILE_MOUNTS_MAX: usize = 5;
/// How long the answer to a request with a retry token is kept (control-plane.md 1.2).
pub const RETRY_TOKEN_US: i64 = 24 * 3600 * 1_000_000;
/// Longest retry token, characters.
pub const RETRY_TOKEN_CHARS_MAX: usize = 64;
/// OCIDs that a refusal names at most.
pub const REFERRING_NAMED_MAX: usize = 5;
/// How long the content of a deleted instance can be read (control-plane.md 5.7).
pub const DELETED_CONTENT_US: i64 = 24 * 3600 * 1_000_000;

/// Limits of the service that `serve --limits` decides on; `None` is no limit
/// (control-plane.md 5.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ServiceLimits {
    /// Domain groups of the tenancy.
    pub domain_groups: Option<u64>,
    /// Domains of the tenancy.
    pub domains: Option<u64>,
    /// Domains of one group.
    pub domains_per_group: Option<u64>,
    /// Indirect twins of one gateway. The cloud's number is not published.
    pub devices_per_gateway: Option<u64>,
}

impl ServiceLimits {
    /// The cloud's documented limits.
    pub const OCI: ServiceLimits = ServiceLimits {
        domain_groups: Some(5),
        domains: Some(10),
        domains_per_group: Some(2),
        devices_per_gateway: Some(1000),
    };
    /// None.
    pub const OPEN: ServiceLimits = ServiceLimits {
        domain_groups: None,
        domains: None,
        domains_per_group: None,
        devices_per_gateway: None,
    };
}

/// Life time of an access token, seconds (data-api.md 1.2).
pub const TOKEN_SECONDS: u64 = 3600;

/// Subscriptions of one session: real devices have a handful.
pub const SUBSCRIPTIONS_MAX: usize = 100;
/// Sessions of one twin that outlive their connection; the one away for longest goes first.
pub const SESSIONS_KEPT_MAX: usize = 100;
/// Commands on their way to one connection, unacknowledged. Each may hold a payload.
pub const COMMANDS_INFLIGHT_MAX: usize = 8;
/// Commands of one twin that are not settled.
pub const COMMANDS_OPEN_MAX: usize = 1_000;
/// Payload of a command, bytes as delivered (control-plane.md 4.6).
pub const COMMAND_BYTES_MAX: usize = 262_144;
/// Longest request or response duration, seconds (devices.md 7).
pub const COMMAND_SECONDS_MAX: i64 = 24 * 3600;
/// Request and response duration when none is given (devices.md 7).
pub const COMMAND_DURATION_DEFAULT: &str = "PT10M";

/// How long key and policies of a caller are kept before they are read again: a change made by
/// `manage-dt user` in another process holds after this time at the latest.
pub const CALLER_CACHED: std::time::Duration = std::time::Duration::from_secs(1);
/// Name of a user or a compartment, characters.
pub const IDENTITY_NAME_CHARS_MAX: usize = 100;
/// Policy statements of one user.
pub const STATEMENTS_MAX: usize = 50;

/// `secretName`, characters.
pub const SECRET_NAME_CHARS_MAX: usize = 255;
/// Decoded content of a secret version, bytes, as in the vault service.
pub const SECRET_BYTES_MAX: usize = 25 * 1024;
/// Versions kept of one secret; beyond it the oldest that has no stage but `DEPRECATED` goes.
pub const SECRET_VERSIONS_MAX: usize = 30;
/// `metadata` of a secret as JSON text, bytes.
pub const SECRET_METADATA_BYTES_MAX: usize = 4096;
/// Days until a secret scheduled for deletion is deleted when the caller names no time, and at
/// most; the least is one day.
pub const SECRET_DELETION_DAYS_MAX: i64 = 30;

/// Messages whose outcomes one rewrite of history replaces: they are one transaction.
pub const HISTORY_MESSAGES_MAX: usize = 1_000_000;
/// Bytes of the values and reasons of one rewrite, which are in memory until then.
pub const HISTORY_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Time that the adapter may take for one rewrite; other changes wait for it.
pub const HISTORY_TIME_MAX: std::time::Duration = std::time::Duration::from_secs(30);
/// Bytes of a snapshot's name.
pub const SNAPSHOT_NAME_BYTES_MAX: usize = 64;

/// States that an emulation keeps at once, the one of its start included.
pub const SNAPSHOTS_MAX: usize = 64;

/// Bytes that all states together may take in memory.
pub const SNAPSHOTS_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// How far an emulation's clock may be ahead, microseconds: 100 years.
pub const CLOCK_AHEAD_MAX_US: i64 = 100 * 366 * 24 * 3600 * 1_000_000;
