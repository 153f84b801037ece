//! One run of the simulator.

use super::check::{self, Ended};
use super::disk::{FakeDisk, FakeRows, Fuse, limits};
use super::machines::{MACHINES, Machine};
use super::world::World;
use super::{Settings, Tally};
use crate::archive::{Archive, Sweep};
use crate::archivist::Archivist;
use crate::clock::Patience;
use crate::engine::{hash, shard_of};
use crate::inbox::{Capacity, Inbox};
use crate::log::Log;
use crate::message::Message;
use crate::programs::Programs;
use crate::shard::{Keep, Shard, Surroundings, mix};
use crate::token::Tokens;
use crate::{AnswerRefusal, ChangeRefusal, Dispatch, Execution, Kind, Revision, StartRefusal, Status};
use state_machine::Millis;
use state_machine::history::Event;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::oneshot::Receiver;
use tokio::sync::oneshot::error::TryRecvError;

const SHARDS: usize = 2;

/// See [`super::run`].
pub(super) struct Simulation {
    random: u64,
    pub(super) settings: Settings,
    pub(super) tally: Tally,
    fuse: Fuse,
    disks: Vec<Arc<FakeDisk>>,
    pub(super) archive: Arc<Archive>,
    pub(super) programs: Arc<Programs>,
    pub(super) world: Arc<World>,
    pub(super) running: Option<Running>,
    pub(super) planned: Vec<Planned>,
    pub(super) answers: Vec<Answered>,
    /// How often the machines were updated, by their place.
    pub(super) updates: Vec<u64>,
}

/// A task, and what becomes of its answer.
pub(super) type Answered = (Dispatch, Receiver<Result<(), AnswerRefusal>>);

/// What a crash takes away.
pub(super) struct Running {
    pub(super) shards: Vec<Shard>,
    pub(super) waiting: Vec<VecDeque<Message>>,
    pub(super) around: Surroundings,
    pub(super) logs: Vec<Arc<Log>>,
    keeping: VecDeque<Keep>,
    archivist: Archivist,
    sweep: Sweep,
}

/// An execution of the plan.
pub(super) struct Planned {
    pub(super) name: String,
    pub(super) machine: &'static Machine,
    /// Place of the machine.
    pub(super) chosen: usize,
    /// Revisions under which it was asked for: one of them it runs.
    pub(super) revisions: Vec<Arc<Revision>>,
    /// What becomes of a redrive.
    pub(super) redriving: Option<Receiver<Result<Millis, ChangeRefusal>>>,
    /// Redrives that were acknowledged.
    pub(super) redriven: usize,
    /// Asked for, and not answered yet.
    pub(super) asked: Option<Receiver<Result<Millis, StartRefusal>>>,
    pub(super) acknowledged: bool,
    /// What was seen of its history.
    pub(super) seen: Vec<Event>,
}

impl Simulation {
    pub(super) fn new(seed: u64, settings: &Settings) -> Result<Simulation, String> {
        let fuse: Fuse = Arc::new(AtomicI64::new(-1));
        let world = World::default();
        world.hands.lock().wall = 1_795_000_000_000;
        world.lots.store(mix(seed), Ordering::Relaxed);
        let planned = (0..settings.executions).map(|number| {
            let chosen = mix(seed ^ number as u64) % MACHINES.len() as u64;
            let chosen = usize::try_from(chosen).unwrap_or(0);
            let machine = &MACHINES[chosen];
            Planned {
                name: format!("{}-{number}", machine.name),
                machine,
                chosen,
                revisions: Vec::new(),
                redriving: None,
                redriven: 0,
                asked: None,
                acknowledged: false,
                seen: Vec::new(),
            }
        });
        let mut simulation = Simulation {
            random: seed,
            settings: *settings,
            tally: Tally::default(),
            planned: planned.collect(),
            disks: (0..SHARDS).map(|_| Arc::new(FakeDisk::new(&fuse))).collect(),
            archive: Arc::new(Archive::new(Arc::new(FakeRows::new(&fuse)))),
            programs: Arc::new(Programs::default()),
            world: Arc::new(world),
            running: None,
            answers: Vec::new(),
            updates: vec![0; MACHINES.len()],
            fuse,
        };
        simulation.open()?;
        Ok(simulation)
    }

