"""The verbs `send` and `command`, with the program as a user runs it."""

import json
import signal
import subprocess
import time

import pytest

from device import Device
from server import binary
from test_cli import exits, in_client

M5 = {"sht_temperature": 23.5, "qmp_temperature": 24.5, "humidity": 54.5, "pressure": 1013, "count": 1}
UNMAPPED = '{"battery":"low"}'


def new_twin(server, name):
    """A twin of the configuration, freshly created: its instance."""
    exits(0, in_client(server, "create", name))
    done = exits(0, in_client(server, "--output", "json", "query", name))
    return json.loads(done.stdout)["instance"]


@pytest.fixture
def twin_of(server):
    """Creates twins of the configuration, and deletes them."""
    names = []

    def twin_of(name):
        names.append(name)
        return new_twin(server, name)

    yield twin_of
    for name in names:
        in_client(server, "delete", name)


def rows(data, instance, collection="rawData"):
    return data.rows(collection, {"digital_twin_instance_id": instance["id"]})


def contents(data, instance):
    """Payloads in the order of their arrival."""
    ids = sorted(row["id"] for row in rows(data, instance))
    return [data.item("rawData", key)["content"] for key in ids]


def send(server, *arguments, **changes):
    return in_client(server, "send", *arguments, **changes)


@pytest.mark.parametrize("via", ["mqtt", "wss", "https"])
def test_every_protocol(server, data, twin_of, via):
    twin = twin_of("custom-adapter")
    done = exits(0, send(server, "custom-adapter", "--via", via, json.dumps(M5)))
    assert done.stdout.startswith("1 sent, 1 acknowledged"), done.stdout
    assert done.stderr == ""
    [row] = rows(data, twin)
    assert row["endpoint"] == "iot/v1/telemetry", "the envelope's reference endpoint"
    assert contents(data, twin) == [M5]
    assert rows(data, twin, "historizedData")


def test_sources(server, data, twin_of, tmp_path):
    twin = twin_of("unstructured")
    file = tmp_path / "one.bin"
    file.write_bytes(b"not\njson\n")
    lines = tmp_path / "many.ndjson"
    lines.write_text('{"n":1}\n\n{"n":2}\n{"n":3}')
    exits(0, send(server, "unstructured", file, "17"))
    exits(0, send(server, "unstructured", "--ndjson", lines, "--endpoint", "/a/b"))
    piped = subprocess.run(
        [binary(), "--data-dir", server.client, "send", "unstructured", "--qos", "0"],
        env=server.tool_env(), cwd=server.home, input=b'{"from":"stdin"}', capture_output=True,
        timeout=30,
    )
    assert piped.returncode == 0, piped.stderr
    assert b"without acknowledgement" in piped.stdout
    data.wait_rows("rawData", {"digital_twin_instance_id": twin["id"]}, 6)
    endpoints = [row["endpoint"] for row in rows(data, twin)]
    assert endpoints == ["telemetry"] * 2 + ["a/b"] * 3 + ["telemetry"]
    assert contents(data, twin)[1:] == [17, {"n": 1}, {"n": 2}, {"n": 3}, {"from": "stdin"}]


@pytest.mark.parametrize("via", ["mqtt", "wss", "https"])
def test_explain_tells_accepted_from_rejected(server, data, twin_of, via):
    twin = twin_of("custom-adapter")
    exits(0, send(server, "custom-adapter", json.dumps(M5)))
    timed = {**M5, "time": 1767225600000000, "humidity": 11.5}
    done = exits(1, send(
        server, "--output", "json", "custom-adapter", "--explain", "--via", via,
        json.dumps(M5), UNMAPPED, json.dumps(timed),
    ))
    assert "1 of 3 messages rejected" in done.stderr
    report = json.loads(done.stdout)
    assert (report["sent"], report["acknowledged"], report["via"]) == (3, 3, via)
    accepted, rejected, observed = report["messages"]
    stored = {row["id"]: row for row in rows(data, twin)}
    assert len(stored) == 4, "the message of before is another one"
    ids = [message["rawDataId"] for message in report["messages"]]
    assert ids == sorted(stored)[1:]
    for message in (accepted, observed):
        assert message["outcome"] == "accepted"
    humidity = {v["contentPath"]: v["value"] for v in accepted["values"]}["humidity"]
    assert humidity == 54.5
    values = {v["contentPath"]: v for v in observed["values"]}
    assert values["humidity"]["value"] == 11.5
    assert values["humidity"]["timeObserved"].startswith("2026-01-01T00:00:00")
    [reason] = rows(data, twin, "rejectedData")
    assert rejected["outcome"] == "rejected"
    assert (rejected["reasonCode"], rejected["reasonMessage"]) == (
        reason["reason_code"], reason["reason_message"],
    )


