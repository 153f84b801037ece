//! A client without a network, and the EC2 resources the extension stands on, as records.

use aws_schema::{Fault, Protocol, ReadMembers};
use aws_wire::{RequestParts, decode_request, encode_response, validation_fault};
use contracts::seams::NetworkGate;
use contracts::{BoxFuture, Caller, ManualClock, Platform, Principal, ServiceTable};
use parking_lot::Mutex;
use records::{
    Address, CidrAssociation, InternetGateway, NatAddress, NatGateway, NatGatewayState, NetworkInterface,
    Route, RouteOrigin, RouteTable, RouteTarget, Subnet, Vpc, VpnGateway,
};
use serde_json::Value;
use state_store::StoreError;
use state_store::typed::{Record, Scope, Store};
use std::net::Ipv4Addr;
use std::sync::Arc;

pub(super) const VPC: &str = "vpc-00000001";
pub(super) const OTHER_VPC: &str = "vpc-00000002";
pub(super) const SUBNET: &str = "subnet-00000001";
pub(super) const OTHER_SUBNET: &str = "subnet-00000002";
pub(super) const INTERFACE: &str = "eni-00000001";
pub(super) const OTHER_INTERFACE: &str = "eni-00000002";
pub(super) const NAT_INTERFACE: &str = "eni-00000003";
pub(super) const INTERNET: &str = "igw-00000001";
pub(super) const LOOSE_INTERNET: &str = "igw-00000002";
pub(super) const NAT: &str = "nat-00000001";
pub(super) const ELASTIC: &str = "eipalloc-00000001";
pub(super) const VPN: &str = "vgw-00000001";
pub(super) const LOOSE_VPN: &str = "vgw-00000002";
pub(super) const TABLE: &str = "rtb-00000001";

/// What the fake seams saw.
#[derive(Default)]
struct Seams {
    settled: Mutex<Vec<String>>,
    refusal: Mutex<Option<String>>,
}

impl NetworkGate for Seams {
    fn settled(&self, _: Scope, vpc_id: String, _: u64) -> BoxFuture<'static, Result<(), String>> {
        self.settled.lock().push(vpc_id);
        let refusal = self.refusal.lock().clone();
        Box::pin(async move { refusal.map_or(Ok(()), Err) })
    }
}

/// One cloud with a VPC 10.0.0.0/16, a subnet 10.0.1.0/24, gateways of every kind, and a second, empty VPC.
pub(super) struct Cloud {
    pub(super) store: Store,
    pub(super) scope: Scope,
    seams: Arc<Seams>,
    table: ServiceTable,
}

impl Cloud {
    pub(super) async fn new() -> Cloud {
        let (store, seams) = (Store::in_memory(), Arc::new(Seams::default()));
        let clock = Arc::new(ManualClock::new(1_795_168_800_000));
        let platform = Platform {
            store: store.clone(),
            network: seams.clone(),
            ..Platform::without_host(clock, "000000000000", true)
        };
        let scope = Scope::new("000000000000", "us-east-1");
        let cloud = Cloud { store, scope, seams, table: crate::table(platform) };
        cloud.furnish().await;
        cloud
    }

    async fn furnish(&self) {
        for (id, block, subnet, inside) in [
            (VPC, "10.0.0.0/16", SUBNET, "10.0.1.0/24"),
            (OTHER_VPC, "10.1.0.0/16", OTHER_SUBNET, "10.1.1.0/24"),
        ] {
            self.put(vpc(id, block)).await;
            self.put(self::subnet(subnet, id, inside)).await;
        }
        self.put(interface(INTERFACE, VPC, SUBNET, false)).await;
        self.put(interface(OTHER_INTERFACE, OTHER_VPC, OTHER_SUBNET, false)).await;
        self.put(interface(NAT_INTERFACE, VPC, SUBNET, true)).await;
        self.put(InternetGateway { id: INTERNET.to_owned(), vpc_id: Some(VPC.to_owned()) }).await;
        self.put(InternetGateway { id: LOOSE_INTERNET.to_owned(), vpc_id: None }).await;
        self.put(elastic(ELASTIC, 1)).await;
        self.put(nat_gateway(NatGatewayState::Available)).await;
        self.put(VpnGateway { id: VPN.to_owned(), vpc_id: Some(VPC.to_owned()), asn: 64_512 }).await;
        self.put(VpnGateway { id: LOOSE_VPN.to_owned(), vpc_id: None, asn: 64_512 }).await;
        let local = Route {
            destination: "10.0.0.0/16".parse().unwrap(),
            prefix_list: None,
            target: RouteTarget::Local,
            origin: RouteOrigin::CreateRouteTable,
        };
        self.put(RouteTable {
            id: TABLE.to_owned(),
            vpc_id: VPC.to_owned(),
            routes: vec![local],
            associations: Vec::new(),
            propagating: vec![VPN.to_owned()],
        })
        .await;
    }

    /// Writes a record as another service would.
    pub(super) async fn put<R: Record>(&self, record: R) {
        let written = self.store.transact(|tx| {
            tx.put(&self.scope, record.clone());
            Ok::<_, StoreError>(())
        });
        written.await.unwrap();
    }

