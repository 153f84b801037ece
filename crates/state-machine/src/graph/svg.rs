//! The picture as SVG.

use super::{Colours, Line, Machine, Place, Reason, Shape};
use std::fmt::Write as _;

const MARGIN: i32 = 16;
/// Height of one line of the timeline.
const ROW: i32 = 22;
/// Most lines of the timeline; a Map of thousands has more than a picture bears.
const MOST_ROWS: usize = 200;
/// Width of the names in the timeline.
const NAMES: i32 = 180;

/// Every rule is below the class of the picture, so that a page around it keeps its own looks.
const STYLE: &str = "\
.asl .state>rect,.asl .end{fill:#fff;stroke:#546e7a}.asl .kind{fill:#78909c;font-size:10px}\
.asl .line{fill:none;stroke:#78909c}.asl .catch{stroke-dasharray:5 4}.asl .choice,.asl .default{stroke:#5e35b1}\
.asl text{fill:#263238}.asl .running>rect{fill:#e3f2fd;stroke:#1565c0;stroke-width:2}\
.asl .succeeded>rect{fill:#e8f5e9;stroke:#2e7d32}.asl .caught>rect{fill:#fff3e0;stroke:#ef6c00}\
.asl .failed>rect{fill:#ffebee;stroke:#c62828;stroke-width:2}.asl .aborted>rect{fill:#eceff1;stroke:#455a64}";

/// The picture. `colours` fills the states of an execution and adds its timeline below.
///
/// Ids are stable: `state-NAME` for each state, with blanks and quotes of the name as `%20` and the like; classes are
/// `state` and the status (`running`, `succeeded`, `caught`, `failed`, `aborted`), for lines `line` and `next`, `choice`,
/// `default` or `catch`. Fonts are the viewer's own, and nothing is loaded from anywhere.
pub fn svg(machine: &Machine, colours: Option<&Colours>) -> String {
    let timeline = colours.map(|colours| &colours.timeline[..]).unwrap_or_default();
    let rows = timeline.len().min(MOST_ROWS);
    let rows = i32::try_from(rows).unwrap_or(i32::MAX);
    let width = (machine.width + 2 * MARGIN).max(if rows > 0 { NAMES + 420 } else { 0 });
    let height = machine.height + 2 * MARGIN + if rows > 0 { rows * ROW + 2 * MARGIN } else { 0 };
    let mut out = String::new();
    // Writing to a text cannot fail.
    let _ = writeln!(
        out,
        "<svg class=\"asl\" xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\" font-family=\"sans-serif\" font-size=\"13\">\n<title>State machine</title>\n<style>{STYLE}</style>\n\
         <defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
         orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#78909c\"/></marker></defs>\n\
         <g transform=\"translate({MARGIN} {MARGIN})\">"
    );
    draw(&mut out, machine, colours);
    out.push_str("</g>\n");
    if rows > 0 {
        draw_timeline(&mut out, timeline, machine.height + 3 * MARGIN, width);
    }
    out.push_str("</svg>\n");
    out
}

fn draw(out: &mut String, machine: &Machine, colours: Option<&Colours>) {
    for place in &machine.places {
        draw_place(out, place, colours);
    }
    for line in &machine.lines {
        draw_line(out, line, machine);
    }
}

fn draw_place(out: &mut String, place: &Place, colours: Option<&Colours>) {
    let Place { x, y, width, height, .. } = *place;
    let middle = x + width / 2;
    if place.shape != Shape::State {
        let _ = writeln!(
            out,
            "<rect class=\"end\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{}\"/>\
             <text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            height / 2,
            y + height / 2 + 5,
            place.kind
        );
        return;
    }
    let status = colours.and_then(|colours| colours.states.get(&place.name));
    let class = status.map_or(String::new(), |status| format!(" {}", status.name()));
    let (name, kind) = (escape(&place.name), escape(&place.kind));
    let _ = writeln!(
        out,
        "<g id=\"state-{}\" class=\"state{class}\"><title>{name} ({kind})</title>\
         <rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>",
        escape(&id(&place.name))
    );
    if place.inner.is_empty() {
        let _ = writeln!(
            out,
            "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{name}</text>\
             <text class=\"kind\" x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{kind}</text></g>",
            y + height / 2,
            y + height / 2 + 13
        );
        return;
    }
    let _ = writeln!(
        out,
        "<text x=\"{}\" y=\"{}\">{name} <tspan class=\"kind\">{kind}</tspan></text></g>",
        x + 12,
        y + 18
    );
    for machine in &place.inner {
        draw(out, machine, colours);
    }
}

