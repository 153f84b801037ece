"""Clients that mean harm, or break: malformed, oversized and slow requests, web pages, a crowd. Others are served meanwhile."""

import resource
import socket
from contextlib import ExitStack

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def talk(cloud, data):
    """Raw bytes to the port; what comes back until the other side closes or is silent for long."""
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=20) as line:
        try:
            line.sendall(data)
        except OSError:
            pass  # it had heard enough
        line.settimeout(30)
        back = b""
        try:
            while part := line.recv(65536):
                back += part
        except OSError:
            pass
        return back


def request(cloud, body=b"", method="POST", path="/", host=None, headers=()):
    host = host or f"127.0.0.1:{cloud.port}"
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def signed(cloud, service, body, content_type, target=None):
    """Headers as an SDK would sign them, so that only the body is hostile."""
    headers = {"Content-Type": content_type} | ({"X-Amz-Target": target} if target else {})
    asked = AWSRequest("POST", cloud.endpoint + "/", data=body, headers=headers)
    SigV4Auth(Credentials("test", "test"), service, "us-east-1").add_auth(asked)
    return [f"{k}: {v}" for k, v in asked.headers.items()]


def status(answer):
    assert answer.startswith(b"HTTP/1.1 "), answer[:100]
    return int(answer.split()[1])


def is_served(cloud):
    return cloud.client("sts").get_caller_identity()["Account"] == "000000000000"


JSON_BODIES = [b"", b"{", b"[]", b"null", b"\xff\xfe\x00", b'{"Name": 7}', b'{"Name": {"a": [1, {"b": null}]}}', b'"Name"',
               b'{"Name": "/a", "Name": ["x"]}', b"[" * 100_000, b'{"a":' * 50_000, b'{"Name": "\\ud800"}', b'{"Name": 1e999999}']


@pytest.mark.parametrize("body", JSON_BODIES, ids=range(len(JSON_BODIES)))
def test_malformed_json(cloud, body):
    headers = signed(cloud, "ssm", body, "application/x-amz-json-1.1", "AmazonSSM.GetParameter")
    answer = talk(cloud, request(cloud, body, headers=headers))
    assert status(answer) == 400 and b"__type" in answer, answer[:300]
    assert is_served(cloud)


QUERY_BODIES = [b"", b"Action=", b"Action=CreateVpc", b"&&&==%%%",
                b"Action=CreateVpc&Version=2016-11-15&CidrBlock=%zz", b"Action=CreateVpc&Version=2016-11-15&CidrBlock=%ff%fe",
                b"Action=DescribeVpcs&Version=2016-11-15&Filter.99999999999.Name=x", b"Action=DescribeVpcs&Version=2016-11-15&VpcId=",
                b"Action=DescribeVpcs&Version=2016-11-15&MaxResults=many", b"Action=DescribeVpcs&Version=2016-11-15&DryRun=perhaps",
                b"Action=%00&Version=2016-11-15", b"Action=" + b"A" * 100_000 + b"&Version=2016-11-15",
                b"Action=DescribeVpcs&Version=2016-11-15&" + b"&".join(b"Filter.%d.Name=x" % n for n in range(1, 5000))]


@pytest.mark.parametrize("body", QUERY_BODIES, ids=range(len(QUERY_BODIES)))
def test_malformed_queries(cloud, body):
    headers = signed(cloud, "ec2", body, "application/x-www-form-urlencoded; charset=utf-8")
    before = len(cloud.client("ec2").describe_vpcs()["Vpcs"])
    answer = talk(cloud, request(cloud, body, headers=headers))
    assert 400 <= status(answer) < 500 or b"<vpcSet" in answer, answer[:300]
    assert len(cloud.client("ec2").describe_vpcs()["Vpcs"]) == before


FRAMES = {
    "no http": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,
    "no version": b"GET /\r\n\r\n",
    "an unknown method": b"BREW / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    "no host": b"POST / HTTP/1.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "two hosts": b"POST / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nContent-Length: 5\r\nConnection: close\r\n\r\nabcde",
    "a negative length": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\nConnection: close\r\n\r\n",
    "a length and chunks": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n",
    "a bad chunk": b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n",
    "a line fold": b"POST / HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "a zero byte in a name": b"POST / HTTP/1.1\r\nHost: localhost\r\nX\x00: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "a climbing path": b"GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
}


@pytest.mark.parametrize("what", FRAMES)
def test_broken_frames(cloud, what):
    answer = talk(cloud, FRAMES[what])
    assert answer == b"" or 400 <= status(answer) < 600, answer[:200]
    assert b"root:" not in answer and not answer.startswith(b"HTTP/1.1 2")
    assert is_served(cloud)


