//! The path as a drawing.

use super::{kind, verdict};
use crate::judgement::{Judgement, Outcome, Step};
use std::fmt::Write as _;

const BOX_WIDTH: usize = 236;
const BOX_HEIGHT: usize = 92;
const GAP: usize = 34;
const MARGIN: usize = 16;
/// Characters that fit into a box in the system's sans-serif font.
const FITS: usize = 34;

/// The path as SVG, left to right, one box per component, the deciding one with a thick border.
///
/// Element ids are stable: `step-N` for the N-th component, `arrow-N` before it, `deciding` for the mark and `verdict`
/// for the line below. Fonts are the viewer's own, and nothing is loaded from anywhere.
pub fn render_svg(judgement: &Judgement) -> String {
    let count = judgement.path.len();
    let width = (2 * MARGIN + count * (BOX_WIDTH + GAP)).max(480);
    let height = 2 * MARGIN + BOX_HEIGHT + 40;
    // Writing to a String cannot fail.
    let mut svg = String::new();
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" font-family=\"sans-serif\" font-size=\"12\">"
    );
    let _ = writeln!(svg, "<title>{}</title>", escape(&verdict(judgement)));
    for (i, step) in judgement.path.iter().enumerate() {
        let x = MARGIN + i * (BOX_WIDTH + GAP);
        draw_step(&mut svg, step, x, i + 1, i + 1 == count);
    }
    let y = MARGIN + BOX_HEIGHT + 30;
    let _ =
        writeln!(svg, "<text id=\"verdict\" x=\"{MARGIN}\" y=\"{y}\">{}</text>", escape(&verdict(judgement)));
    svg.push_str("</svg>\n");
    svg
}

fn draw_step(svg: &mut String, step: &Step, x: usize, number: usize, deciding: bool) {
    let colour = if step.outcome == Outcome::Passed { "#2e7d32" } else { "#c62828" };
    let stroke = if deciding { 4 } else { 1 };
    if number > 1 {
        let (from, to, y) = (x - GAP, x, MARGIN + BOX_HEIGHT / 2);
        let _ = writeln!(
            svg,
            "<path id=\"arrow-{number}\" d=\"M{from} {y}H{to}m-7 -4l7 4l-7 4\" fill=\"none\" stroke=\"#555\"/>"
        );
    }
    let _ = writeln!(svg, "<g id=\"step-{number}\">");
    let _ = writeln!(svg, "<title>{}</title>", escape(&step.why));
    let _ = writeln!(
        svg,
        "<rect x=\"{x}\" y=\"{MARGIN}\" width=\"{BOX_WIDTH}\" height=\"{BOX_HEIGHT}\" rx=\"6\" fill=\"#fff\" \
         stroke=\"{colour}\" stroke-width=\"{stroke}\"/>"
    );
    let heading = match step.direction {
        Some(direction) => format!("{} ({})", kind(step.component.kind), direction.as_str()),
        None => kind(step.component.kind).to_owned(),
    };
    let code = step.code.map_or(String::new(), |c| c.as_str().to_owned());
    let lines = [heading, step.component.id.to_string(), step.why.clone(), code];
    for (i, line) in lines.iter().enumerate() {
        let (tx, ty) = (x + 8, MARGIN + 20 + i * 20);
        let weight = if i == 0 { " font-weight=\"bold\"" } else { "" };
        let _ = writeln!(svg, "<text x=\"{tx}\" y=\"{ty}\"{weight}>{}</text>", escape(&shorten(line)));
    }
    if deciding {
        let (cx, cy) = (x + BOX_WIDTH - 12, MARGIN + 14);
        let _ = writeln!(svg, "<circle id=\"deciding\" cx=\"{cx}\" cy=\"{cy}\" r=\"5\" fill=\"{colour}\"/>");
    }
    svg.push_str("</g>\n");
}

/// As much of a line as fits; the whole stands in the box's title.
fn shorten(line: &str) -> String {
    if line.chars().count() <= FITS {
        line.to_owned()
    } else {
        line.chars().take(FITS - 1).chain(['…']).collect()
    }
}

/// Text for XML; ids are the caller's and may hold anything.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // XML 1.0 has no way to write most control characters.
            c if c.is_control() => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}
