//! Sessions in, a group's figures out.

use super::answer::{Distribution, GroupAnswer, Metric};
use super::capsules;
use super::distribution;
use crate::at_once::in_order;
use crate::registration::finish::{GroupScript, Registrations, Window};
use crate::registration::session::{Evidence, Group, Session};
use crate::timestamp::Timestamp;
use std::collections::BTreeMap;

/// All groups together are half of the work.
const THREADS: usize = 2;

/// The figures of every group that has sessions, in the order of `Group::ALL`, then of all of them together.
pub fn groups(all: &Registrations) -> Vec<GroupAnswer> {
    measured(all, None)
}

/// The same of registrations that start in a part of the time that was asked for. Averages of calls that no key joins
/// (status) are of sessions whose own number is known.
pub fn groups_in(all: &Registrations, part: Window) -> Vec<GroupAnswer> {
    measured(all, Some(part))
}

fn measured(all: &Registrations, part: Option<Window>) -> Vec<GroupAnswer> {
    let inside = |at: Timestamp| part.is_none_or(|part| part.holds(at));
    let has = |group: &Group| {
        all.cut.iter().any(|(at, own)| own == group && inside(*at))
            || all.sessions.iter().any(|s| s.group == *group && inside(s.started_at))
    };
    let groups: Vec<Group> = Group::ALL.into_iter().filter(has).collect();
    let whole = (!groups.is_empty()).then_some(None);
    // all of them together take as long as each by itself: they come first, and are told last
    let asked: Vec<Option<Group>> = whole.into_iter().chain(groups.into_iter().map(Some)).collect();
    let mut answers = in_order(&asked, THREADS, |_, group| measure(all, *group, part));
    let first = answers.len().min(1);
    answers.rotate_left(first);
    answers
}

fn measure(all: &Registrations, group: Option<Group>, part: Option<Window>) -> GroupAnswer {
    let of_group = |g: Group| group.is_none_or(|group| group == g);
    let inside = |at: Timestamp| part.is_none_or(|part| part.holds(at));
    let sessions = || all.sessions.iter().filter(move |s| of_group(s.group) && inside(s.started_at));
    let mut answer = GroupAnswer {
        group,
        session_count: 0,
        error_count: 0,
        error_breakdown: BTreeMap::new(),
        cut_count: all.cut.iter().filter(|(at, group)| inside(*at) && of_group(*group)).count() as u64,
        window_start: sessions().map(|s| s.started_at).min(),
        window_end: sessions().map(|s| s.ended_at).max(),
        metrics: BTreeMap::new(),
        compliance_calls_polling: Distribution::default(),
        failed_create_ms: Distribution::default(),
        client_os: BTreeMap::new(),
        way_in: BTreeMap::new(),
    };
    for session in sessions() {
        answer.session_count += 1;
        if let Some(class) = session.error {
            answer.error_count += 1;
            *answer.error_breakdown.entry(class).or_default() += 1;
        }
        let os = all.names.get(session.client_os).unwrap_or("unknown");
        count(&mut answer.client_os, os);
        count(&mut answer.way_in, session.way_in.map_or("none", |w| w.name()));
    }
    let timing = |value: fn(&Session) -> Option<u32>| {
        distribution::of(sessions().filter_map(value).collect(), Evidence::Exact)
    };
    let metrics = &mut answer.metrics;
    metrics.insert(Metric::ConsumerCreateMs, timing(|s| s.consumer_create.get()));
    metrics.insert(Metric::HostRegisterMs, timing(|s| s.host_register.get()));
    metrics.insert(Metric::FactUpdateMs, timing(|s| s.fact_update.get()));
    metrics.insert(Metric::CreateAndFactsMs, timing(Session::create_and_facts));
    // a consumer that no key names could have called any number of times: it does not count as none
    let counted = || sessions().filter(|s| s.success() && s.uuid.is_some());
    let calls = |value: fn(&Session) -> u16| {
        distribution::of(counted().map(|s| u32::from(value(s))).collect(), Evidence::Exact)
    };
    metrics.insert(Metric::ComplianceCalls, calls(|s| s.compliance_calls));
    metrics.insert(Metric::RedundantConsumerGets, calls(|s| s.redundant_consumer_gets));
    let polling = counted().map(|s| u32::from(s.compliance_calls)).filter(|n| *n > 0).collect();
    answer.compliance_calls_polling = distribution::of(polling, Evidence::Exact);
    let successes = answer.session_count - answer.error_count;
    scripts(all.scripts.iter().filter(|s| of_group(s.way.group) && inside(s.at)), successes, metrics);
    metrics.insert(
        Metric::StatusCalls,
        match part {
            None => status_calls(all, &of_group, successes),
            Some(_) => {
                let own = sessions().filter(|s| s.success() && s.status_calls != Session::NO_COUNT);
                distribution::of(own.map(|s| u32::from(s.status_calls)).collect(), Evidence::Inferred)
            }
        },
    );
    capsules::add_to_group(all, part.unwrap_or(all.window), &of_group, metrics);
    let failed = sessions().filter_map(Session::failed_create_ms).collect();
    answer.failed_create_ms = distribution::of(failed, Evidence::Exact);
    // who is counted is as sure as the group is
    if group.is_some() && sessions().any(|s| s.group_evidence == Evidence::Inferred) {
        let GroupAnswer { metrics, compliance_calls_polling, failed_create_ms, .. } = &mut answer;
        let figures = metrics.values_mut().chain([compliance_calls_polling, failed_create_ms]);
        figures.filter(|found| found.count > 0).for_each(|found| found.evidence = Evidence::Inferred);
    }
    answer
}

fn scripts<'a>(
    scripts: impl Iterator<Item = &'a GroupScript> + Clone,
    successes: u64,
    metrics: &mut BTreeMap<Metric, Distribution>,
) {
    let inferred = scripts.clone().any(|s| s.way.evidence == Evidence::Inferred);
    let evidence = if inferred { Evidence::Inferred } else { Evidence::Exact };
    let ms = scripts.clone().filter_map(|s| s.ms).collect();
    metrics.insert(Metric::ScriptFetchMs, distribution::of(ms, evidence));
    metrics.insert(Metric::ScriptFetches, distribution::mean(scripts.count() as f64, successes, evidence));
}

fn status_calls(all: &Registrations, of_group: &impl Fn(Group) -> bool, successes: u64) -> Distribution {
    let calls = || all.status_calls.iter().filter(|(g, _)| of_group(**g)).map(|(_, calls)| calls);
    match calls().map(|c| c.evidence).max_by_key(|e| *e == Evidence::Inferred) {
        Some(evidence) => distribution::mean(calls().map(|c| c.calls).sum(), successes, evidence),
        None => Distribution::default(),
    }
}

fn count(map: &mut BTreeMap<String, u64>, key: &str) {
    match map.get_mut(key) {
        Some(n) => *n += 1,
        None => {
            map.insert(key.to_owned(), 1);
        }
    }
}
