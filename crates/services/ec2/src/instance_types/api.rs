//! A type in the API's form.

use super::InstanceType;
use super::data::{Base, Device, Maker, Net};
use api_ec2::{
    DiskInfo, EbsInfo, EbsOptimizedInfo, EfaInfo, FpgaDeviceInfo, FpgaDeviceMemoryInfo, FpgaInfo,
    GpuDeviceInfo, GpuDeviceMemoryInfo, GpuInfo, InstanceStorageInfo, InstanceTypeInfo, MemoryInfo,
    NetworkCardInfo, NetworkInfo, NeuronDeviceCoreInfo, NeuronDeviceInfo, NeuronDeviceMemoryInfo, NeuronInfo,
    NitroTpmInfo, PlacementGroupInfo, ProcessorInfo, VCpuInfo,
};

/// Types of the AWS Free Tier.
const FREE_TIER: &[&str] = &["t2.micro", "t3.micro", "t3.small", "t4g.micro", "t4g.small"];

/// How any type may be bought.
pub(super) const USAGE_CLASSES: &[&str] = &["on-demand", "spot"];

impl Net {
    /// `NetworkPerformance`.
    pub(super) fn words(self) -> String {
        match self {
            Net::Flat(rate) => format!("{rate} Gigabit"),
            Net::UpTo(peak, _) => format!("Up to {peak} Gigabit"),
            Net::Words(words) => words.to_owned(),
        }
    }

    /// Baseline and peak in Gbit/s.
    fn rates(self) -> Option<(f64, f64)> {
        match self {
            Net::Flat(rate) => Some((rate, rate)),
            Net::UpTo(peak, base) => Some((base, peak)),
            Net::Words(_) => None,
        }
    }
}

