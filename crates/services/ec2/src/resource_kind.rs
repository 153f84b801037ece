//! The kinds of EC2 resources: prefix of their ids, names in tags, and the faults of bad ids.

use aws_schema::Fault;

/// A kind of resource with an id of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResourceKind {
    Vpc,
    Subnet,
    RouteTable,
    InternetGateway,
    EgressOnlyInternetGateway,
    VpnGateway,
    NatGateway,
    NetworkAcl,
    DhcpOptions,
    SecurityGroup,
    SecurityGroupRule,
    PrefixList,
    NetworkInterface,
    ElasticIp,
    Instance,
    Image,
    KeyPair,
    Volume,
    Snapshot,
    Reservation,
    RouteTableAssociation,
    NetworkAclAssociation,
    VpcCidrAssociation,
    SubnetCidrAssociation,
    NetworkInterfaceAttachment,
    AddressAssociation,
    IamProfileAssociation,
    VpcPeering,
    VpcEndpoint,
    FlowLog,
    SubnetCidrReservation,
    InsightsPath,
    InsightsAnalysis,
}

struct Facts {
    /// Before the hyphen of the id.
    prefix: &'static str,
    /// In `ResourceType` of tags; empty when the kind takes none.
    tag_type: &'static str,
    malformed: &'static str,
    not_found: &'static str,
    /// `The <noun> '<id>' does not exist`.
    noun: &'static str,
}

const fn facts(
    prefix: &'static str,
    tag_type: &'static str,
    malformed: &'static str,
    not_found: &'static str,
    noun: &'static str,
) -> Facts {
    Facts { prefix, tag_type, malformed, not_found, noun }
}

