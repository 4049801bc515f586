//! Targets: which figure leads to which change. Data (targets.yaml or `--targets FILE`) in, judgements out.

use super::answer::{Answer, GroupAnswer, Metric, Statistic};
use crate::registration::session::Group;
use crate::yaml_file::{self, FileError, Problem};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::Path;

/// A figure that a change would bring down, and how far.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// Which metric.
    pub metric: Metric,
    /// Which of its figures.
    pub statistic: Statistic,
    /// The figure must be at or below this: milliseconds for timings, calls a registration; a share (0 to 1) at or above.
    pub target: Option<f64>,
    /// The change that would bring it there.
    pub change: String,
    /// Where the change stands.
    pub state: String,
    /// What to read beside it.
    pub note: Option<String>,
}

/// A group's figure held against its target.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// `None` is `all`.
    pub group: Option<Group>,
    /// Which metric.
    pub metric: Metric,
    /// Which of its figures.
    pub statistic: Statistic,
    /// The figure, to three digits behind the point; none where the group has no such value.
    pub value: Option<f64>,
    /// At or below this it is met (a share: at or above); none where no target is set.
    pub target: Option<f64>,
    /// None where there is no figure or no target.
    pub met: Option<bool>,
    /// The change that would bring it there.
    pub change: String,
    /// Where the change stands.
    pub state: String,
    /// What to read beside it.
    pub note: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetsFile {
    targets: Vec<Entry>,
}

/// An entry as it is written; what its words mean is asked afterwards, where their lines can be told.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    metric: String,
    statistic: String,
    // a key that must be there, though it may be null
    #[serde(deserialize_with = "serde_yaml::Value::deserialize")]
    target: serde_yaml::Value,
    change: String,
    state: String,
    #[serde(default)]
    note: Option<String>,
}

/// The targets that come with the program.
pub fn built_in() -> Vec<Target> {
    // a test reads them, so that none is ever lost here
    parse(include_str!("targets.yaml")).unwrap_or_default()
}

/// Reads targets from a file of the form of targets.yaml.
///
/// # Errors
/// Names the file, the line and what is allowed.
pub fn load(path: &Path) -> Result<Vec<Target>, FileError> {
    yaml_file::load(path, "the targets", parse)
}

/// Holds every group's figures against the targets, in the order of both.
pub fn judge(targets: &[Target], answer: &Answer) -> Vec<Judgement> {
    let mut judged = Vec::new();
    for group in &answer.groups {
        let from = whose(group, answer);
        let told = targets.iter().filter(|t| t.may_help(from) && tells(t, targets, group));
        judged.extend(told.map(|t| judgement(t, group)));
    }
    judged
}

/// Where no capsule's log was read, a change on capsules is seen in what reaches the Satellite only; else on the capsule.
fn tells(target: &Target, all: &[Target], group: &GroupAnswer) -> bool {
    let has = |t: &Target| group.metrics.get(&t.metric).and_then(|d| d.get(t.statistic)).is_some();
    if target.target.is_some() {
        return true;
    }
    if target.metric.is_of_capsules() {
        return has(target);
    }
    let told = |t: &Target| t.metric.is_of_capsules() && t.change == target.change && has(t);
    target.metric != Metric::ScriptFetches || !all.iter().any(told)
}

impl Target {
    /// Whether its change can do anything for a way in: no capsule stands before a Satellite that hosts come to themselves.
    pub fn may_help(&self, group: Option<Group>) -> bool {
        self.metric != Metric::ScriptFetches || self.target.is_some() || group != Some(Group::SatelliteSsh)
    }
}

// all are one group where nobody came another way
fn whose(group: &GroupAnswer, answer: &Answer) -> Option<Group> {
    let mut others = answer.groups.iter().filter_map(|g| g.group);
    match (group.group, others.next(), others.next()) {
        (None, Some(only), None) => Some(only),
        (own, ..) => own,
    }
}

fn judgement(target: &Target, group: &GroupAnswer) -> Judgement {
    let value = group.metrics.get(&target.metric).and_then(|d| d.get(target.statistic));
    // what is shown is what is judged
    let value = value.filter(|v| v.is_finite()).map(|v| (v * 1000.0).round() / 1000.0);
    Judgement {
        group: group.group,
        metric: target.metric,
        statistic: target.statistic,
        value,
        target: target.target,
        met: value.zip(target.target).map(|(value, bound)| match target.metric.is_share() {
            true => value >= bound,
            false => value <= bound,
        }),
        change: target.change.clone(),
        state: target.state.clone(),
        note: target.note.clone(),
    }
}

