//! Runs on both sides of a change in, why its figure cannot be held against itself out: lines that journald dropped, and
//! another mix of clients. Kept answers have no single registrations, so that a mix is refused where `compare` weighs it.

use super::runs::KeptRun;
use super::series::Key;
use crate::compare::comparable::{Refusal, another_share};
use crate::compare::statistics::location::median;
use crate::registration::session::Group;
use std::collections::{BTreeMap, BTreeSet};
use std::f64::consts::FRAC_PI_2;

/// Way in and release.
type Part<'a> = (&'a str, &'a str);
/// From, to.
type Bounds = (f64, f64);

/// Why a figure has no verdict, whatever its values are.
pub(super) fn refusal(key: Key, sides: &[Vec<&KeptRun>; 2]) -> Option<Refusal> {
    lost(key, sides).or_else(|| another_mix(key.group, sides).then_some(Refusal::AnotherMix))
}

// all that is counted is too low, timings are of what is there
fn lost(key: Key, sides: &[Vec<&KeptRun>; 2]) -> Option<Refusal> {
    let lines: u64 = sides.iter().flatten().map(|run| run.lines_lost()).sum();
    (lines > 0 && !key.subject.is_timing()).then_some(Refusal::Lost { lines })
}

// as figures have it, the median of its runs stands for a stretch: one run of another mix is none
fn another_mix(group: Option<Group>, sides: &[Vec<&KeptRun>; 2]) -> bool {
    let mixes = sides.each_ref().map(|side| {
        let of_runs = side.iter().map(|run| hosts(run, group));
        of_runs.filter(|parts| !parts.is_empty()).collect::<Vec<_>>()
    });
    let names: BTreeSet<Part<'_>> = mixes.iter().flatten().flat_map(BTreeMap::keys).copied().collect();
    // a median varies as a mean of fewer values does
    let registrations = mixes.each_ref().map(|side| {
        let attempts: f64 = side.iter().flat_map(BTreeMap::values).map(|(_, most)| most).sum();
        attempts / FRAC_PI_2
    });
    let differs = |name: Part<'_>| {
        let (before, after) = (typical_share(&mixes[0], name)?, typical_share(&mixes[1], name)?);
        let nearest = match () {
            () if before.1 < after.0 => [before.1, after.0],
            () if after.1 < before.0 => [before.0, after.1],
            () => return None,
        };
        Some(another_share(nearest, registrations))
    };
    names.into_iter().any(|name| differs(name) == Some(true))
}

// how many hosts of each part a run had: a failed attempt was one by itself, or tried again
fn hosts(run: &KeptRun, group: Option<Group>) -> BTreeMap<Part<'_>, Bounds> {
    let groups = run.answer.groups.iter().filter(|kept| match group {
        Some(group) => kept.group == group.name(),
        None => kept.group != "all",
    });
    let parts = groups.flat_map(|kept| {
        // logs may begin to tell releases: that makes no other hosts
        let known = kept.client_os.iter().filter(|(release, _)| *release != "unknown");
        known.map(move |(release, n)| {
            let least = n.saturating_sub(kept.error_count);
            ((kept.group.as_str(), release.as_str()), (least as f64, *n as f64))
        })
    });
    parts.collect()
}

