//! smart-proxy's settings.d/registration.yml: text in, its keys and values with their places out.
//!
//! A key is a symbol where it stands plain and begins with a colon (`:enabled:`), as Ruby takes it.

use crate::validate::files::{FileId, Files, Span};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, StrInput};

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// One word or text; `plain` without quotes.
    Scalar {
        /// Quotes and escapes resolved.
        text: String,
        /// Without quotes.
        plain: bool,
    },
    /// A list or mapping.
    Other,
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Without the colon of a symbol.
    pub key: String,
    /// Whether it is a symbol.
    pub symbol: bool,
    /// Where the key stands, its first colon included.
    pub key_span: Span,
    /// What it is set to.
    pub value: Value,
    /// Where that stands.
    pub value_span: Span,
}

impl Entry {
    /// Its text, where it is one.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            Value::Other => None,
        }
    }
}

/// The file.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Which.
    pub file: FileId,
    /// In their order; some may be missing where there is a problem.
    pub entries: Vec<Entry>,
    /// Why it is no YAML, or no mapping.
    pub problem: Option<(Span, String)>,
}

impl Registration {
    /// The value that counts of a key, symbol or not.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().rev().find(|e| e.key == key)
    }
}

/// Reads it.
pub fn read(files: &Files, file: FileId) -> Registration {
    let bytes = &files.get(file).bytes;
    let mut found = Registration { file, entries: Vec::new(), problem: None };
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let at = error.valid_up_to();
            found.problem = Some((Span { file, start: at, end: at + 1 }, "it is no UTF-8".to_owned()));
            return found;
        }
    };
    let skip = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let body = text.get(skip..).unwrap_or_default();
    let mut reader =
        Reader { text: body, offsets: offsets(body), skip, file, parser: Parser::new_from_str(body) };
    if let Err(problem) = reader.document(&mut found.entries) {
        found.problem = Some(problem);
    }
    found
}

/// Where each character begins; none where each is one byte.
fn offsets(text: &str) -> Option<Vec<usize>> {
    (!text.is_ascii()).then(|| text.char_indices().map(|(at, _)| at).collect())
}

type Problem = (Span, String);

