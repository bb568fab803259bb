//! Facts about packets, as bytes. Packets are written without their fixed header's length.

use super::*;

/// One packet: first byte, then the body with its length (under 128) in front.
fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first, u8::try_from(body.len()).expect("a short packet")];
    bytes.extend_from_slice(body);
    bytes
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = u16::try_from(text.len()).expect("a short text").to_be_bytes().to_vec();
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

/// A CONNECT of this level and with these flags; `fields` follow the header.
fn connect(level: u8, flags: u8, fields: &[&[u8]]) -> Vec<u8> {
    let mut body = text("MQTT");
    body.extend_from_slice(&[level, flags, 0, 60]);
    for field in fields {
        body.extend_from_slice(field);
    }
    packet(0x10, &body)
}

fn decode_first(bytes: &[u8]) -> Result<Option<Received>, Violation> {
    Wire::new().decode(&mut BytesMut::from(bytes))
}

/// Decodes a packet that stands behind a good CONNECT.
fn decode_next(bytes: &[u8]) -> Result<Option<Received>, Violation> {
    let mut buffer = BytesMut::from(&connect(4, 2, &[&text("c")])[..]);
    let mut wire = Wire::new();
    wire.decode(&mut buffer).expect("a good CONNECT").expect("a whole one");
    buffer.extend_from_slice(bytes);
    wire.decode(&mut buffer)
}

fn publish(first: u8, topic: &str, rest: &[u8]) -> Vec<u8> {
    packet(first, &[&text(topic), rest].concat())
}

#[test]
fn a_log_in_is_read() {
    let bytes = connect(4, 0xc2, &[&text("client"), &text("key"), &text("secret")]);
    let Ok(Some(Received::Connect(connect))) = decode_first(&bytes) else { panic!("refused") };
    assert_eq!(connect.client_id, "client");
    assert_eq!(connect.keep_alive_s, 60);
    assert_eq!(connect.user.as_deref(), Some("key"));
    assert_eq!(connect.password, Some(Bytes::from_static(b"secret")));
    assert_eq!((connect.clean_start, connect.session_expiry_s), (true, 0));
}

#[test]
fn a_packet_that_is_not_complete_waits() {
    let bytes = connect(4, 2, &[&text("client")]);
    for length in 0..bytes.len() {
        assert_eq!(decode_first(&bytes[..length]), Ok(None), "{length} bytes");
    }
}

#[test]
fn connects_that_are_answered_with_a_refusal() {
    for (bytes, expected) in [
        (connect(6, 2, &[&text("c")]), CONNACK_VERSION),
        (connect(4, 0, &[&text("")]), &[0x20, 0x02, 0x00, 0x02]),
    ] {
        match decode_first(&bytes) {
            Ok(Some(Received::Unacceptable(answer))) => assert_eq!(answer, expected),
            other => panic!("{bytes:02x?}: {other:?}"),
        }
    }
}

#[test]
fn connects_that_close_the_connection() {
    let id = text("c");
    for (name, bytes) in [
        ("another packet first", packet(0xc0, &[])),
        ("no MQTT", packet(0x10, &[&text("HTTP")[..], &[4, 2, 0, 60], &id].concat())),
        ("the reserved flag", connect(4, 3, &[&id])),
        ("a password without a user", connect(4, 0x42, &[&id, &text("secret")])),
        ("bytes behind the last field", connect(4, 2, &[&id, &[1]])),
        ("a NUL in the client id", connect(4, 2, &[&text("c\0")])),
        ("a NUL in the user", connect(4, 0x82, &[&id, &text("u\0")])),
        ("a wildcard in the will's topic", connect(4, 6, &[&id, &text("a/#"), &text("")])),
        ("a will of QoS 3", connect(4, 0x1e, &[&id, &text("a"), &text("")])),
        ("will QoS without a will", connect(4, 0x0a, &[&id])),
    ] {
        let result = decode_first(&bytes);
        assert!(result.is_err(), "{name}: {result:?}");
    }
}

