"""`emulate`: a platform around a command, its states and its clock, with real clients."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
import requests

from data_api import DataApi, token
from device import WAIT_SECONDS, Device
from server import ROOT, Server, binary
from test_cli import exits, in_client
from test_send import M5

SEED = """\
environ: {key: pump}
digital_twins:
  raw: {device_name: "${key}-raw", external_key: "${key}-raw"}
  pump:
    device_name: ${key}-01
    external_key: ${key}-01
    model_name: dtmi:com:example:pump;1
    model_dtdl: models/pump.json
    adapter_name: ${key}-adapter
"""


@pytest.fixture
def emulate(tmp_path):
    """Runs the verb; its temporary directories are below `tmp_path`."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(temporary),
        # Of another platform: the command must not see it.
        "OCI_CLI_ENDPOINT": "https://other.example", "OCI_CLI_AUTH": "instance_principal",
    }

    def emulate(*arguments, start=False, **settings):
        settings = {"text": True, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings}
        command = [str(argument) for argument in (binary(), "emulate", *arguments)]
        process = subprocess.Popen(command, env=environment, cwd=tmp_path, **settings)
        if start:
            return process
        out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    yield emulate
    assert list(temporary.iterdir()) == [], "something was left behind"


@pytest.mark.parametrize(
    "command, code",
    [
        (["true"], 0),
        (["sh", "-c", "exit 7"], 7),
        (["sh", "-c", "kill -TERM $$"], 143),
        (["no-such-command"], 127),
        (["/"], 126),
    ],
)
def test_exit_codes_are_the_commands(emulate, command, code):
    done = exits(code, emulate("--", *command))
    assert done.stdout == ""
    assert ("error: cannot run" in done.stderr) == (code in (126, 127))


def test_a_command_is_wanted(emulate):
    assert "COMMAND" in exits(2, emulate()).stderr
    assert "--allow-control" in exits(2, emulate("reset")).stderr


def test_the_command_has_the_environment_of_env_sh(emulate):
    script = (
        "import os, json; print(json.dumps({**os.environ, "
        "'same': open(os.environ['OCI_CLI_CONFIG_FILE']).read()}))"
    )
    env = json.loads(exits(0, emulate("--", sys.executable, "-c", script)).stdout)
    assert "LOCAL" in env["same"]
    assert env["IOT_DOMAIN_ID"].startswith("ocid1.iotdomain.")
    assert "OCI_CLI_ENDPOINT" not in env and "OCI_CLI_AUTH" not in env
    assert not [name for name in env if name.startswith("MANAGE_DT_EMULATION")]


def test_streams_are_the_commands(emulate):
    process = emulate("--", "cat", start=True, stdin=subprocess.PIPE)
    out, err = process.communicate("through\n", timeout=30)
    assert (process.returncode, out, err) == (0, "through\n", "")


