//! Whether the chains that never change have all their rules.

use std::collections::HashMap;

use network_plan::{MEMORY_CHAINS, arp_skeleton, skeleton};

use super::structure::{RULE_CHAIN, RULE_TABLE};
use super::{Family, header, kind, message};
use crate::netlink::{Messages, Refusal, Socket, attributes};

/// Bytes of `struct nfgenmsg` before the attributes.
const NFGEN: usize = 4;

/// Whether each chain of the skeleton has as many rules as it was made with: somebody who deletes or adds one does not
/// change what the table says of itself.
pub(crate) fn skeleton_is_whole(socket: &mut Socket, table: &str) -> Result<bool, Refusal> {
    for (family, chains) in [(Family::Inet, skeleton()), (Family::Arp, arp_skeleton())] {
        let found = rules_by_chain(socket, family, table)?;
        let mut fixed = chains.iter().filter(|chain| !MEMORY_CHAINS.contains(&chain.name.as_str()));
        let whole = fixed.all(|chain| found.get(&chain.name).copied().unwrap_or(0) == chain.rules.len());
        if !whole {
            return Ok(false);
        }
    }
    Ok(true)
}

/// How many rules a table has; none if there is no such table.
pub(crate) fn count_rules(socket: &mut Socket, family: Family, table: &str) -> Result<usize, Refusal> {
    Ok(rules_by_chain(socket, family, table)?.values().sum())
}

fn rules_by_chain(
    socket: &mut Socket,
    family: Family,
    table: &str,
) -> Result<HashMap<String, usize>, Refusal> {
    let mut request = Messages::new();
    request.begin(kind(message::GETRULE), 0, &header(family)).text(RULE_TABLE, table);
    let replies = match socket.dump(&mut request) {
        Err(refusal) if refusal.errno == libc::ENOENT => return Ok(HashMap::new()),
        replies => replies?,
    };
    let mut found = HashMap::new();
    for reply in &replies {
        let all = || attributes(reply.body.get(NFGEN..).unwrap_or_default());
        // Kernels that do not look at the request's table list those of others too.
        if all().any(|a| a.kind == RULE_TABLE && a.text() == table)
            && let Some(chain) = all().find(|a| a.kind == RULE_CHAIN)
        {
            *found.entry(chain.text()).or_default() += 1;
        }
    }
    Ok(found)
}
