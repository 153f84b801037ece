"""Packet truth with fixed seeds: every packet does what the explainer says, or one of the two is wrong.

The runs print their statistics and, of a disagreement, the smallest network in which it shows; see crates/packet-truth.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest
from conftest import BINARY, needs_root

PROGRAM = os.environ.get("PACKET_TRUTH_BINARY", str(Path(BINARY).with_name("packet-truth")))
FIXED = Path(__file__).parent.parent / "crates/packet-truth/fixed"

pytestmark = [
    needs_root,
    pytest.mark.skipif(not Path(PROGRAM).exists(), reason="packet-truth is not built: cargo build -p packet-truth"),
]


def truth(task, *words):
    """Runs a task; what it printed. It ends with status 0 only if nothing disagreed and nothing stayed unproven."""
    done = subprocess.run([PROGRAM, task, "--allod", BINARY, *map(str, words)], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, f"{done.stdout[-20000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def probes(text):
    return int(re.search(r"(\d+) probes over", text)[1])


def test_cases_of_the_past_stay_mended():
    truth("replay", FIXED)


def test_every_packet_is_foreseen():
    """Check 65 of docs/packet-checks.md rests on this: what is dropped was foreseen."""
    text = truth("run", "--seed", 1, "--topologies", 16, "--probes", 350)
    assert probes(text) >= 5000
    assert "could report" not in text, "no silence is an answer"
    assert int(re.search(r"(\d+)  asked of Network Insights", text)[1]) >= 50


def test_the_very_next_packet_meets_a_change():
    text = truth("changes", "--seed", 100, "--topologies", 3, "--changes", 12)
    assert int(re.search(r"(\d+) changes", text)[1]) >= 12
    assert int(re.search(r"(\d+)  packets of flows that went on", text)[1]) >= 500


def test_a_killed_control_plane_changes_nothing():
    text = truth("changes", "--kill", "--seed", 200, "--topologies", 3, "--changes", 12)
    assert int(re.search(r"(\d+) kills", text)[1]) >= 1
