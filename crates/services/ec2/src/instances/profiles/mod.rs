//! Instance profiles of instances: at launch, and the associations that change them later.

mod associations;
mod describe;
mod resolve;

pub(super) use associations::{
    associate_iam_instance_profile, disassociate_iam_instance_profile,
    replace_iam_instance_profile_association,
};
pub(super) use describe::describe_iam_instance_profile_associations;
pub(super) use resolve::{ProfileName, resolve};
