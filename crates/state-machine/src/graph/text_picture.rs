//! The picture in characters, for terminals.

use super::{Colours, Line, Machine, Place, Reason, Shape, Status};
use std::fmt::Write as _;

const UP: u8 = 1;
const DOWN: u8 = 2;
const LEFT: u8 = 4;
const RIGHT: u8 = 8;

/// Largest picture, in characters.
const MOST_CELLS: usize = 4_000_000;

/// The picture of a machine laid out with [`super::Measures::TEXT`]. `colours` marks the states of an execution
/// (`▶` running, `✓` succeeded, `!` caught, `✗` failed, `■` aborted) and adds the timeline. Lines of catchers are dotted.
///
/// `None` when the picture is larger than four million characters.
pub fn text(machine: &Machine, colours: Option<&Colours>) -> Option<String> {
    let (width, height) =
        (usize::try_from(machine.width).ok()? + 1, usize::try_from(machine.height).ok()? + 1);
    if width.checked_mul(height)? > MOST_CELLS {
        return None;
    }
    let mut canvas = Canvas { width, cells: vec![Cell::Empty; width * height] };
    draw(&mut canvas, machine, colours);
    let mut out = canvas.text();
    if let Some(colours) = colours {
        timeline(&mut out, colours);
    }
    Some(out)
}

#[derive(Clone, Copy)]
enum Cell {
    Empty,
    /// Directions a line leaves to, and whether all of it is dotted.
    Line(u8, bool),
    Letter(char),
}

struct Canvas {
    width: usize,
    cells: Vec<Cell>,
}

impl Canvas {
    fn cell(&mut self, x: i32, y: i32) -> Option<&mut Cell> {
        let (x, y) = (usize::try_from(x).ok()?, usize::try_from(y).ok()?);
        self.cells.get_mut(y * self.width + x).filter(|_| x < self.width)
    }

    fn put(&mut self, x: i32, y: i32, letter: char) {
        if let Some(cell) = self.cell(x, y) {
            *cell = Cell::Letter(letter);
        }
    }

    fn write(&mut self, x: i32, y: i32, text: &str) {
        for (x, letter) in (x..).zip(text.chars()) {
            self.put(x, y, if letter.is_control() { ' ' } else { letter });
        }
    }

    fn line(&mut self, x: i32, y: i32, bits: u8, dotted: bool) {
        match self.cell(x, y) {
            Some(Cell::Line(there, there_dotted)) => {
                *there |= bits;
                *there_dotted &= dotted;
            }
            Some(cell @ Cell::Empty) => *cell = Cell::Line(bits, dotted),
            _ => {}
        }
    }

    fn text(&self) -> String {
        let mut out = String::new();
        for row in self.cells.chunks(self.width) {
            let line: String = row.iter().map(|cell| cell.letter()).collect();
            out.push_str(line.trim_end());
            out.push('\n');
        }
        while out.ends_with("\n\n") {
            out.pop();
        }
        out
    }
}

impl Cell {
    fn letter(self) -> char {
        match self {
            Cell::Empty => ' ',
            Cell::Letter(letter) => letter,
            Cell::Line(bits, dotted) => match bits {
                bits if bits & (LEFT | RIGHT) == 0 => {
                    if dotted {
                        '┆'
                    } else {
                        '│'
                    }
                }
                bits if bits & (UP | DOWN) == 0 => {
                    if dotted {
                        '┄'
                    } else {
                        '─'
                    }
                }
                bits if bits == UP | RIGHT => '└',
                bits if bits == UP | LEFT => '┘',
                bits if bits == DOWN | RIGHT => '┌',
                bits if bits == DOWN | LEFT => '┐',
                bits if bits == UP | DOWN | RIGHT => '├',
                bits if bits == UP | DOWN | LEFT => '┤',
                bits if bits == UP | LEFT | RIGHT => '┴',
                bits if bits == DOWN | LEFT | RIGHT => '┬',
                _ => '┼',
            },
        }
    }
}

