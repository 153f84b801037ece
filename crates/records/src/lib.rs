//! The records every part of the cloud meets through.
//!
//! A service writes them, the host agent reads them (and writes the `status` side), other services look things up in
//! them. They hold intent and observed state, never kernel handles. Fields added later carry `#[serde(default)]`.
#![forbid(unsafe_code)]

pub mod address;
pub mod extension;
pub mod flow_log;
pub mod gateway;
pub mod iam;
pub mod idempotency;
pub mod image;
pub mod insights;
pub mod instance;
pub mod nat_gateway;
pub mod network_acl;
pub mod network_interface;
pub mod peering;
pub mod route_table;
pub mod security_group;
pub mod ssm;
pub mod stepfunctions;
pub mod subnet_reservation;
pub mod tags;
pub mod transitions;
pub mod vpc;
pub mod vpc_endpoint;

pub use address::Address;
pub use extension::{LearnedRoute, NetworkSecurityGroup, NsgRule, PortForwarding};
pub use flow_log::FlowLog;
pub use gateway::InternetGateway;
pub use idempotency::ClientToken;
pub use image::{Image, KeyPair};
pub use insights::{InsightsAnalysis, InsightsPath, PathFilter};
pub use instance::{
    BlockDevice, Instance, InstanceState, LaunchOptions, LaunchToken, MetadataDefaults, MetadataOptions,
    StateReason,
};
pub use nat_gateway::{EgressOnlyInternetGateway, NatAddress, NatGateway, NatGatewayState, VpnGateway};
pub use network_acl::{AclAssociation, AclEntry, NetworkAcl};
pub use network_interface::{Attachment, ConnectionTracking, NetworkInterface, PrivateAddress};
pub use peering::{PeeringSide, VpcPeering};
pub use route_table::{Route, RouteOrigin, RouteTable, RouteTarget, TableAssociation};
pub use security_group::{Peer, PeeredRule, PrefixList, PrefixListEntry, Rule, SecurityGroup};
pub use subnet_reservation::SubnetCidrReservation;
pub use tags::Tags;
pub use vpc::{AccountNetwork, CidrAssociation, DhcpOptions, Ipv6BlockClaim, Subnet, Vpc};
pub use vpc_endpoint::VpcEndpoint;

/// Milliseconds since 1970-01-01T00:00:00Z, the unit of every time in a record.
pub type Millis = i64;

/// Implements [`state_store::typed::Record`] for a struct with an `id` field.
#[macro_export]
macro_rules! record {
    ($type:ty, $kind:literal $(, $index:literal => $value:expr)* $(,)?) => {
        impl state_store::typed::Record for $type {
            const KIND: &'static str = $kind;
            fn id(&self) -> &str {
                &self.id
            }
            fn indexes(&self) -> Vec<(&'static str, String)> {
                #[allow(unused_mut)]
                let mut found: Vec<(&'static str, String)> = Vec::new();
                $(
                    #[allow(clippy::redundant_closure_call)]
                    for value in ($value as fn(&Self) -> Vec<String>)(self) {
                        found.push(($index, value));
                    }
                )*
                found
            }
        }
    };
}
