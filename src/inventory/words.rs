//! Lines as Ansible cuts them: text in, lines and a host line's words out.

use super::error::Problem;

/// Lines as Python's `splitlines` ends them.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let text = text.strip_suffix("\r\n").or_else(|| text.strip_suffix(ends_line)).unwrap_or(text);
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let all = rest?;
        let Some(at) = all.find(ends_line) else {
            rest = None;
            return Some(all);
        };
        let (line, tail) = all.split_at(at);
        let tail = tail
            .strip_prefix("\r\n")
            .unwrap_or_else(|| tail.get(tail.chars().next().map_or(0, char::len_utf8)..).unwrap_or(""));
        rest = Some(tail);
        Some(line)
    })
}

fn ends_line(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What Python's `strip` takes away.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

/// Splits as a POSIX shell would; `#` anywhere outside quotes ends the line.
pub(super) fn shell_words(line: &str) -> Result<Vec<String>, Problem> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' => words.extend(word.take()),
            '#' => break,
            '\'' | '"' => quoted(c, &mut chars, word.get_or_insert_default())?,
            '\\' => word.get_or_insert_default().push(chars.next().ok_or(Problem::Escape)?),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

fn quoted(quote: char, chars: &mut std::str::Chars<'_>, into: &mut String) -> Result<(), Problem> {
    while let Some(c) = chars.next() {
        match c {
            c if c == quote => return Ok(()),
            '\\' if quote == '"' => match chars.next().ok_or(Problem::Quote)? {
                escaped @ ('"' | '\\') => into.push(escaped),
                other => into.extend(['\\', other]),
            },
            c => into.push(c),
        }
    }
    Err(Problem::Quote)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_where_python_ends_them() {
        assert_eq!(lines("a\r\nb\rc\n\nd\u{85}e\n").collect::<Vec<_>>(), ["a", "b", "c", "", "d", "e"]);
        assert_eq!(lines("a").collect::<Vec<_>>(), ["a"]);
        assert_eq!(lines("a\n\n").collect::<Vec<_>>(), ["a", ""]);
    }

    #[test]
    fn quoting_is_a_shells() {
        let words = shell_words(r#"h a="x y" b='p "q"' c=d\ e f="g\"h" ansible_ssh_common_args="-o A=b -o C=d"#.to_owned().as_str());
        assert_eq!(words, Err(Problem::Quote));
        let words = shell_words(r#"h a="x y" b='p "q"' c=d\ e f="g\"h" g="\x" '' # it's"#);
        assert_eq!(words.unwrap(), ["h", "a=x y", "b=p \"q\"", "c=d e", "f=g\"h", "g=\\x", ""]);
        assert_eq!(shell_words("h a=b#c d"), Ok(vec!["h".to_owned(), "a=b".to_owned()]));
        assert_eq!(shell_words("h a=\\"), Err(Problem::Escape));
    }
}
