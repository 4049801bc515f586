//! The one command that looks what a host has: its script out, what it answers in.
//!
//! Answers are lines, names and contents in base64, so that no name and no content can be taken for a word of ours;
//! what a login shell prints before our first word is ignored.

use super::target::RemoteHost;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, Read};
use std::os::unix::ffi::OsStringExt;

/// What is looked at of each file, compressed ones as they lie there.
pub const HEAD: usize = 64 * 1024;
/// A line of the answer: a head in base64 and a name.
const LINE: u64 = 256 * 1024;
/// Files of a rotated set; and lines that a login shell may print.
const MOST: usize = 2000;

/// A file of the rotated set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its path.
    pub path: OsString,
    /// Bytes.
    pub size: u64,
    /// Its first bytes; none where it may not be read.
    pub head: Option<Vec<u8>>,
}

/// What is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// zstd is there.
    pub zstd: bool,
    /// gzip is there.
    pub gzip: bool,
    /// The rotated set.
    pub files: Vec<Listed>,
    /// A folder that may not be entered.
    pub denied: Option<String>,
    /// The first bytes of the unit's journal as JSON.
    pub journal: Option<Vec<u8>>,
    /// Where the journal goes on a minute and more behind the last write to a file: when that was, in seconds since 1970,
    /// and the first entries from then on that may be requests.
    pub later: Option<(i64, Vec<u8>)>,
}

