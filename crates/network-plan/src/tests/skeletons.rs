//! What must hold of the skeleton however it is rewritten.

use std::collections::BTreeSet;

use crate::{
    ChainKind, Expr, Gate, Hook, SetId, SetKind, Verdict, arp_skeleton, memory_chains, nat_skeleton,
    skeleton, skeleton_fingerprint,
};

fn all_chains() -> impl Iterator<Item = crate::Chain> {
    let fixed = skeleton().iter().chain(arp_skeleton()).chain(nat_skeleton());
    fixed.cloned().chain(memory_chains(Some(7)))
}

fn targets(body: &[Expr]) -> impl Iterator<Item = &str> {
    body.iter().filter_map(|expr| match expr {
        Expr::Verdict(Verdict::Jump(to) | Verdict::Goto(to)) => Some(to.as_str()),
        _ => None,
    })
}

fn reachable(from: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    let mut open = vec![from];
    while let Some(name) = open.pop() {
        let chain = skeleton().iter().find(|chain| chain.name == name).expect(name);
        if found.insert(chain.name.as_str()) {
            open.extend(chain.rules.iter().flat_map(|rule| targets(&rule.body)));
        }
    }
    found
}

#[test]
fn names_are_unique_and_every_target_exists() {
    let names: BTreeSet<_> = skeleton().iter().map(|chain| &chain.name).collect();
    assert_eq!(names.len(), skeleton().len());
    let bases = skeleton().iter().filter(|chain| chain.kind != ChainKind::Inner);
    let mut used: BTreeSet<_> = bases.flat_map(|chain| reachable(&chain.name)).collect();
    // Reached from the chains of ACLs and NSGs.
    used.extend(["acl_in", "acl_out", "nsg_in", "nsg_out"]);
    assert_eq!(used.len(), names.len(), "a chain that nothing leads to");
    for name in names {
        assert!(name.len() < 128);
    }
}

/// How many chains stand below one, jumps and gotos alike.
fn depth(name: &str, from: &[crate::Chain]) -> usize {
    let chain = from.iter().find(|chain| chain.name == name).unwrap();
    let below = chain.rules.iter().flat_map(|rule| {
        let dispatches = rule.body.iter().any(|expr| matches!(expr, Expr::Dispatch { .. }));
        // An ACL's chain, and the one that counts its drops.
        targets(&rule.body).map(|to| 1 + depth(to, from)).chain(dispatches.then_some(2))
    });
    below.max().unwrap_or(0)
}

#[test]
fn chains_are_nested_no_deeper_than_the_kernel_allows() {
    for chain in skeleton().iter().filter(|chain| chain.kind != ChainKind::Inner) {
        let depth = depth(&chain.name, skeleton());
        assert!(depth < 16, "{}: {depth}", chain.name);
    }
}

#[test]
fn forwarding_accepts_in_one_place_only() {
    let forward = skeleton()
        .iter()
        .find(|chain| matches!(chain.kind, ChainKind::FilterElseDrop { hook: Hook::Forward, .. }));
    let accepting: Vec<&str> = reachable(&forward.unwrap().name)
        .into_iter()
        .filter(|name| {
            let chain = skeleton().iter().find(|chain| chain.name == *name).unwrap();
            let mut all = chain.rules.iter().flat_map(|rule| &rule.body);
            all.any(|expr| *expr == Expr::Verdict(Verdict::Accept))
        })
        .collect();
    assert_eq!(accepting, ["accepted"]);
    for gate in ["egress", "ingress"] {
        assert!(!reachable(gate).contains("accepted"), "{gate} decides for the other gate");
    }
}

#[test]
fn every_filter_falls_closed_and_every_gate_ends_in_a_drop() {
    for chain in skeleton() {
        assert!(!matches!(chain.kind, ChainKind::FilterElsePass { .. }), "{}", chain.name);
    }
    for gate in Gate::ALL.map(|gate| gate.name().replace('-', "_")) {
        let chain = skeleton().iter().find(|chain| chain.name == gate).unwrap();
        let last = chain.rules.last().unwrap();
        assert_eq!(last.body, [Expr::Counter, Expr::Verdict(Verdict::Drop)], "{gate}");
    }
}

