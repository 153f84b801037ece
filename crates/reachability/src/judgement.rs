//! The answer: where a packet ends, what it passed, and what decided.

use crate::codes::ExplanationCode;
use crate::packet::{Flow, Header, Place};
use crate::topology::{Direction, GroupRule, Id, Route, Selector};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// Where a packet ends.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It arrives.
    Delivered {
        /// Where.
        at: Place,
        /// Its header there, every translation done.
        as_seen: Header,
    },
    /// A route hands it to an interface that is not its destination and has the source/destination check off. What
    /// the appliance sends on is a new packet from there.
    DeliveredToAppliance {
        /// The appliance's interface.
        interface: Id,
        /// The header there.
        as_seen: Header,
    },
    /// It is dropped.
    Dropped,
}

impl Verdict {
    /// Whether the packet arrives at its destination; an appliance on the way is not that.
    pub const fn is_delivered(&self) -> bool {
        matches!(self, Self::Delivered { .. })
    }

    /// Whether the network drops the packet.
    pub const fn is_dropped(&self) -> bool {
        matches!(self, Self::Dropped)
    }
}

/// The kind of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ComponentKind {
    /// A network interface: its state, anti-spoofing and the source/destination check.
    NetworkInterface,
    /// The security groups of an interface; the id is the group that allowed, or the first one when none did.
    SecurityGroup,
    /// A VNet-style group.
    Nsg,
    /// A network ACL.
    NetworkAcl,
    /// A route table.
    RouteTable,
    /// An internet gateway.
    InternetGateway,
    /// An egress-only internet gateway.
    EgressOnlyInternetGateway,
    /// A NAT gateway.
    NatGateway,
    /// A peering connection.
    Peering,
    /// A gateway VPC endpoint.
    GatewayEndpoint,
    /// A virtual private gateway.
    VirtualPrivateGateway,
    /// The VPC's router and its services.
    Router,
    /// Everything outside.
    Internet,
}

impl ComponentKind {
    /// The resource name in an EC2 ARN (`arn:aws:ec2:…:network-interface/eni-…`); the router is reported as its VPC,
    /// and the internet and VNet-style groups have no AWS name.
    pub const fn resource(self) -> &'static str {
        match self {
            Self::NetworkInterface => "network-interface",
            Self::SecurityGroup => "security-group",
            Self::Nsg => "network-security-group",
            Self::NetworkAcl => "network-acl",
            Self::RouteTable => "route-table",
            Self::InternetGateway => "internet-gateway",
            Self::EgressOnlyInternetGateway => "egress-only-internet-gateway",
            Self::NatGateway => "natgateway",
            Self::Peering => "vpc-peering-connection",
            Self::GatewayEndpoint => "vpc-endpoint",
            Self::VirtualPrivateGateway => "vpn-gateway",
            Self::Router => "vpc",
            Self::Internet => "internet",
        }
    }
}

/// A component on a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Component {
    /// What it is.
    pub kind: ComponentKind,
    /// Its id; the VPC's for a router, `internet` for the internet.
    pub id: Id,
}

/// Whether a component lets the packet go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It does.
    Passed,
    /// It does not.
    Refused,
}

/// The rule of a security group that allowed the packet: the API's `AnalysisSecurityGroupRule`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRuleFact {
    /// The group.
    pub group: Id,
    /// The rule itself.
    pub rule: GroupRule,
}

/// The entry of an ACL that decided: the API's `AnalysisAclRule`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AclRuleFact {
    /// 32767 is the final `*`, as the API numbers it.
    pub number: u16,
    /// The block; the final entry has the whole family's.
    pub cidr: IpNet,
    /// Its direction.
    pub direction: Direction,
    /// Protocol and ports.
    pub selector: Selector,
    /// Allow, or deny.
    pub allow: bool,
}

/// The rule of a VNet-style group that decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NsgRuleFact {
    /// The rule's name; the default rules carry Azure's.
    pub name: Id,
    /// Its priority; 65000 and above are the default rules.
    pub priority: u16,
    /// Allow, or deny.
    pub allow: bool,
}

/// The route that was taken: the API's `AnalysisRouteTableRoute`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteFact {
    /// The block that matched; of a prefix list, the matching entry.
    pub destination: IpNet,
    /// The route itself.
    pub route: Route,
}

/// The rule, entry or route by which a component decided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// None: the component has no rules, or none matched.
    #[default]
    None,
    /// A security-group rule.
    Group(Box<GroupRuleFact>),
    /// An ACL entry.
    Acl(Box<AclRuleFact>),
    /// A rule of a VNet-style group.
    Nsg(Box<NsgRuleFact>),
    /// A route.
    Route(Box<RouteFact>),
    /// The flow is tracked, so no rule was asked.
    Tracked,
}

/// One component passed, in the shape of the EC2 API's `PathComponent`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Counted from 1.
    pub sequence: u32,
    /// What was passed.
    pub component: Component,
    /// The direction, where the component has one.
    pub direction: Option<Direction>,
    /// Whether it let the packet on.
    pub outcome: Outcome,
    /// The documented code of a refusal.
    pub code: Option<ExplanationCode>,
    /// By which rule.
    pub rule: Rule,
    /// What the component is attached to: the interface of a security group.
    pub attached_to: Option<Component>,
    /// The VPC, where there is one.
    pub vpc: Option<Id>,
    /// The subnet, where there is one.
    pub subnet: Option<Id>,
    /// For a peering connection, the VPC behind it.
    pub destination_vpc: Option<Id>,
    /// The header on its way in.
    pub inbound: Header,
    /// The header on its way out; it differs behind a translation.
    pub outbound: Header,
    /// The reason in one sentence.
    pub why: String,
}

/// The whole answer for one packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// Where it ends.
    pub verdict: Verdict,
    /// Everything passed, in order, the deciding component last.
    pub path: Vec<Step>,
    /// Every component on the way that would refuse the packet. The first is the deciding one; the others are
    /// filters behind it, found as if each refusal before them were lifted.
    pub objections: Vec<Step>,
    /// What the network remembers when the packet arrives, for judging the packets after it.
    pub flow: Flow,
}

impl Judgement {
    /// The component that decided: the one that refused, or the last one before arrival.
    pub fn deciding(&self) -> Option<&Step> {
        self.path.last()
    }

    /// The documented code of a refusal; `None` when the packet arrives.
    pub fn code(&self) -> Option<ExplanationCode> {
        self.deciding().and_then(|s| s.code)
    }
}
