//! Two texts in, what changes from one to the other out, in the unified form.

use super::table::TableStyle;
use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

/// Lines around a change.
const CONTEXT: usize = 3;

/// What changes, with the names of both before it; nothing where they are equal.
pub fn unified(old_name: &str, old: &str, new_name: &str, new: &str, style: TableStyle) -> String {
    let diff = TextDiff::from_lines(old, new);
    let mut out = String::new();
    for hunk in diff.unified_diff().context_radius(CONTEXT).iter_hunks() {
        if out.is_empty() {
            line(&mut out, &format!("--- {old_name}"), Some(AnsiColor::Red), style);
            line(&mut out, &format!("+++ {new_name}"), Some(AnsiColor::Green), style);
        }
        line(&mut out, &hunk.header().to_string(), Some(AnsiColor::Cyan), style);
        for change in hunk.iter_changes() {
            let (sign, color) = match change.tag() {
                ChangeTag::Delete => ('-', Some(AnsiColor::Red)),
                ChangeTag::Insert => ('+', Some(AnsiColor::Green)),
                ChangeTag::Equal => (' ', None),
            };
            let text = change.value();
            line(&mut out, &format!("{sign}{}", text.strip_suffix('\n').unwrap_or(text)), color, style);
            if change.missing_newline() {
                line(&mut out, "\\ No newline at end of file", None, style);
            }
        }
    }
    out
}

fn line(out: &mut String, text: &str, color: Option<AnsiColor>, style: TableStyle) {
    match color.filter(|_| style.color) {
        Some(color) => {
            let paint = Style::new().fg_color(Some(color.into()));
            out.push_str(&format!("{paint}{text}{paint:#}\n"));
        }
        None => out.extend([text, "\n"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: TableStyle = TableStyle { width: 80, color: false };

    #[test]
    fn a_change_has_its_place_and_its_neighbours() {
        let (old, new) = ("1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\n5\nsix");
        let shown = unified("old", old, "new", new, PLAIN);
        assert_eq!(
            shown,
            "--- old\n+++ new\n@@ -3,4 +3,4 @@\n 3\n 4\n 5\n-6\n+six\n\\ No newline at end of file\n"
        );
        assert_eq!(unified("old", old, "new", old, PLAIN), "");
    }

    #[test]
    fn colour_changes_no_word() {
        let color = TableStyle { color: true, ..PLAIN };
        let shown = unified("old", "a\nb\r\n", "new", "a\nb\n", color);
        assert!(shown.contains('\u{1b}'));
        let plain = unified("old", "a\nb\r\n", "new", "a\nb\n", PLAIN);
        assert_eq!(anstream::adapter::strip_str(&shown).to_string(), plain);
        assert!(plain.contains("-b\r\n+b\n"), "{plain}");
    }
}
