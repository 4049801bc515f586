//! Text of a log or a user in, text that stands in Markdown as it was written out.

/// Escapes what could end a cell, begin markup or a mention of somebody; lines become lines of a cell.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '~' | '!' => out.extend(['\\', c]),
            '\n' => out.push_str("<br>"),
            '\r' | '\u{a0}' => out.push(' '),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_of_a_log_is_text_in_markdown() {
        let text = escape("<img>|`x`\n![a](b) @all foreman#1 a_b ~~c~~ &lt;");
        let words = "&lt;img&gt;\\|\\`x\\`<br>\\!\\[a\\](b) &#64;all foreman#1 a\\_b \\~\\~c\\~\\~ &amp;lt;";
        assert_eq!(text, words);
        // what must stay together on a page is searched for in a wiki
        assert_eq!(escape("39.6\u{a0}%"), "39.6 %");
    }
}
