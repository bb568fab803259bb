"""Raw commands: invoked with the unmodified SDK, taken by paho, read through the data API."""

import json
import time

import oci
import paho.mqtt.client as mqtt
import pytest
from oci.iot import models

from device import WAIT_SECONDS

TERMINAL = {"COMPLETED", "REFUSED", "EXPIRED", "NOT_RESPONDED", "REJECTED", "BAD_RESPONSE"}


@pytest.fixture
def twin(twins):
    return twins.unstructured()


@pytest.fixture
def invoke(iot, data):
    """Invokes a command; its id, taken from the location."""

    def invoke(twin, endpoint, payload=None, kind="Json", **members):
        details = getattr(models, f"InvokeRaw{kind}CommandDetails")(
            request_endpoint=endpoint, request_data=payload, **members
        )
        response = iot.invoke_raw_command(twin.id, details)
        assert response.status == 202
        assert response.data is None
        return response.headers["location"].rsplit("/", 1)[1]

    return invoke


def wait(data, command, *statuses, seconds=WAIT_SECONDS):
    """The record once it has one of the statuses."""
    deadline = time.monotonic() + seconds
    while True:
        item = data.item("rawCommandData", command)
        if item["delivery_status"] in statuses:
            return item
        settled = item["delivery_status"] in TERMINAL
        assert not settled and time.monotonic() < deadline, item
        time.sleep(0.05)


@pytest.mark.parametrize("protocol", [mqtt.MQTTv311, mqtt.MQTTv5])
def test_a_command_without_answer(twin, data, invoke, protocol):
    with twin.device.listen("iot/v1/cmd/#", protocol=protocol) as device:
        command = invoke(twin, "iot/v1/cmd/k1", {"hello": "world"})
        message = device.next()
        assert (message.topic, message.payload) == ("iot/v1/cmd/k1", b'{"hello":"world"}')
        assert (message.qos, message.retain) == (1, False)
        if protocol == mqtt.MQTTv5:
            assert message.properties.ContentType == "application/json"
        item = wait(data, command, "COMPLETED")
    assert item["request_data"] == {"hello": "world"}
    assert item["request_duration"] == "PT10M"
    assert item["response_endpoint"] is None and item["response_data"] is None
    assert item["time_finished"] is not None
    [row] = data.rows("rawCommandData", {"digital_twin_instance_id": twin.id})
    assert row["id"] == command and "request_data" not in row


@pytest.mark.parametrize("kind, sent, expected", [
    ("Text", "grüße", "grüße".encode()),
    ("Binary", "AAEC/w==", b"\x00\x01\x02\xff"),
    ("Json", None, b""),
])
def test_formats(twin, data, invoke, kind, sent, expected):
    with twin.device.listen("cmd") as device:
        command = invoke(twin, "cmd", sent, kind)
        assert device.next().payload == expected
        item = wait(data, command, "COMPLETED")
    assert item["request_data_format"] == kind.upper()
    assert item["request_data"] == (sent if sent else item["request_data"])


def test_a_command_with_answer(twin, data, invoke):
    def answer(message):
        return message.topic.replace("cmd", "rsp"), b'{"done": true}'

    with twin.device.listen("iot/v1/cmd/#", answer=answer, clean=False) as device:
        command = invoke(
            twin, "iot/v1/cmd/k1", {"a": 1}, response_endpoint="iot/v1/rsp/k1",
            request_duration="PT30S", response_duration="PT01M",
        )
        device.next()
        item = wait(data, command, "COMPLETED")
    assert item["response_data"] == {"done": True}
    assert item["response_data_format"] == "JSON"
    # The answer is raw data too.
    [row] = data.rows("rawData", {"digital_twin_instance_id": twin.id})
    assert row["endpoint"] == "iot/v1/rsp/k1"


def test_an_answer_is_no_telemetry(twins, data, invoke):
    twin = twins.default_adapter()
    with twin.device.listen("cmd", answer=lambda _: ("rsp", b'{"nothing": "mapped"}')) as device:
        command = invoke(twin, "cmd", {"a": 1}, response_endpoint="rsp")
        device.next()
        wait(data, command, "COMPLETED")
    assert data.rows("rejectedData", {"digital_twin_instance_id": twin.id}) == []
    twin.device.publish("rsp", b'{"nothing": "mapped"}')
    assert len(data.rows("rejectedData", {"digital_twin_instance_id": twin.id})) == 1


def test_nobody_listens(twin, data, invoke):
    assert wait(data, invoke(twin, "cmd", {}), "REJECTED")["time_finished"]
    with twin.device.listen("other/#"):
        wait(data, invoke(twin, "cmd", {}), "REJECTED")


