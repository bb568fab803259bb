//! The fixed header: finds a whole packet in the buffer before anything decodes it.

use super::{Violation, code};

/// Where a packet lies in the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    /// Type and flags.
    pub first: u8,
    /// Bytes of the fixed header.
    pub header: usize,
    /// Bytes behind it.
    pub body: usize,
}

impl Frame {
    /// The packet's type.
    pub fn kind(self) -> u8 {
        self.first >> 4
    }
}

/// Packet types.
pub(super) mod kind {
    pub const CONNECT: u8 = 1;
    pub const PUBLISH: u8 = 3;
    pub const PUBACK: u8 = 4;
    pub const PUBREC: u8 = 5;
    pub const PUBREL: u8 = 6;
    pub const PUBCOMP: u8 = 7;
    pub const SUBSCRIBE: u8 = 8;
    pub const UNSUBSCRIBE: u8 = 10;
    pub const PINGREQ: u8 = 12;
    pub const DISCONNECT: u8 = 14;
    pub const AUTH: u8 = 15;
}

/// The packet at the start of the buffer, if all of it is there.
pub(super) fn find(buffer: &[u8], bytes_max: usize) -> Result<Option<Frame>, Violation> {
    let Some(first) = buffer.first().copied() else { return Ok(None) };
    check_first(first)?;
    let mut body = 0;
    for index in 0..4 {
        let Some(byte) = buffer.get(1 + index) else { return Ok(None) };
        body |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            let header = 2 + index;
            if header + body > bytes_max {
                let why = format!("a packet of {} bytes; {bytes_max} is the limit", header + body);
                return Err(Violation::new("too_large", code::TOO_LARGE, why));
            }
            return Ok((buffer.len() >= header + body).then_some(Frame { first, header, body }));
        }
    }
    Err(Violation::malformed("a remaining length of more than four bytes"))
}

/// Types that a client sends, with the flags that each must have.
fn check_first(first: u8) -> Result<(), Violation> {
    let flags = first & 0x0f;
    let expected = match first >> 4 {
        // No method was agreed on, so any AUTH is out of place, whatever its flags.
        kind::PUBLISH | kind::AUTH => flags,
        kind::PUBREL | kind::SUBSCRIBE | kind::UNSUBSCRIBE => 2,
        kind::CONNECT
        | kind::PUBACK
        | kind::PUBREC
        | kind::PUBCOMP
        | kind::PINGREQ
        | kind::DISCONNECT => 0,
        _ => return Err(Violation::protocol("a packet that no client sends")),
    };
    if flags == expected {
        return Ok(());
    }
    let why = "reserved flags of the fixed header";
    match first >> 4 {
        // The standard has no word on which of the two it is; brokers answer these so.
        kind::PUBREL | kind::DISCONNECT => Err(Violation::protocol(why)),
        _ => Err(Violation::malformed(why)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_found_when_it_is_whole() {
        assert_eq!(find(&[], 100), Ok(None));
        assert_eq!(find(&[0x30], 100), Ok(None));
        assert_eq!(find(&[0x30, 0x82], 100), Ok(None));
        assert_eq!(find(&[0x30, 2, 0], 100), Ok(None));
        let frame = Frame { first: 0x30, header: 2, body: 2 };
        assert_eq!(find(&[0x30, 2, 0, 0, 9], 100), Ok(Some(frame)));
        assert_eq!(find(&[0x30, 0xff, 0xff, 0xff, 0xff], 100).unwrap_err().code, code::MALFORMED);
        assert_eq!(find(&[0x30, 98], 99).unwrap_err().code, code::TOO_LARGE);
    }

    #[test]
    fn the_first_byte_decides_at_once() {
        for first in [0x00, 0x20, 0x90, 0xb0, 0xd0, 0x60, 0x80, 0x83, 0xa0, 0xc1, 0xe1, 0x11, 0x51]
        {
            assert!(find(&[first], 100).is_err(), "{first:02x}");
        }
        for first in [0x10, 0x3f, 0x40, 0x50, 0x62, 0x70, 0x82, 0xa2, 0xc0, 0xe0, 0xf0, 0xf1] {
            assert_eq!(find(&[first], 100), Ok(None), "{first:02x}");
        }
    }
}
