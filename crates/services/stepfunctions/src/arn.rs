//! ARNs of the service.

use crate::faults;
use aws_schema::Fault;
use contracts::Caller;
use state_store::typed::Scope;

/// What an ARN names. Texts are parts of the ARN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Resource<'a> {
    /// `stateMachine:NAME`, `stateMachine:NAME:7`, `stateMachine:NAME:alias`.
    Machine { name: &'a str, qualifier: Option<&'a str> },
    /// `execution:MACHINE:NAME`; a child of a map run: `execution:MACHINE/LABEL:NAME`.
    Execution { machine: &'a str },
    /// `express:MACHINE:NAME:ID`.
    Express,
    /// `mapRun:MACHINE/LABEL:ID`.
    MapRun,
    /// `activity:NAME`.
    Activity { name: &'a str },
}

impl Resource<'_> {
    /// The resource type as the ARN spells it.
    fn kind(&self) -> &'static str {
        match self {
            Resource::Machine { .. } => "stateMachine",
            Resource::Execution { .. } => "execution",
            Resource::Express => "express",
            Resource::MapRun => "mapRun",
            Resource::Activity { .. } => "activity",
        }
    }

    /// The fault for an ARN of a kind the operation does not take.
    pub(crate) fn unexpected(&self) -> Fault {
        faults::wrong_resource_type(self.kind())
    }
}

/// Reads an ARN; `InvalidArn` when it is none of this service, or lies in another account or region,
/// `ValidationException` for that of a Distributed Map state (`stateMachine:NAME/LABEL`).
pub(crate) fn parse<'a>(caller: &Caller, arn: &'a str) -> Result<Resource<'a>, Fault> {
    parse_in(&caller.scope, arn)
}

/// The same for an account and region.
pub(crate) fn parse_in<'a>(scope: &Scope, arn: &'a str) -> Result<Resource<'a>, Fault> {
    let invalid = || faults::invalid_arn(format_args!("Invalid ARN prefix: {arn}"));
    let rest = arn.strip_prefix("arn:").ok_or_else(invalid)?;
    let mut parts = rest.splitn(6, ':');
    let mut next = || parts.next().unwrap_or_default();
    let (partition, service, region, account, kind, rest) = (next(), next(), next(), next(), next(), next());
    if partition != "aws" || service != "states" || rest.is_empty() {
        return Err(invalid());
    }
    if region != &*scope.region {
        return Err(faults::invalid_arn(format_args!("Invalid region in ARN: {arn}")));
    }
    if account != &*scope.account {
        return Err(faults::invalid_arn(format_args!("Invalid account in ARN: {arn}")));
    }
    let (first, second) = rest.split_once(':').map_or((rest, None), |(first, second)| (first, Some(second)));
    match (kind, second) {
        // API reference, `StartExecution`, `DescribeStateMachine` and others: ValidationException.
        ("stateMachine", _) if first.contains('/') => Err(faults::validation(format!(
            "The ARN names a Distributed Map state, not a state machine: {arn}"
        ))),
        ("stateMachine", qualifier) if qualifier.is_none_or(|q| !q.is_empty() && !q.contains(':')) => {
            Ok(Resource::Machine { name: first, qualifier })
        }
        ("execution", Some(name)) if !name.is_empty() => Ok(Resource::Execution { machine: first }),
        ("express", Some(_)) => Ok(Resource::Express),
        ("mapRun", Some(_)) => Ok(Resource::MapRun),
        ("activity", None) => Ok(Resource::Activity { name: first }),
        ("stateMachine" | "execution" | "express" | "mapRun" | "activity", _) => Err(invalid()),
        (other, _) => Err(faults::invalid_arn(format_args!("Invalid ARN resource type: {other}"))),
    }
}

/// `arn:aws:states:<region>:<account>:<rest>`.
pub(crate) fn of(scope: &Scope, rest: &str) -> String {
    format!("arn:aws:states:{}:{}:{rest}", scope.region, scope.account)
}

/// ARN of a machine.
pub(crate) fn machine(scope: &Scope, name: &str) -> String {
    of(scope, &format!("stateMachine:{name}"))
}

/// ARN of a version or alias.
pub(crate) fn qualified(scope: &Scope, name: &str, qualifier: impl std::fmt::Display) -> String {
    of(scope, &format!("stateMachine:{name}:{qualifier}"))
}

/// ARN of an activity.
pub(crate) fn activity(scope: &Scope, name: &str) -> String {
    of(scope, &format!("activity:{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        let scope = Scope::new("111122223333", "eu-central-1");
        let read = |rest: &str| {
            let arn = format!("arn:aws:states:eu-central-1:111122223333:{rest}");
            parse_in(&scope, &arn).map(|found| found.kind()).map_err(|fault| fault.code.into_owned())
        };
        for (rest, kind) in [
            ("stateMachine:a.b", "stateMachine"),
            ("stateMachine:a:7", "stateMachine"),
            ("execution:a:b", "execution"),
            ("execution:a/Map:b", "execution"),
            ("express:a:b:c", "express"),
            ("mapRun:a/Map:b", "mapRun"),
            ("activity:a", "activity"),
        ] {
            assert_eq!(read(rest).as_deref(), Ok(kind), "{rest}");
        }
        for bad in [
            "",
            "stateMachine",
            "stateMachine:",
            "stateMachine:a:",
            "stateMachine:a:b:c",
            "execution:a",
            "activity:a:b",
            "queue:a",
            ":::",
        ] {
            assert_eq!(read(bad).err().as_deref(), Some("InvalidArn"), "{bad}");
        }
        for bad in [
            "",
            "x",
            "arn:aws:sqs:eu-central-1:111122223333:stateMachine:a",
            "arn:aws:states:eu-central-2:111122223333:stateMachine:a",
            "arn:aws:states:eu-central-1:111122223334:stateMachine:a",
        ] {
            assert!(parse_in(&scope, bad).is_err(), "{bad}");
        }
        assert_eq!(read("stateMachine:a/Map").err().as_deref(), Some("ValidationException"));
    }
}
