//! Images: the built-in ones, which are this host's own system under several names.

mod api;
mod describe;
pub(crate) mod table;
#[cfg(test)]
mod tests;

use crate::Ec2;
use crate::resource_kind::ResourceKind;
use aws_schema::Fault;
use contracts::Call;
use records::image::{AMAZON, BUILT_IN, BuiltInImage, HOST_ARCHITECTURE};

/// Size of every image's root volume in GiB.
pub(crate) const ROOT_GIB: i32 = 8;

/// What a launch needs to know of an image.
#[derive(Clone, Debug)]
pub(crate) struct ResolvedImage {
    /// As asked for.
    pub(crate) id: String,
    built_in: &'static BuiltInImage,
    /// The id names a built-in image; otherwise open mode lets the plain one stand in.
    known: bool,
}

impl ResolvedImage {
    /// Its architecture, where the id is known. An unknown image may have been meant for either, so nothing is
    /// compared with it.
    pub(crate) fn architecture(&self) -> Option<&'static str> {
        self.known.then_some(HOST_ARCHITECTURE)
    }

    /// Whether a request may mean the root volume by this device name: the images of other distributions, for which an
    /// unknown id stands, call it `/dev/sda1`.
    pub(crate) fn may_call_root(&self, device: &str) -> bool {
        device == "/dev/sda1" && (!self.known || self.built_in.owner != AMAZON)
    }

    /// Launches ask for IMDSv2 unless told otherwise.
    pub(crate) fn imds_v2(&self) -> bool {
        self.known && self.built_in.imds_v2
    }
}

/// The snapshot behind the root volume of machines from this image.
pub(crate) fn snapshot_of(region: &str, image_id: &str) -> String {
    BuiltInImage::find(region, image_id).unwrap_or(&BUILT_IN[0]).snapshot_id(region)
}

/// The image of an id.
///
/// # Errors
/// `InvalidAMIID.Malformed`; `InvalidAMIID.NotFound` for an unknown id in enforced mode. In open mode unknown ids mean
/// the plain built-in image, so that scripts written for AWS run as they are.
pub(crate) fn resolve(call: &Call<Ec2>, id: &str) -> Result<ResolvedImage, Fault> {
    ResourceKind::Image.check(id)?;
    let found = BuiltInImage::find(call.caller.region(), id);
    if found.is_none() && !call.platform.config.open {
        return Err(ResourceKind::Image.not_found(id));
    }
    let built_in = found.unwrap_or(&BUILT_IN[0]);
    Ok(ResolvedImage { id: id.to_owned(), built_in, known: found.is_some() })
}
