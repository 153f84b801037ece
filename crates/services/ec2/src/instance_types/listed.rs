//! The families whose sizes follow no rule: burstable, storage, memory and accelerated machines.

use super::data::Net::{Flat, UpTo, Words};
use super::data::{Base, Device, Ebs, Family, Maker, Net, Row, Sizes};

/// A row in MiB, for memory that is no whole number of GiB.
const fn row(size: &'static str, vcpus: i32, memory_mib: i64, net: Net, enis: (i32, i32), ebs: Ebs) -> Row {
    Row { size, vcpus, memory_mib, net, enis, ebs: Some(ebs), disks: (0, 0), devices: 0 }
}

/// A row in GiB.
const fn gib(size: &'static str, vcpus: i32, gib: i64, net: Net, enis: (i32, i32), ebs: Ebs) -> Row {
    row(size, vcpus, gib * 1024, net, enis, ebs)
}

impl Row {
    const fn disk(self, count: i32, gb: i64) -> Row {
        Row { disks: (count, gb), ..self }
    }

    const fn with(self, devices: i32) -> Row {
        Row { devices, ..self }
    }

    const fn no_ebs_optimisation(self) -> Row {
        Row { ebs: None, ..self }
    }
}

/// Without burst: baseline and peak are one.
const fn same(mbps: i32, iops: i32) -> Ebs {
    [mbps, mbps, iops, iops]
}

/// What AWS says of the network of small t2 machines.
const LOW: Net = Words("Low to Moderate");
/// Figures of types without EBS optimisation, never shown.
const NO: Ebs = [0; 4];

/// Before Nitro: no EBS optimisation, and network figures only in words.
const T2: &[Row] = &[
    row("nano", 1, 512, LOW, (2, 2), NO).no_ebs_optimisation(),
    gib("micro", 1, 1, LOW, (2, 2), NO).no_ebs_optimisation(),
    gib("small", 1, 2, LOW, (3, 4), NO).no_ebs_optimisation(),
    gib("medium", 2, 4, LOW, (3, 6), NO).no_ebs_optimisation(),
    gib("large", 2, 8, LOW, (3, 12), NO).no_ebs_optimisation(),
    gib("xlarge", 4, 16, Words("Moderate"), (3, 15), NO).no_ebs_optimisation(),
    gib("2xlarge", 8, 32, Words("Moderate"), (3, 15), NO).no_ebs_optimisation(),
];

/// t3 and t4g.
const T3: &[Row] = &[
    row("nano", 2, 512, UpTo(5.0, 0.032), (2, 2), [43, 2085, 250, 11800]),
    gib("micro", 2, 1, UpTo(5.0, 0.064), (2, 2), [87, 2085, 500, 11800]),
    gib("small", 2, 2, UpTo(5.0, 0.128), (3, 4), [174, 2085, 1000, 11800]),
    gib("medium", 2, 4, UpTo(5.0, 0.256), (3, 6), [347, 2085, 2000, 11800]),
    gib("large", 2, 8, UpTo(5.0, 0.512), (3, 12), [695, 2780, 4000, 15700]),
    gib("xlarge", 4, 16, UpTo(5.0, 1.024), (4, 15), [695, 2780, 4000, 15700]),
    gib("2xlarge", 8, 32, UpTo(5.0, 2.048), (4, 15), [695, 2780, 4000, 15700]),
];

/// AMD: a little more EBS baseline, and one interface less on `small`.
const T3A: &[Row] = &[
    row("nano", 2, 512, UpTo(5.0, 0.032), (2, 2), [45, 2085, 250, 11800]),
    gib("micro", 2, 1, UpTo(5.0, 0.064), (2, 2), [90, 2085, 500, 11800]),
    gib("small", 2, 2, UpTo(5.0, 0.128), (2, 4), [175, 2085, 1000, 11800]),
    gib("medium", 2, 4, UpTo(5.0, 0.256), (3, 6), [350, 2085, 2000, 11800]),
    gib("large", 2, 8, UpTo(5.0, 0.512), (3, 12), [695, 2780, 4000, 15700]),
    gib("xlarge", 4, 16, UpTo(5.0, 1.024), (4, 15), [695, 2780, 4000, 15700]),
    gib("2xlarge", 8, 32, UpTo(5.0, 2.048), (4, 15), [695, 2780, 4000, 15700]),
];

