"""Signs random requests with botocore and writes one JSON object per line.

Arguments: how many, and the seed of the random numbers.
"""

import json
import random
import string
import sys
from urllib.parse import quote, urlsplit

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

count, seed = int(sys.argv[1]), int(sys.argv[2])
rng = random.Random(seed)
LETTERS = string.ascii_letters + string.digits
AWKWARD = LETTERS + "-._~ !$&'()*+,;=:@/?#[]%\"<>\\^`{|}äß漢"
REGIONS = ["us-east-1", "eu-central-1", "ap-southeast-2", "us-gov-west-1"]


def text(alphabet, least, most):
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(least, most)))


def segment():
    # Segments of dots alone would be normalised away; they have their own tests.
    return quote(text(AWKWARD, 1, 12), safe="-._~").replace(".", "x")


def query():
    pairs = [
        f"{quote(text(AWKWARD, 1, 8), safe='-._~')}={quote(text(AWKWARD, 0, 10), safe='-._~')}"
        for _ in range(rng.randint(0, 4))
    ]
    return "&".join(pairs)


def extra_headers():
    names = rng.sample(["x-amz-meta-a", "x-amz-acl", "content-md5", "x-custom", "if-match"], rng.randint(0, 3))
    return {name: text(LETTERS + "  \"=,", 1, 30).strip() or "x" for name in names}


def request():
    kind = rng.choice(["json", "query", "rest", "s3", "presigned-rest", "presigned-s3"])
    credentials = Credentials(
        "AKIA" + text(string.ascii_uppercase + string.digits, 16, 16),
        text(LETTERS + "+/", 40, 40),
        text(LETTERS + "+/=", 60, 200) if rng.random() < 0.3 else None,
    )
    region = rng.choice(REGIONS)
    host = rng.choice(["http://127.0.0.1:4566", "http://localhost:4566", "https://service.example.com"])
    path, headers, method, body = "/", {}, "POST", b""
    if kind == "json":
        service = rng.choice(["ssm", "dynamodb", "kms"])
        headers = {
            "X-Amz-Target": "Service." + text(LETTERS, 5, 20),
            "Content-Type": "application/x-amz-json-1.1",
        }
        body = json.dumps({text(LETTERS, 1, 8): text(AWKWARD, 0, 100)}).encode()
    elif kind == "query":
        service = rng.choice(["ec2", "iam", "sts"])
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        body = f"Action={text(LETTERS, 5, 20)}&Version=2011-06-15&A={quote(text(AWKWARD, 0, 30))}".encode()
    else:
        service = "s3" if kind.endswith("s3") else rng.choice(["lambda", "batch", "execute-api"])
        method = rng.choice(["GET", "PUT", "POST", "DELETE", "HEAD"])
        path = "/" + "/".join(segment() for _ in range(rng.randint(0, 4)))
        questions = query()
        path += f"?{questions}" if questions else ""
        headers = extra_headers()
        if method in ("PUT", "POST") and not kind.startswith("presigned"):
            body = bytes(rng.randrange(256) for _ in range(rng.randint(0, 300)))
    signer = {
        "s3": lambda: S3SigV4Auth(credentials, service, region),
        "presigned-s3": lambda: S3SigV4QueryAuth(credentials, service, region, expires=rng.randint(60, 604800)),
        "presigned-rest": lambda: SigV4QueryAuth(credentials, service, region, expires=rng.randint(60, 604800)),
    }.get(kind, lambda: SigV4Auth(credentials, service, region))()
    signed = AWSRequest(method=method, url=host + path, headers=headers, data=body)
    signer.add_auth(signed)
    url = urlsplit(signed.url)
    sent = [[name, value] for name, value in signed.headers.items()]
    return {
        "kind": kind,
        "secret": credentials.secret_key,
        "key_id": credentials.access_key,
        "token": credentials.token,
        "region": region,
        "service": service,
        "method": method,
        "path": url.path or "/",
        "query": url.query,
        "headers": sent + [["Host", url.netloc], ["User-Agent", "not signed"]],
        "body": list(body),
        "timestamp": signed.context["timestamp"],
    }


for _ in range(count):
    print(json.dumps(request()))
