//! AWS's regions and availability zones (AWS: "Regions and Zones", "Availability Zone IDs").
//!
//! Zone names map to zone ids in order; in AWS the mapping differs from account to account.

/// A region as data.
#[derive(Debug)]
pub(crate) struct Region {
    /// Such as `eu-central-1`.
    pub(crate) name: &'static str,
    /// Beginning of its zone ids, such as `euc1`.
    zone_prefix: &'static str,
    /// Zone letters with the number in the zone id.
    zones: &'static [(char, u8)],
    /// Enabled only on request.
    pub(crate) opt_in: bool,
    /// Where it stands.
    pub(crate) geography: &'static str,
}

/// A zone of a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Zone {
    /// Such as `eu-central-1a`.
    pub(crate) name: String,
    /// Such as `euc1-az2`.
    pub(crate) id: String,
}

impl Region {
    /// Its zones, by name.
    pub(crate) fn zones(&self) -> Vec<Zone> {
        let zone = |(letter, number): &(char, u8)| Zone {
            name: format!("{}{letter}", self.name),
            id: format!("{}-az{number}", self.zone_prefix),
        };
        self.zones.iter().map(zone).collect()
    }

    /// The zone with this name or id.
    pub(crate) fn zone(&self, name_or_id: &str) -> Option<Zone> {
        self.zones().into_iter().find(|zone| zone.name == name_or_id || zone.id == name_or_id)
    }
}

/// The region of this name. Other names, which a test rig may sign with, get three zones of their own by
/// [`zones_of`].
pub(crate) fn region(name: &str) -> Option<&'static Region> {
    REGIONS.binary_search_by(|region| region.name.cmp(name)).ok().map(|at| &REGIONS[at])
}

/// The zones of a region, known or not.
pub(crate) fn zones_of(name: &str) -> Vec<Zone> {
    match region(name) {
        Some(region) => region.zones(),
        None => ('a'..='c')
            .zip(1..)
            .map(|(letter, number)| Zone {
                name: format!("{name}{letter}"),
                id: format!("{name}-az{number}"),
            })
            .collect(),
    }
}

/// The zone of a region with this name or id.
pub(crate) fn zone_of(region_name: &str, name_or_id: &str) -> Option<Zone> {
    match region(region_name) {
        Some(region) => region.zone(name_or_id),
        None => zones_of(region_name).into_iter().find(|z| z.name == name_or_id || z.id == name_or_id),
    }
}

/// Most newer regions have three zones, numbered in order.
const ABC: &[(char, u8)] = &[('a', 1), ('b', 2), ('c', 3)];

/// A region every account has.
const fn open(
    name: &'static str,
    zone_prefix: &'static str,
    zones: &'static [(char, u8)],
    geography: &'static str,
) -> Region {
    Region { name, zone_prefix, zones, opt_in: false, geography }
}

/// A region accounts opt in to.
const fn on_request(
    name: &'static str,
    zone_prefix: &'static str,
    zones: &'static [(char, u8)],
    geography: &'static str,
) -> Region {
    Region { name, zone_prefix, zones, opt_in: true, geography }
}

/// By name.
pub(crate) static REGIONS: &[Region] = &[
    on_request("af-south-1", "afs1", ABC, "South Africa"),
    on_request("ap-east-1", "ape1", ABC, "Hong Kong"),
    on_request("ap-east-2", "ape2", ABC, "Taiwan"),
    open("ap-northeast-1", "apne1", &[('a', 4), ('c', 1), ('d', 2)], "Japan"),
    open("ap-northeast-2", "apne2", &[('a', 1), ('b', 2), ('c', 3), ('d', 4)], "South Korea"),
    open("ap-northeast-3", "apne3", &[('a', 3), ('b', 1), ('c', 2)], "Japan"),
    open("ap-south-1", "aps1", &[('a', 1), ('b', 3), ('c', 2)], "India"),
    on_request("ap-south-2", "aps2", ABC, "India"),
    open("ap-southeast-1", "apse1", &[('a', 2), ('b', 1), ('c', 3)], "Singapore"),
    open("ap-southeast-2", "apse2", &[('a', 1), ('b', 3), ('c', 2)], "Australia"),
    on_request("ap-southeast-3", "apse3", ABC, "Indonesia"),
    on_request("ap-southeast-4", "apse4", ABC, "Australia"),
    on_request("ap-southeast-5", "apse5", ABC, "Malaysia"),
    on_request("ap-southeast-6", "apse6", ABC, "New Zealand"),
    on_request("ap-southeast-7", "apse7", ABC, "Thailand"),
    open("ca-central-1", "cac1", &[('a', 1), ('b', 2), ('d', 4)], "Canada"),
    on_request("ca-west-1", "caw1", ABC, "Canada"),
    open("eu-central-1", "euc1", &[('a', 2), ('b', 3), ('c', 1)], "Germany"),
    on_request("eu-central-2", "euc2", ABC, "Switzerland"),
    open("eu-north-1", "eun1", ABC, "Sweden"),
    on_request("eu-south-1", "eus1", ABC, "Italy"),
    on_request("eu-south-2", "eus2", ABC, "Spain"),
    open("eu-west-1", "euw1", &[('a', 3), ('b', 1), ('c', 2)], "Ireland"),
    open("eu-west-2", "euw2", &[('a', 2), ('b', 3), ('c', 1)], "United Kingdom"),
    open("eu-west-3", "euw3", ABC, "France"),
    on_request("il-central-1", "ilc1", ABC, "Israel"),
    on_request("me-central-1", "mec1", ABC, "United Arab Emirates"),
    on_request("me-south-1", "mes1", ABC, "Bahrain"),
    on_request("mx-central-1", "mxc1", ABC, "Mexico"),
    open("sa-east-1", "sae1", ABC, "Brazil"),
    open(
        "us-east-1",
        "use1",
        &[('a', 1), ('b', 2), ('c', 4), ('d', 6), ('e', 3), ('f', 5)],
        "United States of America",
    ),
    open("us-east-2", "use2", ABC, "United States of America"),
    open("us-west-1", "usw1", &[('a', 3), ('b', 1)], "United States of America"),
    open("us-west-2", "usw2", &[('a', 2), ('b', 1), ('c', 3), ('d', 4)], "United States of America"),
];
