//! The metadata tree of one instance as leaves; folders follow from their paths
//! (EC2 User Guide, "Instance metadata categories").

use records::{Instance, NetworkInterface, SecurityGroup, Subnet, Tags, Vpc};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

/// The records a tree is made of.
pub(crate) struct Facts {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) instance: Arc<Instance>,
    /// Interfaces by device index.
    pub(crate) interfaces: Vec<Arc<NetworkInterface>>,
    pub(crate) groups: BTreeMap<String, Arc<SecurityGroup>>,
    pub(crate) subnets: BTreeMap<String, Arc<Subnet>>,
    pub(crate) vpc: Option<Arc<Vpc>>,
    pub(crate) tags: Option<Arc<Tags>>,
    /// Role of the instance profile, if it has one.
    pub(crate) role: Option<String>,
}

/// Leaves below `meta-data/`.
pub(crate) fn leaves(facts: &Facts) -> BTreeMap<String, String> {
    let mut tree = BTreeMap::new();
    let instance = &facts.instance;
    let mut put = |path: &str, value: &str| {
        tree.insert(path.to_owned(), value.to_owned());
    };
    put("ami-id", &instance.image_id);
    put("ami-launch-index", &instance.launch_index.to_string());
    put("ami-manifest-path", "(unknown)");
    put("events/maintenance/history", "[]");
    put("events/maintenance/scheduled", "[]");
    put("instance-action", "none");
    put("instance-id", &instance.id);
    put("instance-life-cycle", "on-demand");
    put("instance-type", &instance.instance_type);
    put("placement/availability-zone", &instance.availability_zone);
    put("placement/availability-zone-id", &instance.availability_zone_id);
    put("placement/region", &facts.region);
    put("profile", "default-hvm");
    put("reservation-id", &instance.reservation_id);
    put("services/domain", "amazonaws.com");
    put("services/partition", "aws");
    put("block-device-mapping/ami", "/dev/sda1");
    put("block-device-mapping/root", "/dev/sda1");
    let full_name = full_hostname(&instance.hostname, &facts.region);
    put("hostname", &full_name);
    put("local-hostname", &full_name);
    if let Some((key, name)) = instance.authorized_keys.first().zip(instance.key_name.as_ref()) {
        put(
            "public-keys/0/openssh-key",
            &format!("{} {name}", key.split(' ').take(2).collect::<Vec<_>>().join(" ")),
        );
    }
    if let Some(primary) = facts.interfaces.first() {
        put("mac", &primary.mac_address);
        put("security-groups", &group_names(facts, primary).join("\n"));
        if let Some(address) = primary.primary() {
            put("local-ipv4", &address.address.to_string());
            if let Some(public) = address.public {
                put("public-ipv4", &public.to_string());
                put("public-hostname", &public_hostname(public, &facts.region));
            }
        }
        if let Some(address) = primary.ipv6_addresses.first() {
            put("ipv6", &address.to_string());
        }
    }
    if let (Some((arn, id)), Some(_)) = (&instance.iam_instance_profile, &facts.role) {
        let info = serde_json::json!({"Code": "Success", "InstanceProfileArn": arn, "InstanceProfileId": id});
        put("iam/info", &format!("{info:#}"));
    }
    for (device, interface) in facts.interfaces.iter().enumerate() {
        for (path, value) in interface_leaves(facts, device, interface) {
            put(&format!("network/interfaces/macs/{}/{path}", interface.mac_address), &value);
        }
    }
    if instance.metadata_options.instance_metadata_tags == "enabled" {
        for (key, value) in facts.tags.iter().flat_map(|t| &t.tags) {
            put(&format!("tags/instance/{key}"), value);
        }
    }
    tree
}