@pytest.mark.parametrize("settings", [
    {"clean": False}, {"protocol": mqtt.MQTTv5, "expiry": 3600},
])
def test_a_device_that_is_away(twin, data, invoke, settings):
    settings["client_id"] = "device"
    with twin.device.listen("cmd/#", **settings) as device:
        assert not device.session_present
    commands = [invoke(twin, f"cmd/{n}", {"n": n}) for n in range(12)]
    wait(data, commands[0], "PENDING")
    with twin.device.listen(**settings) as device:
        assert device.session_present
        topics = [device.next().topic for _ in commands]
        assert topics == [f"cmd/{n}" for n in range(12)], "in the order of their creation"
        for command in commands:
            wait(data, command, "COMPLETED")


def test_times_run_out(twin, data, invoke):
    with twin.device.listen("cmd/#", clean=False, client_id="device"):
        pass
    away = invoke(twin, "cmd/away", {}, request_duration="PT1S")
    wait(data, away, "EXPIRED")
    with twin.device.listen("cmd/#", clean=False, client_id="device") as device:
        silent = invoke(twin, "cmd/x", {}, response_endpoint="rsp/x", response_duration="PT1S")
        assert device.next().topic == "cmd/x", "what is expired is not delivered"
        wait(data, silent, "NOT_RESPONDED")


def test_a_command_that_the_device_refuses(twin, data, invoke):
    client = twin.device.mqtt(protocol=mqtt.MQTTv5)
    client.manual_ack_set(True)
    # paho has no way to say no, so a packet as large as it will not take stands for it.
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties

    properties = Properties(PacketTypes.CONNECT)
    properties.MaximumPacketSize = 200
    with twin.device.listen("cmd", protocol=mqtt.MQTTv5) as device:
        device.client.disconnect()
        device.client.loop_stop()
        device._ready.clear()
        device.client.connect(
            device.device.host, int(device.device.env["IOT_MQTTS_PORT"]), properties=properties
        )
        device.client.loop_start()
        assert device._ready.wait(WAIT_SECONDS)
        wait(data, invoke(twin, "cmd", {"long": "x" * 500}), "REFUSED")
        wait(data, invoke(twin, "cmd", {}), "COMPLETED")


def test_an_answer_that_cannot_be_kept(twin, data, invoke):
    properties = mqtt.Properties(mqtt.PacketTypes.PUBLISH)
    properties.ContentType = "application/json"
    with twin.device.listen("cmd", protocol=mqtt.MQTTv5) as device:
        command = invoke(twin, "cmd", {}, response_endpoint="rsp")
        device.next()
        wait(data, command, "SENT")
        device.client.publish("rsp", b"{broken", qos=1, properties=properties)
        wait(data, command, "BAD_RESPONSE")


@pytest.mark.parametrize("members, words", [
    ({"request_duration": "PT0S"}, "requestDuration"),
    ({"response_duration": "1 hour"}, "responseDuration"),
    ({"request_endpoint": "cmd/#"}, "requestEndpoint"),
    ({"response_endpoint": ""}, "responseEndpoint"),
    ({"request_data": {"x": "y" * 262_144}}, "requestData"),
])
def test_commands_that_cannot_be(twin, iot, data, members, words):
    details = {"request_endpoint": "cmd", "request_data": {}, **members}
    with pytest.raises(oci.exceptions.ServiceError) as refused:
        iot.invoke_raw_command(twin.id, models.InvokeRawJsonCommandDetails(**details))
    assert (refused.value.status, refused.value.code) == (400, "InvalidParameter")
    assert words in refused.value.message
    assert data.rows("rawCommandData", {"digital_twin_instance_id": twin.id}) == []


def test_a_deleted_twin(twin, iot, data, invoke):
    with twin.device.listen("cmd", clean=False):
        pass
    command = invoke(twin, "cmd", {})
    wait(data, command, "PENDING")
    iot.delete_digital_twin_instance(twin.id)
    wait(data, command, "REJECTED")
    with pytest.raises(oci.exceptions.ServiceError) as refused:
        invoke(twin, "cmd", {})
    assert refused.value.status == 404


def test_the_filters_of_the_samples(twin, invoke, data):
    for filter, topic in [
        ("iot/v1/cmd/#", "iot/v1/cmd/k"), ("iot/v1/cmd/+", "iot/v1/cmd/k"),
        ("m5/+/cmd/+", "m5/m5-01/cmd/k1"), ("iot/v1/file/rsp", "iot/v1/file/rsp"),
        ("endpoints/#", "/endpoints/a"), ("/endpoints/#", "endpoints/a"),
    ]:
        with twin.device.listen(filter) as device:
            invoke(twin, topic, {"f": filter})
            message = device.next()
            assert (message.topic, json.loads(message.payload)) == (topic, {"f": filter})
