//! What caches said in, JSON out (docs/cache.schema.json), and a saved look read back for a comparison.
//!
//! The structs are the wire, not the thinking. Of a saved look only what can be compared is read.

use crate::cache::capsules::Capsules;
use crate::cache::snapshot::{Counters, Login, Run, Server, Snapshot};
use crate::cache::{CacheRow, Finding};
use crate::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Goes up where a key changes its meaning or goes; new keys do not move it.
pub const SCHEMA_VERSION: u32 = 1;
/// A thousand caches with all they say are 3 MB.
const MAX_SAVED: u64 = 64 << 20;

/// Writes a look at caches as indented JSON with a newline at the end.
///
/// # Errors
/// What the writer says.
pub fn write(out: &mut dyn Write, rows: &[CacheRow]) -> io::Result<()> {
    #[derive(Serialize)]
    struct Document<'a> {
        schema_version: u32,
        reginfra_version: &'static str,
        #[serde(flatten)]
        caches: CachesJson<'a>,
    }
    let document = Document {
        schema_version: SCHEMA_VERSION,
        reginfra_version: env!("CARGO_PKG_VERSION"),
        caches: CachesJson::of(rows),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    out.write_all(b"\n")
}

/// The `cache` of a metrics answer.
#[derive(Debug, Serialize)]
pub struct CachesJson<'a> {
    servers: Vec<RowJson<'a>>,
}

impl<'a> CachesJson<'a> {
    /// The wire form of a look.
    pub fn of(rows: &'a [CacheRow]) -> Self {
        Self { servers: rows.iter().map(RowJson::of).collect() }
    }
}

#[derive(Debug, Serialize)]
struct RowJson<'a> {
    load_balancer: &'a str,
    location: Option<&'a str>,
    address: &'a str,
    error: Option<FindingJson<'a>>,
    taken_at: Option<Timestamp>,
    server: Option<ServerJson<'a>>,
    login: Option<LoginJson<'a>>,
    counters: Option<CountersJson>,
    memory: Option<MemoryJson<'a>>,
    keys: Option<u64>,
    keys_with_expiry: Option<u64>,
    connected_clients: Option<u64>,
    config: Option<ConfigJson<'a>>,
    latency: Option<LatencyJson>,
    capsules: Option<CapsulesJson<'a>>,
    run: Option<RunJson>,
    findings: Vec<FindingJson<'a>>,
    unread: &'a [String],
}

impl<'a> RowJson<'a> {
    fn of(row: &'a CacheRow) -> Self {
        let told = row.result.as_ref().ok();
        Self {
            load_balancer: &row.load_balancer,
            location: row.location.as_deref(),
            address: &row.address,
            error: row.result.as_ref().err().map(|e| FindingJson {
                id: e.id(),
                text: std::borrow::Cow::Owned(e.to_string()),
                way_out: e.way_out(),
            }),
            taken_at: told.map(|s| s.taken_at),
            server: told.map(|s| ServerJson::of(&s.server)),
            login: told.map(|s| LoginJson::of(&s.login)),
            counters: told.map(|s| CountersJson::of(&s.counters)),
            memory: told.map(MemoryJson::of),
            keys: told.and_then(|s| s.keys),
            keys_with_expiry: told.and_then(|s| s.keys_with_expiry),
            connected_clients: told.and_then(|s| s.connected_clients),
            config: told.map(|s| ConfigJson {
                save: s.save.as_deref(),
                appendonly: s.appendonly,
                protected_mode: s.protected_mode,
            }),
            latency: told.and_then(|s| s.latency).map(|l| LatencyJson {
                count: l.count,
                min_us: l.min_us,
                p50_us: l.median_us,
                max_us: l.max_us,
            }),
            capsules: row.capsules.as_ref().map(CapsulesJson::of),
            run: row.run.as_ref().map(RunJson::of),
            findings: row.findings.iter().map(FindingJson::of).collect(),
            unread: told.map(|s| s.unread.as_slice()).unwrap_or_default(),
        }
    }
}

#[derive(Debug, Serialize)]
struct FindingJson<'a> {
    id: &'a str,
    text: std::borrow::Cow<'a, str>,
    way_out: &'a str,
}

impl<'a> FindingJson<'a> {
    fn of(finding: &'a Finding) -> Self {
        Self { id: finding.id, text: finding.text.as_str().into(), way_out: finding.way_out }
    }
}

