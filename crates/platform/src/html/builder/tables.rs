//! Tables: rows of cells of lines. What a cell holds besides lines leaves its text there.

use rialto_model::{Inline, Table};

use super::{Builder, Open};

#[derive(Default)]
pub(super) struct OpenTable {
    table: Table,
    row: Option<Vec<Vec<Inline>>>,
    pub(super) cell: Option<Vec<Inline>>,
    /// Header cells of the first row.
    header_cells: usize,
    /// Tables inside a cell leave their text there.
    nested: usize,
}

impl Builder {
    pub(super) fn in_table(&self) -> bool {
        matches!(self.open.last(), Some(Open::Table(_)))
    }

    fn table(&mut self) -> Option<&mut OpenTable> {
        match self.open.last_mut() {
            Some(Open::Table(table)) => Some(table),
            _ => None,
        }
    }

    pub(crate) fn open_table(&mut self) {
        self.end_line();
        match self.table() {
            Some(table) => table.nested += 1,
            None => self.open_container(Open::Table(OpenTable::default())),
        }
    }

    pub(crate) fn close_table(&mut self) {
        self.end_line();
        match self.table() {
            Some(table) if table.nested > 0 => table.nested -= 1,
            Some(_) => self.fold(self.open.len() - 1),
            None => {}
        }
    }

    pub(crate) fn open_row(&mut self) {
        self.close_row();
        if let Some(table) = self.table().filter(|table| table.nested == 0) {
            table.row = Some(Vec::new());
        }
    }

    pub(crate) fn close_row(&mut self) {
        self.end_line();
        if let Some(table) = self.table().filter(|table| table.nested == 0) {
            table.end_row();
        }
    }

    pub(crate) fn open_cell(&mut self, header: bool) {
        self.close_cell();
        if let Some(table) = self.table().filter(|table| table.nested == 0) {
            table.row.get_or_insert_default();
            table.cell = Some(Vec::new());
            if header && table.table.rows.is_empty() {
                table.header_cells += 1;
            }
        }
    }

    pub(crate) fn close_cell(&mut self) {
        self.end_line();
        if let Some(table) = self.table().filter(|table| table.nested == 0) {
            table.end_cell();
        }
    }
}

impl OpenTable {
    fn end_cell(&mut self) {
        if let Some(cell) = self.cell.take() {
            self.row.get_or_insert_default().push(cell);
        }
    }

    fn end_row(&mut self) {
        self.end_cell();
        if let Some(row) = self.row.take() {
            self.table.rows.push(row);
        }
    }

    pub(super) fn finished(mut self) -> Table {
        self.end_row();
        let first = self.table.rows.first().map_or(0, Vec::len);
        self.table.header = first > 0 && self.header_cells == first;
        self.table
    }
}
