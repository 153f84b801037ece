//! Activities.

mod board;
mod poll;

pub(crate) use board::Board;
pub(crate) use poll::get_task;

use crate::arn::Resource;
use crate::service::StatesCall;
use crate::{arn, configuration, faults, limits, names, tags};
use api_stepfunctions::{
    ActivityListItem, CreateActivityInput, CreateActivityOutput, DeleteActivityInput, DeleteActivityOutput,
    DescribeActivityInput, DescribeActivityOutput, ListActivitiesInput, ListActivitiesOutput,
};
use aws_schema::{Fault, Timestamp};
use contracts::{Platform, Reply};
use records::stepfunctions::Activity;
use state_store::typed::{Scope, Tx};
use std::sync::Arc;

/// Name of the activity an ARN names.
pub(crate) fn activity_name<'a>(call: &StatesCall, activity_arn: &'a str) -> Result<&'a str, Fault> {
    match arn::parse(&call.caller, activity_arn)? {
        Resource::Activity { name } => Ok(name),
        other => Err(other.unexpected()),
    }
}

/// The activity with this ARN, in whatever account and region.
pub(crate) fn find(platform: &Platform, activity_arn: &str) -> Option<Arc<Activity>> {
    let mut parts = activity_arn.split(':').skip(3);
    let (region, account) = (parts.next()?, parts.next()?);
    let scope = Scope::new(account, region);
    match arn::parse_in(&scope, activity_arn) {
        Ok(Resource::Activity { name }) => platform.store.get(&scope, name),
        _ => None,
    }
}

/// CreateActivity. Idempotent by name; tags of a repeated request do not matter.
///
/// Errors: `InvalidName`, `ActivityAlreadyExists` with another encryption, `ActivityLimitExceeded`, `TooManyTags`.
pub(crate) async fn create(call: StatesCall, input: CreateActivityInput) -> Reply<CreateActivityOutput> {
    let scope = call.scope();
    names::check(input.name())?;
    let arn = arn::activity(scope, input.name());
    let activity = Activity {
        id: input.name().to_owned(),
        created: call.now(),
        tags: tags::tag_map(input.tags.as_deref().unwrap_or_default(), &arn)?,
        encryption: configuration::encryption(input.encryption_configuration.as_ref())?,
    };
    let run = |tx: &mut Tx<'_>| {
        if let Some(found) = tx.get::<Activity>(scope, &activity.id) {
            let same = found.encryption == activity.encryption;
            return if same { Ok(found.created) } else { Err(faults::activity_exists(&arn)) };
        }
        if tx.count::<Activity>(scope) >= limits::ACTIVITIES {
            return Err(faults::too_many_activities());
        }
        tx.put(scope, activity.clone());
        Ok(activity.created)
    };
    let created = call.platform.transact(run).await?.value;
    Ok(CreateActivityOutput { activity_arn: Some(arn), creation_date: Some(Timestamp::from_millis(created)) })
}

/// DescribeActivity.
///
/// Errors: `InvalidArn`, `ActivityDoesNotExist`.
pub(crate) async fn describe(
    call: StatesCall,
    input: DescribeActivityInput,
) -> Reply<DescribeActivityOutput> {
    let asked = input.activity_arn();
    let name = activity_name(&call, asked)?;
    let activity = call.platform.store.get::<Activity>(call.scope(), name);
    let activity = activity.ok_or_else(|| faults::no_activity(asked))?;
    Ok(DescribeActivityOutput {
        activity_arn: Some(asked.to_owned()),
        name: Some(activity.id.clone()),
        creation_date: Some(Timestamp::from_millis(activity.created)),
        encryption_configuration: configuration::show_encryption(activity.encryption.as_ref()),
    })
}

/// DeleteActivity. What does not exist is deleted already.
pub(crate) async fn delete(call: StatesCall, input: DeleteActivityInput) -> Reply<DeleteActivityOutput> {
    let name = activity_name(&call, input.activity_arn())?;
    let scope = call.scope();
    call.platform
        .transact(|tx| {
            tx.delete::<Activity>(scope, name);
            Ok(())
        })
        .await?;
    call.board.forget(input.activity_arn());
    Ok(DeleteActivityOutput {})
}

/// ListActivities, by name.
///
/// Errors: `InvalidToken`.
pub(crate) async fn list(call: StatesCall, input: ListActivitiesInput) -> Reply<ListActivitiesOutput> {
    let scope = call.scope();
    let all = call.platform.store.list::<Activity>(scope);
    let token = input.next_token.as_deref();
    let page = call.page("activities", scope, all, token, input.max_results, |a| a.id.clone())?;
    let items = page.items.iter().map(|activity| ActivityListItem {
        activity_arn: Some(arn::activity(scope, &activity.id)),
        name: Some(activity.id.clone()),
        creation_date: Some(Timestamp::from_millis(activity.created)),
    });
    Ok(ListActivitiesOutput { activities: Some(items.collect()), next_token: page.next })
}
