//! Bounds on a filter, with the reason for each.

/// Bytes of `q` before it is read. A filter travels in a request line, and 16 KiB is more than
/// most servers and proxies allow for one.
pub const Q_BYTES_MAX: usize = 16 << 10;

/// Levels of `$and`, `$or` and column objects inside each other. People write three; a bound
/// keeps the reader's stack, and that of whoever walks the result, small.
pub const DEPTH_MAX: usize = 16;

/// Conditions of one filter, each of which becomes a term of an SQL statement. Databases bound
/// the depth of an expression, SQLite to 1000.
pub const CONDITIONS_MAX: usize = 200;

/// Members of one `$in` or `$nin` list: Oracle's own bound.
pub const IN_VALUES_MAX: usize = 1000;

/// Characters of the user's text repeated in an error message.
pub const QUOTED_CHARS_MAX: usize = 40;
