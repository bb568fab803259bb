"""The published OpenAPI document, put to the test by schemathesis."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import requests

HERE = Path(__file__).resolve().parent
SECONDS_MAX = 90
FUZZING_SECONDS_MAX = 45
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance"
)


@pytest.fixture(scope="module")
def document(server):
    """The document that the platform serves."""
    answer = requests.get(
        f"https://localhost:{server.env['IOT_HTTPS_PORT']}/openapi.json",
        verify=server.env["SSL_CERT_FILE"], timeout=10,
    )
    assert answer.status_code == 200
    return answer.json()


def answers(server):
    """How many answers of each status the platform has given."""
    text = requests.get(
        f"https://localhost:{server.env['IOT_HTTPS_PORT']}/metrics",
        verify=server.env["SSL_CERT_FILE"], timeout=10,
    ).text
    found = re.findall(r'https_answers_total\{reason="(\d+)"\} (\d+)', text)
    return {int(status): int(count) for status, count in found}


def test_the_served_document_is_the_published_one(document):
    published = HERE.parent.parent / "docs" / "openapi.json"
    assert document == json.loads(published.read_text())


def test_schemathesis_finds_no_undocumented_answer(server, document, tmp_path):
    folder = Path(
        os.environ.get("MANAGE_DT_TEST_SCHEMATHESIS")
        or HERE.parent.parent / ".test" / "schemathesis"
    )
    program = folder / "bin" / "schemathesis"
    if not program.exists():
        pytest.skip("schemathesis is missing; scripts/test installs it")
    base = f"https://localhost:{server.env['IOT_HTTPS_PORT']}"
    command = [
        program, "run", f"{base}/openapi.json", "--url", base, "--checks", CHECKS,
        "--phases", "coverage,fuzzing", "--max-examples", "5", "--no-shrink",
        "--max-time", str(FUZZING_SECONDS_MAX), "--request-timeout", "10", "--seed", "1",
        "--tls-verify", server.env["SSL_CERT_FILE"], "--warnings", "off",
        "--continue-on-failure",
    ]
    for methods in document["paths"].values():
        for operation in methods.values():
            # What is not served answers 501, as it says; that is no server error.
            if "501" in operation["responses"]:
                command += ["--exclude-operation-id", operation["operationId"]]
    env = server.tool_env(SCHEMATHESIS_HOOKS="schemathesis_hooks", COLUMNS="100")
    env["PYTHONPATH"] = f"{HERE}:{env['PYTHONPATH']}"
    before = answers(server)
    done = subprocess.run(
        command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS_MAX
    )
    assert done.returncode == 0, done.stdout[-20000:] + done.stderr[-5000:]
    given = {status: count - before.get(status, 0) for status, count in answers(server).items()}
    # Most requests got past the signature, or nothing was tested.
    assert given[400] > given.get(401, 0) and given[404] > 0, given
