//! The families that follow their generation's rule.

use super::data::{Base, Family, Maker, Sizes, Step};
use super::generations::{FIFTH, FIFTH_COMPUTE, SEVENTH_ARM, SIXTH, SIXTH_ARM};

/// A family with so many GiB per vCPU.
const fn ruled(
    name: &'static str,
    maker: Maker,
    clock: f64,
    gib_per_vcpu: i64,
    steps: &'static [Step],
    sizes: &'static str,
) -> Family {
    Family {
        name,
        maker,
        clock: Some(clock),
        base: Base::Nitro,
        threads: if matches!(maker, Maker::Aws) { 1 } else { 2 },
        burstable: false,
        encrypted_transit: true,
        hibernation: true,
        efa: "",
        device: None,
        cards: 1,
        sizes: Sizes::Ruled(gib_per_vcpu * 1024, steps, sizes),
    }
}

/// Older cards do not encrypt between machines.
const fn plain_wire(family: Family) -> Family {
    Family { encrypted_transit: false, ..family }
}

/// Seventh-generation AMD processors give each vCPU a whole core.
const fn one_thread(family: Family) -> Family {
    Family { threads: 1, ..family }
}

/// Sizes with an Elastic Fabric Adapter.
const fn efa(family: Family, sizes: &'static str) -> Family {
    Family { efa: sizes, ..family }
}

// Sizes of a generation: the third letter is the maker's (i Intel, a AMD, g Graviton).
const S5: &str = "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge metal";
const S5C: &str = "large xlarge 2xlarge 4xlarge 9xlarge 12xlarge 18xlarge 24xlarge metal";
const S6I: &str = "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge metal";
const S6A: &str = "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge 48xlarge metal";
const S6G: &str = "medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge metal";
const S7I: &str =
    "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge metal-24xl metal-48xl";
const S7A: &str =
    "medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge 48xlarge metal-48xl";
const S8G: &str =
    "medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge metal-24xl metal-48xl";
const E8G: &str = "24xlarge 48xlarge metal-24xl metal-48xl";

use Maker::{Amd, Aws, Intel};

/// Families by rule, in no special order.
pub(super) const RULED: &[Family] = &[
    plain_wire(ruled("m5", Intel, 3.1, 4, FIFTH, S5)),
    plain_wire(ruled("c5", Intel, 3.4, 2, FIFTH_COMPUTE, S5C)),
    plain_wire(ruled("r5", Intel, 3.1, 8, FIFTH, S5)),
    efa(ruled("m6i", Intel, 3.5, 4, SIXTH, S6I), "32xlarge metal"),
    efa(ruled("c6i", Intel, 3.5, 2, SIXTH, S6I), "32xlarge metal"),
    efa(ruled("r6i", Intel, 3.5, 8, SIXTH, S6I), "32xlarge metal"),
    efa(ruled("m6a", Amd, 3.6, 4, SIXTH, S6A), "48xlarge metal"),
    efa(ruled("c6a", Amd, 3.6, 2, SIXTH, S6A), "48xlarge metal"),
    efa(ruled("r6a", Amd, 3.6, 8, SIXTH, S6A), "48xlarge metal"),
    plain_wire(ruled("m6g", Aws, 2.5, 4, SIXTH_ARM, S6G)),
    plain_wire(ruled("c6g", Aws, 2.5, 2, SIXTH_ARM, S6G)),
    plain_wire(ruled("r6g", Aws, 2.5, 8, SIXTH_ARM, S6G)),
    efa(ruled("m7i", Intel, 3.2, 4, SIXTH, S7I), "48xlarge metal-48xl"),
    efa(ruled("c7i", Intel, 3.2, 2, SIXTH, S7I), "48xlarge metal-48xl"),
    efa(ruled("r7i", Intel, 3.2, 8, SIXTH, S7I), "48xlarge metal-48xl"),
    efa(one_thread(ruled("m7a", Amd, 3.7, 4, SIXTH, S7A)), "48xlarge metal-48xl"),
    efa(one_thread(ruled("c7a", Amd, 3.7, 2, SIXTH, S7A)), "48xlarge metal-48xl"),
    efa(one_thread(ruled("r7a", Amd, 3.7, 8, SIXTH, S7A)), "48xlarge metal-48xl"),
    efa(ruled("m7g", Aws, 2.6, 4, SEVENTH_ARM, S6G), "16xlarge metal"),
    efa(ruled("c7g", Aws, 2.6, 2, SEVENTH_ARM, S6G), "16xlarge metal"),
    efa(ruled("r7g", Aws, 2.6, 8, SEVENTH_ARM, S6G), "16xlarge metal"),
    efa(ruled("m8g", Aws, 2.8, 4, SEVENTH_ARM, S8G), E8G),
    efa(ruled("c8g", Aws, 2.8, 2, SEVENTH_ARM, S8G), E8G),
    efa(ruled("r8g", Aws, 2.8, 8, SEVENTH_ARM, S8G), E8G),
];