@pytest.mark.parametrize("head", [
    ["X-Long: " + "a" * 200_000], [f"X-{n}: a" for n in range(5000)], ["Authorization: " + "a" * 100_000],
])
def test_heads_beyond_measure(cloud, head):
    answer = talk(cloud, request(cloud, headers=head))
    assert answer == b"" or status(answer) in (400, 413, 414, 431)
    assert is_served(cloud)


def test_bodies_beyond_measure(cloud):
    announced = request(cloud, headers=[])[:-4].replace(b"Content-Length: 0", b"Content-Length: 99999999999") + b"\r\n\r\n"
    assert status(talk(cloud, announced)) == 413
    chunks = b"".join(b"100000\r\n" + b"x" * (1 << 20) + b"\r\n" for _ in range(40))
    endless = "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode() + chunks
    answer = talk(cloud, endless)
    assert answer == b"" or 400 <= status(answer) < 500
    assert is_served(cloud)


def test_slow_clients_hold_nobody_up(cloud):
    """Three hundred that send a head without an end and a body drop by drop; an honest client works meanwhile."""
    with ExitStack() as stack:
        slow = []
        for number in range(300):
            line = stack.enter_context(socket.create_connection(("127.0.0.1", cloud.port), timeout=10))
            line.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\n" + (b"" if number % 2 else b"Content-Length: 1000000\r\n\r\nx"))
            slow.append(line)
        ec2 = cloud.client("ec2")
        for number in range(20):
            assert is_served(cloud)
            ec2.describe_vpcs()
            slow[number].sendall(b"y")
        # The slow ones are let go, not kept: each is answered or closed by the server.
        for line in slow[:4]:
            line.settimeout(120)
            try:
                line.recv(100)
            except ConnectionError:
                pass


FOREIGN = {
    "a form of another site": ["Origin: https://evil.example", "Content-Type: application/x-www-form-urlencoded"],
    "a page without an origin": ["Origin: null", "Content-Type: application/x-www-form-urlencoded"],
    "an image of another site": ["Sec-Fetch-Site: cross-site"],
    "another port of this host": ["Origin: http://127.0.0.1:1"],
}


@pytest.mark.parametrize("what", FOREIGN)
def test_pages_cannot_drive_the_cloud(cloud, what):
    body = b"Action=CreateVpc&Version=2016-11-15&CidrBlock=10.66.0.0/16"
    before = len(cloud.client("ec2").describe_vpcs()["Vpcs"])
    signature = [h for h in signed(cloud, "ec2", body, "application/x-www-form-urlencoded") if not h.startswith("Content-Type")]
    answer = talk(cloud, request(cloud, body, headers=FOREIGN[what] + signature))
    assert status(answer) == 403 and b"ccess-control-allow-origin" not in answer.lower()
    reset = talk(cloud, request(cloud, path="/_allod/reset", headers=FOREIGN[what]))
    assert status(reset) == 403
    assert len(cloud.client("ec2").describe_vpcs()["Vpcs"]) == before


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "10.0.0.1", "[::2]", "evil.example:4566"])
def test_a_rebound_name_is_refused(cloud, host):
    body = b"Action=CreateVpc&Version=2016-11-15&CidrBlock=10.66.0.0/16"
    headers = signed(cloud, "ec2", body, "application/x-www-form-urlencoded")
    before = len(cloud.client("ec2").describe_vpcs()["Vpcs"])
    assert 400 <= status(talk(cloud, request(cloud, body, host=host, headers=headers))) < 500
    assert 400 <= status(talk(cloud, request(cloud, method="GET", path="/_allod/health", host=host))) < 500
    assert len(cloud.client("ec2").describe_vpcs()["Vpcs"]) == before


def test_unsigned_calls_are_refused(cloud):
    body = b"Action=CreateVpc&Version=2016-11-15&CidrBlock=10.66.0.0/16"
    before = len(cloud.client("ec2").describe_vpcs()["Vpcs"])
    answer = talk(cloud, request(cloud, body, headers=["Content-Type: application/x-www-form-urlencoded"]))
    assert status(answer) in (400, 401, 403)
    assert len(cloud.client("ec2").describe_vpcs()["Vpcs"]) == before


def test_two_thousand_at_once(cloud):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2000
    if hard != resource.RLIM_INFINITY and hard < wanted + 500:
        pytest.skip(f"this process may open only {hard} files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted + 500), hard))
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    text = request(cloud, body, headers=signed(cloud, "sts", body, "application/x-www-form-urlencoded"))
    try:
        with ExitStack() as stack:
            lines = [stack.enter_context(socket.create_connection(("127.0.0.1", cloud.port), timeout=60)) for _ in range(wanted)]
            for line in lines:
                line.sendall(text)
            answers = [line.recv(65536) for line in lines]
        good = [a for a in answers if a.startswith(b"HTTP/1.1 200")]
        assert len(good) == wanted, {a[:30] for a in answers}
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert is_served(cloud)
