//! The answer in, JSON out (docs/metrics.schema.json, version 1). The structs here are the wire, not the thinking.

mod archive;
mod capsules;

use super::cache::CachesJson;
use crate::kept::SCHEMA_VERSION;
use crate::metrics::answer::{
    Answer, Background, Coverage, Distribution, FailureSample, GroupAnswer, HostAnswer, Metric, SourceAnswer,
};
use crate::metrics::targets::Judgement;
use crate::registration::session::{ErrorClass, Evidence};
use crate::timestamp::{Timestamp, UtcOffset};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Writes the answer as indented JSON with a newline at the end.
///
/// # Errors
/// What the writer says.
pub fn write(out: &mut dyn Write, answer: &Answer, judgements: &[Judgement]) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &AnswerJson::of(answer, judgements))?;
    out.write_all(b"\n")
}

/// The answer as the wire has it.
#[derive(Debug, serde::Serialize)]
pub struct AnswerJson<'a> {
    schema_version: u32,
    reginfra_version: &'static str,
    sources: Vec<SourceJson<'a>>,
    window: WindowJson<'a>,
    coverage: CoverageJson<'a>,
    attribution: AttributionJson,
    background: BackgroundJson,
    groups: Vec<GroupJson<'a>>,
    failure_samples: Vec<FailureJson<'a>>,
    capsules: Vec<capsules::CapsuleJson<'a>>,
    capsule_pools: Vec<capsules::PoolJson<'a>>,
    cache: Option<CachesJson<'a>>,
    archive: Option<archive::ArchiveJson<'a>>,
    hosts: Vec<HostJson<'a>>,
    targets: Vec<TargetJson<'a>>,
    notes: &'a [String],
}

impl<'a> AnswerJson<'a> {
    /// The wire form of an answer.
    pub fn of(answer: &'a Answer, judgements: &'a [Judgement]) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            reginfra_version: env!("CARGO_PKG_VERSION"),
            sources: answer.sources.iter().map(SourceJson::of).collect(),
            window: WindowJson {
                start: answer.window.map(|(start, _)| start),
                end: answer.window.map(|(_, end)| end),
                utc_offset: answer.utc_offsets.last().copied(),
                utc_offsets: &answer.utc_offsets,
            },
            coverage: CoverageJson::of(&answer.coverage),
            attribution: AttributionJson {
                exact: answer.attribution.exact,
                inferred: answer.attribution.inferred,
                unattributed: answer.attribution.unattributed,
            },
            background: BackgroundJson::of(&answer.background),
            groups: answer.groups.iter().map(GroupJson).collect(),
            failure_samples: answer.failures.iter().map(FailureJson::of).collect(),
            capsules: answer.capsules.iter().map(capsules::CapsuleJson::of).collect(),
            capsule_pools: answer.pools.iter().map(capsules::PoolJson::of).collect(),
            cache: answer.cache.as_deref().map(CachesJson::of),
            archive: answer.archive.as_deref().map(archive::ArchiveJson::of),
            hosts: answer.hosts.iter().map(HostJson::of).collect(),
            targets: judgements.iter().map(TargetJson::of).collect(),
            notes: &answer.notes,
        }
    }
}

#[derive(Debug, serde::Serialize)]
struct SourceJson<'a> {
    path: &'a str,
    layout: &'a str,
    compression: &'a str,
    lines: u64,
    bytes: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    skipped: Option<&'a str>,
}

impl<'a> SourceJson<'a> {
    fn of(source: &'a SourceAnswer) -> Self {
        Self {
            path: &source.path,
            layout: &source.layout,
            compression: &source.compression,
            lines: source.lines,
            bytes: source.bytes,
            first: source.first,
            last: source.last,
            skipped: source.skipped.as_deref(),
        }
    }
}

#[derive(Debug, serde::Serialize)]
struct FailureJson<'a> {
    error_class: ErrorClass,
    host: Option<&'a str>,
    started_at: Timestamp,
    lines: &'a [String],
}

impl<'a> FailureJson<'a> {
    fn of(failure: &'a FailureSample) -> Self {
        Self {
            error_class: failure.class,
            host: failure.host.as_deref(),
            started_at: failure.started_at,
            lines: &failure.lines,
        }
    }
}

