"""`replay` against a running platform, and what `query` says about messages that gave nothing."""

import copy
import json
import threading

import pytest

from data_api import DataApi
from device import Device
from test_cli import exits, in_client

READING = {"sht_temperature": 22.3, "qmp_temperature": 22.1, "humidity": 73.4, "pressure": 1023.4,
           "count": 2, "time": 1_767_225_600_000_000}


@pytest.fixture
def device(server):
    """The device of the sample twin with an adapter of its own."""
    created = exits(0, in_client(server, "--output", "json", "create", "custom-adapter"))
    created = json.loads(created.stdout)
    instance = next(r["id"] for r in created["resources"] if r["resource"] == "instance")
    queried = in_client(server, "--output", "json", "query", "--id", instance, "custom-adapter")
    key = json.loads(exits(0, queried).stdout)["instance"]["externalKey"]
    yield Device(server.env, key)
    exits(0, in_client(server, "delete", "custom-adapter", "--id", instance))


@pytest.fixture
def twin(device, tmp_path):
    """Three messages received; a folder for files."""
    for message in (READING, {**READING, "count": 3}, {"nothing": "known"}):
        assert device.post("iot/v1/telemetry", json.dumps(message)).status_code == 202
    return tmp_path


def replay(server, code, *arguments):
    done = exits(code, in_client(server, "--output", "json", "replay", "custom-adapter", *arguments))
    return json.loads(done.stdout)


def summary(document):
    numbers = document["summary"]
    assert numbers["changesNotListed"] == 0
    return tuple(
        numbers[name] for name in
        ("messages", "newlyAccepted", "newlyRejected", "different", "unchanged", "rejectedByBoth")
    )


def routes_file(server, folder, change):
    """The sample routes with a change, in a file."""
    routes = copy.deepcopy(server.definition("m5_adapter_routes.json"))
    change(routes)
    path = folder / "routes.json"
    path.write_text(json.dumps(routes))
    return path


def test_the_same_adapter_changes_nothing(server, twin):
    assert summary(replay(server, 0)) == (3, 0, 0, 0, 3, 1)
    assert summary(replay(server, 0, "--until", "1h")) == (0, 0, 0, 0, 0, 0)
    assert summary(replay(server, 0, "--since", "1h")) == (3, 0, 0, 0, 3, 1)


def test_values_that_differ(server, twin):
    def change(routes):
        for route in routes:
            if "$.count" in route["payloadMapping"]:
                route["payloadMapping"]["$.count"] = "${.count | if . then . + 1 else . end}"

    result = replay(server, 0, "--routes", routes_file(server, twin, change))
    assert summary(result) == (3, 0, 0, 2, 1, 1)
    differences = [change["differences"] for change in result["changes"]]
    assert differences == [
        [{"what": "count", "old": 2, "new": 3}], [{"what": "count", "old": 3, "new": 4}],
    ]
    assert {change["change"] for change in result["changes"]} == {"different"}


def test_newly_rejected_is_exit_1(server, twin):
    def change(routes):
        for route in routes:
            if "$.count" in route["payloadMapping"]:
                route["payloadMapping"]["$.count"] = "${.count + 0.5}"

    path = routes_file(server, twin, change)
    result = replay(server, 1, "--routes", path)
    assert summary(result) == (3, 0, 2, 0, 1, 1)
    assert any(d["what"] == "rejection" for d in result["changes"][0]["differences"])
    shown = exits(1, in_client(server, "replay", "custom-adapter", "--routes", path, COLUMNS="80"))
    assert "newly rejected" in shown.stdout and "2 messages would be" in shown.stderr
    assert max(map(len, shown.stdout.splitlines())) <= 80


def test_newly_accepted(server, twin):
    def change(routes):
        for route in routes:
            route["payloadMapping"]["$.count"] = "${.count // 0}"

    envelope = server.definition("m5_adapter_envelope.json")
    whole = twin / "adapter.json"
    routes = json.loads(routes_file(server, twin, change).read_text())
    whole.write_text(json.dumps({"inboundEnvelope": envelope, "inboundRoutes": routes}))
    result = replay(server, 0, "--adapter", whole)
    assert summary(result) == (3, 1, 0, 0, 2, 0)
    assert result["changes"][0]["change"] == "newlyAccepted"


