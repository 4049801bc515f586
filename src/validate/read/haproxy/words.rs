//! A line of HAProxy's configuration in, its words with their places out.
//!
//! Quoting is HAProxy's: blanks part words, `#` outside quotes ends the line, `'...'` is taken as it is, `"..."`
//! knows `\"`, `\\`, `\$` and `$VARIABLE`, a backslash outside quotes takes the next character as it is.

use crate::validate::files::{FileId, Span};
use crate::validate::read::Word;

/// A line's words, and its comment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// In their order.
    pub words: Vec<Word>,
    /// From its `#` to the line's end.
    pub comment: Option<Span>,
    /// A quote that never closes.
    pub unclosed: Option<Span>,
}

/// Takes a line apart. `start`: where it stands in its file.
pub fn split(file: FileId, start: usize, line: &[u8]) -> Line {
    let mut reader = Reader { line, at: 0, file, start, done: Line::default() };
    reader.run();
    reader.done
}

struct Reader<'a> {
    line: &'a [u8],
    at: usize,
    file: FileId,
    start: usize,
    done: Line,
}

/// A word while it is read.
#[derive(Default)]
struct Open {
    bytes: Vec<u8>,
    from: usize,
    expands: bool,
}

impl Reader<'_> {
    fn span(&self, from: usize, to: usize) -> Span {
        Span { file: self.file, start: self.start + from, end: self.start + to }
    }

    fn run(&mut self) {
        let mut open: Option<Open> = None;
        while let Some(&byte) = self.line.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\r' | 0x0b | 0x0c => self.close(&mut open),
                b'#' => {
                    self.close(&mut open);
                    self.done.comment = Some(self.span(self.at, self.line.len()));
                    return;
                }
                _ => {
                    let from = self.at;
                    let word = open.get_or_insert_with(|| Open { from, ..Open::default() });
                    match byte {
                        b'\'' | b'"' => {
                            if let Some(quote) = quoted(self.line, &mut self.at, byte, word) {
                                self.done.unclosed = Some(self.span(quote, self.line.len()));
                            }
                        }
                        b'\\' => escaped(self.line, &mut self.at, word),
                        byte => word.bytes.push(byte),
                    }
                }
            }
            self.at += 1;
        }
        self.close(&mut open);
    }

    fn close(&mut self, open: &mut Option<Open>) {
        if let Some(word) = open.take() {
            let span = self.span(word.from, self.at.min(self.line.len()));
            let text = String::from_utf8_lossy(&word.bytes).into_owned();
            self.done.words.push(Word { text, span, expands: word.expands });
        }
    }
}

/// Reads to the closing quote; where there is none, says where the quote was opened.
fn quoted(line: &[u8], at: &mut usize, quote: u8, word: &mut Open) -> Option<usize> {
    let opened = *at;
    *at += 1;
    while let Some(&byte) = line.get(*at) {
        match byte {
            byte if byte == quote => return None,
            b'\\' if quote == b'"' => escaped(line, at, word),
            b'$' if quote == b'"' => {
                word.expands = true;
                word.bytes.push(byte);
            }
            byte => word.bytes.push(byte),
        }
        *at += 1;
    }
    Some(opened)
}

/// At a backslash: leaves `at` on the last byte that belongs to it.
fn escaped(line: &[u8], at: &mut usize, word: &mut Open) {
    let Some(&next) = line.get(*at + 1) else {
        word.bytes.push(b'\\');
        return;
    };
    *at += 1;
    match next {
        b'n' => word.bytes.push(b'\n'),
        b'r' => word.bytes.push(b'\r'),
        b't' => word.bytes.push(b'\t'),
        b'x' => {
            let digits = line.get(*at + 1..*at + 3).and_then(|d| std::str::from_utf8(d).ok());
            if let Some(byte) = digits.and_then(|d| u8::from_str_radix(d, 16).ok()) {
                word.bytes.push(byte);
                *at += 2;
            } else {
                word.bytes.extend([b'\\', b'x']);
            }
        }
        b' ' | b'\\' | b'#' | b'"' | b'\'' | b'$' => word.bytes.push(next),
        // others mean nothing to HAProxy: both stay, for regular expressions
        other => word.bytes.extend([b'\\', other]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        split(FileId(0), 0, line.as_bytes()).words.into_iter().map(|w| w.text).collect()
    }

    #[test]
    fn quotes_and_escapes_are_haproxys() {
        assert_eq!(
            words("  server  cap1\t192.0.2.11:9090 check # why"),
            ["server", "cap1", "192.0.2.11:9090", "check"]
        );
        assert_eq!(words(r#"a "b c" 'd "e' f\ g h\#i"#), ["a", "b c", "d \"e", "f g", "h#i"]);
        assert_eq!(
            words(r"option httpchk GET /x HTTP/1.1\r\nHost:\ localhost"),
            ["option", "httpchk", "GET", "/x", "HTTP/1.1\r\nHost: localhost"]
        );
        assert_eq!(words(r#"a"b"'c'#d"#), ["abc"]);
        assert_eq!(words(r"reg ^\d+\.x\x41\x4"), ["reg", r"^\d+\.xA\x4"]);
        assert_eq!(words(r#"a "" ''"#), ["a", "", ""]);
    }

    #[test]
    fn places_hold_the_quotes_and_variables_are_marked() {
        let line = split(FileId(0), 100, br#"bind "$ADDR:9090" '$no' #x"#);
        let spans: Vec<_> = line.words.iter().map(|w| (w.span.start, w.span.end, w.expands)).collect();
        assert_eq!(spans, [(100, 104, false), (105, 117, true), (118, 123, false)]);
        assert_eq!(line.comment.map(|c| (c.start, c.end)), Some((124, 126)));
        assert_eq!(split(FileId(0), 0, b"a 'b c").unclosed.map(|s| s.start), Some(2));
    }
}
