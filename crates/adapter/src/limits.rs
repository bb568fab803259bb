//! Bounds on definitions and on the work for one message, with the reason for each.

use std::time::Duration;

/// Routes of one adapter (A1).
pub const ROUTES_MAX: usize = 128;

/// Bytes of one expression. Long enough for every published example by a factor of twenty, short
/// enough that no expression can overflow the recursive parser.
pub const EXPRESSION_BYTES_MAX: usize = 8 * 1024;

/// Brackets inside each other in one expression, which bounds the parser's recursion.
pub const EXPRESSION_NESTING_MAX: usize = 64;

/// Words of one jq program: operators make its tree deeper without a bracket.
pub const EXPRESSION_TOKENS_MAX: usize = 1024;

/// Levels of a payload, as in serde_json, which every later reader of the value uses.
pub const DOCUMENT_DEPTH_MAX: usize = 128;

/// Characters of a rejection's message; expressions can put anything into theirs.
pub const REJECTION_CHARS_MAX: usize = 500;

/// Findings reported for one definition.
pub const DIAGNOSTICS_MAX: usize = 100;

/// Steps of jq and JSON Path evaluation for one message: one for each filter run, each value made and each
/// eight bytes of text made. Everyday filters take less than a hundred; at about 50 ns a step this
/// is also a bound on time that does not depend on the machine's load.
pub const JQ_FUEL: u64 = 400_000;

/// Time one message may take in jq (A3).
pub const JQ_TIME: Duration = Duration::from_millis(50);

/// Stack that jq may take below the call of `normalise`. Worker threads have two mebibytes; this
/// leaves half of them to whoever called. A stack overflow would abort the whole process.
pub const JQ_STACK_BYTES: usize = 1 << 20;

/// Bytes a regular expression may take when compiled.
pub const REGEX_BYTES_MAX: usize = 256 * 1024;

/// Bytes of text that jq's regular expressions look at. One search cannot be interrupted, and in
/// the worst case it takes the product of both sizes.
pub const REGEX_TEXT_BYTES_MAX: usize = 32 * 1024;
