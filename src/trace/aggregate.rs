//! Traces of many registrations in, where their time goes out: by group and phase, gaps included.

use super::phase::Phase;
use super::{Ended, Trace};
use crate::metrics::answer::Distribution;
use crate::metrics::distribution;
use crate::registration::finish::Registrations;
use crate::registration::session::{Evidence, Group};

/// Where the time of a group's successful registrations goes.
#[derive(Clone, Debug)]
pub struct GroupTimes {
    /// None is all.
    pub group: Option<Group>,
    /// Successful registrations: what the figures are of.
    pub registrations: u64,
    /// Left out.
    pub failed: u64,
    /// Left out.
    pub cut: u64,
    /// Registrations whose calls without a key are told by no address of their own: they are part of the gaps.
    pub shared_address: u64,
    /// From the first request to the last end, milliseconds.
    pub span_ms: Distribution,
    /// Requests together, milliseconds.
    pub request_ms: Distribution,
    /// Gaps together, milliseconds.
    pub gap_ms: Distribution,
    /// Phases that have requests.
    pub phases: Vec<PhaseTimes>,
}

/// Where the time of a phase goes, over all successful registrations of a group: one without it counts as 0.
#[derive(Clone, Debug)]
pub struct PhaseTimes {
    /// The phase.
    pub phase: Phase,
    /// Requests a registration.
    pub requests: Distribution,
    /// Their durations together.
    pub request_ms: Distribution,
    /// The gaps before them together.
    pub gap_ms: Distribution,
    /// Part of the time of all registrations that its requests and gaps are, 0 to 1; none where that time is 0.
    pub share: Option<f64>,
}

#[derive(Default)]
struct Values {
    requests: Vec<u32>,
    request_ms: Vec<u32>,
    gap_ms: Vec<u32>,
    inferred: bool,
}

struct Collecting {
    group: Option<Group>,
    failed: u64,
    cut: u64,
    shared_address: u64,
    span_ms: Vec<u32>,
    whole: Values,
    phases: [Values; Phase::ALL.len()],
}

/// Where the time goes, of every group that has registrations, in the order of `Group::ALL`, then of all.
pub fn aggregate(all: &Registrations) -> Vec<GroupTimes> {
    let mut groups: Vec<Collecting> =
        Group::ALL.into_iter().map(Some).chain([None]).map(Collecting::new).collect();
    for traced in &all.traced {
        let trace = Trace::of(traced, all);
        for group in groups.iter_mut().filter(|g| g.group.is_none_or(|group| group == traced.session.group)) {
            group.add(&trace);
        }
    }
    groups.into_iter().filter(Collecting::has_any).map(Collecting::finish).collect()
}

fn held(ms: i64) -> u32 {
    u32::try_from(ms.max(0)).unwrap_or(u32::MAX)
}

impl Collecting {
    fn new(group: Option<Group>) -> Self {
        Self {
            group,
            failed: 0,
            cut: 0,
            shared_address: 0,
            span_ms: Vec::new(),
            whole: Values::default(),
            phases: std::array::from_fn(|_| Values::default()),
        }
    }

    fn has_any(&self) -> bool {
        self.failed + self.cut > 0 || !self.span_ms.is_empty()
    }

    fn add(&mut self, trace: &Trace<'_>) {
        match trace.ended() {
            Ended::Failed => self.failed += 1,
            Ended::Cut => self.cut += 1,
            Ended::Registered => {
                self.shared_address += u64::from(trace.shared_address);
                self.span_ms.push(held(trace.span_ms()));
                let (mut request_ms, mut gap_ms) = (0, 0);
                for (values, phase) in self.phases.iter_mut().zip(Phase::ALL) {
                    let sum = trace.phase(phase);
                    values.requests.push(sum.requests);
                    values.request_ms.push(held(sum.request_ms));
                    values.gap_ms.push(held(sum.gap_ms));
                    values.inferred |= sum.inferred;
                    (request_ms, gap_ms) = (request_ms + sum.request_ms, gap_ms + sum.gap_ms);
                }
                self.whole.request_ms.push(held(request_ms));
                self.whole.gap_ms.push(held(gap_ms));
            }
        }
    }

    fn finish(self) -> GroupTimes {
        let sum = |values: &[u32]| values.iter().map(|v| f64::from(*v)).sum::<f64>();
        let time = sum(&self.whole.request_ms) + sum(&self.whole.gap_ms);
        let inferred = self.phases.iter().any(|p| p.inferred);
        let evidence = |inferred: bool| if inferred { Evidence::Inferred } else { Evidence::Exact };
        let whole = evidence(inferred);
        let phases =
            self.phases.into_iter().zip(Phase::ALL).filter(|(v, _)| v.requests.iter().any(|n| *n > 0));
        let phases = phases.map(|(values, phase)| {
            let mine = sum(&values.request_ms) + sum(&values.gap_ms);
            let evidence = evidence(values.inferred);
            PhaseTimes {
                phase,
                requests: distribution::of(values.requests, evidence),
                request_ms: distribution::of(values.request_ms, evidence),
                gap_ms: distribution::of(values.gap_ms, evidence),
                share: (time > 0.0).then(|| mine / time),
            }
        });
        GroupTimes {
            group: self.group,
            registrations: self.span_ms.len() as u64,
            failed: self.failed,
            cut: self.cut,
            shared_address: self.shared_address,
            phases: phases.collect(),
            span_ms: distribution::of(self.span_ms, whole),
            request_ms: distribution::of(self.whole.request_ms, whole),
            gap_ms: distribution::of(self.whole.gap_ms, whole),
        }
    }
}
