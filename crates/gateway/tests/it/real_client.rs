//! An unmodified client, botocore, against STS as generated and against services with nothing built.

use std::process::Command;
use std::sync::Arc;

use api_sts::ops;
use aws_schema::{Protocol, ServiceSpec};
use contracts::{Call, Reply, ServiceTable};
use gateway::{Gateway, GatewayConfig, GatewayParts, Mode};
use serde_json::{Value, json};

use crate::{echo, world};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/real_client.py");

struct Sts;

async fn who(
    call: Call<Sts>,
    _: api_sts::GetCallerIdentityRequest,
) -> Reply<api_sts::GetCallerIdentityResponse> {
    let principal = &call.caller.principal;
    Ok(api_sts::GetCallerIdentityResponse {
        account: Some(call.caller.account().to_owned()),
        arn: Some(principal.arn.clone()),
        user_id: Some(principal.user_id.clone()),
    })
}

/// The key's account is not looked up; the input's limits are what matters here.
async fn key_info(
    _: Call<Sts>,
    _: api_sts::GetAccessKeyInfoRequest,
) -> Reply<api_sts::GetAccessKeyInfoResponse> {
    Ok(api_sts::GetAccessKeyInfoResponse::default())
}

static EC2: ServiceSpec = ServiceSpec {
    id: "ec2",
    signing_name: "ec2",
    api_version: "2016-11-15",
    service_id: "EC2",
    protocols: &[Protocol::Ec2],
    operations: &[],
    all_operations: &["DescribeRegions"],
    ..echo::BLANK
};
static SSM: ServiceSpec = ServiceSpec {
    id: "ssm",
    signing_name: "ssm",
    target_prefix: Some("AmazonSSM"),
    service_id: "SSM",
    protocols: &[Protocol::Json11],
    operations: &[],
    all_operations: &["DescribeParameters"],
    ..echo::BLANK
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn botocore_understands_every_answer() {
    let mut sts = ServiceTable::new(&api_sts::SERVICE);
    let service = Arc::new(Sts);
    sts.on::<ops::GetCallerIdentity, _, _, _>(&service, who);
    sts.on::<ops::GetAccessKeyInfo, _, _, _>(&service, key_info);
    let config = GatewayConfig { mode: Mode::Enforced, ..GatewayConfig::default() };
    let tables = vec![sts, ServiceTable::new(&EC2), ServiceTable::new(&SSM)];
    let gateway = Gateway::new(GatewayParts { tables, ..world::parts(config) });
    let listener = gateway::listen(([127, 0, 0, 1], 0).into()).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let serving = tokio::spawn(async move { gateway.serve(listener, std::future::pending()).await });
    let output = tokio::task::spawn_blocking(move || {
        let python = test_support::botocore_python().unwrap();
        // The user's own AWS settings are none of this test's business.
        let mut client = Command::new(python);
        client
            .arg(SCRIPT)
            .arg(address)
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
        client.output().unwrap()
    })
    .await
    .unwrap();
    serving.abort();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let user = |name: &str| format!("arn:aws:iam::111122223333:user/{name}");
    let wanted = [
        json!(["right", "ok", user("alice")]),
        json!(["session", "ok", user("session")]),
        json!(["expired", "ExpiredToken", 403, true]),
        json!(["wrong secret", "SignatureDoesNotMatch", 403, true]),
        json!(["unknown key", "InvalidClientTokenId", 403, true]),
        json!(["unsigned", "MissingAuthenticationToken", 403, true]),
        json!(["denied", "AccessDenied", 403, true]),
        json!(["missing parameter", "ValidationError", 400, true]),
        json!(["unbuilt", "NotImplemented", 501, true]),
        json!(["unsigned and unbuilt", "NotImplemented", 501, true]),
        json!(["ec2 unmodelled", "NotImplemented", 501, true]),
        json!(["ec2 wrong secret", "AuthFailure", 401, true]),
        json!(["ssm unmodelled", "NotImplementedException", 501, true]),
        json!(["ssm wrong secret", "InvalidSignatureException", 400, true]),
        json!(["no such service", "UnknownOperationException", 400, true]),
        json!(["presigned", "ok", [200, 403]]),
    ];
    for (said, wanted) in said.iter().zip(&wanted) {
        assert_eq!(said, wanted);
    }
    assert_eq!(said.len(), wanted.len());
}
