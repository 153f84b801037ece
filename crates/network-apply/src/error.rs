//! What can go wrong while the kernel is being changed.

use std::io;

use crate::netlink::Refusal;

/// A change that did not happen, or did not happen wholly.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The kernel refused a step. If the step belongs to the packet filter,
    /// nothing has changed; otherwise the next `apply` reads the kernel's state
    /// and continues from there.
    #[error("{step}: {source}{}{detail}", if detail.is_empty() { "" } else { ": " })]
    Refused {
        /// Which step.
        step: String,
        /// The kernel's error number.
        source: io::Error,
        /// The kernel's words, if it had any.
        detail: String,
    },
    /// Something around the kernel objects failed: a file, a mount, a thread.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// Why it failed.
        source: io::Error,
    },
    /// No plan was applied for this VPC by this process.
    #[error("no VPC {0} on this host")]
    UnknownVpc(String),
    /// The applied plan has no such ENI.
    #[error("no network interface {0} in the VPC")]
    UnknownEni(String),
    /// A set of the packet filter has as many elements as it may have; see [`crate::HostConfig::set_limit`].
    #[error("{0}: the set is full (--network-set-limit)")]
    SetFull(String),
    /// A name that cannot be a name of ours.
    #[error("invalid name {0:?}")]
    InvalidName(String),
    /// A configuration that cannot work.
    #[error("{0}")]
    InvalidConfig(String),
    /// Another cloud on this host has the same public pool.
    #[error("the public pool {0} is routed elsewhere on this host")]
    PoolInUse(ipnet::Ipv4Net),
    /// Another process works on the network of this cloud.
    #[error("the network of cloud {0} is run by another process on this host")]
    InUse(String),
    /// The ENI is attached to another machine.
    #[error("network interface {0} is attached to another machine")]
    AlreadyAttached(String),
}

impl ApplyError {
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }

    pub(crate) fn refused(step: impl Into<String>, refusal: Refusal) -> Self {
        let text = refusal.text.unwrap_or_default();
        let detail = match refusal.offset {
            Some(offset) => format!("{text} (at byte {offset})"),
            None => text,
        };
        let source = io::Error::from_raw_os_error(refusal.errno);
        Self::Refused { step: step.into(), source, detail }
    }
}
