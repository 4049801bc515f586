//! The answer in, a table for people out.

use crate::metrics::answer::Answer;
use crate::metrics::targets::Judgement;

/// How a table is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableStyle {
    /// Columns that a line may take.
    pub width: usize,
    /// Whether to colour.
    pub color: bool,
}

/// The answer as text, lines ended by newlines.
pub fn render(answer: &Answer, judgements: &[Judgement], style: &TableStyle) -> String {
    let _ = (answer, judgements, style);
    String::new()
}