#[derive(Debug, serde::Serialize)]
struct HostJson<'a> {
    name: &'a str,
    role: &'a str,
    status: &'a str,
    reason: Option<&'a str>,
    error: Option<&'a str>,
    way_out: Option<&'a str>,
    files: u64,
    bytes: u64,
    left: Option<&'a str>,
}

impl<'a> HostJson<'a> {
    fn of(host: &'a HostAnswer) -> Self {
        Self {
            name: &host.name,
            role: host.role,
            status: host.status,
            reason: host.reason,
            error: host.error.as_deref(),
            way_out: host.way_out.as_deref(),
            files: host.files,
            bytes: host.bytes,
            left: host.left.as_deref(),
        }
    }
}

#[derive(Debug, serde::Serialize)]
struct WindowJson<'a> {
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    utc_offset: Option<UtcOffset>,
    utc_offsets: &'a [UtcOffset],
}

#[derive(Debug, serde::Serialize)]
struct CoverageJson<'a> {
    complete: bool,
    lines_read: u64,
    lines_parsed: u64,
    lines_skipped: &'a BTreeMap<String, u64>,
    skipped_samples: &'a [String],
    lines_cut: u64,
    requests_matched: u64,
    requests_orphaned: u64,
    requests_cut: u64,
    requests_unanswered: u64,
    lines_lost: u64,
    lines_doubled: u64,
    requests_doubled: u64,
    unreadable: &'a [String],
}

impl<'a> CoverageJson<'a> {
    fn of(c: &'a Coverage) -> Self {
        Self {
            complete: c.complete,
            lines_read: c.lines_read,
            lines_parsed: c.lines_parsed,
            lines_skipped: &c.lines_skipped,
            skipped_samples: &c.skipped_samples,
            lines_cut: c.lines_cut,
            requests_matched: c.requests_matched,
            requests_orphaned: c.requests_orphaned,
            requests_cut: c.requests_cut,
            requests_unanswered: c.requests_unanswered,
            lines_lost: c.lines_lost,
            lines_doubled: c.lines_doubled,
            requests_doubled: c.requests_doubled,
            unreadable: &c.unreadable,
        }
    }
}

#[derive(Debug, serde::Serialize)]
struct AttributionJson {
    exact: u64,
    inferred: u64,
    unattributed: u64,
}

#[derive(Debug, serde::Serialize)]
struct BackgroundJson {
    keyed_requests: u64,
    consumers: u64,
    status_calls: u64,
    host_registers: u64,
    other_requests: u64,
}

impl BackgroundJson {
    const fn of(b: &Background) -> Self {
        Self {
            keyed_requests: b.keyed_requests,
            consumers: b.consumers,
            status_calls: b.status_calls,
            host_registers: b.host_registers,
            other_requests: b.other_requests,
        }
    }
}

#[derive(Debug)]
struct GroupJson<'a>(&'a GroupAnswer);

impl Serialize for GroupJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let group = self.0;
        let count = |class: ErrorClass| group.error_breakdown.get(&class).copied().unwrap_or(0);
        // every class and every metric is there, found or not: a reader need not ask
        let breakdown: Map<u64> = Map(ErrorClass::ALL.iter().map(|c| (c.name(), count(*c))).collect());
        let missing = Distribution::default();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("group", group.name())?;
        map.serialize_entry("label", group.label())?;
        map.serialize_entry("session_count", &group.session_count)?;
        map.serialize_entry("error_count", &group.error_count)?;
        map.serialize_entry("error_breakdown", &breakdown)?;
        map.serialize_entry("cut_count", &group.cut_count)?;
        map.serialize_entry("window_start", &group.window_start)?;
        map.serialize_entry("window_end", &group.window_end)?;
        for metric in Metric::ALL {
            let found = group.metrics.get(&metric).unwrap_or(&missing);
            map.serialize_entry(metric.name(), &DistributionJson::of(found))?;
        }
        map.serialize_entry(
            "compliance_calls_polling",
            &DistributionJson::of(&group.compliance_calls_polling),
        )?;
        map.serialize_entry("failed_create_ms", &DistributionJson::of(&group.failed_create_ms))?;
        map.serialize_entry("client_os", &group.client_os)?;
        map.serialize_entry("way_in", &group.way_in)?;
        map.end()
    }
}

/// Entries in the order given.
struct Map<V>(Vec<(&'static str, V)>);

impl<V: Serialize> Serialize for Map<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(k, v)| (k, v)))
    }
}

