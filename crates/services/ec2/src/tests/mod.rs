//! The network operations as a client sees them: requests in EC2's query form through the table, answers as XML.

mod addresses;
mod cloud;
mod default_vpc;
mod dhcp;
mod endpoints;
mod flow_logs;
mod gateways;
mod groups;
mod histories;
mod insights;
mod insights_peered;
mod instances;
mod interfaces;
mod nat_gateways;
mod network_acls;
mod paging;
mod peered_groups;
mod peerings;
mod places;
mod prefix_lists;
mod prefixes;
mod route_targets;
mod routes;
mod rules;
mod subnets;
mod tagging;
mod vpcs;
mod vpn_gateways;

use cloud::Cloud;