#[test]
fn sets_are_used_as_what_they_are() {
    let mut used = BTreeSet::new();
    for expr in all_chains().flat_map(|chain| chain.rules).flat_map(|rule| rule.body) {
        match &expr {
            Expr::In(set, from) | Expr::NotIn(set, from) => {
                assert!(!set.kind().has_data(), "{set:?}");
                assert!(usize::from(*from) * 4 + set.key_len() <= 64);
                used.insert(*set);
            }
            Expr::Map { set, key, .. } | Expr::Dispatch { set, key } => {
                assert!(set.kind().has_data(), "{set:?}");
                assert!(usize::from(*key) * 4 + set.key_len() <= 64);
                used.insert(*set);
            }
            _ => {}
        }
    }
    // The lists of NSG rules are asked by the NSGs' own chains, drops of ACLs and NSGs counted from theirs.
    used.extend([SetId::NsgBlock4, SetId::NsgBlock6, SetId::NsgPort]);
    assert_eq!(used.len(), SetId::ALL.len() + SetId::NAT.len(), "a set that no rule asks");
}

#[test]
fn registers_are_written_before_they_are_read() {
    // Kernels since 6.12 refuse a rule that reads what it did not write.
    let rules: Vec<_> = all_chains().flat_map(|chain| chain.rules).collect();
    for rule in &rules {
        let mut written = [false; 64];
        let mut write = |to: u8, len: usize, read: &mut dyn FnMut(&[bool; 64])| {
            read(&written);
            let at = usize::from(to) * 4;
            written[at..at + len.next_multiple_of(4)].fill(true);
        };
        let check = |from: u8, len: usize| {
            move |written: &[bool; 64]| {
                let at = usize::from(from) * 4;
                assert!(written[at..at + len].iter().all(|byte| *byte), "{rule:?}");
            }
        };
        let mut nothing = |_: &[bool; 64]| {};
        for expr in &rule.body {
            match expr {
                Expr::Meta(_, to) | Expr::Ct(_, to) | Expr::Fib(_, to) => write(*to, 4, &mut nothing),
                Expr::Payload { len, to, .. } => write(*to, *len as usize, &mut nothing),
                Expr::Constant(to, bytes) => write(*to, bytes.len(), &mut nothing),
                Expr::SetMeta(_, from) | Expr::SetCtMark(from) | Expr::Nat(_, from) => {
                    write(0, 0, &mut check(*from, 4));
                }
                Expr::NatPort { address, port, .. } => {
                    write(0, 0, &mut check(*address, 4));
                    write(0, 0, &mut check(*port, 2));
                }
                Expr::Mask { from, to, .. } => write(*to, 4, &mut check(*from, 4)),
                Expr::Hash { from, len, to, .. } => write(*to, 4, &mut check(*from, *len as usize)),
                Expr::Equal(at, bytes) | Expr::NotEqual(at, bytes) | Expr::InRange(at, bytes, _) => {
                    write(0, 0, &mut check(*at, bytes.len()));
                }
                Expr::Bits { register, mask, .. } => {
                    write(0, 0, &mut check(*register, mask.len()));
                }
                Expr::In(set, from) | Expr::NotIn(set, from) | Expr::Dispatch { set, key: from } => {
                    write(0, 0, &mut check(*from, set.key_len()));
                }
                Expr::Map { set, key, to } => {
                    let (SetKind::Map(data) | SetKind::IntervalMap(data)) = set.kind() else {
                        panic!("{set:?}")
                    };
                    let len = data.iter().map(|field| field.padded()).sum();
                    write(*to, len, &mut check(*key, set.key_len()));
                }
                _ => {}
            }
        }
    }
}

#[test]
fn the_fingerprint_is_stable_within_a_build() {
    assert_eq!(skeleton_fingerprint(), skeleton_fingerprint());
    assert_ne!(skeleton_fingerprint(), 0, "0 means: a table without one");
}

#[test]
fn sets_are_found_by_name() {
    for set in SetId::ALL {
        assert_eq!(SetId::by_name(set.name()), Some(set));
    }
    assert_eq!(SetId::by_name("nonsense"), None);
}
