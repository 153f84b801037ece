//! A store with a VPC in it, questions to the resolver, and answers taken apart by a codec that is not ours.

use crate::config::ResolverConfig;
use crate::engine::{Engine, Step, Transport, View};
use crate::service::VpcKey;
use crate::task;
use crate::upstream::Upstream;
use crate::wire::name::Name;
use crate::wire::record::Kind;
use crate::wire::{query, writer};
use crate::{Upstreams, cache, limit};
use hickory_proto::op::{Message, ResponseCode};
use parking_lot::RwLock;
use records::{Instance, NetworkInterface, Subnet, Vpc};
use serde_json::{Value, json};
use state_store::StoreError;
use state_store::typed::{Record, Scope, Store};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// The machine that asks.
pub(super) const ASKER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 20, 1, 5));

pub(super) struct World {
    pub(super) engine: Arc<Engine>,
    pub(super) view: Arc<View>,
    pub(super) scope: Scope,
}

/// What the tests look at in an answer.
pub(super) struct Seen {
    pub(super) message: Message,
    pub(super) bytes: Vec<u8>,
}

impl Seen {
    pub(super) fn new(bytes: &[u8]) -> Seen {
        Seen { message: Message::from_vec(bytes).expect("a message"), bytes: bytes.to_vec() }
    }

    pub(super) fn code(&self) -> ResponseCode {
        self.message.metadata.response_code
    }

    /// The answer section: `name TYPE data`.
    pub(super) fn answers(&self) -> Vec<String> {
        let lines = self.message.answers.iter().map(|r| format!("{} {} {}", r.name, r.record_type(), r.data));
        lines.collect()
    }

    /// The name of the SOA record of an absence.
    pub(super) fn zone(&self) -> Option<String> {
        self.message.authorities.first().map(|record| record.name.to_string())
    }
}

impl World {
    /// `vpc-1` with 10.20.0.0/16 and 2001:db8:1::/56 in us-east-1; `subnet-1` with .1.0/24; nobody to ask upstream.
    pub(super) fn new() -> World {
        World::with(ResolverConfig { upstreams: Upstreams::Nowhere, ..ResolverConfig::default() })
    }

    pub(super) fn with(config: ResolverConfig) -> World {
        World::of_region("us-east-1", config)
    }

    pub(super) fn of_region(region: &str, config: ResolverConfig) -> World {
        let config = ResolverConfig { public_pool: "198.18.0.0/22".parse().ok(), ..config };
        let engine = Engine {
            store: Store::in_memory(),
            cache: Arc::new(cache::Cache::new(config.cache_bytes)),
            upstream: Upstream::new(config.upstreams.clone(), config.upstream_timeout, config.max_ttl),
            zones: RwLock::default(),
            waiting: limit::WaitingRoom::default(),
            config,
        };
        let scope = Scope::new("000000000000", region);
        let key = VpcKey { scope: scope.clone(), vpc_id: "vpc-1".into() };
        let world = World { engine: Arc::new(engine), view: Arc::new(View::new(key)), scope };
        world.vpc("vpc-1", "10.20.0.0/16", true, true);
        world.subnet("subnet-1", "vpc-1", "10.20.1.0/24", "2001:db8:1:1::/64", false);
        world
    }

    pub(super) fn put<R: Record>(&self, record: R) {
        self.put_in(&self.scope, record);
    }

    pub(super) fn put_in<R: Record>(&self, scope: &Scope, record: R) {
        let record = Arc::new(record);
        let put = self.engine.store.transact(|tx| {
            tx.put(scope, R::clone(&record));
            Ok::<(), StoreError>(())
        });
        ready(put).expect("stored");
    }

    pub(super) fn delete<R: Record>(&self, id: &str) {
        let delete = self.engine.store.transact(|tx| {
            tx.delete::<R>(&self.scope, id);
            Ok::<(), StoreError>(())
        });
        ready(delete).expect("deleted");
    }

    pub(super) fn vpc(&self, id: &str, block: &str, support: bool, hostnames: bool) {
        let v6 = if id == "vpc-1" {
            json!([{"association_id": "a", "cidr": "2001:db8:1::/56", "state": "associated"}])
        } else {
            json!([])
        };
        self.put::<Vpc>(from(json!({
            "id": id, "cidr_block": block, "dhcp_options_id": "default", "instance_tenancy": "default",
            "cidr_associations": [{"association_id": "a", "cidr": block, "state": "associated"}],
            "ipv6_associations": v6, "is_default": false, "created": 0,
            "enable_dns_support": support, "enable_dns_hostnames": hostnames,
        })));
    }

    pub(super) fn subnet(&self, id: &str, vpc: &str, v4: &str, v6: &str, dns64: bool) {
        self.put::<Subnet>(from(json!({
            "id": id, "vpc_id": vpc, "cidr_block": v4, "availability_zone": "us-east-1a",
            "ipv6_associations": [{"association_id": "a", "cidr": v6, "state": "associated"}],
            "availability_zone_id": "use1-az1", "default_for_az": false, "map_public_ip_on_launch": false,
            "enable_dns64": dns64, "created": 0,
        })));
    }

