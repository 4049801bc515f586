//! JSON as Python's `json.loads` takes it: text in, nodes with their lines out; none where it is not JSON.
//!
//! Ansible tries it before YAML, which reads some numbers and escapes in another way.

use super::node::{Kind, MAX_DEPTH, Node};
use crate::inventory::python::number;
use crate::inventory::value::Value;
use std::rc::Rc;

/// The text as one JSON document.
pub fn document(text: &str) -> Option<Rc<Node>> {
    let mut reader = Reader { text, at: 0, line: 1 };
    let node = reader.node(0)?;
    reader.skip_blanks();
    reader.rest().is_empty().then_some(node)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        self.at += if found { word.len() } else { 0 };
        found
    }

    fn skip_blanks(&mut self) {
        let blanks = self.rest().bytes().take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'));
        let (length, lines) = blanks.fold((0, 0), |(n, lines), b| (n + 1, lines + usize::from(b == b'\n')));
        (self.at, self.line) = (self.at + length, self.line + lines);
    }

    fn node(&mut self, depth: usize) -> Option<Rc<Node>> {
        self.skip_blanks();
        if depth > MAX_DEPTH {
            return None;
        }
        let line = self.line;
        let kind = match self.rest().bytes().next()? {
            b'{' => self.object(depth)?,
            b'[' => self.array(depth)?,
            b'"' => Kind::Scalar { text: self.string()?, plain: false },
            _ => Kind::Ready(self.word()?),
        };
        Some(Rc::new(Node { line, tag: None, kind }))
    }

    fn object(&mut self, depth: usize) -> Option<Kind> {
        let mut pairs = Vec::new();
        self.take("{");
        self.skip_blanks();
        if self.take("}") {
            return Some(Kind::Map(pairs));
        }
        loop {
            self.skip_blanks();
            let line = self.line;
            let key = Node { line, tag: None, kind: Kind::Scalar { text: self.string()?, plain: false } };
            self.skip_blanks();
            if !self.take(":") {
                return None;
            }
            pairs.push((Rc::new(key), self.node(depth + 1)?));
            self.skip_blanks();
            if self.take("}") {
                return Some(Kind::Map(pairs));
            }
            if !self.take(",") {
                return None;
            }
        }
    }

    fn array(&mut self, depth: usize) -> Option<Kind> {
        let mut items = Vec::new();
        self.take("[");
        self.skip_blanks();
        if self.take("]") {
            return Some(Kind::List(items));
        }
        loop {
            items.push(self.node(depth + 1)?);
            self.skip_blanks();
            if self.take("]") {
                return Some(Kind::List(items));
            }
            if !self.take(",") {
                return None;
            }
        }
    }

    /// A string is one of serde's, too, once its end is known.
    fn string(&mut self) -> Option<String> {
        let rest = self.rest();
        let mut bytes = rest.bytes().enumerate();
        if bytes.next()?.1 != b'"' {
            return None;
        }
        let mut escaped = false;
        for (at, byte) in bytes {
            match byte {
                b'"' if !escaped => {
                    self.at += at + 1;
                    return serde_json::from_str(rest.get(..=at)?).ok();
                }
                b'\\' => escaped = !escaped,
                0..0x20 => return None,
                _ => escaped = false,
            }
        }
        None
    }

    fn word(&mut self) -> Option<Value> {
        for (word, value) in [
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("null", Value::Null),
            ("NaN", Value::Float(f64::NAN)),
            ("Infinity", Value::Float(f64::INFINITY)),
            ("-Infinity", Value::Float(f64::NEG_INFINITY)),
        ] {
            if self.take(word) {
                return Some(value);
            }
        }
        let rest = self.rest();
        let end = rest
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E')))
            .unwrap_or(rest.len());
        let word = rest.get(..end)?;
        // serde holds the form of a number, and cuts those that are too long for it
        serde_json::from_str::<&serde_json::value::RawValue>(word).ok()?;
        self.at += end;
        if word.contains(['.', 'e', 'E']) {
            return word.parse().ok().map(Value::Float);
        }
        let digits = word.strip_prefix('-').unwrap_or(word);
        let value = number::from_digits(digits, 10);
        Some(if word.starts_with('-') { number::negated(value) } else { value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_pythons() {
        for text in
            ["{\"a\": [1, 1e3, NaN, -0.5, \"\\ud83d\\ude00\\/\"]}", " []\n", "123456789012345678901234567890"]
        {
            assert!(document(text).is_some(), "{text}");
        }
        for text in ["", "{a: 1}", "[1,]", "01", "\"a\nb\"", "[1] x", "{\"a\" 1}", "1.", "'a'", "\u{feff}[]"]
        {
            assert!(document(text).is_none(), "{text}");
        }
        assert!(document(&"[".repeat(100_000)).is_none());
    }
}
