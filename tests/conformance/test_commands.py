"""Raw commands: from the control plane to a device, and its answer back."""

import threading
import time

import pytest
from oci.iot import models

from device import WAIT_SECONDS

FAILURES = {"REFUSED", "EXPIRED", "NOT_RESPONDED", "REJECTED", "BAD_RESPONSE"}


@pytest.fixture
def twin(twins):
    return twins.unstructured()


def invoke(iot, twin, **details):
    """Sends a JSON command; the answer promises nothing but that it was taken."""
    command = models.InvokeRawJsonCommandDetails(
        request_endpoint="iot/v1/cmd/k1", request_data={"hello": "world"}, **details
    )
    answer = iot.invoke_raw_command(twin.id, command)
    assert answer.status == 202
    assert answer.headers["location"]
    return answer


def finished(data, twin):
    """The record of the twin's only command once it has ended."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        rows = data.rows("rawCommandData", {"digital_twin_instance_id": twin.id})
        if rows and rows[0]["delivery_status"] in FAILURES | {"COMPLETED"}:
            [row] = rows
            assert row["time_finished"]
            return row
        assert time.monotonic() < deadline, rows
        time.sleep(0.1)


def listen(twin, on_message):
    """A device with a persistent session that subscribes as the sample does."""
    client = twin.device.mqtt(client_id=twin.key, clean=False)
    granted = threading.Event()
    client.on_subscribe = lambda *_: granted.set()
    client.on_message = on_message
    twin.device.connect(client)
    client.loop_start()
    client.subscribe("iot/v1/cmd/#", qos=1)
    assert granted.wait(WAIT_SECONDS)
    return client


def leave(client):
    client.disconnect()
    client.loop_stop()


def test_a_command_with_a_response(iot, twin, data):
    heard = []

    def on_message(client, _userdata, message):
        heard.append((message.topic, message.payload, message.qos, message.retain))
        client.publish("iot/v1/rsp/k1", '{"done":true}', qos=1)

    client = listen(twin, on_message)
    try:
        invoke(
            iot, twin, request_duration="PT1M", response_endpoint="iot/v1/rsp/k1",
            response_duration="PT1M",
        )
        row = finished(data, twin)
    finally:
        leave(client)
    assert heard == [("iot/v1/cmd/k1", b'{"hello":"world"}', 1, False)]
    assert row["delivery_status"] == "COMPLETED"
    assert "request_data" not in row and "response_data" not in row
    item = data.item("rawCommandData", row["id"])
    assert item["request_data"] == {"hello": "world"}
    assert item["response_data"] == {"done": True}
    assert item["request_data_format"] == "JSON"


def test_a_command_waits_for_an_absent_device(iot, twin, data):
    leave(listen(twin, lambda *_: None))
    invoke(iot, twin, request_duration="PT1M")
    arrived = threading.Event()
    client = listen(twin, lambda *_: arrived.set())
    try:
        assert arrived.wait(WAIT_SECONDS)
        assert finished(data, twin)["delivery_status"] == "COMPLETED"
    finally:
        leave(client)


def test_a_command_without_a_subscription_is_rejected(iot, twin, data):
    invoke(iot, twin)
    assert finished(data, twin)["delivery_status"] == "REJECTED"


def test_a_command_without_an_answer_in_time(iot, twin, data):
    client = listen(twin, lambda *_: None)
    try:
        invoke(
            iot, twin, request_duration="PT10S", response_endpoint="iot/v1/rsp/k1",
            response_duration="PT1S",
        )
        assert finished(data, twin)["delivery_status"] == "NOT_RESPONDED"
    finally:
        leave(client)