// written as lines for people; a login shell that is no POSIX shell must not see a line break in quotes. What a service
// says while it starts is more than a head holds: of what comes after the files only `Started` counts, which the journal
// writes as numbers where the line has colours
const SCRIPT: &str = r#"
LC_ALL=C; export LC_ALL;
echo reginfra-probe;
for t in zstd gzip; do if command -v "$t" >/dev/null 2>&1; then echo "tool $t"; fi; done;
b() { base64 | tr -d '\n'; };
if [ -d "$p" ]; then p="$p/$n"; fi;
d=$(dirname -- "$p");
if [ -d "$d" ] && ! { [ -r "$d" ] && [ -x "$d" ]; }; then printf 'denied '; printf %s "$d" | b; echo; fi;
last=0;
j() { journalctl -q --no-pager -u "$u" -o json --all "$@" 2>/dev/null; };
for f in "$p" "$p"-* "$p".*; do
  [ -f "$f" ] || continue;
  s=$(stat -L -c '%s %Y' -- "$f") || continue;
  t=${s#* }; s=${s% *};
  [ "$s" != 0 ] || continue;
  printf 'file %s ' "$s"; printf %s "$f" | b; printf ' ';
  if [ -r "$f" ]; then
    printf :; head -c 65536 -- "$f" | b;
    [ "$t" -le "$last" ] || last=$t;
  else printf '!'; fi;
  echo;
done;
if command -v journalctl >/dev/null 2>&1; then
  printf 'journal '; j | head -c 65536 | b; echo;
  if [ "$last" != 0 ]; then
    printf 'later %s ' "$last";
    j --since "@$((last + 60))" | grep -a -e 'Started ' -e '83, *116, *97, *114, *116, *101, *100,' | head -c 65536 | b; echo;
  fi;
fi;
echo end;
exec cat >/dev/null
"#;

/// What is run on the host; behind its answer it waits until its stdin is closed.
pub fn script(host: &RemoteHost) -> OsString {
    let (_, name, _) = host.role.usual();
    let mut script = OsString::new();
    for (variable, value) in [("p=", host.log.as_str()), ("n=", name), ("u=", host.unit.as_str())] {
        script.push(variable);
        script.push(super::quote::quoted(OsStr::new(value)));
        script.push("; ");
    }
    script.push(SCRIPT.trim().replace('\n', " "));
    script
}

/// Reads the answer up to its last line, not further.
///
/// # Errors
/// Of the connection, or an answer that is none.
pub fn read(from: &mut impl BufRead) -> io::Result<Found> {
    let mut found = Found::default();
    let mut begun = false;
    for _ in 0..2 * MOST {
        let line = line(from)?;
        let mut words = line.split(' ');
        match (begun, words.next(), words.next(), words.next(), words.next()) {
            (_, Some("reginfra-probe"), ..) => begun = true,
            (false, ..) => {}
            (true, Some("end"), ..) => return Ok(found),
            (true, Some("tool"), Some("zstd"), ..) => found.zstd = true,
            (true, Some("tool"), Some("gzip"), ..) => found.gzip = true,
            (true, Some("denied"), Some(path), ..) => {
                found.denied = Some(String::from_utf8_lossy(&decoded(path)?).into_owned());
            }
            (true, Some("journal"), Some(head), ..) => {
                found.journal = Some(decoded(head)?).filter(|head| !head.is_empty());
            }
            (true, Some("later"), Some(last), Some(head), _) => {
                let last = last.parse().map_err(|_| strange(&line))?;
                found.later = Some((last, decoded(head)?)).filter(|(_, head)| !head.is_empty());
            }
            (true, Some("file"), Some(size), Some(path), Some(head)) => {
                let size = size.parse().map_err(|_| strange(&line))?;
                let head = head.strip_prefix(':').map(decoded).transpose()?;
                found.files.push(Listed { path: OsString::from_vec(decoded(path)?), size, head });
            }
            _ => return Err(strange(&line)),
        }
    }
    Err(io::Error::other("the host lists more files than a rotated set has"))
}

fn line(from: &mut impl BufRead) -> io::Result<String> {
    let mut bytes = Vec::new();
    from.take(LINE).read_until(b'\n', &mut bytes)?;
    if bytes.pop() != Some(b'\n') {
        // of a program that ended well, or of a line without end
        return Err(io::Error::other(
            "the host's answer breaks off: its login shell ended early, or prints without end",
        ));
    }
    Ok(String::from_utf8_lossy(&bytes).trim_end_matches('\r').to_owned())
}

fn decoded(word: &str) -> io::Result<Vec<u8>> {
    STANDARD.decode(word).map_err(|_| strange(word))
}

fn strange(line: &str) -> io::Error {
    let line: String = line.chars().take(80).flat_map(char::escape_debug).collect();
    io::Error::other(format!("the host answers with something else than a list of its logs: {line}"))
}

#[cfg(test)]
mod tests {
    use super::super::target::HostRole;
    use super::*;
    use std::fs;
    use std::os::unix::ffi::OsStrExt;

    fn probed(log: &str) -> Found {
        let host = RemoteHost::new("sat", HostRole::Satellite, &|name| {
            Ok((name == "reginfra_log").then(|| log.to_owned()))
        });
        let mut command = std::process::Command::new("/bin/sh");
        command.arg("-c").arg(script(&host.unwrap())).env("PATH", "/usr/bin:/bin");
        let out = command.stdin(std::process::Stdio::null()).output().unwrap();
        read(&mut &out.stdout[..]).unwrap_or_else(|e| panic!("{e}: {out:?}"))
    }

    #[test]
    fn the_rotated_set_is_listed_with_sizes_and_heads_whatever_the_names() {
        let dir = tempfile::tempdir().unwrap();
        let odd = std::ffi::OsStr::from_bytes(b"production.log-\n'\"$(touch x)\xff end");
        for (name, content) in [
            (std::ffi::OsStr::new("production.log"), &b"a\0b\n"[..]),
            (std::ffi::OsStr::new("production.log-20260404"), &[b'x'; 100_000][..]),
            (std::ffi::OsStr::new("production.log.1"), b""),
            (std::ffi::OsStr::new("cron.log"), b"c"),
            (odd, b"odd"),
        ] {
            fs::write(dir.path().join(name), content).unwrap();
        }
        let found = probed(dir.path().to_str().unwrap());
        let listed = |name: &std::ffi::OsStr| {
            let file = found.files.iter().find(|f| f.path == dir.path().join(name)).unwrap();
            (file.size, file.head.as_ref().map(Vec::len))
        };
        assert_eq!(found.files.len(), 3, "empty ones and other logs are left out: {found:?}");
        assert_eq!(listed("production.log".as_ref()), (4, Some(4)));
        assert_eq!(listed("production.log-20260404".as_ref()), (100_000, Some(HEAD)));
        assert_eq!(listed(odd), (3, Some(3)));
        assert!(found.gzip && !dir.path().join("x").exists());
    }

    #[test]
    fn a_file_can_be_named_instead_of_a_folder() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("other.log"), "a").unwrap();
        fs::write(dir.path().join("other.log.1.gz"), "b").unwrap();
        assert_eq!(probed(dir.path().join("other.log").to_str().unwrap()).files.len(), 2);
    }

    #[test]
    fn what_a_login_shell_prints_is_ignored_and_other_answers_are_told() {
        let told = |text: &str| read(&mut text.as_bytes()).map_err(|e| e.to_string());
        let found = told("Welcome!\nfile 1 2 3\nreginfra-probe\ntool zstd\nend\nmore").unwrap();
        assert!(found.zstd && found.files.is_empty());
        let found = told("reginfra-probe\njournal YQ==\nlater 12 Yg==\nend\n").unwrap();
        assert_eq!((found.journal, found.later), (Some(b"a".to_vec()), Some((12, b"b".to_vec()))));
        let found = told("reginfra-probe\njournal \nlater 12 \nend\n").unwrap();
        assert_eq!((found.journal, found.later), (None, None));
        assert!(told("Welcome!\n").unwrap_err().contains("breaks off"));
        assert!(told("reginfra-probe\nfile x\nend\n").unwrap_err().contains("something else"));
        assert!(told("reginfra-probe\nfile 1 *** :\nend\n").unwrap_err().contains("something else"));
        assert!(told(&"x\n".repeat(5000)).unwrap_err().contains("more files"));
        assert!(read(&mut io::BufReader::new(io::repeat(b'x'))).is_err());
    }
}
