"""`simulate`: a fleet against a real platform."""

import json
import signal
import subprocess
import time

import pytest

from data_api import DataApi
from server import Server, binary
from test_cli import exits, in_client


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    """A platform of its own: fleets are counted in whole collections."""
    server = Server(tmp_path_factory.mktemp("fleet"), ("--allow-control",)).start()
    yield server
    server.stop()


@pytest.fixture
def simulate(platform):
    """Runs the verb; the platform is empty again afterwards."""

    def simulate(*arguments, **changes):
        arguments = [str(argument) for argument in arguments]
        return in_client(platform, "--output", "json", "simulate", *arguments, **changes)

    yield simulate
    exits(0, in_client(platform, "emulate", "reset"))


def told(done):
    return json.loads(done.stdout)


@pytest.mark.parametrize("twin", ["unstructured", "default-adapter", "custom-adapter"])
@pytest.mark.parametrize("via", ["mqtt", "wss", "https"])
def test_every_protocol_and_adapter(platform, simulate, twin, via):
    run = ("--create", "--via", via, "-n", 8, "--rate", 5, "--duration", "2s")
    summary = told(exits(0, simulate(twin, *run)))
    assert 72 <= summary["sent"] <= 88, summary
    assert summary["sent"] == summary["acknowledged"] == summary["accepted"]
    assert summary["rejected"] == 0 and summary["failures"] == {}
    rows = DataApi(platform.env).rows("rawData")
    assert len(rows) == summary["sent"]
    assert len({row["digital_twin_instance_id"] for row in rows}) == 8


def test_faults_are_told_as_the_platform_saw_them(platform, simulate):
    shares = {"late": 0.2, "duplicate": 0.2, "malformed": 0.1, "out-of-range": 0.1, "reconnect": 0.1}
    faults = [f"--fault={name}={share}" for name, share in shares.items()]
    run = ("--create", "-n", 20, "--rate", 10, "--duration", "3s", "--fault=storm=1")
    summary = told(exits(0, simulate("custom-adapter", *run, *faults)))
    made = summary["faults"]
    messages = summary["sent"] - made["duplicate"]
    for name, share in shares.items():
        assert 0.5 * share < made[name] / messages < 1.7 * share, (name, made)
    data = DataApi(platform.env)
    rejected = data.rows("rejectedData")
    assert len(rejected) == summary["rejected"] == sum(summary["reasons"].values()) > 0
    assert any("not valid JSON" in reason for reason in summary["reasons"])
    assert len(data.rows("rawData")) == summary["acknowledged"] == summary["sent"]
    # Every storm of the two whole seconds connects all 20 anew.
    assert made["storm"] in (2, 3) and summary["connections"] > 20 + 40 + made["reconnect"] * 0.5
    observed = [row["time_observed"] for row in data.rows("historizedData")]
    assert min(observed) < max(observed)


def test_more_devices_than_connections_take_turns(platform, simulate):
    run = ("--create", "-n", 60, "--connections", 5, "--duration", "2s")
    summary = told(exits(0, simulate("unstructured", *run)))
    assert summary["sent"] == summary["acknowledged"] >= 110
    rows = DataApi(platform.env).rows("rawData")
    assert len({row["digital_twin_instance_id"] for row in rows}) == 60


def test_what_a_run_created_it_deletes(platform, simulate):
    exits(0, in_client(platform, "create", "custom-adapter"))
    run = ("-n", 30, "--keys", "robot-{}", "--create", "--delete", "--duration", "1s")
    assert told(exits(0, simulate("custom-adapter", *run)))["sent"] > 0
    done = simulate("custom-adapter", "-n", 30, "--keys", "robot-{}", "--duration", "1s")
    assert "30 of 30 digital twins do not exist: 'robot-1'" in exits(1, done).stderr
    assert "--create" in done.stderr
    exits(0, in_client(platform, "show", "custom-adapter"))


def test_an_interrupt_ends_with_the_summary_and_cleans_up(platform, simulate):
    command = [
        binary(), "--data-dir", platform.client, "--output", "json", "simulate", "unstructured",
        "-n", "20", "--keys", "robot-{}", "--create", "--delete", "--rate", "20",
    ]
    process = subprocess.Popen(
        [str(word) for word in command], env=platform.tool_env(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    data, deadline = DataApi(platform.env), time.monotonic() + 20
    while not data.rows("rawData") and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130 and "interrupted" in err, err
    summary = json.loads(out)
    assert summary["acknowledged"] > 0
    assert summary["sent"] - summary["acknowledged"] <= 20, "at most one under way for each"
    done = simulate("unstructured", "-n", 20, "--keys", "robot-{}", "--duration", "1s")
    assert "20 of 20" in exits(1, done).stderr


def test_a_platform_that_goes_is_told(tmp_path):
    server = Server(tmp_path).start()
    try:
        exits(0, in_client(server, "create", "unstructured"))
        command = [
            binary(), "--data-dir", server.client, "--output", "json", "simulate", "unstructured",
            "--rate", "50", "--duration", "4s",
        ]
        process = subprocess.Popen(
            [str(word) for word in command], env=server.tool_env(), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        time.sleep(1)
        server.kill()
        time.sleep(1)
        server.restart()
        out, err = process.communicate(timeout=60)
        summary = json.loads(out)
        assert summary["failures"], summary
        assert summary["connections"] >= 2, "it came back"
        assert len(DataApi(server.env).rows("rawData")) >= summary["acknowledged"]
    finally:
        server.stop()


def test_the_same_seed_makes_the_same_messages(platform, simulate):
    def payloads(seed):
        run = ("-n", 3, "--dry-run", "--duration", "5s", "--seed", seed, "--fault=duplicate=0.2")
        lines = exits(0, simulate("custom-adapter", *run)).stdout.splitlines()
        return [{**json.loads(line), "time": 0} for line in lines]

    assert payloads(1) == payloads(1) != payloads(2)
    assert len(payloads(1)) >= 15


def test_what_cannot_be_is_told(platform, simulate, tmp_path):
    def refused(*arguments):
        return exits(2, simulate(*arguments)).stderr

    assert "are for connections that stay" in refused(
        "custom-adapter", "--via", "https", "--fault", "storm=1"
    )
    assert "out-of-range" in refused("custom-adapter", "--fault", "nonsense=1")
    assert "{}" in refused("custom-adapter", "--keys", "a")
    assert "100000" in refused("custom-adapter", "-n", "100001")
    (tmp_path / "bad.json").write_text('{"battery": "low"}')
    assert "does not accept" in refused("custom-adapter", "--payload", tmp_path / "bad.json")
    assert "is for twins with a model" in refused("unstructured", "--payload", tmp_path / "bad.json")
    assert "unknown digital twin" in refused("nothing")
    exits(0, in_client(platform, "create", "unstructured"))
    wrong = tmp_path / "password"
    wrong.write_text("wrong")
    done = exits(4, simulate("unstructured", "--duration", "1s", "--password-file", wrong))
    assert done.stdout.strip() in ("", "{}") and "credentials" in done.stderr