#[test]
fn packets_that_close_the_connection() {
    for (name, bytes) in [
        ("a second CONNECT", connect(4, 2, &[&text("c")])),
        ("an empty topic", publish(0x30, "", b"x")),
        ("a wildcard in the topic", publish(0x30, "a/+", b"x")),
        ("a NUL in the topic", publish(0x30, "a\0", b"x")),
        ("dup at QoS 0", publish(0x38, "a", b"x")),
        ("QoS 3", publish(0x36, "a", &[0, 1])),
        ("packet id 0", publish(0x32, "a", &[0, 0])),
        ("SUBSCRIBE without a filter", packet(0x82, &[0, 1])),
        ("SUBSCRIBE with wrong flags", packet(0x80, &[&[0, 1][..], &text("a"), &[1]].concat())),
        ("SUBSCRIBE of QoS 3", packet(0x82, &[&[0, 1][..], &text("a"), &[3]].concat())),
        ("UNSUBSCRIBE without a filter", packet(0xa2, &[0, 1])),
        ("PINGREQ with content", packet(0xc0, &[0])),
        ("DISCONNECT with content", packet(0xe0, &[0])),
        ("a server's CONNACK", packet(0x20, &[0, 0])),
        ("a server's SUBACK", packet(0x90, &[0, 1, 0])),
        ("a server's PINGRESP", packet(0xd0, &[])),
        ("AUTH in 3.1.1", packet(0xf0, &[])),
    ] {
        let result = decode_next(&bytes);
        assert!(result.is_err(), "{name}: {result:?}");
    }
}

#[test]
fn every_pubrec_is_answered() {
    for (version, log_in) in
        [(4, connect(4, 2, &[&text("c")])), (5, connect(5, 2, &[&[0], &text("c")]))]
    {
        let mut buffer = BytesMut::from(&log_in[..]);
        let mut wire = Wire::new();
        wire.decode(&mut buffer).expect("a good CONNECT").expect("a whole one");
        buffer.extend_from_slice(&packet(0x50, &[0, 7]));
        let Ok(Some(Received::Stray(7))) = wire.decode(&mut buffer) else { panic!("{version}") };
        let mut answer = BytesMut::new();
        wire.release(7, &mut answer);
        assert_eq!(&answer[..], [0x62, 2, 0, 7]);
    }
    let failed = decode_next_v5(&packet(0x50, &[0, 7, 0x80]));
    assert_eq!(failed, Ok(Some(Received::Nothing)));
}

/// Decodes a packet of MQTT 5 that stands behind a good CONNECT.
fn decode_next_v5(bytes: &[u8]) -> Result<Option<Received>, Violation> {
    let mut buffer = BytesMut::from(&connect(5, 2, &[&[0], &text("c")])[..]);
    let mut wire = Wire::new();
    wire.decode(&mut buffer).expect("a good CONNECT").expect("a whole one");
    buffer.extend_from_slice(bytes);
    wire.decode(&mut buffer)
}

#[test]
fn packets_of_mqtt_5_get_a_reason_code() {
    let topic = text("a");
    let publish = |properties: &[u8]| {
        let length = [u8::try_from(properties.len()).expect("few")];
        packet(0x30, &[&topic[..], &length, properties, b"x"].concat())
    };
    for (name, bytes, code) in [
        ("a topic alias", publish(&[0x23, 0, 1]), code::TOPIC_ALIAS),
        ("topic alias 0", publish(&[0x23, 0, 0]), code::TOPIC_ALIAS),
        ("a topic alias twice", publish(&[0x23, 0, 1, 0x23, 0, 1]), code::PROTOCOL),
        ("a subscription id", publish(&[0x0b, 1]), code::PROTOCOL),
        ("a wildcard in the response topic", publish(&[8, 0, 1, b'#']), code::PROTOCOL),
        ("a NUL in the content type", publish(&[3, 0, 1, 0]), code::MALFORMED),
        ("a NUL in a user property", publish(&[0x26, 0, 1, b'a', 0, 1, 0]), code::MALFORMED),
        ("an unknown property", publish(&[4, 0]), code::MALFORMED),
        ("a property cut short", publish(&[3, 0]), code::MALFORMED),
        ("a large packet", vec![0x30, 0xff, 0xff, 0xff, 0x7f], code::TOO_LARGE),
        ("AUTH", packet(0xf0, &[]), code::PROTOCOL),
        ("AUTH with wrong flags", packet(0xf1, &[]), code::PROTOCOL),
        ("AUTH with a broken property", packet(0xf0, &[0x18, 9]), code::PROTOCOL),
        ("PUBREC with wrong flags", packet(0x51, &[0, 1]), code::MALFORMED),
        ("UNSUBSCRIBE with a misplaced property", packet(0xa2, &[0, 1, 2, 1, 0]), code::MALFORMED),
        ("UNSUBSCRIBE with packet id 0", packet(0xa2, &[0, 0, 0]), code::MALFORMED),
        ("PUBACK with an unknown reason", packet(0x40, &[0, 1, 0xff]), code::PROTOCOL),
        ("an UNSUBACK", packet(0xb0, &[0, 1, 0, 0]), code::PROTOCOL),
        ("a CONNACK", packet(0x20, &[0, 0, 0]), code::PROTOCOL),
        ("a session expiry that was 0", packet(0xe0, &[0, 5, 0x11, 0, 0, 0, 1]), code::PROTOCOL),
        (
            "no-local, shared",
            packet(0x82, &[&[0, 1, 0], &text("$share/a/b")[..], &[4]].concat()),
            code::PROTOCOL,
        ),
    ] {
        let violation = decode_next_v5(&bytes).expect_err(name);
        assert_eq!(violation.code, code, "{name}: {violation:?}");
    }
}

