//! What was measured: as a table and as JSON.

use std::collections::BTreeMap;

use comfy_table::{ContentArrangement, Table, presets};
use serde::{Deserialize, Serialize};

/// All figures of a run, and what they were measured on.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Report {
    /// `quick`, `normal` or `long`.
    pub mode: String,
    /// What the figures hold for.
    pub conditions: String,
    /// Seconds since 1970.
    pub measured_at: u64,
    /// The figures.
    pub figures: Vec<Figure>,
}

/// One figure.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Figure {
    /// A short name, the same in every run.
    pub name: String,
    /// What it is.
    pub title: String,
    /// What it counts.
    pub unit: String,
    /// The median of all runs.
    pub value: f64,
    /// What each run gave.
    pub runs: Vec<f64>,
    /// Whether more is better.
    pub more_is_better: bool,
    /// What it is compared with, and its part of that.
    pub ceiling: Option<Ratio>,
    /// What it should be.
    pub goals: Vec<Goal>,
    /// What kept it from being better.
    pub limited_by: String,
    /// What else was seen, of the median run.
    pub detail: BTreeMap<String, f64>,
    /// Why the figure is worth nothing, if so: messages lost, refused, twice, out of order.
    pub faults: Vec<String>,
}

/// A part of a ceiling.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Ratio {
    /// The ceiling's name.
    pub of: String,
    /// The figure divided by it.
    pub ratio: f64,
}

/// What a figure should be.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Goal {
    /// In words.
    pub text: String,
    /// Whether it is.
    pub met: bool,
}

/// What one run of a figure gave.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// The figure.
    pub value: f64,
    /// What kept it from being better.
    pub limited_by: String,
    /// What else was seen.
    pub detail: BTreeMap<String, f64>,
    /// What is not as it should be.
    pub faults: Vec<String>,
}

impl Run {
    /// A figure with nothing more to say.
    pub fn of(value: f64) -> Self {
        Self { value, ..Self::default() }
    }

    /// Notes something else that was seen.
    #[must_use]
    pub fn with(mut self, name: &str, value: f64) -> Self {
        self.detail.insert(name.to_owned(), value);
        self
    }
}

impl Figure {
    /// The median of some runs; more is better.
    pub fn new(name: &str, title: &str, unit: &str, mut runs: Vec<Run>) -> Self {
        let values = runs.iter().map(|run| run.value).collect();
        runs.sort_by(|one, other| one.value.total_cmp(&other.value));
        let faults = runs.iter().flat_map(|run| run.faults.clone()).collect();
        let median = runs.get(runs.len() / 2).cloned().unwrap_or_default();
        Self {
            name: name.into(),
            title: title.into(),
            unit: unit.into(),
            value: median.value,
            runs: values,
            more_is_better: true,
            ceiling: None,
            goals: Vec::new(),
            limited_by: median.limited_by,
            detail: median.detail,
            faults,
        }
    }

    /// Less is better.
    #[must_use]
    pub fn less_is_better(mut self) -> Self {
        self.more_is_better = false;
        self
    }

    /// Compared with a ceiling, of which it should be at least a part.
    #[must_use]
    pub fn part_of(mut self, ceiling: Option<&Figure>, at_least: f64) -> Self {
        if let Some(ceiling) = ceiling {
            let ratio = self.value / ceiling.value;
            self.ceiling = Some(Ratio { of: ceiling.name.clone(), ratio });
            let text = format!("≥ {:.0} % of {}", at_least * 100.0, ceiling.name);
            self.goals.push(Goal { text, met: ratio >= at_least });
        }
        self
    }

    /// Something that it should be.
    #[must_use]
    pub fn goal(mut self, text: impl Into<String>, met: bool) -> Self {
        self.goals.push(Goal { text: text.into(), met });
        self
    }

    /// What else was seen of the median run.
    pub fn seen(&self, name: &str) -> f64 {
        self.detail.get(name).copied().unwrap_or(f64::NAN)
    }

    /// Whether all goals are met by a run that counts; `None` without goals.
    pub fn passes(&self) -> Option<bool> {
        let faultless = self.faults.is_empty();
        match self.goals.is_empty() {
            true if faultless => None,
            _ => Some(faultless && self.goals.iter().all(|goal| goal.met)),
        }
    }
}

impl Report {
    /// For people.
    pub fn table(&self) -> Table {
        let mut table = Table::new();
        table
            .load_style(presets::UTF8_HORIZONTAL_ONLY)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_header(["figure", "value", "goal", "of ceiling", "", "limited by", "also seen"]);
        for figure in &self.figures {
            let goals: Vec<_> = figure
                .goals
                .iter()
                .map(|goal| format!("{} {}", if goal.met { "✓" } else { "✗" }, goal.text))
                .collect();
            let ceiling = figure.ceiling.as_ref();
            let verdict = match figure.passes() {
                Some(true) => "pass",
                Some(false) => "MISS",
                None => "",
            };
            let seen: Vec<_> = figure
                .detail
                .iter()
                .map(|(name, value)| format!("{name} {}", number(*value)))
                .chain(figure.faults.iter().cloned())
                .collect();
            table.add_row([
                figure.title.clone(),
                format!("{} {}", number(figure.value), figure.unit),
                goals.join("\n"),
                ceiling.map_or(String::new(), |it| format!("{:.0} %", it.ratio * 100.0)),
                verdict.to_owned(),
                figure.limited_by.clone(),
                seen.join(", "),
            ]);
        }
        table
    }
}

/// Three digits are enough.
pub fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        it if it < 10.0 => format!("{value:.2}"),
        it if it < 100.0 => format!("{value:.1}"),
        _ => {
            let digits = format!("{:.0}", value.abs());
            let mut spaced = String::new();
            for (place, digit) in digits.chars().enumerate() {
                if place > 0 && (digits.len() - place) % 3 == 0 {
                    spaced.push(' ');
                }
                spaced.push(digit);
            }
            if value < 0.0 { format!("-{spaced}") } else { spaced }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_the_median_and_is_worth_nothing_with_faults() {
        let runs = || [3.0, 1.0, 2.0].map(Run::of).to_vec();
        let ceiling = Figure::new("ceiling", "", "", vec![Run::of(4.0)]);
        let figure = Figure::new("figure", "", "/s", runs()).part_of(Some(&ceiling), 0.5);
        assert_eq!((figure.value, figure.passes()), (2.0, Some(true)));
        assert_eq!(figure.part_of(Some(&ceiling), 0.6).passes(), Some(false));
        let mut lost = runs();
        lost[0].faults.push("1 messages did not arrive".into());
        let lost = Figure::new("figure", "", "/s", lost).part_of(Some(&ceiling), 0.5);
        assert_eq!(lost.passes(), Some(false));
        assert_eq!(Figure::new("figure", "", "/s", runs()).passes(), None);
    }

    #[test]
    fn numbers_are_short() {
        let shown = [0.0, 0.123, 12.34, 123.4, 1_234.5, -1_234_567.0].map(number);
        assert_eq!(shown, ["0", "0.12", "12.3", "123", "1 234", "-1 234 567"]);
    }
}
