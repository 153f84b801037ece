"""What real AWS Step Functions answered, held against this cloud: every recording is a case.

Recordings that need a service this cloud does not have yet are skipped and say which. `tests/recordings/exceptions.toml`
lists those that differ, with the reason; one that differs no more fails, so that the list stays short."""

import json
import re
import threading
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conftest import REGION, Cloud, free_pool
from states_replay import PATIENCE, differences, record_date

FOLDER = Path(__file__).parent / "recordings"
HERE = {"states", "stepfunctions", "iam", "ec2", "ssm", "sts"}
EXCEPTIONS = tomllib.loads((FOLDER / "exceptions.toml").read_text())
# At once: most of a conversation is waiting.
CONVERSATIONS = 6
MOST_EXCEPTIONS = 10


def recordings():
    for path in sorted((FOLDER / "stepfunctions").glob("*/*.json")):
        record = json.loads(path.read_text())
        record["file"] = f"{path.parent.name}/{path.stem}"
        yield record


RECORDINGS = {record["file"]: record for record in recordings()}


def waiting_for(record):
    missing = set(record["needs"]) - HERE
    return sorted(missing)


def family(record):
    """The family of exceptions a recording belongs to by the text of its answer, if any."""
    text = json.dumps(record["expected"])
    return next((name for name, one in EXCEPTIONS.get("family", {}).items() if re.search(one["answer"], text)), None)


def loosen(record):
    """Of a family's answers only the error code is compared: the words are not the real service's."""
    if not family(record):
        return record
    loose = json.loads(json.dumps(record))
    for key, how in record["compare"].items():
        if "Error" in record["expected"][key]:
            loose["compare"][key] = {"from": how["from"], "path": "Error.Code"}
            loose["expected"][key] = record["expected"][key]["Error"]["Code"]
    return loose


def drift(record):
    """Does to an older recording what the real service changed later about the order of events."""
    for rule in EXCEPTIONS["drift"]:
        if record_date(record) >= rule["since"]:
            continue
        record = json.loads(json.dumps(record))
        for answer in record["expected"].values():
            events = answer.get("events", []) if isinstance(answer, dict) else []
            before = {e["id"]: e["previousEventId"] for e in events if e.get("type") == rule["skips"]}
            for event in events:
                if event.get("type") == rule["event"]:
                    event["previousEventId"] = before.get(event["previousEventId"], event["previousEventId"])
    return record


class Runs:
    """All chosen conversations, several at a time against one cloud."""

    def __init__(self, chosen):
        self.cloud = Cloud("--public-pool", free_pool()).start()
        self.pool = ThreadPoolExecutor(CONVERSATIONS)
        self.roles, self.lock = {}, threading.Lock()
        self.results = {name: self.pool.submit(self.run, RECORDINGS[name]) for name in chosen}

    def role(self, cloud):
        def find(number):
            with self.lock:
                if (cloud.port, number) not in self.roles:
                    trust = {"Version": "2012-10-17", "Statement": [
                        {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
                    made = cloud.client("iam").create_role(
                        RoleName=f"replay-{number}", AssumeRolePolicyDocument=json.dumps(trust))
                    self.roles[cloud.port, number] = made["Role"]["Arn"]
                return self.roles[cloud.port, number]
        return find

    def run(self, record):
        # What is known to differ may well stand still.
        patience = 10 if record["file"] in EXCEPTIONS["exception"] else PATIENCE
        how = (EXCEPTIONS["later"], EXCEPTIONS["region"].get(record["file"], REGION), patience)
        record = drift(loosen(record))
        if "alone" not in record["features"]:
            return differences(record, self.cloud, self.role(self.cloud), *how)
        own = Cloud("--public-pool", free_pool()).start()
        try:
            return differences(record, own, self.role(own), *how)
        finally:
            own.stop()

    def close(self):
        self.pool.shutdown(cancel_futures=True)
        self.cloud.stop()


@pytest.fixture(scope="module")
def runs(request):
    chosen = [item.callspec.params["name"] for item in request.session.items
              if item.originalname == "test_recording" and hasattr(item, "callspec")]
    runs = Runs([name for name in chosen if not waiting_for(RECORDINGS[name])])
    yield runs
    runs.close()


@pytest.mark.parametrize("name", RECORDINGS)
def test_recording(name, runs):
    record = RECORDINGS[name]
    if missing := waiting_for(record):
        pytest.skip("waiting for " + ", ".join(missing))
    found = runs.results[name].result()
    excused = EXCEPTIONS.get("exception", {}).get(name)
    if excused:
        assert found, f"{name} passes: take it out of exceptions.toml ({excused['reason']})"
        pytest.skip("differs: " + excused["reason"])
    assert not found, "\n".join(found[:12])


def test_exceptions_are_few_and_known():
    names = set(EXCEPTIONS.get("exception", {}))
    assert names <= set(RECORDINGS)
    alone = [name for name in names if not RECORDINGS[name]["needs"]]
    assert len(alone) <= MOST_EXCEPTIONS
