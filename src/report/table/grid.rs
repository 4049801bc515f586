//! Rows of cells in, aligned lines out. The first column is to the left, the others to the right.

use super::TableStyle;
use super::text::{Tone, paint};

/// A piece of a row.
#[derive(Clone, Debug, Default)]
pub struct Cell {
    pub text: String,
    pub tone: Tone,
}

impl Cell {
    pub fn new(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone }
    }

    pub fn plain(text: impl Into<String>) -> Self {
        Self::new(text, Tone::Plain)
    }
}

/// A row: `~` or nothing before it, then its cells.
#[derive(Clone, Debug, Default)]
pub struct Row {
    pub inferred: bool,
    pub cells: Vec<Cell>,
}

/// Widths of columns over all rows that are to align.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    widths: Vec<usize>,
    gap: usize,
}

/// Room for the mark of evidence before each row.
pub const GUTTER: usize = 2;

impl Columns {
    pub fn measure<'a>(rows: impl Iterator<Item = &'a Row>, gap: usize) -> Self {
        let mut widths = Vec::new();
        for row in rows {
            widths.resize(widths.len().max(row.cells.len()), 0);
            for (width, cell) in widths.iter_mut().zip(&row.cells) {
                *width = (*width).max(cell.text.chars().count());
            }
        }
        Self { widths, gap }
    }

    /// Makes the first columns as wide as in `other`, so that two tables stand under each other.
    pub fn align_first(&mut self, other: &Self, columns: usize) {
        for (mine, theirs) in self.widths.iter_mut().zip(&other.widths).take(columns) {
            *mine = (*mine).max(*theirs);
        }
    }

    pub fn total(&self) -> usize {
        GUTTER + self.widths.iter().sum::<usize>() + self.gap * self.widths.len().saturating_sub(1)
    }

    /// A row whose cells are all words, so all of them to the left.
    pub fn line_left(&self, row: &Row, style: TableStyle) -> String {
        let mut out = "  ".to_owned();
        for (cell, width) in row.cells.iter().zip(&self.widths) {
            let pad = " ".repeat(width.saturating_sub(cell.text.chars().count()) + self.gap);
            out.push_str(&paint(style, cell.tone, &format!("{}{pad}", cell.text)));
        }
        out.truncate(out.trim_end().len());
        out
    }

    pub fn line(&self, row: &Row, style: TableStyle) -> String {
        let mut out = if row.inferred { paint(style, Tone::Caution, "~ ") } else { "  ".to_owned() };
        for (i, (cell, width)) in row.cells.iter().zip(&self.widths).enumerate() {
            let pad = " ".repeat(width.saturating_sub(cell.text.chars().count()));
            let gap = if i == 0 { "" } else { &" ".repeat(self.gap) };
            let text =
                if i == 0 { format!("{}{pad}", cell.text) } else { format!("{gap}{pad}{}", cell.text) };
            out.push_str(&paint(style, cell.tone, &text));
        }
        out.truncate(out.trim_end().len());
        out
    }
}
