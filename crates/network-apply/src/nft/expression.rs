//! Rule expressions as attributes.

use network_plan::{CtKey, Expr, FibKey, MetaKey, NatKind, PayloadBase, Verdict};

use super::DATA_VALUE;
use crate::netlink::Messages;

const NAME: u16 = 1;
const DATA: u16 = 2;
/// `NFT_REG_VERDICT` and the first of the 32-bit registers.
const VERDICT_REGISTER: u32 = 0;
const FIRST_REGISTER: u32 = 8;
pub(super) const DATA_VERDICT: u16 = 2;
const VERDICT_CODE: u16 = 1;
pub(super) const VERDICT_CHAIN: u16 = 2;
/// `NFPROTO_IPV4`: what our translations rewrite, inside an `inet` table.
const IPV4: u32 = 2;
const LOOKUP_SET: u16 = 1;
const LOOKUP_SOURCE: u16 = 2;
const LOOKUP_DESTINATION: u16 = 3;
const LOOKUP_FLAGS: u16 = 5;
/// `NFT_RANGE_EQ`.
const RANGE_INSIDE: u32 = 0;
const CT_DIRECTION: u16 = 3;
/// `NFTA_FIB_F_SADDR`, `NFTA_FIB_F_DADDR` and `NFTA_FIB_F_MARK`.
const FIB_SOURCE: u32 = 1;
const FIB_DESTINATION: u32 = 2;
const FIB_MARK: u32 = 4;

/// Writes one expression: its name and its own attributes.
pub(crate) fn expression(out: &mut Messages, expr: &Expr) {
    match expr {
        Expr::Meta(key, to) => named(out, "meta", |a| {
            a.net32(1, register(*to)).net32(2, meta_key(*key));
        }),
        Expr::SetMeta(key, from) => named(out, "meta", |a| {
            a.net32(2, meta_key(*key)).net32(3, register(*from));
        }),
        Expr::Payload { base, offset, len, to } => named(out, "payload", |a| {
            a.net32(1, register(*to)).net32(2, base_number(*base)).net32(3, *offset).net32(4, *len);
        }),
        Expr::Equal(at, bytes) => named(out, "cmp", |a| compare(a, *at, 0, bytes)),
        Expr::NotEqual(at, bytes) => named(out, "cmp", |a| compare(a, *at, 1, bytes)),
        Expr::Constant(to, bytes) => named(out, "immediate", |a| {
            a.net32(1, register(*to)).nest(2, |data| value(data, bytes));
        }),
        Expr::Bits { register: at, mask, flip } => named(out, "bitwise", |a| {
            let len = u32::try_from(mask.len()).unwrap_or(u32::MAX);
            a.net32(1, register(*at)).net32(2, register(*at)).net32(3, len);
            a.nest(4, |data| value(data, mask)).nest(5, |data| value(data, flip));
        }),
        Expr::Mask { from, to, mask } => named(out, "bitwise", |a| {
            a.net32(1, register(*from)).net32(2, register(*to)).net32(3, 4);
            a.nest(4, |data| value(data, mask)).nest(5, |data| value(data, &[0; 4]));
        }),
        Expr::In(set, from) => named(out, "lookup", |a| {
            a.text(LOOKUP_SET, set.name()).net32(LOOKUP_SOURCE, register(*from));
        }),
        Expr::NotIn(set, from) => named(out, "lookup", |a| {
            a.text(LOOKUP_SET, set.name()).net32(LOOKUP_SOURCE, register(*from));
            a.net32(LOOKUP_FLAGS, 1);
        }),
        Expr::Map { set, key, to } => named(out, "lookup", |a| {
            a.text(LOOKUP_SET, set.name()).net32(LOOKUP_SOURCE, register(*key));
            a.net32(LOOKUP_DESTINATION, register(*to));
        }),
        Expr::Dispatch { set, key } => named(out, "lookup", |a| {
            a.text(LOOKUP_SET, set.name()).net32(LOOKUP_SOURCE, register(*key));
            a.net32(LOOKUP_DESTINATION, VERDICT_REGISTER);
        }),
        Expr::InRange(at, low, high) => named(out, "range", |a| {
            a.net32(1, register(*at)).net32(2, RANGE_INSIDE);
            a.nest(3, |data| value(data, low)).nest(4, |data| value(data, high));
        }),
        Expr::Fib(key, to) => named(out, "fib", |a| {
            // `NFT_FIB_RESULT_*` and `NFTA_FIB_F_*`.
            let (result, flags) = match key {
                FibKey::Interface => (1, FIB_DESTINATION | FIB_MARK),
                FibKey::AddressType => (3, FIB_DESTINATION),
                FibKey::SourceType => (3, FIB_SOURCE),
            };
            a.net32(1, register(*to)).net32(2, result).net32(3, flags);
        }),
        Expr::Hash { from, len, modulus, to } => named(out, "hash", |a| {
            a.net32(1, register(*from)).net32(2, register(*to)).net32(3, *len).net32(4, *modulus);
        }),
        Expr::Ct(key, to) => named(out, "ct", |a| {
            a.net32(1, register(*to)).net32(2, ct_key(*key));
            if matches!(key, CtKey::OriginalDestination | CtKey::OriginalPort) {
                a.put(CT_DIRECTION, &[0]);
            }
        }),
        Expr::SetCtMark(from) => named(out, "ct", |a| {
            a.net32(2, ct_key(CtKey::Mark)).net32(4, register(*from));
        }),
        Expr::Nat(kind, address) => named(out, "nat", |a| nat(a, *kind, *address)),
        Expr::NatPort { kind, address, port } => named(out, "nat", |a| {
            nat(a, *kind, *address);
            a.net32(5, register(*port)).net32(6, register(*port));
        }),
        Expr::Masquerade => named(out, "masq", |_| {}),
        Expr::Counter => counter(out),
        Expr::Log { group, bytes, prefix } => named(out, "log", |a| {
            a.put(1, &group.to_be_bytes()).text(2, prefix).net32(3, *bytes);
        }),
        Expr::Limit { per_second, burst } => named(out, "limit", |a| {
            a.put(1, &per_second.to_be_bytes()).put(2, &1_u64.to_be_bytes()).net32(3, *burst);
        }),
        // `NFT_REJECT_TCP_RST`.
        Expr::ResetTcp => named(out, "reject", |a| {
            a.net32(1, 1).put(2, &[0]);
        }),
        Expr::Verdict(verdict) => named(out, "immediate", |a| {
            a.net32(1, VERDICT_REGISTER).nest(2, |data| write_verdict(data, verdict));
        }),
    }
}

