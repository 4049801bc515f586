//! What rules say: findings with their place, the way out and, where there is one, a fix.

use super::files::{FileId, Files, Span};
use std::ops::Range;

/// How bad it is, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Registrations fail, or strangers can register hosts.
    Error,
    /// They fail under load, at a restart, or where one more thing goes wrong.
    Warning,
    /// It works, and could work better.
    Advice,
}

impl Severity {
    /// The name in options, JSON and words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Advice => "advice",
        }
    }
}

/// A piece of a file that becomes another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// The file.
    pub file: FileId,
    /// The bytes that go; where it is empty, text is put in.
    pub range: (usize, usize),
    /// What stands there then.
    pub text: String,
}

impl Edit {
    /// Puts `text` in the place of a span.
    pub fn replace(span: Span, text: impl Into<String>) -> Self {
        Self { file: span.file, range: (span.start, span.end), text: text.into() }
    }

    /// Puts `text` in right behind a span.
    pub fn behind(span: Span, text: impl Into<String>) -> Self {
        Self::replace(span.behind(), text)
    }

    /// Takes away a whole line, its end too.
    pub fn without_line(span: Span, files: &Files) -> Self {
        let file = files.get(span.file);
        let line = file.line_of(span.start);
        let start = file.line_range(line).start;
        let next = file.line_range(line + 1).start;
        Self { file: span.file, range: (start, next.max(start)), text: String::new() }
    }

    /// The bytes that go.
    pub const fn bytes(&self) -> Range<usize> {
        self.range.0..self.range.1
    }
}

/// How a finding can be made to go away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, in words.
    pub title: String,
    /// Whether it changes what was meant to something else; only sure ones are applied by `--fix`.
    pub sure: bool,
    /// All of them together.
    pub edits: Vec<Edit>,
}

/// What a rule found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's id.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Whether that is the finding's own, not its rule's.
    pub(super) own_severity: bool,
    /// Where; of a whole file the first line.
    pub span: Span,
    /// Whether it is about the file as a whole.
    pub whole: bool,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub way_out: String,
    /// How it can be made to go away.
    pub fix: Option<Fix>,
}

impl Finding {
    /// At a piece of a file.
    pub fn at(span: Span, message: impl Into<String>) -> Self {
        Self {
            rule: "",
            severity: Severity::Warning,
            own_severity: false,
            span,
            whole: false,
            message: message.into(),
            way_out: String::new(),
            fix: None,
        }
    }

    /// About a whole file.
    pub fn of_file(file: FileId, message: impl Into<String>) -> Self {
        Self { whole: true, ..Self::at(Span { file, start: 0, end: 0 }, message) }
    }

    /// What to do.
    #[must_use]
    pub fn way_out(mut self, words: impl Into<String>) -> Self {
        self.way_out = words.into();
        self
    }

    /// Another severity than the rule's.
    #[must_use]
    pub const fn severity(mut self, severity: Severity) -> Self {
        (self.severity, self.own_severity) = (severity, true);
        self
    }

    /// With a fix that leaves what was meant.
    #[must_use]
    pub fn fix(self, title: impl Into<String>, edits: Vec<Edit>) -> Self {
        Self { fix: Some(Fix { title: title.into(), sure: true, edits }), ..self }
    }

    /// With a fix that somebody has to look at.
    #[must_use]
    pub fn proposal(self, title: impl Into<String>, edits: Vec<Edit>) -> Self {
        Self { fix: Some(Fix { title: title.into(), sure: false, edits }), ..self }
    }
}
