//! Why a path ends: the codes of "Reachability Analyzer explanation codes" in AWS's VPC documentation.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal),+ $(,)?) => {
        /// An explanation code, as far as this network has the components that give rise to it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum ExplanationCode {
            $($(#[$doc])* #[serde(rename = $text)] $name),+
        }

        impl ExplanationCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The code as the API writes it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}

codes! {
    /// A component is not in a state in which it works.
    BadState = "BAD_STATE",
    /// Two components are not attached to each other as the path needs it.
    BadStateAttachment = "BAD_STATE_ATTACHMENT",
    /// The best route is a blackhole.
    BadStateRoute = "BAD_STATE_ROUTE",
    /// There is no working VPN tunnel.
    BadStateVpn = "BAD_STATE_VPN",
    /// The sender is not who the frame says.
    EniAddressRestriction = "ENI_ADDRESS_RESTRICTION",
    /// No rule of the interface's groups matches.
    EniSgRulesMismatch = "ENI_SG_RULES_MISMATCH",
    /// The source/destination check refuses an address that is not the interface's own.
    EniSourceDestCheckRestriction = "ENI_SOURCE_DEST_CHECK_RESTRICTION",
    /// A packet from outside claims to come from within.
    GatewayRejectsSpoofedTraffic = "GATEWAY_REJECTS_SPOOFED_TRAFFIC",
    /// A packet that left towards the internet has a private destination (RFC 1918).
    IgwDestinationAddressNotInRfc1918Egress = "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS",
    /// The same for shared address space (RFC 6598).
    IgwDestinationAddressNotInRfc6598Egress = "IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS",
    /// The destination is no interface's public address.
    IgwPrivateIpAssociationForIngress = "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS",
    /// The source has no public address.
    IgwPublicIpAssociationForEgress = "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS",
    /// A packet from the internet has a private source (RFC 1918).
    IgwSourceAddressNotInRfc1918Ingress = "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS",
    /// The same for shared address space (RFC 6598).
    IgwSourceAddressNotInRfc6598Ingress = "IGW_SOURCE_ADDRESS_NOT_IN_RFC6598_INGRESS",
    /// The appliance of a gateway route table has no public address.
    IngressRtbNoPublicIp = "INGRESS_RTB_NO_PUBLIC_IP",
    /// The answer of a subnet behind an appliance left without passing the appliance.
    IngressRtbTrafficRedirection = "INGRESS_RTB_TRAFFIC_REDIRECTION",
    /// A NAT gateway does not take flows from outside.
    NgwRequiresSourceInVpc = "NGW_REQUIRES_SOURCE_IN_VPC",
    /// Nobody has the destination address.
    NoPossibleDestination = "NO_POSSIBLE_DESTINATION",
    /// The route table has no matching route.
    NoRouteToDestination = "NO_ROUTE_TO_DESTINATION",
    /// There is no end to the path, for instance because routes go round in a circle.
    NoPath = "NO_PATH",
    /// The sender does not exist.
    NoSourceOrDestination = "NO_SOURCE_OR_DESTINATION",
    /// A peering connection carries nothing but the two VPCs' own addresses.
    PcxRequiresAddressInVpcCidr = "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR",
    /// A component does not take this protocol.
    ProtocolRestriction = "PROTOCOL_RESTRICTION",
    /// The interface's groups have no rule in this direction at all.
    SgHasNoRules = "SG_HAS_NO_RULES",
    /// A rule names a group, but an appliance on the way hides who is a member.
    SgReferencesNotPreserved = "SG_REFERENCES_NOT_PRESERVED",
    /// A network ACL, or a VNet-style group, refuses.
    SubnetAclRestriction = "SUBNET_ACL_RESTRICTION",
    /// A gateway endpoint carries TCP and echo only.
    VpceGatewayProtocolRestriction = "VPCE_GATEWAY_PROTOCOL_RESTRICTION",
}

impl fmt::Display for ExplanationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