/// Storage machines; the two smallest have no whole number of GiB.
const I3: &[Row] = &[
    row("large", 2, 15616, UpTo(10.0, 0.75), (3, 10), same(425, 3000)).disk(1, 475),
    row("xlarge", 4, 31232, UpTo(10.0, 1.25), (4, 15), same(850, 6000)).disk(1, 950),
    gib("2xlarge", 8, 61, UpTo(10.0, 2.5), (4, 15), same(1700, 12000)).disk(1, 1900),
    gib("4xlarge", 16, 122, UpTo(10.0, 5.0), (8, 30), same(3500, 16000)).disk(2, 1900),
    gib("8xlarge", 32, 244, Flat(10.0), (8, 30), same(7000, 32500)).disk(4, 1900),
    gib("16xlarge", 64, 488, Flat(25.0), (15, 50), same(14000, 65000)).disk(8, 1900),
    gib("metal", 72, 512, Flat(25.0), (15, 50), same(19000, 80000)).disk(8, 1900),
];

/// Storage machines on Nitro.
const I4I: &[Row] = &[
    gib("large", 2, 16, UpTo(10.0, 0.781), (3, 10), [625, 10000, 2500, 40000]).disk(1, 468),
    gib("xlarge", 4, 32, UpTo(10.0, 1.875), (4, 15), [1250, 10000, 5000, 40000]).disk(1, 937),
    gib("2xlarge", 8, 64, UpTo(12.0, 4.687), (4, 15), [2500, 10000, 10000, 40000]).disk(1, 1875),
    gib("4xlarge", 16, 128, UpTo(25.0, 9.375), (8, 30), [5000, 10000, 20000, 40000]).disk(1, 3750),
    gib("8xlarge", 32, 256, Flat(18.75), (8, 30), same(10000, 40000)).disk(2, 3750),
    gib("12xlarge", 48, 384, Flat(28.12), (8, 30), same(15000, 60000)).disk(3, 3750),
    gib("16xlarge", 64, 512, Flat(37.5), (15, 50), same(20000, 80000)).disk(4, 3750),
    gib("24xlarge", 96, 768, Flat(56.25), (15, 50), same(30000, 120_000)).disk(6, 3750),
    gib("32xlarge", 128, 1024, Flat(75.0), (15, 50), same(40000, 160_000)).disk(8, 3750),
    gib("metal", 128, 1024, Flat(75.0), (15, 50), same(40000, 160_000)).disk(8, 3750),
];

/// Memory machines: 16 GiB per vCPU.
const X2IDN: &[Row] = &[
    gib("16xlarge", 64, 1024, Flat(50.0), (15, 50), same(40000, 173_333)).disk(1, 1900),
    gib("24xlarge", 96, 1536, Flat(75.0), (15, 50), same(60000, 260_000)).disk(2, 1425),
    gib("32xlarge", 128, 2048, Flat(100.0), (15, 50), same(80000, 260_000)).disk(2, 1900),
    gib("metal", 128, 2048, Flat(100.0), (15, 50), same(80000, 260_000)).disk(2, 1900),
];

/// One, four or eight NVIDIA T4; interfaces follow the GPUs, not the vCPUs.
const G4DN: &[Row] = &[
    gib("xlarge", 4, 16, UpTo(25.0, 5.0), (3, 10), [950, 3500, 3000, 20000]).disk(1, 125).with(1),
    gib("2xlarge", 8, 32, UpTo(25.0, 10.0), (3, 10), [1150, 3500, 6000, 20000]).disk(1, 225).with(1),
    gib("4xlarge", 16, 64, UpTo(25.0, 20.0), (3, 10), same(4750, 20000)).disk(1, 225).with(1),
    gib("8xlarge", 32, 128, Flat(50.0), (4, 15), same(9500, 40000)).disk(1, 900).with(1),
    gib("12xlarge", 48, 192, Flat(50.0), (8, 30), same(9500, 40000)).disk(1, 900).with(4),
    gib("16xlarge", 64, 256, Flat(50.0), (4, 15), same(9500, 40000)).disk(1, 900).with(1),
    gib("metal", 96, 384, Flat(100.0), (15, 50), same(19000, 80000)).disk(2, 900).with(8),
];