fn typical_share(runs: &[BTreeMap<Part<'_>, Bounds>], name: Part<'_>) -> Option<Bounds> {
    let (from, to): (Vec<f64>, Vec<f64>) = runs.iter().map(|parts| share(parts, name)).unzip();
    Some((median(from)?, median(to)?))
}

// least beside as many others as there can be, most beside as few
fn share(parts: &BTreeMap<Part<'_>, Bounds>, name: Part<'_>) -> Bounds {
    let (least, most) = parts.get(&name).copied().unwrap_or_default();
    let (mut fewest, mut others) = (0.0_f64, 0.0_f64);
    for (_, (from, to)) in parts.iter().filter(|(part, _)| **part != name) {
        fewest += from;
        others += to;
    }
    (least / (least + others).max(1.0), most / (most + fewest).max(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::judge::Subject;
    use crate::kept::answer::KeptAnswer;
    use crate::metrics::answer::{Metric, Statistic};
    use crate::timestamp::Timestamp;
    use serde_json::json;
    use std::path::Path;

    type OfRelease<'a> = &'a [(&'a str, u64)];

    // a way in, its releases, its failed attempts
    fn run(groups: &[(&str, OfRelease<'_>, u64)], lines_lost: u64) -> KeptRun {
        let group = |(name, releases, failed): &(&str, OfRelease<'_>, u64)| {
            let client_os: BTreeMap<&str, u64> = releases.iter().copied().collect();
            let attempts: u64 = client_os.values().sum();
            json!({ "group": name, "session_count": attempts, "error_count": failed, "client_os": client_os })
        };
        let answer = json!({
            "schema_version": 1,
            "coverage": { "complete": true, "lines_lost": lines_lost },
            "groups": groups.iter().map(group).collect::<Vec<_>>(),
        });
        KeptRun {
            name: "night".to_owned(),
            labels: BTreeMap::new(),
            time: Timestamp::from_secs(0),
            answer: KeptAnswer::parse(Path::new("metrics.json"), answer.to_string().as_bytes()).unwrap(),
            digest: [0; 32],
        }
    }

    fn key(metric: Metric) -> Key {
        Key { group: None, subject: Subject::Metric(metric), statistic: Statistic::P50 }
    }

    fn differ(group: Option<Group>, before: &[KeptRun], after: &[KeptRun]) -> bool {
        another_mix(group, &[before, after].map(|side| side.iter().collect()))
    }

    fn nights(groups: &[(&str, OfRelease<'_>, u64)]) -> Vec<KeptRun> {
        vec![run(groups, 0); 6]
    }

    #[test]
    fn lines_that_journald_dropped_refuse_counts_and_no_timings() {
        let (whole, lacks) = (run(&[], 0), run(&[], 40));
        let told = |metric, before: [&KeptRun; 2], after: [&KeptRun; 2]| {
            refusal(key(metric), &[before.to_vec(), after.to_vec()])
        };
        let lost = |lines| Some(Refusal::Lost { lines });
        let (good, bad) = ([&whole, &whole], [&lacks, &lacks]);
        assert_eq!(told(Metric::ComplianceCalls, good, bad), lost(80));
        assert_eq!(told(Metric::ComplianceCalls, [&lacks, &whole], good), lost(40));
        assert_eq!(told(Metric::ComplianceCalls, good, good), None);
        assert_eq!(told(Metric::ConsumerCreateMs, good, bad), None);
        let of = Key { subject: Subject::ErrorRate, ..key(Metric::ComplianceCalls) };
        assert_eq!(refusal(of, &[good.to_vec(), bad.to_vec()]), lost(80));
    }

    #[test]
    fn a_release_or_a_way_in_by_more_than_five_points_is_another_mix() {
        let mix = |eight: u64| nights(&[("lb-ssh", &[("rhel-8", eight), ("rhel-9", 1000 - eight)], 0)]);
        for (after, wanted) in [(500, false), (545, false), (560, true), (0, true)] {
            for (one, other) in [(500, after), (after, 500)] {
                for group in [None, Some(Group::LbSsh)] {
                    assert_eq!(differ(group, &mix(one), &mix(other)), wanted, "{one} {other} {group:?}");
                }
            }
        }
        // what another way in does is no matter of this one
        let ways =
            |ssh| nights(&[("lb-ssh", &[("rhel-9", 500)], 0), ("satellite-ssh", &[("rhel-9", ssh)], 0)]);
        assert!(differ(None, &ways(500), &ways(1000)));
        assert!(!differ(Some(Group::LbSsh), &ways(500), &ways(1000)));
    }

    #[test]
    fn few_registrations_differ_by_more_by_chance() {
        let mix = |eight: u64| nights(&[("lb-ssh", &[("rhel-8", eight), ("rhel-9", 20 - eight)], 0)]);
        assert!(!differ(None, &mix(10), &mix(12)));
        assert!(differ(None, &mix(10), &mix(20)));
    }

    #[test]
    fn a_log_that_begins_to_tell_releases_has_the_same_hosts() {
        let all = |release| nights(&[("lb-ssh", &[(release, 1000)], 0)]);
        assert!(
            !differ(None, &all("unknown"), &all("rhel-9")) && !differ(None, &all("rhel-9"), &all("unknown"))
        );
        assert!(differ(None, &all("rhel-8"), &all("rhel-9")));
    }

    #[test]
    fn one_run_of_another_mix_refuses_nothing() {
        let nine: OfRelease<'_> = &[("rhel-9", 300)];
        let steady = nights(&[("lb-ssh", nine, 0)]);
        let mut odd = steady.clone();
        odd[3] = run(&[("lb-ssh", &[("rhel-10", 300)], 0)], 0);
        assert!(!differ(None, &odd, &steady));
        // nor what an earlier version kept without it
        assert!(!differ(None, &[run(&[("lb-ssh", &[], 0)], 0)], &steady));
    }

    #[test]
    fn hosts_that_failed_and_tried_again_are_no_other_mix() {
        let mix = |again: u64| {
            nights(&[("lb-ssh", &[("rhel-9", 500 + again)], again), ("capsule-ssh", &[("rhel-9", 500)], 0)])
        };
        assert!(!differ(None, &mix(0), &mix(300)));
        // so many more hosts that succeeded are
        let more = nights(&[("lb-ssh", &[("rhel-9", 800)], 0), ("capsule-ssh", &[("rhel-9", 500)], 0)]);
        assert!(differ(None, &mix(0), &more));
    }
}
