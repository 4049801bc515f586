//! Python literals, as `ast.literal_eval` takes them: a value's text in, its value out.
//!
//! Ansible reads each value of an INI inventory so, and keeps the text where it is no literal. Tuples and sets
//! become lists (a set in the order in which it is written), bytes and complex numbers text.

use super::number::{self, Number};
use super::string::{self, Cursor, Prefix};
use crate::inventory::value::{Map, Value};

/// Python's tokenizer takes no more brackets inside each other.
const MAX_DEPTH: usize = 199;

/// Why there is no value.
#[derive(Debug, PartialEq, Eq)]
pub enum NoLiteral {
    /// It is no literal; Ansible keeps the text.
    Text,
    /// A list or a mapping where a key must stand; Ansible fails.
    Unhashable,
}

/// The value that a text is as a literal, else the text itself.
///
/// # Errors
/// `Unhashable`: a literal that cannot be built.
pub fn value_of(text: &str) -> Result<Value, NoLiteral> {
    match literal(text) {
        Err(NoLiteral::Text) => Ok(Value::Text(text.to_owned())),
        other => other,
    }
}

fn literal(text: &str) -> Result<Value, NoLiteral> {
    let text = text.trim_start_matches([' ', '\t']);
    let mut reader = Reader { cursor: text.chars().peekable(), depth: 0 };
    let value = reader.expression_list()?;
    reader.skip_blanks();
    match reader.cursor.peek() {
        None => json_of(value),
        Some(_) => Err(NoLiteral::Text),
    }
}

/// A literal before it is checked and made into a variable.
enum Literal {
    Null,
    Bool(bool),
    Ellipsis,
    Number(Number),
    Complex(f64, f64),
    Text(String),
    Bytes(String),
    Tuple(Vec<Self>),
    List(Vec<Self>),
    Set(Vec<Self>),
    Dict(Vec<(Self, Self)>),
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    depth: usize,
}