/// A counter, in a rule or as what each element of a set carries.
pub(super) fn counter(out: &mut Messages) {
    named(out, "counter", |_| {});
}

fn named(out: &mut Messages, name: &str, inside: impl FnOnce(&mut Messages)) {
    out.text(NAME, name).nest(DATA, inside);
}

fn value(out: &mut Messages, bytes: &[u8]) {
    out.put(DATA_VALUE, bytes);
}

fn compare(out: &mut Messages, at: u8, operation: u32, bytes: &[u8]) {
    out.net32(1, register(at)).net32(2, operation).nest(3, |data| value(data, bytes));
}

fn nat(out: &mut Messages, kind: NatKind, address: u8) {
    let kind = match kind {
        NatKind::Source => 0,
        NatKind::Destination => 1,
    };
    out.net32(1, kind).net32(2, IPV4).net32(3, register(address)).net32(4, register(address));
}

/// The verdict of a set element that leads to a chain.
pub(super) fn jump(out: &mut Messages, chain: &str) {
    write_verdict(out, &Verdict::Jump(chain.to_owned()));
}

fn write_verdict(out: &mut Messages, verdict: &Verdict) {
    // NF_DROP, NF_ACCEPT, NFT_RETURN, NFT_JUMP, NFT_GOTO.
    let (code, chain): (i32, _) = match verdict {
        Verdict::Drop => (0, None),
        Verdict::Accept => (1, None),
        Verdict::Return => (-5, None),
        Verdict::Jump(chain) => (-3, Some(chain)),
        Verdict::Goto(chain) => (-4, Some(chain)),
    };
    out.nest(DATA_VERDICT, |inside| {
        inside.put(VERDICT_CODE, &code.to_be_bytes());
        if let Some(chain) = chain {
            inside.text(VERDICT_CHAIN, chain);
        }
    });
}

fn register(number: u8) -> u32 {
    FIRST_REGISTER + u32::from(number)
}

/// `enum nft_meta_keys`.
const fn meta_key(key: MetaKey) -> u32 {
    match key {
        MetaKey::Priority => 2,
        MetaKey::Mark => 3,
        MetaKey::Iif => 4,
        MetaKey::Oif => 5,
        MetaKey::NfProto => 15,
        MetaKey::L4Proto => 16,
    }
}

/// `enum nft_ct_keys`.
const fn ct_key(key: CtKey) -> u32 {
    match key {
        CtKey::State => 0,
        CtKey::Direction => 1,
        CtKey::Mark => 3,
        CtKey::OriginalPort => 12,
        CtKey::OriginalDestination => 20,
    }
}

/// `enum nft_payload_bases`.
const fn base_number(base: PayloadBase) -> u32 {
    match base {
        PayloadBase::Link => 0,
        PayloadBase::Network => 1,
        PayloadBase::Transport => 2,
    }
}
