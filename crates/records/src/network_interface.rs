//! Elastic network interfaces.

use crate::{Millis, record};
use ipnet::{Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, Ipv6Addr};

/// An IPv4 address of an interface, with the public one mapped to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivateAddress {
    /// The address inside the VPC.
    pub address: Ipv4Addr,
    /// The first one.
    pub primary: bool,
    /// Public address mapped 1:1 to it.
    #[serde(default)]
    pub public: Option<Ipv4Addr>,
    /// `eipalloc-…` when the public address is an elastic one.
    #[serde(default)]
    pub allocation_id: Option<String>,
    /// `eipassoc-…`.
    #[serde(default)]
    pub association_id: Option<String>,
}

/// How an interface hangs on an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// `eni-attach-…`.
    pub id: String,
    /// The instance.
    pub instance_id: String,
    /// 0 is `eth0`.
    pub device_index: i32,
    /// `attaching`, `attached`, `detaching`, `detached`.
    pub status: String,
    /// When.
    pub attached: Millis,
    /// The interface goes with the instance.
    pub delete_on_termination: bool,
}

/// Idle timeouts of tracked connections through an interface, in seconds (AWS: "Security group connection tracking",
/// "Idle connection tracking timeout"); absent ones have AWS's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionTracking {
    /// Established TCP: 60 to 432,000; default 432,000.
    #[serde(default)]
    pub tcp_established: Option<i32>,
    /// UDP with more than one request and answer: 60 to 180; default 180.
    #[serde(default)]
    pub udp_stream: Option<i32>,
    /// UDP in one direction, or of one request and answer: 30 to 60; default 30.
    #[serde(default)]
    pub udp: Option<i32>,
}

/// A network interface.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NetworkInterface {
    /// `eni-…`.
    pub id: String,
    /// Its subnet.
    pub subnet_id: String,
    /// Its VPC.
    pub vpc_id: String,
    /// Zone of the subnet.
    pub availability_zone: String,
    /// Free text.
    pub description: String,
    /// `0a:…`, lower case.
    pub mac_address: String,
    /// IPv4 addresses, the primary first.
    pub private_addresses: Vec<PrivateAddress>,
    /// IPv6 addresses.
    #[serde(default)]
    pub ipv6_addresses: Vec<Ipv6Addr>,
    /// Delegated IPv4 prefixes (/28).
    #[serde(default)]
    pub ipv4_prefixes: Vec<Ipv4Net>,
    /// Delegated IPv6 prefixes (/80).
    #[serde(default)]
    pub ipv6_prefixes: Vec<Ipv6Net>,
    /// Packets must come from and go to its own addresses.
    pub source_dest_check: bool,
    /// Security groups, by id.
    pub groups: Vec<String>,
    /// `interface`, `nat_gateway`, …
    pub interface_type: String,
    /// Made by a service on the account's behalf.
    #[serde(default)]
    pub requester_managed: bool,
    /// The instance it hangs on.
    #[serde(default)]
    pub attachment: Option<Attachment>,
    /// Idle timeouts, where they were set.
    #[serde(default)]
    pub connection_tracking: Option<ConnectionTracking>,
    /// The first IPv6 address is the primary one (`EnablePrimaryIpv6`) and cannot be taken away.
    #[serde(default)]
    pub primary_ipv6: bool,
    /// When it was made.
    pub created: Millis,
}
record!(
    NetworkInterface,
    "ec2/network-interface",
    "vpc" => |n| vec![n.vpc_id.clone()],
    "subnet" => |n| vec![n.subnet_id.clone()],
    "private" => |n| n.private_addresses.iter().map(|a| format!("{}/{}", n.subnet_id, a.address))
        .chain(n.ipv6_addresses.iter().map(|a| format!("{}/{a}", n.subnet_id))).collect(),
    "prefix" => |n| n.ipv4_prefixes.iter().map(|p| format!("{}/{p}", n.subnet_id))
        .chain(n.ipv6_prefixes.iter().map(|p| format!("{}/{p}", n.subnet_id))).collect(),
    "attachment" => |n| n.attachment.iter().map(|a| a.id.clone()).collect(),
    "group" => |n| n.groups.clone(),
    "address" => |n| n.private_addresses.iter().map(|a| a.address.to_string())
        .chain(n.ipv6_addresses.iter().map(ToString::to_string))
        .map(|address| format!("{}/{address}", n.vpc_id)).collect(),
    "instance" => |n| n.attachment.iter().map(|a| a.instance_id.clone()).collect(),
    "public" => |n| n.private_addresses.iter().filter_map(|a| a.public.map(|p| p.to_string())).collect(),
);

impl NetworkInterface {
    /// The primary private address.
    pub fn primary(&self) -> Option<&PrivateAddress> {
        self.private_addresses.iter().find(|a| a.primary)
    }
}