def test_a_file_that_is_no_adapter(server, twin):
    path = routes_file(server, twin, lambda routes: routes[0].pop("condition"))
    done = exits(2, in_client(server, "replay", "custom-adapter", "--routes", path))
    assert "inboundRoutes[0].condition" in done.stderr


def test_query_says_what_a_message_lacks(server, twin):
    shown = exits(0, in_client(server, "query", "custom-adapter"))
    assert "Recent rejected data - 1 record(s)" in shown.stdout
    after = shown.stdout.split("Recent rejected data")[1]
    assert "matched, but the message lacks $." in after
    # The contract's text stays as it is.
    rows = json.loads(exits(0, in_client(server, "--output", "json", "query", "custom-adapter")).stdout)
    assert [r["reason_message"] for r in rows["rejectedData"]] == ["Normalization output is empty"]


def test_more_than_a_page(server, device):
    for count in range(130):
        reading = json.dumps({**READING, "count": count})
        assert device.post("iot/v1/telemetry", reading).status_code == 202
    assert summary(replay(server, 0)) == (130, 0, 0, 0, 130, 0)


def rows(server, name):
    queried = exits(0, in_client(server, "--output", "json", "query", "custom-adapter"))
    return json.loads(queried.stdout)[name]


def humidities(server):
    """All historized values, whenever they were observed."""
    q = {"digital_twin_instance_id": rows(server, "instance")["id"], "content_path": "humidity"}
    return sorted(row["value"] for row in DataApi(server.env).rows("historizedData", q))


def apply(server, *arguments):
    return in_client(server, "--output", "json", "replay", "custom-adapter", "--apply", *arguments)


def test_apply_asks_first(server, twin):
    before = rows(server, "historizedData"), rows(server, "rejectedData")
    done = exits(2, apply(server))
    assert "--yes" in done.stderr
    assert (rows(server, "historizedData"), rows(server, "rejectedData")) == before


def test_apply_rewrites_history_and_content(server, twin):
    def change(routes):
        for route in routes:
            route["payloadMapping"]["$.count"] = "${(.count // 0) + 100}"
            route["payloadMapping"]["$.humidity"] = "${.count // 0}"

    path = routes_file(server, twin, change)
    raw = rows(server, "rawData")
    done = json.loads(exits(0, apply(server, "--routes", path, "--yes")).stdout)
    assert done["rewritten"] == {"messages": 3, "normalized": 3, "rejected": 0, "leftAlone": 0}
    assert rows(server, "rawData") == raw
    assert rows(server, "rejectedData") == []
    assert humidities(server) == [0, 2, 3]
    # Content is what the last message gives; of what it lacks, the one before.
    content = rows(server, "content")
    assert (content["count"], content["humidity"]) == (100, 0)
    assert content["pressure"] == READING["pressure"]
    # With the adapter that the twin has, everything is as it was.
    done = json.loads(exits(0, apply(server, "--yes", "--adapter", present(server, twin))).stdout)
    assert done["rewritten"]["rejected"] == 1
    assert rows(server, "content")["count"] == 3


def present(server, folder):
    path = folder / "present.json"
    path.write_text(json.dumps({
        "inboundEnvelope": server.definition("m5_adapter_envelope.json"),
        "inboundRoutes": server.definition("m5_adapter_routes.json"),
    }))
    return path


def test_apply_in_a_range_of_time(server, twin):
    path = routes_file(server, twin, lambda routes: [
        route["payloadMapping"].pop("$.count", None) for route in routes])
    historized = len(rows(server, "historizedData"))
    done = json.loads(exits(0, apply(server, "--yes", "--routes", path, "--until", "1h")).stdout)
    assert done["rewritten"]["messages"] == 0
    assert len(rows(server, "historizedData")) == historized


def test_apply_while_messages_arrive(server, device, tmp_path):
    """Every message ends as exactly one outcome, whichever adapter it went through."""
    stop = threading.Event()
    sent = []

    def send():
        while not stop.is_set():
            reading = json.dumps({**READING, "humidity": len(sent)})
            if device.post("iot/v1/telemetry", reading).status_code == 202:
                sent.append(1)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        for _ in range(3):
            exits(0, apply(server, "--yes"))
    finally:
        stop.set()
        sender.join()
    assert humidities(server) == list(range(len(sent)))
