//! DescribeImages.

use super::{ResolvedImage, resolve};
use crate::filters::Filters;
use crate::paging::Paging;
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults};
use api_ec2::{DescribeImagesRequest, DescribeImagesResult};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::image::{BUILT_IN, BuiltInImage};
use std::collections::BTreeMap;

/// Documented filters.
const FILTERS: &[&str] = &[
    "architecture",
    "block-device-mapping.delete-on-termination",
    "block-device-mapping.device-name",
    "block-device-mapping.encrypted",
    "block-device-mapping.snapshot-id",
    "block-device-mapping.volume-size",
    "block-device-mapping.volume-type",
    "boot-mode",
    "creation-date",
    "description",
    "ena-support",
    "free-tier-eligible",
    "hypervisor",
    "image-allowed",
    "image-id",
    "image-type",
    "imds-support",
    "is-public",
    "kernel-id",
    "manifest-location",
    "name",
    "owner-alias",
    "owner-id",
    "platform",
    "product-code",
    "product-code.type",
    "ramdisk-id",
    "root-device-name",
    "root-device-type",
    "source-image-id",
    "source-image-region",
    "source-instance-id",
    "sriov-net-support",
    "state",
    "state-reason-code",
    "state-reason-message",
    "usage-operation",
    "virtualization-type",
];

/// Images by explicit ids: each must be well formed, and exist unless open mode lets a built-in one stand in.
fn by_id(call: &Call<Ec2>, ids: &[String]) -> Result<Vec<ResolvedImage>, Fault> {
    ResourceKind::Image.check_all(ids)?;
    let region = call.caller.region();
    let missing: Vec<&str> =
        ids.iter().map(String::as_str).filter(|id| BuiltInImage::find(region, id).is_none()).collect();
    if !missing.is_empty() && !call.platform.config.open {
        let noun = if missing.len() == 1 { "id" } else { "ids" };
        let exist = if missing.len() == 1 { "does not exist" } else { "do not exist" };
        let message = format!("The image {noun} '[{}]' {exist}", missing.join(", "));
        return Err(Fault::sender("InvalidAMIID.NotFound", message));
    }
    // One id given twice is one image.
    let mut found = ids.iter().map(|id| resolve(call, id)).collect::<Result<Vec<_>, _>>()?;
    found.sort_by(|a, b| a.id.cmp(&b.id));
    found.dedup_by(|a, b| a.id == b.id);
    Ok(found)
}

/// DescribeImages.
pub(super) async fn describe_images(
    call: Call<Ec2>,
    input: DescribeImagesRequest,
) -> Reply<DescribeImagesResult> {
    let filters = Filters::parse(input.filters, FILTERS)?;
    let ids = input.image_ids.unwrap_or_default();
    if ids.len() > 1000 {
        return Err(faults::invalid_parameter_value("At most 1000 image IDs may be specified."));
    }
    let region = call.caller.region();
    // Every image is public: none is shared with an account by name, and none is the caller's own.
    let executable = input.executable_users.unwrap_or_default();
    let owners = input.owners.unwrap_or_default();
    let paging = Paging {
        operation: "DescribeImages",
        scope: call.scope(),
        filters: format!("{}\u{3}{}\u{3}{}", filters.purpose(), owners.join(","), executable.join(",")),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: (!ids.is_empty()).then_some("imageIdsSet"),
    };
    paging.check(1..=1000)?;
    let mut images = if ids.is_empty() {
        let all = BUILT_IN.iter().map(|image| resolve(&call, &image.id(region)));
        all.collect::<Result<Vec<_>, _>>()?
    } else {
        by_id(&call, &ids)?
    };
    images.retain(|image| {
        (executable.is_empty() || executable.iter().any(|user| user == "all"))
            && image.is_owned_by(&owners)
            && filters.matches(&BTreeMap::new(), |name| image.filter_values(name, region))
    });
    images.sort_by(|a, b| a.id.cmp(&b.id));
    let page = paging.page(&call, images, |image| image.id.clone())?;
    Ok(DescribeImagesResult {
        images: Some(page.items.iter().map(|image| image.to_api(region)).collect()),
        next_token: page.next,
    })
}
