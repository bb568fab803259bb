//! The private half: reading, writing, signing.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};

use super::{KeyError, PublicKey, encrypted};
use crate::pem;

/// An RSA private key of 2048 bits or more. `Debug` shows nothing of it.
pub struct PrivateKey(KeyPair);

impl PrivateKey {
    /// Reads a key file: PKCS#1 or PKCS#8, the latter possibly encrypted. What follows the key,
    /// such as a line `OCI_API_KEY`, is ignored; so is a pass phrase that is not needed.
    ///
    /// ```
    /// use oci_core::key::PrivateKey;
    /// let pem = PrivateKey::generate().to_pkcs8_pem() + "OCI_API_KEY\n";
    /// assert!(PrivateKey::from_pem(&pem, None).is_ok());
    /// ```
    pub fn from_pem(pem: &str, pass_phrase: Option<&str>) -> Result<PrivateKey, KeyError> {
        let block = pem::first_block(pem).ok_or(KeyError::NotPem)?;
        if block.has_headers {
            return Err(KeyError::OldEncryption);
        }
        let der = block.der.ok_or(KeyError::NotPem)?;
        let pair = match block.label {
            "RSA PRIVATE KEY" => KeyPair::from_der(&der).ok(),
            "PRIVATE KEY" => KeyPair::from_pkcs8(&der).ok(),
            "ENCRYPTED PRIVATE KEY" => {
                let pass_phrase = pass_phrase.ok_or(KeyError::PassPhraseMissing)?;
                let plain = encrypted::decrypt(&der, pass_phrase)?;
                // Bad padding is not the only sign of a wrong pass phrase: one in 256 ends well.
                Some(KeyPair::from_pkcs8(&plain).map_err(|_| KeyError::PassPhrase)?)
            }
            _ => return Err(KeyError::NotPrivate),
        };
        let key = PrivateKey(pair.ok_or(KeyError::Rejected)?);
        PublicKey::from_pkcs1_der(key.0.public_key().as_ref())?;
        Ok(key)
    }

    /// A new key of 2048 bits.
    pub fn generate() -> PrivateKey {
        let pair = KeyPair::generate(KeySize::Rsa2048);
        PrivateKey(pair.expect("generating an RSA key needs only memory and random numbers"))
    }

    /// The key as PKCS#8 in PEM form, for a file of mode 0600.
    pub fn to_pkcs8_pem(&self) -> String {
        let der: Pkcs8V1Der<'_> = self.0.as_der().expect("a parsed key has a DER form");
        pem::write("PRIVATE KEY", der.as_ref())
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        PublicKey::from_pkcs1_der(self.0.public_key().as_ref())
            .expect("the public half was checked with the private one")
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256, the only algorithm of request signatures.
    pub fn sign_sha256(&self, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .expect("a checked RSA key signs any message");
        signature
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(…)")
    }
}
