//! The records of dropped packets, as the cloud lists them.

use super::Site;
use crate::wire::{Tracer, decode_packet};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reachability::Id;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::net::SocketAddr;

/// Records asked for at once.
const PAGE: usize = 2_000;
/// Where packets end that no VPC takes.
const EDGE: &str = "edge";

/// Which component dropped a probe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drop {
    /// The gate's name.
    pub gate: String,
    /// The VPC whose router, or in which a NAT gateway, dropped it; `edge` where no VPC took it.
    pub vpc: Id,
    /// The interface that the gate counts for.
    pub interface: Option<Id>,
    /// The ACL, where one denied.
    pub acl: Option<Id>,
    /// The VNet-style group, where one denied.
    #[serde(default)]
    pub nsg: Option<Id>,
    /// The priority of its rule.
    #[serde(default)]
    pub priority: Option<u16>,
    /// The ACL's entry; `None` is the final one.
    pub entry: Option<u16>,
    /// The table that had no route, or a blackhole.
    pub table: Option<Id>,
    /// The NAT gateway, where one refused.
    #[serde(default)]
    pub gateway: Option<Id>,
}

impl Site {
    /// Begins to listen in every VPC: the list knows nothing of what was dropped before the first question.
    ///
    /// # Errors
    /// When the cloud does not answer.
    pub fn listen(&mut self, endpoint: SocketAddr) -> anyhow::Result<()> {
        self.drops(endpoint).map(drop)
    }

    /// Probes dropped since the last call.
    ///
    /// # Errors
    /// When the cloud does not answer, or has lost records.
    pub fn drops(&mut self, endpoint: SocketAddr) -> anyhow::Result<Vec<(Tracer, Drop)>> {
        let mut found = Vec::new();
        for vpc in self.translator.all_real("vpc-").into_iter().chain([EDGE.to_owned()]) {
            loop {
                let after = self.drops_read.get(&vpc).copied().unwrap_or(0);
                let path = format!("/_allod/network/drops?vpc={vpc}&after={after}&limit={PAGE}");
                let page: Value = serde_json::from_slice(&self.ec2.own(endpoint, "GET", &path)?)?;
                anyhow::ensure!(page["lost"] == 0, "the cloud lost records of drops: {}", page["lost"]);
                self.drops_read.insert(vpc.clone(), page["last"].as_u64().unwrap_or(after));
                let list = page["drops"].as_array().map_or(&[][..], Vec::as_slice);
                found.extend(list.iter().filter_map(|report| self.read(&vpc, report)));
                if list.len() < PAGE {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// After a new start the list counts from 1 again.
    pub fn forget_drops(&mut self) {
        self.drops_read.clear();
    }

    fn read(&self, vpc: &str, report: &Value) -> Option<(Tracer, Drop)> {
        let packet = STANDARD.decode(report["packet"].as_str()?).ok()?;
        let (_, tracer) = decode_packet(&packet)?;
        let name = |member: &str| self.translator.symbolic(report[member].as_str()?).cloned();
        let drop = Drop {
            gate: report["gate"].as_str()?.to_owned(),
            vpc: if vpc == EDGE { EDGE.into() } else { self.translator.symbolic(vpc)?.clone() },
            interface: name("interface"),
            acl: name("networkAcl"),
            nsg: name("networkSecurityGroup"),
            priority: report["priority"].as_u64().and_then(|n| u16::try_from(n).ok()),
            entry: report["entry"].as_u64().and_then(|n| u16::try_from(n).ok()),
            table: name("routeTable"),
            gateway: name("natGateway"),
        };
        Some((tracer, drop))
    }
}
