"""Replays recorded conversations with AWS Step Functions (tests/recordings/stepfunctions/README.md) and says how the
answers differ from those of the real service."""

import copy
import json
import re
import threading
import time
import uuid
from datetime import datetime, timedelta, timezone

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)")
SYMBOL = re.compile(r"\$\{([^}]*)\}")
# How long a condition may take; the machine that tests run on is busy.
PATIENCE = 120
# An open cloud takes twelve digits as the account of that number.
SECOND = "222222222222"
CLOSINGS = {"ParallelStateSucceeded", "ParallelStateAborted", "ParallelStateExited", "ParallelStateFailed"}


class Lost(Exception):
    """The conversation could not be led to its end."""


def is_instant(text):
    """Whether it is an instant of the calendar, date, time and zone."""
    if not ISO.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(re.sub(r"\.\d+", "", text).replace("Z", "+00:00"))
    except ValueError:
        return False
    return True


def at(value, path):
    """Everything at a path such as `events[*].type` or `a[-1].b|json` as a list."""
    found = [value]
    for part, step in re.findall(r"(\|json)|([^.\[\]|]+|\[[^\]]*\])", path):
        if part:
            found = [json.loads(v) for v in found]
        elif step == "[*]":
            found = [item for v in found if isinstance(v, list) for item in v]
        elif step.startswith("["):
            index = int(step[1:-1])
            found = [v[index] for v in found if isinstance(v, list) and -len(v) <= index < len(v)]
        else:
            found = [v[step] for v in found if isinstance(v, dict) and step in v]
    return found


