use super::*;
use contracts::ManualClock;
use contracts::seams::SessionCredentials;
use records::{Attachment, MetadataOptions, PrivateAddress};

struct Roles;

impl RoleSessions for Roles {
    fn instance_role(
        &self,
        _: String,
        _: String,
        instance: String,
    ) -> contracts::BoxFuture<'static, Result<Option<(String, SessionCredentials)>, String>> {
        let keys = SessionCredentials {
            access_key_id: "ASIAX".into(),
            secret_access_key: "s".into(),
            session_token: instance,
            expiration: 7_200_000,
        };
        Box::pin(async { Ok(Some(("web".to_owned(), keys))) })
    }
}

fn instance(tokens: &str) -> Instance {
    Instance {
        id: "i-1".into(),
        reservation_id: "r-1".into(),
        launch_index: 0,
        image_id: "ami-1".into(),
        instance_type: "t3.micro".into(),
        vcpus: 2,
        memory_mib: 1024,
        state: InstanceState::Running,
        state_reason: None,
        transition_reason: String::new(),
        launch_time: 0,
        terminated_at: None,
        subnet_id: "subnet-1".into(),
        vpc_id: "vpc-1".into(),
        availability_zone: "eu-west-1a".into(),
        availability_zone_id: "euw1-az1".into(),
        network_interfaces: vec!["eni-1".into()],
        hostname: "ip-10-0-0-4".into(),
        key_name: Some("key".into()),
        authorized_keys: vec!["ssh-ed25519 AAAA comment".into()],
        user_data: Some(STANDARD.encode("#!/bin/sh\ntrue\n")),
        iam_instance_profile: Some(("arn:aws:iam::1:instance-profile/web".into(), "AIPA1".into())),
        iam_association_id: None,
        disable_api_termination: false,
        disable_api_stop: false,
        shutdown_behavior: "stop".into(),
        monitoring: false,
        ebs_optimized: false,
        metadata_options: MetadataOptions {
            http_tokens: tokens.into(),
            http_endpoint: "enabled".into(),
            http_put_response_hop_limit: 2,
            http_protocol_ipv6: "disabled".into(),
            instance_metadata_tags: "disabled".into(),
        },
        block_devices: vec![],
        client_token: None,
        generation: 1,
        reboot_requested: false,
        force: false,
        host: None,
        booted_at: None,
        options: Default::default(),
    }
}

async fn metadata(tokens: &str) -> (Metadata, Scope, ManualClock) {
    let (store, clock) = (Store::in_memory(), ManualClock::new(1_000));
    let scope = Scope::new("000000000000", "eu-west-1");
    let interface = NetworkInterface {
        id: "eni-1".into(),
        subnet_id: "subnet-1".into(),
        vpc_id: "vpc-1".into(),
        availability_zone: "eu-west-1a".into(),
        description: String::new(),
        mac_address: "0a:00:00:00:00:01".into(),
        private_addresses: vec![PrivateAddress {
            address: "10.0.0.4".parse().unwrap(),
            primary: true,
            public: Some("198.18.0.9".parse().unwrap()),
            allocation_id: None,
            association_id: None,
        }],
        ipv6_addresses: vec![],
        ipv4_prefixes: Vec::new(),
        ipv6_prefixes: Vec::new(),
        source_dest_check: true,
        groups: vec![],
        interface_type: "interface".into(),
        requester_managed: false,
        attachment: Some(Attachment {
            id: "eni-attach-1".into(),
            instance_id: "i-1".into(),
            device_index: 0,
            status: "attached".into(),
            attached: 0,
            delete_on_termination: true,
        }),
        connection_tracking: None,
        primary_ipv6: false,
        created: 0,
    };
    let record = instance(tokens);
    store
        .transact(|tx| {
            tx.put(&scope, interface.clone());
            tx.put(&scope, record.clone());
            Ok::<(), state_store::StoreError>(())
        })
        .await
        .unwrap();
    let metadata = Metadata::new(store, Arc::new(clock.clone()), [5; 32]);
    metadata.set_roles(Arc::new(Roles));
    (metadata, scope, clock)
}

struct Get<'a>(&'a Metadata, &'a Scope);

