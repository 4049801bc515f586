//! A file's text in, a tree of nodes with their lines out. Aliases share what they stand for.

use super::json;
use crate::inventory::error::Problem;
use crate::inventory::value::Value;
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, StrInput, Tag};
use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

/// Deeper ones are nobody's variables.
pub(super) const MAX_DEPTH: usize = 100;

/// A piece of YAML.
#[derive(Debug)]
pub struct Node {
    /// From 1.
    pub line: usize,
    /// `!vault`, `tag:yaml.org,2002:str`; none where the form decides.
    pub tag: Option<String>,
    /// What it is.
    pub kind: Kind,
}

/// The forms of nodes.
#[derive(Debug)]
pub enum Kind {
    /// Text; where it is plain, its form decides whether it is a number, a boolean, ...
    Scalar {
        /// As it is written, quotes and escapes resolved.
        text: String,
        /// Without quotes.
        plain: bool,
    },
    /// A number, boolean or null of JSON.
    Ready(Value),
    /// A list.
    List(Vec<Rc<Node>>),
    /// A mapping, in the order of the file.
    Map(Vec<(Rc<Node>, Rc<Node>)>),
}

/// A line, from 1, and what is wrong with it.
pub type Wrong = (usize, Problem);

/// The one document of a text; none where it holds nothing.
///
/// # Errors
/// The text is neither JSON nor YAML, or holds several documents.
pub fn document(text: &str) -> Result<Option<Rc<Node>>, Wrong> {
    if let Some(node) = json::document(text) {
        return Ok(Some(node));
    }
    refuse_control_characters(text)?;
    let mut reader = Reader { parser: Parser::new_from_str(text), anchors: HashMap::new(), line: 1 };
    let mut found = None;
    loop {
        match reader.next()? {
            Event::StreamEnd => return Ok(found),
            Event::DocumentStart(_) if found.is_some() => {
                return Err((
                    reader.line,
                    yaml("a second document begins here; an inventory or a file of variables is one"),
                ));
            }
            Event::DocumentStart(_) => {
                let first = reader.next()?;
                found = Some(reader.node(first, 0)?);
            }
            _ => {}
        }
    }
}

/// A problem of YAML in our words.
pub fn yaml(words: impl Into<String>) -> Problem {
    Problem::Yaml(words.into())
}

fn refuse_control_characters(text: &str) -> Result<(), Wrong> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let allowed = |c: char| {
        matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
            || c >= '\u{10000}'
    };
    match text.char_indices().find(|(_, c)| !allowed(*c)) {
        Some((at, c)) => {
            let line = text.bytes().take(at).filter(|b| *b == b'\n').count() + 1;
            Err((
                line,
                yaml(format!(
                    "the control character {} cannot stand in YAML; write it as an escape in double quotes",
                    c.escape_unicode()
                )),
            ))
        }
        None => Ok(()),
    }
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, Rc<Node>>,
    line: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<Event<'a>, Wrong> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => {
                self.line = span.start.line();
                Ok(event)
            }
            Some(Err(error)) => Err(wrong(&error)),
            None => Ok(Event::StreamEnd),
        }
    }

    fn node(&mut self, event: Event<'a>, depth: usize) -> Result<Rc<Node>, Wrong> {
        let line = self.line;
        if depth > MAX_DEPTH {
            return Err((
                line,
                yaml(format!(
                    "more than {MAX_DEPTH} levels inside each other; nothing of an inventory is so deep"
                )),
            ));
        }
        let (kind, anchor, tag) = match event {
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor).cloned();
                return known.ok_or_else(|| (line, yaml("an alias (*name) stands for what holds it, or for nothing; name an anchor (&name) above it")));
            }
            Event::Scalar(text, style, anchor, tag) => {
                let kind = Kind::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain };
                (kind, anchor, tag)
            }
            Event::SequenceStart(anchor, tag) => (self.list(depth)?, anchor, tag),
            Event::MappingStart(anchor, tag) => (self.map(depth)?, anchor, tag),
            _ => return Err((line, yaml("the document ends where a value should stand"))),
        };
        let node = Rc::new(Node { line, tag: tag.and_then(full_tag), kind });
        if anchor > 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        Ok(node)
    }

    fn list(&mut self, depth: usize) -> Result<Kind, Wrong> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                Event::SequenceEnd => return Ok(Kind::List(items)),
                event => items.push(self.node(event, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Kind, Wrong> {
        let mut pairs = Vec::new();
        loop {
            match self.next()? {
                Event::MappingEnd => return Ok(Kind::Map(pairs)),
                event => {
                    let key = self.node(event, depth + 1)?;
                    let event = self.next()?;
                    pairs.push((key, self.node(event, depth + 1)?));
                }
            }
        }
    }
}

/// `!` alone says nothing.
fn full_tag(tag: Cow<'_, Tag>) -> Option<String> {
    let full = format!("{}{}", tag.handle, tag.suffix);
    (full != "!" && !full.is_empty()).then_some(full)
}

fn wrong(error: &ScanError) -> Wrong {
    (error.marker().line(), yaml(format!("this is no YAML: {}", error.info())))
}
