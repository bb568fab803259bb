"""What a device sees: log-in, endpoints, limits, and what becomes of its bytes."""

import base64
import json
import shutil
import socket
import subprocess
import threading
import time

import paho.mqtt.client as mqtt
import pytest
import requests

from device import Device, WAIT_SECONDS

PAYLOAD_BYTES_MAX = 262_144
BYTES = bytes(range(256))


@pytest.fixture
def twin(twins):
    return twins.unstructured()


def mine(twin):
    return {"digital_twin_instance_id": twin.id}


@pytest.mark.parametrize("protocol", [mqtt.MQTTv311, mqtt.MQTTv5])
def test_log_in_over_mqtt(twin, env, protocol):
    assert twin.device.connect_reason(protocol=protocol) == "Success"
    # One answer, so that nobody learns which half was wrong.
    for device in (Device(env, twin.key, "wrong"), Device(env, "nobody", "wrong")):
        assert device.connect_reason(protocol=protocol) == "Bad user name or password"


def test_log_in_over_https(twin, env):
    for device in (Device(env, twin.key, "wrong"), Device(env, "nobody", "wrong")):
        response = device.post("a", b"x")
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == 'Basic realm="iot"'
    assert twin.device.post("a", b"x", auth=None).status_code == 401


def test_nothing_of_a_refused_device_is_kept(twin, env, data):
    stranger = Device(env, twin.key, "wrong")
    client = stranger.mqtt()
    closed = threading.Event()
    client.on_disconnect = lambda *_: closed.set()
    stranger.connect(client)
    client.publish("a/b", b"behind CONNECT", qos=1)
    client.loop_start()
    try:
        assert closed.wait(WAIT_SECONDS)
    finally:
        client.loop_stop()
    assert data.rows("rawData", mine(twin)) == []


def test_https_paths_and_methods(twin, env):
    device = twin.device
    assert device.post("", b"x").status_code == 404
    for method in ("GET", "PUT", "DELETE"):
        response = requests.request(
            method, device.url("a/b"), auth=(device.key, device.password),
            verify=env["SSL_CERT_FILE"], timeout=30,
        )
        assert response.status_code == 405, method
        assert response.headers["allow"] == "POST"


def test_endpoints_are_kept_without_one_leading_slash(twin, data):
    twin.device.publish("/iot/v1/telemetry", b"1")
    twin.device.publish("plant/a//b", b"2")
    assert twin.device.post("iot/v1/a%20b?x=1", b"3").status_code == 202
    rows = data.rows("rawData", {**mine(twin), "$orderby": {"id": "asc"}})
    assert [row["endpoint"] for row in rows] == ["iot/v1/telemetry", "plant/a//b", "iot/v1/a b"]


def test_a_payload_may_be_256_kib_over_https(twin, data):
    assert twin.device.post("a", b"x" * PAYLOAD_BYTES_MAX, "text/plain").status_code == 202
    assert twin.device.post("a", b"x" * (PAYLOAD_BYTES_MAX + 1), "text/plain").status_code == 413
    [row] = data.rows("rawData", mine(twin))
    assert len(data.item("rawData", row["id"])["content"]) == PAYLOAD_BYTES_MAX


def test_a_payload_may_be_256_kib_over_mqtt(twin, data):
    twin.device.publish("a", b"x" * PAYLOAD_BYTES_MAX)
    client = twin.device.mqtt()
    closed = threading.Event()
    client.on_disconnect = lambda *_: closed.set()
    twin.device.connect(client)
    info = client.publish("a", b"x" * (PAYLOAD_BYTES_MAX + 1), qos=1)
    client.loop_start()
    try:
        assert closed.wait(WAIT_SECONDS), "the connection must be closed"
        assert not info.is_published()
    finally:
        client.loop_stop()
    assert len(data.rows("rawData", mine(twin))) == 1


