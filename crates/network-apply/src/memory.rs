//! The memory of flows: which generation counts, and when it ends (`network-plan/src/skeleton/memory.rs` says what is
//! remembered).

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use network_plan::{LAST_GENERATION, Step, TABLE};

use crate::ApplyError;
use crate::filter;
use crate::nft::{self, Memory};
use crate::router::Router;

impl Router {
    /// The last generation, if the memory has to pause while these steps are made: where one of them could change the
    /// verdict of a known flow, or where what was read back is not as it should be. Otherwise it goes on as it is.
    pub(crate) fn pause_for(
        &mut self,
        steps: &[Step],
        from_memory: bool,
        remember: bool,
    ) -> Result<Option<u32>, ApplyError> {
        if !from_memory {
            self.memory = self.read_memory()?;
        }
        let Memory { generation, on } = self.memory;
        let last = generation.unwrap_or_else(unused_generation);
        let wanted = remember && last < LAST_GENERATION;
        let pause = on != wanted || on && steps.iter().any(Step::concerns_known_flows);
        if pause {
            self.memory = Memory { generation: Some(last), on: false };
        }
        Ok(pause.then_some(last))
    }

    /// Starts to remember again, under the generation behind the last one. If the kernel refuses, every packet is judged,
    /// which is slower and as right.
    pub(crate) fn remember_after(&mut self, last: u32) {
        if last >= LAST_GENERATION {
            // From the first one again: a connection could be as old as that.
            tracing::warn!("the generations of remembered flows are used up; packets are judged one by one");
            return;
        }
        match filter::remember(&mut self.filter, last + 1) {
            Ok(()) => self.memory = Memory { generation: Some(last + 1), on: true },
            Err((step, refusal)) => {
                tracing::warn!(step, ?refusal, "flows are not remembered; packets are judged one by one");
            }
        }
    }

    /// When a link went, its flows are to be judged again: the packet filter says where their packets end, the kernel's
    /// routing would drop them without a word.
    pub(crate) fn forget_lost_links(&mut self) {
        if !self.guard.has_lost_link() || !self.memory.on {
            return;
        }
        let untouched = !self.guard.filter_has_moved(&mut self.filter);
        if let Some(last) = self.memory.generation {
            self.remember_after(last);
        }
        if untouched {
            self.guard.note_filter(&mut self.filter);
        }
    }

    /// What the kernel holds. A generation this process has used itself is not used again, whatever is found.
    fn read_memory(&mut self) -> Result<Memory, ApplyError> {
        let own = self.memory.generation;
        match nft::memory(&mut self.filter, TABLE) {
            Ok(found) => Ok(Memory { generation: found.generation.max(own), ..found }),
            Err(refusal) if refusal.errno == libc::ENOENT => Ok(Memory { generation: own, on: false }),
            Err(refusal) => Err(ApplyError::refused("reading the memory of flows", refusal)),
        }
    }
}

/// A generation for a router in which connections may carry marks of generations that nobody knows any more: somebody
/// deleted the rules that told. One of millions, and far from the last.
fn unused_generation() -> u32 {
    let random = RandomState::new().build_hasher().finish();
    u32::try_from(random % u64::from(LAST_GENERATION / 2)).unwrap_or_default()
}
