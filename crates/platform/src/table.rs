//! Tables as text in columns, for a font of one width.

use rialto_model::{Block, Inline, RichText, Table};

/// Characters of a column at most that others in it are filled up to: a longer one would be broken
/// anyway, and every row would be as long as the longest.
const WIDEST: usize = 60;

/// The table's lines.
pub fn aligned(table: &Table) -> String {
    let rows: Vec<Vec<String>> =
        table.rows.iter().map(|row| row.iter().map(|cell| shown(cell)).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            rows.iter()
                .filter_map(|row| row.get(column))
                .map(|c| width(c))
                .max()
                .unwrap_or(0)
                .min(WIDEST)
        })
        .collect();
    let mut lines = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, wide)| format!("{cell}{}", " ".repeat(wide.saturating_sub(width(cell)))));
        lines.push(cells.collect::<Vec<_>>().join(" | ").trim_end().to_owned());
        if index == 0 && table.header {
            let rule = widths.iter().map(|wide| "-".repeat(*wide));
            lines.push(rule.collect::<Vec<_>>().join("-+-"));
        }
    }
    lines.join("\n")
}

fn shown(cell: &[Inline]) -> String {
    let line = RichText { blocks: vec![Block::Paragraph(cell.to_vec())] };
    line.plain_text().replace('\n', " ")
}

fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_but_for_one_that_would_be_broken() {
        let table = |cells: [&str; 4]| {
            let [a, b, c, d] = cells.map(|text| vec![Inline::text(text)]);
            aligned(&Table { header: true, rows: vec![vec![a, b], vec![c, d]] })
        };
        assert_eq!(table(["a", "b", "ccc", "d"]), "a   | b\n----+--\nccc | d");
        let long = "x".repeat(WIDEST + 1);
        let line = format!("a{} | b", " ".repeat(WIDEST - 1));
        assert_eq!(
            table(["a", "b", &long, "d"]),
            format!("{line}\n{}-+--\n{long} | d", "-".repeat(WIDEST))
        );
    }
}
