//! Files that somebody names: read whole, but never more than a file of their kind can be.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Most bytes of a file that a person names. The largest that make sense are definitions of twins
/// and bundles of certificates, far below; `/dev/zero` never ends.
pub const NAMED_FILE_BYTES_MAX: u64 = 16 << 20;

/// The content of a file of at most [`NAMED_FILE_BYTES_MAX`].
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(NAMED_FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > NAMED_FILE_BYTES_MAX {
        let text = format!("it is longer than {} MiB", NAMED_FILE_BYTES_MAX >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    Ok(bytes)
}

/// The same as text.
pub fn read_text(path: &Path) -> io::Result<String> {
    String::from_utf8(read(path)?)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}
