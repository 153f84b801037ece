//! How tasks call the cloud's own services: as a session of their role, with its rights, and seen by the audit log as
//! calls from outside are.

use crate::role;
use aws_schema::{Fault, OperationSpec, ServiceSpec};
use contracts::audit::{Answered, Asked, AuditSink, Effect, Source, Trail};
use contracts::seams::Authorizer;
use contracts::{Caller, Clock, Platform, Principal, PrincipalKind, new_uuid};
use execution_engine::Dispatch;
use state_store::typed::Scope;
use std::sync::Arc;
use tokio::time::Instant;

/// What stands in the audit log in the place of address and user agent (CloudTrail User Guide, "CloudTrail record
/// contents", `sourceIPAddress`).
const SELF: &str = "states.amazonaws.com";

/// What decides about and keeps the calls of tasks.
pub(crate) struct Inside {
    authorizer: Arc<dyn Authorizer>,
    audit: Option<Arc<dyn AuditSink>>,
    platform: Platform,
}

impl Inside {
    /// Without an audit log nothing is made for one.
    pub(crate) fn new(
        platform: Platform,
        authorizer: Arc<dyn Authorizer>,
        audit: Option<Arc<dyn AuditSink>>,
    ) -> Inside {
        Inside { authorizer, audit, platform }
    }

    /// Whoever acts for an execution: a session of its role (developer guide, "How Step Functions works with IAM").
    pub(crate) fn caller(&self, scope: &Scope, dispatch: &Dispatch, request_id: &str) -> Arc<Caller> {
        let role_arn = role::of_task(dispatch);
        let role = role_arn.rsplit('/').next().unwrap_or_default().to_owned();
        // An open cloud takes roles that do not exist.
        let role_id = role::named(&self.platform, role_arn).map(|role| role.role_id.clone());
        let role_id = role_id.unwrap_or_default();
        let scope = role::scope_of_task(dispatch, scope);
        let session = dispatch.key.chars().filter(|c| c.is_ascii_alphanumeric()).take(32).collect::<String>();
        Arc::new(Caller {
            principal: Principal {
                arn: format!("arn:aws:sts::{}:assumed-role/{role}/{session}", scope.account),
                user_id: format!("{role_id}:{session}"),
                kind: PrincipalKind::AssumedRole { role, role_id, session },
            },
            scope,
            access_key_id: String::new(),
            source_ip: None,
            request_id: request_id.to_owned(),
            user_agent: SELF.to_owned(),
            host: SELF.to_owned(),
            enforced: !self.platform.config.open,
        })
    }

    /// Begins to watch a call.
    pub(crate) fn watch(
        &self,
        caller: &Arc<Caller>,
        service: &'static ServiceSpec,
        operation: &'static OperationSpec,
    ) -> Watch {
        Watch {
            audit: self.audit.clone(),
            clock: self.platform.clock.clone(),
            trail: Trail { caller: Some(caller.clone()), ..Trail::default() },
            caller: caller.clone(),
            named: (service.signing_name, operation.name),
            effect: Effect::of(operation.name),
            begun: Instant::now(),
        }
    }

    /// Whether the session may make the call.
    ///
    /// # Errors
    /// The service's access-denied fault.
    pub(crate) fn authorize(&self, watch: &mut Watch) -> Result<(), Fault> {
        let (service, operation) = watch.named;
        self.authorizer
            .authorize(&watch.caller, &format!("{service}:{operation}"))
            .inspect_err(|_| watch.trail.denied = true)
    }
}

/// One call on its way, for the audit log.
pub(crate) struct Watch {
    audit: Option<Arc<dyn AuditSink>>,
    clock: Arc<dyn Clock>,
    trail: Trail,
    caller: Arc<Caller>,
    named: (&'static str, &'static str),
    effect: Effect,
    begun: Instant,
}

impl Watch {
    /// Whether the log wants the input, as [`contracts::audit_text`] shows it.
    pub(crate) fn wants_input(&self) -> bool {
        self.audit.as_ref().is_some_and(|sink| self.effect.is_wanted(&**sink))
    }

    /// The input.
    pub(crate) fn input(&mut self, text: String) {
        self.trail.input = text;
    }

    /// The call ended, well or with a fault.
    pub(crate) fn end(self, fault: Option<&Fault>) {
        let Some(sink) = &self.audit else { return };
        let (service, operation) = self.named;
        let asked = Asked {
            request_id: &self.caller.request_id,
            source: Source::Service(SELF),
            user_agent: SELF,
            service,
            operation,
            effect: self.effect,
        };
        let answered = Answered {
            time: self.clock.now(),
            status: fault.map_or(200, |fault| fault.status),
            fault: fault.map(|fault| (fault.code.to_string(), fault.message.clone())),
            took: self.begun.elapsed(),
        };
        self.trail.end(&**sink, asked, answered, new_uuid);
    }
}
