//! What can be seen of machines from outside: the [`MachineView`] seam.

use super::Shared;
use contracts::seams::MachineView;
use records::Millis;
use std::sync::Arc;

/// Console output and reachability.
pub(crate) struct Consoles {
    pub(crate) shared: Arc<Shared>,
}

impl MachineView for Consoles {
    fn console(&self, instance_id: &str) -> Option<(Vec<u8>, Millis)> {
        let text = self.shared.machines()?.console(instance_id).ok()?;
        Some((text, self.shared.clock.now()))
    }

    fn reachable(&self, instance_id: &str) -> bool {
        self.shared.is_up(instance_id)
    }
}
