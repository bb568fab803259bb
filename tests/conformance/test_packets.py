"""Legal and broken packets, byte by byte, against a real listener.

The cases are files that somebody else wrote; `MQTT_PACKETS` names their folder. A platform is no
broker, so some cannot hold: `packet_exceptions.json` lists them, each with its reason, and an
exception that is not needed any more fails the run.
"""

import json
import os
from pathlib import Path

import pytest

import packets
from server import ROOT

FOLDER = Path(
    os.environ.get("MQTT_PACKETS") or ROOT.parent / "shared" / "conformance" / "mqtt-packets"
)
EXCEPTIONS = json.loads((Path(__file__).parent / "packet_exceptions.json").read_text())
CASES = list(packets.load(FOLDER)) if FOLDER.is_dir() else []

pytestmark = pytest.mark.skipif(not CASES, reason=f"no packet cases in {FOLDER}")


@pytest.fixture(scope="module")
def device(server, iot):
    """A twin for all cases."""
    from twins import Twins

    twins = Twins(server, iot)
    yield twins.unstructured().device
    twins.remove_all()


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_packets(case, device):
    address = ("127.0.0.1", int(device.env["IOT_MQTT_PORT"]))
    exception = case.exception(EXCEPTIONS)
    problem = packets.run(case, address, device.key, device.password)
    if exception is None:
        assert problem is None, problem
    elif exception.get("sometimes"):
        assert problem is None or exception["why"]
    else:
        assert problem is not None, f"holds after all; not so: {exception['why']}"
