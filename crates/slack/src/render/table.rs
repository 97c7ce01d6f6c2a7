//! Tables as text in columns, for a font of one width.

use rialto_model::{Block, RichText, Table};

/// The table's lines.
pub(super) fn aligned(table: &Table) -> String {
    let rows: Vec<Vec<String>> =
        table.rows.iter().map(|row| row.iter().map(|cell| shown(cell)).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            rows.iter().filter_map(|row| row.get(column)).map(|c| width(c)).max().unwrap_or(0)
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

fn shown(cell: &[rialto_model::Inline]) -> String {
    let line = RichText { blocks: vec![Block::Paragraph(cell.to_vec())] };
    line.plain_text().replace('\n', " ")
}

fn width(text: &str) -> usize {
    text.chars().count()
}
