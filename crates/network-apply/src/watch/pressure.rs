//! What a full connection table did. The kernel has room for `nf_conntrack_max` connections per namespace; one more makes
//! it forget one that was never answered, and if there is none, drop the packet that would begin it. Connections that
//! stand are never touched. (Kernel documentation, "nf_conntrack-sysctl" and `early_drop`.)

use crate::ApplyError;
use crate::netlink::{Messages, Socket, attributes};

/// `NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET_STATS_CPU`.
const GET_STATISTICS: u16 = 1 << 8 | 4;
/// `CTA_STATS_DROP` and `CTA_STATS_EARLY_DROP`.
const DROPPED: u16 = 10;
const FORGOTTEN: u16 = 11;
/// Bytes of `struct nfgenmsg`.
const NFGEN: usize = 4;

/// Since the router was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pressure {
    /// Connections that could not begin.
    pub refused: u64,
    /// Unanswered connections forgotten to make room.
    pub forgotten: u64,
}

/// Sums up over all processors.
pub(super) fn read(socket: &mut Socket) -> Result<Pressure, ApplyError> {
    let mut request = Messages::new();
    request.begin(GET_STATISTICS, 0, &[0, 0, 0, 0]);
    let replies = socket
        .dump(&mut request)
        .map_err(|refusal| ApplyError::refused("reading statistics of connections", refusal))?;
    let mut sum = Pressure::default();
    for attribute in replies.iter().flat_map(|reply| attributes(reply.body.get(NFGEN..).unwrap_or_default()))
    {
        let value = u64::from(attribute.net32().unwrap_or_default());
        match attribute.kind {
            DROPPED => sum.refused += value,
            FORGOTTEN => sum.forgotten += value,
            _ => {}
        }
    }
    Ok(sum)
}
