"""What an unmodified botocore makes of the gateway: one JSON line per call.

Argument: the address of the gateway.
"""

import json
import sys
import urllib.error
import urllib.request

import botocore.session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
endpoint = f"http://{sys.argv[1]}"


def client(service, key="AKIAALICE", secret=SECRET, token=None, **settings):
    return botocore.session.Session().create_client(
        service,
        region_name="eu-central-1",
        endpoint_url=endpoint,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=Config(retries={"total_max_attempts": 1}, **settings),
    )


def report(what, call):
    try:
        answer = call()
        print(json.dumps([what, "ok", answer]))
    except ClientError as error:
        metadata = error.response["ResponseMetadata"]
        known = len(metadata.get("RequestId", "")) == 36
        print(json.dumps([what, error.response["Error"]["Code"], metadata["HTTPStatusCode"], known]))


def arn(sts):
    return lambda: sts.get_caller_identity()["Arn"]


report("right", arn(client("sts")))
report("session", arn(client("sts", "ASIASESSION", SECRET, "the-token")))
report("expired", arn(client("sts", "ASIAEXPIRED", SECRET, "the-token")))
report("wrong secret", arn(client("sts", secret="wrong")))
report("unknown key", arn(client("sts", "AKIANOBODY")))
report("unsigned", arn(client("sts", signature_version=UNSIGNED)))
report("denied", arn(client("sts", "AKIADENIED")))
report("missing parameter", lambda: client("sts", parameter_validation=False).get_access_key_info())
report("unbuilt", lambda: client("sts").get_session_token())
report("unsigned and unbuilt", lambda: client("sts").assume_role_with_saml(
    RoleArn="arn:aws:iam::111122223333:role/r" + "x" * 20,
    PrincipalArn="arn:aws:iam::111122223333:saml-provider/p",
    SAMLAssertion="AAAA",
))
report("ec2 unmodelled", lambda: client("ec2").describe_regions())
report("ec2 wrong secret", lambda: client("ec2", secret="wrong").describe_regions())
report("ssm unmodelled", lambda: client("ssm").describe_parameters())
report("ssm wrong secret", lambda: client("ssm", secret="wrong").describe_parameters())
report("no such service", lambda: client("kms").list_keys())


def presigned(url):
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


url = client("sts").generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
report("presigned", lambda: [presigned(url), presigned(url.replace("GetCallerIdentity", "GetSessionToken"))])