/// The line is where the YAML reader was, or where the word stands that means nothing.
fn parse(text: &str) -> Result<Vec<Target>, Problem> {
    if yaml_file::is_empty(text) {
        return Err((
            1,
            "holds no targets; write 'targets:' and a list under it (an empty one is [])".into(),
        ));
    }
    let file: TargetsFile = yaml_file::parse(text)?;
    let mut seen = BTreeSet::new();
    let mut targets = Vec::with_capacity(file.targets.len());
    for (index, entry) in file.targets.into_iter().enumerate() {
        let at = |key: &'static str| move |problem| (line_of(text, key, index), problem);
        let metric = one_of(&entry.metric, "metric", &Metric::ALL, Metric::name).map_err(at("metric"))?;
        let statistic = one_of(&entry.statistic, "statistic", &Statistic::ALL, Statistic::name)
            .map_err(at("statistic"))?;
        let target = figure(&entry.target).map_err(at("target"))?;
        if !seen.insert((metric, statistic)) {
            let (metric, statistic) = (metric.name(), statistic.name());
            return Err(at("metric")(format!(
                "{metric} {statistic} stands twice; keep one entry for each metric and statistic"
            )));
        }
        let Entry { change, state, note, .. } = entry;
        targets.push(Target { metric, statistic, target, change, state, note });
    }
    Ok(targets)
}

/// The line of a key in the entry with this index; only for keys that every entry has once.
fn line_of(text: &str, key: &str, index: usize) -> usize {
    text.lines()
        .enumerate()
        .flat_map(|(i, line)| {
            let code = if line.trim_start().starts_with('#') { "" } else { line };
            let keys = code.match_indices(key).filter(|(at, _)| {
                let before = code[..*at].trim_end_matches(['"', '\'']).trim_end();
                let after = code[at + key.len()..].trim_start_matches(['"', '\'']).trim_start();
                (before.is_empty() || before.ends_with(['-', '{', ','])) && after.starts_with(':')
            });
            std::iter::repeat_n(i + 1, keys.count())
        })
        .nth(index)
        .unwrap_or(1)
}

fn one_of<T: Copy>(text: &str, what: &str, all: &[T], name: fn(T) -> &'static str) -> Result<T, String> {
    all.iter().copied().find(|t| name(*t) == text).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|t| name(*t)).collect();
        format!("'{text}' is no {what}; give one of {}", names.join(", "))
    })
}

