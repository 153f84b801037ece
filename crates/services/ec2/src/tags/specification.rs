//! `TagSpecification.N`: tags for what an operation creates.

use super::check_tags;
use crate::faults;
use crate::resource_kind::ResourceKind;
use aws_schema::Fault;
use std::collections::BTreeMap;

/// Checked tag specifications of one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct TagSpecifications {
    by_kind: Vec<(ResourceKind, BTreeMap<String, String>)>,
}

impl TagSpecifications {
    /// Takes the specifications of an operation that creates resources of the `allowed` kinds.
    ///
    /// # Errors
    /// `InvalidParameterValue` for other resource types, a type given twice, or bad tags.
    pub(crate) fn parse(
        specifications: Option<Vec<api_ec2::TagSpecification>>,
        allowed: &[ResourceKind],
    ) -> Result<TagSpecifications, Fault> {
        let mut by_kind: Vec<(ResourceKind, BTreeMap<String, String>)> = Vec::new();
        for specification in specifications.unwrap_or_default() {
            let name = specification.resource_type.ok_or_else(|| {
                faults::invalid_parameter_value("Tag specification resource type must have a value")
            })?;
            let tags = specification.tags.unwrap_or_default();
            if tags.is_empty() {
                return Err(faults::invalid_parameter_value("Tag specification must have at least one tag"));
            }
            let kind = ResourceKind::of_tag_type(name.as_str()).filter(|kind| allowed.contains(kind));
            let Some(kind) = kind else {
                let shown: String = name.as_str().chars().take(200).collect();
                return Err(faults::invalid_parameter_value(format!(
                    "'{shown}' is not a valid taggable resource type for this operation."
                )));
            };
            if by_kind.iter().any(|(known, _)| *known == kind) {
                return Err(faults::invalid_parameter_value(format!(
                    "The same resource type may not be specified more than once in tag specifications: {}",
                    name.as_str()
                )));
            }
            by_kind.push((kind, check_tags(tags)?));
        }
        Ok(TagSpecifications { by_kind })
    }

    /// The tags for resources of this kind.
    pub(crate) fn of(&self, kind: ResourceKind) -> BTreeMap<String, String> {
        self.by_kind
            .iter()
            .find(|(known, _)| *known == kind)
            .map(|(_, tags)| tags.clone())
            .unwrap_or_default()
    }
}