impl Reader<'_> {
    /// `1`, or the tuple `1, 2` and `1,`.
    fn expression_list(&mut self) -> Result<Literal, NoLiteral> {
        let first = self.expression()?;
        if !self.take(',') {
            return Ok(first);
        }
        let mut items = vec![first];
        loop {
            self.skip_blanks();
            if matches!(self.cursor.peek(), None | Some(')')) {
                return Ok(Literal::Tuple(items));
            }
            items.push(self.expression()?);
            if !self.take(',') {
                return Ok(Literal::Tuple(items));
            }
        }
    }

    /// A number with its sign, a complex sum, or anything else that is one.
    fn expression(&mut self) -> Result<Literal, NoLiteral> {
        let left = self.signed()?;
        self.skip_blanks();
        let Some(sign @ ('+' | '-')) = self.cursor.peek().copied() else { return Ok(left) };
        let Literal::Number(left) = left else { return Err(NoLiteral::Text) };
        self.cursor.next();
        self.skip_blanks();
        let real = match left {
            Number::Int(value) => value.to_json().as_f64().ok_or(NoLiteral::Text)?,
            Number::Float(x) => x,
            Number::Imaginary(_) => return Err(NoLiteral::Text),
        };
        match self.atom()? {
            Literal::Number(Number::Imaginary(x)) => {
                Ok(Literal::Complex(real, if sign == '-' { -x } else { x }))
            }
            _ => Err(NoLiteral::Text),
        }
    }

    fn signed(&mut self) -> Result<Literal, NoLiteral> {
        self.skip_blanks();
        let sign = self.cursor.peek().copied().filter(|c| matches!(c, '+' | '-'));
        if sign.is_none() {
            return self.atom();
        }
        self.cursor.next();
        self.skip_blanks();
        let Literal::Number(number) = self.atom()? else { return Err(NoLiteral::Text) };
        Ok(Literal::Number(match (sign, number) {
            (Some('-'), Number::Int(value)) => Number::Int(number::negated(value)),
            (Some('-'), Number::Float(x)) => Number::Float(-x),
            (Some('-'), Number::Imaginary(x)) => Number::Imaginary(-x),
            (_, number) => number,
        }))
    }

    fn atom(&mut self) -> Result<Literal, NoLiteral> {
        self.skip_blanks();
        match self.cursor.peek().copied() {
            Some('\'' | '"') => self.strings(Prefix::default()),
            Some('(') => self.inside(Self::parenthesis),
            Some('[') => self.inside(|reader| Ok(Literal::List(reader.items(']')?))),
            Some('{') => self.inside(Self::braces),
            Some('0'..='9') => self.number(),
            Some('.') => self.dots(),
            Some(c) if c.is_ascii_alphabetic() => self.word(),
            _ => Err(NoLiteral::Text),
        }
    }

    fn inside(
        &mut self,
        read: impl Fn(&mut Self) -> Result<Literal, NoLiteral>,
    ) -> Result<Literal, NoLiteral> {
        if self.depth >= MAX_DEPTH {
            return Err(NoLiteral::Text);
        }
        self.cursor.next();
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn parenthesis(&mut self) -> Result<Literal, NoLiteral> {
        if self.take(')') {
            return Ok(Literal::Tuple(Vec::new()));
        }
        let value = self.expression_list()?;
        if self.take(')') { Ok(value) } else { Err(NoLiteral::Text) }
    }

    /// What stands before the closing bracket, which is taken.
    fn items(&mut self, close: char) -> Result<Vec<Literal>, NoLiteral> {
        let mut items = Vec::new();
        while !self.take(close) {
            items.push(self.expression()?);
            if !self.take(',') && self.peek() != Some(close) {
                return Err(NoLiteral::Text);
            }
        }
        Ok(items)
    }

    fn braces(&mut self) -> Result<Literal, NoLiteral> {
        if self.take('}') {
            return Ok(Literal::Dict(Vec::new()));
        }
        let first = self.expression()?;
        if !self.take(':') {
            let mut items = vec![first];
            if self.take(',') {
                items.extend(self.items('}')?);
            } else if !self.take('}') {
                return Err(NoLiteral::Text);
            }
            return Ok(Literal::Set(items));
        }
        let mut pairs = vec![(first, self.expression()?)];
        loop {
            let comma = self.take(',');
            if self.take('}') {
                return Ok(Literal::Dict(pairs));
            }
            if !comma {
                return Err(NoLiteral::Text);
            }
            let key = self.expression()?;
            if !self.take(':') {
                return Err(NoLiteral::Text);
            }
            pairs.push((key, self.expression()?));
        }
    }

    /// Strings beside each other are one.
    fn strings(&mut self, prefix: Prefix) -> Result<Literal, NoLiteral> {
        let mut text = string::string(&mut self.cursor, prefix).map_err(|_| NoLiteral::Text)?;
        loop {
            self.skip_blanks();
            let next = match self.cursor.peek() {
                Some('\'' | '"') => Prefix::default(),
                Some(c) if c.is_ascii_alphabetic() => {
                    let word = self.letters();
                    Prefix::of(&word)
                        .filter(|_| matches!(self.cursor.peek(), Some('\'' | '"')))
                        .ok_or(NoLiteral::Text)?
                }
                _ => return Ok(if prefix.bytes { Literal::Bytes(text) } else { Literal::Text(text) }),
            };
            if next.bytes != prefix.bytes {
                return Err(NoLiteral::Text);
            }
            text.push_str(&string::string(&mut self.cursor, next).map_err(|_| NoLiteral::Text)?);
        }
    }

    fn word(&mut self) -> Result<Literal, NoLiteral> {
        let word = self.letters();
        if matches!(self.cursor.peek(), Some('\'' | '"')) {
            return self.strings(Prefix::of(&word).ok_or(NoLiteral::Text)?);
        }
        match word.as_str() {
            "True" => Ok(Literal::Bool(true)),
            "False" => Ok(Literal::Bool(false)),
            "None" => Ok(Literal::Null),
            "set" if self.take('(') && self.take(')') => Ok(Literal::Set(Vec::new())),
            _ => Err(NoLiteral::Text),
        }
    }

    fn letters(&mut self) -> String {
        let mut word = String::new();
        while let Some(c) = self.cursor.next_if(|c| c.is_alphanumeric() || *c == '_') {
            word.push(c);
        }
        word
    }

    fn number(&mut self) -> Result<Literal, NoLiteral> {
        let mut word = String::new();
        while let Some(c) = self.cursor.peek().copied() {
            let sign = matches!(c, '+' | '-')
                && word.ends_with(['e', 'E'])
                && !word.starts_with("0x")
                && !word.starts_with("0X");
            if !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.') || sign) {
                break;
            }
            word.push(c);
            self.cursor.next();
        }
        number::number(&word).map(Literal::Number).ok_or(NoLiteral::Text)
    }

    /// `.5` or `...`.
    fn dots(&mut self) -> Result<Literal, NoLiteral> {
        let mut ahead = self.cursor.clone();
        if ahead.by_ref().take(3).eq("...".chars()) {
            self.cursor = ahead;
            return Ok(Literal::Ellipsis);
        }
        self.number()
    }

    fn take(&mut self, wanted: char) -> bool {
        self.skip_blanks();
        self.cursor.next_if_eq(&wanted).is_some()
    }

    fn peek(&mut self) -> Option<char> {
        self.skip_blanks();
        self.cursor.peek().copied()
    }

    /// Blanks and, outside brackets, a comment up to the end; there is only one line.
    fn skip_blanks(&mut self) {
        while self.cursor.next_if(|c| matches!(c, ' ' | '\t' | '\u{c}')).is_some() {}
        if self.cursor.peek() == Some(&'#') {
            while self.cursor.next().is_some() {}
        }
    }
}