/// A distribution; numbers are integers where they are whole, else have three digits behind the point.
#[derive(Debug, serde::Serialize)]
pub struct DistributionJson {
    count: u64,
    min: Number,
    avg: Number,
    p50: Number,
    p90: Number,
    p95: Number,
    p99: Number,
    max: Number,
    evidence: Evidence,
}

impl DistributionJson {
    /// As it is written.
    pub const fn of(d: &Distribution) -> Self {
        Self {
            count: d.count,
            min: Number(d.min),
            avg: Number(d.avg),
            p50: Number(d.p50),
            p90: Number(d.p90),
            p95: Number(d.p95),
            p99: Number(d.p99),
            max: Number(d.max),
            evidence: d.evidence,
        }
    }
}

/// An integer where it is whole, else three digits behind the point; null where there is none.
#[derive(Clone, Copy, Debug)]
pub struct Number(pub Option<f64>);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // integers up to here are exact in a float
        const EXACT: f64 = 9_007_199_254_740_992.0;
        match self.0 {
            Some(value) if value.is_finite() => {
                let rounded = (value * 1000.0).round() / 1000.0;
                if rounded.fract() == 0.0 && rounded.abs() < EXACT {
                    serializer.serialize_i64(rounded as i64)
                } else {
                    serializer.serialize_f64(rounded)
                }
            }
            _ => serializer.serialize_none(),
        }
    }
}

#[derive(Debug, serde::Serialize)]
struct TargetJson<'a> {
    group: &'static str,
    metric: &'static str,
    statistic: &'static str,
    value: Number,
    target: Number,
    met: Option<bool>,
    change: &'a str,
    state: &'a str,
    note: Option<&'a str>,
}

impl<'a> TargetJson<'a> {
    fn of(j: &'a Judgement) -> Self {
        Self {
            group: j.group.map_or("all", |g| g.name()),
            metric: j.metric.name(),
            statistic: j.statistic.name(),
            value: Number(j.value),
            target: Number(j.target),
            met: j.met,
            change: &j.change,
            state: &j.state,
            note: j.note.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kept::sessions;
    use crate::metrics::targets;
    use crate::report::samples;

    fn schema(name: &str) -> jsonschema::Validator {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
        let text = std::fs::read_to_string(&path).unwrap();
        jsonschema::draft202012::new(&serde_json::from_str(&text).unwrap()).unwrap()
    }

    fn errors(schema: &jsonschema::Validator, value: &serde_json::Value) -> Vec<String> {
        schema.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect()
    }

    fn value(answer: &Answer) -> serde_json::Value {
        let mut out = Vec::new();
        write(&mut out, answer, &targets::judge(&targets::built_in(), answer)).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn an_answer_fits_its_schema() {
        let schema = schema("metrics.schema.json");
        for answer in [samples::answer(), samples::empty()] {
            assert_eq!(errors(&schema, &value(&answer)), Vec::<String>::new());
        }
    }

    #[test]
    fn session_lines_fit_their_schema() {
        let schema = schema("sessions.schema.json");
        let (all, names) = samples::sessions();
        let mut out = Vec::new();
        sessions::write_lines(&mut out, &all, &names).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().count(), all.len());
        for line in text.lines() {
            assert_eq!(errors(&schema, &serde_json::from_str(line).unwrap()), Vec::<String>::new(), "{line}");
        }
    }

    #[test]
    fn the_schemas_refuse_what_is_not_theirs() {
        let metrics = schema("metrics.schema.json");
        let mut answer = value(&samples::answer());
        answer["surprise"] = 1.into();
        assert!(!metrics.is_valid(&answer));
        let mut answer = value(&samples::answer());
        answer["groups"][0]["error_breakdown"].as_object_mut().unwrap().remove("rate-limited");
        assert!(!metrics.is_valid(&answer));
        let line = schema("sessions.schema.json");
        assert!(!line.is_valid(&serde_json::json!({"consumer_uuid": null})));
    }

    #[test]
    fn whole_figures_are_integers_and_others_have_three_digits() {
        let shown = |v| serde_json::to_string(&Number(v)).unwrap();
        assert_eq!([shown(Some(12.0)), shown(Some(1.0 / 3.0)), shown(None)], ["12", "0.333", "null"]);
        assert_eq!([shown(Some(f64::NAN)), shown(Some(-0.0001))], ["null", "0"]);
    }
}
