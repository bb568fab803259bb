"""Gateways: twins that send and receive for others."""

import json
import time

import oci
import pytest
from oci.iot import models

from test_commands import wait
from twins import new_key


@pytest.fixture
def family(twins, iot, server):
    """Makes gateways, and twins behind them."""

    class Family:
        @staticmethod
        def gateway(name=None, **envelope):
            """A gateway that finds its children as in `m5/<key>/telemetry`."""
            key = name or new_key()
            model = twins.create_model(key, "m5_model_custom.json")
            envelope = envelope or {
                "target": '${if endpoint(1) == "m5" then endpoint(2) else null end}',
                "time_observed": "$.time",
            }
            adapter = twins.create_adapter(
                key, model,
                inbound_envelope=models.DigitalTwinAdapterInboundEnvelope(
                    reference_endpoint="m5/x/telemetry",
                    reference_payload=models.DigitalTwinAdapterJsonPayload(
                        data={"time": "2026-01-01T00:00:00Z", "key": "x", "payload": {}}
                    ),
                    envelope_mapping=models.DigitalTwinAdapterEnvelopeMapping(**envelope),
                ),
                inbound_routes=[
                    models.DigitalTwinAdapterInboundRoute(
                        condition="*", payload_mapping={"$.system": "${.}"}
                    )
                ],
            )
            return twins.make(key, adapter, connectivity_type="GATEWAY")

        @staticmethod
        def child(*gateways, adapter="default"):
            """A twin behind these gateways."""
            key = new_key()
            made = None
            if adapter == "default":
                made = twins.create_adapter(key, twins.create_model(key, "m5_model_default.json"))
            return twins.make(
                key, made, auth_id=None, connectivity_type="INDIRECT",
                gateways=[gateway.id for gateway in gateways],
            )

    return Family


def of(twin):
    return {"digital_twin_instance_id": twin.id}


def test_a_message_for_a_child(family, data):
    gateway = family.gateway()
    child = family.child(gateway)
    payload = {"time": "2026-02-03T04:05:06.000007Z", "humidity": 51.5, "count": 3}
    gateway.device.publish(f"m5/{child.key}/telemetry", json.dumps(payload))
    for twin in (gateway, child):
        [row] = data.rows("rawData", of(twin))
        assert row["endpoint"] == f"m5/{child.key}/telemetry"
        assert data.item("rawData", row["id"])["content"] == payload
    [row] = data.rows("historizedData", of(child))
    assert (row["content_path"], row["value"]) == ("humidity", 51.5)
    assert row["time_observed"] == "2026-02-03T04:05:06.000007Z"
    assert data.rows("rejectedData", of(gateway)) == []


def test_a_message_of_its_own(family, data):
    gateway = family.gateway()
    gateway.device.post("gateway/metrics", json.dumps({"load": 1}))
    [row] = data.rows("historizedData", of(gateway))
    assert (row["content_path"], row["value"]) == ("system", {"load": 1})


def test_a_target_in_the_payload(family, data):
    gateway = family.gateway(target="$.key")
    child = family.child(gateway, adapter=None)
    gateway.device.publish("any/topic", json.dumps({"key": child.key, "payload": {"a": 1}}))
    [row] = data.rows("rawData", of(child))
    assert data.item("rawData", row["id"])["content"]["key"] == child.key


def test_targets_that_are_not_the_gateways(family, twins, data):
    gateway, other = family.gateway(), family.gateway()
    direct, elsewhere = twins.unstructured(), family.child(other)
    for key, code, words in [
        ("nobody", 404, "not found"),
        (direct.key, 403, "is not associated with this gateway"),
        (elsewhere.key, 403, "is not associated with this gateway"),
    ]:
        gateway.device.publish(f"m5/{key}/telemetry", b"{}")
        row = data.rows("rejectedData", of(gateway))[-1]
        assert (row["reason_code"], words in row["reason_message"]) == (code, True), row
        assert f"'{key}'" in row["reason_message"]
    assert len(data.rows("rawData", of(gateway))) == 3
    assert data.rows("rawData", of(direct)) == data.rows("rawData", of(elsewhere)) == []


def test_a_child_may_roam_and_does_not_log_in(family, data):
    first, second = family.gateway(), family.gateway()
    child = family.child(first, second)
    for gateway in (first, second):
        gateway.device.publish(f"m5/{child.key}/telemetry", b'{"humidity": 1}')
    assert len(data.rows("historizedData", of(child))) == 2
    assert child.device.connect_reason() == "Bad user name or password"


def test_commands_for_a_child(family, iot, data):
    """Also the vendor's Node-RED gateway: 3.1.1, a lasting session whose client id is the user,
    and one wildcard subscription for all children."""
    first, second = family.gateway(), family.gateway()
    child = family.child(first, second)

    def invoke(**members):
        details = models.InvokeRawJsonCommandDetails(
            request_endpoint=f"m5/{child.key}/cmd/k1", request_data={"a": 1}, **members
        )
        location = iot.invoke_raw_command(child.id, details).headers["location"]
        return location.rsplit("/", 1)[1]

    wait(data, invoke(), "REJECTED")
    answer = lambda message: (message.topic.replace("cmd", "rsp"), b'"done"')  # noqa: E731
    with first.device.listen("m5/+/cmd/+", answer=answer, clean=False, client_id=first.key) as one:
        command = invoke(response_endpoint=f"m5/{child.key}/rsp/k1")
        assert one.next().topic == f"m5/{child.key}/cmd/k1"
        item = wait(data, command, "COMPLETED")
        assert item["response_data"] == "done"
        assert item["digital_twin_instance_id"] == child.id
        with second.device.listen("m5/+/cmd/+") as two:
            wait(data, invoke(), "COMPLETED")
            assert two.next().topic == f"m5/{child.key}/cmd/k1", "the one most recently active"
    # Both are away; the second's session was a clean one, so the command waits for the first.
    command = invoke(request_duration="PT30S")
    wait(data, command, "PENDING")
    with first.device.listen(clean=False, client_id=first.key):
        wait(data, command, "COMPLETED")


def test_changing_the_log_in_cuts_the_connection(twins, iot):
    twin = twins.unstructured()
    with twin.device.listen("cmd") as device:
        details = models.UpdateDigitalTwinInstanceDetails(external_key=f"{twin.key}-new")
        iot.update_digital_twin_instance(twin.id, details)
        deadline = time.monotonic() + 10
        while device.client.is_connected():
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert twin.device.connect_reason() == "Bad user name or password"
    with pytest.raises(oci.exceptions.ServiceError):
        iot.delete_digital_twin_instance("ocid1.iotdigitaltwininstance.oc1..nobody")
