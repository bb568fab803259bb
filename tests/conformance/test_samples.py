"""What the vendor's sample programs do, one test each (their names in the docstrings)."""

import json
import shutil
import subprocess
import threading
import uuid

import oci
import paho.mqtt.client as mqtt
import pytest

from device import WAIT_SECONDS, Device
from server import binary
from test_commands import wait


def mine(twin):
    return {"digital_twin_instance_id": twin.id}


@pytest.fixture
def invoke(iot):
    """Invokes a JSON command; the id of its record."""

    def invoke(twin, endpoint, data, **members):
        details = oci.iot.models.InvokeRawJsonCommandDetails(
            request_endpoint=endpoint, request_data=data, **members
        )
        location = iot.invoke_raw_command(twin.id, details).headers["location"]
        return location.rsplit("/", 1)[1]

    return invoke


@pytest.mark.parametrize("transport", ["tcp", "websockets"])
@pytest.mark.parametrize("qos", [0, 1])
def test_python_one_shot(twins, data, transport, qos):
    """Random client id, clean session, TLS or WSS, disconnect after the PUBACK."""
    twin = twins.unstructured()
    twin.device.publish(
        "iot/v1/telemetry", b'{"a": 1}', qos=qos, client_id=uuid.uuid4().hex, transport=transport
    )
    (row,) = data.wait_rows("rawData", mine(twin), 1)
    assert row["endpoint"] == "iot/v1/telemetry"


def test_python_client(twins, data):
    """Keep-alive 60, 3.1.1, publishes right behind CONNECT, waits for each PUBACK."""
    twin = twins.default_adapter()
    client = twin.device.mqtt(client_id=twin.key)
    twin.device.connect(client)
    first = client.publish("iot/v1/telemetry", b'{"humidity": 1}', qos=1)
    client.loop_start()
    first.wait_for_publish(WAIT_SECONDS)
    for value in range(2, 5):
        message = json.dumps({"humidity": value})
        client.publish("iot/v1/telemetry", message, qos=1).wait_for_publish(WAIT_SECONDS)
    client.disconnect()
    client.loop_stop()
    values = [row["value"] for row in data.rows("historizedData", mine(twin))]
    assert values == [1, 2, 3, 4]


def test_python_command_response(twins, data, invoke):
    """3.1.1, clean session 0, `<base>/cmd/#`, publishes telemetry and `<base>/rsp/<key>`."""
    twin = twins.unstructured()

    def answer(message):
        return message.topic.replace("/cmd/", "/rsp/"), json.dumps({"status": "ok"})

    settings = {"client_id": "command-response", "clean": False, "answer": answer}
    with twin.device.listen("iot/v1/cmd/#", **settings) as device:
        device.client.publish("iot/v1/telemetry", b"{}", qos=1).wait_for_publish(WAIT_SECONDS)
        key = uuid.uuid4().hex
        command = invoke(
            twin, f"iot/v1/cmd/{key}", {"hello": "world"}, request_duration="PT10M",
            response_endpoint=f"iot/v1/rsp/{key}", response_duration="PT10M",
        )
        assert device.next().payload == b'{"hello":"world"}'
        assert wait(data, command, "COMPLETED")["response_data"] == {"status": "ok"}


@pytest.mark.parametrize("with_certificate", [False, True])
def test_esp32(twins, server, env, data, invoke, tmp_path, with_certificate):
    """Client id = external key, clean session 0, `<base>/cmd/+`, QoS 0, password or mTLS."""
    members = {"auth_id": env["DEVICE_CERTIFICATE_ID"]} if with_certificate else {}
    twin = twins.unstructured(**members)
    if with_certificate:
        subprocess.run(
            [binary(), "device-cert", "issue", "--external-key", twin.key, "--state-dir",
             server.state_dir, "--out", tmp_path],
            check=True, capture_output=True,
        )
        files = (str(tmp_path / f"{twin.key}.pem"), str(tmp_path / f"{twin.key}_key.pem"))
        twin.device = Device(env, twin.key, certificate=files)
    with twin.device.listen("iot/v1/cmd/+", client_id=twin.key, clean=False) as device:
        device.client.publish("iot/v1/telemetry", b'{"t": 1}', qos=0)
        wait(data, invoke(twin, "iot/v1/cmd/led", {"on": True}), "COMPLETED")
        assert json.loads(device.next().payload) == {"on": True}
    data.wait_rows("rawData", mine(twin), 1)