/// Straight where it is straight, else a curve that leaves and arrives upright.
fn draw_line(out: &mut String, line: &Line, machine: &Machine) {
    let mut path = String::new();
    let mut before: Option<(i32, i32)> = None;
    for (x, y) in line.points.iter().copied() {
        let _ = match before {
            None => write!(path, "M{x} {y}"),
            Some(at) if at == (x, y) => Ok(()),
            Some((from, _)) if from == x => write!(path, "L{x} {y}"),
            Some((from, top)) => {
                let middle = i32::midpoint(top, y);
                write!(path, "C{from} {middle} {x} {middle} {x} {y}")
            }
        };
        before = Some((x, y));
    }
    let class = match line.reason {
        Reason::Next => "next",
        Reason::Choice => "choice",
        Reason::Default => "default",
        Reason::Catch => "catch",
    };
    let name = |place: usize| {
        let place = &machine.places[place];
        escape(if place.shape == Shape::State { &place.name } else { &place.kind })
    };
    let _ = writeln!(
        out,
        "<path class=\"line {class}\" d=\"{path}\" marker-end=\"url(#arrow)\"><title>{} → {}</title></path>",
        name(line.from),
        name(line.to)
    );
}

fn draw_timeline(out: &mut String, timeline: &[super::Visit], top: i32, width: i32) {
    let shown = &timeline[..timeline.len().min(MOST_ROWS)];
    let begin = shown.iter().map(|visit| visit.from).min().unwrap_or(0);
    let last = shown.iter().map(|visit| visit.to.unwrap_or(visit.from)).max().unwrap_or(begin);
    let span = (last - begin).max(1);
    let room = i64::from(width - NAMES - 2 * MARGIN - 90);
    let at = |time: i64| NAMES + MARGIN + i32::try_from((time - begin) * room / span).unwrap_or(0);
    out.push_str("<g id=\"timeline\">\n");
    for (index, visit) in (0..).zip(shown) {
        let y = top + index * ROW;
        // What lasts reaches to the right edge of the picture.
        let end = visit.to.unwrap_or(last);
        let (from, to) = (at(visit.from), at(end));
        let _ = writeln!(
            out,
            "<g class=\"{}\"><text x=\"{MARGIN}\" y=\"{}\">{}</text><rect x=\"{from}\" y=\"{y}\" width=\"{}\" \
             height=\"14\" rx=\"2\"/><text x=\"{}\" y=\"{}\" font-size=\"10\">{} ms</text></g>",
            visit.status.name(),
            y + 12,
            escape(&shortened(&visit.state)),
            (to - from).max(2),
            to.max(from + 2) + 6,
            y + 11,
            end - visit.from
        );
    }
    out.push_str("</g>\n");
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= 24 { name.to_owned() } else { name.chars().take(23).chain(['…']).collect() }
}

/// A name as an id: no blanks, no quotes.
fn id(name: &str) -> String {
    let mut id = String::with_capacity(name.len());
    for letter in name.chars() {
        if letter.is_whitespace() || letter.is_control() || matches!(letter, '"' | '\'' | '%') {
            let mut bytes = [0; 4];
            for byte in letter.encode_utf8(&mut bytes).bytes() {
                let _ = write!(id, "%{byte:02X}");
            }
        } else {
            id.push(letter);
        }
    }
    id
}

/// Text in XML; what XML cannot hold at all is left out.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => {}
            letter => escaped.push(letter),
        }
    }
    escaped
}
