//! The language in which the skeleton is written: the nf_tables expressions we
//! use, without any byte layout. `network-apply` encodes it, tests interpret it.

use crate::SetId;

/// A chain with its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The name, unique in the table.
    pub name: String,
    /// Where the kernel enters it, if it does.
    pub kind: ChainKind,
    /// The rules in order.
    pub rules: Vec<Rule>,
}

/// Whether a chain is attached to a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainKind {
    /// Reached by jump or goto only.
    Inner,
    /// A filter at a hook; what falls off its end is dropped.
    FilterElseDrop {
        /// The hook.
        hook: Hook,
        /// Smaller runs earlier.
        priority: i32,
    },
    /// A filter at a hook that is not ours alone; what falls off its end passes.
    FilterElsePass {
        /// The hook.
        hook: Hook,
        /// Smaller runs earlier.
        priority: i32,
    },
    /// Address translation at a hook; what falls off its end passes unchanged.
    Nat {
        /// The hook.
        hook: Hook,
        /// Smaller runs earlier.
        priority: i32,
    },
}

/// A hook of the `inet` family (kernel: `enum nf_inet_hooks`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// Before routing.
    Prerouting,
    /// To the router itself.
    Input,
    /// Through the router.
    Forward,
    /// From the router itself.
    Output,
    /// After routing.
    Postrouting,
}

/// A rule: expressions that are run until one does not match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The expressions.
    pub body: Vec<Expr>,
}

/// One expression. Registers are the sixteen 32-bit ones, numbered from 0; a
/// longer value occupies the following ones too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    /// Load a property of the packet.
    Meta(MetaKey, u8),
    /// Set the packet's mark or priority from a register.
    SetMeta(MetaKey, u8),
    /// Load header bytes; does not match if the packet ends before them.
    Payload {
        /// Counted from where.
        base: PayloadBase,
        /// First byte.
        offset: u32,
        /// Number of bytes.
        len: u32,
        /// Into which register.
        to: u8,
    },
    /// Match if a register begins with these bytes.
    Equal(u8, Vec<u8>),
    /// Match if it does not.
    NotEqual(u8, Vec<u8>),
    /// Load a constant.
    Constant(u8, Vec<u8>),
    /// `register = register & mask ^ flip`.
    Bits {
        /// In place.
        register: u8,
        /// Same length as `flip`.
        mask: Vec<u8>,
        /// Applied after the mask.
        flip: Vec<u8>,
    },
    /// `to = from & mask`, of four bytes.
    Mask {
        /// The register that is read.
        from: u8,
        /// The register that is written.
        to: u8,
        /// In the order of the register's bytes.
        mask: [u8; 4],
    },
    /// Match if the key that starts in a register is in a set.
    In(SetId, u8),
    /// Match if it is not.
    NotIn(SetId, u8),
    /// Load the datum of the key; does not match if the key is absent.
    Map {
        /// The map.
        set: SetId,
        /// Where the key starts.
        key: u8,
        /// Where the datum goes.
        to: u8,
    },
    /// Jump to the chain that a map of chains has for the key; does not match if the key is absent.
    Dispatch {
        /// The map.
        set: SetId,
        /// Where the key starts.
        key: u8,
    },
    /// Match if a register lies in an inclusive range, as bytes compare.
    InRange(u8, Vec<u8>, Vec<u8>),
    /// Ask the routing tables about the destination.
    Fib(FibKey, u8),
    /// Hash bytes of registers into `0 .. modulus`.
    Hash {
        /// The first register.
        from: u8,
        /// Bytes.
        len: u32,
        /// One more than the greatest result.
        modulus: u32,
        /// Into which register.
        to: u8,
    },
    /// Load a property of the connection; does not match (but for the state) if the packet has none.
    Ct(CtKey, u8),
    /// Set the connection's mark from a register.
    SetCtMark(u8),
    /// Translate to the IPv4 address in a register.
    Nat(NatKind, u8),
    /// Translate to the IPv4 address and the port in two registers.
    NatPort {
        /// Which side.
        kind: NatKind,
        /// The register with the address.
        address: u8,
        /// The register with the port.
        port: u8,
    },
    /// Translate the source to the outgoing interface's address.
    Masquerade,
    /// Count packets and bytes that come this far.
    Counter,
    /// Report the packet to a netlink log group.
    Log {
        /// The group.
        group: u16,
        /// Bytes of the packet that are reported.
        bytes: u32,
        /// What the report begins with.
        prefix: String,
    },
    /// Match at most `per_second` packets, with a bucket of `burst`.
    Limit {
        /// Packets.
        per_second: u64,
        /// Packets.
        burst: u32,
    },
    /// Drop, and answer with a TCP reset.
    ResetTcp,
    /// Decide.
    Verdict(Verdict),
}

/// What a rule decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Leave the hook, unharmed so far.
    Accept,
    /// Gone.
    Drop,
    /// Back to the chain that jumped here.
    Return,
    /// Call a chain.
    Jump(String),
    /// Continue in a chain, without coming back.
    Goto(String),
}

/// Properties of a packet (kernel: `enum nft_meta_keys`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetaKey {
    /// A scratch value that nothing on our path uses for its own purpose.
    Priority,
    /// The mark; selects the route table, later a scratch value of the gates.
    Mark,
    /// Incoming interface index.
    Iif,
    /// Outgoing interface index.
    Oif,
    /// Family: 2 or 10.
    NfProto,
    /// Transport protocol, behind any IPv6 extension headers.
    L4Proto,
}

/// Properties of a connection (kernel: `enum nft_ct_keys`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CtKey {
    /// A bit per state.
    State,
    /// The connection's mark.
    Mark,
    /// 0: the packet goes the way of the first one; 1: it answers. One byte.
    Direction,
    /// The IPv4 address that the first packet was sent to, before any translation.
    OriginalDestination,
    /// The port that the first packet was sent to, before any translation.
    OriginalPort,
}

/// What the routing tables may be asked (kernel: `enum nft_fib_result`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FibKey {
    /// The interface that this packet, with its mark, would leave by; 0: none.
    Interface,
    /// The kind of the destination's address (`RTN_*`): 2 is one of our own.
    AddressType,
    /// The same of the source's address.
    SourceType,
}

/// Where a payload offset counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadBase {
    /// The Ethernet header.
    Link,
    /// The IP header.
    Network,
    /// The TCP, UDP or ICMP header.
    Transport,
}

/// The direction of a translation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NatKind {
    /// Of the source.
    Source,
    /// Of the destination.
    Destination,
}
