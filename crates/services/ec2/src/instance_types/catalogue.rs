//! The catalogue as one sorted list of types.

use super::data::{Base, Family, Maker, Row, Sizes};
use super::families::RULED;
use super::generations;
use super::listed::LISTED;
use std::sync::OnceLock;

/// One instance type.
#[derive(Clone, Debug)]
pub(crate) struct InstanceType {
    /// Such as `t3.micro`.
    pub(crate) name: String,
    pub(super) family: &'static Family,
    pub(super) row: Row,
}

/// All types, by name.
pub(super) fn all() -> &'static [InstanceType] {
    static ALL: OnceLock<Vec<InstanceType>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut types: Vec<InstanceType> = RULED.iter().chain(LISTED).flat_map(of_family).collect();
        types.sort_by(|a, b| a.name.cmp(&b.name));
        types
    })
}

fn of_family(family: &'static Family) -> Vec<InstanceType> {
    let rows = match family.sizes {
        Sizes::Ruled(mib_per_vcpu, steps, sizes) => generations::rows(mib_per_vcpu, steps, sizes),
        Sizes::Listed(rows) => rows.to_vec(),
    };
    let one = |row: Row| InstanceType { name: format!("{}.{}", family.name, row.size), family, row };
    rows.into_iter().map(one).collect()
}

/// The type of this name.
pub(crate) fn find(name: &str) -> Option<&'static InstanceType> {
    let all = all();
    all.binary_search_by(|t| t.name.as_str().cmp(name)).ok().map(|at| &all[at])
}

impl InstanceType {
    /// Whole machines, not virtual ones.
    pub(crate) fn is_metal(&self) -> bool {
        self.row.size.starts_with("metal")
    }

    /// Needs a device (GPU, FPGA, accelerator) or a whole machine, which no host here offers.
    pub(crate) fn needs_special_host(&self) -> bool {
        self.is_metal() || self.family.device.is_some()
    }

    /// `x86_64` or `arm64`.
    pub(crate) fn architecture(&self) -> &'static str {
        if self.family.maker == Maker::Aws { "arm64" } else { "x86_64" }
    }

    /// Virtual processors.
    pub(crate) fn vcpus(&self) -> i32 {
        self.row.vcpus
    }

    /// Memory in MiB.
    pub(crate) fn memory_mib(&self) -> i64 {
        self.row.memory_mib
    }

    /// Threads of a core.
    pub(crate) fn threads_per_core(&self) -> i32 {
        // The smallest Graviton and AMD machines have one core with one thread.
        self.family.threads.min(self.row.vcpus)
    }

    /// Cores.
    pub(crate) fn cores(&self) -> i32 {
        self.row.vcpus / self.threads_per_core()
    }

    /// Numbers of cores a launch may ask for; whole machines cannot be cut.
    pub(crate) fn valid_cores(&self) -> Vec<i32> {
        let cores = self.cores();
        if self.is_metal() {
            return Vec::new();
        }
        // With one thread a core every number is valid; with two, even ones, and one core for small types.
        if self.family.threads == 1 || cores <= 2 {
            return (1..=cores).collect();
        }
        (1..=cores).filter(|n| n % 2 == 0).collect()
    }

    /// Threads per core a launch may ask for.
    pub(crate) fn valid_threads(&self) -> Vec<i32> {
        if self.is_metal() { Vec::new() } else { (1..=self.threads_per_core()).collect() }
    }

    /// Most network interfaces.
    pub(crate) fn max_interfaces(&self) -> i32 {
        self.row.enis.0
    }

    /// Most IPv4, and as many IPv6, addresses of one interface.
    pub(crate) fn addresses_per_interface(&self) -> i32 {
        self.row.enis.1
    }

    /// Earns and spends CPU credits.
    pub(crate) fn is_burstable(&self) -> bool {
        self.family.burstable
    }

    /// Credit option of a launch that names none: `unlimited`, but `standard` for t2.
    pub(crate) fn default_credits(&self) -> &'static str {
        if self.family.name == "t2" { "standard" } else { "unlimited" }
    }

    /// EBS-optimised whether asked for or not.
    pub(crate) fn is_ebs_optimized(&self) -> bool {
        self.row.ebs.is_some() && self.family.base != Base::XenEna
    }

    /// Can be EBS-optimised at all.
    pub(crate) fn can_be_ebs_optimized(&self) -> bool {
        self.row.ebs.is_some()
    }

    /// `nitro` or `xen`; whole machines have none.
    pub(crate) fn hypervisor(&self) -> Option<&'static str> {
        match (self.is_metal(), self.family.base) {
            (true, _) => None,
            (false, Base::Nitro) => Some("nitro"),
            (false, _) => Some("xen"),
        }
    }

    /// Boots by UEFI where it can (Graviton only does), otherwise by BIOS.
    pub(crate) fn boot_mode(&self) -> &'static str {
        if self.architecture() == "arm64" { "uefi" } else { "legacy-bios" }
    }
}
