//! The packet filter's part of a difference.

use network_plan::{ChainId, Element, RuleChain, SetId, Step, TABLE, VpcPlan};

use crate::netlink::{Refusal, Socket};
use crate::nft::{self, Batch};

/// Elements per transaction where a whole difference is too large for one; about
/// 100 KB, half of what the kernel allows everybody.
const PART: usize = 1000;

/// One piece of work for the packet filter.
#[derive(Clone, Copy)]
enum Job<'a> {
    /// Old tables out, new and empty ones in.
    Tables,
    /// Flows are remembered under this generation, or not at all.
    Memory(u32, bool),
    PutChain(ChainId, &'a RuleChain),
    DeleteChain(ChainId),
    Delete(SetId, &'a [Element]),
    Add(SetId, &'a [Element]),
}

/// Makes the element steps true, in one transaction. With `check`, the tables are
/// made if they are missing and replaced if another version made them; their sets
/// then take at most `most` elements each.
///
/// With `pause`, the last generation, nothing is remembered from then on.
///
/// Without rights over the host the kernel limits what fits into a transaction
/// (`net.core.wmem_max`). A larger difference then goes in parts: first what
/// admits less, then what admits more.
pub(crate) fn apply_steps(
    socket: &mut Socket,
    steps: &[Step],
    plan: &VpcPlan,
    check: bool,
    most: Option<u32>,
    pause: Option<u32>,
) -> Result<(), (String, Refusal)> {
    let ours = !check
        || nft::tables_are_ours(socket, TABLE)
            .map_err(|refusal| ("reading the tables".to_owned(), refusal))?;
    let pause = pause.map(|generation| Job::Memory(generation, false));
    let jobs: Vec<Job<'_>> = if ours {
        // First of all, also where this becomes several transactions.
        pause.into_iter().chain(steps.iter().filter_map(job)).collect()
    } else {
        let chains = plan.chains.iter().map(|(id, chain)| Job::PutChain(*id, chain));
        let elements = plan.elements.iter().map(|(set, elements)| Job::Add(*set, elements));
        std::iter::once(Job::Tables).chain(pause).chain(chains).chain(elements).collect()
    };
    match commit(socket, &jobs, most) {
        Err((_, refusal)) if refusal.errno == libc::EMSGSIZE && refusal.message.is_none() => {
            tracing::debug!(vpc = plan.id, "too large for one transaction");
            parts(&jobs).iter().try_for_each(|part| commit(socket, std::slice::from_ref(part), most))
        }
        done => done,
    }
}

/// Lets flows be remembered under a generation.
pub(crate) fn remember(socket: &mut Socket, generation: u32) -> Result<(), (String, Refusal)> {
    commit(socket, &[Job::Memory(generation, true)], None)
}

fn job(step: &Step) -> Option<Job<'_>> {
    match step {
        Step::PutChain(id, chain) => Some(Job::PutChain(*id, chain)),
        Step::DeleteChain(id) => Some(Job::DeleteChain(*id)),
        Step::DeleteElements(set, elements) => Some(Job::Delete(*set, elements)),
        Step::AddElements(set, elements) => Some(Job::Add(*set, elements)),
        _ => None,
    }
}

fn commit(socket: &mut Socket, jobs: &[Job<'_>], most: Option<u32>) -> Result<(), (String, Refusal)> {
    let mut batch = Batch::new();
    for job in jobs {
        match job {
            Job::Tables => nft::replace_tables(&mut batch, TABLE, most),
            Job::Memory(generation, on) => nft::put_memory(&mut batch, TABLE, *generation, *on),
            Job::PutChain(id, chain) => nft::put_chain(&mut batch, TABLE, *id, chain),
            Job::DeleteChain(id) => nft::delete_chain(&mut batch, TABLE, *id),
            Job::Delete(set, elements) => nft::delete_elements(&mut batch, TABLE, *set, elements),
            Job::Add(set, elements) => nft::add_elements(&mut batch, TABLE, *set, elements),
        }
    }
    batch.commit(socket)
}

/// The same work in small pieces: tables, chains, deletions, additions, chains that go.
fn parts<'a>(jobs: &[Job<'a>]) -> Vec<Job<'a>> {
    let (mut first, mut last, mut end) = (Vec::new(), Vec::new(), Vec::new());
    for job in jobs {
        match *job {
            Job::Tables | Job::Memory(..) | Job::PutChain(..) => first.push(*job),
            Job::DeleteChain(_) => end.push(*job),
            Job::Delete(set, elements) => {
                first.extend(elements.chunks(PART).map(|part| Job::Delete(set, part)));
            }
            Job::Add(set, elements) => {
                last.extend(elements.chunks(PART).map(|part| Job::Add(set, part)));
            }
        }
    }
    first.append(&mut last);
    first.append(&mut end);
    first
}
