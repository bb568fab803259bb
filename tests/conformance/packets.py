"""Packet cases as others write them: a socket, bytes out, bytes back.

The form of the files stands in the folder they come from; `load` reads it.
"""

import fnmatch
import json
import re
import socket
import time

WAIT_SECONDS = 10
PINGREQ, PINGRESP = b"\xc0\x00", b"\xd0\x00"
DISCONNECT, CONNACK = 0xE0, 0x20


def load(folder):
    """Every case of every file of the folder."""
    for path in sorted(folder.glob("*.json")):
        for group in json.loads(path.read_text()):
            for test in group["tests"]:
                if group.get("disable") or test.get("disable"):
                    continue
                settings = {"ver": 4, "connect": True, "expect_disconnect": True}
                settings.update({key: group[key] for key in settings if key in group})
                settings.update({key: test[key] for key in settings if key in test})
                yield Case(path.name, group["group"], test["name"], test["msgs"], settings)


class Case:
    """One case."""

    def __init__(self, file, group, name, messages, settings):
        self.file, self.group, self.name, self.messages = file, group, name, messages
        self.version = settings["ver"]
        self.connect = settings["connect"]
        self.closes = settings["expect_disconnect"]
        self.id = f"{file}/{' '.join(group.split())}/{name}"

    def exception(self, exceptions):
        """The entry of the list that this case falls under, if any."""
        for entry in exceptions:
            places = ((entry.get("file", "*"), self.file), (entry.get("group", "*"), self.group),
                      (entry.get("test", "*"), self.name))
            if not all(matches(pattern, text) for pattern, text in places):
                continue
            received = [m["payload"] for m in self.messages if m["type"] == "recv"]
            if "recv" in entry and not any(matches(entry["recv"], text) for text in received):
                continue
            return entry
        return None


def matches(pattern, text):
    """Like a shell's file name; square brackets are themselves, runs of blanks are one."""
    text, pattern = " ".join(text.split()), " ".join(pattern.split())
    return fnmatch.fnmatchcase(text, pattern.replace("[", "[[]"))


def encode(payload):
    """Words of a case to bytes."""
    out = b""
    for word in re.findall(r"'[^']*'|\S+", payload):
        kind, rest = word[0], word[1:]
        if kind == "'":
            out += word[1:-1].encode()
        elif kind == "i":
            out += int(rest).to_bytes(1, "big")
        elif kind in "Hkms":
            out += int(rest).to_bytes(2, "big")
        elif kind == "L":
            out += int(rest).to_bytes(4, "big")
        elif kind in "vr":
            out += variable(int(rest))
        else:
            out += bytes.fromhex(word)
    return out


def variable(value):
    """A variable byte integer, also one that is too large for it."""
    out = b""
    while True:
        value, low = divmod(value, 128)
        out += bytes([low | (0x80 if value else 0)])
        if not value:
            return out


class Connection:
    """A socket that speaks in packets."""

    def __init__(self, address):
        self.socket = socket.create_connection(address, WAIT_SECONDS)
        self.buffer = b""

    def send(self, data):
        """Sends; a server that has closed already is seen when its answer is read."""
        try:
            self.socket.sendall(data)
        except OSError:
            pass

    def packet(self):
        """The next packet, or None at the end of the stream."""
        while True:
            length, shift = 0, 0
            for index, byte in enumerate(self.buffer[1:5], 2):
                length |= (byte & 0x7F) << shift
                shift += 7
                if byte < 0x80:
                    if len(self.buffer) >= index + length:
                        whole = self.buffer[: index + length]
                        self.buffer = self.buffer[index + length :]
                        return whole
                    break
            try:
                data = self.socket.recv(4096)
            except ConnectionResetError:
                return None
            if not data:
                return None
            self.buffer += data

    def close(self):
        self.socket.close()


def log_in(connection, version, key, password):
    """The CONNECT of a real device; the answer must be yes."""
    fields = [f"packets-{time.monotonic_ns():x}".encode(), key.encode(), password.encode()]
    payload = b"".join(len(field).to_bytes(2, "big") + field for field in fields)
    properties = b"\x00" if version == 5 else b""
    body = b"\x00\x04MQTT" + bytes([version, 0xC2]) + b"\x00\x3c" + properties + payload
    connection.send(b"\x10" + variable(len(body)) + body)
    answer = connection.packet()
    assert answer and answer[0] == CONNACK and answer[3] == 0, answer


def same(expected, actual, version):
    """Byte for byte, but a reason string of ours may follow a reason code of MQTT 5, and a
    success may stand there in its short form."""
    if actual == expected:
        return True
    if actual is None or version != 5 or actual[0] != expected[0]:
        return False
    if expected[0] == DISCONNECT and len(expected) > 2:
        return len(actual) > 2 and actual[2] == expected[2]
    return expected[0] in (0x40, 0x50, 0x70) and short(actual) == short(expected)


def short(packet):
    """An acknowledgement without a success that goes without saying."""
    body = packet[2:]
    return packet[:1] + (body[:2] if body[2:] in (b"", b"\x00", b"\x00\x00") else body[:3])


def run(case, address, key, password):
    """Runs a case; the text of what went wrong, or None."""
    connection = Connection(address)
    try:
        if case.connect:
            log_in(connection, case.version, key, password)
        for message in case.messages:
            data = encode(message["payload"])
            if message["type"] == "send":
                connection.send(data)
                continue
            answer = connection.packet()
            if not same(data, answer, case.version):
                return f"expected {data.hex(' ')}, received {answer.hex(' ') if answer else 'the end'}"
        return check_end(case, connection)
    except socket.timeout:
        return "no answer"
    finally:
        connection.close()


def check_end(case, connection):
    """Closed, after a DISCONNECT or a refusal perhaps; or still answering."""
    if not case.closes:
        connection.send(PINGREQ)
        answer = connection.packet()
        return None if answer == PINGRESP else f"no PINGRESP but {answer}"
    while (answer := connection.packet()) is not None:
        if answer[0] == DISCONNECT and case.version == 5:
            continue
        if answer[0] == CONNACK and not case.connect and answer[3] != 0:
            continue
        return f"still answers: {answer.hex(' ')}"
    return None
