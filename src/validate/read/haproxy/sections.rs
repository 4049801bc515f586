//! Files of a set in, sections with their statements out.

use super::Haproxy;
use super::conditions::Conditions;
use super::words::split;
use crate::validate::files::{FileId, Files, Span};
use crate::validate::read::Word;
use crate::validate::target::Target;

/// What a section is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `global`.
    Global,
    /// `defaults`.
    Defaults,
    /// `frontend`.
    Frontend,
    /// `backend`.
    Backend,
    /// `listen`.
    Listen,
    /// `peers`, `userlist`, ...: kept, not looked into.
    Other,
}

/// Words that begin a section, of all versions.
const OTHERS: [&str; 14] = [
    "peers",
    "resolvers",
    "userlist",
    "mailers",
    "cache",
    "program",
    "ring",
    "log-forward",
    "http-errors",
    "fcgi-app",
    "crt-store",
    "traces",
    "log-profile",
    "acme",
];

impl Kind {
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "global" => Self::Global,
            "defaults" => Self::Defaults,
            "frontend" => Self::Frontend,
            "backend" => Self::Backend,
            "listen" => Self::Listen,
            word if OTHERS.contains(&word) => Self::Other,
            _ => return None,
        })
    }

    /// frontend, backend, listen.
    pub const fn is_proxy(self) -> bool {
        matches!(self, Self::Frontend | Self::Backend | Self::Listen)
    }

    /// As it is written.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Defaults => "defaults",
            Self::Frontend => "frontend",
            Self::Backend => "backend",
            Self::Listen => "listen",
            Self::Other => "section",
        }
    }
}

/// A statement: one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its words, without a `no` or `default` before them.
    pub words: Vec<Word>,
    /// `no option ...`: it takes back what was set.
    pub negated: bool,
    /// From its first word to its last.
    pub span: Span,
}

impl Statement {
    /// A word's text; empty where there is none.
    pub fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", |w| w.text.as_str())
    }

    /// Whether its first words are these.
    pub fn begins_with(&self, words: &[&str]) -> bool {
        self.words.len() >= words.len() && self.words.iter().zip(words).all(|(have, want)| have.text == *want)
    }

    /// A word that stands somewhere in it.
    pub fn find(&self, text: &str) -> Option<&Word> {
        self.words.iter().find(|w| w.text == text)
    }

    /// The word behind another one.
    pub fn behind(&self, text: &str) -> Option<&Word> {
        let at = self.words.iter().position(|w| w.text == text)?;
        self.words.get(at + 1)
    }
}

/// A section.
#[derive(Clone, Debug)]
pub struct Section {
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: Option<Word>,
    /// Its first line.
    pub header: Statement,
    /// The others.
    pub statements: Vec<Statement>,
    /// The `defaults` that it takes over, by place.
    pub defaults: Option<usize>,
}

impl Section {
    /// The last statement that begins with these words and was not taken back.
    pub fn own(&self, words: &[&str]) -> Option<&Statement> {
        let last = self.statements.iter().rev().find(|s| s.begins_with(words))?;
        (!last.negated).then_some(last)
    }
}

/// Reads a set: each file by itself begins outside of sections, `defaults` go on from file to file.
pub fn read(files: &Files, set: &[FileId], target: Option<Target>) -> Haproxy {
    let mut config = Haproxy { files: set.to_vec(), ..Haproxy::default() };
    let mut defaults = None;
    for id in set {
        read_file(files, *id, target, &mut config, &mut defaults);
    }
    config.index();
    config
}

fn read_file(
    files: &Files,
    id: FileId,
    target: Option<Target>,
    config: &mut Haproxy,
    defaults: &mut Option<usize>,
) {
    let file = files.get(id);
    let mut conditions = Conditions::new(target);
    let mut inside = false;
    for line in 1..=file.line_count() {
        let range = file.line_range(line);
        let parts = split(id, range.start, file.bytes.get(range).unwrap_or_default());
        if let Some(quote) = parts.unclosed {
            config.problems.push((quote, "a quote that is not closed"));
        }
        let Some(statement) = statement(parts.words) else { continue };
        if statement.word(0).starts_with('.') {
            if let Some(problem) = conditions.directive(&statement) {
                config.problems.push((statement.span, problem));
            }
            continue;
        }
        if conditions.hold() == Some(false) {
            continue;
        }
        if let Some(kind) = Kind::of(statement.word(0)).filter(|_| !statement.negated) {
            begin(config, kind, statement, defaults);
            inside = true;
        } else if !inside {
            config.problems.push((statement.span, "a statement before the first section of its file"));
        } else if let Some(section) = config.sections.last_mut() {
            section.statements.push(statement);
        }
    }
    if let Some(open) = conditions.open() {
        config.problems.push((open, "an .if without .endif"));
    }
}

fn statement(mut words: Vec<Word>) -> Option<Statement> {
    let (first, last) = (words.first()?.span, words.last()?.span);
    let negated = words.len() > 1 && words.first().is_some_and(|w| w.text == "no" || w.text == "default");
    if negated {
        words.remove(0);
    }
    Some(Statement { words, negated, span: Span { end: last.end, ..first } })
}

fn begin(config: &mut Haproxy, kind: Kind, header: Statement, defaults: &mut Option<usize>) {
    let named = |name: &str| {
        config
            .sections
            .iter()
            .rposition(|s| s.kind == Kind::Defaults && s.name.as_ref().is_some_and(|n| n.text == name))
    };
    let from = header.behind("from").map(|name| named(&name.text));
    let inherited = match kind {
        // a defaults section begins anew, unless it says from whom it takes over
        Kind::Defaults => from.flatten(),
        kind if kind.is_proxy() => from.unwrap_or(*defaults),
        _ => None,
    };
    if kind == Kind::Defaults {
        *defaults = Some(config.sections.len());
    }
    let name = header.words.get(1).filter(|w| w.text != "from").cloned();
    config.sections.push(Section { kind, name, header, statements: Vec::new(), defaults: inherited });
}
