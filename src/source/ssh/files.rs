//! Small files of a host, whole: patterns of paths in, names and contents out; podman's secrets too, where a container
//! has its files from there. Nothing is changed on the host.
//!
//! One command over one connection. Names and contents come in base64, so that neither can be taken for a word of
//! ours; what a login shell prints before our first word is ignored.

use super::connection::once;
use super::failure::{Failure, Reason};
use super::target::RemoteHost;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::ffi::OsString;
use std::io::Read;
use std::time::Duration;

/// Bytes of all files together, in base64; configurations are no logs.
const MOST: u64 = 64 << 20;

/// A file of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteFile {
    /// Its path there; `podman secret NAME` where it is one.
    pub path: String,
    /// All of it; none where it may not be read.
    pub bytes: Option<Vec<u8>>,
}

const SCRIPT: &str = r#"
b() { base64 | tr -d '\n'; };
for f; do
  [ -f "$f" ] || continue;
  printf 'file '; printf %s "$f" | b; printf ' ';
  if [ -r "$f" ]; then printf :; head -c 8388608 -- "$f" | b; else printf '!'; fi;
  echo;
done;
set -- SECRETS;
for s; do
  podman secret inspect "$s" >/dev/null 2>&1 || continue;
  printf 'file '; printf 'podman secret %s' "$s" | b; printf ' :';
  podman secret inspect --showsecret --format '{{.SecretData}}' "$s" 2>/dev/null | head -c -1 | b;
  echo;
done;
echo end
"#;

fn script(patterns: &[&str], secrets: &[&str]) -> String {
    let rest = SCRIPT.trim().replace('\n', " ").replace("SECRETS", &secrets.join(" "));
    format!("LC_ALL=C; export LC_ALL; echo reginfra-files; set -- {}; {rest}", patterns.join(" "))
}

/// Reads the files that fit shell patterns, and podman's secrets by name; patterns and names are ours, never a user's.
///
/// # Errors
/// In ssh's words, or an answer that is none.
pub fn read(
    host: &RemoteHost,
    patterns: &[&str],
    secrets: &[&str],
    patience: Duration,
) -> Result<Vec<RemoteFile>, Failure> {
    let mut running = once(host, &OsString::from(script(patterns, secrets)), patience)?;
    let mut text = Vec::new();
    if let Err(error) = (&mut running).take(MOST).read_to_end(&mut text) {
        return Err(running
            .failure()
            .cloned()
            .unwrap_or_else(|| Failure::new(Reason::Other, error.to_string())));
    }
    parse(&String::from_utf8_lossy(&text))
}

fn parse(text: &str) -> Result<Vec<RemoteFile>, Failure> {
    let strange = || Failure::new(Reason::Cut, "the answer breaks off before its end");
    let mut lines = text.lines().skip_while(|l| !l.ends_with("reginfra-files")).skip(1);
    let mut found = Vec::new();
    loop {
        let line = lines.next().ok_or_else(strange)?;
        if line == "end" {
            return Ok(found);
        }
        let mut words = line.split(' ');
        let (Some("file"), Some(path), Some(content)) = (words.next(), words.next(), words.next()) else {
            return Err(strange());
        };
        let decoded = |text: &str| STANDARD.decode(text).map_err(|_| strange());
        let path = String::from_utf8_lossy(&decoded(path)?).into_owned();
        let bytes = content.strip_prefix(':').map(decoded).transpose()?;
        found.push(RemoteFile { path, bytes });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_taken_apart() {
        let found = parse("Welcome\nreginfra-files\nfile L2E= :YgA=\nfile L2M= !\nend\n").unwrap();
        assert_eq!(found[0], RemoteFile { path: "/a".to_owned(), bytes: Some(b"b\0".to_vec()) });
        assert_eq!(found[1], RemoteFile { path: "/c".to_owned(), bytes: None });
        assert!(parse("reginfra-files\nfile L2E= :YgA=\n").is_err());
        assert!(parse("nothing").is_err());
        assert!(parse("reginfra-files\nfile ? :\nend\n").is_err());
    }

    #[test]
    fn the_script_reads_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("b.cfg"), "x\ny").unwrap();
        let pattern = format!("{}/*.cfg", folder.path().display());
        let out = std::process::Command::new("/bin/sh")
            .arg("-c")
            .arg(script(&[&pattern, "/nowhere"], &["no-such-secret"]))
            .output()
            .unwrap();
        let found = parse(&String::from_utf8_lossy(&out.stdout)).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].bytes.as_deref(), Some(&b"x\ny"[..]));
    }

    #[test]
    fn a_secret_is_read_as_it_is() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let podman = folder.path().join("podman");
        // the real one ends what it shows with a newline of its own
        let stand_in =
            "#!/bin/sh\n[ \"$3\" = one ] || [ \"$6\" = one ] || exit 125\nprintf ':a: 1\\nno end\\n'\n";
        std::fs::write(&podman, stand_in).unwrap();
        std::fs::set_permissions(&podman, std::fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
        let out = std::process::Command::new("/bin/sh")
            .env("PATH", path)
            .arg("-c")
            .arg(script(&[], &["other", "one"]))
            .output()
            .unwrap();
        let found = parse(&String::from_utf8_lossy(&out.stdout)).unwrap();
        let bytes = Some(b":a: 1\nno end".to_vec());
        assert_eq!(found, [RemoteFile { path: "podman secret one".to_owned(), bytes }]);
    }
}