#[derive(Debug, Serialize)]
struct ServerJson<'a> {
    software: Option<&'a str>,
    version: Option<&'a str>,
    run_id: Option<&'a str>,
    uptime_s: Option<u64>,
}

impl<'a> ServerJson<'a> {
    fn of(s: &'a Server) -> Self {
        Self {
            software: s.software.as_deref(),
            version: s.version.as_deref(),
            run_id: s.run_id.as_deref(),
            uptime_s: s.uptime_s,
        }
    }
}

#[derive(Debug, Serialize)]
struct LoginJson<'a> {
    user: Option<&'a str>,
    open: Option<bool>,
}

impl<'a> LoginJson<'a> {
    fn of(login: &'a Login) -> Self {
        Self { user: login.user.as_deref(), open: login.open }
    }
}

#[derive(Clone, Copy, Debug, Serialize)]
struct CountersJson {
    hits: Option<u64>,
    misses: Option<u64>,
    hit_rate: Option<f64>,
    evicted_keys: Option<u64>,
    expired_keys: Option<u64>,
    rejected_connections: Option<u64>,
    connections: Option<u64>,
}

impl CountersJson {
    fn of(c: &Counters) -> Self {
        Self {
            hits: c.hits,
            misses: c.misses,
            hit_rate: c.hit_rate().map(four_digits),
            evicted_keys: c.evicted_keys,
            expired_keys: c.expired_keys,
            rejected_connections: c.rejected_connections,
            connections: c.connections,
        }
    }
}

fn four_digits(share: f64) -> f64 {
    (share * 1e4).round() / 1e4
}

#[derive(Debug, Serialize)]
struct MemoryJson<'a> {
    used_bytes: Option<u64>,
    max_bytes: Option<u64>,
    share: Option<f64>,
    policy: Option<&'a str>,
}

impl<'a> MemoryJson<'a> {
    fn of(s: &'a Snapshot) -> Self {
        Self {
            used_bytes: s.memory.used,
            max_bytes: s.memory.max,
            share: s.memory.share().map(four_digits),
            policy: s.memory.policy.as_deref(),
        }
    }
}

#[derive(Debug, Serialize)]
struct ConfigJson<'a> {
    save: Option<&'a str>,
    appendonly: Option<bool>,
    protected_mode: Option<bool>,
}

#[derive(Debug, Serialize)]
struct LatencyJson {
    count: u64,
    min_us: u64,
    p50_us: u64,
    max_us: u64,
}

#[derive(Debug, Serialize)]
struct CapsulesJson<'a> {
    connected: &'a [String],
    missing: &'a [String],
    connections: u64,
    other_connections: u64,
    others: &'a [String],
}

impl<'a> CapsulesJson<'a> {
    fn of(c: &'a Capsules) -> Self {
        Self {
            connected: &c.connected,
            missing: &c.missing,
            connections: c.connections,
            other_connections: c.other_connections,
            others: &c.others,
        }
    }
}

#[derive(Debug, Serialize)]
struct RunJson {
    from: Timestamp,
    to: Timestamp,
    interruption: Option<&'static str>,
    counters: CountersJson,
}

impl RunJson {
    fn of(run: &Run) -> Self {
        Self {
            from: run.from,
            to: run.to,
            interruption: run.interruption.map(|why| why.name()),
            counters: CountersJson::of(&run.counters),
        }
    }
}

/// Why a saved look cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// It cannot be read.
    #[error("{path}: cannot read the saved snapshot: {source}; check the path and its permissions", path = .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is something else.
    #[error(
        "{path}: is no saved snapshot: {words}; give a file of 'reginfra cache --save', or the metrics.json of a run \
         with --cache-stats", path = .path.display()
    )]
    Other {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        words: String,
    },
}

#[derive(Deserialize)]
struct Saved {
    schema_version: u32,
    #[serde(default)]
    servers: Vec<SavedRow>,
    cache: Option<SavedCaches>,
}

#[derive(Deserialize)]
struct SavedCaches {
    servers: Vec<SavedRow>,
}