    /// The answer to an operation as the gateway would run it.
    pub(super) async fn ask(&self, name: &str, input: Value) -> Result<Value, Fault> {
        let operation = api_allod::SERVICE.operation(name).expect("a modelled operation");
        let body = input.to_string();
        let headers: [(&str, &str); 0] = [];
        let parts =
            RequestParts { method: "POST", path: "/", query: "", headers: &headers, body: body.as_bytes() };
        let mut decode = |target: &mut dyn ReadMembers| {
            decode_request(Protocol::Json11, &parts, &[], target).map_err(|e| e.fault(Protocol::Json11))
        };
        let prepared = self.table.prepare(operation, &mut decode, false).expect("a built operation")?;
        if let Some(fault) = validation_fault(Protocol::Json11, &prepared.violations) {
            return Err(fault);
        }
        let caller = Caller {
            scope: self.scope.clone(),
            principal: Principal::root(&self.scope.account),
            access_key_id: "test".to_owned(),
            source_ip: None,
            request_id: String::new(),
            user_agent: String::new(),
            host: String::new(),
            enforced: false,
        };
        let output = prepared.run(Arc::new(caller)).await?;
        let answer = encode_response(Protocol::Json11, &api_allod::SERVICE, operation, &*output, "id");
        Ok(serde_json::from_slice(&answer.body).expect("JSON"))
    }

    /// The answer of an operation that must succeed.
    pub(super) async fn ok(&self, name: &str, input: Value) -> Value {
        self.ask(name, input.clone()).await.unwrap_or_else(|fault| panic!("{name} {input}: {fault}"))
    }

    /// The code of the fault of an operation that must fail and change nothing.
    pub(super) async fn code(&self, name: &str, input: Value) -> String {
        let before = self.store.revision();
        match self.ask(name, input.clone()).await {
            Ok(answer) => panic!("{name} {input} succeeded: {answer}"),
            Err(fault) => {
                assert_eq!(self.store.revision(), before, "{name} {input} changed something");
                fault.code.into_owned()
            }
        }
    }

    /// The VPCs handlers have waited for since the last call of this.
    pub(super) fn settled(&self) -> Vec<String> {
        self.seams.settled.lock().drain(..).collect()
    }

    /// From now on the data plane refuses.
    pub(super) fn refuse(&self, why: &str) {
        *self.seams.refusal.lock() = Some(why.to_owned());
    }
}

fn association<N>(cidr: N) -> Vec<CidrAssociation<N>> {
    vec![CidrAssociation { association_id: "assoc".to_owned(), cidr, state: "associated".to_owned() }]
}

fn vpc(id: &str, block: &str) -> Vpc {
    let cidr_block = block.parse().unwrap();
    Vpc {
        id: id.to_owned(),
        cidr_block,
        cidr_associations: association(cidr_block),
        ipv6_associations: Vec::new(),
        dhcp_options_id: "default".to_owned(),
        instance_tenancy: "default".to_owned(),
        is_default: false,
        enable_dns_support: true,
        enable_dns_hostnames: false,
        enable_network_address_usage_metrics: false,
        created: 0,
    }
}

fn subnet(id: &str, vpc: &str, block: &str) -> Subnet {
    Subnet {
        id: id.to_owned(),
        vpc_id: vpc.to_owned(),
        cidr_block: block.parse().unwrap(),
        ipv6_associations: Vec::new(),
        availability_zone: "us-east-1a".to_owned(),
        availability_zone_id: "use1-az1".to_owned(),
        default_for_az: false,
        map_public_ip_on_launch: false,
        assign_ipv6_address_on_creation: false,
        hostname_type: None,
        resource_name_a_record: false,
        resource_name_aaaa_record: false,
        enable_dns64: false,
        created: 0,
    }
}

fn interface(id: &str, vpc: &str, subnet: &str, managed: bool) -> NetworkInterface {
    NetworkInterface {
        id: id.to_owned(),
        subnet_id: subnet.to_owned(),
        vpc_id: vpc.to_owned(),
        availability_zone: "us-east-1a".to_owned(),
        description: String::new(),
        mac_address: "0a:00:00:00:00:01".to_owned(),
        private_addresses: Vec::new(),
        ipv6_addresses: Vec::new(),
        ipv4_prefixes: Vec::new(),
        ipv6_prefixes: Vec::new(),
        source_dest_check: true,
        groups: Vec::new(),
        interface_type: "interface".to_owned(),
        requester_managed: managed,
        attachment: None,
        connection_tracking: None,
        primary_ipv6: false,
        created: 0,
    }
}

/// A free elastic address 198.18.0.`last`.
pub(super) fn elastic(id: &str, last: u8) -> Address {
    Address {
        id: id.to_owned(),
        public_ip: Ipv4Addr::new(198, 18, 0, last),
        network_interface_id: None,
        private_ip: None,
        association_id: None,
        reverse_name: None,
    }
}

/// [`NAT`] at 10.0.1.9 and 198.18.0.9.
pub(super) fn nat_gateway(state: NatGatewayState) -> NatGateway {
    let primary = NatAddress {
        private_ip: Ipv4Addr::new(10, 0, 1, 9),
        allocation_id: Some("eipalloc-00000009".to_owned()),
        public_ip: Some(Ipv4Addr::new(198, 18, 0, 9)),
        association_id: Some("eipassoc-00000009".to_owned()),
        primary: true,
        status: "succeeded".to_owned(),
    };
    NatGateway {
        id: NAT.to_owned(),
        vpc_id: VPC.to_owned(),
        subnet_id: SUBNET.to_owned(),
        public: true,
        state,
        failure: None,
        network_interface_id: NAT_INTERFACE.to_owned(),
        addresses: vec![primary],
        created: 0,
        deleted: None,
    }
}