    /// An instance `i-<n>` with an interface `eni-<n>` in a VPC; the public address is claimed too.
    pub(super) fn machine(&self, number: u32, vpc: &str, v4: &str, v6: &[&str], public: Option<&str>) {
        self.put(interface(number, vpc, v4, v6, public));
        self.put(instance(number, vpc, &json!({})));
        if let Some(public) = public {
            self.put_in(
                &records::address::pool_scope(),
                records::address::PublicAddressClaim {
                    id: public.to_owned(),
                    holder: format!("eni-{number}"),
                    account: self.scope.account.to_string(),
                    region: self.scope.region.to_string(),
                },
            );
        }
    }

    /// The answer to a packet, if it comes at once.
    pub(super) fn step(&self, source: IpAddr, packet: &[u8]) -> Option<Seen> {
        let mut out = Vec::new();
        match self.engine.step(&self.view, source, Transport::Udp, packet, &mut out) {
            Step::Reply => Some(Seen::new(&out)),
            Step::Silence | Step::Wait(_) => None,
        }
    }

    /// The answer to a question that needs nobody else.
    pub(super) fn ask(&self, name: &str, kind: Kind) -> Seen {
        self.step(ASKER, &question(name, kind)).expect("an answer at once")
    }

    /// The answer to any question, as it goes back over UDP with EDNS.
    pub(super) async fn resolve(&self, name: &str, kind: Kind) -> Seen {
        self.resolve_from(ASKER, name, kind).await
    }

    pub(super) async fn resolve_from(&self, source: IpAddr, name: &str, kind: Kind) -> Seen {
        let (packet, mut out) = (with_edns(question(name, kind), 4096, 0), Vec::new());
        match self.engine.step(&self.view, source, Transport::Udp, &packet, &mut out) {
            Step::Reply => Seen::new(&out),
            Step::Silence => panic!("silence"),
            Step::Wait(waiting) => {
                let answer = task::resolve(&self.engine, &self.view, &waiting).await;
                let query = query::parse(&packet).expect("it was parsed before");
                writer::write(&query, &answer, Transport::Udp.limit(&query), &mut out);
                Seen::new(&out)
            }
        }
    }
}

/// The in-memory store never waits. On a thread of its own, since tests may run inside a runtime.
fn ready<T: Send>(future: impl Future<Output = T> + Send) -> T {
    let wait = || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(future)
    };
    std::thread::scope(|scope| scope.spawn(wait).join().expect("no panic"))
}

pub(super) fn from<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("a record")
}

pub(super) fn interface(
    number: u32,
    vpc: &str,
    v4: &str,
    v6: &[&str],
    public: Option<&str>,
) -> NetworkInterface {
    from(json!({
        "id": format!("eni-{number}"), "subnet_id": "subnet-1", "vpc_id": vpc, "availability_zone": "us-east-1a",
        "description": "", "mac_address": "0a:00:00:00:00:01",
        "private_addresses": [{"address": v4, "primary": true, "public": public}],
        "ipv6_addresses": v6, "source_dest_check": true, "groups": [], "interface_type": "interface",
        "attachment": {"id": "eni-attach-1", "instance_id": format!("i-{number}"), "device_index": 0,
                       "status": "attached", "attached": 0, "delete_on_termination": true},
        "created": 0,
    }))
}

pub(super) fn instance(number: u32, vpc: &str, options: &Value) -> Instance {
    from(json!({
        "id": format!("i-{number}"), "reservation_id": "r-1", "launch_index": 0, "image_id": "ami-1",
        "instance_type": "t3.micro", "vcpus": 2, "memory_mib": 1024, "state": "running", "launch_time": 0,
        "subnet_id": "subnet-1", "vpc_id": vpc, "availability_zone": "us-east-1a",
        "network_interfaces": [format!("eni-{number}")], "hostname": "ip-10-20-1-5",
        "shutdown_behavior": "stop", "block_devices": [], "generation": 1,
        "metadata_options": {"http_tokens": "optional", "http_endpoint": "enabled",
            "http_put_response_hop_limit": 1, "http_protocol_ipv6": "disabled", "instance_metadata_tags": "disabled"},
        "options": options,
    }))
}

/// A question with id 0x1234 and RD; the name keeps its case.
pub(super) fn question(name: &str, kind: Kind) -> Vec<u8> {
    let mut packet = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.trim_end_matches('.').split('.').filter(|label| !label.is_empty()) {
        packet.push(u8::try_from(label.len()).expect("a short label"));
        packet.extend(label.bytes());
    }
    packet.push(0);
    packet.extend(kind.0.to_be_bytes());
    packet.extend([0, 1]);
    packet
}

/// The same with an OPT record.
pub(super) fn with_edns(mut packet: Vec<u8>, size: u16, version: u8) -> Vec<u8> {
    packet[11] += 1;
    packet.push(0);
    packet.extend(Kind::OPT.0.to_be_bytes());
    packet.extend(size.to_be_bytes());
    packet.extend([0, version, 0, 0, 0, 0]);
    packet
}

pub(super) fn name(text: &str) -> Name {
    Name::from_text(text).expect("a name")
}

/// Limits of failure, not promises.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