class Replay:
    """One run of one conversation."""

    def __init__(self, record, cloud, roles):
        self.record, self.cloud, self.roles = record, cloud, roles
        self.answers, self.errors, self.loops = {}, {}, {}
        self.came = threading.Condition()
        self.uids = {}
        self.clients = {}
        self.broken = None
        self.patience = PATIENCE
        self.account, self.region = "000000000000", "us-east-1"

    def client(self, service, step):
        key = (service, step.get("account"), step.get("region"))
        if key not in self.clients:
            # The prefix of StartSyncExecution cannot be resolved before an address of digits.
            config = Config(retries={"total_max_attempts": 1}, read_timeout=180, inject_host_prefix=False)
            name = "stepfunctions" if service == "states" else service
            self.clients[key] = boto3.session.Session().client(
                name, endpoint_url=self.cloud.endpoint, region_name=step.get("region", self.region),
                aws_access_key_id=SECOND if step.get("account") == "second" else "test", aws_secret_access_key="test", config=config)
        return self.clients[key]

    # -- symbols

    def symbol(self, name):
        if name.startswith("uid:"):
            with self.came:
                return self.uids.setdefault(name, uuid.uuid4().hex[:8])
        if name.startswith("role:"):
            return self.roles(name[5:])
        if name == "account":
            return self.account
        if name == "second_account":
            return SECOND
        if name == "region":
            return self.region
        if name.startswith("time:"):
            seconds = float(re.fullmatch(r"\+?(-?[\d.]+)s", name[5:]).group(1))
            return (datetime.now(timezone.utc) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
        step, _, path = name.partition(".")
        found = at(self.answer(step), path)
        if not found:
            raise Lost(f"${{{name}}} is not in the answer {self.answer(step)}")
        return found[0]

    def answer(self, step):
        with self.came:
            if not self.came.wait_for(lambda: step in self.answers or self.broken, PATIENCE) or step not in self.answers:
                raise Lost(f"step {step} was not answered: {self.broken}")
            return self.answers[step]

    def fill(self, value):
        if isinstance(value, dict):
            if set(value) == {"$timestamp"}:
                return datetime.fromisoformat(value["$timestamp"])
            return {k: self.fill(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self.fill(v) for v in value]
        if not isinstance(value, str):
            return value
        # Inside JSON texts what is put in must be escaped.
        inside_json = value.lstrip()[:1] in ("{", "[")

        def put(match):
            text = str(self.symbol(match.group(1)))
            return json.dumps(text)[1:-1] if inside_json else text

        return SYMBOL.sub(put, value)

    # -- steps

    def run(self):
        sequences = {}
        for step in self.record["steps"]:
            sequences.setdefault(step.get("thread"), []).append(step)
        threads = []

        def sequence(steps):
            try:
                for step in steps:
                    self.step(step)
            except Exception as error:  # noqa: BLE001 - told in the main thread
                with self.came:
                    self.broken = self.broken or error
                    self.came.notify_all()

        begun = set()
        for step in self.record["steps"]:
            number = step.get("thread")
            if number is None:
                self.step(step)
            elif number not in begun:
                begun.add(number)
                threads.append(threading.Thread(target=sequence, args=(sequences[number],), daemon=True))
                threads[-1].start()
        for thread in threads:
            thread.join(PATIENCE)
        if self.broken:
            raise Lost(str(self.broken))

    def step(self, step):
        if step["op"] == "sleep":
            time.sleep(step["params"].get("seconds", step.get("seconds", 0)))
            return self.keep(step, {}, None)
        service, operation = step["op"].split(".")
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", operation).lower()
        call = getattr(self.client(service, step), name)
        until, loop = step.get("until"), []
        end = time.monotonic() + (1.3 * step["took_s"] + 15 if step.get("took_s") else self.patience)
        params = self.fill(step["params"])
        while True:
            error = None
            try:
                answer = call(**params)
            except ClientError as failed:
                answer, error = failed.response, failed
            except (ParamValidationError, BotoCoreError) as failed:
                answer, error = {}, failed
            loop.append(answer)
            if until is None or self.satisfied(until, answer, loop, error):
                break
            if time.monotonic() > end:
                # The recorder gave up as well now and then; what is compared tells whether that matters.
                break
            time.sleep(0.05)
        self.loops[step["n"]] = loop
        return self.keep(step, answer, error)

    def keep(self, step, answer, error):
        with self.came:
            self.answers[step["n"]], self.errors[step["n"]] = answer, error
            self.came.notify_all()

    def satisfied(self, until, answer, loop, error):
        if until.get("ok"):
            return error is None
        if error is not None:
            return False
        path = until["path"]
        found = at(answer, path)
        if "has_any" in until:
            return any(value in self.fill(until["has_any"]) for value in found)
        if "has_none" in until:
            return not any(value in self.fill(until["has_none"]) for value in found)
        if "in" in until:
            return any(value in self.fill(until["in"]) for value in found)
        if "count_ge" in until:
            return sum(len(value) for value in found) >= until["count_ge"]
        if "collect_ge" in until:
            return sum(len(v) for one in loop for v in at(one, path)) >= until["collect_ge"]
        return bool(found)

    # -- what is compared

    def picked(self, how):
        if "object" in how:
            return {name: self.picked(part) for name, part in how["object"].items()}
        if "list" in how:
            return [self.picked(part) for part in how["list"]]
        if "const" in how:
            return how["const"]
        if "error_text" in how or "error_type" in how:
            error = self.errors.get(how.get("error_text") or how.get("error_type"))
            return self.sentence(error) if "error_text" in how else type(error).__name__
        if "collect" in how:
            steps = how["collect"] if isinstance(how["collect"], list) else [how["collect"]]
            return [v for n in steps for one in self.loops.get(n, []) for v in at(one, how["path"])]
        value = self.answers.get(how["from"])
        if "path" in how:
            found = at(value, how["path"])
            value = found if "[*]" in how["path"] else (found[0] if found else None)
        value = copy.deepcopy(value)
        for name in how.get("drop", []):
            value.pop(name, None)
        return value

    @staticmethod
    def sentence(error):
        """The SDK's sentence without its remark on retries, of which there are none here."""
        return re.sub(r" \(reached max retries: \d+\)", "", str(error), count=1)

    def token_value(self, entry):
        value = self.fill(entry["value"])
        for split, take in (("split", "take"), ("then_split", "then_take")):
            if split in entry:
                value = value.split(entry[split])[entry[take]]
        return self.text(value)

    # -- normalisation

    def text(self, text):
        text = ISO.sub(lambda found: "date" if is_instant(found.group()) else found.group(), text)
        text = text.replace(self.account, "111111111111").replace(self.region, "<region>")
        return text.replace("arn:aws:", "arn:<partition>:")

    def parsed(self, value):
        """Rule 1: members that hold the text of a JSON object."""
        if isinstance(value, dict):
            return {k: self.parsed_member(k, v) for k, v in value.items()}
        if isinstance(value, list):
            return [self.parsed(v) for v in value]
        return value

    def parsed_member(self, name, value):
        if isinstance(value, str):
            known = f"json:{name}" in self.record["flags"]
            if value.startswith("{") or known:
                try:
                    return json.loads(value)
                except ValueError:
                    return value
            return value
        return self.parsed(value)

    def normal(self, value, name=""):
        """Rules 2 to 4."""
        if isinstance(value, datetime):
            return "timestamp" if "timestamp" in name.lower() or name in ("creationTime", "ingestionTime") else "datetime"
        timestamp = "timestamp" in name.lower() or name in ("creationTime", "ingestionTime")
        if timestamp and not isinstance(value, (dict, list)) and not (isinstance(value, str) and is_instant(value)):
            return "timestamp"
        if isinstance(value, dict):
            if name == "ResponseMetadata":
                return {"HTTPHeaders": {}, "HTTPStatusCode": value.get("HTTPStatusCode")}
            return {self.text(k): self.normal(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [self.normal(v) for v in value]
        return self.text(value) if isinstance(value, str) else value

    def outcome(self):
        """By key of `expected`: our answer, normalised, placeholders of known value or pattern put in."""
        tokens = self.record["placeholders"]
        known = [(self.token_value(entry), entry["token"]) for entry in tokens if "value" in entry]
        known.sort(key=lambda pair: -len(pair[0]))
        patterns = [(re.compile(entry["pattern"]), entry["token"]) for entry in tokens if "pattern" in entry]

        def put(value, name=""):
            if isinstance(value, dict):
                return {put(k): put(v, k) for k, v in value.items()}
            if isinstance(value, list):
                return [put(v) for v in value]
            if not isinstance(value, str):
                return value
            if name == "cause":
                value = re.sub(r"'(\{.*\})'$", json_input, value, flags=re.S)
            for text, token in known:
                value = value.replace(text, token) if text else value
            for pattern, token in patterns:
                value = pattern.sub(lambda _, token=token: token, value)
            return value

        def json_input(match):
            try:
                json.loads(match.group(1))
            except ValueError:
                return match.group(0)
            return "'<json-input:1>'"

        made = {}
        for key, how in self.record["compare"].items():
            value = put(self.normal(self.parsed(self.picked(how))))
            if "parallel_block" in self.record["flags"]:
                blank_blocks(value)
            made[key] = value
        return made


def blank_blocks(value):
    """Branches run side by side: their events lose number and order (README, `parallel_block`)."""
    if isinstance(value, dict):
        if isinstance(value.get("events"), list):
            blank_events(value["events"])
        for member in value.values():
            blank_blocks(member)
    elif isinstance(value, list):
        for item in value:
            blank_blocks(item)


def blank_events(events):
    block, start = None, 0
    for index, event in enumerate(events):
        if event.get("type") == "ParallelStateStarted":
            block, start = [], index + 1
            inside = True
        elif event.get("type") in CLOSINGS and block is not None:
            events[start:index] = sorted(block, key=lambda e: json.dumps(e, sort_keys=True))
            inside = False
        elif block is not None and inside:
            event["id"], event["previousEventId"] = [0], 0
            block.append(event)


class Comparison:
    """Holds answers against what AWS said."""

    def __init__(self, record, later=()):
        self.later = {one["member"] for one in later if record_date(record) < one["since"]}
        self.keys = {}
        self.any = []
        for entry in record["placeholders"]:
            if "key" in entry:
                self.keys.setdefault(entry["token"], set()).add(entry["key"])
            elif "any" in entry:
                self.any.append(entry["token"])
        self.bound = {}
        self.flags = record["flags"]
        self.differences = []

    def compare(self, expected, actual, path="", name="", unordered=False):
        count = len(self.differences)
        self.walk(expected, actual, path, name, unordered)
        return len(self.differences) == count

    def differ(self, path, expected, actual):
        self.differences.append(
            f"{path}: expected {json.dumps(expected, default=str)[:700]} got {json.dumps(actual, default=str)[:700]}")

    def walk(self, expected, actual, path, name, unordered):
        if isinstance(expected, str) and {name, "*"} & self.keys.get(expected, set()):
            return
        if isinstance(expected, str) and isinstance(actual, str):
            if not self.same_text(expected, actual):
                if f"jsontext:{name}" in self.flags and loads(expected) == loads(actual):
                    return
                self.differ(path, expected, actual)
            return
        if type(expected) is not type(actual):
            return self.differ(path, expected, actual)
        if isinstance(expected, dict):
            for key in sorted(set(expected) | set(actual)):
                inside = f"{path}.{key}"
                if key not in actual:
                    self.differ(inside, expected[key], "(absent)")
                elif key not in expected:
                    if key not in self.later:
                        self.differ(inside, "(absent)", actual[key])
                else:
                    loose = unordered or f"any_order_under:{key}" in self.flags
                    self.walk(expected[key], actual[key], inside, key, loose)
        elif isinstance(expected, list):
            if len(expected) != len(actual):
                return self.differ(path + " (length)", [kind(e) for e in expected], [kind(e) for e in actual])
            if unordered or f"sort:{name}" in self.flags:
                return self.multiset(expected, actual, path)
            index = 0
            while index < len(expected):
                end = index
                while end < len(expected) and isinstance(expected[end], dict) and expected[end].get("id") == [0]:
                    end += 1
                if end > index:
                    self.multiset(expected[index:end], actual[index:end], f"{path}[{index}:{end}]")
                    index = end
                    continue
                self.walk(expected[index], actual[index], f"{path}[{index}]", "", unordered)
                index += 1
        elif expected != actual:
            self.differ(path, expected, actual)

    def multiset(self, expected, actual, path):
        left = list(actual)
        for item in expected:
            for candidate in left:
                bound, count = dict(self.bound), len(self.differences)
                self.walk(item, candidate, path, "", True)
                if len(self.differences) == count:
                    left.remove(candidate)
                    break
                del self.differences[count:]
                self.bound = bound
            else:
                self.differ(path, item, left)

    def same_text(self, expected, actual):
        if expected == actual:
            return True
        tokens = [token for token in self.any if token in expected]
        if not tokens:
            return False
        parts = re.split("(" + "|".join(re.escape(t) for t in sorted(tokens, key=len, reverse=True)) + ")", expected)
        groups, pattern = {}, ""
        for part in parts:
            if part not in tokens:
                pattern += re.escape(part)
            elif part in self.bound:
                pattern += re.escape(self.bound[part])
            elif part in groups:
                pattern += f"(?P={groups[part]})"
            else:
                groups[part] = f"t{len(groups)}"
                pattern += f"(?P<{groups[part]}>.+?)"
        match = re.fullmatch(pattern, actual, flags=re.S)
        if match:
            self.bound.update({token: match.group(name) for token, name in groups.items()})
        return bool(match)


def record_date(record):
    """The day on which the real service last answered so."""
    day, month, year = record["recorded_on"].split(",")[0].split("-")
    return max(f"{year}-{month}-{day}", record["validated_on"] or "")


def loads(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def kind(item):
    return item.get("type", "object") if isinstance(item, dict) else item


def differences(record, cloud, roles, later=(), region="us-east-1", patience=PATIENCE):
    """Leads the conversation; the places where the answers are others than AWS's. `later`: members that the real
    service added at a known day, and that older recordings therefore lack."""
    replay = Replay(record, cloud, roles)
    replay.region, replay.patience = region, patience
    try:
        replay.run()
        made = replay.outcome()
    except Lost as lost:
        return [str(lost)]
    comparison = Comparison(record, later)
    for key, how in record["compare"].items():
        if how.get("ignore_keys"):
            for side in (record["expected"][key], made[key]):
                for name in how["ignore_keys"]:
                    side.pop(name, None)
        comparison.compare(record["expected"][key], made[key], key, "", bool(how.get("any_order")))
    return comparison.differences
