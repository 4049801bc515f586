//! The configuration of Redis or Valkey: a file and what it includes in, directives in the order in which they are
//! read out.
//!
//! A line is one directive; `#` begins a comment only where a line begins with it. Names have no case. Words may be
//! in double quotes with escapes, or in single ones. Of a directive that stands twice the last one counts, but for
//! `save`, `user`, `include` and a few that add up.

use super::Word;
use super::acl::{self, User};
use crate::validate::files::{FileId, Files, Span};

/// A directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// In lower case.
    pub name: String,
    /// Its name and what stands behind it.
    pub words: Vec<Word>,
    /// From its first word to its last.
    pub span: Span,
}

impl Directive {
    /// A word behind the name, from 1; empty where there is none.
    pub fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", |w| w.text.as_str())
    }

    /// The words behind the name.
    pub fn values(&self) -> &[Word] {
        self.words.get(1..).unwrap_or_default()
    }
}

/// A configuration.
#[derive(Clone, Debug, Default)]
pub struct CacheConfig {
    /// The file that includes the others.
    pub root: Option<FileId>,
    /// All files that were read.
    pub files: Vec<FileId>,
    /// In the order in which they are read.
    pub directives: Vec<Directive>,
    /// Includes that could not be followed here.
    pub not_followed: Vec<Span>,
    /// Quotes that never close.
    pub problems: Vec<(Span, &'static str)>,
}

/// What an include leads to: none where it cannot be followed here.
pub type Resolve<'a> = &'a dyn Fn(FileId, &str) -> Option<Vec<FileId>>;

/// Includes inside each other.
const MAX_DEPTH: usize = 16;
/// Files of one configuration; includes of includes could fill the memory.
const MAX_FILES: usize = 500;

/// Reads a configuration from its first file on.
pub fn read(files: &Files, root: FileId, resolve: Resolve<'_>) -> CacheConfig {
    let mut config = CacheConfig { root: Some(root), ..CacheConfig::default() };
    file(files, root, resolve, 0, &mut config);
    config
}

/// The directives of one file.
pub fn directives(files: &Files, id: FileId, problems: &mut Vec<(Span, &'static str)>) -> Vec<Directive> {
    let file = files.get(id);
    let mut found = Vec::new();
    for line in 1..=file.line_count() {
        let range = file.line_range(line);
        let bytes = file.bytes.get(range.clone()).unwrap_or_default();
        match words(id, range.start, bytes) {
            Ok(words) => {
                let (Some(first), Some(last)) = (words.first(), words.last()) else { continue };
                let span = Span { end: last.span.end, ..first.span };
                found.push(Directive { name: first.text.to_ascii_lowercase(), span, words });
            }
            Err(span) => {
                problems.push((span, "a quote that is not closed, or with something right behind it"))
            }
        }
    }
    found
}

fn file(files: &Files, id: FileId, resolve: Resolve<'_>, depth: usize, config: &mut CacheConfig) {
    config.files.push(id);
    let mut problems = Vec::new();
    for directive in directives(files, id, &mut problems) {
        if directive.name != "include" {
            config.directives.push(directive);
            continue;
        }
        for word in directive.values() {
            match resolve(id, &word.text) {
                Some(found) if depth < MAX_DEPTH && config.files.len() + found.len() <= MAX_FILES => {
                    found.into_iter().for_each(|next| file(files, next, resolve, depth + 1, config));
                }
                _ => config.not_followed.push(word.span),
            }
        }
    }
    config.problems.extend(problems);
}

/// A line's words; the place of a quote that is wrong.
fn words(id: FileId, start: usize, line: &[u8]) -> Result<Vec<Word>, Span> {
    let blank = |b: u8| b.is_ascii_whitespace() || b == 0x0b || b == 0;
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        while line.get(at).is_some_and(|b| blank(*b)) {
            at += 1;
        }
        let Some(&first) = line.get(at) else { return Ok(found) };
        if first == b'#' && found.is_empty() {
            return Ok(found);
        }
        let from = at;
        let mut bytes = Vec::new();
        while let Some(&byte) = line.get(at).filter(|b| !blank(**b)) {
            at += 1;
            if byte != b'"' && byte != b'\'' {
                bytes.push(byte);
                continue;
            }
            let closed = quoted(line, &mut at, byte, &mut bytes);
            if !closed || line.get(at).is_some_and(|b| !blank(*b)) {
                return Err(Span { file: id, start: start + from, end: start + line.len() });
            }
        }
        let span = Span { file: id, start: start + from, end: start + at };
        found.push(Word { text: String::from_utf8_lossy(&bytes).into_owned(), span, expands: false });
    }
}

fn quoted(line: &[u8], at: &mut usize, quote: u8, bytes: &mut Vec<u8>) -> bool {
    while let Some(&byte) = line.get(*at) {
        *at += 1;
        if byte == quote {
            return true;
        }
        let next = line.get(*at).copied();
        match (byte, next) {
            (b'\\', Some(b'\'')) if quote == b'\'' => bytes.push(b'\''),
            (b'\\', Some(next)) if quote == b'"' => {
                let hex = line.get(*at + 1..*at + 3).and_then(|d| std::str::from_utf8(d).ok());
                if let Some(value) = hex.filter(|_| next == b'x').and_then(|d| u8::from_str_radix(d, 16).ok())
                {
                    bytes.push(value);
                    *at += 2;
                } else {
                    bytes.push(match next {
                        b'n' => b'\n',
                        b'r' => b'\r',
                        b't' => b'\t',
                        b'b' => 8,
                        b'a' => 7,
                        other => other,
                    });
                }
            }
            _ => {
                bytes.push(byte);
                continue;
            }
        }
        *at += 1;
    }
    false
}

/// Who comes in without a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultUser {
    /// Everybody, without a password.
    Open,
    /// Who has its password.
    Password,
    /// Nobody.
    Off,
    /// A file that was not read decides.
    Unknown,
}