def test_what_is_not_json_is_rejected_for_a_structured_twin(twins, data):
    twin = twins.custom_adapter()
    assert twin.device.post("iot/v1/telemetry", b"{broken").status_code == 202
    twin.device.publish("iot/v1/telemetry", BYTES)
    rejected = data.rows("rejectedData", {**mine(twin), "$orderby": {"id": 1}})
    raw = data.rows("rawData", {**mine(twin), "$orderby": {"id": 1}})
    assert [row["reason_code"] for row in rejected] == [400, 400]
    assert all(row["reason_message"] for row in rejected)
    received = [row["time_received"] for row in raw]
    assert received == [row["time_received"] for row in rejected]
    content = data.item("rejectedData", rejected[1]["id"])["content"]
    assert base64.b64decode(content) == BYTES
    assert data.rows("historizedData", mine(twin)) == []


def test_unstructured_payloads_are_kept_to_the_byte(twin, data):
    text = "21.5 °C, \"quoted\"\n"
    document = '{"b":1,"a":[1.50,12345678901234567890],"c":null}'
    twin.device.publish("bytes", BYTES)
    twin.device.publish("json", document)
    for content_type, payload in (
        ("application/octet-stream", BYTES),
        ("text/plain; charset=utf-8", text.encode()),
        ("application/json", document),
        ("application/json", "{broken"),
    ):
        assert twin.device.post("posted", payload, content_type).status_code == 202
    rows = data.rows("rawData", {**mine(twin), "$orderby": {"id": 1}})
    items = [data.item("rawData", row["id"]) for row in rows]
    assert [row["content_type"] for row in rows[:3]] == [
        None, "application/json", "application/octet-stream",
    ]
    assert base64.b64decode(items[0]["content"]) == BYTES
    assert items[1]["content"] == json.loads(document)
    assert base64.b64decode(items[2]["content"]) == BYTES
    assert items[3]["content"] == text
    assert items[4]["content"] == json.loads(document)
    assert base64.b64decode(items[5]["content"]) == b"{broken"
    exact = data.get(f"rawData/{rows[1]['id']}").text
    assert "1.50" in exact and "12345678901234567890" in exact, "numbers stay as they were sent"


def test_many_connections_of_one_twin(twin, data):
    clients = [twin.device.mqtt() for _ in range(5)]
    infos = []
    for number, client in enumerate(clients):
        twin.device.connect(client)
        client.loop_start()
        infos.append(client.publish("a", str(number), qos=1))
    try:
        for info in infos:
            info.wait_for_publish(WAIT_SECONDS)
            assert info.is_published()
    finally:
        for client in clients:
            client.disconnect()
            client.loop_stop()
    assert len(data.rows("rawData", mine(twin))) == len(clients)


def test_devices_cannot_see_each_other(twin, twins):
    other = twins.unstructured()
    heard = []
    client = other.device.mqtt()
    client.on_message = lambda _client, _userdata, message: heard.append(message.topic)
    granted = threading.Event()
    client.on_subscribe = lambda *_: granted.set()
    other.device.connect(client)
    client.loop_start()
    try:
        client.subscribe("#", qos=1)
        assert granted.wait(WAIT_SECONDS)
        twin.device.publish("a/b", b"secret")
        other.device.publish("a/b", b"own")
        assert heard == []
    finally:
        client.disconnect()
        client.loop_stop()


@pytest.mark.skipif(not shutil.which("mosquitto_pub"), reason="mosquitto-clients is not installed")
@pytest.mark.parametrize("version", ["mqttv311", "mqttv5"])
def test_mosquitto(twin, env, data, version):
    # The program asks the system's resolver, which may not know the device host.
    done = subprocess.run(
        [
            "mosquitto_pub", "-V", version, "-h", "localhost", "-p", env["IOT_MQTTS_PORT"],
            "--cafile", env["NODE_EXTRA_CA_CERTS"], "-u", twin.key, "-P", env["DEVICE_PASSWORD"],
            "-t", "iot/v1/telemetry", "-m", '{"from":"mosquitto"}', "-q", "1",
        ],
        capture_output=True, text=True, timeout=30,
    )
    assert done.returncode == 0, done.stderr
    [row] = data.rows("rawData", mine(twin))
    assert data.item("rawData", row["id"])["content"] == {"from": "mosquitto"}


