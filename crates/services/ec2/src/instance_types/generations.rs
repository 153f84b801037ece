//! Sizes that all families of a generation share, and the rules that turn a size's name into figures.

use super::data::{Net, Row, Step};

const fn step(size: &'static str, net: Net, ebs: [i32; 4]) -> Step {
    Step { size, net, ebs }
}

/// m5, r5.
pub(super) const FIFTH: &[Step] = &[
    step("large", Net::UpTo(10.0, 0.75), [650, 4750, 3600, 18750]),
    step("xlarge", Net::UpTo(10.0, 1.25), [1150, 4750, 6000, 18750]),
    step("2xlarge", Net::UpTo(10.0, 2.5), [2300, 4750, 12000, 18750]),
    step("4xlarge", Net::UpTo(10.0, 5.0), [4750, 4750, 18750, 18750]),
    step("8xlarge", Net::Flat(10.0), [6800, 6800, 30000, 30000]),
    step("12xlarge", Net::Flat(12.0), [9500, 9500, 40000, 40000]),
    step("16xlarge", Net::Flat(20.0), [13600, 13600, 60000, 60000]),
    step("24xlarge", Net::Flat(25.0), [19000, 19000, 80000, 80000]),
    step("metal", Net::Flat(25.0), [19000, 19000, 80000, 80000]),
];

/// c5.
pub(super) const FIFTH_COMPUTE: &[Step] = &[
    step("large", Net::UpTo(10.0, 0.75), [650, 4750, 4000, 20000]),
    step("xlarge", Net::UpTo(10.0, 1.25), [1150, 4750, 6000, 20000]),
    step("2xlarge", Net::UpTo(10.0, 2.5), [2300, 4750, 10000, 20000]),
    step("4xlarge", Net::UpTo(10.0, 5.0), [4750, 4750, 20000, 20000]),
    step("9xlarge", Net::Flat(12.0), [9500, 9500, 40000, 40000]),
    step("12xlarge", Net::Flat(12.0), [9500, 9500, 40000, 40000]),
    step("18xlarge", Net::Flat(25.0), [19000, 19000, 80000, 80000]),
    step("24xlarge", Net::Flat(25.0), [19000, 19000, 80000, 80000]),
    step("metal", Net::Flat(25.0), [19000, 19000, 80000, 80000]),
];

/// Sixth and seventh generation of Intel and AMD.
pub(super) const SIXTH: &[Step] = &[
    step("medium", Net::UpTo(12.5, 0.39), [325, 10000, 2500, 40000]),
    step("large", Net::UpTo(12.5, 0.781), [650, 10000, 3600, 40000]),
    step("xlarge", Net::UpTo(12.5, 1.562), [1250, 10000, 6000, 40000]),
    step("2xlarge", Net::UpTo(12.5, 3.125), [2500, 10000, 12000, 40000]),
    step("4xlarge", Net::UpTo(12.5, 6.25), [5000, 10000, 20000, 40000]),
    step("8xlarge", Net::Flat(12.5), [10000, 10000, 40000, 40000]),
    step("12xlarge", Net::Flat(18.75), [15000, 15000, 60000, 60000]),
    step("16xlarge", Net::Flat(25.0), [20000, 20000, 80000, 80000]),
    step("24xlarge", Net::Flat(37.5), [30000, 30000, 120_000, 120_000]),
    step("32xlarge", Net::Flat(50.0), [40000, 40000, 160_000, 160_000]),
    step("48xlarge", Net::Flat(50.0), [40000, 40000, 240_000, 240_000]),
    step("metal", Net::Flat(50.0), [40000, 40000, 160_000, 160_000]),
    step("metal-24xl", Net::Flat(37.5), [30000, 30000, 120_000, 120_000]),
    step("metal-48xl", Net::Flat(50.0), [40000, 40000, 240_000, 240_000]),
];