impl CacheConfig {
    /// The directive that counts.
    pub fn last(&self, name: &str) -> Option<&Directive> {
        self.directives.iter().rev().find(|d| d.name == name)
    }

    /// The first value of the directive that counts.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.last(name).and_then(|d| d.words.get(1)).map(|w| w.text.as_str())
    }

    /// All directives of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Directive> {
        self.directives.iter().filter(move |d| d.name == name)
    }

    /// Whether what stands nowhere has the program's default: not where an include could not be followed.
    pub fn is_whole(&self) -> bool {
        self.not_followed.is_empty()
    }

    /// The `save` lines that count: those behind the last `save ""`.
    pub fn saves(&self) -> Vec<&Directive> {
        let all: Vec<&Directive> = self.all("save").collect();
        let from = all.iter().rposition(|d| d.word(1).is_empty()).map_or(0, |at| at + 1);
        all.get(from..).unwrap_or_default().to_vec()
    }

    /// The users of its `user` lines; of one that stands twice the last.
    pub fn users(&self) -> Vec<User<'_>> {
        let mut found: Vec<User<'_>> = Vec::new();
        for user in self.all("user").filter_map(acl::user) {
            found.retain(|known| known.name.text != user.name.text);
            found.push(user);
        }
        found
    }

    /// Who comes in without a name.
    pub fn default_user(&self) -> DefaultUser {
        if let Some(user) = self.users().iter().find(|u| u.name.text == "default") {
            return match (user.on, user.nopass) {
                (false, _) => DefaultUser::Off,
                (true, true) => DefaultUser::Open,
                (true, false) => DefaultUser::Password,
            };
        }
        if self.value("requirepass").is_some_and(|password| !password.is_empty()) {
            return DefaultUser::Password;
        }
        if !self.is_whole() || self.value("aclfile").is_some_and(|f| !f.is_empty()) {
            return DefaultUser::Unknown;
        }
        DefaultUser::Open
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::files::{Origin, SourceFile};

    fn config(texts: &[&str]) -> (Files, CacheConfig) {
        let mut files = Files::default();
        for (at, text) in texts.iter().enumerate() {
            files.add(SourceFile::new(at.to_string(), Origin::Stdin, text.as_bytes().to_vec()));
        }
        let resolve = |_: FileId, name: &str| name.parse().ok().map(|at| vec![FileId(at)]);
        let config = read(&files, FileId(0), &resolve);
        (files, config)
    }

    #[test]
    fn the_last_directive_counts_and_includes_stand_in_their_place() {
        let (_, config) =
            config(&["MAXMEMORY 1mb\ninclude 1\nmaxmemory 64mb\n", "maxmemory 2mb\nport 7000\nmaxclients 5"]);
        assert_eq!((config.value("maxmemory"), config.value("port")), (Some("64mb"), Some("7000")));
        assert!(config.is_whole());
    }

    #[test]
    fn words_are_quoted_as_redis_quotes_them() {
        let (_, config) =
            config(&["# a\n  requirepass \"a\\\"b\\x41\\n\" # not a comment\nx 'it\\'s'\ny \"a\"b\nz \"a\n"]);
        let texts: Vec<Vec<&str>> =
            config.directives.iter().map(|d| d.words.iter().map(|w| w.text.as_str()).collect()).collect();
        assert_eq!(texts, [vec!["requirepass", "a\"bA\n", "#", "not", "a", "comment"], vec!["x", "it's"]]);
        assert_eq!(config.problems.len(), 2);
    }

    #[test]
    fn a_ring_of_includes_ends() {
        let (_, config) = config(&["include 0 0 nowhere\nport 1\n"]);
        assert!(config.files.len() <= MAX_FILES && !config.is_whole());
    }

    #[test]
    fn saves_count_from_the_last_empty_one_on() {
        let (_, config) = config(&["save 900 1\nsave \"\"\nsave 60 5\n"]);
        assert_eq!(config.saves().iter().map(|d| d.word(1)).collect::<Vec<_>>(), ["60"]);
    }
}
