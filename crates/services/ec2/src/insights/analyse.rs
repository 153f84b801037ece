//! The search for a packet of a path that arrives and is answered.

use super::answer::{Answer, components, ends_at, up_to};
use super::question::{Goal, NoQuestion, Question, questions};
use super::topology::{self, Network};
use reachability::{
    ComponentKind, Index, Judgement, Outcome, RoundTrip, SpaceError, Verdict, conversation_space,
};
use records::{InsightsAnalysis, InsightsPath};
use state_store::typed::{Scope, Store};

/// Why an analysis failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The path stands for too much.
    #[error("{0}")]
    Question(#[from] NoQuestion),
    /// The network has too many rules for the question.
    #[error("{0}")]
    Space(#[from] SpaceError),
}

/// Codes of refusals that are no component's (Reachability Analyzer guide, "Explanation codes").
const NO_ENDS: &str = "NO_SOURCE_OR_DESTINATION";
const NO_PATH: &str = "NO_PATH";
const FILTERED: &str = "COMPONENT_FILTER_RESTRICTION";

/// Answers a path on the network as it is now. It takes as long as the rules are many: not for an executor's threads.
///
/// # Errors
/// When the path or the rules are too many to be searched.
pub(super) fn analyse(
    store: &Store,
    scope: &Scope,
    path: &InsightsPath,
    analysis: &InsightsAnalysis,
) -> Result<Answer, Failure> {
    let network = topology::read(store, scope);
    let mut answer = match questions(&network, path) {
        Ok(questions) => search(&network, &questions, &Demands::of(analysis))?,
        Err(NoQuestion::NoEnd) => Answer::nothing(NO_ENDS),
        Err(error @ NoQuestion::TooMany) => return Err(error.into()),
    };
    answer.complete(&network, path);
    Ok(answer)
}

/// What the caller demands of the path's components: ids out of ARNs.
struct Demands {
    pass: Vec<String>,
    avoid: Vec<String>,
}

impl Demands {
    fn of(analysis: &InsightsAnalysis) -> Demands {
        let ids = |arns: &[String]| {
            arns.iter().map(|arn| arn.rsplit(['/', ':']).next().unwrap_or_default().to_owned()).collect()
        };
        Demands { pass: ids(&analysis.filter_in), avoid: ids(&analysis.filter_out) }
    }
}

/// How a conversation falls short.
enum Short {
    /// It does not.
    Not,
    /// The packet does not arrive.
    There,
    /// It arrives somewhere else.
    Elsewhere,
    /// It misses a component it should pass, or passes one it should not.
    Components,
    /// The answer does not come back.
    Back,
}

fn search(network: &Network, questions: &[Question], demands: &Demands) -> Result<Answer, Failure> {
    let index = Index::new(&network.topology);
    let mut nearest: Option<(usize, Answer)> = None;
    for question in questions {
        let accept = |trip: &RoundTrip| matches!(judge(network, question, demands, trip), Short::Not);
        let mut space = conversation_space(&index, &question.query, accept)?;
        if let Some((_, trip)) = space.witness {
            return Ok(found(question, &trip));
        }
        if let Some(typical) = question.typical() {
            space.nearest = conversation_space(&index, &typical, accept)?.nearest.or(space.nearest);
        }
        let Some((_, trip)) = space.nearest else { continue };
        let answer = refused(judge(network, question, demands, &trip), &trip);
        let far = answer.forward.len() + answer.back.len();
        if nearest.as_ref().is_none_or(|(best, _)| far > *best) {
            nearest = Some((far, answer));
        }
    }
    Ok(nearest.map_or_else(|| Answer::nothing(NO_PATH), |(_, answer)| answer))
}

/// Whether a conversation is what the question wants.
fn judge(network: &Network, question: &Question, demands: &Demands, trip: &RoundTrip) -> Short {
    let Some(last) = trip.forward.last() else { return Short::There };
    let arrived = match &question.goal {
        Goal::Place(place) => ends_at(last, place),
        Goal::Anywhere => last.verdict.is_delivered(),
        Goal::Peering => question.via.iter().any(|id| passes(network, &trip.forward, id)),
    };
    if !arrived {
        return if last.verdict.is_delivered() { Short::Elsewhere } else { Short::There };
    }
    let pass = question.via.iter().map(|id| &**id).chain(demands.pass.iter().map(String::as_str));
    if !pass.into_iter().all(|id| passes(network, &trip.forward, id))
        || demands.avoid.iter().any(|id| passes(network, &trip.forward, id))
    {
        return Short::Components;
    }
    // What is behind a peering connection is the other side's business.
    if trip.works || matches!(question.goal, Goal::Peering) { Short::Not } else { Short::Back }
}

/// Whether a component is passed, or the instance behind an interface.
fn passes(network: &Network, legs: &[Judgement], id: &str) -> bool {
    let behind = |interface: &str| {
        let known = network.topology.network_interfaces.iter().find(|i| *i.id == *interface);
        known.and_then(|i| i.instance.as_deref()) == Some(id)
    };
    legs.iter().flat_map(|leg| &leg.path).filter(|step| step.outcome == Outcome::Passed).any(|step| {
        *step.component.id == *id
            || (step.component.kind == ComponentKind::NetworkInterface && behind(&step.component.id))
    })
}

fn found(question: &Question, trip: &RoundTrip) -> Answer {
    let mut answer = Answer {
        found: true,
        forward: components(&trip.forward),
        back: components(&trip.back),
        warning: appliances(&trip.forward),
        ..Answer::default()
    };
    if let (Goal::Peering, Some(id)) = (&question.goal, question.via.first()) {
        answer.forward = up_to(answer.forward, id);
        answer.back.clear();
    }
    answer
}

fn refused(short: Short, trip: &RoundTrip) -> Answer {
    let mut answer = Answer {
        forward: components(&trip.forward),
        warning: appliances(&trip.forward),
        ..Answer::default()
    };
    match short {
        Short::There => answer.refusals = refusals(trip.forward.last()),
        Short::Components => answer.code = Some(FILTERED.to_owned()),
        Short::Elsewhere => {}
        Short::Back | Short::Not => {
            answer.back = components(&trip.back);
            answer.refusals = refusals(trip.back.last());
        }
    }
    if answer.refusals.is_empty() && answer.code.is_none() {
        answer.code = Some(NO_PATH.to_owned());
    }
    answer
}

fn refusals(leg: Option<&Judgement>) -> Vec<reachability::Step> {
    leg.map(|leg| leg.objections.clone()).unwrap_or_default()
}

/// A warning when the path leads through machines: what they do with packets nobody can know.
fn appliances(legs: &[Judgement]) -> Option<String> {
    let through: Vec<&str> = legs
        .iter()
        .filter_map(|leg| match &leg.verdict {
            Verdict::DeliveredToAppliance { interface, .. } => Some(&**interface),
            _ => None,
        })
        .collect();
    (!through.is_empty()).then(|| {
        format!(
            "The path leads through {}, which is assumed to send on unchanged what it receives.",
            through.join(", ")
        )
    })
}