@pytest.mark.parametrize("number, code", [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_signals_reach_the_command(emulate, number, code):
    process = emulate("--", "sh", "-c", "echo $$; exec sleep 60", start=True)
    child = int(process.stdout.readline())
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == code
    assert not os.path.exists(f"/proc/{child}"), "the command outlived its platform"


def test_a_command_that_cleans_up_says_how_it_ends(emulate):
    process = emulate(
        "--", "sh", "-c", "trap 'echo cleaned; exit 5' TERM; echo up; while :; do sleep 0.1; done",
        start=True,
    )
    assert process.stdout.readline() == "up\n"
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=30)
    assert (process.returncode, out) == (5, "cleaned\n")


def test_on_a_terminal_the_command_gets_one_interrupt(emulate):
    import pty

    controller, terminal = pty.openpty()

    def lead():
        os.setsid()
        os.close(os.open(os.ttyname(terminal), os.O_RDWR))

    # Counts its interrupts until it is told to stop.
    script = (
        "import signal, time; n = []; signal.signal(signal.SIGINT, lambda *_: n.append(1)); "
        "print('up', flush=True); end = time.time() + 1.5\n"
        "while time.time() < end: time.sleep(0.05)\n"
        "print(len(n), flush=True)"
    )
    process = emulate(
        "--", sys.executable, "-c", script, start=True, stdin=terminal, preexec_fn=lead
    )
    assert process.stdout.readline() == "up\n"
    os.write(controller, b"\x03")
    out, err = process.communicate(timeout=30)
    os.close(controller), os.close(terminal)
    assert (process.returncode, out) == (0, "1\n"), err


def test_a_seed_is_there_before_the_command(emulate, tmp_path):
    models = tmp_path / "seed" / "models"
    models.mkdir(parents=True)
    (models / "pump.json").write_text((ROOT / "data/m5_model_default.json").read_text())
    (tmp_path / "seed/twins.yaml").write_text(SEED)
    script = f"""
        set -e
        {binary()} send pump '{json.dumps(M5)}' --explain >&2
        {binary()} send raw '"hello"' >&2
        {binary()} --output json list
    """
    done = exits(0, emulate("--seed", "seed/twins.yaml", "--", "sh", "-c", script))
    states = {twin["name"]: twin["state"] for twin in json.loads(done.stdout)["digitalTwins"]}
    assert states == {"raw": "exists", "pump": "exists"}


@pytest.mark.parametrize(
    "text, told",
    [
        ("digital_twins: {}", "no `digital_twins`"),
        ("digital_twins: {a: {device_name: a}}", "external_key"),
        ("digital_twins: {a: {device_name: a, external_key: a, model_dtdl: no.json}}", "no.json"),
        ("digital_twins: [", "line 1"),
    ],
)
def test_a_seed_that_cannot_be_says_why(emulate, tmp_path, text, told):
    (tmp_path / "seed.yaml").write_text(text)
    done = exits(2, emulate("--seed", "seed.yaml", "--", "echo", "ran"))
    assert done.stdout == "" and told in done.stderr, done.stderr


def test_a_state_directory_is_kept_and_goes_on(emulate, tmp_path):
    keep = ("--state-dir", tmp_path / "kept", "--")
    exits(0, emulate(*keep, binary(), "create", "unstructured"))
    exits(0, emulate(*keep, binary(), "show", "unstructured"))


def test_a_platform_in_a_platform_has_no_control_of_the_outer_one(emulate):
    inner = ("--", binary(), "emulate", "reset")
    done = emulate("--allow-control", "--", binary(), "emulate", *inner)
    assert "allows control" in exits(2, done).stderr


def test_control_in_the_command(emulate):
    b = binary()
    script = f"""
        set -e
        {b} create custom-adapter >/dev/null
        {b} emulate snapshot full
        {b} emulate reset
        ! {b} show custom-adapter 2>/dev/null
        {b} emulate restore full
        {b} show custom-adapter >/dev/null
        {b} --output json emulate clock advance 2h
    """
    done = exits(0, emulate("--allow-control", "--", "sh", "-c", script))
    kept, reset, restored, *clock = done.stdout.splitlines()
    assert kept.startswith("kept as 'full', in ")
    assert reset.startswith("reset to the state of ")
    assert restored.startswith("restored 'full' of ")
    assert json.loads("\n".join(clock))["aheadSeconds"] == 7200


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    """A platform that allows control."""
    server = Server(tmp_path_factory.mktemp("emulation"), ("--allow-control",)).start()
    yield server
    server.stop()


class Control:
    """The endpoints as a program without `manage-dt` uses them."""

    def __init__(self, env):
        self.env = env
        self.session = requests.Session()

    def __call__(self, method, path, token=None, **settings):
        token = self.env["MANAGE_DT_EMULATION_TOKEN"] if token is None else token
        return self.session.request(
            method, f"{self.env['MANAGE_DT_EMULATION_URL']}/{path}",
            headers={"Authorization": f"Bearer {token}"}, verify=self.env["SSL_CERT_FILE"],
            timeout=30, **settings,
        )

    def done(self, method, path, **settings):
        answer = self(method, path, **settings)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def control(platform):
    control = Control(platform.env)
    yield control
    control.done("POST", "reset")
    for one in control.done("GET", "snapshots")["snapshots"]:
        if one["name"] != "start":
            control.done("DELETE", f"snapshots/{one['name']}")


def test_nothing_is_there_without_permission(server):
    url = f"https://localhost:{server.env['IOT_HTTPS_PORT']}/emulation"
    assert "MANAGE_DT_EMULATION_URL" not in server.env
    for method, path in (("POST", "reset"), ("GET", "clock"), ("PUT", "snapshots/a")):
        answer = requests.request(
            method, f"{url}/{path}", verify=server.env["SSL_CERT_FILE"], timeout=30
        )
        assert answer.status_code == 404, answer.text


def test_only_the_owner_has_control(platform, control):
    for token_ in ("", "wrong", platform.env["MANAGE_DT_EMULATION_TOKEN"][:-1]):
        answer = control("POST", "reset", token=token_)
        assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"
    assert (platform.client / "env.sh").stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_is_told(control):
    assert control("PUT", "snapshots/start").status_code == 400
    assert control("PUT", "snapshots/a%20b").status_code == 400
    assert control("PUT", "snapshots/" + "x" * 65).status_code == 400
    assert control("POST", "snapshots/none/restore").status_code == 404
    assert control("DELETE", "snapshots/start").status_code == 400
    assert control("DELETE", "snapshots/none").status_code == 404
    assert control("GET", "reset").status_code == 404
    for body in (b"", b"{}", b'{"advanceSeconds":-1}', b'{"advanceSeconds":0}', b"x" * 5000):
        assert control("POST", "clock", data=body).status_code == 400, body[:30]
    far = control("POST", "clock", json={"advanceSeconds": 2**32 - 1})
    assert far.status_code == 400 and "100 years" in far.text


def test_a_state_comes_back_in_milliseconds(platform, control):
    exits(0, in_client(platform, "create", "custom-adapter"))
    exits(0, in_client(platform, "send", "custom-adapter", json.dumps(M5)))
    kept = control.done("PUT", "snapshots/one")
    assert kept["bytes"] > 0
    for _ in range(3):
        exits(0, in_client(platform, "send", "custom-adapter", json.dumps({**M5, "count": 9})))
    restored = control.done("POST", "snapshots/one/restore")
    print(f"kept in {kept['milliseconds']} ms, restored in {restored['milliseconds']} ms")
    assert restored["milliseconds"] < 1000
    queried = in_client(platform, "--output", "json", "query", "custom-adapter")
    assert json.loads(exits(0, queried).stdout)["content"]["count"] == 1
    assert len(DataApi(platform.env).rows("rawData")) == 1
    control.done("POST", "reset")
    assert DataApi(platform.env).rows("rawData") == []
    exits(1, in_client(platform, "show", "custom-adapter"))
    assert {one["name"] for one in control.done("GET", "snapshots")["snapshots"]} == {"start", "one"}


def test_devices_are_cut_and_nothing_old_gets_in(platform, control):
    """A device that goes on sending through resets never writes into the state after it."""
    exits(0, in_client(platform, "create", "unstructured"))
    control.done("PUT", "snapshots/one")
    key = next(
        line.split(":", 1)[1].strip(" \"'")
        for line in (platform.client / "iot_config.yaml").read_text().splitlines()
        if line.strip().startswith("device_key:")
    )
    device = Device(platform.env, f"{key}-01")
    client = device.mqtt()
    cut = threading.Event()
    client.on_disconnect = lambda *_: cut.set()
    device.connect(client)
    client.loop_start()
    try:
        for number in range(200):
            client.publish("a/b", str(number), qos=1)
        control.done("POST", "snapshots/one/restore")
        assert cut.wait(WAIT_SECONDS), "the device is still connected"
    finally:
        client.loop_stop()
    time.sleep(0.5)
    assert DataApi(platform.env).rows("rawData") == []
    device.publish("a/b", "after")
    assert len(DataApi(platform.env).rows("rawData")) == 1
    control.done("POST", "reset")
    assert "refused" not in platform.log.read_text()
    assert device.connect_reason() != "Success", "the twin is not there any more"


def test_time_goes_on_when_it_is_told_to(platform, control):
    exits(0, in_client(platform, "create", "unstructured"))
    exits(0, in_client(platform, "send", "unstructured", "1"))
    old = token(platform.env)
    data = DataApi(platform.env)
    assert len(data.rows("rawData")) == 1
    ahead = control.done("POST", "clock", json={"advanceSeconds": 2 * 3600})
    assert ahead["aheadSeconds"] == 7200
    assert data.get("rawData").status_code == 401, "the token has ended"
    # Signed requests are dated by the machine's clock, so clients go on as before; the token in
    # the client's cache is renewed by itself.
    queried = exits(0, in_client(platform, "--output", "json", "query", "-l", "60", "unstructured"))
    assert json.loads(queried.stdout)["rawData"]
    exits(0, in_client(platform, "send", "unstructured", "2"))
    rows = DataApi(platform.env).rows("rawData")
    received = sorted(row["time_received"] for row in rows)
    assert len(received) == 2 and received[0][:13] != received[1][:13]
    assert old != token(platform.env)
    control.done("POST", "clock", json={"advanceSeconds": 400 * 86400})
    assert DataApi(platform.env).rows("rawData") == [], "retention is applied when it returns"
    control.done("POST", "reset")
    assert control.done("GET", "clock")["aheadSeconds"] == 0
    DataApi(platform.env).rows("rawData")


def test_commands_end_with_the_clock(platform, control):
    exits(0, in_client(platform, "create", "unstructured"))
    # A session that lasts, so that the command waits for its device.
    key = next(
        line.split(":", 1)[1].strip(" \"'")
        for line in (platform.client / "iot_config.yaml").read_text().splitlines()
        if line.strip().startswith("device_key:")
    )
    device = Device(platform.env, f"{key}-01")
    client = device.mqtt(client_id="lasting", clean=False)
    subscribed = threading.Event()
    client.on_subscribe = lambda *_: subscribed.set()
    device.connect(client)
    client.loop_start()
    client.subscribe("cmd/#", qos=1)
    assert subscribed.wait(WAIT_SECONDS)
    client.disconnect()
    client.loop_stop()
    time.sleep(0.2)
    exits(0, in_client(
        platform, "command", "unstructured", "cmd/a", "--text", "x", "--request-duration", "PT1H"
    ))
    [row] = DataApi(platform.env).rows("rawCommandData")
    assert row["delivery_status"] == "PENDING", row
    control.done("POST", "clock", json={"advanceSeconds": 3700})
    [row] = DataApi(platform.env).rows("rawCommandData")
    assert row["delivery_status"] == "EXPIRED", row


def test_states_are_bounded(control):
    for number in range(63):
        control.done("PUT", f"snapshots/s{number}")
    answer = control("PUT", "snapshots/one-more")
    assert answer.status_code == 400 and "at most 64" in answer.text, answer.text
    control.done("PUT", "snapshots/s1")
