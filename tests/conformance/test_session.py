"""The sample session, word for word: what `-v create`, `query` and `delete` print for the three
sample twins. Scripts written for the original read these lines, titles and heads.

UPDATE=1 rewrites `tests/cases/cli/session.txt`; look at the difference."""

import os
import re
import subprocess
import time

import oci
import pytest
import requests

from device import Device
from server import ROOT, Server, binary

GOLDEN = ROOT / "tests/cases/cli/session.txt"
TWINS = ("unstructured", "default-adapter", "custom-adapter")
GOOD = {
    "time": time.time_ns() // 1000, "count": 7, "humidity": 52.5, "pressure": 1013,
    "qmp_temperature": 22.1, "sht_temperature": 22.3,
}


class Session:
    """Commands and their outputs, as somebody at a terminal sees them."""

    def __init__(self, server):
        self.server, self.lines = server, []

    def run(self, code, *arguments, columns=80):
        done = subprocess.run(
            [binary(), *arguments], env=self.server.tool_env(COLUMNS=str(columns), TZ="UTC"),
            cwd=self.server.home, capture_output=True, text=True, timeout=60,
            stdin=subprocess.DEVNULL,
        )
        self.lines += [f"$ manage-dt {' '.join(arguments)}", *done.stdout.splitlines()]
        self.lines += [f"! {line}" for line in done.stderr.splitlines()]
        self.lines.append(f"= {done.returncode}")
        assert done.returncode == code, "\n".join(self.lines)

    def text(self):
        """What differs from run to run is replaced by something as long."""
        config = (self.server.client / "iot_config.yaml").read_text()
        key = re.search(r"device_key: *\W?([a-z0-9]+)", config).group(1)
        text = "\n".join(self.lines).replace(key, "d" * len(key)) + "\n"
        text = text.replace(str(self.server.client), "CLIENT")
        # Which of our files speaks is no promise; that it is padded to 16 is one.
        source = lambda line: f"! 0000-00-00 00:00:00,000 - {line[1]} - {'source.rs':16} - "
        log_line = r"(?m)^! [\d-]{10} [\d:]{8},\d{3} - (\w+ *) - (?=.{16} - )[\w.]+ * - "
        text = re.sub(log_line, source, text)
        zeros = lambda found: re.sub(r"\d", "0", found[0])
        text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+", zeros, text)
        # Ids of commands, and the microseconds in the payloads.
        text = re.sub(r"\b[0-9a-f]{16}\b", "c" * 16, text)
        ocid = r"(ocid1\.\w+\.oc0\.\w+\.)(\w+)"
        return re.sub(ocid, lambda id: id[1] + "x" * len(id[2]), text)


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A platform that has seen nothing, so that its numbers begin at one."""
    server = Server(tmp_path)
    server.start()
    for name, value in server.env.items():
        monkeypatch.setenv(name, value)
    yield server
    server.stop()


def key_of(server, twin):
    ends = {"unstructured": "-01", "default-adapter": "-m5-env-dflt-01"}
    config = (server.client / "iot_config.yaml").read_text()
    key = re.search(r"device_key: *\W?([a-z0-9]+)", config).group(1)
    return key + ends.get(twin, "-m5-env-cstm-01")


def send(server, twin, body):
    env = server.env
    done = requests.post(
        f"https://{env['IOT_DEVICE_HOST']}:{env['IOT_HTTPS_PORT']}/iot/v1/telemetry",
        json=body, auth=(key_of(server, twin), env["DEVICE_PASSWORD"]),
        verify=env["SSL_CERT_FILE"], timeout=30,
    )
    assert done.status_code == 202, done.text


def iot_of(server):
    config = oci.config.from_file(str(server.client / "oci_config"), "LOCAL")
    return oci.iot.IotClient(
        config, retry_strategy=oci.retry.NoneRetryStrategy(),
        service_endpoint=f"https://iot.local-1.oci.localhost:{server.env['IOT_HTTPS_PORT']}",
    )


def command(server, iot, twin):
    """A command that the device answers."""
    domain = server.env["IOT_DOMAIN_ID"]
    found = iot.list_digital_twin_instances(domain, display_name=key_of(server, twin)).data.items
    device = Device(server.env, key_of(server, twin))
    with device.listen("cmd/#", answer=lambda _: ("rsp/led", b'{"done": "ja"}')) as listener:
        details = oci.iot.models.InvokeRawJsonCommandDetails(
            request_endpoint="cmd/led", request_data={"on": True}, response_endpoint="rsp/led",
        )
        iot.invoke_raw_command(found[0].id, details)
        listener.next()
        time.sleep(0.5)


def test_the_sample_session(own):
    session, iot = Session(own), iot_of(own)
    for twin in TWINS:
        session.run(0, "-v", "create", twin)
        session.run(0, "-v", "query", twin)
    session.run(0, "-v", "create", "custom-adapter")
    send(own, "unstructured", {"anything": [1, "ü", None]})
    send(own, "custom-adapter", GOOD)
    send(own, "custom-adapter", {**GOOD, "count": "seven"})
    command(own, iot, "unstructured")
    for twin in TWINS:
        session.run(0, "-v", "query", "-l", "60", twin, columns=160)
    session.run(0, "query", "custom-adapter")
    # A password that is not the user's, and no token that is still good.
    config = (own.client / "iot_config.yaml").read_text()
    wrong = config.replace(own.env["IAM_PASSWORD"], "wrong")
    assert wrong != config
    (own.client / "wrong.yaml").write_text(wrong)
    (own.client / "data_access.json").unlink()
    session.run(4, "--iot-config-file", "wrong.yaml", "query", "unstructured")
    # Somebody else's twin has the same name, then the same external key.
    first = iot.list_digital_twin_instances(
        own.env["IOT_DOMAIN_ID"], display_name=key_of(own, "unstructured")
    ).data.items[0]
    details = oci.iot.models.CreateDigitalTwinInstanceDetails(
        iot_domain_id=own.env["IOT_DOMAIN_ID"], display_name=first.display_name,
        external_key="another",
    )
    second = iot.create_digital_twin_instance(details).data
    session.run(1, "query", "unstructured")
    iot.delete_digital_twin_instance(second.id)
    renamed = oci.iot.models.UpdateDigitalTwinInstanceDetails(display_name="another name")
    iot.update_digital_twin_instance(first.id, renamed)
    session.run(1, "create", "unstructured")
    named = oci.iot.models.UpdateDigitalTwinInstanceDetails(display_name=first.display_name)
    iot.update_digital_twin_instance(first.id, named)
    for twin in TWINS:
        session.run(0, "-v", "delete", twin)
        session.run(1, "-v", "delete", twin)
    session.run(1, "query", "custom-adapter")
    session.run(2, "query", "no-such-twin")

    text = session.text()
    for name in ("DEVICE_PASSWORD", "IAM_PASSWORD", "IAM_APP_CLIENT_SECRET"):
        assert own.env[name] not in text
    if os.environ.get("UPDATE"):
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text(), "UPDATE=1 rewrites it"
