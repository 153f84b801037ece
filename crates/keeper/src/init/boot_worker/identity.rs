//! Who this machine is: host name, hosts, resolvers, machine-id.

use std::fmt::Write as _;
use std::fs;
use std::io;

use super::files::write_all;
use crate::boot::BootPlan;

/// Address of the host name when the plan has none, as Debian uses it.
const OWN_ADDRESS: &str = "127.0.1.1";

/// Writes the identity files. The machine-id is made once per root and kept over stop and start.
pub(super) fn write(plan: &BootPlan) -> io::Result<()> {
    write_all("/etc/hostname", format!("{}\n", plan.hostname).as_bytes(), 0o644)?;
    write_all("/etc/hosts", hosts(plan).as_bytes(), 0o644)?;
    write_all("/etc/resolv.conf", resolv_conf(plan).as_bytes(), 0o644)?;
    let known = fs::read_to_string("/etc/machine-id").unwrap_or_default();
    if known.trim().len() != 32 {
        write_all("/etc/machine-id", machine_id()?.as_bytes(), 0o444)?;
    }
    Ok(())
}

fn hosts(plan: &BootPlan) -> String {
    let address = plan.address.as_deref().unwrap_or(OWN_ADDRESS);
    let names = match &plan.fqdn {
        Some(full) if *full != plan.hostname => format!("{full} {}", plan.hostname),
        _ => plan.hostname.clone(),
    };
    format!(
        "127.0.0.1 localhost localhost.localdomain\n::1 localhost localhost6 ip6-localhost ip6-loopback\n{address} {names}\n"
    )
}

fn resolv_conf(plan: &BootPlan) -> String {
    let mut text = String::new();
    if !plan.search_domains.is_empty() {
        let _ = writeln!(text, "search {}", plan.search_domains.join(" "));
    }
    for server in &plan.dns_servers {
        let _ = writeln!(text, "nameserver {server}");
    }
    text
}

/// 128 random bits as machine-id(5) wants them: version 4, variant 1, in lower-case hex.
fn machine_id() -> io::Result<String> {
    let mut bytes = [0u8; 16];
    io::Read::read_exact(&mut fs::File::open("/dev/urandom")?, &mut bytes)?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(33);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text.push('\n');
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_names_the_machine_by_both_names() {
        let plan = BootPlan {
            hostname: "ip-10-0-0-5".into(),
            fqdn: Some("ip-10-0-0-5.ec2.internal".into()),
            address: Some("10.0.0.5".into()),
            ..BootPlan::default()
        };
        assert!(hosts(&plan).ends_with("10.0.0.5 ip-10-0-0-5.ec2.internal ip-10-0-0-5\n"));
        let plain = BootPlan { hostname: "web".into(), ..BootPlan::default() };
        assert!(hosts(&plain).ends_with("127.0.1.1 web\n"));
    }

    #[test]
    fn resolv_conf_lists_search_and_servers() {
        let plan = BootPlan {
            dns_servers: vec!["10.0.0.2".into(), "fd00:ec2::253".into()],
            search_domains: vec!["ec2.internal".into()],
            ..BootPlan::default()
        };
        assert_eq!(
            resolv_conf(&plan),
            "search ec2.internal\nnameserver 10.0.0.2\nnameserver fd00:ec2::253\n"
        );
        assert_eq!(resolv_conf(&BootPlan::default()), "");
    }

    #[test]
    fn machine_ids_are_valid_and_differ() {
        let (one, two) = (machine_id().unwrap(), machine_id().unwrap());
        assert_ne!(one, two);
        assert_eq!(one.trim().len(), 32);
        assert_eq!(one.as_bytes()[12], b'4');
        assert!(one.trim().bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
    }
}
