//! The operations a service has built, in a form the gateway can call without knowing their types.

use crate::audit_text::audit_text;
use crate::call::{Call, Caller};
use aws_schema::{
    Fault, Operation, OperationSpec, ReadMembers, ServiceSpec, Violation, WriteMembers, violations,
};
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// A boxed future.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a handler answers.
pub type Reply<T> = Result<T, Fault>;

type Output = Box<dyn WriteMembers + Send>;
type Run = Box<dyn FnOnce(Arc<Caller>) -> BoxFuture<'static, Reply<Output>> + Send>;
type Decode<'a> = &'a mut dyn FnMut(&mut dyn ReadMembers) -> Result<(), Fault>;

/// A decoded request, ready to be authorised and run.
pub struct Prepared {
    /// Limits of the model it breaks; the gateway words the fault as the protocol does.
    pub violations: Vec<Violation>,
    /// It only asks whether it would be allowed (`DryRun`).
    pub dry_run: bool,
    /// The input as [`audit_text`] shows it; empty when nobody asked for it.
    pub input: String,
    run: Run,
}

impl Prepared {
    /// Runs the handler.
    pub fn run(self, caller: Arc<Caller>) -> BoxFuture<'static, Reply<Output>> {
        (self.run)(caller)
    }
}

trait Handler: Send + Sync {
    fn prepare(&self, decode: Decode<'_>, audit: bool) -> Result<Prepared, Fault>;
}

struct Typed<Op, S, F> {
    service: Arc<S>,
    handler: F,
    operation: std::marker::PhantomData<fn() -> Op>,
}

impl<Op, S, F, Fut> Handler for Typed<Op, S, F>
where
    Op: Operation,
    S: Send + Sync + 'static,
    F: Fn(Call<S>, Op::Input) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = Reply<Op::Output>> + Send + 'static,
{
    fn prepare(&self, decode: Decode<'_>, audit: bool) -> Result<Prepared, Fault> {
        let mut input = Op::Input::default();
        decode(&mut input)?;
        let (service, handler) = (self.service.clone(), self.handler);
        Ok(Prepared {
            violations: violations(&input),
            dry_run: Op::dry_run(&input),
            input: if audit { audit_text(&input) } else { String::new() },
            run: Box::new(move |caller| {
                Box::pin(async move {
                    let output = handler(Call::new(caller, service), input).await?;
                    Ok(Box::new(output) as Output)
                })
            }),
        })
    }
}

/// The built operations of one service.
pub struct ServiceTable {
    /// Its description.
    pub spec: &'static ServiceSpec,
    handlers: HashMap<&'static str, Box<dyn Handler>>,
}

impl ServiceTable {
    /// Nothing built yet.
    pub fn new(spec: &'static ServiceSpec) -> ServiceTable {
        ServiceTable { spec, handlers: HashMap::new() }
    }

    /// Adds an operation: `table.on::<ops::RunInstances, _, _, _>(&service, run_instances)`.
    pub fn on<Op, S, F, Fut>(&mut self, service: &Arc<S>, handler: F) -> &mut Self
    where
        Op: Operation,
        S: Send + Sync + 'static,
        F: Fn(Call<S>, Op::Input) -> Fut + Copy + Send + Sync + 'static,
        Fut: Future<Output = Reply<Op::Output>> + Send + 'static,
    {
        let typed =
            Typed::<Op, S, F> { service: service.clone(), handler, operation: std::marker::PhantomData };
        self.handlers.insert(Op::SPEC.name, Box::new(typed));
        self
    }

    /// Whether the operation is built.
    pub fn is_built(&self, operation: &str) -> bool {
        self.handlers.contains_key(operation)
    }

    /// Decodes a request of `operation`; `None` when it is not built.
    pub fn prepare(
        &self,
        operation: &OperationSpec,
        decode: Decode<'_>,
        audit: bool,
    ) -> Option<Result<Prepared, Fault>> {
        Some(self.handlers.get(operation.name)?.prepare(decode, audit))
    }
}

/// Fills a [`ServiceTable`]: `operations!(table, service, { RunInstances => instances::run, … });` with the service's
/// `api_*::ops` module in scope as `ops`.
#[macro_export]
macro_rules! operations {
    ($table:expr, $service:expr, { $($operation:ident => $handler:path),* $(,)? }) => {
        $( $table.on::<ops::$operation, _, _, _>(&$service, $handler); )*
    };
}
