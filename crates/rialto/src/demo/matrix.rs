//! What crossed, as a matrix: rows by ways, in 120 columns.

use std::fmt::Write as _;

use rialto_testkit::{
    Side,
    story::{Cell, Outcome},
};

/// Letters of the longest row's name.
const NAME: usize = 34;

fn initial(side: Side) -> char {
    side.name().chars().next().unwrap_or_default()
}

/// All ways, by where they begin.
fn ways() -> impl Iterator<Item = (Side, Side)> {
    let to = |from| Side::ALL.into_iter().filter(move |to| *to != from).map(move |to| (from, to));
    Side::ALL.into_iter().flat_map(to)
}

/// The head of the matrix.
pub fn head() -> String {
    let mut head = format!("\n  {:NAME$}", "");
    for (from, to) in ways() {
        let _ = write!(head, "  {}→{}", initial(from), initial(to));
    }
    head
}

/// The sign of a cell.
fn sign(outcome: &Outcome) -> char {
    match (&outcome.result, &outcome.expected) {
        (Err(_), _) => '✗',
        (Ok(_), Cell::Native) => '●',
        (Ok(_), Cell::Emulated(_)) => '◐',
        (Ok(_), Cell::Impossible(_)) => '○',
    }
}

/// A row; what nobody can say there has a dot.
pub fn line(row: &str, outcomes: &[Outcome]) -> String {
    let mut line = format!("  {row:NAME$}");
    for (from, to) in ways() {
        let found = outcomes.iter().find(|it| (it.from, it.to) == (from, to));
        let _ = write!(line, "   {} ", found.map_or('·', sign));
    }
    line
}

/// How a row is shown where it is not shown natively.
struct Note<'a> {
    row: &'static str,
    sign: char,
    words: &'a str,
    there: Vec<&'static str>,
}

/// What the signs mean, how things are shown by other means, why some are not, and what is wrong.
pub fn notes(outcomes: &[Outcome]) -> String {
    let mut notes = String::from(
        "\n  ● natively   ◐ by other means   ○ not, for a reason   · cannot be said there   ✗ wrong\n\n",
    );
    let mut told: Vec<Note<'_>> = Vec::new();
    for outcome in outcomes.iter().filter(|it| it.result.is_ok()) {
        let (Cell::Emulated(words) | Cell::Impossible(words)) = &outcome.expected else { continue };
        let (row, sign, there) = (outcome.row, sign(outcome), outcome.to.name());
        match told.iter_mut().find(|it| (it.row, it.sign, it.words) == (row, sign, words)) {
            Some(note) if note.there.contains(&there) => {}
            Some(note) => note.there.push(there),
            None => told.push(Note { row, sign, words, there: vec![there] }),
        }
    }
    for Note { row, sign, words, there } in told {
        let _ = writeln!(notes, "  {sign} {row}, in {}: {words}", there.join(", "));
    }
    for outcome in outcomes {
        if let Err(problem) = &outcome.result {
            let (from, to) = (outcome.from.name(), outcome.to.name());
            let _ = writeln!(notes, "  ✗ {}, {from} → {to}: {problem}", outcome.row);
        }
    }
    notes
}
