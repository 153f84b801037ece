//! Golden bytes, worked out by hand from the kernel's headers.

use std::net::Ipv4Addr;

use network_plan::{Element, Expr, Key, MetaKey, SetId, Verdict, skeleton};

use crate::netlink::{Messages, attributes, nested};
use crate::nft::{Batch, replace_tables};
use crate::route::{Action, PathRoute, add_address, add_permanent_neighbour, put_route};

/// Words of a message as the machine stores them; tests run on little-endian
/// machines and big-endian ones alike.
fn native(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

fn u16n(value: u16) -> [u8; 2] {
    value.to_ne_bytes()
}

fn u32n(value: u32) -> [u8; 4] {
    value.to_ne_bytes()
}

#[test]
fn an_address_is_ifaddrmsg_and_two_attributes() {
    let mut out = Messages::new();
    add_address(&mut out, 7, Ipv4Addr::new(10, 0, 0, 4).into(), 24);
    let expected = native(&[
        &u32n(40),      // nlmsg_len
        &u16n(20),      // RTM_NEWADDR
        &u16n(0x601),   // REQUEST, EXCL, CREATE
        &u32n(5),       // nlmsg_seq
        &u32n(0),       // nlmsg_pid
        &[2, 24, 0, 0], // family, prefix, flags, scope
        &u32n(7),       // interface
        &u16n(8),
        &u16n(2), // IFA_LOCAL
        &[10, 0, 0, 4],
        &u16n(8),
        &u16n(1), // IFA_ADDRESS
        &[10, 0, 0, 4],
    ]);
    assert_eq!(out.sealed(5), expected);
}

#[test]
fn a_neighbour_is_ndmsg_with_the_permanent_state() {
    let mut out = Messages::new();
    add_permanent_neighbour(&mut out, 9, Ipv4Addr::new(169, 254, 0, 2).into(), [2, 0, 0, 0, 0, 1]);
    let expected = native(&[
        &u32n(48),
        &u16n(28),    // RTM_NEWNEIGH
        &u16n(0x501), // REQUEST, REPLACE, CREATE
        &u32n(1),
        &u32n(0),
        &[2, 0, 0, 0],
        &u32n(9),
        &u16n(0x80), // NUD_PERMANENT
        &[0, 0],
        &u16n(8),
        &u16n(1), // NDA_DST
        &[169, 254, 0, 2],
        &u16n(10),
        &u16n(2),                  // NDA_LLADDR
        &[2, 0, 0, 0, 0, 1, 0, 0], // padded
    ]);
    assert_eq!(out.sealed(1), expected);
}

#[test]
fn a_blackhole_has_no_interface() {
    let mut out = Messages::new();
    let destination = "172.16.0.0/12".parse().unwrap();
    let action = Action::Blackhole;
    put_route(&mut out, &PathRoute { table: 1001, destination, metric: 1000, action }, true);
    let bytes = out.sealed(1).to_vec();
    // struct rtmsg: family, lengths, tos, table, protocol, scope, type.
    assert_eq!(bytes[16..24], [2, 12, 0, 0, 0, 65, 0, 6]);
    let kinds: Vec<u16> = attributes(&bytes[28..]).map(|attribute| attribute.kind).collect();
    assert_eq!(kinds, [1, 6, 15], "destination, priority, table");
}

#[test]
fn a_verdict_is_an_immediate_into_the_verdict_register() {
    let mut out = Messages::new();
    out.begin(0, 0, &[]);
    crate::nft::write_expression(&mut out, &Expr::Verdict(Verdict::Goto("next".into())));
    let body = &out.sealed(1)[16..];
    assert_eq!(nested(body, &[1]), Some(&b"immediate\0"[..]));
    assert_eq!(nested(body, &[2, 1]), Some(&[0, 0, 0, 0][..]), "register 0");
    assert_eq!(nested(body, &[2, 2, 2, 1]), Some(&(-4_i32).to_be_bytes()[..]), "NFT_GOTO");
    assert_eq!(nested(body, &[2, 2, 2, 2]), Some(&b"next\0"[..]));
}

#[test]
fn registers_are_the_32_bit_ones() {
    let mut out = Messages::new();
    out.begin(0, 0, &[]);
    crate::nft::write_expression(&mut out, &Expr::Meta(MetaKey::Oif, 3));
    let body = &out.sealed(1)[16..];
    assert_eq!(nested(body, &[2, 1]), Some(&[0, 0, 0, 11][..]), "NFT_REG32_03");
    assert_eq!(nested(body, &[2, 2]), Some(&[0, 0, 0, 5][..]), "NFT_META_OIF");
}

#[test]
fn elements_are_cut_into_messages_that_fit() {
    let element = |n: u32| Element::of(Key::new().native(n));
    let many: Vec<Element> = (0..1201).map(element).collect();
    let mut batch = Batch::new();
    crate::nft::add_elements(&mut batch, "t", SetId::EniUnchecked, &many);
    // The transaction's beginning and three chunks of at most 500.
    assert_eq!(batch.count(), 4);
}

#[test]
fn the_skeleton_fits_a_small_send_buffer() {
    // Without rights over the host, buffers are limited to 416 KiB by default;
    // a VPC must be possible there.
    let mut batch = Batch::new();
    replace_tables(&mut batch, "allod", None);
    assert!(batch.bytes() < 200 << 10, "{} bytes", batch.bytes());
    let rules: usize = skeleton().iter().map(|chain| chain.rules.len()).sum();
    assert!(batch.count() > rules);
}