    pub(super) fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.random)
    }

    pub(super) fn chance(&mut self, per_thousand: u64) -> bool {
        self.random() % 1_000 < per_thousand
    }

    fn open(&mut self) -> Result<(), String> {
        let logs: Vec<_> = self.disks.iter().map(|disk| Arc::new(Log { disk: disk.clone() })).collect();
        let around = Surroundings {
            outside: self.world.clone(),
            clock: self.world.clone(),
            archive: self.archive.clone(),
            programs: self.programs.clone(),
            tokens: Tokens::new(&[3; 32]),
            inboxes: (0..SHARDS).map(|_| Arc::new(Inbox::new(Capacity::ENDLESS))).collect(),
            archivist: Arc::new(Inbox::new(Capacity::ENDLESS)),
            backlog: Arc::default(),
            aside: self.world.clone(),
            watch: self.world.clone(),
            limits: limits(),
        };
        let mut shards = Vec::new();
        for (index, log) in (0_u16..).zip(&logs) {
            let random = self.random();
            let shard = Shard::open(index, log.clone(), around.clone(), random);
            shards.push(shard.map_err(|error| format!("it does not open again: {error}"))?);
        }
        for shard in &mut shards {
            shard.prepare();
            shard.begin_again();
        }
        let archivist = Archivist::new(&around, logs.clone(), Duration::from_secs(1_000_000_000));
        let waiting = (0..SHARDS).map(|_| VecDeque::new()).collect();
        self.running = Some(Running {
            shards,
            waiting,
            around,
            logs,
            keeping: VecDeque::new(),
            archivist,
            sweep: Sweep::default(),
        });
        Ok(())
    }

    /// Everything in memory is gone.
    fn crash(&mut self) -> Result<(), String> {
        self.tally.crashes += 1;
        // What was acknowledged before the crash counts.
        self.collect()?;
        self.running = None;
        self.fuse.store(-1, Ordering::Relaxed);
        let mut torn = false;
        for disk in self.disks.clone() {
            torn |= disk.crash(|| self.random());
        }
        self.tally.torn += u64::from(torn);
        self.answers.clear();
        for planned in &mut self.planned {
            (planned.asked, planned.redriving) = (None, None);
        }
        self.programs = Arc::default();
        self.world.told.lock().tasks.clear();
        self.world.jobs.lock().clear();
        self.open()
    }

    /// The whole run; in the end what every execution did.
    pub(super) fn whole(mut self) -> Result<(Tally, Ended), String> {
        for _ in 0..self.settings.steps {
            self.step()?;
        }
        self.fuse.store(-1, Ordering::Relaxed);
        self.finish()?;
        let mut histories = BTreeMap::new();
        for index in 0..self.planned.len() {
            if self.planned[index].machine.kind == Kind::Express {
                self.tally.ended += 1;
                continue;
            }
            let events =
                self.history(index)?.ok_or_else(|| format!("{} is lost", self.planned[index].name))?;
            let planned = &self.planned[index];
            check::sound(&planned.name, &events)?;
            check::grows(&planned.name, &planned.seen, &events)?;
            self.proper(index, &events)?;
            let planned = &self.planned[index];
            self.tally.ended += 1;
            self.tally.events += events.len() as u64;
            histories.insert(planned.name.clone(), (planned.machine.steady, events));
        }
        let told = self.world.told.lock();
        let express = &told.express;
        if self.settings.crashes == 0 && express.values().any(|times| *times > 1) {
            return Err(format!("without a crash an Express execution ran more than once: {express:?}"));
        }
        self.tally.repeated = express.values().map(|times| times - 1).sum();
        self.tally.dispatched = told.dispatched;
        drop(told);
        Ok((self.tally, Ended { histories }))
    }

    fn step(&mut self) -> Result<(), String> {
        match self.random() % 10 {
            0 | 1 => self.start_one(),
            2 | 3 => self.answer_one(),
            4 => {
                let millis = self.random() % 400;
                self.pass(millis);
            }
            5 if self.random().is_multiple_of(2) => self.work_aside(),
            5 => {
                self.keep();
                self.redrive_some()?;
            }
            6 => self.look()?,
            _ => {
                let shard = self.random() % SHARDS as u64;
                self.round(usize::try_from(shard).unwrap_or(0))?;
            }
        }
        if self.chance(20) {
            self.update_one();
        }
        if self.chance(20) && self.settings.crashes > 0 {
            self.stop_one();
        }
        if self.chance(self.settings.jumps) {
            let jump = i64::try_from(self.random() % 7_200_000).unwrap_or(0) - 3_600_000;
            self.world.hands.lock().wall += jump;
        }
        if self.chance(self.settings.refusals) {
            let operations = self.random() % 6;
            self.fuse.store(operations.cast_signed(), Ordering::Relaxed);
        } else if self.fuse.load(Ordering::Relaxed) == 0 && self.chance(200) {
            self.fuse.store(-1, Ordering::Relaxed);
        }
        if self.chance(self.settings.crashes) {
            if self.random().is_multiple_of(2) {
                // In the middle of a round: some operation of the disk is the last.
                let operations = self.random() % 4;
                self.fuse.store(operations.cast_signed(), Ordering::Relaxed);
                for shard in 0..SHARDS {
                    self.round(shard)?;
                }
                self.keep();
            }
            self.crash()?;
        }
        Ok(())
    }

    fn pass(&mut self, millis: u64) {
        let mut hands = self.world.hands.lock();
        hands.steady += millis;
        hands.wall += millis.cast_signed();
    }

    pub(super) fn round(&mut self, shard: usize) -> Result<(), String> {
        if let Some(running) = &mut self.running {
            running.around.inboxes[shard].drain(&mut running.waiting[shard], Patience::None);
            let before = running.shards[shard].is_stalled();
            running.shards[shard].round(&mut running.waiting[shard]);
            self.tally.refused += u64::from(!before && running.shards[shard].is_stalled());
        }
        self.collect()
    }

    /// A slow turn comes to its end.
    fn work_aside(&mut self) {
        let lot = usize::try_from(self.random()).unwrap_or(0);
        let mut jobs = self.world.jobs.lock();
        if jobs.is_empty() {
            return;
        }
        let chosen = lot % jobs.len();
        let job = jobs.swap_remove(chosen);
        drop(jobs);
        self.tally.aside += 1;
        let shard = usize::from(job.shard());
        let worked = job.run(&*self.world);
        if let Some(running) = &mut self.running {
            running.waiting[shard].push_back(worked);
        }
    }

    fn keep(&mut self) {
        if let Some(running) = &mut self.running {
            running.around.archivist.drain(&mut running.keeping, Patience::None);
            if !running.keeping.is_empty() {
                // The disk may refuse: then they wait.
                drop(running.archivist.keep_some(&mut running.keeping));
            }
            running.archivist.sweep(&mut running.sweep);
        }
    }

    /// Takes in what was acknowledged.
    fn collect(&mut self) -> Result<(), String> {
        for planned in &mut self.planned {
            let Some(asked) = &mut planned.asked else { continue };
            match asked.try_recv() {
                Err(TryRecvError::Empty) => continue,
                Err(TryRecvError::Closed) => {}
                Ok(Ok(_) | Err(StartRefusal::Same(_))) => planned.acknowledged = true,
                // It had begun, was not acknowledged for a crash, and ended meanwhile.
                Ok(Err(StartRefusal::Exists)) => planned.acknowledged = true,
                Ok(Err(StartRefusal::Overloaded(_) | StartRefusal::Unavailable(_))) => {}
                Ok(Err(other)) => return Err(format!("{} is refused: {other}", planned.name)),
            }
            planned.asked = None;
        }
        self.collect_redrives()?;
        let mut told = self.world.told.lock();
        for (task, mut received) in std::mem::take(&mut self.answers) {
            match received.try_recv() {
                Err(TryRecvError::Empty) => self.answers.push((task, received)),
                Ok(Ok(())) => drop(told.answered.insert(task.key.clone())),
                // The worker tries again.
                Ok(Err(AnswerRefusal::Overloaded(_) | AnswerRefusal::Unavailable(_))) => {
                    told.tasks.insert(task.key.clone(), task);
                }
                Ok(Err(_)) | Err(TryRecvError::Closed) => {}
            }
        }
        match told.broken.pop() {
            Some(broken) => Err(broken),
            None => Ok(()),
        }
    }

    /// Brings everything to its end: everybody is started, every task answered.
    fn finish(&mut self) -> Result<(), String> {
        for _ in 0..4_000 {
            for index in 0..self.planned.len() {
                if !self.planned[index].acknowledged && self.planned[index].asked.is_none() {
                    self.start(index);
                }
            }
            let keys: Vec<Arc<str>> = self.world.told.lock().tasks.keys().cloned().collect();
            for key in &keys {
                self.answer(key, false);
            }
            for shard in 0..SHARDS {
                self.round(shard)?;
            }
            self.keep();
            self.work_aside();
            self.redrive_some()?;
            self.pass(100);
            let (archive, told) = (&self.archive, self.world.told.lock());
            let ended = |planned: &Planned| -> Result<bool, String> {
                if planned.machine.kind == Kind::Express {
                    return Ok(told.express.contains_key(planned.name.as_str()));
                }
                let closed = archive.execution(&arn(&planned.name)).map_err(|error| error.0)?;
                Ok(closed.is_some_and(|closed| over(&closed.execution, planned.machine)))
            };
            let mut all = true;
            for planned in &self.planned {
                all &= planned.acknowledged && ended(planned)?;
            }
            // Children of Map Runs, too.
            all &= self
                .running
                .as_ref()
                .is_some_and(|running| running.shards.iter().all(|shard| shard.open_executions() == 0));
            if all {
                return Ok(());
            }
        }
        let mut open = Vec::new();
        for index in 0..self.planned.len() {
            let events = self.history(index)?;
            let planned = &self.planned[index];
            open.push((
                planned.name.clone(),
                planned.acknowledged,
                events.and_then(|mut events| events.pop()),
            ));
        }
        let shards = self.running.iter().flat_map(|running| &running.shards);
        let left: Vec<usize> = shards.map(Shard::open_executions).collect();
        Err(format!("it does not come to an end; open: {left:?}; last events: {open:?}"))
    }
}

