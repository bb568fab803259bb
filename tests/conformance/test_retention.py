"""Retention beside ingest, as a device sees it."""

import threading
import time

import pytest
import requests

from data_api import DataApi
from device import Device
from server import Server
from test_cli import exits, in_client
from test_durability import WINDOW, Sender, external_key

OLD = 10_000


@pytest.fixture
def own(tmp_path):
    server = Server(tmp_path / "own", ["--allow-control"]).start()
    yield server
    server.stop()


def advance(server, seconds):
    """Puts the clock ahead; answers when retention has been applied."""
    done = requests.post(
        f"{server.env['MANAGE_DT_EMULATION_URL']}/clock", json={"advanceSeconds": seconds},
        headers={"Authorization": f"Bearer {server.env['MANAGE_DT_EMULATION_TOKEN']}"},
        verify=server.env["SSL_CERT_FILE"], timeout=120,
    )
    assert done.status_code == 200, done.text


def test_devices_go_on_while_old_rows_go(own):
    exits(0, in_client(own, "create", "default-adapter"))
    device = Device(own.env, external_key(own, "default-adapter"))
    sender = Sender(device, 1, 0)
    deadline = time.monotonic() + 60
    while len(sender.acknowledged_mids) < OLD and time.monotonic() < deadline:
        time.sleep(0.05)
    sender.end()
    old = len(DataApi(own.env).rows("rawData"))
    assert old >= OLD

    advanced = threading.Thread(target=advance, args=(own, 40 * 86_400))
    sender = Sender(device, 2, OLD * 10)
    while not sender.acknowledged_mids:
        time.sleep(0.01)
    advanced.start()
    started = last = time.monotonic()
    before = count = len(sender.acknowledged_mids)
    silence = 0
    while advanced.is_alive():
        time.sleep(0.005)
        now, seen = time.monotonic(), len(sender.acknowledged_mids)
        if seen > count:
            count, last = seen, now
        silence = max(silence, now - last)
    took, during = time.monotonic() - started, count - before
    acknowledged, _ = sender.end()
    print(f"{old} messages went in {took:.1f} s; {during} were acknowledged meanwhile, "
          f"{silence * 1000:.0f} ms without one at most")
    # A pass that held ingest up would let through what was on its way, and then nothing.
    assert during > 2 * WINDOW and silence < took / 2

    # What came meanwhile is there, dated by the clock as it was; the old is gone.
    rows = DataApi(own.env).rows("rawData")
    numbers = {int(row["endpoint"].split("/")[1]) for row in rows}
    late = {number for number in acknowledged if number in numbers}
    assert min(numbers) >= OLD * 10 and len(late) > during / 2
    assert len(DataApi(own.env).rows("historizedData")) == len(rows)
