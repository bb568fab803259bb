//! Every bound of this crate, with unit and reason.

/// Longest `authorization` header read. A security token is the largest part of it and has about
/// 4 KiB in practice.
pub const AUTHORIZATION_BYTES_MAX: usize = 16 * 1024;

/// Most header names one signature may list. Clients list six, or seven with delegation.
pub const SIGNED_HEADERS_MAX: usize = 32;

/// Seconds a request's date may lie beside our clock, either way (control-plane.md 2.2, check 4).
pub const CLOCK_SKEW_S_MAX: u64 = 300;

/// Longest PEM text read; a key of 8192 bits needs 6.5 KiB.
pub const PEM_BYTES_MAX: usize = 64 * 1024;

/// Most rounds of key derivation accepted for an encrypted key: two seconds of work at most, so
/// that a key file cannot hang the program.
pub const PBKDF2_ROUNDS_MAX: u64 = 10_000_000;

/// Smallest RSA modulus, in bits (control-plane.md 2.3).
pub const RSA_BITS_MIN: usize = 2048;

/// Largest RSA modulus, in bits; the cryptographic library goes no further.
pub const RSA_BITS_MAX: usize = 8192;

/// Longest security token read; those of the cloud have about 4 KiB.
pub const TOKEN_BYTES_MAX: usize = 64 * 1024;

/// Most authorities between an instance's certificate and the root.
pub const CHAIN_CERTIFICATES_MAX: usize = 16;

/// Longest OCID, in bytes.
pub const OCID_BYTES_MAX: usize = 255;

/// Longest configuration file, in bytes.
pub const CONFIG_BYTES_MAX: usize = 1024 * 1024;
