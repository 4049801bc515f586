//! What a page is made of: sections of words, charts and tables, as the templates take them.

use crate::report::table::text::escaped;
use serde::Serialize;

/// Characters of a name or a line of a log that are shown.
const LONGEST: usize = 240;

/// What a log, an inventory or a user wrote, safe to be shown: control characters as they are written, not too long.
/// Markup is the templates' to escape.
pub fn shown(text: &str) -> String {
    let text = escaped(text);
    match text.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{} ...", &text[..cut]),
        None => text,
    }
}

/// How a piece is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    #[default]
    Plain,
    Quiet,
    Good,
    Bad,
    Caution,
}

/// A paragraph.
#[derive(Clone, Debug, Serialize)]
pub struct Said {
    pub tone: Tone,
    pub text: String,
    /// It speaks of charts only.
    pub of_charts: bool,
}

/// A figure at the head of the page.
#[derive(Clone, Debug, Serialize)]
pub struct Card {
    pub label: String,
    pub value: String,
    pub note: String,
    pub tone: Tone,
}

/// A column.
#[derive(Clone, Debug, Serialize)]
pub struct Column {
    pub label: String,
    /// Numbers stand to the right.
    pub number: bool,
    /// Of charts: nothing to sort by, and not in Markdown.
    pub drawn: bool,
    /// Sentences stand in it.
    pub wide: bool,
}

/// Which figure of the answer a cell shows.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    pub group: String,
    pub metric: String,
    pub statistic: String,
}

/// A cell.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Cell {
    pub text: String,
    /// What it is sorted by, where that is not the text.
    pub value: Option<String>,
    pub figure: Option<Figure>,
    pub tone: Tone,
    /// A drawing instead of text.
    pub svg: Option<String>,
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// A number, and how it is shown.
    pub fn number(value: f64, text: impl Into<String>) -> Self {
        Self { text: text.into(), value: Some(value.to_string()), ..Self::default() }
    }

    pub fn count(value: u64) -> Self {
        Self {
            text: crate::report::durations::count(value),
            value: Some(value.to_string()),
            ..Self::default()
        }
    }

    #[must_use]
    pub const fn toned(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }
}

/// A table; the first column names the row.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Table {
    pub id: String,
    pub caption: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
    /// Shown on demand, and neither on paper nor in Markdown.
    pub folded: bool,
    /// Folded, but open on paper.
    pub printed: bool,
    /// In its place where nothing can be drawn.
    pub only_markdown: bool,
    /// Rows can be looked for.
    pub filter: bool,
}

impl Table {
    /// Columns whose labels begin with `#` hold numbers, with `%` drawings, with `+` sentences.
    pub fn new(id: &str, caption: &str, columns: &[&str]) -> Self {
        let column = |label: &&str| Column {
            label: label.strip_prefix(['#', '%', '+']).unwrap_or(label).to_owned(),
            number: label.starts_with('#'),
            drawn: label.starts_with('%'),
            wide: label.starts_with('+'),
        };
        Self {
            id: id.to_owned(),
            caption: caption.to_owned(),
            columns: columns.iter().map(column).collect(),
            ..Self::default()
        }
    }
}

/// An entry of a legend.
#[derive(Clone, Debug, Serialize)]
pub struct Key {
    pub label: String,
    pub svg: String,
}

impl Key {
    /// Of a line, or of a filled area.
    pub fn new(class: &str, label: impl Into<String>, line: bool) -> Self {
        Self { label: label.into(), svg: super::svg::bar::sample(class, line) }
    }
}

/// A chart.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Chart {
    pub id: String,
    /// What is seen.
    pub title: String,
    pub keys: Vec<Key>,
    /// Empty where the keys are all there is.
    pub svg: String,
    /// The first of a set, which stands in rows of its own.
    pub starts_row: bool,
}

/// A section.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Section {
    pub id: String,
    pub title: String,
    pub said: Vec<Said>,
    pub charts: Vec<Chart>,
    pub tables: Vec<Table>,
}

impl Section {
    pub fn new(id: &str, title: &str) -> Self {
        Self { id: id.to_owned(), title: title.to_owned(), ..Self::default() }
    }

    pub fn say(&mut self, tone: Tone, text: impl Into<String>) {
        self.said.push(Said { tone, text: text.into(), of_charts: false });
    }

    /// How to read the charts, which Markdown does not have.
    pub fn explain(&mut self, text: impl Into<String>) {
        self.said.push(Said { tone: Tone::Quiet, text: text.into(), of_charts: true });
    }
}
