//! From the name or ARN of an instance profile to its record.

use crate::faults;
use api_ec2::IamInstanceProfileSpecification;
use aws_schema::Fault;
use records::iam::InstanceProfile;
use state_store::typed::{Scope, Tx};

/// How a request names a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::instances) enum ProfileName {
    Name(String),
    Arn(String),
}

impl ProfileName {
    /// From a request's member; `None` when it names nothing.
    ///
    /// # Errors
    /// `InvalidParameterCombination` for name and ARN together.
    pub(in crate::instances) fn parse(
        specification: Option<IamInstanceProfileSpecification>,
    ) -> Result<Option<ProfileName>, Fault> {
        let Some(IamInstanceProfileSpecification { arn, name }) = specification else { return Ok(None) };
        let filled = |text: &String| !text.is_empty();
        match (arn.filter(filled), name.filter(filled)) {
            (Some(_), Some(_)) => Err(faults::invalid_combination(
                "The parameter 'iamInstanceProfile.name' may not be used in combination with 'iamInstanceProfile.arn'",
            )),
            (Some(arn), None) => Ok(Some(ProfileName::Arn(arn))),
            (None, Some(name)) => Ok(Some(ProfileName::Name(name))),
            (None, None) => Ok(None),
        }
    }

    fn unknown(&self) -> Fault {
        match self {
            ProfileName::Name(name) => {
                faults::invalid_value("iamInstanceProfile.name", name, "Invalid IAM Instance Profile name")
            }
            ProfileName::Arn(arn) => {
                faults::invalid_value("iamInstanceProfile.arn", arn, "Invalid IAM Instance Profile ARN")
            }
        }
    }
}

/// ARN and id of the profile.
///
/// # Errors
/// `InvalidParameterValue` when the account has no such profile.
pub(in crate::instances) fn resolve(
    tx: &mut Tx<'_>,
    scope: &Scope,
    wanted: &ProfileName,
) -> Result<(String, String), Fault> {
    let global = Scope::global(scope.account.clone());
    // Records are named by the lower-case name, since IAM's names differ in more than case.
    let name = match wanted {
        ProfileName::Name(name) => name.as_str(),
        ProfileName::Arn(arn) => arn.rsplit('/').next().unwrap_or_default(),
    };
    let found = tx.get::<InstanceProfile>(&global, &name.to_lowercase()).ok_or_else(|| wanted.unknown())?;
    // An ARN must match whole: the same name under another path is another profile's ARN.
    let arn = found.arn(&scope.account);
    match wanted {
        ProfileName::Arn(asked) if *asked != arn => Err(wanted.unknown()),
        _ => Ok((arn, found.profile_id.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_name_and_arn() {
        let parse = |arn: Option<&str>, name: Option<&str>| {
            ProfileName::parse(Some(IamInstanceProfileSpecification {
                arn: arn.map(str::to_owned),
                name: name.map(str::to_owned),
            }))
        };
        assert_eq!(parse(None, Some("web")), Ok(Some(ProfileName::Name("web".into()))));
        assert_eq!(parse(Some("arn:x"), Some("")), Ok(Some(ProfileName::Arn("arn:x".into()))));
        assert_eq!(parse(None, None), Ok(None));
        assert_eq!(ProfileName::parse(None), Ok(None));
        assert_eq!(parse(Some("arn:x"), Some("web")).unwrap_err().code, "InvalidParameterCombination");
    }
}
