"""The recipes of docs/ci.md, run as they stand there."""

import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml

from server import ROOT, Server, binary
from test_cli import exits

DOCUMENT = (ROOT / "docs/ci.md").read_text()


def recipe(name):
    """The block of the document that begins with the name of its file."""
    [text] = re.findall(rf"```python\n# {re.escape(name)}\n(.*?)```", DOCUMENT, re.DOTALL)
    return text


def seed():
    [text] = re.findall(r"```yaml\n(environ:.*?)```", DOCUMENT, re.DOTALL)
    return text


@pytest.fixture
def project(tmp_path):
    """A project with the recipe in it, and an environment with the program on its path."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "manage-dt").symlink_to(binary())
    (tmp_path / "twins.yaml").write_text(seed())
    shutil.copy(ROOT / "data/m5_model_default.json", tmp_path / "pump.json")
    path = f"{programs}:{os.path.dirname(sys.executable)}:{os.environ['PATH']}"
    return tmp_path, {"PATH": path, "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}


def run(project, *command, **more):
    folder, environment = project
    return subprocess.run(
        [str(word) for word in command], cwd=folder, env={**environment, **more},
        capture_output=True, text=True, timeout=120,
    )


def test_the_pytest_recipe(project):
    for name in ("conftest.py", "test_pump.py"):
        (project[0] / name).write_text(recipe(name))
    command = ("emulate", "--allow-control", "--seed", "twins.yaml", "--")
    pytest_ = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    done = exits(0, run(project, binary(), *command, *pytest_))
    assert "3 passed" in done.stdout, done.stdout
    # A test that fails is the job's failure.
    (project[0] / "test_pump.py").write_text("def test_no(): assert False\n")
    exits(1, run(project, binary(), *command, *pytest_))


def test_the_action_runs_its_command(project):
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    step = action["runs"]["steps"][-1]
    inputs = {name: value.get("default", "") for name, value in action["inputs"].items()}

    def act(**given):
        inputs_ = {**inputs, **given}
        env = {}
        for name, value in step["env"].items():
            input_ = re.fullmatch(r"\$\{\{ inputs\.([\w-]+) \}\}", value).group(1)
            env[name] = inputs_[input_]
        return run(project, "bash", "-eo", "pipefail", "-c", step["run"], **env)

    done = exits(0, act(command='echo "$IOT_DOMAIN_ID"; manage-dt create unstructured'))
    assert done.stdout.startswith("ocid1.iotdomain.")
    exits(5, act(command="exit 5"))
    exits(1, act(command="false | true"))
    listed = act(command="manage-dt show pump", seed="twins.yaml")
    assert "pump-01" in exits(0, listed).stdout
    exits(0, act(command="manage-dt emulate reset", **{"allow-control": "true"}))
    exits(2, act(command="manage-dt emulate reset"))


def test_the_variables_of_a_container(tmp_path):
    """What stands in the recipe, on a platform that serves as the image does. The container itself
    needs Docker and is not part of this test."""
    scope = {}
    exec(recipe("container.py"), scope)
    server = Server(tmp_path, ("--bind", "0.0.0.0", "--allow-insecure")).start()
    try:
        assert scope["variables"](server.state_dir) == server.env
        entry = re.search(r'ENTRYPOINT (\[.*\])', (ROOT / "Dockerfile").read_text()).group(1)
        assert yaml.safe_load(entry) == ["manage-dt", "serve", "--bind", "0.0.0.0"]
    finally:
        server.stop()
