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
