"""JSONata as we evaluate it, held against jsonata.js with expressions nobody has seen before."""

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).absolute().parents[1]
HERE = ROOT / "tests" / "js" / "jsonata"
CACHE = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).absolute() / "jsonata-js"


@pytest.fixture(scope="module")
def oracle():
    for program in ("node", "npm", "cargo"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")
    CACHE.mkdir(parents=True, exist_ok=True)
    for file in HERE.iterdir():
        shutil.copy(file, CACHE / file.name)  # modules are found from where a script stands
    if not (CACHE / "node_modules" / "jsonata").exists():
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=CACHE, capture_output=True,
                              text=True, timeout=280)
        if done.returncode != 0:
            pytest.skip(f"npm could not install jsonata: {done.stderr[-500:]}")
    return CACHE


def test_fresh_expressions_are_answered_as_by_jsonata_js(oracle):
    seed = os.environ.get("ALLOD_JSONATA_SEED") or str(random.randrange(1 << 30))
    print(f"ALLOD_JSONATA_SEED={seed}")
    cases = oracle / "fresh.json"
    with cases.open("w") as out:
        subprocess.run(["node", "fuzz.mjs", seed, "3000"], cwd=oracle, stdout=out, check=True, timeout=300)
    done = subprocess.run(
        ["cargo", "test", "-q", "-p", "state-machine", "--lib", "--", "--exact", "jsonata::oracle::answers_fresh_cases_as_jsonata_js"],
        cwd=ROOT, env={**os.environ, "ALLOD_JSONATA_CASES": str(cases)}, capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "1 passed" in done.stdout, done.stdout


def test_the_committed_cases_are_those_of_the_corpus(oracle):
    done = subprocess.run(["node", "cases.mjs"], cwd=oracle, capture_output=True, text=True, check=True, timeout=300)
    committed = (ROOT / "crates" / "state-machine" / "src" / "jsonata" / "cases.json").read_text()
    assert done.stdout == committed, "run: node cases.mjs > crates/state-machine/src/jsonata/cases.json"
