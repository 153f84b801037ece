//! The service and its table of operations.

use crate::command::Live;
use crate::faults;
use crate::{command, document, parameter, setting, tags};
use api_ssm::ops;
use contracts::{Call, Page, Platform, ServiceTable};
use records::Millis;
use state_store::typed::Scope;
use std::path::PathBuf;
use std::sync::Arc;

/// Systems Manager of one cloud.
pub struct Ssm {
    /// Records, clock, keys, and the seams to machines.
    pub(crate) platform: Platform,
    /// Folder that holds the whole output of commands: `<account>/<region>/<command>/<instance>/<step>/stdout`.
    pub(crate) outputs: PathBuf,
    /// Commands that run, and the way to wake the engine.
    pub(crate) live: Live,
}

impl Ssm {
    /// On the given platform; `outputs` is a folder (made when first needed) for the output of commands.
    pub fn new(platform: Platform, outputs: PathBuf) -> Arc<Ssm> {
        Arc::new(Ssm { platform, outputs, live: Live::default() })
    }

    /// Milliseconds since 1970, by the cloud's clock.
    pub(crate) fn now(&self) -> Millis {
        self.platform.clock.now()
    }

    /// One page of a list sorted by `key`; `InvalidNextToken` for a token this list did not make.
    pub(crate) fn page<T>(
        &self,
        purpose: &str,
        scope: &Scope,
        items: Vec<T>,
        token: Option<&str>,
        limit: usize,
        key: impl Fn(&T) -> String,
    ) -> Result<Page<T>, aws_schema::Fault> {
        let purpose = format!("ssm/{purpose}/{scope}");
        self.platform
            .pages
            .page(&purpose, items, token, Some(limit), key)
            .map_err(|_| faults::invalid_next_token())
    }
}

/// What a caller asked of a page: its size where he gave one, else `default`.
pub(crate) fn page_size(asked: Option<i32>, default: usize) -> usize {
    asked.and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0).unwrap_or(default)
}

/// What handlers are given.
pub(crate) type SsmCall = Call<Ssm>;

/// The built operations, for the gateway.
pub fn table(service: &Arc<Ssm>) -> ServiceTable {
    let mut table = ServiceTable::new(&api_ssm::SERVICE);
    contracts::operations!(table, *service, {
        AddTagsToResource => tags::add,
        RemoveTagsFromResource => tags::remove,
        ListTagsForResource => tags::list,
        PutParameter => parameter::put,
        GetParameter => parameter::get,
        GetParameters => parameter::get_many,
        GetParametersByPath => parameter::get_by_path,
        GetParameterHistory => parameter::history,
        DescribeParameters => parameter::describe,
        DeleteParameter => parameter::delete,
        DeleteParameters => parameter::delete_many,
        LabelParameterVersion => parameter::label,
        UnlabelParameterVersion => parameter::unlabel,
        GetServiceSetting => setting::get,
        UpdateServiceSetting => setting::update,
        ResetServiceSetting => setting::reset,
        CreateDocument => document::create,
        UpdateDocument => document::update,
        UpdateDocumentDefaultVersion => document::set_default_version,
        GetDocument => document::get,
        DescribeDocument => document::describe,
        ListDocuments => document::list,
        ListDocumentVersions => document::list_versions,
        DeleteDocument => document::delete,
        ModifyDocumentPermission => document::modify_permission,
        DescribeDocumentPermission => document::describe_permission,
        SendCommand => command::send,
        CancelCommand => command::cancel,
        ListCommands => command::list,
        ListCommandInvocations => command::list_invocations,
        GetCommandInvocation => command::get_invocation,
        DescribeInstanceInformation => command::describe_instances,
        GetConnectionStatus => command::connection_status,
    });
    table
}