#[derive(Deserialize)]
struct SavedRow {
    load_balancer: String,
    taken_at: Option<String>,
    server: Option<SavedServer>,
    counters: Option<SavedCounters>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SavedServer {
    run_id: Option<String>,
    uptime_s: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SavedCounters {
    hits: Option<u64>,
    misses: Option<u64>,
    evicted_keys: Option<u64>,
    expired_keys: Option<u64>,
    rejected_connections: Option<u64>,
    connections: Option<u64>,
}

impl SavedRow {
    /// None where that cache could not be read then.
    fn into_snapshot(self) -> Option<(String, Snapshot)> {
        let taken_at = Timestamp::parse(&self.taken_at?).ok()?;
        let (server, c) = (self.server.unwrap_or_default(), self.counters.unwrap_or_default());
        let snapshot = Snapshot {
            taken_at,
            server: Server { run_id: server.run_id, uptime_s: server.uptime_s, ..Server::default() },
            counters: Counters {
                hits: c.hits,
                misses: c.misses,
                evicted_keys: c.evicted_keys,
                expired_keys: c.expired_keys,
                rejected_connections: c.rejected_connections,
                connections: c.connections,
            },
            ..Snapshot::default()
        };
        Some((self.load_balancer, snapshot))
    }
}

/// Reads a saved look, by load balancer: a file of `reginfra cache --save`, or an answer of `metrics --cache-stats`.
///
/// # Errors
/// It cannot be read, is something else, or holds no cache that was read.
pub fn load(path: &Path) -> Result<BTreeMap<String, Snapshot>, SavedError> {
    use io::Read;
    let read = |source| SavedError::Read { path: path.to_owned(), source };
    let other = |words: String| SavedError::Other { path: path.to_owned(), words };
    let mut text = Vec::new();
    std::fs::File::open(path).map_err(read)?.take(MAX_SAVED).read_to_end(&mut text).map_err(read)?;
    let saved: Saved = serde_json::from_slice(&text).map_err(|e| other(e.to_string()))?;
    if saved.schema_version != SCHEMA_VERSION {
        return Err(other(format!("its schema_version is {}, not {SCHEMA_VERSION}", saved.schema_version)));
    }
    let rows = saved.cache.map(|c| c.servers).unwrap_or(saved.servers);
    let found: BTreeMap<_, _> = rows.into_iter().filter_map(SavedRow::into_snapshot).collect();
    if found.is_empty() { Err(other("it holds no cache that was read".to_owned())) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn a_look_fits_its_schema_and_comes_back() {
        let schema = include_str!("../../docs/cache.schema.json");
        let schema = jsonschema::draft202012::new(&serde_json::from_str(schema).unwrap()).unwrap();
        let rows = samples::caches();
        let mut text = Vec::new();
        write(&mut text, &rows).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let errors: Vec<_> =
            schema.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert_eq!(errors, Vec::<String>::new());
        let mut more = value.clone();
        more["servers"][0]["surprise"] = 1.into();
        assert!(!schema.is_valid(&more));
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &text).unwrap();
        let back = load(file.path()).unwrap();
        let now = rows[0].result.as_ref().unwrap();
        let before = &back[&rows[0].load_balancer];
        assert_eq!((before.counters, before.taken_at), (now.counters, now.taken_at));
        assert_eq!(now.since(before).counters.hits, Some(0));
        let answer = serde_json::json!({"schema_version": 1, "cache": {"servers": value["servers"]}});
        std::fs::write(file.path(), answer.to_string()).unwrap();
        assert_eq!(load(file.path()).unwrap(), back);
    }

    #[test]
    fn what_is_no_saved_look_is_refused_with_a_way_out() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (text, part) in [
            ("", "EOF"),
            ("{}", "schema_version"),
            (r#"{"schema_version": 2, "servers": []}"#, "is 2, not 1"),
            (r#"{"schema_version": 1, "cache": null}"#, "no cache that was read"),
            (
                r#"{"schema_version": 1, "servers": [{"load_balancer": "a", "taken_at": null}]}"#,
                "no cache that",
            ),
            (r#"{"schema_version": 1, "servers": [{"load_balancer": "a", "counters": {"hits": -1}}]}"#, "-1"),
        ] {
            std::fs::write(file.path(), text).unwrap();
            let told = load(file.path()).unwrap_err().to_string();
            assert!(told.contains(part) && told.contains("reginfra cache --save"), "{text}: {told}");
        }
        assert!(load(Path::new("/nowhere/b.json")).unwrap_err().to_string().contains("/nowhere/b.json"));
    }
}
