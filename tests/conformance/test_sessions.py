"""Sessions: what a device finds again when it comes back, also after the platform was killed."""

import json
import threading
import time

import oci
import paho.mqtt.client as mqtt
import pytest

import packets
from data_api import DataApi
from device import WAIT_SECONDS
from server import Server
from test_commands import wait
from twins import Twins


@pytest.fixture
def own(tmp_path):
    """A platform of this test's own, because it will be killed."""
    server = Server(tmp_path).start()
    yield server
    if server.process:
        server.stop()


def client_of(server):
    config = oci.config.from_file(str(server.client / "oci_config"), "LOCAL")
    endpoint = f"https://iot.local-1.oci.localhost:{server.env['IOT_HTTPS_PORT']}"
    return oci.iot.IotClient(
        config, service_endpoint=endpoint, retry_strategy=oci.retry.NoneRetryStrategy()
    )


def test_sessions_and_commands_survive_a_kill(own, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", own.env["REQUESTS_CA_BUNDLE"])
    iot = client_of(own)
    twin = Twins(own, iot).unstructured()
    with twin.device.listen("cmd/#", clean=False, client_id="device") as device:
        assert not device.session_present

    def invoke(topic, **members):
        details = oci.iot.models.InvokeRawJsonCommandDetails(
            request_endpoint=topic, request_data={}, **members
        )
        location = iot.invoke_raw_command(twin.id, details).headers["location"]
        return location.rsplit("/", 1)[1]

    kept, late = invoke("cmd/kept"), invoke("cmd/late", request_duration="PT2S")
    own.kill()
    time.sleep(2.5)
    own.restart()
    data = DataApi(own.env)
    wait(data, late, "EXPIRED")
    assert data.item("rawCommandData", kept)["delivery_status"] == "PENDING"
    with twin.device.listen(clean=False, client_id="device") as device:
        assert device.session_present, "the session is kept"
        assert device.next().topic == "cmd/kept", "so is its subscription"
        wait(data, kept, "COMPLETED")


def test_clean_sessions_leave_nothing(twins):
    twin = twins.unstructured()
    with twin.device.listen("cmd/#", clean=False, client_id="device"):
        pass
    with twin.device.listen(clean=True, client_id="device") as device:
        assert not device.session_present
    with twin.device.listen(clean=False, client_id="device") as device:
        assert not device.session_present


def test_session_expiry_of_mqtt_5(twins):
    twin = twins.unstructured()
    settings = {"protocol": mqtt.MQTTv5, "client_id": "device"}
    with twin.device.listen("cmd/#", expiry=1, **settings):
        pass
    with twin.device.listen(expiry=1, **settings) as device:
        assert device.session_present
    time.sleep(1.5)
    with twin.device.listen(expiry=0, **settings) as device:
        assert not device.session_present, "its time was up"
    with twin.device.listen(expiry=1, **settings) as device:
        assert not device.session_present, "an expiry of 0 ends with the connection"


def raw(device, version=4, client_id=b"raw", clean=False):
    """A connection that speaks in bytes, logged in."""
    connection = packets.Connection(("127.0.0.1", int(device.env["IOT_MQTT_PORT"])))
    fields = [client_id, device.key.encode(), device.password.encode()]
    payload = b"".join(len(field).to_bytes(2, "big") + field for field in fields)
    flags = 0xC0 | (2 if clean else 0)
    properties = b"\x05\x11\xff\xff\xff\xff" if version == 5 else b""
    body = b"\x00\x04MQTT" + bytes([version, flags]) + b"\x00\x3c" + properties + payload
    connection.send(b"\x10" + packets.variable(len(body)) + body)
    answer = connection.packet()
    assert answer[0] == 0x20 and answer[3] == 0, answer
    return connection


def test_exactly_once(twins, data):
    twin = twins.unstructured()
    publish = b"\x34\x06\x00\x01a\x00\x07x"
    connection = raw(twin.device)
    connection.send(publish)
    assert connection.packet() == b"\x50\x02\x00\x07"
    connection.close()
    # It did not hear the PUBREC, so it sends again, on a new connection of its session.
    connection = raw(twin.device)
    connection.send(bytes([0x3C]) + publish[1:])
    assert connection.packet() == b"\x50\x02\x00\x07"
    for _ in range(2):
        connection.send(b"\x62\x02\x00\x07")
        assert connection.packet() == b"\x70\x02\x00\x07"
    assert len(data.rows("rawData", {"digital_twin_instance_id": twin.id})) == 1
    connection.send(publish)
    assert connection.packet() == b"\x50\x02\x00\x07"
    connection.close()
    rows = data.rows("rawData", {"digital_twin_instance_id": twin.id})
    assert len(rows) == 2, "a released packet id is free again"


@pytest.mark.parametrize("version", [4, 5])
def test_exactly_once_over_a_kill(own, monkeypatch, version):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", own.env["REQUESTS_CA_BUNDLE"])
    twin = Twins(own, client_of(own)).unstructured()
    tail = b"\x00" if version == 5 else b""

    def publish(packet_id, flags=0x34):
        body = b"\x00\x01a" + packet_id.to_bytes(2, "big") + tail + b"x"
        return bytes([flags, len(body)]) + body

    connection = raw(twin.device, version)
    for packet_id in (7, 8):
        connection.send(publish(packet_id))
        assert connection.packet()[0] == 0x50
    connection.send(b"\x62\x02\x00\x08")
    assert connection.packet()[0] == 0x70
    own.kill()
    own.restart()
    connection = raw(twin.device, version)
    connection.send(publish(7, 0x3C))
    assert connection.packet()[0] == 0x50, "known, and not stored again"
    connection.send(b"\x62\x02\x00\x07")
    assert connection.packet()[0] == 0x70
    rows = DataApi(own.env).rows("rawData", {"digital_twin_instance_id": twin.id})
    assert len(rows) == 2
    # Both packet ids were released, the second one just before the next kill.
    own.kill()
    own.restart()
    connection = raw(twin.device, version)
    for packet_id in (7, 8):
        connection.send(publish(packet_id))
        assert connection.packet()[0] == 0x50
    connection.close()
    rows = DataApi(own.env).rows("rawData", {"digital_twin_instance_id": twin.id})
    assert len(rows) == 4


@pytest.mark.parametrize("version", [4, 5])
def test_what_was_not_acknowledged_comes_again(twins, iot, data, version):
    twin = twins.unstructured()
    connection = raw(twin.device, version)
    tail = b"\x00" if version == 5 else b""
    body = b"\x00\x01" + tail + b"\x00\x03cmd\x01"
    connection.send(b"\x82" + bytes([len(body)]) + body)
    assert connection.packet()[0] == 0x90
    details = oci.iot.models.InvokeRawTextCommandDetails(
        request_endpoint="cmd", request_data="x", request_data_content_type="text/plain"
    )
    location = iot.invoke_raw_command(twin.id, details).headers["location"]
    command = location.rsplit("/", 1)[1]
    first = connection.packet()
    assert first[0] == 0x32
    connection.close()
    wait(data, command, "SENT")
    connection = raw(twin.device, version)
    again = connection.packet()
    assert again[0] == 0x3A and again[1:] == first[1:], "the same, marked as a duplicate"
    packet_id = first[7:9]
    connection.send(b"\x40\x02" + packet_id)
    wait(data, command, "COMPLETED")
    connection.close()


def test_a_device_says_no(twins, iot, data):
    twin = twins.unstructured()
    connection = raw(twin.device, 5)
    connection.send(b"\x82\x09\x00\x01\x00\x00\x03cmd\x01")
    assert connection.packet()[0] == 0x90
    details = oci.iot.models.InvokeRawTextCommandDetails(request_endpoint="cmd", request_data="x")
    location = iot.invoke_raw_command(twin.id, details).headers["location"]
    message = connection.packet()
    connection.send(b"\x40\x03" + message[7:9] + b"\x87")
    wait(data, location.rsplit("/", 1)[1], "REFUSED")
    connection.close()


def test_deleting_a_twin_cuts_its_connection(twins, iot):
    twin = twins.unstructured()
    lost = threading.Event()
    with twin.device.listen("cmd") as device:
        device.client.on_disconnect = lambda *_: lost.set()
        iot.delete_digital_twin_instance(twin.id)
        assert lost.wait(WAIT_SECONDS)


def test_deleting_the_domain_cuts_its_connections(own, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", own.env["REQUESTS_CA_BUNDLE"])
    iot = client_of(own)
    twin = Twins(own, iot).unstructured()
    lost = threading.Event()
    with twin.device.listen("cmd", clean=False, client_id="device") as device:
        device.client.on_disconnect = lambda *_: lost.set()
        iot.delete_iot_domain(own.env["IOT_DOMAIN_ID"])
        assert lost.wait(WAIT_SECONDS)


def test_a_will_waits_for_its_delay(twins, data):
    twin = twins.unstructured()
    for back_in_time, expected in [(True, 0), (False, 1)]:
        properties = mqtt.Properties(mqtt.PacketTypes.WILLMESSAGE)
        properties.WillDelayInterval = 1
        with twin.device.listen("cmd", protocol=mqtt.MQTTv5, client_id="d", expiry=60) as device:
            device.client.disconnect()
        client = twin.device.mqtt(protocol=mqtt.MQTTv5, client_id="d")
        client.will_set("state", json.dumps("lost"), qos=1, properties=properties)
        connected = threading.Event()
        client.on_connect = lambda *_: connected.set()
        settings = mqtt.Properties(mqtt.PacketTypes.CONNECT)
        settings.SessionExpiryInterval = 60
        twin.device.connect(client, clean_start=False, properties=settings)
        client.loop_start()
        assert connected.wait(WAIT_SECONDS)
        client.socket().shutdown(2)
        client.loop_stop()
        if back_in_time:
            with twin.device.listen(protocol=mqtt.MQTTv5, client_id="d", expiry=60):
                time.sleep(1.5)
        else:
            time.sleep(1.5)
        rows = data.rows("rawData", {"digital_twin_instance_id": twin.id})
        assert len(rows) == expected
