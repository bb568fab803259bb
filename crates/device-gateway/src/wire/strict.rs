//! Rules of the standards that cannot be seen, or not told apart, once the codec has read a packet.

use super::frame::{Frame, kind};
use super::properties::{Cursor, TOPIC_ALIAS, WILL};
use super::{Version, Violation, code};

/// Checks the bytes of a whole packet.
pub(super) fn check(version: Version, frame: Frame, body: &[u8]) -> Result<(), Violation> {
    let mut cursor = Cursor(body);
    match frame.kind() {
        kind::CONNECT => connect(version, &mut cursor)?,
        kind::PUBLISH => return publish(version, frame.first, &mut cursor),
        kind::PUBACK | kind::PUBREC | kind::PUBREL | kind::PUBCOMP => {
            acknowledgement(version, frame.kind(), &mut cursor)?;
        }
        kind::SUBSCRIBE | kind::UNSUBSCRIBE => filters(version, frame.kind(), &mut cursor)?,
        kind::DISCONNECT if version == Version::V5 => disconnect(&mut cursor)?,
        kind::AUTH if version == Version::V3 => {
            return Err(Violation::protocol("AUTH is a packet of MQTT 5"));
        }
        kind::AUTH => return Err(Violation::protocol("AUTH without an authentication method")),
        _ => {}
    }
    if cursor.0.is_empty() {
        return Ok(());
    }
    Err(Violation::malformed("bytes behind the end of a packet"))
}

/// Everything behind the protocol level.
fn connect(version: Version, cursor: &mut Cursor<'_>) -> Result<(), Violation> {
    cursor.field()?;
    cursor.byte()?;
    let flags = cursor.byte()?;
    cursor.two()?;
    let (user, password, will) = (flags & 0x80 != 0, flags & 0x40 != 0, flags & 0x04 != 0);
    if flags & 1 != 0 {
        return Err(Violation::malformed("the reserved flag of a CONNECT"));
    }
    if !will && flags & 0x38 != 0 || flags & 0x18 == 0x18 {
        return Err(Violation::malformed("flags of a will that cannot be"));
    }
    if version == Version::V3 && password && !user {
        return Err(Violation::malformed("a password without a user name"));
    }
    if version == Version::V5 {
        cursor.properties(kind::CONNECT)?;
    }
    cursor.text()?;
    if will {
        if version == Version::V5 {
            cursor.properties(WILL)?;
        }
        cursor.text()?;
        cursor.field()?;
    }
    if user {
        cursor.text()?;
    }
    if password {
        cursor.field()?;
    }
    Ok(())
}

fn publish(version: Version, first: u8, cursor: &mut Cursor<'_>) -> Result<(), Violation> {
    let (qos, dup) = ((first >> 1) & 3, first & 8 != 0);
    if qos == 3 {
        return Err(Violation::malformed("QoS 3"));
    }
    if qos == 0 && dup {
        return Err(Violation::malformed("dup at QoS 0"));
    }
    let topic = cursor.text()?;
    if qos > 0 && cursor.two()? == 0 {
        return Err(Violation::protocol("packet id 0"));
    }
    if version == Version::V5 && cursor.properties(kind::PUBLISH)? & (1 << TOPIC_ALIAS) != 0 {
        let why = "a topic alias; the limit is 0";
        return Err(Violation::new("topic_alias", code::TOPIC_ALIAS, why));
    }
    if topic.is_empty() {
        return Err(Violation::malformed("an empty topic"));
    }
    Ok(())
}

fn acknowledgement(version: Version, packet: u8, cursor: &mut Cursor<'_>) -> Result<(), Violation> {
    if cursor.two()? == 0 {
        return Err(Violation::protocol("packet id 0"));
    }
    if version == Version::V3 || cursor.0.is_empty() {
        return Ok(());
    }
    let reason = cursor.byte()?;
    let known: &[u8] = match packet {
        kind::PUBREL | kind::PUBCOMP => &[0, 0x92],
        _ => &[0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99],
    };
    if !known.contains(&reason) {
        return Err(Violation::protocol(format!("the reason code {reason:#04x}")));
    }
    if cursor.0.is_empty() { Ok(()) } else { cursor.properties(packet).map(drop) }
}

fn filters(version: Version, packet: u8, cursor: &mut Cursor<'_>) -> Result<(), Violation> {
    if cursor.two()? == 0 {
        return Err(Violation::malformed("packet id 0"));
    }
    if version == Version::V5 {
        cursor.properties(packet)?;
    }
    if cursor.0.is_empty() {
        return Err(Violation::malformed("no topic filter"));
    }
    while !cursor.0.is_empty() {
        let filter = cursor.text()?;
        if !platform::topics::is_filter(filter) {
            return Err(Violation::malformed("a topic filter that is not one"));
        }
        if packet != kind::SUBSCRIBE {
            continue;
        }
        let options = cursor.byte()?;
        let reserved = if version == Version::V5 { 0xc0 } else { 0xfc };
        if options & reserved != 0 || options & 3 == 3 || options & 0x30 == 0x30 {
            return Err(Violation::malformed("options of a subscription that cannot be"));
        }
        if options & 4 != 0 && filter.starts_with("$share/") {
            return Err(Violation::protocol("a shared subscription with no-local"));
        }
    }
    Ok(())
}

fn disconnect(cursor: &mut Cursor<'_>) -> Result<(), Violation> {
    if cursor.0.is_empty() {
        return Ok(());
    }
    let reason = cursor.byte()?;
    if !matches!(reason, 0 | 4 | 0x80..=0x83 | 0x90 | 0x93..=0x99) {
        return Err(Violation::protocol(format!("the reason code {reason:#04x}")));
    }
    if cursor.0.is_empty() { Ok(()) } else { cursor.properties(kind::DISCONNECT).map(drop) }
}
