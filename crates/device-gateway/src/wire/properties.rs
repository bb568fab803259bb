//! Properties of MQTT 5: which of them a client may send where, and what they may hold.
//!
//! The codec reads them too, but without telling what was wrong, and it lets some through.

use super::Violation;
use super::frame::kind;

/// Properties of the will stand where type 0 would.
pub(super) const WILL: u8 = 0;

const fn on(kinds: &[u8]) -> u16 {
    let mut mask = 0;
    let mut index = 0;
    while index < kinds.len() {
        mask |= 1 << kinds[index];
        index += 1;
    }
    mask
}

/// Everywhere.
const ALL: u16 = u16::MAX;
/// Only servers send it.
const SERVER: u16 = 0;
const MESSAGE: u16 = on(&[kind::PUBLISH, WILL]);
const CONNECT: u16 = on(&[kind::CONNECT]);
const LOG_IN: u16 = on(&[kind::CONNECT, kind::AUTH]);
const REASON: u16 =
    on(&[kind::PUBACK, kind::PUBREC, kind::PUBREL, kind::PUBCOMP, kind::DISCONNECT, kind::AUTH]);

/// What a property holds.
#[derive(Clone, Copy)]
enum Value {
    /// 0 or 1.
    Flag,
    Two,
    /// Two bytes, not 0.
    TwoPositive,
    Four,
    /// Four bytes, not 0.
    FourPositive,
    /// Variable byte integer, not 0.
    Variable,
    Text,
    Topic,
    Pair,
    Binary,
}

/// Identifier, value, and the packets of a client that may carry it (MQTT 5, section 2.2.2.2).
const PROPERTIES: [(u8, Value, u16); 27] = [
    (0x01, Value::Flag, MESSAGE),
    (0x02, Value::Four, MESSAGE),
    (0x03, Value::Text, MESSAGE),
    (0x08, Value::Topic, MESSAGE),
    (0x09, Value::Binary, MESSAGE),
    (0x0b, Value::Variable, on(&[kind::SUBSCRIBE])),
    (0x11, Value::Four, on(&[kind::CONNECT, kind::DISCONNECT])),
    (0x12, Value::Text, SERVER),
    (0x13, Value::Two, SERVER),
    (0x15, Value::Text, LOG_IN),
    (0x16, Value::Binary, LOG_IN),
    (0x17, Value::Flag, CONNECT),
    (0x18, Value::Four, on(&[WILL])),
    (0x19, Value::Flag, CONNECT),
    (0x1a, Value::Text, SERVER),
    (0x1c, Value::Text, SERVER),
    (0x1f, Value::Text, REASON),
    (0x21, Value::TwoPositive, CONNECT),
    (0x22, Value::Two, CONNECT),
    (0x23, Value::Two, on(&[kind::PUBLISH])),
    (0x24, Value::Flag, SERVER),
    (0x25, Value::Flag, SERVER),
    (0x26, Value::Pair, ALL),
    (0x27, Value::FourPositive, CONNECT),
    (0x28, Value::Flag, SERVER),
    (0x29, Value::Flag, SERVER),
    (0x2a, Value::Flag, SERVER),
];
/// A topic alias.
pub(super) const TOPIC_ALIAS: u8 = 0x23;
const USER_PROPERTY: u8 = 0x26;

/// Reads forward through bytes; everything that is not there is malformed.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a>(pub &'a [u8]);

impl<'a> Cursor<'a> {
    /// The next bytes.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Violation> {
        let split = self.0.split_at_checked(count);
        let (taken, rest) =
            split.ok_or_else(|| Violation::malformed("a packet that is too short"))?;
        self.0 = rest;
        Ok(taken)
    }

    /// One byte.
    pub fn byte(&mut self) -> Result<u8, Violation> {
        Ok(self.take(1)?[0])
    }

    /// Two bytes.
    pub fn two(&mut self) -> Result<u16, Violation> {
        let bytes = self.take(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    /// Bytes with their length in front.
    pub fn field(&mut self) -> Result<&'a [u8], Violation> {
        let length = self.two()?;
        self.take(usize::from(length))
    }

    /// Text with its length in front.
    pub fn text(&mut self) -> Result<&'a str, Violation> {
        let text = std::str::from_utf8(self.field()?);
        let text = text.map_err(|_| Violation::malformed("a text that is not UTF-8"))?;
        if text.contains('\0') {
            return Err(Violation::malformed("a NUL in a text"));
        }
        Ok(text)
    }

    /// A variable byte integer in its shortest form.
    pub fn variable(&mut self) -> Result<u32, Violation> {
        let mut value = 0;
        for shift in [0, 7, 14, 21] {
            let byte = self.byte()?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                if byte == 0 && shift > 0 {
                    return Err(Violation::malformed("a number that is not in its shortest form"));
                }
                return Ok(value);
            }
        }
        Err(Violation::malformed("a number of more than four bytes"))
    }

    /// The properties of a packet, checked; bit `n` is set when property `n` is there.
    pub fn properties(&mut self, packet: u8) -> Result<u64, Violation> {
        let length = self.variable()?;
        let mut list = Cursor(self.take(length as usize)?);
        let mut seen = 0_u64;
        while !list.0.is_empty() {
            let id = list.variable()?;
            let known = PROPERTIES.iter().find(|(known, ..)| u32::from(*known) == id);
            let Some((id, value, packets)) = known.copied() else {
                return Err(Violation::malformed(format!("the unknown property {id:#04x}")));
            };
            list.value(id, value)?;
            if packets & (1 << packet) == 0 {
                return Err(misplaced(id, packet));
            }
            if id != USER_PROPERTY && seen & (1 << id) != 0 {
                return Err(Violation::protocol(format!("property {id:#04x} twice")));
            }
            seen |= 1 << id;
        }
        Ok(seen)
    }

    fn value(&mut self, id: u8, value: Value) -> Result<(), Violation> {
        let is_positive = match value {
            Value::Flag => {
                if self.byte()? > 1 {
                    return Err(Violation::protocol(format!("property {id:#04x} is 0 or 1")));
                }
                true
            }
            Value::Two => self.two().map(|_| true)?,
            Value::TwoPositive => self.two()? > 0,
            Value::Four => self.take(4).map(|_| true)?,
            Value::FourPositive => self.take(4)?.iter().any(|byte| *byte != 0),
            Value::Variable => self.variable()? > 0,
            Value::Binary => self.field().map(|_| true)?,
            Value::Text => self.text().map(|_| true)?,
            Value::Pair => self.text().and(self.text()).map(|_| true)?,
            Value::Topic => {
                if self.text()?.contains(['+', '#']) {
                    return Err(Violation::protocol("a wildcard in a response topic"));
                }
                true
            }
        };
        if is_positive {
            return Ok(());
        }
        Err(Violation::protocol(format!("property {id:#04x} must not be 0")))
    }
}

/// Known, but not in this packet. Table 2-4 calls it malformed; brokers answer so only where
/// nothing but the properties can be wrong about a subscription.
fn misplaced(id: u8, packet: u8) -> Violation {
    let why = format!("property {id:#04x} does not belong into this packet");
    match packet {
        kind::SUBSCRIBE | kind::UNSUBSCRIBE => Violation::malformed(why),
        _ => Violation::protocol(why),
    }
}
