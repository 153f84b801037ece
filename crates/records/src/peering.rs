//! VPC peering connections.

use crate::{Millis, record};
use ipnet::{Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};
use state_store::typed::{Scope, Tx};

/// One side of a peering connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeeringSide {
    /// Account of the VPC.
    pub account: String,
    /// Region of the VPC.
    pub region: String,
    /// The VPC.
    pub vpc_id: String,
    /// Its IPv4 blocks when the connection became active; empty on the accepter's side before that.
    pub cidrs: Vec<Ipv4Net>,
    /// Its IPv6 blocks, likewise.
    #[serde(default)]
    pub ipv6_cidrs: Vec<Ipv6Net>,
    /// Option `AllowDnsResolutionFromRemoteVpc`.
    #[serde(default)]
    pub allow_remote_dns: bool,
}

/// A peering connection. The same record lies in the scopes of both sides; write it with [`VpcPeering::put`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VpcPeering {
    /// `pcx-…`.
    pub id: String,
    /// Who asked.
    pub requester: PeeringSide,
    /// Who was asked.
    pub accepter: PeeringSide,
    /// `initiating-request`, `pending-acceptance`, `provisioning`, `active`, `failed`, `rejected`, `expired`,
    /// `deleting`, `deleted` (VPC peering guide, "VPC peering connection lifecycle").
    pub status: String,
    /// In words, as the API shows it.
    pub status_message: String,
    /// End of an unanswered request: seven days after it was made.
    pub expires: Millis,
    /// When the present status was reached.
    pub changed: Millis,
}
record!(
    VpcPeering,
    "ec2/vpc-peering",
    "vpc" => |p| vec![p.requester.vpc_id.clone(), p.accepter.vpc_id.clone()],
);

impl PeeringSide {
    /// Where the side's records lie.
    pub fn scope(&self) -> Scope {
        Scope::new(self.account.as_str(), self.region.as_str())
    }
}

impl VpcPeering {
    /// Whether packets may pass.
    pub fn is_active(&self) -> bool {
        self.status == "active"
    }

    /// Writes the record for both sides.
    pub fn put(&self, tx: &mut Tx<'_>) {
        let (requester, accepter) = (self.requester.scope(), self.accepter.scope());
        tx.put(&requester, self.clone());
        if accepter != requester {
            tx.put(&accepter, self.clone());
        }
    }

    /// Forgets the record on both sides.
    pub fn delete(&self, tx: &mut Tx<'_>) {
        for scope in [self.requester.scope(), self.accepter.scope()] {
            tx.delete::<VpcPeering>(&scope, &self.id);
        }
    }

    /// The other end as seen from a VPC.
    pub fn other(&self, vpc_id: &str) -> &PeeringSide {
        if self.requester.vpc_id == vpc_id { &self.accepter } else { &self.requester }
    }
}