/// NVIDIA A10G. The largest has fewer interfaces than the ones below it; that is no slip.
const G5: &[Row] = &[
    gib("xlarge", 4, 16, UpTo(10.0, 2.5), (4, 15), [700, 3500, 3000, 15000]).disk(1, 250).with(1),
    gib("2xlarge", 8, 32, UpTo(10.0, 5.0), (4, 15), [850, 3500, 3500, 15000]).disk(1, 450).with(1),
    gib("4xlarge", 16, 64, UpTo(25.0, 10.0), (8, 30), same(4750, 20000)).disk(1, 600).with(1),
    gib("8xlarge", 32, 128, Flat(25.0), (8, 30), same(16000, 65000)).disk(1, 900).with(1),
    gib("12xlarge", 48, 192, Flat(40.0), (15, 50), same(16000, 65000)).disk(1, 3800).with(4),
    gib("16xlarge", 64, 256, Flat(25.0), (8, 30), same(16000, 65000)).disk(1, 1900).with(1),
    gib("24xlarge", 96, 384, Flat(50.0), (15, 50), same(19000, 80000)).disk(1, 3800).with(4),
    gib("48xlarge", 192, 768, Flat(100.0), (7, 50), same(19000, 80000)).disk(2, 3800).with(8),
];

/// NVIDIA L4.
const G6: &[Row] = &[
    gib("xlarge", 4, 16, UpTo(10.0, 2.5), (4, 15), [1000, 5000, 4000, 20000]).disk(1, 250).with(1),
    gib("2xlarge", 8, 32, UpTo(10.0, 5.0), (4, 15), [2000, 5000, 8000, 20000]).disk(1, 450).with(1),
    gib("4xlarge", 16, 64, UpTo(25.0, 10.0), (8, 30), same(8000, 32000)).disk(1, 600).with(1),
    gib("8xlarge", 32, 128, Flat(25.0), (8, 30), same(16000, 64000)).disk(2, 450).with(1),
    gib("12xlarge", 48, 192, Flat(40.0), (8, 30), same(20000, 80000)).disk(4, 940).with(4),
    gib("16xlarge", 64, 256, Flat(25.0), (15, 50), same(20000, 80000)).disk(2, 940).with(1),
    gib("24xlarge", 96, 384, Flat(50.0), (15, 50), same(30000, 120_000)).disk(4, 940).with(4),
    gib("48xlarge", 192, 768, Flat(100.0), (15, 50), same(60000, 240_000)).disk(8, 940).with(8),
];

/// Eight A100, four network cards.
const P4D: &[Row] =
    &[gib("24xlarge", 96, 1152, Flat(400.0), (60, 50), same(19000, 80000)).disk(8, 1000).with(8)];
/// Eight H100, thirty-two network cards.
const P5: &[Row] =
    &[gib("48xlarge", 192, 2048, Flat(3200.0), (64, 50), same(80000, 260_000)).disk(8, 3840).with(8)];

/// FPGA machines (specification CMP-5).
const F1: &[Row] = &[
    gib("2xlarge", 8, 122, UpTo(10.0, 2.5), (4, 15), same(1700, 12000)).disk(1, 470).with(1),
    gib("4xlarge", 16, 244, UpTo(10.0, 5.0), (8, 30), same(3500, 44000)).disk(1, 940).with(2),
    gib("16xlarge", 64, 976, Flat(25.0), (8, 50), same(14000, 75000)).disk(4, 940).with(8),
];

