//! Base 64 and base 32 as jq has them: reading forgives absent padding.

const ALPHABET_64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const ALPHABET_32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Base 64 with padding.
pub(crate) fn encode64(bytes: &[u8]) -> String {
    encode(bytes, ALPHABET_64, 6, 4)
}

/// Base 32 with padding.
pub(crate) fn encode32(bytes: &[u8]) -> String {
    encode(bytes, ALPHABET_32, 5, 8)
}

/// The bytes behind base 64; the error is the end of a sentence.
pub(crate) fn decode64(text: &str) -> Result<Vec<u8>, &'static str> {
    const INVALID: &str = "is not valid base64 data";
    let data = text.trim_end_matches('=');
    let bytes = decode(data, ALPHABET_64, 6).ok_or(INVALID)?;
    match data.len() % 4 {
        1 if data.len() == 1 => Err(INVALID),
        1 => Err("trailing base64 byte found"),
        _ => Ok(bytes),
    }
}

/// The bytes behind base 32.
pub(crate) fn decode32(text: &str) -> Option<Vec<u8>> {
    decode(text.trim_end_matches('='), ALPHABET_32, 5)
}

fn encode(bytes: &[u8], alphabet: &[u8], bits: u32, group: usize) -> String {
    let mut out = String::with_capacity(bytes.len() * 8 / bits as usize + group);
    let (mut held, mut count) = (0u32, 0);
    let mask = (1 << bits) - 1;
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        count += 8;
        while count >= bits {
            count -= bits;
            out.push(char::from(alphabet[(held >> count & mask) as usize]));
        }
        held &= (1 << count) - 1;
    }
    if count > 0 {
        out.push(char::from(alphabet[(held << (bits - count) & mask) as usize]));
    }
    while !out.len().is_multiple_of(group) {
        out.push('=');
    }
    out
}

fn decode(text: &str, alphabet: &[u8], bits: u32) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() * bits as usize / 8);
    let (mut held, mut count) = (0u32, 0);
    for b in text.bytes() {
        let digit = alphabet.iter().position(|known| *known == b)?;
        held = held << bits | digit as u32;
        count += bits;
        if count >= 8 {
            count -= 8;
            out.push((held >> count) as u8);
            held &= (1 << count) - 1;
        }
    }
    Some(out)
}
