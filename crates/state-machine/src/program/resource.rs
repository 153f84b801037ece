//! What the Resource of a Task state names.

use crate::interpret::{Pattern, Work};
use std::sync::Arc;

/// A Resource, taken apart once when the machine is compiled.
#[derive(Clone, Debug, PartialEq)]
pub enum Resource {
    /// `arn:aws:states:<region>:<account>:activity:<name>`.
    Activity(Arc<str>),
    /// `arn:aws:lambda:…:function:…`.
    Function(Arc<str>),
    /// `arn:aws:states:::<service>:<action>[.<pattern>]`.
    Service {
        /// Such as `lambda`, `aws-sdk:ec2`.
        service: Arc<str>,
        /// Such as `invoke`, without the pattern.
        action: Arc<str>,
        /// With the pattern, as events name it: `startExecution.sync:2`.
        resource: Arc<str>,
        /// How its answer comes.
        pattern: Pattern,
    },
}

impl Resource {
    /// Takes an ARN apart; `None` when it names nothing a Task state can run.
    pub fn parse(arn: &str) -> Option<Resource> {
        let mut parts = arn.splitn(6, ':');
        let (Some("arn"), Some(_partition), Some(service), Some(region), Some(account), Some(rest)) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return None;
        };
        match service {
            "lambda" if rest.starts_with("function:") => Some(Resource::Function(arn.into())),
            "states" if rest.starts_with("activity:") => Some(Resource::Activity(arn.into())),
            "states" if region.is_empty() && account.is_empty() => integration(rest),
            _ => None,
        }
    }

    /// The work it means.
    pub fn work(&self) -> Work {
        match self {
            Resource::Activity(arn) => Work::Activity(arn.clone()),
            Resource::Function(arn) => Work::Function(arn.clone()),
            Resource::Service { service, action, pattern, .. } => {
                Work::Service { service: service.clone(), action: action.clone(), pattern: *pattern }
            }
        }
    }
}

/// `lambda:invoke.waitForTaskToken`, `aws-sdk:sfn:startExecution`, `states:startExecution.sync:2`.
fn integration(rest: &str) -> Option<Resource> {
    let sdk = rest.strip_prefix("aws-sdk:");
    let (name, resource) = sdk.unwrap_or(rest).split_once(':')?;
    if name.is_empty() || resource.is_empty() {
        return None;
    }
    let service: Arc<str> = if sdk.is_some() { format!("aws-sdk:{name}").into() } else { name.into() };
    let (action, pattern) = match resource.split_once('.') {
        None => (resource, Pattern::RequestResponse),
        Some((action, "sync")) => (action, Pattern::Sync(1)),
        Some((action, "sync:2")) => (action, Pattern::Sync(2)),
        Some((action, "waitForTaskToken")) => (action, Pattern::Callback),
        Some(_) => return None,
    };
    Some(Resource::Service { service, action: action.into(), resource: resource.into(), pattern })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_told_apart() {
        let parse = |text: &str| Resource::parse(text).map(|resource| resource.work());
        let service = |service: &str, action: &str, pattern| {
            Some(Work::Service { service: service.into(), action: action.into(), pattern })
        };
        assert_eq!(
            parse("arn:aws:states:::lambda:invoke"),
            service("lambda", "invoke", Pattern::RequestResponse)
        );
        assert_eq!(
            parse("arn:aws:states:::states:startExecution.sync:2"),
            service("states", "startExecution", Pattern::Sync(2))
        );
        assert_eq!(
            parse("arn:aws:states:::aws-sdk:sqs:sendMessage.waitForTaskToken"),
            service("aws-sdk:sqs", "sendMessage", Pattern::Callback)
        );
        let activity = "arn:aws:states:eu-west-1:123456789012:activity:a";
        assert_eq!(parse(activity), Some(Work::Activity(activity.into())));
        let function = "arn:aws:lambda:eu-west-1:123456789012:function:f:1";
        assert_eq!(parse(function), Some(Work::Function(function.into())));
        for bad in
            ["", "arn:aws:states", "arn:aws:s3:::bucket", "arn:aws:states:::lambda", "arn:aws:states:::x:y.z"]
        {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
