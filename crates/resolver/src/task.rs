//! The way of a question that has to wait: step by step along its aliases, each step answered by whoever knows.

use crate::dns64;
use crate::engine::{Engine, View, Waiting};
use crate::facts::Facts;
use crate::service::VpcKey;
use crate::wire::answer::{Answer, Rcode};
use crate::wire::name::Name;
use crate::wire::record::{Kind, Record};
use std::sync::Arc;
use tokio::time::Instant;

/// Aliases followed for one question; more is a loop or as bad as one.
pub(crate) const MAX_ALIASES: usize = 16;

/// Finds the answer.
pub(crate) async fn resolve(engine: &Arc<Engine>, view: &View, waiting: &Waiting) -> Answer {
    let way = Way { engine, key: &view.key, facts: &waiting.facts };
    let answer = if waiting.dns64 {
        dns64::resolve(&way, &waiting.name).await
    } else {
        way.follow(&waiting.name, waiting.kind).await
    };
    if answer.rcode == Rcode::ServFail {
        view.counters.failed.add();
    }
    answer
}

/// From where a question is looked at.
#[derive(Clone, Copy)]
pub(crate) struct Way<'a> {
    engine: &'a Arc<Engine>,
    key: &'a VpcKey,
    facts: &'a Facts,
}

impl Way<'_> {
    /// The answer with the whole chain of aliases.
    pub(crate) async fn follow(&self, name: &Name, kind: Kind) -> Answer {
        let mut whole: Option<Answer> = None;
        let mut at = name.clone();
        loop {
            let mut part = match self.engine.own(self.key, self.facts, at.as_wire(), kind) {
                Some(answer) => answer,
                None => self.ask_upstream(&at, kind).await,
            };
            let next = self
                .turn_home(&mut part, &at)
                .or_else(|| part.leads_on(at.as_wire(), kind).then(|| part.end_of_chain(&at)));
            let mut so_far = whole.take().unwrap_or_else(|| Answer {
                authoritative: part.authoritative,
                ..Answer::failure(Rcode::NoError)
            });
            so_far.records.append(&mut part.records);
            let aliases = so_far.records.iter().filter(|record| record.kind == Kind::CNAME).count();
            let Some(next) = next else {
                so_far.rcode = part.rcode;
                so_far.soa = part.soa;
                return so_far;
            };
            if aliases > MAX_ALIASES || next == at {
                return Answer::failure(Rcode::ServFail);
            }
            at = next;
            whole = Some(so_far);
        }
    }

    /// Upstream's answer with times that have gone on since it came.
    async fn ask_upstream(&self, name: &Name, kind: Kind) -> Answer {
        let entry = self.engine.upstream.ask(&self.engine.cache, name, kind).await;
        let mut answer = entry.answer.clone();
        let age = u32::try_from(entry.age(Instant::now()).as_secs()).unwrap_or(u32::MAX);
        for record in answer.records.iter_mut().chain(&mut answer.soa) {
            record.ttl = record.ttl.saturating_sub(age);
        }
        answer
    }

    /// Cuts a chain from upstream at the first alias that points at a name of our own, and returns that name.
    fn turn_home(&self, part: &mut Answer, start: &Name) -> Option<Name> {
        if part.authoritative {
            return None;
        }
        let mut at = start.clone();
        for seen in 0..part.records.len() {
            let target = part.records.get(seen).filter(|r| r.name == at).and_then(Record::alias_target)?;
            if self.engine.own(self.key, self.facts, target.as_wire(), Kind::A).is_some() {
                part.records.truncate(seen + 1);
                part.rcode = Rcode::NoError;
                part.soa = None;
                return Some(target);
            }
            at = target;
        }
        None
    }
}
