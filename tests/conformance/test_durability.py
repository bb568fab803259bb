"""What was acknowledged survives the death of the process, with its one outcome."""

import collections
import json
import string
import subprocess
import threading
import time

import pytest
import yaml

from data_api import DataApi
from device import Device, WAIT_SECONDS
from server import Server, binary

CLIENTS = 4
WINDOW = 50
MESSAGES_MAX = 20_000
LOAD_SECONDS = 2.0
ROUNDS = 2


@pytest.fixture
def own(tmp_path):
    """A platform of this test's own, because it will be killed."""
    server = Server(tmp_path).start()
    yield server
    if server.process:
        server.stop()


class Sender:
    """Publishes numbered messages as fast as they are acknowledged; never sends one twice.

    A message that is sent again may rightly end as two rows (at least once), which is why these
    clients do not connect again.
    """

    def __init__(self, device, number, start):
        self.start = start
        # Message ids are 16 bits and do not repeat within MESSAGES_MAX.
        self.sent = {}
        self.acknowledged_mids = []
        self.stopped = threading.Event()
        self.client = device.mqtt(client_id=f"sender-{number}")
        self.client.on_disconnect = lambda *_: self.stopped.set()
        self.client.on_publish = lambda _client, _userdata, mid, *_: (
            self.acknowledged_mids.append(mid)
        )
        self.client.max_inflight_messages_set(WINDOW)
        device.connect(self.client)
        self.client.loop_start()
        self.load = threading.Thread(target=self._load, daemon=True)
        self.load.start()

    def _load(self):
        for sequence in range(self.start, self.start + MESSAGES_MAX):
            while len(self.sent) - len(self.acknowledged_mids) >= WINDOW:
                if self.stopped.wait(0.0005):
                    return
            # `humidity` is historized, `count` is not: one row and one value per message.
            payload = json.dumps({"humidity": sequence, "count": sequence})
            info = self.client.publish(f"load/{sequence}", payload, qos=1)
            self.sent[info.mid] = sequence

    def end(self):
        """The numbers acknowledged, and those sent without an answer."""
        self.stopped.set()
        self.load.join(WAIT_SECONDS)
        self.client.loop_stop()
        acknowledged = {self.sent[mid] for mid in self.acknowledged_mids}
        return acknowledged, set(self.sent.values()) - acknowledged


def load_until_killed(server, device, round_number):
    """Numbers acknowledged, and numbers sent without an answer, before the kill."""
    senders = [
        Sender(device, number, (round_number * CLIENTS + number) * MESSAGES_MAX)
        for number in range(CLIENTS)
    ]
    time.sleep(LOAD_SECONDS)
    server.kill()
    ends = [sender.end() for sender in senders]
    return set().union(*(end[0] for end in ends)), set().union(*(end[1] for end in ends))


def test_acknowledged_messages_survive_kill_9(own):
    created = subprocess.run(
        [binary(), "--data-dir", own.client, "create", "default-adapter"],
        env=own.tool_env(), capture_output=True, text=True, timeout=60,
    )
    assert created.returncode == 0, created.stderr
    device = Device(own.env, external_key(own, "default-adapter"))
    acknowledged, pending = set(), set()
    for round_number in range(ROUNDS):
        done, open_ = load_until_killed(own, device, round_number)
        assert len(done) > 100, "the load is too small to show anything"
        acknowledged |= done
        pending |= open_
        own.restart()

    data = DataApi(own.env)
    raw = data.rows("rawData", {"endpoint": {"$like": "load/%"}})
    counts = collections.Counter(int(row["endpoint"].split("/")[1]) for row in raw)
    print(f"{len(acknowledged)} acknowledged, {len(pending)} open, {len(raw)} rows")
    assert not [n for n in acknowledged if counts[n] != 1], "acknowledged once, kept once"
    assert set(counts) <= acknowledged | pending, "nothing that nobody sent"
    assert max(counts.values()) == 1

    historized = data.rows("historizedData", {"content_path": "humidity"})
    values = collections.Counter(int(row["value"]) for row in historized)
    assert values == counts, "each message has exactly its one outcome"
    assert data.rows("rejectedData") == []
    [last] = data.page("rawData", {"$orderby": {"id": "desc"}}, limit=1)["items"]
    sequence = int(last["endpoint"].split("/")[1])
    assert data.item("rawData", last["id"])["content"]["count"] == sequence


def external_key(server, twin):
    """The key of a twin in the configuration that `serve` wrote."""
    config = yaml.safe_load((server.client / "iot_config.yaml").read_text())
    key = config["digital_twins"][twin]["external_key"]
    return string.Template(key).safe_substitute(config["environ"])


def test_a_second_platform_on_the_same_state_is_refused(own):
    done = subprocess.run(
        [
            binary(), "serve", "--state-dir", own.state_dir, "--https-port", "0",
            "--mqtts-port", "0",
        ],
        capture_output=True, text=True, timeout=30,
    )
    assert done.returncode == 1
    assert done.stderr.strip()
    assert not done.stdout.startswith("ready")


def test_what_was_made_at_first_start_stays(own):
    before = {path.name: path.read_bytes() for path in own.client.iterdir()}
    own.stop()
    own.restart()
    after = {path.name: path.read_bytes() for path in own.client.iterdir()}
    assert before == after
