"""What the conformance tests share: one platform, an SDK client, and twins of one's own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE), str(HERE / "resolve")]

import localhost_names  # noqa: E402

localhost_names.install()
# Read before the SDK looks at them, and nothing of the user's own set-up may leak in.
for name in [name for name in os.environ if name.startswith(("OCI_", "IOT_", "IAM_"))]:
    del os.environ[name]
os.environ["SUPPRESS_LABEL_WARNING"] = "True"

import oci  # noqa: E402

from data_api import DataApi  # noqa: E402
from server import Server  # noqa: E402
from twins import Twins  # noqa: E402


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """A platform for the whole run. Its environment becomes ours, as with `env.sh` sourced."""
    server = Server(tmp_path_factory.mktemp("platform"))
    try:
        server.start()
    except AssertionError as error:
        # Without it no test means anything: say so once.
        pytest.exit(f"the platform does not start: {error}", returncode=1)
    os.environ.update(server.env)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def env(server):
    """The variables of `client/env.sh`."""
    return server.env


@pytest.fixture(scope="session")
def config(server):
    """The SDK's configuration, from the file that the platform wrote."""
    config = oci.config.from_file(str(server.client / "oci_config"), "LOCAL")
    oci.config.validate_config(config)
    return config


@pytest.fixture(scope="session")
def iot(config):
    """The unmodified SDK. It must not hide a failure by trying eight times."""
    return oci.iot.IotClient(config, retry_strategy=oci.retry.NoneRetryStrategy())


@pytest.fixture(scope="session")
def data(env):
    """The data API."""
    return DataApi(env)


@pytest.fixture
def twins(server, iot):
    """Makes twins that go away with the test."""
    twins = Twins(server, iot)
    yield twins
    twins.remove_all()


@pytest.fixture(scope="session")
def python313():
    """A Python with strict TLS checks: scripts/test finds or fetches one."""
    path = os.environ.get("PYTHON313")
    if not path:
        script = HERE.parent.parent / "scripts" / "python313"
        path = subprocess.run([script], check=True, capture_output=True, text=True).stdout.strip()
    return path