fn json_of(literal: Literal) -> Result<Value, NoLiteral> {
    Ok(match literal {
        Literal::Null => Value::Null,
        Literal::Bool(b) => Value::Bool(b),
        Literal::Ellipsis => Value::Text("...".to_owned()),
        Literal::Number(Number::Int(value)) => value,
        Literal::Number(Number::Float(x)) => Value::Float(x),
        Literal::Number(Number::Imaginary(x)) => Value::Text(complex(0.0, x)),
        Literal::Complex(real, imaginary) => Value::Text(complex(real, imaginary)),
        Literal::Text(text) => Value::Text(text),
        // Ansible trusts no template in them
        Literal::Bytes(text) => Value::Unsafe(text),
        Literal::Tuple(items) | Literal::List(items) => {
            Value::List(items.into_iter().map(json_of).collect::<Result<_, _>>()?)
        }
        Literal::Set(items) => {
            let mut list: Vec<Value> = Vec::new();
            for item in items {
                hashable(&item)?;
                let item = json_of(item)?;
                if !list.contains(&item) {
                    list.push(item);
                }
            }
            Value::List(list)
        }
        Literal::Dict(pairs) => {
            let mut map = Map::new();
            for (key, value) in pairs {
                hashable(&key)?;
                map.insert(key_of(key)?, json_of(value)?);
            }
            Value::Map(map)
        }
    })
}

fn hashable(key: &Literal) -> Result<(), NoLiteral> {
    match key {
        Literal::List(_) | Literal::Set(_) | Literal::Dict(_) => Err(NoLiteral::Unhashable),
        Literal::Tuple(items) => items.iter().try_for_each(hashable),
        _ => Ok(()),
    }
}

/// Keys as JSON has them. A tuple is none there.
fn key_of(key: Literal) -> Result<String, NoLiteral> {
    match json_of(key)? {
        Value::Text(text) | Value::Unsafe(text) => Ok(text),
        Value::List(_) => Err(NoLiteral::Unhashable),
        Value::Float(x) => Ok(number::repr(x)),
        other => Ok(other.to_json().to_string()),
    }
}

/// As Python's `str()` writes a complex number: `2j`, `(1+2j)`.
fn complex(real: f64, imaginary: f64) -> String {
    let short = |x: f64| number::repr(x).trim_end_matches(".0").to_owned();
    if real == 0.0 && real.is_sign_positive() {
        return format!("{}j", short(imaginary));
    }
    let sign = if imaginary.is_sign_negative() { "" } else { "+" };
    format!("({}{sign}{}j)", short(real), short(imaginary))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        value_of(text).map_or_else(|e| format!("{e:?}"), |v| serde_json::to_string(&v).unwrap())
    }

    #[test]
    fn literals_get_their_types() {
        for (text, is) in [
            ("1", "1"),
            ("-1", "-1"),
            ("+1.5", "1.5"),
            ("True", "true"),
            ("None", "null"),
            ("'a b'", "\"a b\""),
            ("\"a\" 'b'", "\"ab\""),
            ("1, 2", "[1,2]"),
            ("True,", "[true]"),
            ("()", "[]"),
            ("(1)", "1"),
            ("[1, 'a', {'k': [2.5]}]", "[1,\"a\",{\"k\":[2.5]}]"),
            ("{1, 2, 1}", "[1,2]"),
            ("set()", "[]"),
            ("{1: 2, None: 3, 1.5: 4}", "{\"1\":2,\"1.5\":4,\"null\":3}"),
            ("1 # one", "1"),
            ("'a#b' # c", "\"a#b\""),
            ("b'x\\x41'", "{\"__ansible_unsafe\":\"xA\"}"),
            ("r'\\d'", "\"\\\\d\""),
            ("'\\u00e4\\n'", "\"\u{e4}\\n\""),
            ("...", "\"...\""),
            ("2j", "\"2j\""),
            ("1+2j", "\"(1+2j)\""),
            ("'''a'b'''", "\"a'b\""),
            ("0x1f", "31"),
            (" 1", "1"),
        ] {
            assert_eq!(shown(text), is, "{text}");
        }
    }

    #[test]
    fn what_is_no_literal_stays_text() {
        for text in [
            "true",
            "a, b",
            "10.0.0.1",
            "0777",
            "1-2",
            "-True",
            "--1",
            "f'x'",
            "'open",
            "a='b'",
            "[1",
            "{1:}",
            "~",
            "\"a\" x",
            "1;",
            "'a' b'c'",
            "{'a': 1, 2}",
            "",
            "#",
            "{{ x }}",
            "x.y",
            "'\\x4'",
            "1 2",
            "set(1)",
            "\u{e4}",
        ] {
            assert_eq!(value_of(text), Ok(Value::Text(text.to_owned())), "{text}");
        }
        assert_eq!(value_of("{{}: 1}"), Err(NoLiteral::Unhashable));
        let deep = "[".repeat(5000) + &"]".repeat(5000);
        assert_eq!(value_of(&deep), Ok(Value::Text(deep.clone())));
    }
}
