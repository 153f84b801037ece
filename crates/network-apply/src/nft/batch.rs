//! A transaction: all of its messages take effect at once, or none does.

use network_plan::{SetId, TableFamily};

use crate::netlink::{Messages, Refusal, Socket};

/// `NFNL_MSG_BATCH_BEGIN` and `NFNL_MSG_BATCH_END`.
const BEGIN: u16 = 0x10;
const END: u16 = 0x11;

/// Which packets a table sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// IPv4 and IPv6.
    Inet,
    /// IPv4 only.
    Ipv4,
    /// ARP messages.
    Arp,
}

impl Family {
    /// The family of the table that a set belongs to.
    pub(crate) const fn of(set: SetId) -> Self {
        match set.table_family() {
            TableFamily::Inet => Self::Inet,
            TableFamily::Arp => Self::Arp,
        }
    }

    /// `NFPROTO_*`.
    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Inet => 1,
            Self::Ipv4 => 2,
            Self::Arp => 3,
        }
    }
}

/// Messages in the making, each with the step it belongs to.
pub(crate) struct Batch {
    pub(super) messages: Messages,
    steps: Vec<String>,
}

impl Batch {
    pub(crate) fn new() -> Self {
        let mut messages = Messages::new();
        messages.begin(BEGIN, 0, &edge_header());
        Self { messages, steps: vec!["the transaction".into()] }
    }

    /// Names what the messages added since the last call are for.
    pub(super) fn step(&mut self, name: impl Fn() -> String) {
        while self.steps.len() < self.messages.count() {
            self.steps.push(name());
        }
    }

    /// Whether there is anything to do.
    pub(crate) fn is_empty(&self) -> bool {
        self.steps.len() == 1
    }

    /// How many messages there are, the transaction's beginning among them.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.messages.count()
    }

    /// How large it is.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.messages.len()
    }

    /// Runs the transaction. On refusal nothing has changed; the name of the
    /// step that was refused comes along.
    pub(crate) fn commit(mut self, socket: &mut Socket) -> Result<(), (String, Refusal)> {
        if self.is_empty() {
            return Ok(());
        }
        let last = self.messages.count() - 1;
        self.messages.begin(END, 0, &edge_header());
        self.steps.push("the commit".into());
        tracing::trace!(messages = last, bytes = self.messages.len(), "nf_tables transaction");
        let refusal = match socket.send(&mut self.messages, last) {
            Ok(refusals) => match refusals.into_iter().next() {
                Some(first) => first,
                None => return Ok(()),
            },
            Err(refusal) => refusal,
        };
        let step = refusal.message.and_then(|index| self.steps.get(index));
        Err((step.cloned().unwrap_or_else(|| "the transaction".into()), refusal))
    }
}

/// `struct nfgenmsg` of the batch's own messages: the resource id names the
/// subsystem, in network order.
fn edge_header() -> [u8; 4] {
    let [high, low] = super::SUBSYSTEM.to_be_bytes();
    [0, 0, high, low]
}