#[test]
fn a_log_in_of_mqtt_5_is_read() {
    let properties = [0x11, 0, 0, 0, 9, 0x21, 0, 7];
    let bytes = connect(5, 0xc0, &[&[8], &properties, &text("c"), &text("k"), &text("s")]);
    let Ok(Some(Received::Connect(connect))) = decode_first(&bytes) else { panic!("refused") };
    assert_eq!((connect.clean_start, connect.session_expiry_s), (false, 9));
    assert_eq!(connect.receive_max, 7);
    let refused = |bytes: &[u8]| decode_first(bytes).expect_err("a refusal").code;
    assert_eq!(refused(&connect_v5(0, &[], "")), code::CLIENT_ID);
    assert_eq!(refused(&connect_v5(2, &[0x15, 0, 1, b'x'], "c")), code::AUTH_METHOD);
    assert_eq!(refused(&connect_v5(2, &[0x16, 0, 1, b'x'], "c")), code::PROTOCOL);
    assert_eq!(refused(&connect_v5(2, &[0x21, 0, 0], "c")), code::PROTOCOL);
}

fn connect_v5(flags: u8, properties: &[u8], client_id: &str) -> Vec<u8> {
    let length = [u8::try_from(properties.len()).expect("few")];
    connect(5, flags, &[&length, properties, &text(client_id)])
}

#[test]
fn violations_are_counted_apart() {
    let huge = decode_next(&[0x30, 0xff, 0xff, 0xff, 0x7f]).expect_err("too large");
    assert_eq!(huge.label, "too_large");
    let huge = [&[0x10, 0xff, 0xff, 0xff, 0x7f][..], &text("MQTT"), &[4, 2]].concat();
    let huge = decode_first(&huge).expect_err("too large");
    assert_eq!(huge.label, "too_large");
}

#[test]
fn filters_are_read_in_order() {
    let body = [&[0, 7][..], &text("a/#"), &[2], &text("b"), &[0]].concat();
    let filters = vec![("a/#".to_owned(), 2), ("b".to_owned(), 0)];
    let expected = Received::Subscribe { packet_id: 7, id: None, filters };
    assert_eq!(decode_next(&packet(0x82, &body)), Ok(Some(expected)));
    let body = [&[0, 7][..], &text("a#"), &[1]].concat();
    assert!(decode_next(&packet(0x82, &body)).is_err());
}

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("below a usize")
    }
}

#[test]
fn mutated_packets_end_in_an_answer_or_a_violation() {
    let text_a = text("a/b");
    let user = [0x26, 0, 1, b'k', 0, 1, b'v'];
    let seeds: Vec<Vec<u8>> = vec![
        publish(0x32, "a/b", &[0, 7, b'x']),
        packet(0x34, &[&text_a[..], &[0, 7, 7], &user, b"x"].concat()),
        packet(0x82, &[&[0, 7, 0][..], &text("$share/g/a/#"), &[1]].concat()),
        packet(0xa2, &[&[0, 7, 0][..], &text_a].concat()),
        packet(0x62, &[0, 7, 0, 7, 0x26, 0, 1, b'k', 0, 1, b'v']),
        packet(0xe0, &[0, 5, 0x11, 0, 0, 0, 1]),
        packet(0xf0, &[0x18, 0]),
        connect(
            5,
            0xc6,
            &[
                &[0],
                &text("c"),
                &[5, 0x18, 0, 0, 0, 1],
                &text_a,
                &text("w"),
                &text("u"),
                &text("p"),
            ],
        ),
        connect(4, 0xc6, &[&text("c"), &text_a, &text("w"), &text("u"), &text("p")]),
    ];
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for round in 0..60_000 {
        let mut bytes = seeds[round % seeds.len()].clone();
        for _ in 0..=numbers.below(4) {
            let at = numbers.below(bytes.len());
            match numbers.below(4) {
                0 => bytes[at] ^= 1 << numbers.below(8),
                1 => bytes[at] = u8::try_from(numbers.below(256)).expect("a byte"),
                2 => bytes.insert(at, u8::try_from(numbers.below(256)).expect("a byte")),
                _ if bytes.len() > 1 => drop(bytes.remove(at)),
                _ => {}
            }
        }
        // Neither a panic nor a loop; what comes out is somebody else's to judge.
        let _ = (decode_first(&bytes), decode_next(&bytes), decode_next_v5(&bytes));
    }
}
