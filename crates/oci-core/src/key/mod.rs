//! RSA keys of API users: reading, writing, signing, verifying, fingerprints (control-plane.md 2.3).

mod encrypted;
mod private;
mod public;

pub use private::PrivateKey;
pub use public::PublicKey;

use crate::limits::{PEM_BYTES_MAX, RSA_BITS_MAX, RSA_BITS_MIN};

/// The one line that turns any RSA key file into one we read.
const CONVERT: &str =
    "convert it with `openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD.pem -out NEW.pem`";

/// Why a key cannot be used. No variant carries any part of the key or of the pass phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No PEM block, or its content is not base64.
    #[error(
        "this is not a key in PEM form: a line `-----BEGIN … KEY-----`, base64, \
         `-----END … KEY-----`, at most {PEM_BYTES_MAX} bytes"
    )]
    NotPem,
    /// A PEM block of something else, such as a certificate or a public key.
    #[error("the PEM block holds no RSA private key (PKCS#1 or PKCS#8)")]
    NotPrivate,
    /// A PEM block of something else.
    #[error("the PEM block holds no public key (`BEGIN PUBLIC KEY`)")]
    NotPublic,
    /// The form OpenSSL wrote before version 1.0, `Proc-Type: 4,ENCRYPTED`.
    #[error("the key is encrypted in the old form `Proc-Type: 4,ENCRYPTED`; {CONVERT}")]
    OldEncryption,
    /// Encrypted PKCS#8 with something other than PBES2, PBKDF2 and AES-CBC.
    #[error("the key is encrypted with a method that is not supported; {CONVERT}")]
    Encryption,
    /// Encrypted, and no pass phrase was given.
    #[error("the key is encrypted: give its `pass_phrase`")]
    PassPhraseMissing,
    /// Encrypted, and the pass phrase does not open it.
    #[error("the pass phrase does not open the key")]
    PassPhrase,
    /// Not RSA, damaged, or too short.
    #[error("the key is damaged, is not an RSA key, or has fewer than {RSA_BITS_MIN} bits")]
    Rejected,
    /// Too short, or absurdly long.
    #[error("an RSA key needs {RSA_BITS_MIN} to {RSA_BITS_MAX} bits, this one has {bits}")]
    Size {
        /// Length of the modulus.
        bits: usize,
    },
}
