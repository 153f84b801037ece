//! A cloud for tests: a store in memory, a clock that is moved by hand, and machines that only pretend to run scripts.

use crate::service::{Ssm, SsmCall};
use aws_schema::Fault;
use contracts::seams::{CommandEnd, CommandHost, CommandRequest, MachineView};
use contracts::{BoxFuture, Call, Caller, ManualClock, Platform, Principal};
use parking_lot::Mutex;
use records::{Instance, Millis, Tags};
use state_store::typed::{Scope, Store};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub(crate) const NOW: Millis = 1_790_000_000_000;

struct Run {
    end: watch::Sender<Option<CommandEnd>>,
    instance_id: String,
}

#[derive(Default)]
struct Machines {
    down: HashSet<String>,
    /// Scripts that machines run instead of the one they are given.
    fates: HashMap<String, String>,
    runs: HashMap<String, Run>,
    in_flight: usize,
    most_in_flight: usize,
    /// Requests that really started something, in order.
    started: Vec<CommandRequest>,
}

/// Machines that understand `echo TEXT`, `err TEXT`, `sleep MILLISECONDS`, `exit CODE` and `hang`, one per line.
#[derive(Clone, Default)]
pub(crate) struct FakeHost(Arc<Mutex<Machines>>);

impl FakeHost {
    /// Makes a machine unreachable, or reachable again.
    pub(crate) fn set_down(&self, instance_id: &str, down: bool) {
        let mut machines = self.0.lock();
        if down {
            machines.down.insert(instance_id.to_owned());
        } else {
            machines.down.remove(instance_id);
        }
    }

    /// Gives a machine a script of its own to run, whatever it is told.
    pub(crate) fn set_fate(&self, instance_id: &str, script: String) {
        self.0.lock().fates.insert(instance_id.to_owned(), script);
    }

    /// What was really started, in order.
    pub(crate) fn started(&self) -> Vec<CommandRequest> {
        self.0.lock().started.clone()
    }

    /// The most that ran at once.
    pub(crate) fn most_in_flight(&self) -> usize {
        self.0.lock().most_in_flight
    }

    /// How many ends are remembered, or still to come.
    pub(crate) fn remembered(&self) -> usize {
        self.0.lock().runs.len()
    }

    /// How many run.
    pub(crate) fn in_flight(&self) -> usize {
        self.0.lock().in_flight
    }

    fn finish(&self, id: &str, end: CommandEnd) {
        let mut machines = self.0.lock();
        let Some(run) = machines.runs.get(id) else { return };
        let was_open = run.end.send_if_modified(|slot| {
            let open = slot.is_none();
            if open {
                *slot = Some(end);
            }
            open
        });
        if was_open {
            machines.in_flight -= 1;
        }
    }

    async fn interpret(self, request: CommandRequest) {
        let (mut stdout, mut stderr, mut code) = (String::new(), String::new(), 0);
        let fate = self.0.lock().fates.get(&request.instance_id).cloned().unwrap_or(request.script);
        let timeout = Duration::from_millis(u64::try_from(request.timeout_millis).unwrap());
        let script = async {
            for line in fate.lines() {
                let (word, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
                match word {
                    "echo" => stdout.extend([rest, "\n"]),
                    "err" => stderr.extend([rest, "\n"]),
                    "sleep" => tokio::time::sleep(Duration::from_millis(rest.parse().unwrap())).await,
                    "hang" => std::future::pending().await,
                    "exit" => {
                        code = rest.parse().unwrap();
                        break;
                    }
                    other => panic!("the test machine does not know {other:?}"),
                }
            }
        };
        let end = match tokio::time::timeout(timeout, script).await {
            Ok(()) => CommandEnd::Exited(code),
            Err(_) => CommandEnd::TimedOut,
        };
        std::fs::create_dir_all(&request.output).unwrap();
        std::fs::write(request.output.join("stdout"), stdout).unwrap();
        std::fs::write(request.output.join("stderr"), stderr).unwrap();
        self.finish(&request.id, end);
    }
}

impl CommandHost for FakeHost {
    fn deliverable(&self, instance_id: &str) -> bool {
        !self.0.lock().down.contains(instance_id)
    }

    fn run(&self, request: CommandRequest) -> BoxFuture<'static, CommandEnd> {
        let host = self.clone();
        Box::pin(async move {
            let fate = host.0.lock().fates.get(&request.instance_id).cloned();
            assert!(fate.as_deref() != Some("break"), "this machine breaks who asks it");
            let mut end = {
                let mut machines = host.0.lock();
                let known = machines.runs.get(&request.id).map(|run| run.end.subscribe());
                match known {
                    Some(end) => end,
                    None if machines.down.contains(&request.instance_id) => {
                        return CommandEnd::Unreachable("down".into());
                    }
                    None => {
                        let (sender, end) = watch::channel(None);
                        let run = Run { end: sender, instance_id: request.instance_id.clone() };
                        machines.runs.insert(request.id.clone(), run);
                        machines.in_flight += 1;
                        machines.most_in_flight = machines.most_in_flight.max(machines.in_flight);
                        machines.started.push(request.clone());
                        #[expect(clippy::disallowed_methods, reason = "a machine of a test")]
                        tokio::spawn(host.clone().interpret(request));
                        end
                    }
                }
            };
            end.wait_for(Option::is_some).await.unwrap().clone().unwrap()
        })
    }

