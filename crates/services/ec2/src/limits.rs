//! Quotas. Where AWS's default is made for a shared cloud, ours is higher: the machine's owner is the only customer.

/// Security groups on one interface (AWS: 5 by default).
pub(crate) const GROUPS_PER_INTERFACE: usize = 5;
/// Ingress, and as many egress, rules of one group, counted per address family (AWS: 60).
pub(crate) const RULES_PER_GROUP: usize = 60;
/// Routes in one table (AWS: 500 since 2024).
pub(crate) const ROUTES_PER_TABLE: usize = 500;
/// IPv4 or IPv6 blocks of one VPC (AWS: 5).
pub(crate) const CIDRS_PER_VPC: usize = 5;
/// Route tables of one VPC (AWS: 200); a new block of the VPC changes all of them in one transaction.
pub(crate) const TABLES_PER_VPC: usize = 100;
/// Network ACLs of one VPC, the default one included (AWS: 200).
pub(crate) const ACLS_PER_VPC: usize = 200;
/// Entries of one network ACL in one direction and family, the final deny entry included (AWS: 20).
pub(crate) const ENTRIES_PER_ACL: usize = 20;
/// NAT gateways in one zone (AWS: 5, raised on request).
pub(crate) const NAT_GATEWAYS_PER_ZONE: usize = 50;
/// Private addresses of one NAT gateway, and as many elastic ones (AWS: 8; elastic ones 2, raised to 8 on request).
pub(crate) const ADDRESSES_PER_NAT_GATEWAY: usize = 8;
/// Subnets of one VPC (AWS: 200).
pub(crate) const SUBNETS_PER_VPC: usize = 200;
/// VPCs of an account in a region (AWS: 5, raised on request).
pub(crate) const VPCS: usize = 1000;
/// Internet gateways of an account in a region (AWS: as many as VPCs).
pub(crate) const INTERNET_GATEWAYS: usize = 1000;
/// Security groups of an account in a region (AWS: 2,500).
pub(crate) const SECURITY_GROUPS: usize = 10_000;
/// Interfaces of an account in a region (AWS: 5,000).
pub(crate) const INTERFACES: usize = 20_000;
/// Managed prefix lists of an account in a region (AWS: 100).
pub(crate) const PREFIX_LISTS: usize = 1000;
/// Versions kept of one prefix list (AWS: 1,000).
pub(crate) const PREFIX_LIST_VERSIONS: usize = 1000;
/// DHCP option sets of an account in a region.
pub(crate) const DHCP_OPTIONS: usize = 1000;
/// Elastic addresses of an account in a region (AWS: 5, raised on request).
pub(crate) const ELASTIC_IPS: usize = 1000;
/// Instances of an account in a region that are not terminated.
pub(crate) const INSTANCES: usize = 20_000;
/// Virtual processors of an account's running instances in a region (AWS: 5 to 1,152 at first, raised on request).
pub(crate) const VCPUS: i64 = 100_000;
/// Private IPv4 or IPv6 addresses of one interface (AWS: up to 50, by instance type).
pub(crate) const ADDRESSES_PER_INTERFACE: usize = 50;
/// Active peering connections of one VPC (AWS: 50, up to 125 on request).
pub(crate) const PEERINGS_PER_VPC: usize = 125;
/// Peering requests a VPC may have waiting for an answer (AWS: 25).
pub(crate) const PENDING_PEERINGS: usize = 25;
/// Peering connections an account can see in a region, in whatever state.
pub(crate) const PEERINGS: usize = 5000;
/// Flow logs of one VPC, subnet or interface (AWS: 2).
pub(crate) const FLOW_LOGS_PER_RESOURCE: usize = 2;
/// Flow logs of an account in a region.
pub(crate) const FLOW_LOGS: usize = 5000;
/// CIDR reservations of one subnet.
pub(crate) const RESERVATIONS_PER_SUBNET: usize = 100;
/// Interface endpoints of one VPC (AWS: 50).
pub(crate) const ENDPOINTS_PER_VPC: usize = 50;
/// Bytes of an endpoint's policy, white space included (AWS: 20,480 characters).
pub(crate) const ENDPOINT_POLICY: usize = 20_480;
/// Network Insights paths of an account in a region (AWS: 100).
pub(crate) const INSIGHTS_PATHS: usize = 100;
/// Analyses of paths of an account in a region (AWS: 1,000).
pub(crate) const INSIGHTS_ANALYSES: usize = 1000;
/// Analyses at work at once (AWS: 6).
pub(crate) const RUNNING_ANALYSES: usize = 6;