def test_explain_as_text(server, twin_of):
    twin_of("custom-adapter")
    good = exits(0, send(server, "custom-adapter", "--explain", json.dumps(M5), COLUMNS="80"))
    assert "accepted" in good.stdout and "humidity = 54.5" in good.stdout
    assert max(map(len, good.stdout.splitlines()[1:])) <= 80
    bad = exits(1, send(server, "custom-adapter", "--explain", UNMAPPED))
    assert "rejected" in bad.stdout and "Normalization output is empty" in bad.stdout


def test_explain_of_a_twin_without_model(server, twin_of):
    twin_of("unstructured")
    done = exits(0, send(server, "unstructured", "--explain", "1", "1"))
    assert done.stdout.count("accepted") == 2


def test_passwords(server, data, twin_of, tmp_path):
    twin = twin_of("unstructured")
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.write_text(server.env["DEVICE_PASSWORD"] + "\n")
    wrong.write_text("wrong\n")
    exits(0, send(server, "unstructured", "1", "--password-file", right, DEVICE_PASSWORD="x"))
    for via in ("mqtt", "wss", "https"):
        refused = exits(4, send(server, "unstructured", "2", "--via", via, "--password-file", wrong))
        assert "does not accept the credentials" in refused.stderr
    exits(4, send(server, "unstructured", "3", DEVICE_PASSWORD="x"))
    exits(0, send(server, "unstructured", "4", DEVICE_PASSWORD=""))
    env = {name: v for name, v in server.tool_env().items() if name not in server.env}
    local = subprocess.run(
        [binary(), f"--local={server.state_dir}", "send", "unstructured", "5"],
        env={**env, "DEVICE_PASSWORD": "another platform's"}, capture_output=True, text=True,
        timeout=30, cwd=server.home,
    )
    assert local.returncode == 0, local.stderr
    assert contents(data, twin) == [1, 4, 5]


@pytest.mark.parametrize("via", ["mqtt", "wss", "https"])
def test_a_certificate(server, data, twin_of, iot, env, via, tmp_path):
    from oci.iot import models

    twin = twin_of("unstructured")
    details = models.UpdateDigitalTwinInstanceDetails(auth_id=env["DEVICE_CERTIFICATE_ID"])
    iot.update_digital_twin_instance(twin["id"], details)
    key = twin["externalKey"]
    exits(0, in_client(server, "device-cert", "issue", "--external-key", key, "--state-dir",
                       server.state_dir, "--out", tmp_path))
    files = ("--cert", tmp_path / f"{key}.pem", "--key", tmp_path / f"{key}_key.pem")
    exits(0, send(server, "unstructured", "1", "--via", via, *files))
    assert contents(data, twin) == [1]
    exits(4, send(server, "unstructured", "2", "--via", via))


