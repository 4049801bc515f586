//! Words for tables: colour, wrapping, times.

use super::TableStyle;
use crate::report::durations::span;
use crate::timestamp::Timestamp;
use anstyle::{AnsiColor, Style};

/// What a piece of text is, for colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    #[default]
    Plain,
    /// Headings.
    Strong,
    /// A group's name.
    Title,
    /// What one reads second.
    Quiet,
    /// A target that is met.
    Good,
    /// A target that is missed, failures.
    Bad,
    /// Inferred, incomplete.
    Caution,
}

impl Tone {
    const fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Strong => Style::new().bold(),
            Self::Title => AnsiColor::Cyan.on_default().bold(),
            Self::Quiet => Style::new().dimmed(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Caution => AnsiColor::Yellow.on_default(),
        }
    }
}

/// The text in its colour, where colour is wanted; blanks at its ends stay uncoloured.
pub fn paint(style: TableStyle, tone: Tone, text: &str) -> String {
    let inner = text.trim();
    if !style.color || tone == Tone::Plain || inner.is_empty() {
        return text.to_owned();
    }
    let before = &text[..text.len() - text.trim_start().len()];
    let after = &text[before.len() + inner.len()..];
    let colour = tone.style();
    format!("{before}{colour}{inner}{colour:#}{after}")
}

/// Lines of at most `width` characters, the first indented by `first`, the others by `rest`.
/// A word that is longer than a line is broken; what `tied` holds together counts as one word.
pub fn wrap(text: &str, width: usize, first: usize, rest: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = " ".repeat(first);
    let (mut used, mut empty) = (first, true);
    for mut word in text.split(|c: char| c.is_whitespace() && c != TIE).filter(|w| !w.is_empty()) {
        loop {
            let length = word.chars().count();
            let gap = usize::from(!empty);
            if used + gap + length <= width {
                line.extend(std::iter::repeat_n(' ', gap));
                line.push_str(word);
                (used, empty) = (used + gap + length, false);
                break;
            }
            let room = width.saturating_sub(if empty { used } else { rest }).max(1);
            if empty || length > room {
                // longer than any line: as much as goes in here, the remainder after it
                let here = width.saturating_sub(used + gap);
                if empty || here >= 8 {
                    let cut = word.char_indices().nth(here.max(1)).map_or(word.len(), |(i, _)| i);
                    line.extend(std::iter::repeat_n(' ', gap));
                    line.push_str(&word[..cut]);
                    word = &word[cut..];
                }
            }
            lines.push(std::mem::replace(&mut line, " ".repeat(rest)));
            (used, empty) = (rest, true);
            if word.is_empty() {
                break;
            }
        }
    }
    if !empty {
        lines.push(line);
    }
    lines.into_iter().map(|line| line.replace(TIE, " ")).collect()
}

const TIE: char = '\u{a0}';

/// A name and its figure, which no line break parts.
pub fn tied(name: &str, figure: &str) -> String {
    format!("{}{TIE}{figure}", name.replace(' ', "\u{a0}"))
}

/// What a log holds may steer a terminal: control characters, also those that turn the direction of writing,
/// are shown, not sent.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// `2026-04-04 10:00:00 to 10:05:09 UTC`.
pub fn from_to(start: Timestamp, end: Timestamp) -> String {
    let shown = |t: Timestamp| {
        let text = Timestamp::from_secs(t.secs()).to_string();
        text.trim_end_matches('Z').replacen('T', " ", 1)
    };
    let (from, to) = (shown(start), shown(end));
    let to = match (from.split_once(' '), to.split_once(' ')) {
        (Some((day, _)), Some((same, time))) if day == same => time.to_owned(),
        _ => to,
    };
    format!("{from} to {to} UTC")
}

/// `2026-04-04 10:00:00 to 10:05:09 UTC (5 min 9 s)`.
pub fn span_of_time(start: Timestamp, end: Timestamp) -> String {
    format!("{} ({})", from_to(start, end), span(end.ms_since(start)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_inside_long_ones() {
        assert_eq!(wrap("one two three", 9, 0, 2), ["one two", "  three"]);
        assert_eq!(wrap("abcdefghijkl", 6, 2, 2), ["  abcd", "  efgh", "  ijkl"]);
        assert!(wrap("", 9, 2, 2).is_empty());
        assert_eq!(wrap(&format!("one {}", tied("two", "3")), 7, 0, 0), ["one", "two 3"]);
        for width in 3..40 {
            let text = "a bb /var/log/foreman/production.log-20260404.gz: unexpected end of file";
            let lines = wrap(text, width, 1, 2);
            assert!(lines.iter().all(|l| l.chars().count() <= width), "{width}: {lines:?}");
            let all: String = lines.concat().split_whitespace().collect();
            assert_eq!(all, text.replace(' ', ""), "{width}");
        }
    }

    #[test]
    fn control_characters_never_reach_the_terminal() {
        assert_eq!(escaped("a\u{1b}[31mb\u{9b}\t\u{e4}\u{202e}"), "a\\u{1b}[31mb\\u{9b}\\t\u{e4}\\u{202e}");
    }

    #[test]
    fn colour_wraps_the_words_only() {
        let style = TableStyle { width: 80, color: true };
        assert_eq!(paint(style, Tone::Good, "  met "), "  \u{1b}[32mmet\u{1b}[0m ");
        assert_eq!(paint(TableStyle::default(), Tone::Good, " met"), " met");
    }
}