impl InstanceType {
    pub(super) fn manufacturer(&self) -> &'static str {
        match self.family.maker {
            Maker::Intel => "Intel",
            Maker::Amd => "AMD",
            Maker::Aws => "AWS",
        }
    }

    /// Nitro machines but the burstable ones, from 4 vCPUs (Graviton: 2) on, can cut enclaves out of themselves.
    pub(super) fn has_enclaves(&self) -> bool {
        let least = if self.family.maker == Maker::Aws { 2 } else { 4 };
        self.family.base == Base::Nitro
            && !self.is_metal()
            && !self.family.burstable
            && self.row.vcpus >= least
    }

    /// Whether this size has an Elastic Fabric Adapter.
    pub(super) fn has_efa(&self) -> bool {
        self.family.efa.split(' ').any(|size| size == self.row.size)
    }

    /// Whether it has disks of its own.
    pub(super) fn has_storage(&self) -> bool {
        self.row.disks.0 > 0
    }

    pub(super) fn can_hibernate(&self) -> bool {
        // Memory must fit the root volume: at most 150 GiB.
        self.family.hibernation && !self.is_metal() && self.row.memory_mib <= 150 * 1024
    }

    /// Whether it can move to another host by itself: not with disks or devices that stay behind.
    pub(super) fn auto_recovers(&self) -> bool {
        !self.is_metal() && !self.has_storage() && self.family.device.is_none()
    }

    /// Whether hosts for one customer exist for it; AWS has none for the very smallest.
    pub(super) fn has_dedicated_hosts(&self) -> bool {
        self.family.name != "t2" || self.row.size != "nano"
    }

    /// Firmware it can boot with.
    pub(super) fn boot_modes(&self) -> Vec<&'static str> {
        match (self.architecture(), self.family.base) {
            ("arm64", _) => vec!["uefi"],
            (_, Base::Nitro) => vec!["legacy-bios", "uefi"],
            _ => vec!["legacy-bios"],
        }
    }

    pub(super) fn is_free_tier(&self) -> bool {
        FREE_TIER.contains(&self.name.as_str())
    }

    /// Placement strategies; burstable machines are never packed close together.
    pub(super) fn strategies(&self) -> Vec<&'static str> {
        if self.family.burstable {
            vec!["partition", "spread"]
        } else {
            vec!["cluster", "partition", "spread"]
        }
    }

    /// NVMe and EBS optimisation words.
    pub(super) fn ebs_words(&self) -> (&'static str, &'static str) {
        let nvme = if self.family.base == Base::Nitro { "required" } else { "unsupported" };
        let optimized = match (self.can_be_ebs_optimized(), self.is_ebs_optimized()) {
            (false, _) => "unsupported",
            (true, true) => "default",
            (true, false) => "supported",
        };
        (optimized, nvme)
    }

    /// Enhanced networking: on Nitro there is no other.
    pub(super) fn ena_words(&self) -> &'static str {
        match self.family.base {
            Base::Nitro => "required",
            Base::XenEna => "supported",
            Base::Xen => "unsupported",
        }
    }

    /// NitroTPM, which AWS offers on x86_64 machines.
    pub(super) fn tpm_words(&self) -> &'static str {
        let has = self.family.base == Base::Nitro && !self.is_metal() && self.architecture() == "x86_64";
        if has { "supported" } else { "unsupported" }
    }

    pub(super) fn enclave_words(&self) -> &'static str {
        if self.has_enclaves() { "supported" } else { "unsupported" }
    }

    /// `InstanceTypeInfo`.
    pub(super) fn to_api(&self) -> InstanceTypeInfo {
        let tpm = self.tpm_words();
        InstanceTypeInfo {
            instance_type: Some(self.name.clone().into()),
            current_generation: Some(true),
            free_tier_eligible: Some(self.is_free_tier()),
            supported_usage_classes: Some(words(USAGE_CLASSES.to_vec())),
            supported_root_device_types: Some(words(vec!["ebs"])),
            supported_virtualization_types: Some(words(vec!["hvm"])),
            bare_metal: Some(self.is_metal()),
            hypervisor: self.hypervisor().map(Into::into),
            processor_info: Some(ProcessorInfo {
                supported_architectures: Some(words(vec![self.architecture()])),
                sustained_clock_speed_in_ghz: self.family.clock,
                manufacturer: Some(self.manufacturer().to_owned()),
                ..ProcessorInfo::default()
            }),
            v_cpu_info: Some(VCpuInfo {
                default_v_cpus: Some(self.vcpus()),
                default_cores: Some(self.cores()),
                default_threads_per_core: Some(self.threads_per_core()),
                valid_cores: Some(self.valid_cores()).filter(|list| !list.is_empty()),
                valid_threads_per_core: Some(self.valid_threads()).filter(|list| !list.is_empty()),
            }),
            memory_info: Some(MemoryInfo { size_in_mi_b: Some(self.memory_mib()) }),
            instance_storage_supported: Some(self.has_storage()),
            instance_storage_info: self.storage(),
            ebs_info: Some(self.ebs()),
            network_info: Some(self.network()),
            gpu_info: self.gpu(),
            fpga_info: self.fpga(),
            neuron_info: self.neuron(),
            placement_group_info: Some(PlacementGroupInfo {
                supported_strategies: Some(words(self.strategies())),
            }),
            hibernation_supported: Some(self.can_hibernate()),
            burstable_performance_supported: Some(self.is_burstable()),
            dedicated_hosts_supported: Some(self.has_dedicated_hosts()),
            auto_recovery_supported: Some(self.auto_recovers()),
            supported_boot_modes: Some(words(self.boot_modes())),
            nitro_enclaves_support: Some(self.enclave_words().into()),
            nitro_tpm_info: (tpm == "supported")
                .then(|| NitroTpmInfo { supported_versions: Some(vec!["2.0".to_owned()]) }),
            nitro_tpm_support: Some(tpm.into()),
            ..InstanceTypeInfo::default()
        }
    }

    fn storage(&self) -> Option<InstanceStorageInfo> {
        let (count, gb) = self.row.disks;
        let nitro = self.family.base == Base::Nitro;
        self.has_storage().then(|| InstanceStorageInfo {
            total_size_in_gb: Some(i64::from(count) * gb),
            disks: Some(vec![DiskInfo {
                size_in_gb: Some(gb),
                count: Some(count),
                type_: Some("ssd".into()),
            }]),
            nvme_support: Some("required".into()),
            encryption_support: Some(if nitro { "required" } else { "unsupported" }.into()),
        })
    }

    fn ebs(&self) -> EbsInfo {
        let (optimized, nvme) = self.ebs_words();
        EbsInfo {
            ebs_optimized_support: Some(optimized.into()),
            encryption_support: Some("supported".into()),
            nvme_support: Some(nvme.into()),
            ebs_optimized_info: self.row.ebs.map(|[base, peak, base_iops, peak_iops]| EbsOptimizedInfo {
                baseline_bandwidth_in_mbps: Some(base),
                baseline_throughput_in_m_bps: Some(f64::from(base) / 8.0),
                baseline_iops: Some(base_iops),
                maximum_bandwidth_in_mbps: Some(peak),
                maximum_throughput_in_m_bps: Some(f64::from(peak) / 8.0),
                maximum_iops: Some(peak_iops),
            }),
            ..EbsInfo::default()
        }
    }

    fn network(&self) -> NetworkInfo {
        let (interfaces, addresses) = self.row.enis;
        // Smaller sizes of a family with many network cards have just one.
        let cards = if self.has_efa() { self.family.cards } else { 1 };
        let rates = self.row.net.rates();
        let share = |rate: f64| rate / f64::from(cards);
        let card = |index: i32| NetworkCardInfo {
            network_card_index: Some(index),
            network_performance: Some(if cards == 1 {
                self.row.net.words()
            } else {
                rates.map_or_else(String::new, |(_, peak)| Net::Flat(share(peak)).words())
            }),
            maximum_network_interfaces: Some(interfaces / cards),
            baseline_bandwidth_in_gbps: rates.map(|(base, _)| share(base)),
            peak_bandwidth_in_gbps: rates.map(|(_, peak)| share(peak)),
            ..NetworkCardInfo::default()
        };
        NetworkInfo {
            network_performance: Some(self.row.net.words()),
            maximum_network_interfaces: Some(interfaces),
            maximum_network_cards: Some(cards),
            default_network_card_index: Some(0),
            network_cards: Some((0..cards).map(card).collect()),
            ipv4_addresses_per_interface: Some(addresses),
            ipv6_addresses_per_interface: Some(addresses),
            ipv6_supported: Some(true),
            ena_support: Some(self.ena_words().into()),
            efa_supported: Some(self.has_efa()),
            efa_info: self.has_efa().then_some(EfaInfo { maximum_efa_interfaces: Some(cards) }),
            encryption_in_transit_supported: Some(self.family.encrypted_transit),
            ena_srd_supported: Some(false),
            ..NetworkInfo::default()
        }
    }

    fn gpu(&self) -> Option<GpuInfo> {
        let Some(Device::Gpu { name, mib }) = self.family.device else { return None };
        let count = self.row.devices;
        Some(GpuInfo {
            gpus: Some(vec![GpuDeviceInfo {
                name: Some(name.to_owned()),
                manufacturer: Some("NVIDIA".to_owned()),
                count: Some(count),
                memory_info: Some(GpuDeviceMemoryInfo { size_in_mi_b: Some(mib) }),
                ..GpuDeviceInfo::default()
            }]),
            total_gpu_memory_in_mi_b: Some(mib * count),
        })
    }

    fn fpga(&self) -> Option<FpgaInfo> {
        let Some(Device::Fpga { name, mib }) = self.family.device else { return None };
        let count = self.row.devices;
        Some(FpgaInfo {
            fpgas: Some(vec![FpgaDeviceInfo {
                name: Some(name.to_owned()),
                manufacturer: Some("Xilinx".to_owned()),
                count: Some(count),
                memory_info: Some(FpgaDeviceMemoryInfo { size_in_mi_b: Some(mib) }),
            }]),
            total_fpga_memory_in_mi_b: Some(mib * count),
        })
    }

    fn neuron(&self) -> Option<NeuronInfo> {
        let Some(Device::Neuron { name, mib, cores }) = self.family.device else { return None };
        let count = self.row.devices;
        Some(NeuronInfo {
            neuron_devices: Some(vec![NeuronDeviceInfo {
                name: Some(name.to_owned()),
                count: Some(count),
                core_info: Some(NeuronDeviceCoreInfo { count: Some(cores), version: Some(2) }),
                memory_info: Some(NeuronDeviceMemoryInfo { size_in_mi_b: Some(mib) }),
            }]),
            total_neuron_device_memory_in_mi_b: Some(mib * count),
        })
    }
}

fn words<T: From<&'static str>>(list: Vec<&'static str>) -> Vec<T> {
    list.into_iter().map(T::from).collect()
}
