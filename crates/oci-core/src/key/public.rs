//! The public half: reading, writing, fingerprint, verifying.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use md5::{Digest, Md5};

use super::KeyError;
use crate::der::Reader;
use crate::limits::{RSA_BITS_MAX, RSA_BITS_MIN};
use crate::pem;

/// An RSA public key of 2048 bits or more, parsed once so that verifying is cheap.
#[derive(Clone)]
pub struct PublicKey {
    parsed: ParsedPublicKey,
    spki: Vec<u8>,
    /// The key as RFC 8017 writes it, to read modulus and exponent from.
    pkcs1: Vec<u8>,
}

impl PublicKey {
    /// Reads a DER SubjectPublicKeyInfo.
    pub fn from_spki_der(der: &[u8]) -> Result<PublicKey, KeyError> {
        PublicKey::from_pkcs1_der(der)
    }

    /// Reads a PEM block `PUBLIC KEY`.
    pub fn from_spki_pem(pem: &str) -> Result<PublicKey, KeyError> {
        let block = pem::first_block(pem).ok_or(KeyError::NotPem)?;
        if block.label != "PUBLIC KEY" {
            return Err(KeyError::NotPublic);
        }
        PublicKey::from_spki_der(&block.der.ok_or(KeyError::NotPem)?)
    }

    /// Reads either DER form of a public key.
    pub(super) fn from_pkcs1_der(der: &[u8]) -> Result<PublicKey, KeyError> {
        let key = rsa::PublicKey::from_der(der).map_err(|_| KeyError::Rejected)?;
        let pkcs1 = key.as_ref().to_vec();
        let bits = bit_len(modulus_and_exponent(&pkcs1).ok_or(KeyError::Rejected)?.0);
        if !(RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits) {
            return Err(KeyError::Size { bits });
        }
        let spki: PublicKeyX509Der<'_> = key.as_der().map_err(|_| KeyError::Rejected)?;
        let spki = spki.as_ref().to_vec();
        let parsed = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &spki)
            .map_err(|_| KeyError::Rejected)?;
        Ok(PublicKey { parsed, spki, pkcs1 })
    }

    /// The key as DER SubjectPublicKeyInfo.
    pub fn to_spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// The key as a PEM block `PUBLIC KEY`.
    pub fn to_spki_pem(&self) -> String {
        pem::write("PUBLIC KEY", &self.spki)
    }

    /// MD5 of the DER SubjectPublicKeyInfo as pairs of hex digits, `20:3b:97:…`
    /// (control-plane.md 2.3). A name of the key, not a protection.
    pub fn fingerprint(&self) -> String {
        let pairs: Vec<String> =
            Md5::digest(&self.spki).iter().map(|byte| format!("{byte:02x}")).collect();
        pairs.join(":")
    }

    /// Whether `signature` is the key owner's over `message` (RSASSA-PKCS1-v1_5, SHA-256).
    pub fn verify_sha256(&self, message: &[u8], signature: &[u8]) -> bool {
        self.parsed.verify_sig(message, signature).is_ok()
    }

    /// The modulus, big-endian without leading zeros: `n` of a JWK.
    pub fn modulus(&self) -> &[u8] {
        modulus_and_exponent(&self.pkcs1).unwrap_or_default().0
    }

    /// The exponent, big-endian without leading zeros: `e` of a JWK.
    pub fn exponent(&self) -> &[u8] {
        modulus_and_exponent(&self.pkcs1).unwrap_or_default().1
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.fingerprint())
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &PublicKey) -> bool {
        self.spki == other.spki
    }
}

impl Eq for PublicKey {}

fn modulus_and_exponent(pkcs1: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut fields = Reader::new(pkcs1).sequence()?;
    Some((fields.unsigned()?, fields.unsigned()?))
}

fn bit_len(bytes: &[u8]) -> usize {
    let first = bytes.first().copied().unwrap_or_default();
    (bytes.len() * 8).saturating_sub(first.leading_zeros() as usize)
}
