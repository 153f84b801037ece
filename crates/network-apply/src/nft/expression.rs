//! Rule expressions as attributes.

use network_plan::{CtKey, Expr, MetaKey, NatKind, PayloadBase, Verdict};

use super::DATA_VALUE;
use crate::netlink::Messages;

const NAME: u16 = 1;
const DATA: u16 = 2;
/// `NFT_REG_VERDICT` and the first of the 32-bit registers.
const VERDICT_REGISTER: u32 = 0;
const FIRST_REGISTER: u32 = 8;
const DATA_VERDICT: u16 = 2;
const VERDICT_CODE: u16 = 1;
const VERDICT_CHAIN: u16 = 2;
/// `NFPROTO_IPV4`: what our translations rewrite, inside an `inet` table.
const IPV4: u32 = 2;
const LOOKUP_SET: u16 = 1;
const LOOKUP_SOURCE: u16 = 2;
const LOOKUP_DESTINATION: u16 = 3;
const LOOKUP_FLAGS: u16 = 5;

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
        Expr::Ct(CtKey::State, to) => named(out, "ct", |a| {
            a.net32(1, register(*to)).net32(2, 0);
        }),
        Expr::Nat(direction, address) => named(out, "nat", |a| {
            let direction = match direction {
                NatKind::Source => 0,
                NatKind::Destination => 1,
            };
            a.net32(1, direction).net32(2, IPV4);
            a.net32(3, register(*address)).net32(4, register(*address));
        }),
        Expr::Masquerade => named(out, "masq", |_| {}),
        Expr::Counter => counter(out),
        Expr::Log { group } => named(out, "log", |a| {
            a.put(1, &group.to_be_bytes());
        }),
        Expr::Limit { per_second, burst } => named(out, "limit", |a| {
            a.put(1, &per_second.to_be_bytes()).put(2, &1_u64.to_be_bytes()).net32(3, *burst);
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

/// `enum nft_payload_bases`.
const fn base_number(base: PayloadBase) -> u32 {
    match base {
        PayloadBase::Link => 0,
        PayloadBase::Network => 1,
        PayloadBase::Transport => 2,
    }
}