fn draw(canvas: &mut Canvas, machine: &Machine, colours: Option<&Colours>) {
    for place in &machine.places {
        draw_place(canvas, place, colours);
    }
    for line in &machine.lines {
        draw_line(canvas, line);
    }
    // Heads last, so that no other line runs over them.
    for line in &machine.lines {
        if let [.., (_, before), (x, y)] = line.points[..] {
            if before < y || (before == y && goes_down(line)) {
                canvas.put(x, y - 1, '▼');
            } else {
                canvas.put(x, y, '▲');
            }
        }
    }
}

fn goes_down(line: &Line) -> bool {
    line.points.first().map(|point| point.1) < line.points.last().map(|point| point.1)
}

fn draw_place(canvas: &mut Canvas, place: &Place, colours: Option<&Colours>) {
    let (right, bottom) = (place.x + place.width - 1, place.y + place.height - 1);
    let corners =
        if place.shape == Shape::State { ['┌', '┐', '└', '┘'] } else { ['╭', '╮', '╰', '╯'] };
    for x in place.x + 1..right {
        canvas.put(x, place.y, '─');
        canvas.put(x, bottom, '─');
    }
    for y in place.y + 1..bottom {
        canvas.put(place.x, y, '│');
        canvas.put(right, y, '│');
    }
    for (corner, (x, y)) in
        corners.into_iter().zip([(place.x, place.y), (right, place.y), (place.x, bottom), (right, bottom)])
    {
        canvas.put(x, y, corner);
    }
    let status =
        colours.and_then(|colours| colours.states.get(&place.name)).filter(|_| place.shape == Shape::State);
    let mark = status.map_or(' ', |status| symbol(*status));
    if place.inner.is_empty() {
        let label = if place.shape == Shape::State { &place.name } else { &place.kind };
        canvas.write(place.x + 2, place.y + 1, label);
        canvas.put(right - 1, place.y + 1, mark);
        return;
    }
    canvas.write(place.x + 1, place.y, &format!(" {} {} ", place.name, place.kind));
    if status.is_some() {
        canvas.put(right - 1, place.y, mark);
    }
    for machine in &place.inner {
        draw(canvas, machine, colours);
    }
}

/// Down, across in the row above the next layer, and down.
fn draw_line(canvas: &mut Canvas, line: &Line) {
    let dotted = line.reason == Reason::Catch;
    for pair in line.points.windows(2) {
        let mut ends = [pair[0], pair[1]];
        ends.sort_by_key(|point| point.1);
        let [(from, top), (to, bottom)] = ends;
        let turn = if from == to { bottom } else { bottom - 2 };
        for y in top..turn {
            canvas.line(from, y, UP | DOWN, dotted);
        }
        if from == to {
            continue;
        }
        let (first, last) = if from < to { (RIGHT, LEFT) } else { (LEFT, RIGHT) };
        canvas.line(from, turn, UP | first, dotted);
        for x in from.min(to) + 1..from.max(to) {
            canvas.line(x, turn, LEFT | RIGHT, dotted);
        }
        canvas.line(to, turn, DOWN | last, dotted);
        for y in turn + 1..bottom {
            canvas.line(to, y, UP | DOWN, dotted);
        }
    }
}

fn symbol(status: Status) -> char {
    match status {
        Status::Running => '▶',
        Status::Succeeded => '✓',
        Status::Caught => '!',
        Status::Failed => '✗',
        Status::Aborted => '■',
    }
}

fn timeline(out: &mut String, colours: &Colours) {
    let begin = colours.timeline.iter().map(|visit| visit.from).min().unwrap_or(0);
    out.push('\n');
    for visit in &colours.timeline {
        let took = visit.to.map_or_else(|| "…".to_owned(), |to| format!("{} ms", to - visit.from));
        let _ =
            writeln!(out, "{:>8} ms  {} {}  {took}", visit.from - begin, symbol(visit.status), visit.state);
    }
}