struct Reader<'a> {
    text: &'a str,
    offsets: Option<Vec<usize>>,
    skip: usize,
    file: FileId,
    parser: Parser<'a, StrInput<'a>>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Problem> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, self.span(span.start, span.end))),
            Some(Err(error)) => {
                let at = self.span(*error.marker(), *error.marker());
                // told where the value begins that the tab ends
                let tab = error.info().contains("tab").then(|| self.tab_behind(at)).flatten();
                Err((self.line_end(tab.unwrap_or(at)), format!("this is no YAML: {}", error.info())))
            }
            None => Ok((Event::StreamEnd, self.end())),
        }
    }

    fn document(&mut self, into: &mut Vec<Entry>) -> Result<(), Problem> {
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::MappingStart(..) => return self.mapping(into),
                Event::StreamEnd => return Err((self.whole(), "it holds no setting at all".to_owned())),
                Event::Scalar(text, ..) if text.is_empty() || text == "~" => {
                    return Err((self.whole(), "it holds no setting at all".to_owned()));
                }
                Event::Scalar(..) | Event::SequenceStart(..) | Event::Alias(_) => {
                    return Err((self.line_end(span), "it is no mapping of keys to values".to_owned()));
                }
                _ => {}
            }
        }
    }

    fn mapping(&mut self, into: &mut Vec<Entry>) -> Result<(), Problem> {
        loop {
            let (event, key_span) = self.next()?;
            let (text, plain) = match event {
                Event::MappingEnd => break,
                Event::StreamEnd => return Ok(()),
                Event::Scalar(text, style, ..) => (text.into_owned(), style == ScalarStyle::Plain),
                other => {
                    self.skip_node(&other)?;
                    (String::new(), false)
                }
            };
            let (event, value_span) = self.next()?;
            let value = match event {
                Event::Scalar(text, style, ..) => {
                    Value::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain }
                }
                other => {
                    self.skip_node(&other)?;
                    Value::Other
                }
            };
            let symbol = plain && text.len() > 1 && text.starts_with(':');
            let key = if symbol { text.trim_start_matches(':').to_owned() } else { text };
            into.push(Entry { key, symbol, key_span, value, value_span });
        }
        // what comes behind may be no YAML all the same
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(()),
                (Event::DocumentStart(_), span) => {
                    return Err((
                        self.line_end(span),
                        "a second document begins here, and only the first counts".to_owned(),
                    ));
                }
                _ => {}
            }
        }
    }

    fn skip_node(&mut self, first: &Event<'_>) -> Result<(), Problem> {
        let opens = |event: &Event<'_>| matches!(event, Event::MappingStart(..) | Event::SequenceStart(..));
        let mut depth = usize::from(opens(first));
        while depth > 0 {
            let (event, _) = self.next()?;
            match event {
                Event::MappingEnd | Event::SequenceEnd => depth -= 1,
                Event::StreamEnd => return Ok(()),
                event => depth += usize::from(opens(&event)),
            }
        }
        Ok(())
    }

    fn byte(&self, index: usize) -> usize {
        let at = match &self.offsets {
            Some(offsets) => offsets.get(index).copied().unwrap_or(self.text.len()),
            None => index.min(self.text.len()),
        };
        at + self.skip
    }

    // the scanner's ends may lie behind blanks and line ends
    fn span(&self, start: Marker, end: Marker) -> Span {
        let (start, end) = (self.byte(start.index()), self.byte(end.index()));
        let piece = self.text.get(start - self.skip..end.max(start) - self.skip).unwrap_or_default();
        Span { file: self.file, start, end: start + piece.trim_end().len() }
    }

    fn line_end(&self, at: Span) -> Span {
        let rest = self.text.get(at.start - self.skip..).unwrap_or_default();
        let length = rest.lines().next().map_or(0, |l| l.trim_end().len());
        Span { end: at.start + length.max(at.end - at.start), ..at }
    }

    /// The next line that begins with a tab.
    fn tab_behind(&self, at: Span) -> Option<Span> {
        let found = self.text.get(at.start - self.skip..)?.find("\n\t")?;
        let start = at.start + found + 1;
        Some(Span { start, end: start, ..at })
    }

    fn whole(&self) -> Span {
        Span { file: self.file, start: 0, end: 0 }
    }

    fn end(&self) -> Span {
        let end = self.text.len() + self.skip;
        Span { file: self.file, start: end, end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::files::{Origin, SourceFile};

    fn shown(text: &str) -> String {
        let mut files = Files::default();
        let id = files.add(SourceFile::new("f", Origin::Stdin, text.as_bytes().to_vec()));
        let found = read(&files, id);
        let mut all: Vec<String> = found
            .entries
            .iter()
            .map(|e| format!("{}={}={}", files.text_of(e.key_span), e.key, files.text_of(e.value_span)))
            .collect();
        all.extend(
            found.problem.map(|(span, words)| format!("{}: {words}", files.get(id).place(span.start).0)),
        );
        all.join(" | ")
    }

    #[test]
    fn keys_and_values_have_their_places() {
        assert_eq!(
            shown("---\n# é\n:enabled: https   # why\n:cache_url: \"redis://x\"\r\nplain: [a, b]\n':q': 1"),
            ":enabled=enabled=https | :cache_url=cache_url=\"redis://x\" | plain=plain=[ | ':q'=:q=1"
        );
        assert_eq!(shown("\u{feff}:a: b\n"), ":a=a=b");
    }

    #[test]
    fn what_is_no_mapping_is_told() {
        assert_eq!(shown("---\n# nothing\n"), "1: it holds no setting at all");
        assert_eq!(shown("- a\n"), "1: it is no mapping of keys to values");
        assert!(shown(":a: b\n\t:c: d\n").starts_with("2: this is no YAML"), "{}", shown(":a: b\n\t:c: d\n"));
        assert!(shown(":a: b: c\n").contains("this is no YAML"));
        assert!(shown(":a: 'b\n").contains("this is no YAML"));
    }
}
