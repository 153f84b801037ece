//! Kernel settings of the namespaces we make. Links inherit the defaults at
//! birth, so no link ever needs settings of its own.

use std::fs;
use std::path::Path;

use crate::ApplyError;

/// Settings of every namespace that forwards.
const FORWARDING: &[(&str, &str)] = &[
    ("ipv4/ip_forward", "1"),
    // Sources are checked in the packet filter, per interface and address; the
    // kernel's own filter would drop what takes another way back.
    ("ipv4/conf/all/rp_filter", "0"),
    ("ipv4/conf/default/rp_filter", "0"),
    ("ipv4/conf/all/send_redirects", "0"),
    ("ipv4/conf/default/send_redirects", "0"),
    ("ipv4/conf/all/accept_redirects", "0"),
    ("ipv4/conf/default/accept_redirects", "0"),
    ("ipv6/conf/all/forwarding", "1"),
    ("ipv6/conf/default/forwarding", "1"),
    ("ipv6/conf/default/accept_ra", "0"),
    ("ipv6/conf/default/accept_dad", "0"),
    // No address of its own choosing on any link: 1 is "none".
    ("ipv6/conf/default/addr_gen_mode", "1"),
];

/// Settings of a VPC's router on top.
const ROUTER: &[(&str, &str)] = &[
    // Machines believe their subnet to be one Ethernet; the router answers for
    // the neighbours (how fast, see `route::answer_at_once`).
    ("ipv4/conf/all/proxy_arp", "1"),
    // An appliance makes the router see each packet of a flow twice.
    ("netfilter/nf_conntrack_tcp_be_liberal", "1"),
    // Flow logs want packets, bytes and times; a connection has them only from its beginning on.
    ("netfilter/nf_conntrack_acct", "1"),
    ("netfilter/nf_conntrack_timestamp", "1"),
    // The priority tells the packet filter behind routing what it found before; it leaves no router.
    ("ipv4/ip_forward_update_priority", "0"),
];

/// Settings of a NAT gateway on top of those that forward. Idle connections are forgotten after 350 s (VPC guide, "NAT
/// gateway basics"); AWS then answers with RST, here nothing comes back.
const NAT_GATEWAY: &[(&str, &str)] = &[
    ("netfilter/nf_conntrack_tcp_timeout_established", "350"),
    ("netfilter/nf_conntrack_udp_timeout_stream", "350"),
    ("netfilter/nf_conntrack_tcp_be_liberal", "1"),
];

/// Prepares the current namespace for a NAT gateway.
pub(crate) fn prepare_nat_gateway() -> Result<(), ApplyError> {
    write_all(FORWARDING)?;
    write_all(NAT_GATEWAY)
}

/// Prepares the current namespace for the edge.
pub(crate) fn prepare_edge() -> Result<(), ApplyError> {
    write_all(FORWARDING)
}

/// Prepares the current namespace for a router.
pub(crate) fn prepare_router() -> Result<(), ApplyError> {
    write_all(FORWARDING)?;
    write_all(ROUTER)
}

/// Whether the kernel was built or started without IPv6: then it has none of its
/// settings, and needs none.
pub(crate) fn no_ipv6() -> bool {
    !Path::new("/proc/sys/net/ipv6").exists()
}

fn write_all(settings: &[(&str, &str)]) -> Result<(), ApplyError> {
    let no_v6 = no_ipv6();
    for (name, value) in settings {
        if !(no_v6 && name.starts_with("ipv6/")) {
            write(name, value)?;
        }
    }
    Ok(())
}

/// Whether the current namespace forwards IPv4.
pub(crate) fn forwards() -> Result<bool, ApplyError> {
    let path = "/proc/sys/net/ipv4/ip_forward";
    let text = fs::read_to_string(path).map_err(ApplyError::io(format!("reading {path}")))?;
    Ok(text.trim() == "1")
}

/// Switches IPv4 forwarding of the current namespace.
pub(crate) fn set_forwarding(on: bool) -> Result<(), ApplyError> {
    write("ipv4/ip_forward", if on { "1" } else { "0" })
}

fn write(name: &str, value: &str) -> Result<(), ApplyError> {
    let path = format!("/proc/sys/net/{name}");
    fs::write(&path, value).map_err(ApplyError::io(format!("setting {path} to {value}")))
}
