//! What crosses between the platforms, and how: the documentation's page, made of the connectors' tables.

use std::fmt::Write as _;

use rialto_model::{Crossing, FEATURES, Feature, LengthUnit, TextLimit, crossing};
use rialto_platform::Manifest;
use rialto_relay::Platforms;
use serde::Serialize;

use crate::{failure::Failure, output::Output};

const ABOUT: &str = "\
# What crosses, and how

What becomes of a thing that somebody does on one platform, on the others. It is made of the tables that
the connectors work by (`crates/*/src/capabilities.rs`): do not change it by hand, run
`cargo xtask compatibility`. The demo (`cargo xtask demo --once`) tries it out.

- **native**: it arrives as the platform's own.
- *emulated*: it arrives by other means, which are named.
- impossible: it does not arrive; it is said why. Whoever sends the message is not told, and the rest of
  it arrives.

Two workspaces of one platform are in step as two platforms are: each table has its own platform too.
";

/// One cell.
#[derive(Debug, Serialize)]
struct Entry {
    feature: Feature,
    title: &'static str,
    from: &'static str,
    to: &'static str,
    crossing: Crossing,
}

/// Prints the page, or all of its cells as JSON.
pub fn run(platforms: &Platforms, out: Output) -> Result<(), Failure> {
    let all: Vec<&Manifest> = platforms.iter().map(|platform| platform.manifest()).collect();
    let cells = all.iter().flat_map(|from| {
        all.iter().flat_map(move |to| Feature::all().map(move |feature| entry(from, to, feature)))
    });
    if out.json(&cells.collect::<Vec<_>>())? {
        return Ok(());
    }
    out.line(page(&all).trim_end())
}

fn entry(from: &Manifest, to: &Manifest, feature: Feature) -> Entry {
    Entry {
        feature,
        title: feature.title(),
        from: from.id.as_str(),
        to: to.id.as_str(),
        crossing: crossing(&from.capabilities, &to.capabilities, feature),
    }
}

fn page(all: &[&Manifest]) -> String {
    let mut page = ABOUT.to_owned();
    for from in all {
        let _ = write!(page, "\n## From {}\n\n| |", from.name);
        for to in all {
            let _ = write!(page, " {} |", to.name);
        }
        let _ = writeln!(page, "\n|{}", " --- |".repeat(all.len() + 1));
        for (heading, features) in FEATURES {
            let _ = writeln!(page, "| **{heading}** |{}", " |".repeat(all.len()));
            for feature in *features {
                let _ = write!(page, "| {} |", feature.title());
                for to in all {
                    let cell = entry(from, to, *feature).crossing;
                    let _ = write!(page, " {} |", shown(&cell));
                }
                page.push('\n');
            }
        }
    }
    page.push_str(
        "\n## Limits\n\n| | longest message written there | longest that Rialto posts | edits of a \
         message | files of a message | largest file |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for Manifest { name, capabilities: can, .. } in all {
        let edits = can.max_edits.map_or_else(|| "any number".to_owned(), |max| max.to_string());
        let _ = writeln!(
            page,
            "| {name} | {} | {} | {edits} | {} | {} MB |",
            length(can.longest),
            length(can.text),
            can.files.per_message,
            can.files.max_bytes / 1_000_000,
        );
    }
    page
}

fn shown(crossing: &Crossing) -> String {
    match crossing {
        Crossing::Native => "**native**".to_owned(),
        Crossing::Emulated(how) => format!("*{how}*"),
        Crossing::Impossible(why) => format!("impossible: {why}"),
    }
}

fn length(limit: TextLimit) -> String {
    let unit = match limit.unit {
        LengthUnit::Characters => "characters",
        LengthUnit::Bytes => "bytes",
    };
    format!("{} {unit}", limit.max)
}