impl Get<'_> {
    async fn from(
        &self,
        source: &str,
        method: Method,
        path: &str,
        token: Option<&str>,
        ttl: Option<&str>,
    ) -> Answer {
        let ask = Ask { method: &method, path, token, ttl, forwarded: false };
        self.0.answer(self.1, "vpc-1", source.parse().unwrap(), ask).await
    }
    async fn body(&self, path: &str, token: Option<&str>) -> (u16, String) {
        let answer = self.from("10.0.0.4", Method::GET, path, token, None).await;
        (answer.status.as_u16(), String::from_utf8(answer.body).unwrap())
    }
}

#[tokio::test]
async fn version_two_needs_a_token() {
    let (metadata, scope, clock) = metadata("required").await;
    let get = Get(&metadata, &scope);
    assert_eq!(get.body("/latest/meta-data/instance-id", None).await.0, 401);
    for bad in [None, Some("0"), Some("21601"), Some("x")] {
        assert_eq!(get.from("10.0.0.4", Method::PUT, "/latest/api/token", None, bad).await.status, 400);
    }
    let token = get.from("10.0.0.4", Method::PUT, "/latest/api/token", None, Some("60")).await;
    assert_eq!((token.status.as_u16(), token.ttl), (200, Some(60)));
    let token = String::from_utf8(token.body).unwrap();
    assert_eq!(get.body("/latest/meta-data/instance-id", Some(&token)).await, (200, "i-1".into()));
    assert_eq!(get.body("/latest/meta-data/instance-id", Some("forged")).await.0, 401);
    clock.advance(61_000);
    assert_eq!(get.body("/latest/meta-data/instance-id", Some(&token)).await.0, 401);
}

#[tokio::test]
async fn a_forwarded_token_request_is_refused() {
    let (metadata, scope, _) = metadata("optional").await;
    let ask = Ask {
        method: &Method::PUT,
        path: "/latest/api/token",
        token: None,
        ttl: Some("60"),
        forwarded: true,
    };
    let answer = metadata.answer(&scope, "vpc-1", "10.0.0.4".parse().unwrap(), ask).await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn only_the_own_address_is_known() {
    let (metadata, scope, _) = metadata("optional").await;
    let get = Get(&metadata, &scope);
    let other = get.from("10.0.0.5", Method::GET, "/latest/meta-data/instance-id", None, None).await;
    assert_eq!(other.status, 404);
}

#[tokio::test]
async fn the_usual_tree() {
    let (metadata, scope, _) = metadata("optional").await;
    let get = Get(&metadata, &scope);
    for (path, value) in [
        ("/latest", "dynamic\nmeta-data\nuser-data"),
        ("/latest/user-data", "#!/bin/sh\ntrue\n"),
        ("/latest/meta-data/local-ipv4", "10.0.0.4"),
        ("/latest/meta-data/public-ipv4", "198.18.0.9"),
        ("/latest/meta-data/hostname", "ip-10-0-0-4.eu-west-1.compute.internal"),
        ("/latest/meta-data/placement/", "availability-zone\navailability-zone-id\nregion"),
        ("/latest/meta-data/public-keys/", "0=key"),
        ("/latest/meta-data/public-keys/0/openssh-key", "ssh-ed25519 AAAA key"),
        ("/latest/meta-data/network/interfaces/macs/", "0a:00:00:00:00:01/"),
        (
            "/latest/meta-data/network/interfaces/macs/0a:00:00:00:00:01/ipv4-associations/198.18.0.9",
            "10.0.0.4",
        ),
        ("/latest/meta-data/iam/", "info\nsecurity-credentials/"),
        ("/latest/meta-data/iam/security-credentials/", "web"),
    ] {
        assert_eq!(get.body(path, None).await, (200, value.to_owned()), "{path}");
    }
    let (status, body) = get.body("/latest/meta-data/iam/security-credentials/web", None).await;
    let keys: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (status, keys["Token"].as_str(), keys["Expiration"].as_str()),
        (200, Some("i-1"), Some("1970-01-01T02:00:00Z"))
    );
    let (_, body) = get.body("/latest/dynamic/instance-identity/document", None).await;
    let document: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(document["instanceId"], "i-1");
    for path in ["/latest/meta-data/nothing", "/older", "/latest/meta-data/iam/security-credentials/other"] {
        assert_eq!(get.body(path, None).await.0, 404, "{path}");
    }
}
