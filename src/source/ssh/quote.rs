//! Words for shells: the one place where text becomes part of a command line, and where one is taken apart.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// A word in single quotes: every POSIX shell gives back exactly these bytes.
pub fn quoted(word: impl AsRef<OsStr>) -> OsString {
    let mut out = vec![b'\''];
    for &byte in word.as_ref().as_bytes() {
        match byte {
            // closed, a quote of its own, opened again
            b'\'' => out.extend_from_slice(b"'\\''"),
            byte => out.push(byte),
        }
    }
    out.push(b'\'');
    OsString::from_vec(out)
}

/// A quote that never closes, or a backslash with nothing behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a quote is not closed")]
pub struct Unclosed;

/// Splits as Ansible splits `ansible_ssh_common_args` (Python's shlex): quotes and backslashes, no comments.
///
/// # Errors
/// A quote that is not closed.
pub fn split(text: &str) -> Result<Vec<String>, Unclosed> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\'' | '"' => inside(c, &mut chars, word.get_or_insert_default())?,
            '\\' => word.get_or_insert_default().push(chars.next().ok_or(Unclosed)?),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

fn inside(quote: char, chars: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), Unclosed> {
    while let Some(c) = chars.next() {
        match c {
            c if c == quote => return Ok(()),
            '\\' if quote == '"' => match chars.next().ok_or(Unclosed)? {
                escaped @ ('"' | '\\') => word.push(escaped),
                other => word.extend(['\\', other]),
            },
            c => word.push(c),
        }
    }
    Err(Unclosed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn arguments_are_split_as_ansible_splits_them() {
        let split = |text| split(text).unwrap();
        assert_eq!(
            split(r#"-o ProxyCommand="ssh -W %h:%p -q \"b c\"" -J 'a b'"#),
            ["-o", r#"ProxyCommand=ssh -W %h:%p -q "b c""#, "-J", "a b"]
        );
        assert_eq!(split(r"a\ b  '' # c"), ["a b", "", "#", "c"]);
        assert_eq!(super::split("'a"), Err(Unclosed));
        assert_eq!(super::split("a\\"), Err(Unclosed));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_shell_gives_back_what_was_quoted(bytes in prop::collection::vec(1u8..=255, 0..40)) {
            let word = OsString::from_vec(bytes.clone());
            let mut script = OsString::from("printf %s ");
            script.push(quoted(&word));
            let out = std::process::Command::new("/bin/sh").arg("-c").arg(script).output().unwrap();
            prop_assert_eq!(out.stdout, bytes);
        }

        #[test]
        fn splitting_never_panics(text in "\\PC{0,60}") {
            let _ = split(&text);
        }
    }
}
