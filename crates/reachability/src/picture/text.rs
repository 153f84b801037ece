//! The path as lines of text.

use super::{kind, verdict};
use crate::judgement::{Judgement, Outcome};
use std::fmt::Write as _;

/// The path as text, one component per line, first to last: `✓` passed, `✗` refused, and `▸` before the one that
/// decided. Under the path stand the other filters that would refuse the packet as well.
pub fn render_text(judgement: &Judgement) -> String {
    let mut text = String::new();
    let last = judgement.path.len();
    for (i, step) in judgement.path.iter().enumerate() {
        let marker = if i + 1 == last { '▸' } else { ' ' };
        let outcome = if step.outcome == Outcome::Passed { '✓' } else { '✗' };
        let direction = step.direction.map_or("", |d| d.as_str());
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{marker} {:>2} {outcome} {:<19} {:<7} {:<24} {}",
            step.sequence,
            kind(step.component.kind),
            direction,
            step.component.id,
            step.why
        );
        if step.inbound != step.outbound {
            let _ = writeln!(text, "       {} becomes {}", step.inbound, step.outbound);
        }
    }
    let _ = writeln!(text, "= {}", verdict(judgement));
    for step in judgement.objections.iter().skip(1) {
        let direction = step.direction.map_or("", |d| d.as_str());
        let _ = writeln!(
            text,
            "  also {} {} {direction}: {}",
            kind(step.component.kind),
            step.component.id,
            step.why
        );
    }
    text
}
