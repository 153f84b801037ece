//! Commands in machines: the [`CommandHost`] seam on the keeper.
//!
//! Containers have no resident agent: the keeper enters their namespaces. Frames of the SSM agent's protocol would come
//! in behind the same seam.

use super::Shared;
use contracts::BoxFuture;
use contracts::seams::{CommandEnd, CommandHost, CommandRequest};
use machine::{CommandEnd as KeeperEnd, CommandStatus, ExecSpec, MachineError, OutputFile};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Scripts up to this size travel as an argument; longer ones through standard input.
const INLINE_SCRIPT: usize = 48 * 1024;

/// Who waits for which command's end.
#[derive(Default)]
pub(crate) struct Waiting(Mutex<HashMap<String, Vec<oneshot::Sender<CommandEnd>>>>);

impl Waiting {
    fn add(&self, id: &str) -> oneshot::Receiver<CommandEnd> {
        let (sender, receiver) = oneshot::channel();
        self.0.lock().entry(id.to_owned()).or_default().push(sender);
        receiver
    }

    /// Tells everybody who waits for the command.
    pub(crate) fn ended(&self, status: &CommandStatus) {
        let Some(outcome) = &status.outcome else { return };
        self.resolve(&status.id, &translate(outcome.end));
    }

    fn resolve(&self, id: &str, end: &CommandEnd) {
        for sender in self.0.lock().remove(id).into_iter().flatten() {
            let _ = sender.send(end.clone());
        }
    }

    fn ids(&self) -> Vec<String> {
        self.0.lock().keys().cloned().collect()
    }
}

fn translate(end: KeeperEnd) -> CommandEnd {
    match end {
        KeeperEnd::Exited(code) => CommandEnd::Exited(code),
        KeeperEnd::Signaled(signal) => CommandEnd::Exited(128 + signal),
        KeeperEnd::TimedOut => CommandEnd::TimedOut,
        KeeperEnd::Cancelled => CommandEnd::Cancelled,
        KeeperEnd::MachineGone => CommandEnd::Lost("the instance stopped while the command ran".to_owned()),
        KeeperEnd::Unknown => {
            CommandEnd::Lost("the command ended unobserved; its status is unknown".to_owned())
        }
    }
}

/// Runs commands through the keeper.
pub(crate) struct Commands {
    pub(crate) shared: Arc<Shared>,
}

impl CommandHost for Commands {
    fn deliverable(&self, instance_id: &str) -> bool {
        self.shared.is_up(instance_id)
    }

    fn run(&self, request: CommandRequest) -> BoxFuture<'static, CommandEnd> {
        let shared = self.shared.clone();
        Box::pin(async move {
            let (id, end) = (request.id.clone(), shared.waiting.add(&request.id));
            let starter = shared.clone();
            let started = tokio::task::spawn_blocking(move || start(&starter, &request)).await;
            match started {
                Ok(Ok(())) => {}
                Ok(Err(end)) => shared.waiting.resolve(&id, &end),
                Err(error) => shared.waiting.resolve(&id, &CommandEnd::Unreachable(error.to_string())),
            }
            end.await.unwrap_or_else(|_| CommandEnd::Lost("the host agent stopped".to_owned()))
        })
    }

    fn cancel(&self, id: &str) {
        let (shared, id) = (self.shared.clone(), id.to_owned());
        tokio::task::spawn_blocking(move || {
            if let Some(machines) = shared.machines()
                && let Err(error) = machines.kill_exec(&id)
            {
                tracing::debug!(id, %error, "nothing to cancel");
            }
        });
    }

    fn forget(&self, id: &str) {
        let (shared, id) = (self.shared.clone(), id.to_owned());
        tokio::task::spawn_blocking(move || {
            if let Some(machines) = shared.machines() {
                let _ = machines.forget_exec(&id);
            }
        });
    }
}

/// Starts the command, or finds that an earlier run of the control plane already did.
fn start(shared: &Shared, request: &CommandRequest) -> Result<(), CommandEnd> {
    let unreachable = |why: String| CommandEnd::Unreachable(why);
    let machines = shared.machines().ok_or_else(|| unreachable("the host is not ready".to_owned()))?;
    std::fs::create_dir_all(&request.output)
        .map_err(|e| unreachable(format!("{}: {e}", request.output.display())))?;
    let (argv, stdin) =
        program(request).map_err(|e| unreachable(format!("{}: {e}", request.output.display())))?;
    let output = |name: &str| OutputFile { path: request.output.join(name), max_bytes: request.max_output };
    let spec = ExecSpec {
        id: request.id.clone(),
        machine: request.instance_id.clone(),
        argv,
        env: request.environment.clone(),
        cwd: Some(request.working_directory.clone().unwrap_or_else(|| "/usr/bin".to_owned())),
        user: None,
        timeout_ms: u64::try_from(request.timeout_millis).ok().filter(|t| *t > 0),
        stdin,
        stdout: output("stdout"),
        stderr: output("stderr"),
    };
    match machines.exec(spec) {
        Ok(()) => Ok(()),
        Err(MachineError::Exists(_)) => {
            // Started by an earlier run; its end may have come before anybody waited.
            match machines.exec_status(&request.id) {
                Ok(status) => {
                    shared.waiting.ended(&status);
                    Ok(())
                }
                Err(error) => Err(unreachable(error.to_string())),
            }
        }
        Err(error) => Err(unreachable(error.to_string())),
    }
}

/// The program for a script. One that names its own interpreter, or is long, becomes a file inside the machine, as
/// the SSM agent does it; others go to the shell as they are.
fn program(request: &CommandRequest) -> std::io::Result<(Vec<String>, Option<std::path::PathBuf>)> {
    let shell = |script: &str| vec!["/bin/sh".to_owned(), "-c".to_owned(), script.to_owned()];
    if request.script.len() <= INLINE_SCRIPT && !request.script.starts_with("#!") {
        return Ok((shell(&request.script), None));
    }
    let staged: &Path = &request.output.join("script");
    std::fs::write(staged, &request.script)?;
    let wrapper = format!(
        "umask 077; d=/var/lib/amazon/ssm/orchestration/{}; mkdir -p \"$d\" && cat >\"$d/_script.sh\" && chmod 700 \"$d/_script.sh\" || exit 1; exec </dev/null; if head -c 2 \"$d/_script.sh\" | grep -q '^#!'; then exec \"$d/_script.sh\"; else exec /bin/sh \"$d/_script.sh\"; fi",
        request.id
    );
    Ok((shell(&wrapper), Some(staged.to_owned())))
}

/// After a lost connection: asks for every command somebody waits for.
pub(crate) fn resync(shared: &Shared) {
    let Some(machines) = shared.machines() else { return };
    for id in shared.waiting.ids() {
        match machines.exec_status(&id) {
            Ok(status) => shared.waiting.ended(&status),
            Err(MachineError::NotFound(_)) => {
                shared
                    .waiting
                    .resolve(&id, &CommandEnd::Lost("the keeper does not know the command".to_owned()));
            }
            Err(error) => tracing::warn!(id, %error, "cannot ask for a command's state"),
        }
    }
}
