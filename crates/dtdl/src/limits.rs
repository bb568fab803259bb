//! Bounds on what a model may contain, with the reason for each.

/// Bytes of one document (B2).
pub const TEXT_BYTES_MAX: usize = 1 << 20;

/// Bytes of one document with several interfaces, which the language does not limit (B2): what
/// fits here is checked in about a second.
pub const DOCUMENTS_BYTES_MAX: usize = 32 << 20;

/// Objects and arrays inside each other in a document, as serde_json reads them.
pub const JSON_DEPTH_MAX: usize = 127;

/// Contents looked at while inherited names are compared: a wide base with many heirs would take
/// the product of both.
pub const CONTENTS_VISITS_MAX: usize = 2_000_000;

/// Bytes of any DTMI (B3).
pub const ID_BYTES_MAX: usize = 4096;

/// Bytes of an interface's `@id` (B3).
pub const INTERFACE_ID_BYTES_MAX: usize = 128;

/// Bytes of any other identifier a user may choose (B3).
pub const USER_ID_BYTES_MAX: usize = 2048;

/// Characters of a name, a comment and each language of a display name or description (B2).
pub const TEXT_CHARS_MAX: usize = 512;

/// Levels of arrays, maps and objects inside each other (B2).
pub const SCHEMA_DEPTH_MAX: usize = 5;

/// Levels of `extends` above an interface (B2).
pub const EXTENDS_DEPTH_MAX: usize = 10;

/// Interfaces reachable through `extends` (B2).
pub const EXTENDS_COUNT_MAX: usize = 1024;

/// Elements of a resolved model, inherited and embedded ones included (B2).
pub const ELEMENTS_MAX: usize = 100_000;

/// Findings reported for one document: one broken tool can produce as many as there are bytes,
/// and nobody reads past the first hundred.
pub const DIAGNOSTICS_MAX: usize = 100;

/// Bytes a compiled `pattern` may take: matching takes the product of this and the text at worst.
pub const PATTERN_BYTES_MAX: usize = 256 * 1024;
