//! Shape of the catalogue's data: families, and one row per size.
//!
//! Figures are those of the AWS pages "Amazon EC2 instance types" (general purpose, compute, memory, storage optimised,
//! accelerated) and of the User Guide's tables on network interfaces and EBS bandwidth.

/// Who made the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Maker {
    /// x86_64, two threads per core.
    Intel,
    /// x86_64; the seventh generation runs one thread per core.
    Amd,
    /// Graviton.
    Aws,
}

/// What a family's machines run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    /// Everything since 2017: NVMe volumes, ENA.
    Nitro,
    /// Xen without enhanced networking by ENA (t2).
    Xen,
    /// Xen with ENA (i3, f1).
    XenEna,
}

/// A device beside processor and memory, with memory in MiB each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Device {
    /// NVIDIA's.
    Gpu { name: &'static str, mib: i32 },
    /// Xilinx's.
    Fpga { name: &'static str, mib: i32 },
    /// Amazon's own, with its cores.
    Neuron { name: &'static str, mib: i32, cores: i32 },
}

/// Network throughput in Gbit/s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Net {
    /// A steady rate.
    Flat(f64),
    /// Bursts up to the first figure, steady at the second.
    UpTo(f64, f64),
    /// Only words are known (t2).
    Words(&'static str),
}

/// EBS bandwidth: baseline and peak in Mbit/s, baseline and peak in IOPS.
pub(crate) type Ebs = [i32; 4];

/// One size of a family.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// Behind the dot of the type's name.
    pub(crate) size: &'static str,
    /// Virtual processors; of a whole machine its hardware threads.
    pub(crate) vcpus: i32,
    /// Memory in MiB.
    pub(crate) memory_mib: i64,
    /// Network throughput.
    pub(crate) net: Net,
    /// Interfaces, and addresses of each family per interface.
    pub(crate) enis: (i32, i32),
    /// `None`: not EBS-optimisable.
    pub(crate) ebs: Option<Ebs>,
    /// Local NVMe disks and GB of each.
    pub(crate) disks: (i32, i64),
    /// Number of devices.
    pub(crate) devices: i32,
}

/// A family.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Family {
    /// Before the dot of the type's name.
    pub(crate) name: &'static str,
    /// Maker of the processor, which settles the architecture.
    pub(crate) maker: Maker,
    /// Sustained clock in GHz, where AWS publishes it.
    pub(crate) clock: Option<f64>,
    /// Hypervisor and devices.
    pub(crate) base: Base,
    /// Threads per core of x86 families with simultaneous multithreading; 1 otherwise.
    pub(crate) threads: i32,
    /// Lives on CPU credits.
    pub(crate) burstable: bool,
    /// Traffic between machines is encrypted by the hardware.
    pub(crate) encrypted_transit: bool,
    /// Machines that are not too large can be hibernated.
    pub(crate) hibernation: bool,
    /// Sizes with an Elastic Fabric Adapter, separated by blanks.
    pub(crate) efa: &'static str,
    /// Device of every size of the family; the row says how many.
    pub(crate) device: Option<Device>,
    /// Network cards of the largest size.
    pub(crate) cards: i32,
    /// Its sizes.
    pub(crate) sizes: Sizes,
}

/// Where a family's rows come from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sizes {
    /// By the rule of its generation: MiB per vCPU, table of the generation, names of the sizes.
    Ruled(i64, &'static [Step], &'static str),
    /// One by one.
    Listed(&'static [Row]),
}

/// A size of a generation, the same in its general, compute and memory families.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// Behind the dot of the type's name; it also tells the vCPUs.
    pub(crate) size: &'static str,
    /// Network throughput.
    pub(crate) net: Net,
    /// Volume throughput.
    pub(crate) ebs: Ebs,
}