impl ResourceKind {
    /// Every kind that may bear tags.
    pub(crate) const TAGGABLE: &'static [ResourceKind] = &[
        ResourceKind::Vpc,
        ResourceKind::Subnet,
        ResourceKind::RouteTable,
        ResourceKind::InternetGateway,
        ResourceKind::EgressOnlyInternetGateway,
        ResourceKind::VpnGateway,
        ResourceKind::NatGateway,
        ResourceKind::NetworkAcl,
        ResourceKind::DhcpOptions,
        ResourceKind::SecurityGroup,
        ResourceKind::SecurityGroupRule,
        ResourceKind::PrefixList,
        ResourceKind::NetworkInterface,
        ResourceKind::ElasticIp,
        ResourceKind::Instance,
        ResourceKind::Image,
        ResourceKind::KeyPair,
        ResourceKind::Volume,
        ResourceKind::Snapshot,
        ResourceKind::VpcPeering,
        ResourceKind::VpcEndpoint,
        ResourceKind::FlowLog,
        ResourceKind::SubnetCidrReservation,
        ResourceKind::InsightsPath,
        ResourceKind::InsightsAnalysis,
    ];

    /// AWS's spelling differs from kind to kind (`ID`, `Id`); it is copied, never derived.
    #[rustfmt::skip]
    fn facts(self) -> Facts {
        use ResourceKind as K;
        match self {
            K::Vpc => facts("vpc", "vpc", "InvalidVpcID.Malformed", "InvalidVpcID.NotFound", "vpc ID"),
            K::Subnet => facts("subnet", "subnet", "InvalidSubnetID.Malformed", "InvalidSubnetID.NotFound", "subnet ID"),
            K::RouteTable => facts("rtb", "route-table", "InvalidRouteTableId.Malformed", "InvalidRouteTableID.NotFound", "routeTable ID"),
            K::InternetGateway => facts("igw", "internet-gateway", "InvalidInternetGatewayId.Malformed", "InvalidInternetGatewayID.NotFound", "internetGateway ID"),
            K::EgressOnlyInternetGateway => facts("eigw", "egress-only-internet-gateway", "InvalidEgressOnlyInternetGatewayId.Malformed", "InvalidEgressOnlyInternetGatewayId.NotFound", "egressOnlyInternetGateway ID"),
            K::VpnGateway => facts("vgw", "vpn-gateway", "InvalidVpnGatewayID.Malformed", "InvalidVpnGatewayID.NotFound", "vpnGateway ID"),
            K::NatGateway => facts("nat", "natgateway", "NatGatewayMalformed", "NatGatewayNotFound", "NatGateway ID"),
            K::NetworkAcl => facts("acl", "network-acl", "InvalidNetworkAclId.Malformed", "InvalidNetworkAclID.NotFound", "networkAcl ID"),
            K::DhcpOptions => facts("dopt", "dhcp-options", "InvalidDhcpOptionsId.Malformed", "InvalidDhcpOptionID.NotFound", "dhcpOption ID"),
            K::SecurityGroup => facts("sg", "security-group", "InvalidGroupId.Malformed", "InvalidGroup.NotFound", "security group"),
            K::SecurityGroupRule => facts("sgr", "security-group-rule", "InvalidSecurityGroupRuleId.Malformed", "InvalidSecurityGroupRuleId.NotFound", "security group rule ID"),
            K::PrefixList => facts("pl", "prefix-list", "InvalidPrefixListId.Malformed", "InvalidPrefixListID.NotFound", "prefix list ID"),
            K::NetworkInterface => facts("eni", "network-interface", "InvalidNetworkInterfaceId.Malformed", "InvalidNetworkInterfaceID.NotFound", "networkInterface ID"),
            K::ElasticIp => facts("eipalloc", "elastic-ip", "InvalidAllocationID.NotFound", "InvalidAllocationID.NotFound", "allocation ID"),
            K::Instance => facts("i", "instance", "InvalidInstanceID.Malformed", "InvalidInstanceID.NotFound", "instance ID"),
            K::Image => facts("ami", "image", "InvalidAMIID.Malformed", "InvalidAMIID.NotFound", "image id"),
            K::KeyPair => facts("key", "key-pair", "InvalidKeyPair.NotFound", "InvalidKeyPair.NotFound", "key pair"),
            K::Volume => facts("vol", "volume", "InvalidVolumeID.Malformed", "InvalidVolume.NotFound", "volume"),
            K::Snapshot => facts("snap", "snapshot", "InvalidSnapshotID.Malformed", "InvalidSnapshot.NotFound", "snapshot"),
            K::Reservation => facts("r", "", "InvalidReservationID.Malformed", "InvalidReservationID.NotFound", "reservation ID"),
            K::RouteTableAssociation => facts("rtbassoc", "", "InvalidAssociationID.NotFound", "InvalidAssociationID.NotFound", "association ID"),
            K::NetworkAclAssociation => facts("aclassoc", "", "InvalidAssociationID.NotFound", "InvalidAssociationID.NotFound", "association ID"),
            K::VpcCidrAssociation => facts("vpc-cidr-assoc", "", "InvalidVpcCidrBlockAssociationID.NotFound", "InvalidVpcCidrBlockAssociationID.NotFound", "vpc CIDR block association ID"),
            K::SubnetCidrAssociation => facts("subnet-cidr-assoc", "", "InvalidSubnetCidrBlockAssociationID.NotFound", "InvalidSubnetCidrBlockAssociationID.NotFound", "subnet CIDR block association ID"),
            K::NetworkInterfaceAttachment => facts("eni-attach", "", "InvalidNetworkInterfaceAttachmentId.Malformed", "InvalidAttachmentID.NotFound", "networkInterfaceAttachment ID"),
            K::AddressAssociation => facts("eipassoc", "", "InvalidAssociationID.NotFound", "InvalidAssociationID.NotFound", "association ID"),
            K::IamProfileAssociation => facts("iip-assoc", "", "InvalidAssociationID.NotFound", "InvalidAssociationID.NotFound", "association ID"),
            K::VpcPeering => facts("pcx", "vpc-peering-connection", "InvalidVpcPeeringConnectionId.Malformed", "InvalidVpcPeeringConnectionID.NotFound", "vpcPeeringConnection ID"),
            K::VpcEndpoint => facts("vpce", "vpc-endpoint", "InvalidVpcEndpointId.Malformed", "InvalidVpcEndpointId.NotFound", "Vpc Endpoint Id"),
            K::FlowLog => facts("fl", "vpc-flow-log", "InvalidFlowLogId.NotFound", "InvalidFlowLogId.NotFound", "flow log ID"),
            K::SubnetCidrReservation => facts("scr", "subnet-cidr-reservation", "InvalidSubnetCidrReservationID.Malformed", "InvalidSubnetCidrReservationID.NotFound", "subnet CIDR reservation ID"),
            K::InsightsPath => facts("nip", "network-insights-path", "InvalidNetworkInsightsPathId.Malformed", "InvalidNetworkInsightsPathId.NotFound", "network insights path ID"),
            K::InsightsAnalysis => facts("nia", "network-insights-analysis", "InvalidNetworkInsightsAnalysisId.Malformed", "InvalidNetworkInsightsAnalysisId.NotFound", "network insights analysis ID"),
        }
    }

    /// A fresh id.
    pub(crate) fn new_id(self) -> String {
        contracts::new_id(self.facts().prefix)
    }

    /// EC2's name of the kind in tags; `None` when it takes none.
    pub(crate) fn tag_type(self) -> Option<&'static str> {
        Some(self.facts().tag_type).filter(|name| !name.is_empty())
    }

    /// The taggable kind whose ids begin like this one.
    pub(crate) fn of_id(id: &str) -> Option<ResourceKind> {
        Self::TAGGABLE.iter().copied().find(|kind| kind.is_well_formed(id))
    }

    /// The taggable kind with this name in tags.
    pub(crate) fn of_tag_type(name: &str) -> Option<ResourceKind> {
        Self::TAGGABLE.iter().copied().find(|kind| kind.facts().tag_type == name)
    }

    /// Prefix, hyphen, 8 to 17 lower-case hexadecimal digits: old and new ids.
    pub(crate) fn is_well_formed(self, id: &str) -> bool {
        let digits = id.strip_prefix(self.facts().prefix).and_then(|rest| rest.strip_prefix('-'));
        digits.is_some_and(|digits| {
            (8..=17).contains(&digits.len())
                && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        })
    }

    /// The id itself when its form is right, otherwise the kind's `Malformed` fault.
    pub(crate) fn check(self, id: &str) -> Result<&str, Fault> {
        if self.is_well_formed(id) {
            return Ok(id);
        }
        let Facts { prefix, malformed, not_found, .. } = self.facts();
        if malformed == not_found {
            return Err(self.not_found(id));
        }
        let shown: String = id.chars().take(200).collect();
        Err(Fault::sender(malformed, format!("Invalid id: \"{shown}\" (expecting \"{prefix}-...\")")))
    }

    /// Checks the form of every id.
    pub(crate) fn check_all(self, ids: &[String]) -> Result<(), Fault> {
        ids.iter().try_for_each(|id| self.check(id).map(drop))
    }

    /// The kind's `NotFound` fault for one id.
    pub(crate) fn not_found(self, id: &str) -> Fault {
        let Facts { not_found, noun, .. } = self.facts();
        let shown: String = id.chars().take(200).collect();
        if self == ResourceKind::Image {
            return Fault::sender(not_found, format!("The {noun} '[{shown}]' does not exist"));
        }
        Fault::sender(not_found, format!("The {noun} '{shown}' does not exist"))
    }

    /// The kind's `NotFound` fault for several ids: `The instance IDs 'a, b' do not exist`.
    pub(crate) fn not_found_all(self, ids: &[String]) -> Fault {
        if let [one] = ids {
            return self.not_found(one);
        }
        let Facts { not_found, noun, .. } = self.facts();
        let shown: Vec<&str> = ids.iter().take(100).map(String::as_str).collect();
        Fault::sender(not_found, format!("The {noun}s '{}' do not exist", shown.join(", ")))
    }
}
