//! VPCs, subnets and DHCP options.

use crate::{Millis, record};
use ipnet::{Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};

/// A CIDR block of a VPC or subnet, with the id and state the API shows for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CidrAssociation<N> {
    /// `vpc-cidr-assoc-…` or `subnet-cidr-assoc-…`.
    pub association_id: String,
    /// The block.
    pub cidr: N,
    /// `associating`, `associated`, `disassociating`, `disassociated`.
    pub state: String,
}

/// A virtual private cloud.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Vpc {
    /// `vpc-…`.
    pub id: String,
    /// The block given at creation.
    pub cidr_block: Ipv4Net,
    /// All IPv4 blocks, the primary first.
    pub cidr_associations: Vec<CidrAssociation<Ipv4Net>>,
    /// IPv6 blocks (/56).
    #[serde(default)]
    pub ipv6_associations: Vec<CidrAssociation<Ipv6Net>>,
    /// `dopt-…` or `default`.
    pub dhcp_options_id: String,
    /// `default`, `dedicated` or `host`.
    pub instance_tenancy: String,
    /// The one made for the account in this region.
    pub is_default: bool,
    /// Attribute `enableDnsSupport`.
    pub enable_dns_support: bool,
    /// Attribute `enableDnsHostnames`.
    pub enable_dns_hostnames: bool,
    /// Attribute `enableNetworkAddressUsageMetrics`.
    #[serde(default)]
    pub enable_network_address_usage_metrics: bool,
    /// When it was made.
    pub created: Millis,
}
record!(Vpc, "ec2/vpc");

/// A subnet: one zone's part of a VPC.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subnet {
    /// `subnet-…`.
    pub id: String,
    /// Its VPC.
    pub vpc_id: String,
    /// Its IPv4 block; four first addresses and the last are reserved.
    pub cidr_block: Ipv4Net,
    /// Its IPv6 block (/64).
    #[serde(default)]
    pub ipv6_associations: Vec<CidrAssociation<Ipv6Net>>,
    /// Zone name, such as `us-east-1a`.
    pub availability_zone: String,
    /// Zone id, such as `use1-az1`.
    pub availability_zone_id: String,
    /// The zone's subnet of the default VPC.
    pub default_for_az: bool,
    /// New interfaces get a public IPv4 address.
    pub map_public_ip_on_launch: bool,
    /// New interfaces get an IPv6 address.
    #[serde(default)]
    pub assign_ipv6_address_on_creation: bool,
    /// `ip-name` or `resource-name`.
    #[serde(default)]
    pub hostname_type: Option<String>,
    /// Resource names of instances get A records.
    #[serde(default)]
    pub resource_name_a_record: bool,
    /// Resource names of instances get AAAA records.
    #[serde(default)]
    pub resource_name_aaaa_record: bool,
    /// The resolver makes AAAA answers for names that only have A records.
    #[serde(default)]
    pub enable_dns64: bool,
    /// When it was made.
    pub created: Millis,
}
record!(Subnet, "ec2/subnet", "vpc" => |s| vec![s.vpc_id.clone()]);

/// A DHCP option set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DhcpOptions {
    /// `dopt-…`.
    pub id: String,
    /// Option name to its values.
    pub configuration: Vec<(String, Vec<String>)>,
}
record!(DhcpOptions, "ec2/dhcp-options");

/// What EC2 remembers of an account in a region beside its resources. There is one, under the id `network`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountNetwork {
    /// [`AccountNetwork::ID`].
    pub id: String,
    /// The option set new VPCs get; made together with the default VPC.
    pub default_dhcp_options_id: String,
    /// Every VPC has its default network ACL. False in data directories older than network ACLs, until the account's
    /// first request after the upgrade has made them.
    #[serde(default)]
    pub has_acls: bool,
}
record!(AccountNetwork, "ec2/account-network");

impl AccountNetwork {
    /// The id of the only one.
    pub const ID: &'static str = "network";
}

/// A /56 given to a VPC; kept in [`crate::address::pool_scope`] so that no two VPCs of the cloud share one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ipv6BlockClaim {
    /// The block's address as text, without the length.
    pub id: String,
    /// The VPC.
    pub vpc_id: String,
}
record!(Ipv6BlockClaim, "allod/ipv6-block");

impl Vpc {
    /// All its IPv4 blocks.
    pub fn ipv4_blocks(&self) -> impl Iterator<Item = Ipv4Net> + '_ {
        self.cidr_associations.iter().map(|association| association.cidr)
    }

    /// All its IPv6 blocks.
    pub fn ipv6_blocks(&self) -> impl Iterator<Item = Ipv6Net> + '_ {
        self.ipv6_associations.iter().map(|association| association.cidr)
    }
}
