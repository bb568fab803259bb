"""`watch`, `content` and `diff` as programs, beside a platform that comes and goes."""

import json
import os
import pty
import queue
import signal
import subprocess
import threading
import time

import pytest

from data_api import DataApi
from device import Device
from server import Server, binary
from test_cli import exits, in_client
from test_durability import external_key

WAIT_SECONDS = 30


@pytest.fixture
def own(tmp_path):
    """A platform of this test's own with the sample twin that has a default adapter."""
    server = Server(tmp_path).start()
    exits(0, in_client(server, "create", "default-adapter"))
    yield server
    if server.process:
        server.stop()


def device_of(server):
    return Device(server.env, external_key(server, "default-adapter"))


def post(device, **members):
    assert device.post("telemetry", json.dumps(members)).status_code == 202


class Watch:
    """`manage-dt watch` with its lines as they come."""

    def __init__(self, server, *arguments):
        self.process = subprocess.Popen(
            [binary(), "-v", "--data-dir", server.client, "watch", "default-adapter", *arguments],
            env=server.tool_env(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        self.events, self.said = queue.Queue(), []
        self.begun = threading.Event()
        threading.Thread(target=self._out, daemon=True).start()
        self.errors = threading.Thread(target=self._err, daemon=True)
        self.errors.start()

    def _out(self):
        for line in self.process.stdout:
            self.events.put(json.loads(line))

    def _err(self):
        for line in self.process.stderr:
            self.said.append(line)
            if "Watching from" in line or "no stream of events" in line:
                self.begun.set()

    def ready(self):
        assert self.begun.wait(WAIT_SECONDS), "".join(self.said)
        return self

    def take(self, count):
        return [self.events.get(timeout=WAIT_SECONDS) for _ in range(count)]

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)
        status = self.process.wait(WAIT_SECONDS)
        self.errors.join(WAIT_SECONDS)
        return status

    def __enter__(self):
        return self.ready()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def test_watch_goes_on_over_kill_9_without_loss_or_repeat(own):
    device = device_of(own)
    with Watch(own, "--kind", "raw") as watch:
        for number in range(5):
            post(device, count=number)
        got = watch.take(5)
        own.kill()
        own.restart()
        for number in range(5, 10):
            post(device, count=number)
        got += watch.take(5)
        assert [event["data"]["content"]["count"] for event in got] == list(range(10))
        assert {event["digitalTwin"] for event in got} == {"default-adapter"}
        assert watch.interrupt() == 130
        assert any("connection is lost" in line for line in watch.said)
        assert not any(line.startswith("error:") for line in watch.said)
    # Where it ended another one goes on.
    with Watch(own, "--kind", "raw", "--after", got[3]["position"]) as again:
        assert again.take(6) == got[4:]


def test_watch_polls_where_there_is_no_stream(own):
    device = device_of(own)
    exits(0, in_client(own, "query", "default-adapter"))
    # The short form of the data API's address has no stream, as the cloud has none.
    cache = own.client / "data_access.json"
    access = json.loads(cache.read_text())
    access["iot_data_endpoint"] = access["iot_data_endpoint"].removesuffix("/20250531")
    cache.write_text(json.dumps(access))
    post(device, humidity=1.5, count=0)
    with Watch(own) as watch:
        time.sleep(1)
        post(device, humidity=2.5, count=1)
        post(device, nothing=1)
        events = watch.take(4)
        kinds = [event["kind"] for event in events]
        assert sorted(kinds) == ["normalized", "raw", "raw", "rejected"]
        by_kind = {event["kind"]: event["data"] for event in events}
        assert by_kind["normalized"]["value"] == 2.5
        assert by_kind["normalized"].keys() == {
            "digitalTwinInstanceId", "contentPath", "value", "timeObserved"
        }
        assert by_kind["rejected"]["content"] == {"nothing": 1}
        assert watch.interrupt() == 130
    with Watch(own, "--since", "1h", "--kind", "normalized") as since:
        assert [event["data"]["value"] for event in since.take(2)] == [1.5, 2.5]
    # Time travel is rebuilt: what is not historized is known as of its last value only.
    past = in_client(own, "--output", "json", "content", "default-adapter", "--at", "2h")
    past = json.loads(exits(0, past).stdout)
    assert past["rebuilt"] is True and past["content"] == {}
    assert past["unknown"] == ["count", "humidity"]


def test_watch_in_a_terminal(own):
    device = device_of(own)
    for humidity in (1.5, 2.5, 9):
        post(device, humidity=humidity)
    post(device, nothing="\x1b[2J")
    main, side = pty.openpty()
    process = subprocess.Popen(
        [binary(), "--data-dir", own.client, "watch", "default-adapter", "--since", "1h"],
        env=own.tool_env(COLUMNS="80"), stdin=side, stdout=side, stderr=side,
    )
    os.close(side)
    shown = b""
    deadline = time.monotonic() + WAIT_SECONDS
    while b"rejected" not in shown and time.monotonic() < deadline:
        shown += os.read(main, 4096)
    process.send_signal(signal.SIGINT)
    assert process.wait(WAIT_SECONDS) == 130
    text = shown.decode()
    assert "▁▂█" in text, text
    assert "500 Normalization output" in text
    assert "\x1b[2J" not in text
    os.close(main)


def test_watch_ends_when_nobody_reads(own):
    post(device_of(own), count=1)
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [binary(), "--data-dir", own.client, "watch", "default-adapter", "--since", "1h"],
        env=own.tool_env(), stdout=writing,
    )
    os.close(writing)
    assert os.read(reading, 100).startswith(b'{"kind":"raw"')
    os.close(reading)
    assert process.wait(WAIT_SECONDS) == 0


