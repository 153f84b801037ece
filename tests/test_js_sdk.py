"""The JavaScript SDK, exact versions from the registry, speaking three protocols to the cloud."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "js"
# Installed once, below the target folder: it is large and is fetched, never committed.
CACHE = Path(os.environ.get("CARGO_TARGET_DIR", HERE.parents[1] / "target")).absolute() / "js-sdk"


@pytest.fixture(scope="module")
def sdk():
    for program in ("node", "npm"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")
    if int(subprocess.run(["node", "-p", "process.versions.node.split('.')[0]"], capture_output=True, text=True).stdout) < 20:
        pytest.skip("this version of the SDK needs Node 20 or later")
    CACHE.mkdir(parents=True, exist_ok=True)
    wanted = (HERE / "package.json").read_text()
    stamp = CACHE / "installed"
    if not stamp.exists() or stamp.read_text() != wanted:
        (CACHE / "package.json").write_text(wanted)
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=CACHE, capture_output=True,
                              text=True, timeout=280)
        if done.returncode != 0:
            pytest.skip(f"npm could not install the SDK: {done.stderr[-500:]}")
        stamp.write_text(wanted)
    return CACHE


def test_the_javascript_sdk(cloud, sdk):
    shutil.copy(HERE / "talk.mjs", sdk / "talk.mjs")  # modules are found from where the script stands
    environment = cloud.environment(AWS_REGION="eu-central-1", AWS_ACCESS_KEY_ID="121212121212", AWS_SECRET_ACCESS_KEY="any")
    done = subprocess.run(["node", "talk.mjs"], cwd=sdk, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["account"], said["arn"]) == ("121212121212", "arn:aws:iam::121212121212:root") and said["requestId"]
    vpc = said["vpc"]
    assert (vpc["cidr"], vpc["isDefault"], vpc["tags"]) == ("10.44.0.0/16", False, [{"Key": "By", "Value": "JavaScript & <XML>"}])
    assert vpc["id"] in said["paged"] and len(set(said["paged"])) == len(said["paged"]) == 2
    for what, name, status in [("badRange", "InvalidVpc.Range", 400), ("dryRun", "DryRunOperation", 412),
                               ("gone", "InvalidVpcID.NotFound", 400), ("absent", "ParameterNotFound", 400)]:
        assert (said[what]["name"], said[what]["status"]) == (name, status) and said[what]["requestId"], what
    parameter = said["parameter"]
    assert (parameter["version"], parameter["opened"], parameter["changed"]) == (1, "grüße ✓", True)
    assert "grüße" not in parameter["sealed"]
