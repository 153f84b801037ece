//! DescribeVolumes: the root volumes of machines. They have no records of their own before volumes can be made apart
//! from machines: each stands in the instance it belongs to.

use super::time_text::iso;
use crate::filters::{Filters, flag, one};
use crate::paging::Paging;
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, images, tags};
use api_ec2::{DescribeVolumesRequest, DescribeVolumesResult, Volume, VolumeAttachment};
use aws_schema::Timestamp;
use contracts::{Call, Reply};
use records::{BlockDevice, Instance};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Documented filters.
const FILTERS: &[&str] = &[
    "attachment.attach-time",
    "attachment.delete-on-termination",
    "attachment.device",
    "attachment.instance-id",
    "attachment.status",
    "availability-zone",
    "availability-zone-id",
    "create-time",
    "encrypted",
    "fast-restored",
    "multi-attach-enabled",
    "operator.managed",
    "operator.principal",
    "size",
    "snapshot-id",
    "source-volume-id",
    "status",
    "tag-value",
    "volume-id",
    "volume-type",
];

/// A volume with the machine it is the disk of.
struct Shown {
    instance: Arc<Instance>,
    device: BlockDevice,
    snapshot_id: String,
    tags: BTreeMap<String, String>,
}

impl Shown {
    fn filter_values(&self, name: &str) -> Vec<String> {
        match name {
            "attachment.attach-time" | "create-time" => one(iso(self.device.attached)),
            "attachment.delete-on-termination" => flag(self.device.delete_on_termination),
            "attachment.device" => one(&self.device.device_name),
            "attachment.instance-id" => one(&self.instance.id),
            "attachment.status" => one("attached"),
            "availability-zone" => one(&self.instance.availability_zone),
            "availability-zone-id" => one(&self.instance.availability_zone_id),
            "encrypted" | "fast-restored" | "multi-attach-enabled" | "operator.managed" => flag(false),
            "size" => one(self.device.size.to_string()),
            "snapshot-id" => one(&self.snapshot_id),
            "status" => one("in-use"),
            "tag-value" => self.tags.values().cloned().collect(),
            "volume-id" => one(&self.device.volume_id),
            "volume-type" => one(&self.device.volume_type),
            _ => Vec::new(),
        }
    }

    fn to_api(&self) -> Volume {
        let since = Timestamp::from_millis(self.device.attached);
        // gp3 comes with these figures; the disk of a container has no limit of its own to show.
        let gp3 = self.device.volume_type == "gp3";
        Volume {
            volume_id: Some(self.device.volume_id.clone()),
            size: Some(self.device.size),
            snapshot_id: Some(self.snapshot_id.clone()),
            availability_zone: Some(self.instance.availability_zone.clone()),
            availability_zone_id: Some(self.instance.availability_zone_id.clone())
                .filter(|id| !id.is_empty()),
            state: Some("in-use".into()),
            create_time: Some(since),
            attachments: Some(vec![VolumeAttachment {
                volume_id: Some(self.device.volume_id.clone()),
                instance_id: Some(self.instance.id.clone()),
                device: Some(self.device.device_name.clone()),
                state: Some("attached".into()),
                attach_time: Some(since),
                delete_on_termination: Some(self.device.delete_on_termination),
                ..VolumeAttachment::default()
            }]),
            encrypted: Some(false),
            volume_type: Some(self.device.volume_type.clone().into()),
            iops: gp3.then_some(3000),
            throughput: gp3.then_some(125),
            multi_attach_enabled: Some(false),
            tags: Some(tags::to_api(&self.tags)),
            ..Volume::default()
        }
    }
}

/// All volumes of the account in the region, by id.
fn all(call: &Call<Ec2>) -> Vec<Shown> {
    let (store, scope) = (call.store(), call.scope());
    let mut shown: Vec<Shown> = Vec::new();
    for instance in store.list::<Instance>(scope) {
        for device in &instance.block_devices {
            shown.push(Shown {
                snapshot_id: images::snapshot_of(call.caller.region(), &instance.image_id),
                tags: tags::of(store, scope, &device.volume_id),
                device: device.clone(),
                instance: instance.clone(),
            });
        }
    }
    shown.sort_by(|a, b| a.device.volume_id.cmp(&b.device.volume_id));
    shown
}

/// DescribeVolumes.
pub(super) async fn describe_volumes(
    call: Call<Ec2>,
    input: DescribeVolumesRequest,
) -> Reply<DescribeVolumesResult> {
    let filters = Filters::parse(input.filters, FILTERS)?;
    let ids = input.volume_ids.unwrap_or_default();
    let paging = Paging {
        operation: "DescribeVolumes",
        scope: call.scope(),
        filters: filters.purpose(),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: (!ids.is_empty()).then_some("volumeIds"),
    };
    paging.check(1..=1000)?;
    ResourceKind::Volume.check_all(&ids)?;
    if ids.len() > 1000 {
        return Err(faults::invalid_parameter_value("At most 1000 volume IDs may be specified."));
    }
    let mut found = all(&call);
    let unknown: Vec<String> =
        ids.iter().filter(|id| !found.iter().any(|v| v.device.volume_id == **id)).cloned().collect();
    if !unknown.is_empty() {
        return Err(ResourceKind::Volume.not_found_all(&unknown));
    }
    found.retain(|volume| {
        (ids.is_empty() || ids.contains(&volume.device.volume_id))
            && filters.matches(&volume.tags, |name| volume.filter_values(name))
    });
    let page = paging.page(&call, found, |volume| volume.device.volume_id.clone())?;
    Ok(DescribeVolumesResult {
        volumes: Some(page.items.iter().map(Shown::to_api).collect()),
        next_token: page.next,
    })
}
