"""`init`: asked on a terminal, or not at all."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import time

import pytest

from server import binary
from test_cli import exits, run

WORDS = {
    "Client id": "app",
    "client secret": "s3cr3t: #'\"",
    "User of": "me@example.com",
    "password": "pass wörd",
}


class Terminal:
    """The program on a terminal of its own."""

    def __init__(self, arguments, environment, folder):
        self.controller, terminal = pty.openpty()

        def lead():
            os.setsid()
            os.close(os.open(os.ttyname(terminal), os.O_RDWR))

        self.process = subprocess.Popen(
            [str(word) for word in (binary(), *arguments)], env=environment, cwd=folder,
            stdin=terminal, stdout=terminal, stderr=terminal, preexec_fn=lead,
        )
        os.close(terminal)
        self.text, self.seen = "", 0

    def until(self, words, seconds=15):
        """Reads until these words come; what stood between the last ones and their end."""
        deadline = time.monotonic() + seconds
        while words not in self.text[self.seen :]:
            assert time.monotonic() < deadline, f"no {words!r} in {self.text[self.seen:]!r}"
            if select.select([self.controller], [], [], 0.1)[0]:
                self.text += os.read(self.controller, 4096).decode()
        start, self.seen = self.seen, self.text.index(words, self.seen) + len(words)
        # The question is out; the terminal's mode follows at once.
        time.sleep(0.1)
        return self.text[start : self.seen]

    def type(self, text):
        os.write(self.controller, text.encode())

    def end(self):
        while True:
            try:
                piece = os.read(self.controller, 4096)
            except OSError:
                piece = b""
            if not piece:
                break
            self.text += piece.decode()
        code = self.process.wait(15)
        os.close(self.controller)
        return code


@pytest.fixture
def desk(server, tmp_path):
    """An environment with the platform's profile, and nothing that answers a question."""
    env = server.tool_env()
    for name in list(env):
        if name.startswith(("IAM_", "DEVICE_", "MANAGE_DT_")) or name == "IOT_DOMAIN_ID":
            del env[name]
    env["TERM"] = "dumb"
    return env, tmp_path


def test_a_configuration_is_asked_for(server, desk):
    env, folder = desk
    terminal = Terminal(["init"], env, folder)
    offered = terminal.until("The IoT domain, its number or OCID")
    assert server.env["IOT_DOMAIN_ID"] in offered
    terminal.type("ocid1.vault.oc1..x\n")
    terminal.until("it begins with ocid1.iotdomain.")
    terminal.until("OCID")
    domain = re.escape(server.env["IOT_DOMAIN_ID"])
    [number] = re.findall(rf"^  (\d+)  .*\r\n +{domain}", offered, re.MULTILINE)
    terminal.type(f"{number}\n")
    for words, answer in WORDS.items():
        terminal.until(words)
        terminal.type(answer + "\n")
    terminal.until("Short id")
    terminal.type("Not-Good\n")
    terminal.until("lower-case letters")
    terminal.until("Short id")
    terminal.type("k7\n")
    terminal.until("OCID of the vault secret")
    terminal.type(server.env["DEVICE_SECRET_ID"] + "\n")
    assert terminal.end() == 0, terminal.text
    for secret in (WORDS["client secret"], WORDS["password"]):
        assert secret not in terminal.text, "a secret was shown"
    file = folder / "data" / "iot_config.yaml"
    assert file.stat().st_mode & 0o777 == 0o600
    assert "# OCID of the domain" in file.read_text()
    import yaml

    config = yaml.safe_load(file.read_text())
    assert config["iot"]["domain_id"] == server.env["IOT_DOMAIN_ID"]
    assert config["identity"] == {
        "app_client_id": "app", "app_client_secret": WORDS["client secret"],
        "user": WORDS["User of"], "password": WORDS["password"],
    }
    assert config["environ"]["device_key"] == "k7"
    listed = subprocess.run(
        [str(binary()), "--output", "json", "list"], env=env, cwd=folder, capture_output=True,
    )
    names = [twin["name"] for twin in json.loads(listed.stdout)["digitalTwins"]]
    assert names == ["unstructured", "default-adapter", "custom-adapter"], listed.stderr


def test_what_exists_is_not_replaced_unasked(desk):
    env, folder = desk
    file = folder / "data" / "iot_config.yaml"
    file.parent.mkdir()
    file.write_text("mine")
    terminal = Terminal(["init"], env, folder)
    terminal.until("Replace it? [y/N]")
    terminal.type("\n")
    assert terminal.end() == 1 and "is kept" in terminal.text
    done = subprocess.run([str(binary()), "init"], env=env, cwd=folder, capture_output=True, text=True)
    assert "--overwrite" in exits(2, done).stderr
    assert file.read_text() == "mine"


@pytest.mark.parametrize("at", ["Client id", "client secret"])
def test_an_interrupt_writes_nothing_and_leaves_the_terminal_as_it_was(desk, at):
    env, folder = desk
    env["IOT_DOMAIN_ID"] = "ocid1.iotdomain.oc1.iad.abc"
    terminal = Terminal(["init"], env, folder)
    import termios

    before = termios.tcgetattr(terminal.controller)[3]
    terminal.until("Client id")
    if at != "Client id":
        terminal.type("app\n")
        terminal.until(at)
        assert not termios.tcgetattr(terminal.controller)[3] & termios.ECHO
    terminal.type("\x03")
    terminal.process.wait(15)
    assert terminal.process.returncode in (130, -signal.SIGINT)
    assert termios.tcgetattr(terminal.controller)[3] == before
    os.close(terminal.controller)
    assert not (folder / "data" / "iot_config.yaml").exists()


def test_without_a_terminal_nothing_is_asked(server, tmp_path):
    config = tmp_path / "new" / "data"
    done = run(server, "--data-dir", config, "init", "--device-key", "k9", "--output", "json")
    told = json.loads(exits(0, done).stdout)
    assert told["file"] == str(config / "iot_config.yaml") and told["deviceKey"] == "k9"
    assert told["domainId"] == server.env["IOT_DOMAIN_ID"], "from the platform's variables"
    assert (config / "m5_model_custom.json").exists()
    exits(0, run(server, "--data-dir", config, "create", "unstructured"))
    exits(0, run(server, "--data-dir", config, "delete", "unstructured"))
    done = run(server, "--data-dir", tmp_path / "x", "init", IAM_USER="", DEVICE_SECRET_ID="")
    assert "these are missing: --user, --auth-id" in exits(2, done).stderr
    assert not (tmp_path / "x").exists()
    done = run(server, "--data-dir", tmp_path / "x", "init", "--domain-id", "nonsense")
    assert exits(2, done).stderr.startswith("error: --domain-id: ")
