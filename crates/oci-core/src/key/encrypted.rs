//! Encrypted PKCS#8 as OpenSSL and the OCI tools write it: PBES2 with PBKDF2 and AES-CBC
//! (RFC 8018, appendix A). Other schemes are refused.

use std::num::NonZeroU32;

use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, Algorithm, DecryptionContext, PaddedBlockDecryptingKey,
    UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::pbkdf2;

use super::KeyError;
use crate::der::{INTEGER, OBJECT_ID, OCTET_STRING, Reader};
use crate::limits::PBKDF2_ROUNDS_MAX;

const PBES2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d];
const PBKDF2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c];
/// Object ids of the HMACs and of the AES modes, all but the last byte.
const HMAC_PREFIX: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02];
const AES_PREFIX: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01];

/// How the key was encrypted.
struct Scheme<'a> {
    hmac: pbkdf2::Algorithm,
    salt: &'a [u8],
    rounds: NonZeroU32,
    cipher: &'static Algorithm,
    key_len: usize,
    iv: [u8; 16],
    content: &'a [u8],
}

/// The PKCS#8 document inside an `ENCRYPTED PRIVATE KEY`.
pub(super) fn decrypt(der: &[u8], pass_phrase: &str) -> Result<Vec<u8>, KeyError> {
    let scheme = read(der).ok_or(KeyError::Encryption)?;
    let mut key = [0; 32];
    let key = &mut key[..scheme.key_len];
    pbkdf2::derive(scheme.hmac, scheme.rounds, scheme.salt, pass_phrase.as_bytes(), key);
    let mut content = scheme.content.to_vec();
    let plain_len = UnboundCipherKey::new(scheme.cipher, key)
        .and_then(PaddedBlockDecryptingKey::cbc_pkcs7)
        .and_then(|key| {
            let context = DecryptionContext::Iv128(FixedLength::from(scheme.iv));
            key.decrypt(&mut content, context).map(|plain| plain.len())
        })
        .map_err(|_| KeyError::PassPhrase)?;
    content.truncate(plain_len);
    Ok(content)
}

fn read(der: &[u8]) -> Option<Scheme<'_>> {
    let mut document = Reader::new(der).sequence()?;
    let mut algorithm = document.sequence()?;
    let content = document.element(OCTET_STRING)?;
    if algorithm.element(OBJECT_ID)? != PBES2 {
        return None;
    }
    let mut parameters = algorithm.sequence()?;
    let mut derivation = parameters.sequence()?;
    let mut encryption = parameters.sequence()?;

    let (cipher, key_len) = cipher(encryption.element(OBJECT_ID)?)?;
    let iv = encryption.element(OCTET_STRING)?.try_into().ok()?;

    if derivation.element(OBJECT_ID)? != PBKDF2 {
        return None;
    }
    let mut derivation = derivation.sequence()?;
    let salt = derivation.element(OCTET_STRING)?;
    let rounds = derivation.number().filter(|&rounds| rounds <= PBKDF2_ROUNDS_MAX)?;
    let rounds = NonZeroU32::new(u32::try_from(rounds).ok()?)?;
    if derivation.peek() == Some(INTEGER) && derivation.number()? != key_len as u64 {
        return None;
    }
    // An absent HMAC means SHA-1; OpenSSL before 1.1 wrote such keys.
    let hmac = match derivation.is_empty() {
        true => pbkdf2::PBKDF2_HMAC_SHA1,
        false => hmac(derivation.sequence()?.element(OBJECT_ID)?)?,
    };
    Some(Scheme { hmac, salt, rounds, cipher, key_len, iv, content })
}

fn hmac(object_id: &[u8]) -> Option<pbkdf2::Algorithm> {
    match object_id.strip_prefix(HMAC_PREFIX)? {
        [7] => Some(pbkdf2::PBKDF2_HMAC_SHA1),
        [9] => Some(pbkdf2::PBKDF2_HMAC_SHA256),
        [10] => Some(pbkdf2::PBKDF2_HMAC_SHA384),
        [11] => Some(pbkdf2::PBKDF2_HMAC_SHA512),
        _ => None,
    }
}

fn cipher(object_id: &[u8]) -> Option<(&'static Algorithm, usize)> {
    match object_id.strip_prefix(AES_PREFIX)? {
        [2] => Some((&AES_128, 16)),
        [22] => Some((&AES_192, 24)),
        [42] => Some((&AES_256, 32)),
        _ => None,
    }
}