@pytest.mark.skipif(not shutil.which("mosquitto_pub"), reason="mosquitto-clients is not installed")
def test_mosquitto_without_tls(twin, env, data):
    done = subprocess.run(
        [
            "mosquitto_pub", "-h", "127.0.0.1", "-p", env["IOT_MQTT_PORT"], "-u", twin.key,
            "-P", env["DEVICE_PASSWORD"], "-t", "a", "-m", "plain", "-q", "1",
        ],
        capture_output=True, text=True, timeout=30,
    )
    assert done.returncode == 0, done.stderr
    assert len(data.rows("rawData", mine(twin))) == 1


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_curl(twin, env, data):
    address = f"{env['IOT_DEVICE_HOST']}:{env['IOT_HTTPS_PORT']}"
    done = subprocess.run(
        [
            "curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}",
            "--cacert", env["NODE_EXTRA_CA_CERTS"], "--resolve", f"{address}:127.0.0.1",
            "-u", f"{twin.key}:{env['DEVICE_PASSWORD']}", "-H", "Content-Type: application/json",
            "-d", '{"from":"curl"}', f"https://{address}/iot/v1/telemetry",
        ],
        capture_output=True, text=True, timeout=30,
    )
    assert (done.returncode, done.stdout) == (0, "202"), done.stderr
    [row] = data.rows("rawData", mine(twin))
    assert row["endpoint"] == "iot/v1/telemetry"


def test_a_newer_connection_takes_its_client_id_over(twin):
    lost = threading.Event()
    older = twin.device.mqtt(client_id="the-one")
    older.on_disconnect = lambda *_: lost.set()
    twin.device.connect(older)
    older.loop_start()
    try:
        deadline = time.monotonic() + WAIT_SECONDS
        while not older.is_connected():
            assert time.monotonic() < deadline, "no CONNACK"
            time.sleep(0.01)
        assert twin.device.connect_reason(client_id="another") == "Success"
        assert not lost.is_set()
        assert twin.device.connect_reason(client_id="the-one") == "Success"
        assert lost.wait(WAIT_SECONDS), "two connections with one client id"
    finally:
        older.loop_stop()


def test_a_will_is_published_when_the_connection_is_lost(twin, data):
    client = twin.device.mqtt()
    client.will_set("state", b"lost", qos=1)
    connected = threading.Event()
    client.on_connect = lambda *_: connected.set()
    twin.device.connect(client)
    client.loop_start()
    try:
        assert connected.wait(WAIT_SECONDS), "no CONNACK"
        # No DISCONNECT: the socket simply goes.
        client.socket().shutdown(socket.SHUT_RDWR)
        (row,) = data.wait_rows("rawData", mine(twin), 1)
        assert row["endpoint"] == "state"
    finally:
        client.loop_stop()


def test_an_adapter_that_never_ends_costs_nobody_else(twins, twin, data):
    slow = twins.with_route({"$.humidity": "${[range(1000000000)] | length}"})
    client = slow.device.mqtt()
    slow.device.connect(client)
    infos = [client.publish("a", b"{}", qos=1) for _ in range(100)]
    client.loop_start()
    try:
        for number in range(10):
            twin.device.publish("a", str(number))
        waiting = [info for info in infos if not info.is_published()]
        assert waiting, "the quiet device waited for the slow adapter"
        for info in infos:
            info.wait_for_publish(WAIT_SECONDS)
    finally:
        client.disconnect()
        client.loop_stop()
    rows = data.wait_rows("rejectedData", mine(slow), len(infos))
    assert {row["reason_code"] for row in rows} == {400}
