//! What a tag may be (AWS: "Tag restrictions").

use crate::faults;
use api_ec2::Tag;
use aws_schema::Fault;
use std::collections::BTreeMap;

/// Most tags on one resource.
pub(crate) const MAX_TAGS: usize = 50;
const MAX_KEY: usize = 128;
const MAX_VALUE: usize = 256;

/// The tags of a request as a map.
///
/// # Errors
/// `InvalidParameterValue` for keys and values of wrong length, reserved or repeated keys; `TagLimitExceeded`.
pub(crate) fn check_tags(tags: Vec<Tag>) -> Result<BTreeMap<String, String>, Fault> {
    let mut checked = BTreeMap::new();
    for tag in tags {
        let key = tag.key.unwrap_or_default();
        let value = tag.value.unwrap_or_default();
        check_key(&key)?;
        if value.chars().count() > MAX_VALUE {
            return Err(faults::invalid_parameter_value(format!(
                "Tag value exceeds the maximum length of {MAX_VALUE} characters"
            )));
        }
        if checked.insert(key.clone(), value).is_some() {
            return Err(faults::invalid_parameter_value(format!("Duplicate tag key '{key}' specified.")));
        }
    }
    limit(checked.len())?;
    Ok(checked)
}

/// A key of right length that is not reserved.
pub(super) fn check_key(key: &str) -> Result<(), Fault> {
    if key.is_empty() {
        return Err(faults::invalid_parameter_value("Tag keys cannot be empty or null."));
    }
    if key.chars().count() > MAX_KEY {
        return Err(faults::invalid_parameter_value(format!(
            "Tag key exceeds the maximum length of {MAX_KEY} characters"
        )));
    }
    // The service compares the prefix without regard to case.
    if key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:")) {
        return Err(faults::invalid_parameter_value(
            "Tag keys starting with 'aws:' are reserved for internal use",
        ));
    }
    Ok(())
}

/// `TagLimitExceeded` beyond [`MAX_TAGS`].
pub(super) fn limit(count: usize) -> Result<(), Fault> {
    if count > MAX_TAGS {
        let message = format!("More than {MAX_TAGS} tags specified for resource.");
        return Err(Fault::sender("TagLimitExceeded", message));
    }
    Ok(())
}
