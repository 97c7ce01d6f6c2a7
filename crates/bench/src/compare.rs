//! Two reports side by side: what became better and what became worse.

use std::path::Path;

use anyhow::{Context, Result};
use comfy_table::{ContentArrangement, Table, presets};

use crate::report::{Figure, Report, number};

/// What one run may differ from the next, in percent, before it is called a change.
const NOISE: f64 = 10.0;

/// Reads a report that `--json` wrote.
///
/// # Errors
/// When the file is none.
pub fn read(file: &Path) -> Result<Report> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    serde_json::from_str(&text).with_context(|| format!("{} is no report", file.display()))
}

/// A table of figures that are in either, and the names of those that became worse.
pub fn compare(before: &Report, after: &Report) -> (Table, Vec<String>) {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["figure", "before", "after", "change", ""]);
    let mut worse = Vec::new();
    for now in &after.figures {
        let then = before.figures.iter().find(|it| it.name == now.name);
        let change = then.map(|then| 100.0 * (now.value - then.value) / then.value);
        let verdict = verdict(then, now, change.unwrap_or_default());
        if verdict == "worse" || verdict == "fails now" {
            worse.push(now.name.clone());
        }
        let shown = |figure: &Figure| format!("{} {}", number(figure.value), figure.unit);
        table.add_row([
            now.title.clone(),
            then.map_or("—".to_owned(), shown),
            shown(now),
            change.map_or(String::new(), |it| format!("{it:+.0} %")),
            verdict.to_owned(),
        ]);
    }
    for then in &before.figures {
        if !after.figures.iter().any(|it| it.name == then.name) {
            let value = format!("{} {}", number(then.value), then.unit);
            let title = then.title.clone();
            table.add_row([title, value, "—".into(), String::new(), "not measured".into()]);
        }
    }
    (table, worse)
}

fn verdict(then: Option<&Figure>, now: &Figure, change: f64) -> &'static str {
    let Some(then) = then else { return "new" };
    let better = if now.more_is_better { change } else { -change };
    match (then.passes(), now.passes()) {
        (Some(true), Some(false)) => "fails now",
        // What other figures are measured by is the machine's.
        _ if now.name.starts_with("ceiling-") => "",
        _ if better < -NOISE => "worse",
        (Some(false), Some(true)) => "passes now",
        _ if better > NOISE => "better",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Run;

    fn report(figures: Vec<Figure>) -> Report {
        Report { mode: "quick".into(), conditions: String::new(), measured_at: 0, figures }
    }

    #[test]
    fn worse_is_more_than_noise_in_the_direction_that_is_worse_for_the_figure() {
        let more = |value| Figure::new("more", "more", "/s", vec![Run::of(value)]);
        let less = |value| Figure::new("less", "less", "ms", vec![Run::of(value)]).less_is_better();
        let ceiling = |value| Figure::new("ceiling-x", "ceiling", "/s", vec![Run::of(value)]);
        for (before, after, expected) in [
            (more(100.0), more(91.0), &[][..]),
            (more(100.0), more(89.0), &["more"]),
            (more(100.0), more(150.0), &[]),
            (less(10.0), less(11.5), &["less"]),
            (less(10.0), less(5.0), &[]),
            (ceiling(100.0), ceiling(50.0), &[]),
            (more(100.0).goal("", true), more(99.0).goal("", false), &["more"]),
            (less(10.0), more(1.0), &[]),
        ] {
            let (_, worse) = compare(&report(vec![before]), &report(vec![after.clone()]));
            assert_eq!(worse, expected, "{after:?}");
        }
    }
}
