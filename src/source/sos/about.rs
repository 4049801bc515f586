//! Who and when: the small files of a sosreport in, the host's name and its offset from UTC out.

use super::member::Role;
use crate::log::clock::offset_secs;

/// What is read of such a file.
pub const MOST: u64 = 16 * 1024;

/// What a report says of its host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    name: Option<(u8, String)>,
    zone: Option<String>,
    offset: Option<i32>,
    /// It has HAProxy.
    pub balances: bool,
}

impl About {
    /// Takes a file's content.
    pub fn take(&mut self, role: Role, content: &[u8]) {
        let text = String::from_utf8_lossy(content);
        match role {
            Role::HostName(rank) => {
                if let Some(name) = text.lines().map(str::trim).find(|line| is_host_name(line))
                    && self.name.as_ref().is_none_or(|(have, _)| rank < *have)
                {
                    self.name = Some((rank, name.to_ascii_lowercase()));
                }
            }
            Role::TimeDateCtl => self.offset = timedatectl(&text).or(self.offset),
            Role::Date => self.offset = self.offset.or_else(|| date(&text)),
            _ => {}
        }
    }

    /// Takes what `etc/localtime` leads to: `../usr/share/zoneinfo/Europe/Berlin`.
    pub fn take_link(&mut self, target: &str) {
        if let Some((_, zone)) = target.split_once("zoneinfo/") {
            self.zone = Some(zone.to_owned());
        }
    }

    /// The host's name.
    pub fn host(&self) -> Option<&str> {
        self.name.as_ref().map(|(_, name)| name.as_str())
    }

    /// Seconds east of UTC. `at`: when the log was written, in seconds since 1970, for zones that change theirs.
    pub fn utc_offset(&self, at: i64) -> Option<i32> {
        let in_zone = || {
            let zone = jiff::tz::TimeZone::get(self.zone.as_deref()?).ok()?;
            Some(zone.to_offset(jiff::Timestamp::from_second(at).ok()?).seconds())
        };
        in_zone().or(self.offset)
    }
}

// `Time zone: Europe/Berlin (CEST, +0200)`
fn timedatectl(text: &str) -> Option<i32> {
    let line = text.lines().find(|line| line.trim_start().to_ascii_lowercase().starts_with("time zone:"))?;
    let (_, offset) = line.rsplit_once(", ").or_else(|| line.rsplit_once(' '))?;
    offset_secs(offset.trim_end_matches(')').as_bytes())
}

// `Sat Apr  4 12:00:01 UTC 2026`; a zone's letters can mean several offsets, its figures only one
fn date(text: &str) -> Option<i32> {
    let words = text.lines().next()?.split_whitespace();
    words.into_iter().find_map(|word| match word {
        "UTC" | "GMT" => Some(0),
        word if word.starts_with(['+', '-']) && word.len() == 3 => {
            offset_secs(format!("{word}00").as_bytes())
        }
        word if word.starts_with(['+', '-']) => offset_secs(word.as_bytes()),
        _ => None,
    })
}

fn is_host_name(text: &str) -> bool {
    let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    (1..=253).contains(&text.len()) && text.bytes().all(known) && text != "localhost"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_full_name_is_better_than_the_short_one() {
        let mut about = About::default();
        about.take(Role::HostName(1), b"satellite\n");
        about.take(Role::HostName(0), b"Satellite.example.com\n");
        about.take(Role::HostName(2), b"other\n");
        assert_eq!(about.host(), Some("satellite.example.com"));
        about.take(Role::HostName(0), b"hostname: command not found");
        assert_eq!(about.host(), Some("satellite.example.com"));
    }

    #[test]
    fn the_offset_comes_from_figures_and_never_from_letters_that_are_not_sure() {
        let of = |role, text: &str| {
            let mut about = About::default();
            about.take(role, text.as_bytes());
            about.utc_offset(0)
        };
        assert_eq!(of(Role::TimeDateCtl, "  Time zone: Europe/Berlin (CEST, +0200)\n"), Some(7200));
        assert_eq!(of(Role::Date, "Sat Apr  4 12:00:01 UTC 2026\n"), Some(0));
        assert_eq!(of(Role::Date, "Sat Apr  4 12:00:01 -03 2026\n"), Some(-10_800));
        assert_eq!(of(Role::Date, "Sat Apr  4 12:00:01 IST 2026\n"), None);
    }
}