fn interface_leaves(facts: &Facts, device: usize, interface: &NetworkInterface) -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = vec![
        ("device-number".into(), device.to_string()),
        ("interface-id".into(), interface.id.clone()),
        ("mac".into(), interface.mac_address.clone()),
        ("owner-id".into(), facts.account.clone()),
        ("security-group-ids".into(), interface.groups.join("\n")),
        ("security-groups".into(), group_names(facts, interface).join("\n")),
        ("subnet-id".into(), interface.subnet_id.clone()),
        ("vpc-id".into(), interface.vpc_id.clone()),
        ("local-hostname".into(), full_hostname(&facts.instance.hostname, &facts.region)),
    ];
    let locals: Vec<String> = interface.private_addresses.iter().map(|a| a.address.to_string()).collect();
    out.push(("local-ipv4s".into(), locals.join("\n")));
    let mut publics = Vec::new();
    for address in &interface.private_addresses {
        if let Some(public) = address.public {
            out.push((format!("ipv4-associations/{public}"), address.address.to_string()));
            publics.push(public);
        }
    }
    if let Some(first) = publics.first() {
        out.push(("public-hostname".into(), public_hostname(*first, &facts.region)));
        let all: Vec<String> = publics.iter().map(ToString::to_string).collect();
        out.push(("public-ipv4s".into(), all.join("\n")));
    }
    if !interface.ipv6_addresses.is_empty() {
        let all: Vec<String> = interface.ipv6_addresses.iter().map(ToString::to_string).collect();
        out.push(("ipv6s".into(), all.join("\n")));
    }
    if let Some(subnet) = facts.subnets.get(&interface.subnet_id) {
        out.push(("subnet-ipv4-cidr-block".into(), subnet.cidr_block.to_string()));
        for association in &subnet.ipv6_associations {
            out.push(("subnet-ipv6-cidr-blocks".into(), association.cidr.to_string()));
        }
    }
    if let Some(vpc) = &facts.vpc {
        out.push(("vpc-ipv4-cidr-block".into(), vpc.cidr_block.to_string()));
        let all: Vec<String> = vpc.cidr_associations.iter().map(|a| a.cidr.to_string()).collect();
        out.push(("vpc-ipv4-cidr-blocks".into(), all.join("\n")));
        if !vpc.ipv6_associations.is_empty() {
            let all: Vec<String> = vpc.ipv6_associations.iter().map(|a| a.cidr.to_string()).collect();
            out.push(("vpc-ipv6-cidr-blocks".into(), all.join("\n")));
        }
    }
    out
}

fn group_names(facts: &Facts, interface: &NetworkInterface) -> Vec<String> {
    interface.groups.iter().filter_map(|id| facts.groups.get(id)).map(|g| g.name.clone()).collect()
}

/// `ip-172-31-5-4.ec2.internal` in us-east-1, `….<region>.compute.internal` elsewhere.
pub(crate) fn full_hostname(hostname: &str, region: &str) -> String {
    if hostname.contains('.') {
        return hostname.to_owned();
    }
    match region {
        "us-east-1" => format!("{hostname}.ec2.internal"),
        _ => format!("{hostname}.{region}.compute.internal"),
    }
}

fn public_hostname(address: std::net::Ipv4Addr, region: &str) -> String {
    let dashed = address.to_string().replace('.', "-");
    match region {
        "us-east-1" => format!("ec2-{dashed}.compute-1.amazonaws.com"),
        _ => format!("ec2-{dashed}.{region}.compute.amazonaws.com"),
    }
}

/// The value at `path`, or the listing of a folder; nothing when neither exists.
pub(crate) fn look_up(tree: &BTreeMap<String, String>, path: &str) -> Option<String> {
    let path = path.trim_matches('/');
    if let Some(value) = tree.get(path) {
        return Some(value.clone());
    }
    let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
    let mut names = BTreeSet::new();
    for key in tree.range(prefix.clone()..).map(|(k, _)| k).take_while(|k| k.starts_with(&prefix)) {
        let rest = &key[prefix.len()..];
        match rest.split_once('/') {
            Some((folder, _)) => names.insert(format!("{folder}/")),
            None => names.insert(rest.to_owned()),
        };
    }
    if names.is_empty() {
        return None;
    }
    let mut listing = String::new();
    for name in names {
        let _ = write!(listing, "{}{name}", if listing.is_empty() { "" } else { "\n" });
    }
    Some(listing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> BTreeMap<String, String> {
        [
            ("ami-id", "ami-1"),
            ("placement/region", "eu-west-1"),
            ("placement/availability-zone", "eu-west-1a"),
            ("iam/info", "{}"),
        ]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into()
    }

    #[test]
    fn leaves_folders_and_nothing() {
        let tree = tree();
        assert_eq!(look_up(&tree, "ami-id").as_deref(), Some("ami-1"));
        assert_eq!(look_up(&tree, "").as_deref(), Some("ami-id\niam/\nplacement/"));
        assert_eq!(look_up(&tree, "placement").as_deref(), Some("availability-zone\nregion"));
        assert_eq!(look_up(&tree, "/placement/").as_deref(), Some("availability-zone\nregion"));
        assert_eq!(look_up(&tree, "placement/zone"), None);
        assert_eq!(look_up(&tree, "place"), None);
    }

    #[test]
    fn host_names_by_region() {
        assert_eq!(full_hostname("ip-10-0-0-4", "us-east-1"), "ip-10-0-0-4.ec2.internal");
        assert_eq!(full_hostname("ip-10-0-0-4", "eu-west-1"), "ip-10-0-0-4.eu-west-1.compute.internal");
    }
}
