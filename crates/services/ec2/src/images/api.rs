//! An image in the API's form, and what its filters look at.

use super::{ROOT_GIB, ResolvedImage};
use crate::filters::{flag, one};
use api_ec2::{BlockDeviceMapping, EbsBlockDevice, Image as ApiImage};
use records::image::{AMAZON, HOST_ARCHITECTURE};
use records::instance::ROOT_DEVICE;

/// The built-in images came with the first release; the day is part of their identity.
const CREATED: &str = "2026-11-20T00:00:00.000Z";

/// How machines from any image boot, in the words of the API.
const BOOT_MODE: &str = if cfg!(target_arch = "aarch64") { "uefi" } else { "uefi-preferred" };

impl ResolvedImage {
    pub(super) fn name(&self) -> String {
        self.built_in.name()
    }

    fn description(&self) -> String {
        match (self.known, self.built_in.key) {
            (true, "host") => "This host's own system under a fresh identity".to_owned(),
            (true, _) => format!(
                "This host's own system under a fresh identity, in the place of {}",
                self.built_in.stands_for
            ),
            (false, _) => {
                "This host's own system under a fresh identity, in the place of an image this cloud does not have"
                    .to_owned()
            }
        }
    }

    fn alias(&self) -> Option<&'static str> {
        (self.built_in.owner == AMAZON).then_some("amazon")
    }

    /// Whether one of the `Owners` of a request means its publisher.
    pub(super) fn is_owned_by(&self, owners: &[String]) -> bool {
        owners.is_empty()
            || owners.iter().any(|o| o == self.built_in.owner || Some(o.as_str()) == self.alias())
    }

    /// `Image`.
    pub(super) fn to_api(&self, region: &str) -> ApiImage {
        ApiImage {
            image_id: Some(self.id.clone()),
            name: Some(self.name()),
            description: Some(self.description()),
            image_location: Some(format!("{}/{}", self.alias().unwrap_or(self.built_in.owner), self.name())),
            owner_id: Some(self.built_in.owner.to_owned()),
            image_owner_alias: self.alias().map(str::to_owned),
            state: Some("available".into()),
            public: Some(true),
            creation_date: Some(CREATED.to_owned()),
            architecture: Some(HOST_ARCHITECTURE.into()),
            image_type: Some("machine".into()),
            platform_details: Some("Linux/UNIX".to_owned()),
            usage_operation: Some("RunInstances".to_owned()),
            ena_support: Some(true),
            sriov_net_support: Some("simple".to_owned()),
            hypervisor: Some("xen".into()),
            virtualization_type: Some("hvm".into()),
            boot_mode: Some(BOOT_MODE.into()),
            imds_support: self.imds_v2().then(|| "v2.0".into()),
            root_device_type: Some("ebs".into()),
            root_device_name: Some(ROOT_DEVICE.to_owned()),
            block_device_mappings: Some(vec![BlockDeviceMapping {
                device_name: Some(ROOT_DEVICE.to_owned()),
                ebs: Some(EbsBlockDevice {
                    delete_on_termination: Some(true),
                    snapshot_id: Some(self.built_in.snapshot_id(region)),
                    volume_size: Some(ROOT_GIB),
                    volume_type: Some("gp3".into()),
                    encrypted: Some(false),
                    ..EbsBlockDevice::default()
                }),
                ..BlockDeviceMapping::default()
            }]),
            tags: Some(Vec::new()),
            free_tier_eligible: Some(true),
            ..ApiImage::default()
        }
    }

    /// Values of a documented filter; none where an image of this cloud has nothing to compare.
    pub(super) fn filter_values(&self, name: &str, region: &str) -> Vec<String> {
        match name {
            "architecture" => one(HOST_ARCHITECTURE),
            "block-device-mapping.delete-on-termination"
            | "ena-support"
            | "is-public"
            | "free-tier-eligible"
            | "image-allowed" => flag(true),
            "block-device-mapping.device-name" | "root-device-name" => one(ROOT_DEVICE),
            "block-device-mapping.snapshot-id" => one(self.built_in.snapshot_id(region)),
            "block-device-mapping.volume-size" => one(ROOT_GIB.to_string()),
            "block-device-mapping.volume-type" => one("gp3"),
            "block-device-mapping.encrypted" => flag(false),
            "boot-mode" => one(BOOT_MODE),
            "creation-date" => one(CREATED),
            "description" => one(self.description()),
            "hypervisor" => one("xen"),
            "image-id" => one(&self.id),
            "image-type" => one("machine"),
            "imds-support" => self.imds_v2().then(|| "v2.0".to_owned()).into_iter().collect(),
            "manifest-location" => {
                one(format!("{}/{}", self.alias().unwrap_or(self.built_in.owner), self.name()))
            }
            "name" => one(self.name()),
            "owner-alias" => self.alias().map(str::to_owned).into_iter().collect(),
            "owner-id" => one(self.built_in.owner),
            "root-device-type" => one("ebs"),
            "sriov-net-support" => one("simple"),
            "state" => one("available"),
            "usage-operation" => one("RunInstances"),
            "virtualization-type" => one("hvm"),
            _ => Vec::new(),
        }
    }
}