    fn cancel(&self, id: &str) {
        self.finish(id, CommandEnd::Cancelled);
    }

    fn forget(&self, id: &str) {
        let forgotten = self.0.lock().runs.remove(id);
        assert!(forgotten.is_some_and(|run| run.end.borrow().is_some()), "{id} is forgotten while it runs");
    }
}

impl FakeHost {
    /// A machine dies with everything that runs on it.
    pub(crate) fn lose(&self, instance_id: &str) {
        let ids: Vec<String> = {
            let mut machines = self.0.lock();
            machines.down.insert(instance_id.to_owned());
            machines
                .runs
                .iter()
                .filter(|(_, r)| r.instance_id == instance_id)
                .map(|(id, _)| id.clone())
                .collect()
        };
        for id in ids {
            self.finish(&id, CommandEnd::Lost("the machine went away".into()));
        }
    }
}

impl MachineView for FakeHost {
    fn console(&self, _: &str) -> Option<(Vec<u8>, Millis)> {
        None
    }
    fn reachable(&self, instance_id: &str) -> bool {
        self.deliverable(instance_id)
    }
}

/// One cloud, seen by one account.
pub(crate) struct Cloud {
    pub(crate) service: Arc<Ssm>,
    pub(crate) clock: ManualClock,
    pub(crate) host: FakeHost,
    folder: tempfile::TempDir,
}

impl Cloud {
    pub(crate) fn new() -> Cloud {
        let (clock, host) = (ManualClock::new(NOW), FakeHost::default());
        let folder = tempfile::tempdir().unwrap();
        let platform = Platform {
            machines: Arc::new(host.clone()),
            commands: Arc::new(host.clone()),
            ..Platform::without_host(Arc::new(clock.clone()), "000000000000", true)
        };
        let service = Ssm::new(platform, folder.path().to_owned());
        Cloud { service, clock, host, folder }
    }

    /// A new control plane on the same records and machines.
    pub(crate) fn restart(&mut self) {
        self.service = Ssm::new(self.service.platform.clone(), self.folder.path().to_owned());
    }

    pub(crate) fn store(&self) -> &Store {
        &self.service.platform.store
    }

    pub(crate) fn scope(&self) -> Scope {
        self.call().scope().clone()
    }

    pub(crate) fn call(&self) -> SsmCall {
        self.call_as("000000000000")
    }

    pub(crate) fn call_as(&self, account: &str) -> SsmCall {
        let caller = Caller {
            scope: Scope::new(account, "eu-central-1"),
            principal: Principal::root(account),
            access_key_id: "test".into(),
            source_ip: None,
            request_id: "r".into(),
            user_agent: String::new(),
            host: String::new(),
            enforced: false,
        };
        Call::new(Arc::new(caller), self.service.clone())
    }

    /// Starts the engine; dropping the handle does not stop it, aborting it is like `kill -9`.
    #[expect(clippy::disallowed_methods, reason = "the handle is the answer")]
    pub(crate) fn engine(&self) -> (JoinHandle<()>, watch::Sender<bool>) {
        let (stop, stopped) = watch::channel(false);
        (tokio::spawn(crate::run_engine(self.service.clone(), stopped)), stop)
    }

    /// Puts a running instance with tags into the store.
    pub(crate) async fn instance(&self, id: &str, tags: &[(&str, &str)]) {
        self.instance_in(id, "running", tags).await;
    }

    pub(crate) async fn instance_in(&self, id: &str, state: &str, tags: &[(&str, &str)]) {
        let instance: Instance = serde_json::from_value(serde_json::json!({
            "id": id, "reservation_id": "r-1", "launch_index": 0, "image_id": "ami-1", "instance_type": "t3.micro",
            "vcpus": 2, "memory_mib": 1024, "state": state, "launch_time": NOW, "subnet_id": "subnet-1",
            "vpc_id": "vpc-1", "availability_zone": "eu-central-1a", "network_interfaces": [],
            "hostname": "ip-10-0-0-4", "shutdown_behavior": "stop",
            "metadata_options": { "http_tokens": "required", "http_endpoint": "enabled",
                "http_put_response_hop_limit": 1, "http_protocol_ipv6": "disabled", "instance_metadata_tags": "disabled" },
            "block_devices": [], "generation": 1,
        }))
        .unwrap();
        let tags: BTreeMap<String, String> =
            tags.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        let tags = Tags { id: id.into(), resource_type: "instance".into(), tags };
        let run = |tx: &mut state_store::typed::Tx<'_>| {
            tx.put(&self.scope(), instance.clone());
            tx.put(&self.scope(), tags.clone());
            Ok(())
        };
        self.service.platform.transact(run).await.unwrap();
    }
}

/// The code of a fault.
pub(crate) fn code<T: std::fmt::Debug>(result: Result<T, Fault>) -> String {
    result.unwrap_err().code.into_owned()
}

/// `i-` and seventeen digits.
pub(crate) fn instance_id(number: usize) -> String {
    format!("i-{number:017}")
}