/// Inference chips.
const INF2: &[Row] = &[
    gib("xlarge", 4, 16, UpTo(15.0, 2.083), (4, 15), [1250, 10000, 6000, 40000]).with(1),
    gib("8xlarge", 32, 128, UpTo(25.0, 16.667), (8, 30), same(10000, 40000)).with(1),
    gib("24xlarge", 96, 384, Flat(50.0), (15, 50), same(30000, 120_000)).with(6),
    gib("48xlarge", 192, 768, Flat(100.0), (15, 50), same(60000, 240_000)).with(12),
];

/// Training chips; only the largest has eight network cards.
const TRN1: &[Row] = &[
    gib("2xlarge", 8, 32, UpTo(12.5, 3.125), (4, 15), [5000, 20000, 16250, 65000]).disk(1, 474).with(1),
    gib("32xlarge", 128, 512, Flat(800.0), (40, 50), same(80000, 260_000)).disk(4, 1900).with(16),
];

/// A family on Nitro with nothing special about it.
const fn listed(name: &'static str, maker: Maker, clock: Option<f64>, rows: &'static [Row]) -> Family {
    Family {
        name,
        maker,
        clock,
        base: Base::Nitro,
        threads: if matches!(maker, Maker::Aws) { 1 } else { 2 },
        burstable: false,
        encrypted_transit: true,
        hibernation: false,
        efa: "",
        device: None,
        cards: 1,
        sizes: Sizes::Listed(rows),
    }
}

const fn burstable(family: Family) -> Family {
    Family { burstable: true, encrypted_transit: false, hibernation: true, ..family }
}

/// The same with a device.
const fn with(family: Family, device: Device, cards: i32, efa: &'static str) -> Family {
    Family { device: Some(device), cards, efa, ..family }
}

const T4: Device = Device::Gpu { name: "T4", mib: 16384 };
const A10G: Device = Device::Gpu { name: "A10G", mib: 24576 };
const L4: Device = Device::Gpu { name: "L4", mib: 24576 };
const A100: Device = Device::Gpu { name: "A100", mib: 40960 };
const H100: Device = Device::Gpu { name: "H100", mib: 81920 };
const VU9P: Device = Device::Fpga { name: "Virtex UltraScale (VU9P)", mib: 65536 };
const INFERENTIA2: Device = Device::Neuron { name: "Inferentia2", mib: 32768, cores: 2 };
const TRAINIUM: Device = Device::Neuron { name: "Trainium", mib: 32768, cores: 2 };
const LARGE_G: &str = "8xlarge 12xlarge 16xlarge 24xlarge 48xlarge";

use Maker::{Amd, Aws, Intel};

/// Families size by size, in no special order.
pub(super) const LISTED: &[Family] = &[
    Family { base: Base::Xen, threads: 1, ..burstable(listed("t2", Intel, Some(2.3), T2)) },
    burstable(listed("t3", Intel, Some(2.5), T3)),
    burstable(listed("t3a", Amd, Some(2.2), T3A)),
    burstable(listed("t4g", Aws, Some(2.5), T3)),
    Family { base: Base::XenEna, encrypted_transit: false, ..listed("i3", Intel, Some(2.3), I3) },
    Family { efa: "32xlarge metal", ..listed("i4i", Intel, Some(3.5), I4I) },
    Family { efa: "32xlarge metal", ..listed("x2idn", Intel, Some(3.5), X2IDN) },
    with(listed("g4dn", Intel, Some(2.5), G4DN), T4, 1, "8xlarge 12xlarge 16xlarge metal"),
    with(listed("g5", Amd, Some(2.8), G5), A10G, 1, LARGE_G),
    with(listed("g6", Amd, None, G6), L4, 1, LARGE_G),
    with(listed("p4d", Intel, Some(3.0), P4D), A100, 4, "24xlarge"),
    with(listed("p5", Amd, None, P5), H100, 32, "48xlarge"),
    Family {
        base: Base::XenEna,
        encrypted_transit: false,
        ..with(listed("f1", Intel, Some(2.3), F1), VU9P, 1, "")
    },
    with(listed("inf2", Amd, Some(2.95), INF2), INFERENTIA2, 1, ""),
    with(listed("trn1", Intel, Some(2.9), TRN1), TRAINIUM, 8, "32xlarge"),
];
