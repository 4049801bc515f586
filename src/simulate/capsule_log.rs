//! A capsule's proxy.log, as smart-proxy writes it, by the capsule's own clock.

use super::error::SimulateError;
use super::layout::push_escaped;
use super::place::{Output, Place};
use super::text::{Clock, push_hex, push_number, push_padded, push_uuid};
use super::topology::Capsule;
use crate::cli::CapsuleLayout;
use crate::timestamp::UtcOffset;

/// One cache of scripts: a capsule's own, or the pool's.
#[derive(Clone, Copy, Debug)]
pub struct ScriptCache {
    /// When, microseconds UTC.
    pub filled_at: i64,
    /// What its lines say of its key.
    pub key: u16,
}

/// A script is kept so long.
pub const CACHE_SECONDS: i64 = 300;

/// The query of a script for hosts that pull their jobs.
pub const PULL_QUERY: &str = "activation_keys=AK&force=true&location_id=2&organization_id=1&setup_insights=false&setup_remote_execution_pull=true";

/// The query of a GET /register as the client sends it: without the `url` that the capsule adds.
pub const SCRIPT_QUERY: &str =
    "activation_keys=AK&force=true&location_id=2&organization_id=1&setup_insights=false";

/// proxy.log of one capsule.
pub struct CapsuleLog {
    out: Output,
    clock: Clock,
    skew: i64,
    name: String,
    layout: CapsuleLayout,
    line: Vec<u8>,
    message: Vec<u8>,
    lines: u64,
}

impl CapsuleLog {
    /// Opens `capsules/NAME/proxy.log`.
    ///
    /// # Errors
    /// The folder or file cannot be made.
    pub fn create(
        place: &Place,
        capsule: &Capsule,
        offsets: (UtcOffset, UtcOffset),
        changes_at: i64,
        layout: CapsuleLayout,
    ) -> Result<Self, SimulateError> {
        Ok(Self {
            // a pool can have thousands of capsules
            out: place.file(&format!("capsules/{}/proxy.log", capsule.name), 4096)?,
            clock: Clock::new(offsets.0, offsets.1, changes_at),
            skew: capsule.skew,
            name: capsule.name.clone(),
            layout,
            line: Vec::new(),
            message: Vec::new(),
            lines: 0,
        })
    }

    fn line(&mut self, at: i64, id: u32, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), SimulateError> {
        let at = at + self.skew;
        self.line.clear();
        match self.layout {
            CapsuleLayout::File => {
                self.line.extend_from_slice(self.clock.stamp(at));
                self.line.push(b' ');
                push_hex(&mut self.line, u64::from(id), 8);
                self.line.extend_from_slice(b" [I] ");
                write(&mut self.line);
            }
            CapsuleLayout::Journal => {
                self.line.extend_from_slice(self.clock.journal(at));
                for text in [" ", &self.name, " smart-proxy[7304]: "] {
                    self.line.extend_from_slice(text.as_bytes());
                }
                write(&mut self.line);
            }
            CapsuleLayout::JournalJson => {
                self.message.clear();
                write(&mut self.message);
                self.journal_json(at, id);
            }
        }
        self.line.push(b'\n');
        self.lines += 1;
        self.out.write(&self.line)
    }

    // the id and the client's address are fields of their own, as smart-proxy sends them
    fn journal_json(&mut self, at: i64, id: u32) {
        let out = &mut self.line;
        out.extend_from_slice(b"{\"__REALTIME_TIMESTAMP\":\"");
        push_number(out, at.max(0) as u64);
        out.extend_from_slice(b"\",\"_HOSTNAME\":\"");
        out.extend_from_slice(self.name.as_bytes());
        out.extend_from_slice(
            b"\",\"SYSLOG_IDENTIFIER\":\"smart-proxy\",\"_PID\":\"7304\",\"PRIORITY\":\"6\",\"REQUEST\":\"",
        );
        push_uuid(out, u128::from(id) << 96 | u128::from(id));
        out.extend_from_slice(b"\",\"REMOTE_IP\":\"10.16.0.1\",\"MESSAGE\":\"");
        push_escaped(out, &self.message);
        out.extend_from_slice(b"\"}");
    }

    /// `Started GET /register activation_keys=...`; a blank stands before the query even where there is none.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn started(&mut self, at: i64, id: u32, call: &str, query: &str) -> Result<(), SimulateError> {
        self.line(at, id, |out| {
            for text in ["Started ", call, " ", query] {
                out.extend_from_slice(text.as_bytes());
            }
        })
    }

    /// `Finished GET /register with 200 (351.05 ms)`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finished(
        &mut self,
        at: i64,
        id: u32,
        call: &str,
        status: u16,
        took: i64,
    ) -> Result<(), SimulateError> {
        let took = took.max(0) as u64;
        self.line(at, id, |out| {
            for text in ["Finished ", call, " with "] {
                out.extend_from_slice(text.as_bytes());
            }
            push_number(out, u64::from(status));
            out.extend_from_slice(b" (");
            push_number(out, took / 1000);
            out.push(b'.');
            push_padded(out, took / 10 % 100, 2);
            out.extend_from_slice(b" ms)");
        })
    }

    /// `registration_script cache=HIT source=redis age=42s key_prefix=ab12`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn cache_hit(&mut self, at: i64, id: u32, age_seconds: u64, key: u16) -> Result<(), SimulateError> {
        self.line(at, id, |out| {
            out.extend_from_slice(b"registration_script cache=HIT source=redis age=");
            push_number(out, age_seconds);
            out.extend_from_slice(b"s key_prefix=");
            push_hex(out, u64::from(key), 4);
        })
    }

    /// `registration_script cache=MISS key_prefix=ab12`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn cache_miss(&mut self, at: i64, id: u32, key: u16) -> Result<(), SimulateError> {
        self.line(at, id, |out| {
            out.extend_from_slice(b"registration_script cache=MISS key_prefix=");
            push_hex(out, u64::from(key), 4);
        })
    }

    /// Writes what is left; how many lines there are.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(self) -> Result<u64, SimulateError> {
        self.out.finish()?;
        Ok(self.lines)
    }
}
