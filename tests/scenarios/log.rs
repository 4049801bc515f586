//! A log put together request by request; lines of concurrent requests interleave by their times.

// here, since other tests write such logs too
#[path = "../truth/fits.rs"]
mod fits;

use crate::support::{Answer, Run};
use std::fs;

/// Noon of the day of these logs, at +0200, is second 0.
#[derive(Default)]
pub struct Log {
    // (second, lines of it)
    lines: Vec<(i64, String)>,
    requests: u32,
    inventory: Option<String>,
}

/// Consumers' UUIDs by a number, so that a test reads well.
pub fn uuid(n: u32) -> String {
    format!("{n:08x}-5a10-4c1e-8b00-{n:012x}")
}

pub fn clock(second: i64) -> String {
    let noon = jiff::civil::date(2026, 3, 9).at(12, 0, 0, 0);
    (noon + jiff::SignedDuration::from_secs(second)).strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// As sessions show it.
pub fn utc(second: i64) -> String {
    format!("{}Z", clock(second - 7200))
}

pub const SATELLITE: &str = "[satellite6]\nsat.lab private_ip=10.7.0.1\n";
pub const CAPSULES: &str = "[satellite6]\nsat.lab private_ip=10.7.0.1\n\n\
    [capsules]\ncap1.lab private_ip=10.7.1.1\ncap2.lab private_ip=10.7.1.2 rex_mode=mqtt\n\
    pool1.lab private_ip=10.7.1.11 location=Ost\npool2.lab private_ip=10.7.1.12 location=Ost\n\n\
    [capsule_lbs]\nlb.lab private_ip=10.7.0.9 location=Ost\n\n\
    [location_ost]\npool1.lab\npool2.lab\nlb.lab\n";

impl Log {
    /// Straight hosts only.
    pub fn new() -> Self {
        Self { inventory: Some(SATELLITE.to_owned()), ..Self::default() }
    }

    pub fn with(mut self, inventory: &str) -> Self {
        self.inventory = Some(inventory.to_owned());
        self
    }

    pub fn without_inventory(mut self) -> Self {
        self.inventory = None;
        self
    }

    pub fn line(mut self, second: i64, line: &str) -> Self {
        self.lines.push((second, format!("{line}\n")));
        self
    }

    /// A request with an id of its own: `call` is method and path; `says` are the lines between.
    pub fn request(
        mut self,
        second: i64,
        call: &str,
        from: &str,
        says: &[String],
        answer: Option<(u16, i64)>,
    ) -> Self {
        self.requests += 1;
        let id = 0x1000_0000 + self.requests;
        self.request_with_id(id, second, call, from, says, answer)
    }

    pub fn request_with_id(
        mut self,
        id: u32,
        second: i64,
        call: &str,
        from: &str,
        says: &[String],
        answer: Option<(u16, i64)>,
    ) -> Self {
        let (method, path) = call.split_once(' ').unwrap();
        let at = clock(second);
        let started = format!(
            "{at} [I|app|{id:08x}] Started {method} \"{path}\" for {from} at {} +0200",
            at.replace('T', " ")
        );
        self = self.line(second, &started);
        let end = second + answer.map_or(0, |(_, ms)| ms / 1000);
        for text in says {
            let logger = if text.contains(" event on ") { "aud" } else { "app" };
            self = self.line(end, &format!("{} [I|{logger}|{id:08x}] {text}", clock(end)));
        }
        match answer {
            Some((status, ms)) => {
                let line = format!(
                    "{} [I|app|{id:08x}] Completed {status} Whatever in {ms}ms (Views: 0.4ms)",
                    clock(end)
                );
                self.line(end, &line)
            }
            None => self,
        }
    }

    /// A create that succeeds, with the audit lines of a new host.
    pub fn create(self, second: i64, host: &str, n: u32, from: &str, ms: i64) -> Self {
        self.request(
            second,
            "POST /rhsm/consumers?owner=Lab&activation_keys=k",
            from,
            &[
                named(host),
                format!("Host::Managed (71) create event on name {host}"),
                format!("Katello::Host::SubscriptionFacet (33) create event on uuid {}", uuid(n)),
            ],
            Some((201, ms)),
        )
    }

    /// A create that is answered with an error.
    pub fn failed(self, second: i64, host: &str, from: &str, status: u16, ms: i64) -> Self {
        self.request(second, "POST /rhsm/consumers?owner=Lab", from, &[named(host)], Some((status, ms)))
    }

    pub fn get(self, second: i64, n: u32, rest: &str, from: &str) -> Self {
        let call = format!("GET /rhsm/consumers/{}{rest}", uuid(n));
        self.request(second, &call, from, &[], Some((200, 40)))
    }

    pub fn facts(self, second: i64, n: u32, from: &str, status: u16, ms: i64) -> Self {
        let call = format!("PUT /rhsm/consumers/{}", uuid(n));
        self.request(second, &call, from, &[], Some((status, ms)))
    }

    /// POST /register; `url` as a capsule passes it on.
    pub fn register(self, second: i64, n: u32, url: Option<&str>, from: &str, status: u16, ms: i64) -> Self {
        let url = url.map(|url| format!(", \"url\"=>\"{url}\"")).unwrap_or_default();
        let says = format!("  Parameters: {{\"uuid\"=>\"{}\"{url}, \"build\"=>\"false\"}}", uuid(n));
        self.request(second, "POST /register", from, &[says], Some((status, ms)))
    }

    /// Something that shows the log going on until then.
    pub fn goes_on_until(self, second: i64) -> Self {
        self.request(second, "GET /notification_recipients", "10.7.9.9", &[], Some((200, 12)))
    }

    pub fn text(&self) -> String {
        let mut lines: Vec<_> = self.lines.iter().collect();
        lines.sort_by_key(|(second, _)| *second);
        lines.iter().map(|(_, line)| line.as_str()).collect()
    }

    #[track_caller]
    pub fn answer(&self) -> Answer {
        self.answer_to("", &[self.text()])
    }

    /// The files' texts, as a rotated set.
    #[track_caller]
    pub fn answer_to(&self, words: &str, files: &[String]) -> Answer {
        let folder = tempfile::tempdir().unwrap();
        for (i, text) in files.iter().enumerate() {
            let name = match files.len() - 1 - i {
                0 => "production.log".to_owned(),
                n => format!("production.log.{n}"),
            };
            fs::write(folder.path().join(name), text).unwrap();
        }
        let mut run = Run::new("metrics").words(words);
        let inventory = folder.path().join("hosts.ini");
        if let Some(text) = &self.inventory {
            fs::write(&inventory, text).unwrap();
            run = run.arg("-i").arg(&inventory);
        }
        let answer = Answer::by(run, [folder.path()]);
        fits::answer_fits(&answer);
        answer
    }
}

pub fn named(host: &str) -> String {
    format!(
        "  Parameters: {{\"type\"=>\"system\", \"name\"=>\"{host}\", \"facts\"=>\"[FILTERED]\", \"contentTags\"=>[\"rhel-9\", \"rhel-9-x86_64\"]}}"
    )
}