def test_file_agent(twins, data, invoke):
    """Client id = user name, the exact topic `iot/v1/file/rsp`, JSON without an answer, PT60M."""
    twin = twins.unstructured()
    settings = {"client_id": twin.key, "clean": False}
    with twin.device.listen("iot/v1/file/rsp", **settings) as device:
        device.client.publish("iot/v1/file/cmd", b'{"op": "get"}', qos=1)
        command = invoke(twin, "iot/v1/file/rsp", {"chunk": 1}, request_duration="PT60M")
        assert json.loads(device.next().payload) == {"chunk": 1}
        item = wait(data, command, "COMPLETED")
    assert (item["request_duration"], item["response_endpoint"]) == ("PT60M", None)


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_curl(twins, env, data):
    """`-u key:secret -H 'Content-Type: application/json' -d …`"""
    twin = twins.unstructured()
    address = f"{env['IOT_DEVICE_HOST']}:{env['IOT_HTTPS_PORT']}"
    done = subprocess.run(
        ["curl", "-sS", "--resolve", f"{address}:127.0.0.1", "-u",
         f"{twin.key}:{env['DEVICE_PASSWORD']}", "-H", "Content-Type: application/json", "-d",
         '{"a":1}', "--cacert", env["NODE_EXTRA_CA_CERTS"], "-w", "%{http_code}",
         f"https://{address}/telemetry"],
        capture_output=True, text=True, timeout=30,
    )
    assert done.stdout == "202", done.stderr
    assert [row["endpoint"] for row in data.rows("rawData", mine(twin))] == ["telemetry"]


@pytest.mark.skipif(not shutil.which("mosquitto_sub"), reason="mosquitto-clients is not installed")
@pytest.mark.parametrize("version", ["mqttv311", "mqttv5"])
def test_mosquitto_sub(twins, env, data, invoke, version):
    """A command taken by mosquitto_sub."""
    twin = twins.unstructured()
    process = subprocess.Popen(
        # Its lines must come one by one, or nobody sees that it is ready.
        ["stdbuf", "-oL", "mosquitto_sub", "-V", version, "-h", "localhost", "-p", env["IOT_MQTTS_PORT"], "-u",
         twin.key, "-P", env["DEVICE_PASSWORD"], "--cafile", env["NODE_EXTRA_CA_CERTS"], "-d",
         "-t", "cmd/#", "-q", "1", "-C", "1", "-F", "%t %p"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    timer = threading.Timer(WAIT_SECONDS, process.kill)
    timer.start()
    try:
        while "SUBACK" not in (line := process.stdout.readline()):
            assert line, "no SUBACK"
        wait(data, invoke(twin, "cmd/k", {"a": 1}), "COMPLETED")
        assert 'cmd/k {"a":1}\n' in process.stdout.readlines()
        assert process.wait(WAIT_SECONDS) == 0
    finally:
        timer.cancel()
        process.kill()


def test_the_workshop_sends_a_content_type(twins, data):
    """An MQTT 5 client that sets the content type."""
    twin = twins.unstructured()
    properties = mqtt.Properties(mqtt.PacketTypes.PUBLISH)
    properties.ContentType = "application/senml+json"
    client = twin.device.mqtt(protocol=mqtt.MQTTv5)
    twin.device.connect(client)
    info = client.publish("a", b"[]", qos=1, properties=properties)
    client.loop_start()
    info.wait_for_publish(WAIT_SECONDS)
    client.disconnect()
    client.loop_stop()
    [row] = data.rows("rawData", mine(twin))
    assert row["content_type"] == "application/senml+json"
