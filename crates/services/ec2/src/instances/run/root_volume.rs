//! Block device mappings of a launch: the root volume, which the API shows and whose size bounds the machine's disk.

use crate::faults;
use crate::images::{ROOT_GIB, ResolvedImage};
use api_ec2::{BlockDeviceMapping, EbsBlockDevice};
use aws_schema::Fault;
use records::instance::ROOT_DEVICE;

/// The root volume asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RootVolume {
    pub(super) device_name: String,
    /// GiB.
    pub(super) size: i32,
    pub(super) volume_type: String,
}

/// Largest volume in GiB (gp3: 64 TiB).
const MAX_GIB: i32 = 65536;

fn fault(message: String) -> Fault {
    Fault::sender("InvalidBlockDeviceMapping", message)
}

/// Reads the mappings. Volumes beside the root one come with a later release and are refused.
///
/// # Errors
/// `InvalidBlockDeviceMapping`, `UnsupportedOperation`.
pub(super) fn parse(
    mappings: Option<Vec<BlockDeviceMapping>>,
    image: &ResolvedImage,
) -> Result<RootVolume, Fault> {
    let mut root =
        RootVolume { device_name: ROOT_DEVICE.to_owned(), size: ROOT_GIB, volume_type: "gp3".to_owned() };
    let mut seen: Vec<String> = Vec::new();
    for mapping in mappings.unwrap_or_default() {
        let device = faults::required(mapping.device_name.filter(|n| !n.is_empty()), "deviceName")?;
        if seen.contains(&device) {
            return Err(fault(format!(
                "The device '{device}' is used in more than one block-device mapping"
            )));
        }
        seen.push(device.clone());
        // Instance store that the type does not have is ignored, as on AWS; taking nothing away takes nothing away.
        let is_root = device == ROOT_DEVICE || image.may_call_root(&device);
        let Some(ebs) = mapping.ebs else {
            if mapping.no_device.is_some() && is_root {
                return Err(fault("The root device cannot be suppressed.".to_owned()));
            }
            if mapping.virtual_name.is_some() || mapping.no_device.is_some() {
                continue;
            }
            return Err(fault(format!(
                "The block device mapping of '{device}' names neither a volume nor no device"
            )));
        };
        if !is_root {
            return Err(faults::unsupported(format!(
                "Volumes beside the root volume are not supported by this cloud: {device}."
            )));
        }
        root.device_name = device;
        apply(&mut root, ebs)?;
    }
    Ok(root)
}

/// The root volume is the machine's own disk: saying that it stays would promise data that goes.
pub(in crate::instances) fn volume_outlives() -> Fault {
    faults::unsupported("Root volumes that outlive their instance are not supported by this cloud.")
}

fn apply(root: &mut RootVolume, ebs: EbsBlockDevice) -> Result<(), Fault> {
    if ebs.encrypted == Some(true) || ebs.kms_key_id.is_some() {
        return Err(faults::unsupported("Encrypted volumes are not supported by this cloud."));
    }
    if ebs.delete_on_termination == Some(false) {
        return Err(volume_outlives());
    }
    if let Some(size) = ebs.volume_size {
        if size < ROOT_GIB {
            return Err(fault(format!(
                "Volume of size {size}GB is smaller than the image's root volume, expect size >= {ROOT_GIB}GB"
            )));
        }
        if size > MAX_GIB {
            return Err(fault(format!("Volume of size {size}GB is larger than the maximum of {MAX_GIB}GB")));
        }
        root.size = size;
    }
    if let Some(kind) = ebs.volume_type {
        kind.as_str().clone_into(&mut root.volume_type);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images;
    use crate::test_world::World;
    use records::image::BUILT_IN;

    fn image(known: bool) -> ResolvedImage {
        let id = if known { BUILT_IN[0].id("us-east-1") } else { "ami-0123456789abcdef0".to_owned() };
        images::resolve(&World::new().call(), &id).unwrap()
    }

    fn volume(device: &str, ebs: EbsBlockDevice) -> BlockDeviceMapping {
        BlockDeviceMapping { device_name: Some(device.into()), ebs: Some(ebs), ..Default::default() }
    }

    #[test]
    fn without_mappings_the_image_decides() {
        let root = parse(None, &image(true)).unwrap();
        assert_eq!(
            (root.device_name.as_str(), root.size, root.volume_type.as_str()),
            ("/dev/xvda", 8, "gp3")
        );
    }

    #[test]
    fn size_and_type_are_taken_over() {
        let ebs =
            EbsBlockDevice { volume_size: Some(100), volume_type: Some("io2".into()), ..Default::default() };
        let root = parse(Some(vec![volume("/dev/xvda", ebs)]), &image(true)).unwrap();
        assert_eq!((root.size, root.volume_type.as_str()), (100, "io2"));
    }

    #[test]
    fn another_name_of_the_root_device_counts_for_foreign_images_only() {
        let mapping = || Some(vec![volume("/dev/sda1", EbsBlockDevice::default())]);
        assert_eq!(parse(mapping(), &image(false)).unwrap().device_name, "/dev/sda1");
        assert_eq!(parse(mapping(), &image(true)).unwrap_err().code, "UnsupportedOperation");
    }

    #[test]
    fn instance_store_that_is_not_there_is_ignored() {
        let ephemeral = BlockDeviceMapping {
            device_name: Some("/dev/sdb".into()),
            virtual_name: Some("ephemeral0".into()),
            ..Default::default()
        };
        assert!(parse(Some(vec![ephemeral]), &image(true)).is_ok());
    }

    #[test]
    fn contradictions() {
        let twice = vec![
            volume("/dev/xvda", EbsBlockDevice::default()),
            volume("/dev/xvda", EbsBlockDevice::default()),
        ];
        let without_root = BlockDeviceMapping {
            device_name: Some("/dev/xvda".into()),
            no_device: Some(String::new()),
            ..Default::default()
        };
        let empty = BlockDeviceMapping { device_name: Some("/dev/xvda".into()), ..Default::default() };
        let stays = EbsBlockDevice { delete_on_termination: Some(false), ..Default::default() };
        for (mappings, code) in [
            (twice, "InvalidBlockDeviceMapping"),
            (vec![without_root], "InvalidBlockDeviceMapping"),
            (vec![empty], "InvalidBlockDeviceMapping"),
            (vec![BlockDeviceMapping::default()], "MissingParameter"),
            (vec![volume("/dev/xvda", stays)], "UnsupportedOperation"),
        ] {
            assert_eq!(parse(Some(mappings.clone()), &image(true)).unwrap_err().code, code, "{mappings:?}");
        }
    }
}