def start(server, *arguments):
    return subprocess.Popen(
        [binary(), "--data-dir", server.client, "send", *arguments], env=server.tool_env(),
        cwd=server.home, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("via", ["mqtt", "https"])
def test_rate_and_progress(server, data, twin_of, via):
    twin = twin_of("unstructured")
    process = start(server, "unstructured", "--ndjson", "--rate", "10", "--via", via)
    started = time.monotonic()
    out, err = process.communicate("".join(f"{n}\n" for n in range(26)), timeout=30)
    seconds = time.monotonic() - started
    assert process.returncode == 0, err
    assert 2.4 < seconds < 6, seconds
    assert "acknowledged" in err, "a long stream tells how far it is"
    assert out.startswith("26 sent, 26 acknowledged")
    assert contents(data, twin) == list(range(26))


@pytest.mark.parametrize("via", ["mqtt", "https"])
def test_interrupt_tells_how_many_were_acknowledged(server, data, twin_of, via):
    twin = twin_of("unstructured")
    process = start(server, "--output", "json", "unstructured", "--ndjson", "--via", via)
    process.stdin.write("1\n2\n3\n")
    process.stdin.flush()
    data.wait_rows("rawData", {"digital_twin_instance_id": twin["id"]}, 3)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    # Its stdin stays open: the end of the stream would be another way to end.
    assert process.wait(30) == 130
    out, err = process.communicate()
    assert "3 sent, 3 acknowledged" in err
    report = json.loads(out)
    assert (report["sent"], report["acknowledged"]) == (3, 3)


def test_a_stream_of_many(server, data, twin_of):
    twin = twin_of("unstructured")
    process = start(server, "unstructured", "--ndjson")
    out, err = process.communicate("".join(f"{n}\n" for n in range(2000)), timeout=60)
    assert process.returncode == 0, err
    assert out.startswith("2000 sent, 2000 acknowledged")
    assert len(rows(data, twin)) == 2000


def test_wrong_usage(server, twin_of, tmp_path):
    large = tmp_path / "large"
    large.write_bytes(b"x" * (256 * 1024 + 1))
    for arguments, words in [
        (["unstructured", "no-such-file"], "neither JSON nor a file"),
        (["unstructured", "1", "--via", "https", "--qos", "1"], "--qos is for MQTT"),
        (["unstructured", "1", "--rate", "0"], "a number above 0"),
        (["unstructured", "1", "--cert", "x"], "--key"),
        (["unstructured", "1", "--endpoint", "https://iot.example"], "topic or path"),
        (["unstructured", "1", "--endpoint", "a/#"], "is no topic"),
        (["no-such-twin", "1"], "no-such-twin"),
    ]:
        assert words in exits(2, send(server, *arguments)).stderr
    twin_of("unstructured")
    assert "at most 262144 bytes" in exits(2, send(server, "unstructured", large)).stderr


def test_the_control_plane_tells_the_host(server, data, twin_of):
    twin = twin_of("unstructured")
    other = server.env["IOT_DOMAIN_ID"][:-4] + "zzzz"
    exits(0, send(server, "unstructured", "1", "--endpoint", "a", IOT_DOMAIN_ID=other,
                  IOT_DEVICE_HOST="other." + server.env["IOT_DEVICE_HOST"].split(".", 1)[1]))
    assert contents(data, twin) == [1]


def test_nobody_there(server):
    for via in ("mqtt", "wss", "https"):
        exits(3, send(server, "unstructured", "1", "--via", via, IOT_MQTTS_PORT="1",
                      IOT_HTTPS_PORT="1"))


def test_a_twin_that_is_not_there(server):
    exits(4, send(server, "unstructured", "1"))
    missing = exits(1, send(server, "unstructured", "--explain", "1"))
    assert "does not exist" in missing.stderr


def test_command_verb(server, data, env, twin_of):
    twin = twin_of("unstructured")
    device = Device(env, twin["externalKey"])
    with device.listen("iot/v1/cmd/#", clean=False, client_id="device") as listener:
        done = exits(0, in_client(server, "command", "unstructured", "iot/v1/cmd/k1", "--json",
                                  '{"led":true}'))
        message = listener.next()
        assert (message.topic, message.payload) == ("iot/v1/cmd/k1", b'{"led":true}')
        record = data.item("rawCommandData", done.stdout.strip())
        assert record["request_data"] == {"led": True}
        done = exits(0, in_client(server, "--output", "json", "command", "unstructured",
                                  "iot/v1/cmd/k2", "--text", "reboot", "--wait"))
        assert listener.next().payload == b"reboot"
        record = json.loads(done.stdout)["rawCommandData"]
        assert (record["delivery_status"], record["request_data"]) == ("COMPLETED", "reboot")
        silent = exits(1, in_client(
            server, "command", "unstructured", "iot/v1/cmd/k3", "--text", "x", "--wait",
            "--response-endpoint", "iot/v1/rsp/k3", "--response-duration", "PT1S",
        ))
        assert "NOT_RESPONDED" in silent.stderr and "NOT_RESPONDED" in silent.stdout
    away = exits(1, in_client(server, "command", "unstructured", "other/topic", "--text", "x",
                              "--wait"))
    assert "REJECTED" in away.stderr and "no session of the device subscribes" in away.stderr
    usage = exits(2, in_client(server, "command", "unstructured", "a", "--json", "[1]"))
    assert "JSON object" in usage.stderr