fn over(execution: &Execution, machine: &Machine) -> bool {
    if machine.redriven { execution.status == Status::Succeeded } else { execution.status != Status::Running }
}

/// A revision of a machine: all of them do the same.
pub(super) fn revision(machine: &Machine, update: u64) -> Revision {
    let comment = format!("{{\"Comment\":\"update {update}\",");
    Revision {
        id: format!("{}-{update}", machine.name).into(),
        definition: machine.definition.replacen('{', &comment, 1).into(),
        kind: machine.kind,
        logged: false,
    }
}

pub(super) fn arn(name: &str) -> String {
    format!("arn:aws:states:us-east-1:123456789012:execution:m:{name}")
}

pub(super) fn place(name: &str) -> usize {
    shard_of(hash(&arn(name)), SHARDS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use state_machine::interpret::TaskAnswer;
    use std::collections::BTreeSet;

    /// ARNs of the executions whose tasks wait.
    fn waiting(simulation: &Simulation) -> BTreeSet<Arc<str>> {
        let told = simulation.world.told.lock();
        told.tasks.values().map(|task| task.execution.arn.clone()).collect()
    }

    fn rounds(simulation: &mut Simulation) {
        for _ in 0..6 {
            (0..SHARDS).for_each(|shard| simulation.round(shard).unwrap());
        }
    }

    /// A Map Run of three batches, two at once, whose children wait for a task each.
    fn batches() -> Simulation {
        let settings = Settings { executions: 1, ..Settings::default() };
        let mut simulation = (0..100)
            .map(|seed| Simulation::new(seed, &settings).unwrap())
            .find(|simulation| simulation.planned[0].machine.name == "batched")
            .unwrap();
        simulation.start(0);
        rounds(&mut simulation);
        simulation
    }

    fn succeed_all(simulation: &mut Simulation) {
        let tasks = std::mem::take(&mut simulation.world.told.lock().tasks);
        let running = simulation.running.as_mut().unwrap();
        for (_, dispatch) in tasks {
            let task = running.around.tokens.open(&dispatch.task.token).unwrap();
            let (reply, _) = tokio::sync::oneshot::channel();
            let answer = TaskAnswer::Succeeded("1".into());
            let message = Message::Answer { task, answer, from: None, reply };
            running.waiting[usize::from(task.shard)].push_back(message);
        }
    }

    #[test]
    fn express_children_that_end_while_the_disk_refuses_are_not_begun_again() {
        let mut simulation = batches();
        let first = waiting(&simulation);
        assert_eq!(first.len(), 2);

        simulation.fuse.store(0, Ordering::Relaxed);
        rounds(&mut simulation);
        succeed_all(&mut simulation);
        rounds(&mut simulation);
        simulation.fuse.store(-1, Ordering::Relaxed);
        rounds(&mut simulation);
        let last = waiting(&simulation);
        assert!(last.len() == 1 && last.is_disjoint(&first), "the third batch of three");

        simulation.crash().unwrap();
        rounds(&mut simulation);
        assert_eq!(waiting(&simulation), last);
    }

    #[test]
    fn a_wake_whose_execution_cannot_be_read_comes_again() {
        let mut simulation = batches();
        let blind = |simulation: &Simulation, is_blind| {
            simulation.disks.iter().for_each(|disk| disk.is_blind.store(is_blind, Ordering::Relaxed));
        };
        let open = |simulation: &Simulation| -> usize {
            simulation.running.iter().flat_map(|running| &running.shards).map(Shard::open_executions).sum()
        };
        // The parent is in the log only.
        simulation.running.iter_mut().flat_map(|running| &mut running.shards).for_each(Shard::let_all_go);
        blind(&simulation, true);
        while !waiting(&simulation).is_empty() {
            succeed_all(&mut simulation);
            rounds(&mut simulation);
        }
        assert_eq!(open(&simulation), 1, "the run ended, and its parent cannot be told");
        blind(&simulation, false);
        simulation.pass(1_000);
        rounds(&mut simulation);
        assert_eq!(open(&simulation), 0);
    }

    const SLOW: Machine = Machine {
        name: "slow",
        definition: r#"{"QueryLanguage":"JSONata","StartAt":"T","States":{"T":{"Type":"Task","End":true,
            "Output":"{% [$states.result] %}","Resource":"arn:aws:states:us-east-1:123456789012:activity:work"}}}"#,
        input: "{}",
        steady: false,
        redriven: false,
        kind: Kind::Standard,
    };

    /// A machine that waits for a task whose output will be taken for slow or not, by the seed.
    fn waits_for_a_task(seed: u64) -> Simulation {
        let mut simulation =
            Simulation::new(seed, &Settings { executions: 1, ..Settings::default() }).unwrap();
        simulation.planned[0].machine = &SLOW;
        simulation.start(0);
        rounds(&mut simulation);
        simulation
    }

    /// Answers the same task many times, with a long text; tells what becomes of the answers.
    fn answers(simulation: &mut Simulation, times: usize) -> Vec<Receiver<Result<(), AnswerRefusal>>> {
        let task = simulation.world.told.lock().tasks.values().next().unwrap().task.token.clone();
        let running = simulation.running.as_mut().unwrap();
        let task = running.around.tokens.open(&task).unwrap();
        let output: Arc<str> = format!("\"{}\"", "x".repeat(200_000)).into();
        let mut received = Vec::new();
        for _ in 0..times {
            let (reply, answer) = tokio::sync::oneshot::channel();
            received.push(answer);
            let answer = TaskAnswer::Succeeded(output.clone());
            let message = Message::Answer { task, answer, from: None, reply };
            running.waiting[usize::from(task.shard)].push_back(message);
        }
        received
    }

    #[test]
    fn an_answer_beside_a_stop_that_the_disk_refuses_is_not_missed() {
        let mut refused = 0;
        for steps in 0..12 {
            let mut simulation = waits_for_a_task(0);
            let (reply, mut stopped) = tokio::sync::oneshot::channel();
            let arn: Arc<str> = arn(&simulation.planned[0].name).into();
            let shard = crate::engine::shard_of(crate::engine::hash(&arn), SHARDS);
            let stop = Message::Stop { arn, failure: state_machine::history::Failure::default(), reply };
            simulation.running.as_mut().unwrap().waiting[shard].push_back(stop);
            let mut answered = answers(&mut simulation, 1).remove(0);
            simulation.fuse.store(steps, Ordering::Relaxed);
            rounds(&mut simulation);
            simulation.fuse.store(-1, Ordering::Relaxed);
            for _ in 0..3 {
                rounds(&mut simulation);
                simulation.work_aside();
            }
            let is_over = matches!(answered.try_recv(), Ok(Err(AnswerRefusal::Over)));
            let is_stopped = matches!(stopped.try_recv(), Ok(Ok(_)));
            assert_eq!(is_over, is_stopped, "with {steps} steps of the disk");
            refused += usize::from(!is_stopped);
        }
        assert!(refused > 0);
    }

    #[test]
    fn answers_that_wait_for_slow_expressions_are_bounded() {
        let mut simulation = (0..100)
            .map(waits_for_a_task)
            .find_map(|mut simulation| {
                drop(answers(&mut simulation, 1));
                rounds(&mut simulation);
                // It is away, and stays so.
                let is_slow = !simulation.world.jobs.lock().is_empty();
                is_slow.then_some(simulation)
            })
            .unwrap();
        let mut received = answers(&mut simulation, 400);
        (0..100).for_each(|_| rounds(&mut simulation));
        let mut refused = 0;
        for answer in &mut received {
            match answer.try_recv() {
                Err(TryRecvError::Empty) => {}
                Ok(Err(AnswerRefusal::Overloaded(_))) => refused += 1,
                other => panic!("{other:?}"),
            }
        }
        // 32 MiB of them wait.
        assert_eq!(refused, 400 - 168);
        simulation.work_aside();
        (0..100).for_each(|_| rounds(&mut simulation));
        let over = |answer: &mut Receiver<_>| matches!(answer.try_recv(), Ok(Err(AnswerRefusal::Over)));
        let told = received.iter_mut().map(over).filter(|over| *over).count();
        assert_eq!(told, 168, "the first one ended it");
    }
}
