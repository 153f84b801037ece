//! What each documented filter of DescribeInstanceTypes looks at (API reference, "DescribeInstanceTypes").

use super::InstanceType;
use crate::filters::{flag, one};

/// Documented names.
pub(super) const NAMES: &[&str] = &[
    "auto-recovery-supported",
    "bare-metal",
    "burstable-performance-supported",
    "current-generation",
    "dedicated-hosts-supported",
    "ebs-info.attachment-limit-type",
    "ebs-info.ebs-optimized-info.baseline-bandwidth-in-mbps",
    "ebs-info.ebs-optimized-info.baseline-iops",
    "ebs-info.ebs-optimized-info.baseline-throughput-in-mbps",
    "ebs-info.ebs-optimized-info.maximum-bandwidth-in-mbps",
    "ebs-info.ebs-optimized-info.maximum-iops",
    "ebs-info.ebs-optimized-info.maximum-throughput-in-mbps",
    "ebs-info.ebs-optimized-support",
    "ebs-info.encryption-support",
    "ebs-info.maximum-ebs-attachments",
    "ebs-info.nvme-support",
    "free-tier-eligible",
    "hibernation-supported",
    "hypervisor",
    "instance-storage-info.disk.count",
    "instance-storage-info.disk.size-in-gb",
    "instance-storage-info.disk.type",
    "instance-storage-info.encryption-support",
    "instance-storage-info.nvme-support",
    "instance-storage-info.total-size-in-gb",
    "instance-storage-supported",
    "instance-type",
    "memory-info.size-in-mib",
    "network-info.bandwidth-weightings",
    "network-info.efa-info.maximum-efa-interfaces",
    "network-info.efa-supported",
    "network-info.ena-support",
    "network-info.flexible-ena-queues-support",
    "network-info.encryption-in-transit-supported",
    "network-info.ipv4-addresses-per-interface",
    "network-info.ipv6-addresses-per-interface",
    "network-info.ipv6-supported",
    "network-info.maximum-network-cards",
    "network-info.maximum-network-interfaces",
    "network-info.network-performance",
    "nitro-enclaves-support",
    "nitro-tpm-info.supported-versions",
    "nitro-tpm-support",
    "processor-info.manufacturer",
    "processor-info.supported-architecture",
    "processor-info.supported-features",
    "processor-info.sustained-clock-speed-in-ghz",
    "reboot-migration-support",
    "supported-boot-mode",
    "supported-root-device-type",
    "supported-usage-class",
    "supported-virtualization-type",
    "vcpu-info.default-cores",
    "vcpu-info.default-threads-per-core",
    "vcpu-info.default-vcpus",
    "vcpu-info.valid-cores",
    "vcpu-info.valid-threads-per-core",
];

fn all<T: ToString>(values: impl IntoIterator<Item = T>) -> Vec<String> {
    values.into_iter().map(|value| value.to_string()).collect()
}

impl InstanceType {
    /// The values a filter compares with; none when the type has nothing there.
    pub(super) fn filter_values(&self, name: &str) -> Vec<String> {
        if let Some(rest) = name.strip_prefix("ebs-info.") {
            return self.ebs_values(rest);
        }
        if let Some(rest) = name.strip_prefix("network-info.") {
            return self.network_values(rest);
        }
        if let Some(rest) = name.strip_prefix("instance-storage-info.") {
            return self.storage_values(rest);
        }
        match name {
            "auto-recovery-supported" => flag(self.auto_recovers()),
            "bare-metal" => flag(self.is_metal()),
            "burstable-performance-supported" => flag(self.is_burstable()),
            "current-generation" => flag(true),
            "dedicated-hosts-supported" => flag(self.has_dedicated_hosts()),
            "free-tier-eligible" => flag(self.is_free_tier()),
            "hibernation-supported" => flag(self.can_hibernate()),
            "hypervisor" => all(self.hypervisor()),
            "instance-storage-supported" => flag(self.has_storage()),
            "instance-type" => one(&self.name),
            "memory-info.size-in-mib" => one(self.memory_mib().to_string()),
            "nitro-enclaves-support" => one(self.enclave_words()),
            "nitro-tpm-support" => one(self.tpm_words()),
            "nitro-tpm-info.supported-versions" => all((self.tpm_words() == "supported").then_some("2.0")),
            "processor-info.manufacturer" => one(self.manufacturer()),
            "processor-info.supported-architecture" => one(self.architecture()),
            "processor-info.sustained-clock-speed-in-ghz" => all(self.family.clock),
            "supported-boot-mode" => all(self.boot_modes()),
            "supported-root-device-type" => one("ebs"),
            "supported-usage-class" => all(super::api::USAGE_CLASSES),
            "supported-virtualization-type" => one("hvm"),
            "vcpu-info.default-cores" => one(self.cores().to_string()),
            "vcpu-info.default-threads-per-core" => one(self.threads_per_core().to_string()),
            "vcpu-info.default-vcpus" => one(self.vcpus().to_string()),
            "vcpu-info.valid-cores" => all(self.valid_cores()),
            "vcpu-info.valid-threads-per-core" => all(self.valid_threads()),
            _ => Vec::new(),
        }
    }

    fn ebs_values(&self, name: &str) -> Vec<String> {
        let (optimized, nvme) = self.ebs_words();
        let figure = |at: usize| all(self.row.ebs.map(|ebs| ebs[at]));
        let throughput = |at: usize| all(self.row.ebs.map(|ebs| f64::from(ebs[at]) / 8.0));
        match name {
            "ebs-optimized-info.baseline-bandwidth-in-mbps" => figure(0),
            "ebs-optimized-info.baseline-iops" => figure(2),
            "ebs-optimized-info.baseline-throughput-in-mbps" => throughput(0),
            "ebs-optimized-info.maximum-bandwidth-in-mbps" => figure(1),
            "ebs-optimized-info.maximum-iops" => figure(3),
            "ebs-optimized-info.maximum-throughput-in-mbps" => throughput(1),
            "ebs-optimized-support" => one(optimized),
            "encryption-support" => one("supported"),
            "nvme-support" => one(nvme),
            _ => Vec::new(),
        }
    }

    fn network_values(&self, name: &str) -> Vec<String> {
        let cards = if self.has_efa() { self.family.cards } else { 1 };
        match name {
            "efa-info.maximum-efa-interfaces" => all(self.has_efa().then_some(cards)),
            "efa-supported" => flag(self.has_efa()),
            "ena-support" => one(self.ena_words()),
            "encryption-in-transit-supported" => flag(self.family.encrypted_transit),
            "ipv4-addresses-per-interface" | "ipv6-addresses-per-interface" => {
                one(self.addresses_per_interface().to_string())
            }
            "ipv6-supported" => flag(true),
            "maximum-network-cards" => one(cards.to_string()),
            "maximum-network-interfaces" => one(self.max_interfaces().to_string()),
            "network-performance" => one(self.row.net.words()),
            _ => Vec::new(),
        }
    }

    fn storage_values(&self, name: &str) -> Vec<String> {
        let (count, gb) = self.row.disks;
        if count == 0 {
            return Vec::new();
        }
        match name {
            "disk.count" => one(count.to_string()),
            "disk.size-in-gb" => one(gb.to_string()),
            "disk.type" => one("ssd"),
            "nvme-support" => one("required"),
            "encryption-support" => {
                one(if self.family.base == super::data::Base::Nitro { "required" } else { "unsupported" })
            }
            "total-size-in-gb" => one((i64::from(count) * gb).to_string()),
            _ => Vec::new(),
        }
    }
}
