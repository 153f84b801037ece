//! Several rtnetlink changes in few system calls.

use crate::ApplyError;
use crate::netlink::{Messages, Socket};
use crate::sysctl;

/// Messages per send: few enough that even a small receive buffer holds a
/// refusal of every one of them.
const PER_SEND: usize = 200;

/// Changes in the making. They are not a transaction: a refused one does not
/// take back the others, so each must be harmless when repeated.
#[derive(Default)]
pub(crate) struct Changes {
    sends: Vec<Send>,
}

#[derive(Default)]
struct Send {
    messages: Messages,
    /// For each message: what it is for, and refusals that mean "as wanted".
    steps: Vec<(String, &'static [i32])>,
}

impl Changes {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds what `write` writes, under a name. The kernel's answers in `fine`
    /// say that the wanted state was there already.
    pub(crate) fn add(
        &mut self,
        step: impl Into<String>,
        fine: &'static [i32],
        write: impl FnOnce(&mut Messages),
    ) {
        if self.sends.last().is_none_or(|send| send.messages.count() >= PER_SEND) {
            self.sends.push(Send::default());
        }
        let Some(send) = self.sends.last_mut() else { return };
        write(&mut send.messages);
        let step = step.into();
        while send.steps.len() < send.messages.count() {
            send.steps.push((step.clone(), fine));
        }
    }

    /// Makes the changes. The first refusal that matters is returned, after
    /// everything else has been tried.
    pub(crate) fn commit(self, socket: &mut Socket) -> Result<(), ApplyError> {
        let mut first = None;
        for mut send in self.sends {
            let last = send.messages.count().saturating_sub(1);
            let refusals = socket
                .send(&mut send.messages, last)
                .map_err(|refusal| ApplyError::refused("sending changes", refusal))?;
            for refusal in refusals {
                let step = refusal.message.and_then(|index| send.steps.get(index));
                let (name, fine) = step.cloned().unwrap_or_else(|| ("a change".into(), &[]));
                // On a host without IPv6 its half of every step has nothing to do.
                let foreign = matches!(refusal.errno, libc::EAFNOSUPPORT | libc::EOPNOTSUPP);
                if !(fine.contains(&refusal.errno) || foreign && sysctl::no_ipv6()) {
                    first.get_or_insert_with(|| ApplyError::refused(name, refusal));
                }
            }
        }
        first.map_or(Ok(()), Err)
    }
}
