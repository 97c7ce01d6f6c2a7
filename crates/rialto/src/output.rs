//! Answers: tables for people, JSON for programs, on standard output; progress on standard error.

use std::io::{self, IsTerminal as _, Write as _};

use comfy_table::{Attribute, Cell, ContentArrangement, Table, presets};
use jiff::Timestamp;
use serde::Serialize;

use crate::failure::Failure;

/// Where answers go.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// JSON instead of tables.
    pub json: bool,
}

impl Output {
    /// Prints a value as JSON when that is wanted; whether it was.
    pub fn json<T: Serialize>(self, value: &T) -> Result<bool, Failure> {
        if self.json {
            let text = serde_json::to_string_pretty(value)
                .map_err(|error| Failure::failed(error.to_string()))?;
            writeln!(io::stdout(), "{text}")?;
        }
        Ok(self.json)
    }

    /// Prints a table; `nothing` when it has no rows.
    pub fn table<const N: usize>(
        self,
        header: [&str; N],
        rows: Vec<[String; N]>,
        nothing: &str,
    ) -> Result<(), Failure> {
        if rows.is_empty() {
            self.note(nothing);
            return Ok(());
        }
        let terminal = io::stdout().is_terminal();
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        if terminal {
            table.set_content_arrangement(ContentArrangement::Dynamic);
        } else {
            table.set_content_arrangement(ContentArrangement::Disabled);
        }
        table.set_header(header.map(|name| match terminal {
            true => Cell::new(name).add_attribute(Attribute::Bold),
            false => Cell::new(name),
        }));
        for row in rows {
            table.add_row(row);
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        for line in table.lines() {
            writeln!(io::stdout(), "{}", line.trim_end())?;
        }
        Ok(())
    }

    /// Prints a line of the answer.
    pub fn line(self, text: impl AsRef<str>) -> Result<(), Failure> {
        Ok(writeln!(io::stdout(), "{}", text.as_ref())?)
    }

    /// Says how far something is, or what to do next: not a part of the answer.
    pub fn note(self, text: impl AsRef<str>) {
        let _ = writeln!(io::stderr(), "{}", text.as_ref());
    }
}

/// A time as people read it in a table.
pub fn time(at: Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A time that may not have come.
pub fn maybe_time(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "never".into(), time)
}

/// A span of seconds as people read it: `3d 4h`.
pub fn span(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, minutes) => format!("{minutes}m {}s", seconds % 60),
        (0, hours, minutes) => format!("{hours}h {minutes}m"),
        (days, hours, _) => format!("{days}d {hours}h"),
    }
}

/// `yes`, or nothing: absence is easier to see than `no`.
pub fn yes(is: bool) -> String {
    if is { "yes".into() } else { String::new() }
}
