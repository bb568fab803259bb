"""A round trip with the unmodified OCI SDK for TypeScript."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from twins import dtmi, new_key

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def packages():
    """Where scripts/test has installed the SDK."""
    folder = Path(os.environ.get("MANAGE_DT_TEST_NODE") or HERE.parent.parent / ".test" / "node")
    if not (folder / "node_modules" / "oci-iot").is_dir() or not shutil.which("node"):
        pytest.skip("node or the TypeScript SDK is missing; scripts/test installs both")
    return folder


def test_the_typescript_sdk_does_a_round_trip(server, packages):
    key = new_key()
    done = subprocess.run(
        ["node", "--require", HERE / "resolve" / "localhost_names.cjs",
         HERE / "typescript" / "round_trip.js", packages, key],
        env=server.tool_env(), capture_output=True, text=True, timeout=120,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    uri = dtmi(key).replace(":m5;", ":ts;")
    assert result["displayName"] == "Wasserzähler 水"
    assert result["listed"] == [uri]
    assert result["externalKey"] == key and result["timeCreated"] and result["etag"]
    assert uri in json.dumps(result["spec"])
    assert result["inUse"] == {"status": 409, "code": "Conflict"}
    assert result["gone"] == {"status": 404, "code": "NotAuthorizedOrNotFound"}
