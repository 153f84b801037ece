"""The real client's half of roundtrip.rs: python roundtrip.py ROUNDS OPERATIONS RESPONSES

OPERATIONS lists "service operation" by line. For each, ROUNDS random valid inputs are made from botocore's own model and
serialized; a line of JSON with the request and the parameters goes to standard output. RESPONSES holds by line what the
server under test answered; botocore parses each and a line with the value goes to standard output after the requests.
Blobs are ASCII text and times are seconds since 1970 in all these lines.
"""
import base64
import datetime
import json
import random
import sys

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from botocore.utils import percent_encode_sequence

LETTERS = "abcXYZ019 -_./:=+&<>\"'%;,#?@\n\té€😀"
UTC = datetime.timezone.utc
models = {}


def service(name):
    if name not in models:
        models[name] = ServiceModel(Loader().load_service_model(name, "service-2"), name)
    return models[name]


class Inputs:
    """Random values that obey the model's limits."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def length(self, shape, usual):
        least, most = shape.metadata.get("min", 0), shape.metadata.get("max", 10**6)
        return self.random.randint(min(max(least, 0), 3000), min(max(least, usual), most))

    def value(self, shape, depth=0):
        return getattr(self, shape.type_name, self.string)(shape, depth)

    def structure(self, shape, depth):
        if shape.is_document_type:
            return {"a": [1, "b", None, True]}
        names = list(shape.members)
        if shape.is_tagged_union:
            chosen = [self.random.choice(names)]
        else:
            odds = 0.7 if depth < 3 else 0.2 if depth < 6 else 0
            chosen = [n for n in names if n in shape.required_members or self.random.random() < odds]
            if names and not chosen:
                # A query request cannot tell an empty structure from none.
                chosen = [self.random.choice(names)]
        return {n: self.value(shape.members[n], depth + 1) for n in chosen}

    def list(self, shape, depth):
        least = shape.metadata.get("min", 0)
        # A query request cannot tell an empty list from none.
        return [self.value(shape.member, depth + 1) for _ in range(max(1, least, self.length(shape, 2 if depth < 5 else 1)))]

    def map(self, shape, depth):
        return {self.value(shape.key, depth + 1): self.value(shape.value, depth + 1) for _ in range(max(1, self.length(shape, 2)))}

    def string(self, shape, _):
        if shape.enum and self.random.random() < 0.9:
            return self.random.choice(shape.enum)
        return "".join(self.random.choice(LETTERS) for _ in range(max(1, self.length(shape, 12))))

    def blob(self, shape, _):
        return "".join(self.random.choice("blob 09+/") for _ in range(max(1, self.length(shape, 9)))).encode()

    def boolean(self, *_):
        return self.random.random() < 0.5

    def integer(self, shape, _):
        least, most = shape.metadata.get("min", -(2**31)), shape.metadata.get("max", 2**31 - 1)
        return self.random.choice([least, most, self.random.randint(least, most)])

    def long(self, shape, _):
        return self.random.randint(shape.metadata.get("min", -(2**62)), shape.metadata.get("max", 2**62))

    def double(self, shape, _):
        return self.random.uniform(shape.metadata.get("min", -1e6), shape.metadata.get("max", 1e6))

    float = double

    def timestamp(self, *_):
        return datetime.datetime.fromtimestamp(self.random.randint(0, 4 * 10**12) // 1000, UTC)


def plain(value):
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value


def request(name, operation, number):
    model = service(name).operation_model(operation)
    params = Inputs(f"{name}.{operation}.{number}").structure(model.input_shape, 0) if model.input_shape else {}
    made = create_serializer(service(name).metadata["protocol"]).serialize_to_request(params, model)
    body = made["body"]
    if isinstance(body, dict):
        body = percent_encode_sequence(body).encode()
    return {
        "service": name, "operation": operation, "method": made["method"], "path": made["url_path"],
        "headers": made["headers"], "body": base64.b64encode(body).decode(), "params": plain(params),
    }


def response(line):
    model = service(line["service"]).operation_model(line["operation"])
    raw = {"status_code": line["status"], "headers": dict(line["headers"]), "body": base64.b64decode(line["body"])}
    parsed = create_parser(service(line["service"]).metadata["protocol"]).parse(raw, model.output_shape)
    metadata = parsed.pop("ResponseMetadata")
    return {"request_id": metadata.get("RequestId"), "error": parsed.get("Error"), "value": plain(parsed)}


rounds, operations, responses = int(sys.argv[1]), sys.argv[2], sys.argv[3]
for line in open(operations):
    for number in range(rounds):
        print(json.dumps(request(*line.split(), number)))
for line in open(responses):
    print(json.dumps(response(json.loads(line))))