def test_wrong_usage_of_watch(own):
    for arguments, part in [
        (["nobody"], "nobody"),
        (["default-adapter", "--since", "yesterday"], "how long ago"),
        (["default-adapter", "--kind", "news"], "news"),
        (["default-adapter", "--since", "1h", "--after", "r1"], "--after"),
    ]:
        done = exits(2, in_client(own, "watch", *arguments))
        assert part in done.stderr, done.stderr
    done = exits(1, in_client(own, "watch", "default-adapter", "--after", "nonsense"))
    assert "position" in done.stderr
    done = exits(1, in_client(own, "watch", "custom-adapter"))
    assert "create custom-adapter" in done.stderr


def content(server, *arguments):
    done = in_client(server, "--output", "json", "content", "default-adapter", *arguments)
    return json.loads(exits(0, done).stdout)


@pytest.fixture
def three_hours(own):
    """Values of three hours of a day long gone by: what is not historized among them."""
    device = device_of(own)
    for hour, humidity in enumerate([10.5, 20.5, 30.5]):
        micros = 1_767_225_600_000_000 + hour * 3_600_000_000
        members = {"humidity": humidity, "count": hour, "time": micros}
        post(device, **members, **({"pressure": 1000} if hour == 2 else {}))
    return own


def test_content_as_of_an_instant(three_hours):
    past = content(three_hours, "--at", "2026-01-01T01:30:00Z")
    assert past["content"] == {"humidity": 20.5, "count": 1}
    assert past["timeObserved"]["humidity"] == "2026-01-01T01:00:00.000000Z"
    assert past["unknown"] == ["pressure"] and past["rebuilt"] is False
    assert content(three_hours)["content"] == {"humidity": 30.5, "count": 2, "pressure": 1000}
    # Through the data API alone the same, but for what is not historized.
    cache = three_hours.client / "data_access.json"
    access = json.loads(cache.read_text())
    access["iot_data_endpoint"] = access["iot_data_endpoint"].removesuffix("/20250531")
    cache.write_text(json.dumps(access))
    rebuilt = content(three_hours, "--at", "2026-01-01T01:30:00Z")
    assert rebuilt["content"] == {"humidity": 20.5}
    assert rebuilt["unknown"] == ["count", "pressure"] and rebuilt["rebuilt"] is True
    assert content(three_hours)["content"] == {"humidity": 30.5, "count": 2, "pressure": 1000}


def test_differences_between_two_instants(three_hours):
    done = in_client(
        three_hours, "--output", "json", "diff", "default-adapter",
        "--from", "2026-01-01T00:30:00Z", "--to", "2026-01-01T02:30:00Z",
    )
    found = json.loads(exits(0, done).stdout)
    changes = {change["contentPath"]: change for change in found["changes"]}
    assert changes["humidity"]["from"]["value"] == 10.5
    assert changes["humidity"]["to"]["value"] == 30.5
    assert changes["humidity"]["difference"] == 20.0
    assert changes["pressure"]["from"] is None
    assert found["unknown"] == {"from": ["pressure"], "to": []}
    done = in_client(three_hours, "diff", "default-adapter", "--from", "2026-01-01T00:30:00Z")
    assert "+20" in exits(0, done).stdout
    done = in_client(
        three_hours, "diff", "default-adapter", "--from", "1h", "--to", "2h",
    )
    assert "exchange them" in exits(2, done).stderr


def test_paging_under_concurrent_writes_misses_and_repeats_nothing(own):
    device, data = device_of(own), DataApi(own.env)
    for number in range(60):
        post(device, count=number)
    stopped = threading.Event()

    def write():
        number = 60
        while not stopped.is_set():
            post(device, count=number)
            number += 1

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        seen = []
        while len(seen) < 200:
            # As clients do: by count, in the order of ids, which is the default.
            page = data.page("rawData", limit=7, offset=len(seen))
            seen += [row["id"] for row in page["items"]]
    finally:
        stopped.set()
        for writer in writers:
            writer.join()
    assert seen == list(range(1, len(seen) + 1))


def test_the_request_of_the_sample_byte_for_byte(own):
    """The sample encodes `q` as JSON with blanks and as a form: a blank travels as `+`."""
    device, data = device_of(own), DataApi(own.env)
    post(device, humidity=1.5)
    twin = data.rows("rawData")[0]["digital_twin_instance_id"]
    q = (
        "%7B%22%24and%22%3A+%5B%7B%22digital_twin_instance_id%22%3A+%22" + twin
        + "%22%7D%2C+%7B%22time_observed%22%3A+%7B%22%24gte%22%3A+%7B%22%24date%22%3A+"
        "%222026-01-01T00%3A00%3A00.000001Z%22%7D%7D%7D%5D%2C+"
        "%22%24orderby%22%3A+%7B%22id%22%3A+%22desc%22%7D%7D"
    )
    url = f"{own.env['IOT_DATA_ENDPOINT']}/historizedData?q={q}&limit=100&offset=0"
    page = data.request("GET", url).json()
    assert [row["value"] for row in page["items"]] == [1.5]
    assert (page["limit"], page["offset"], page["count"]) == (100, 0, 1)
    spaces = data.request("GET", url.replace("+", "%20")).json()
    assert spaces["items"] == page["items"]
