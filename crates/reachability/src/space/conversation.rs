//! Whether any packet of a set arrives and is answered: a witness, or the proof that there is none.

use super::search::{MAX_CELLS, Way, first_boxes, split};
use super::{Query, Seen, SpaceError};
use crate::index::Index;
use crate::judgement::{Judgement, Verdict};
use crate::packet::Packet;
use crate::round_trip::RoundTrip;

/// The answer to a question about conversations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationSpace {
    /// A packet whose conversation is wanted; `None` is the proof that there is none.
    pub witness: Option<(Packet, RoundTrip)>,
    /// Without a witness, the packet that came furthest: the best explanation of what is in the way.
    pub nearest: Option<(Packet, RoundTrip)>,
    /// Boxes looked at.
    pub examined: usize,
}

/// Searches the packets that a question leaves open for one whose conversation, through appliances too, is what the caller
/// wants: as a rule one that [works](RoundTrip::works) and ends at the right place. `accept` decides that. It may look at
/// verdicts, places and components, but not at headers, which stand for many. [`Query::to`] only says which destination
/// addresses are meant while [`Query::destination`] is open.
///
/// # Errors
/// As [`super::header_space`].
pub fn conversation_space(
    index: &Index<'_>,
    query: &Query,
    accept: impl Fn(&RoundTrip) -> bool,
) -> Result<ConversationSpace, SpaceError> {
    let mut stack = first_boxes(index, query)?;
    let mut space = ConversationSpace { witness: None, nearest: None, examined: 0 };
    let mut furthest = 0;
    while let Some(open) = stack.pop() {
        if space.examined >= MAX_CELLS {
            return Err(SpaceError::TooManyCells { limit: MAX_CELLS });
        }
        space.examined += 1;
        let packet = open.packet(query);
        let trip = index.round_trip(&packet);
        if seen_as_asked(&trip, query) && accept(&trip) {
            space.witness = Some((packet, trip));
            space.nearest = None;
            return Ok(space);
        }
        let steps = |legs: &[Judgement]| legs.iter().map(|leg| leg.path.len()).sum::<usize>();
        let far = steps(&trip.forward) + steps(&trip.back);
        let way = Way {
            there: trip.forward.iter().flat_map(|leg| &leg.path).collect(),
            back: trip.back.iter().flat_map(|leg| &leg.path).collect(),
        };
        split(index, query, &open, packet.header, &way, &mut stack);
        if far > furthest {
            furthest = far;
            space.nearest = Some((packet, trip));
        }
    }
    Ok(space)
}

/// Whether the packet looks where it arrives as the question wants.
fn seen_as_asked(trip: &RoundTrip, query: &Query) -> bool {
    match trip.forward.last().map(|leg| &leg.verdict) {
        Some(Verdict::Delivered { as_seen, .. }) => query.seen.admits(*as_seen),
        _ => query.seen == Seen::default(),
    }
}