fn figure(value: &serde_yaml::Value) -> Result<Option<f64>, String> {
    let shown = match value {
        serde_yaml::Value::Null => return Ok(None),
        serde_yaml::Value::Number(n) => match n.as_f64() {
            Some(figure) if figure.is_finite() && figure >= 0.0 => return Ok(Some(figure)),
            _ => n.to_string(),
        },
        serde_yaml::Value::String(s) => s.clone(),
        serde_yaml::Value::Bool(b) => b.to_string(),
        _ => "a list or a map".to_owned(),
    };
    Err(format!("'{shown}' is no target; give a number that is 0 or more, or null"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::answer::Distribution;
    use crate::report::samples;

    fn refused(text: &str) -> (usize, String) {
        parse(text).unwrap_err()
    }

    fn entry(metric: &str, statistic: &str, target: &str) -> String {
        format!(
            "  - metric: {metric}\n    statistic: {statistic}\n    target: {target}\n    change: a#1\n    state: open\n"
        )
    }

    #[test]
    fn the_built_in_targets_are_those_of_the_optimisations() {
        let all = parse(include_str!("targets.yaml")).unwrap();
        let shown: Vec<String> = all
            .iter()
            .map(|t| format!("{} {} {:?} {}", t.metric.name(), t.statistic.name(), t.target, t.change))
            .collect();
        assert_eq!(
            shown,
            [
                "consumer_create_ms p50 None foreman#10942 + katello#11701",
                "compliance_calls avg Some(1.0) katello#11692",
                "status_calls avg Some(1.0) katello#11696",
                "redundant_consumer_gets avg Some(0.0) katello#11694",
                "capsule_script_fetch_ms p99 None smart-proxy#935",
                "script_cache_hit_rate avg None smart-proxy#935",
                "script_fetches avg None smart-proxy#935",
            ]
        );
        assert_eq!(built_in(), all);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_what_is_allowed() {
        let head = "# mine\ntargets:\n";
        for (text, line, part) in [
            (
                format!("{head}{}", entry("consumer_create", "p50", "1")),
                3,
                "one of consumer_create_ms, script",
            ),
            (format!("{head}{}", entry("status_calls", "p51", "1")), 4, "one of min, avg, p50"),
            (format!("{head}{}", entry("status_calls", "avg", "-1")), 5, "0 or more, or null"),
            (format!("{head}{}", entry("status_calls", "avg", ".nan")), 5, "0 or more, or null"),
            (format!("{head}{}", entry("status_calls", "avg", "soon")), 5, "'soon' is no target"),
            (format!("{head}{}    url: x\n", entry("status_calls", "avg", "1")), 8, "unknown field `url`"),
            (
                format!("{head}{0}  # metric: x\n{0}", entry("status_calls", "avg", "1")),
                9,
                "status_calls avg stands twice",
            ),
            ("targets:\n  - metric: status_calls\n".into(), 2, "missing field `statistic`"),
            ("targets: [\n".into(), 2, "did not find expected"),
            ("other: 1\n".into(), 1, "unknown field `other`"),
            ("# nothing\n".into(), 1, "holds no targets"),
        ] {
            let (at, problem) = refused(&text);
            assert!(problem.contains(part) && at == line, "line {at}, not {line}: {problem}");
            assert!(!problem.contains("column"), "{problem}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_told() {
        let told = load(Path::new("/nowhere/targets.yaml")).unwrap_err().to_string();
        assert!(told.starts_with("/nowhere/targets.yaml: cannot read the targets"), "{told}");
    }

    #[test]
    fn a_change_on_capsules_is_judged_there_where_their_logs_were_read() {
        let mut answer = samples::answer();
        answer.groups.retain(|group| group.group != Some(Group::SatelliteSsh));
        answer.groups.truncate(1);
        let metrics = |answer: &Answer| -> Vec<&str> {
            let judged = judge(&built_in(), answer);
            judged.iter().filter(|j| j.change == "smart-proxy#935").map(|j| j.metric.name()).collect()
        };
        assert_eq!(metrics(&answer), ["script_fetches"]);
        let rate =
            crate::metrics::distribution::mean(90.0, 100, crate::registration::session::Evidence::Exact);
        answer.groups[0].metrics.insert(Metric::ScriptCacheHitRate, rate.clone());
        answer.groups[0]
            .metrics
            .insert(Metric::CapsuleScriptFetchMs, Distribution { p99: Some(6.0), ..rate });
        assert_eq!(metrics(&answer), ["capsule_script_fetch_ms", "script_cache_hit_rate"]);
        let target = |share| Target { target: Some(share), ..built_in()[5].clone() };
        assert_eq!(
            judge(&[target(0.9), target(0.95)], &answer).iter().map(|j| j.met).collect::<Vec<_>>(),
            [Some(true), Some(false)]
        );
    }

    #[test]
    fn every_group_is_judged_by_what_is_shown() {
        let answer = samples::answer();
        let judged = judge(&built_in(), &answer);
        // all but what a script cache of capsules would do for who does not come through one
        assert_eq!(judged.len(), answer.groups.len() * 5 - 1);
        let fetches = judged.iter().filter(|j| j.metric == Metric::ScriptFetches);
        assert!(fetches.map(|j| j.group).all(|group| group != Some(Group::SatelliteSsh)));
        let mut direct = answer.clone();
        direct.groups.retain(|g| g.group.is_none_or(|group| group == Group::SatelliteSsh));
        assert_eq!(direct.groups.len(), 2);
        assert!(judge(&built_in(), &direct).iter().all(|j| j.metric != Metric::ScriptFetches));
        let of = |group: Option<Group>, metric: Metric| {
            judged.iter().find(|j| j.group == group && j.metric == metric).map(|j| (j.value, j.met)).unwrap()
        };
        assert_eq!(of(Some(Group::SatelliteSsh), Metric::ComplianceCalls), (Some(1.0), Some(true)));
        assert_eq!(of(Some(Group::LbSsh), Metric::StatusCalls), (Some(11.04), Some(false)));
        assert_eq!(of(Some(Group::LbSsh), Metric::ConsumerCreateMs).1, None);
        assert_eq!(of(Some(Group::Unknown), Metric::ComplianceCalls), (None, None));
    }
}
