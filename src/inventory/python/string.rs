//! Python's string literals: the text behind a cursor in, what the literal stands for out.

use std::iter::Peekable;
use std::str::Chars;

/// Where a literal is being read.
pub type Cursor<'a> = Peekable<Chars<'a>>;

/// A literal is no string that a variable can be: not closed, a wrong escape, an f-string.
#[derive(Debug, PartialEq, Eq)]
pub struct NoString;

/// What the letters before a quote make of the string.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prefix {
    raw: bool,
    /// `b'...'`; Ansible makes text of it.
    pub bytes: bool,
}

impl Prefix {
    /// `r`, `b`, `u`, `Rb`; none for other words.
    pub fn of(letters: &str) -> Option<Self> {
        match letters.to_ascii_lowercase().as_str() {
            "" | "u" => Some(Self::default()),
            "r" => Some(Self { raw: true, bytes: false }),
            "b" => Some(Self { raw: false, bytes: true }),
            "rb" | "br" => Some(Self { raw: true, bytes: true }),
            _ => None,
        }
    }
}

/// Reads the string whose opening quote comes next.
pub fn string(cursor: &mut Cursor<'_>, prefix: Prefix) -> Result<String, NoString> {
    let quote = cursor.next().ok_or(NoString)?;
    let mut long = false;
    if cursor.peek() == Some(&quote) {
        cursor.next();
        if cursor.peek() != Some(&quote) {
            return Ok(String::new());
        }
        cursor.next();
        long = true;
    }
    let mut text = String::new();
    let mut bytes = Vec::new();
    let mut run = 0;
    loop {
        let c = cursor.next().ok_or(NoString)?;
        if c == quote {
            run += 1;
            if !long || run == 3 {
                break;
            }
            continue;
        }
        for _ in 0..std::mem::take(&mut run) {
            put(&mut text, &mut bytes, prefix, quote);
        }
        if c == '\\' {
            escape(cursor, prefix, &mut text, &mut bytes)?;
        } else if prefix.bytes && !c.is_ascii() {
            return Err(NoString);
        } else {
            put(&mut text, &mut bytes, prefix, c);
        }
    }
    if prefix.bytes { String::from_utf8(bytes).map_err(|_| NoString) } else { Ok(text) }
}

fn put(text: &mut String, bytes: &mut Vec<u8>, prefix: Prefix, c: char) {
    if prefix.bytes {
        bytes.push(u8::try_from(u32::from(c) & 0xff).unwrap_or_default());
    } else {
        text.push(c);
    }
}

/// What follows a backslash.
fn escape(
    cursor: &mut Cursor<'_>,
    prefix: Prefix,
    text: &mut String,
    bytes: &mut Vec<u8>,
) -> Result<(), NoString> {
    let c = cursor.next().ok_or(NoString)?;
    if prefix.raw {
        put(text, bytes, prefix, '\\');
        put(text, bytes, prefix, c);
        return Ok(());
    }
    let plain = match c {
        '\\' | '\'' | '"' => c,
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        '0'..='7' => octal(cursor, c),
        'x' => code(cursor, 2)?,
        'u' if !prefix.bytes => code(cursor, 4)?,
        'U' if !prefix.bytes => code(cursor, 8)?,
        // names of characters are not known here
        'N' if !prefix.bytes => return Err(NoString),
        other => {
            put(text, bytes, prefix, '\\');
            other
        }
    };
    if prefix.bytes && u32::from(plain) > 0xff {
        return Err(NoString);
    }
    put(text, bytes, prefix, plain);
    Ok(())
}

fn octal(cursor: &mut Cursor<'_>, first: char) -> char {
    let mut value = first.to_digit(8).unwrap_or(0);
    for _ in 0..2 {
        let Some(digit) = cursor.peek().and_then(|c| c.to_digit(8)) else { break };
        cursor.next();
        value = value * 8 + digit;
    }
    char::from_u32(value).unwrap_or('\u{fffd}')
}

fn code(cursor: &mut Cursor<'_>, digits: usize) -> Result<char, NoString> {
    let mut value: u32 = 0;
    for _ in 0..digits {
        let digit = cursor.next().and_then(|c| c.to_digit(16)).ok_or(NoString)?;
        value = value.checked_mul(16).and_then(|v| v.checked_add(digit)).ok_or(NoString)?;
    }
    char::from_u32(value).ok_or(NoString)
}
