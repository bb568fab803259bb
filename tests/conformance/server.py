"""A platform in a process of its own: start, stop, kill, and what it left in `client/`."""

import json
import os
import shlex
import signal
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
START_SECONDS_MAX = 30
STOP_SECONDS_MAX = 20


def binary():
    """The program under test."""
    path = os.environ.get("MANAGE_DT_BIN") or ROOT / os.environ.get(
        "CARGO_TARGET_DIR", "target"
    ) / "release" / "manage-dt"
    path = Path(path).resolve()
    assert path.exists(), f"{path} is missing; run cargo build --release --bin manage-dt"
    return path


class Server:
    """One state directory and the process that serves it, if any."""

    def __init__(self, folder, options=()):
        self.options = options
        folder.mkdir(parents=True, exist_ok=True)
        self.state_dir = folder / "state"
        self.client = self.state_dir / "client"
        self.log = folder / "serve.err"
        self.out = folder / "serve.out"
        self.home = folder / "home"
        self.home.mkdir(exist_ok=True)
        self.process = None
        self.env = {}

    def start(self, https_port=0, mqtts_port=0, mqtt_port=0):
        """Starts it and waits for the ready line."""
        command = [
            binary(), "serve", "--state-dir", self.state_dir, "--https-port", str(https_port),
            "--mqtts-port", str(mqtts_port), "--mqtt-port", str(mqtt_port), *self.options,
        ]
        with open(self.out, "wb") as out, open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=log, cwd=self.home
            )
        self._note_pid()
        try:
            self._wait_ready()
        except AssertionError:
            self.kill()
            raise
        self.env = read_env(self.client / "env.sh")
        return self

    def restart(self):
        """Starts it again on the ports it had."""
        env = self.env
        ports = (env["IOT_HTTPS_PORT"], env["IOT_MQTTS_PORT"], env["IOT_MQTT_PORT"])
        return self.start(*map(int, ports))

    def stop(self):
        """Asks it to end, as a service manager does; it must do so with exit 0."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"serve did not end on SIGTERM:\n{self.log.read_text()}")
        self._forget()
        assert status == 0, f"serve ended with {status}:\n{self.log.read_text()}"

    def kill(self):
        """Ends it without notice."""
        self.process.kill()
        self.process.wait()
        self._forget()

    def tool_env(self, **more):
        """The environment for a tool run as a program, as a shell with `env.sh` has it."""
        env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("OCI_", "IOT_", "IAM_", "MANAGE_DT_"))
        }
        env.update(self.env)
        env.update(
            HOME=str(self.home),
            PYTHONPATH=str(HERE / "resolve"),
            PYTHONDONTWRITEBYTECODE="1",
            SUPPRESS_LABEL_WARNING="True",
        )
        env.update(more)
        return env

    def definition(self, name):
        """A JSON file of `client/`."""
        return json.loads((self.client / name).read_text())

    def _wait_ready(self):
        deadline = time.monotonic() + START_SECONDS_MAX
        while not any(line.startswith("ready") for line in self.out.read_text().splitlines()):
            status = self.process.poll()
            assert status is None, f"serve ended with {status}:\n{self.log.read_text()}"
            assert time.monotonic() < deadline, f"serve is not ready:\n{self.log.read_text()}"
            time.sleep(0.02)

    def _note_pid(self):
        # For scripts/test, in case the test process is killed.
        folder = os.environ.get("MANAGE_DT_TEST_PIDS")
        self.pid_file = Path(folder) / str(self.process.pid) if folder else None
        if self.pid_file:
            self.pid_file.touch()

    def _forget(self):
        self.process = None
        if self.pid_file:
            self.pid_file.unlink(missing_ok=True)


def read_env(path):
    """The variables that `env.sh` exports."""
    variables = {}
    for line in path.read_text().splitlines():
        words = shlex.split(line, comments=True)
        if words and words[0] == "export":
            for word in words[1:]:
                name, _, value = word.partition("=")
                variables[name] = value
    return variables
