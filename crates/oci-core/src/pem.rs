//! PEM, the text form of keys (RFC 7468), as far as key files need it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::limits::PEM_BYTES_MAX;

/// The first block of a PEM text.
pub(crate) struct Block<'a> {
    /// What stands between `BEGIN` and the dashes.
    pub label: &'a str,
    /// Headers of the old form, such as `Proc-Type: 4,ENCRYPTED`.
    pub has_headers: bool,
    /// The decoded content; `None` when it is not base64 (it is not for the old encrypted form).
    pub der: Option<Vec<u8>>,
}

/// Finds the first block. Text around it, such as a trailing `OCI_API_KEY`, is ignored.
pub(crate) fn first_block(pem: &str) -> Option<Block<'_>> {
    if pem.len() > PEM_BYTES_MAX {
        return None;
    }
    let (_, rest) = pem.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let base64: String = body.split_ascii_whitespace().collect();
    Some(Block {
        label,
        has_headers: body.contains(':'),
        der: STANDARD.decode(base64).ok().filter(|der| !der.is_empty()),
    })
}

/// Writes one block with lines of 64 characters.
pub(crate) fn write(label: &str, der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    for line in base64.as_bytes().chunks(64) {
        pem.extend(line.iter().copied().map(char::from));
        pem.push('\n');
    }
    pem.push_str(&format!("-----END {label}-----\n"));
    pem
}