/// Graviton2.
pub(super) const SIXTH_ARM: &[Step] = &[
    step("medium", Net::UpTo(10.0, 0.5), [315, 4750, 2500, 20000]),
    step("large", Net::UpTo(10.0, 0.75), [630, 4750, 3600, 20000]),
    step("xlarge", Net::UpTo(10.0, 1.25), [1188, 4750, 6000, 20000]),
    step("2xlarge", Net::UpTo(10.0, 2.5), [2375, 4750, 12000, 20000]),
    step("4xlarge", Net::UpTo(10.0, 5.0), [4750, 4750, 20000, 20000]),
    step("8xlarge", Net::Flat(12.0), [9500, 9500, 40000, 40000]),
    step("12xlarge", Net::Flat(20.0), [14250, 14250, 50000, 50000]),
    step("16xlarge", Net::Flat(25.0), [19000, 19000, 80000, 80000]),
    step("metal", Net::Flat(25.0), [19000, 19000, 80000, 80000]),
];

/// Graviton3 and 4.
pub(super) const SEVENTH_ARM: &[Step] = &[
    step("medium", Net::UpTo(12.5, 0.52), [315, 10000, 2500, 40000]),
    step("large", Net::UpTo(12.5, 0.937), [630, 10000, 3600, 40000]),
    step("xlarge", Net::UpTo(12.5, 1.876), [1250, 10000, 6000, 40000]),
    step("2xlarge", Net::UpTo(15.0, 3.75), [2500, 10000, 12000, 40000]),
    step("4xlarge", Net::UpTo(15.0, 7.5), [5000, 10000, 20000, 40000]),
    step("8xlarge", Net::Flat(15.0), [10000, 10000, 40000, 40000]),
    step("12xlarge", Net::Flat(22.5), [15000, 15000, 60000, 60000]),
    step("16xlarge", Net::Flat(30.0), [20000, 20000, 80000, 80000]),
    step("24xlarge", Net::Flat(40.0), [30000, 30000, 120_000, 120_000]),
    step("48xlarge", Net::Flat(50.0), [40000, 40000, 240_000, 240_000]),
    step("metal", Net::Flat(30.0), [20000, 20000, 80000, 80000]),
    step("metal-24xl", Net::Flat(40.0), [30000, 30000, 120_000, 120_000]),
    step("metal-48xl", Net::Flat(50.0), [40000, 40000, 240_000, 240_000]),
];

/// vCPUs of a size: four per `xlarge`. `metal` alone is as large as the family's largest virtual size.
fn vcpus(size: &str, largest: i32) -> i32 {
    match size {
        "medium" => 1,
        "large" => 2,
        "xlarge" => 4,
        "metal" => largest,
        other => {
            let digits: String = other.chars().filter(char::is_ascii_digit).collect();
            digits.parse::<i32>().unwrap_or(0) * 4
        }
    }
}

/// Interfaces, and addresses per interface, of a Nitro machine (User Guide, "Maximum IP addresses per network
/// interface").
fn enis(vcpus: i32) -> (i32, i32) {
    match vcpus {
        ..=1 => (2, 4),
        2 => (3, 10),
        3..=8 => (4, 15),
        9..=48 => (8, 30),
        _ => (15, 50),
    }
}

/// The rows of a family that follows the rule.
pub(super) fn rows(mib_per_vcpu: i64, steps: &[Step], sizes: &str) -> Vec<Row> {
    let names: Vec<&str> = sizes.split(' ').collect();
    let chosen = || steps.iter().filter(|step| names.contains(&step.size));
    let largest = chosen().map(|step| vcpus(step.size, 0)).max().unwrap_or(0);
    let row = |step: &Step| {
        let vcpus = vcpus(step.size, largest);
        Row {
            size: step.size,
            vcpus,
            memory_mib: mib_per_vcpu * i64::from(vcpus),
            net: step.net,
            enis: enis(vcpus),
            ebs: Some(step.ebs),
            disks: (0, 0),
            devices: 0,
        }
    };
    chosen().map(row).collect()
}
