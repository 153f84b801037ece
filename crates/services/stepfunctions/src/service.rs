//! The service and its table of operations.

use crate::{activity, alias, faults, limits, machine, tags, version};
use api_stepfunctions::ops;
use aws_schema::Fault;
use contracts::{Call, Page, Platform, ServiceTable};
use records::Millis;
use state_store::typed::Scope;
use std::sync::Arc;

/// Step Functions of one cloud.
pub struct States {
    /// Records, clock, page tokens.
    pub(crate) platform: Platform,
}

/// What handlers are given.
pub(crate) type StatesCall = Call<States>;

impl States {
    /// On the given platform.
    pub fn new(platform: Platform) -> Arc<States> {
        Arc::new(States { platform })
    }

    /// Milliseconds since 1970, by the cloud's clock.
    pub(crate) fn now(&self) -> Millis {
        self.platform.clock.now()
    }

    /// One page of a list sorted by `key`; `InvalidToken` for a token this list did not make.
    pub(crate) fn page<T>(
        &self,
        purpose: &str,
        scope: &Scope,
        items: Vec<T>,
        token: Option<&str>,
        limit: Option<i32>,
        key: impl Fn(&T) -> String,
    ) -> Result<Page<T>, Fault> {
        let purpose = format!("states/{purpose}/{scope}");
        let pages = &self.platform.pages;
        pages
            .page(&purpose, items, token, Some(page_size(limit)), key)
            .map_err(|_| faults::invalid_page_token())
    }
}

/// What a caller asked of a page: 0 means the default too (API reference, `maxResults`).
pub(crate) fn page_size(asked: Option<i32>) -> usize {
    asked.and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0).unwrap_or(limits::PAGE)
}

/// The built operations, for the gateway.
pub fn table(service: &Arc<States>) -> ServiceTable {
    let mut table = ServiceTable::new(&api_stepfunctions::SERVICE);
    contracts::operations!(table, *service, {
        CreateStateMachine => machine::create,
        UpdateStateMachine => machine::update,
        DescribeStateMachine => machine::describe,
        DeleteStateMachine => machine::delete,
        ListStateMachines => machine::list,
        PublishStateMachineVersion => version::publish,
        ListStateMachineVersions => version::list,
        DeleteStateMachineVersion => version::delete,
        CreateStateMachineAlias => alias::create,
        UpdateStateMachineAlias => alias::update,
        DescribeStateMachineAlias => alias::describe,
        DeleteStateMachineAlias => alias::delete,
        ListStateMachineAliases => alias::list,
        CreateActivity => activity::create,
        DescribeActivity => activity::describe,
        DeleteActivity => activity::delete,
        ListActivities => activity::list,
        TagResource => tags::add,
        UntagResource => tags::remove,
        ListTagsForResource => tags::list,
    });
    table
}
