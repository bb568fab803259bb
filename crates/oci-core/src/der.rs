//! A reader of DER, the binary form of keys, for the few shapes that the cryptographic library
//! does not open for us: modulus and exponent, and encrypted PKCS#8.

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OBJECT_ID: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;

/// What is left to read. Every step returns `None` when the bytes are not as expected.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub fn new(der: &'a [u8]) -> Reader<'a> {
        Reader(der)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tag of the next element, unread.
    pub fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The content of the next element, which must have this tag.
    pub fn element(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (&found, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (len, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            // Nothing we read needs a length of more than three bytes.
            0x81..=0x83 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
                (bytes.iter().fold(0, |len, &byte| len << 8 | usize::from(byte)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(len)?;
        self.0 = rest;
        (found == tag).then_some(content)
    }

    /// A reader of the sequence that comes next.
    pub fn sequence(&mut self) -> Option<Reader<'a>> {
        self.element(SEQUENCE).map(Reader)
    }

    /// The bytes of the positive integer that comes next, big-endian without leading zeros.
    pub fn unsigned(&mut self) -> Option<&'a [u8]> {
        let bytes = self.element(INTEGER)?;
        let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
        let negative = bytes.first().is_some_and(|&first| first >= 0x80);
        (!negative && zeros < bytes.len()).then(|| &bytes[zeros..])
    }

    /// A small positive integer.
    pub fn number(&mut self) -> Option<u64> {
        let bytes = self.unsigned()?;
        (bytes.len() <= 8)
            .then(|| bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }
}
