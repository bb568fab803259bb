"""MQTT over WebSocket, on the port of HTTPS."""

import json
import os
import socket
import ssl
import subprocess
from pathlib import Path

import oci
import paho.mqtt.client as mqtt
import pytest

from device import WAIT_SECONDS

NODE_CLIENT = r"""
const dns = require('dns')
// The system's resolver may not know the device host.
dns.lookup = (name, options, done) => options.all
  ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4)
const mqtt = require(process.env.MQTT_MODULE)
const [url, key, password, version] = process.argv.slice(2)
const client = mqtt.connect(url, {
  username: key, password, protocolVersion: Number(version), clean: false, clientId: 'node',
  properties: Number(version) === 5 ? { sessionExpiryInterval: 60 } : undefined,
  reconnectPeriod: 0,
})
client.on('error', error => { console.error(error); process.exit(1) })
client.on('connect', async () => {
  await client.subscribeAsync('cmd/#', { qos: 1 })
  await client.publishAsync('telemetry', '{"from":"node"}', { qos: 2 })
  console.log('ready')
})
client.on('message', async (topic, payload) => {
  await client.publishAsync(topic.replace('cmd', 'rsp'), payload, { qos: 1 })
  await client.endAsync()
  process.exit(0)
})
"""


@pytest.fixture
def twin(twins):
    return twins.unstructured()


def mine(twin):
    return {"digital_twin_instance_id": twin.id}


@pytest.mark.parametrize("protocol", [mqtt.MQTTv311, mqtt.MQTTv5])
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_one_shot(twin, data, protocol, qos):
    settings = {"transport": "websockets", "protocol": protocol}
    client = twin.device.mqtt(**settings)
    client.ws_set_options(path="/mqtt")
    twin.device.connect(client)
    info = client.publish("iot/v1/telemetry", b'{"a":1}' * 1000, qos=qos)
    client.loop_start()
    info.wait_for_publish(WAIT_SECONDS)
    client.disconnect()
    client.loop_stop()
    (row,) = data.wait_rows("rawData", mine(twin), 1)
    assert row["endpoint"] == "iot/v1/telemetry"


def test_a_command(twin, iot, data):
    with twin.device.listen("cmd/#", transport="websockets") as device:
        details = oci.iot.models.InvokeRawJsonCommandDetails(
            request_endpoint="cmd/k", request_data={"x": "y" * 200_000}
        )
        iot.invoke_raw_command(twin.id, details)
        assert len(json.loads(device.next().payload)["x"]) == 200_000


def test_wrong_password(twin, env):
    from device import Device

    stranger = Device(env, twin.key, "wrong")
    assert stranger.connect_reason(transport="websockets") == "Bad user name or password"


def handshake(env, path="/mqtt", **changes):
    """The first line of the answer to a handshake, and the socket."""
    headers = {
        "Host": env["IOT_DEVICE_HOST"], "Upgrade": "websocket", "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol": "mqtt",
    }
    headers.update({name.replace("_", "-"): value for name, value in changes.items()})
    lines = [f"{name}: {value}" for name, value in headers.items() if value]
    context = ssl.create_default_context(cafile=env["NODE_EXTRA_CA_CERTS"])
    raw = socket.create_connection(("127.0.0.1", int(env["IOT_HTTPS_PORT"])), WAIT_SECONDS)
    stream = context.wrap_socket(raw, server_hostname=env["IOT_DEVICE_HOST"])
    stream.sendall("\r\n".join([f"GET {path} HTTP/1.1", *lines, "", ""]).encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        part = stream.recv(4096)
        assert part, answer
        answer += part
    return answer.decode(), stream


def test_the_handshake(env):
    answer, stream = handshake(env)
    assert answer.startswith("HTTP/1.1 101")
    assert "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in answer.lower().replace(
        "s3pplmbitxaq9kygzzhzrbk+xoo=", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    )
    assert "sec-websocket-protocol: mqtt" in answer.lower()
    # A text message (masked with zeros) ends the connection.
    stream.sendall(b"\x81\x84\0\0\0\0text")
    stream.settimeout(WAIT_SECONDS)
    while stream.recv(4096):
        pass
    for changes, status in [
        ({"Sec_WebSocket_Version": "8"}, 426), ({"Sec_WebSocket_Key": "short"}, 400),
        ({"Sec_WebSocket_Protocol": "chat"}, 400), ({"Sec_WebSocket_Protocol": None}, 400),
        ({"Upgrade": None}, 405),
    ]:
        answer, _ = handshake(env, **changes)
        assert answer.startswith(f"HTTP/1.1 {status}"), (changes, answer)
    answer, _ = handshake(env, path="/other")
    assert answer.startswith("HTTP/1.1 405"), "only /mqtt is a WebSocket"


@pytest.fixture(scope="session")
def node_mqtt():
    """The folder of the npm package `mqtt`, which scripts/test installs."""
    folder = os.environ.get("MANAGE_DT_TEST_NODE")
    if not folder:
        pytest.skip("MANAGE_DT_TEST_NODE is not set: scripts/test installs the package")
    return Path(folder, "node_modules", "mqtt")


@pytest.mark.parametrize("version", [4, 5])
def test_npm_mqtt(twin, iot, data, env, node_mqtt, version, tmp_path):
    script = Path(tmp_path, "client.js")
    script.write_text(NODE_CLIENT)
    url = f"wss://{env['IOT_DEVICE_HOST']}:{env['IOT_HTTPS_PORT']}/mqtt"
    process = subprocess.Popen(
        ["node", script, url, twin.key, env["DEVICE_PASSWORD"], str(version)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "MQTT_MODULE": str(node_mqtt)},
    )
    try:
        assert process.stdout.readline() == "ready\n", process.stderr.read()
        details = oci.iot.models.InvokeRawJsonCommandDetails(
            request_endpoint="cmd/k", request_data={"a": 1}, response_endpoint="rsp/k"
        )
        location = iot.invoke_raw_command(twin.id, details).headers["location"]
        assert process.wait(WAIT_SECONDS) == 0, process.stderr.read()
    finally:
        process.kill()
    item = data.item("rawCommandData", location.rsplit("/", 1)[1])
    assert item["delivery_status"] == "COMPLETED" and item["response_data"] == {"a": 1}
    endpoints = {row["endpoint"] for row in data.rows("rawData", mine(twin))}
    assert endpoints == {"telemetry", "rsp/k"}
