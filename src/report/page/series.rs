//! A run in, what charts draw out: sorted values by way in, and steps in time. Both are bounded by what is drawn, not
//! by how many registrations there are.

use crate::compare::run::Run;
use crate::kept::requests::Call;
use crate::metrics::answer::Metric;
use crate::registration::session::{ErrorClass, Group};

/// Steps in time that a chart has at most.
const MOST_STEPS: i64 = 80;
/// Widths of a step in seconds, as people count time.
const WIDTHS: [i64; 14] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 21_600, 86_400];
const SECOND_US: i64 = 1_000_000;

/// Values of a way in, in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct Sorted {
    /// None is all.
    pub group: Option<Group>,
    /// Milliseconds; never empty.
    pub values: Vec<f64>,
}

impl Sorted {
    /// Share of the values at or below.
    pub fn share_within(&self, ms: f64) -> f64 {
        self.values.partition_point(|v| *v <= ms) as f64 / self.values.len() as f64
    }

    /// Nearest rank.
    pub fn percentile(&self, p: usize) -> f64 {
        nearest_rank(&self.values, p).unwrap_or_default()
    }
}

fn nearest_rank(sorted: &[f64], p: usize) -> Option<f64> {
    sorted.get((sorted.len() * p).div_ceil(100).max(1) - 1).copied()
}

/// Every value of a timing, ways in that have any in their order, all of them together last.
pub fn sorted(run: &Run, metric: Metric) -> Vec<Sorted> {
    let call = match metric {
        // the log has each of them; a session only those that can be its own
        Metric::ScriptFetchMs => Some(Call::Script),
        Metric::CapsuleScriptFetchMs => Some(Call::CapsuleScript),
        Metric::CapsuleHostRegisterMs => Some(Call::CapsuleHostRegister),
        _ => None,
    };
    let mut of_group: Vec<Vec<f64>> = vec![Vec::new(); Group::ALL.len()];
    let mut take = |group: Group, ms: f64| {
        if let Some(at) = Group::ALL.iter().position(|g| *g == group).filter(|_| ms.is_finite()) {
            of_group[at].push(ms);
        }
    };
    match call {
        Some(call) => {
            let requests = run.requests.iter().flatten().filter(|r| r.call == call);
            requests.for_each(|r| take(r.group, r.ms));
        }
        None => {
            let of = |r: &crate::compare::run::Registration| Some((r.group, r.value(metric)?));
            run.registrations.iter().filter_map(of).for_each(|(group, ms)| take(group, ms));
        }
    }
    let mut found: Vec<Sorted> = Group::ALL
        .into_iter()
        .zip(of_group)
        .filter(|(_, values)| !values.is_empty())
        .map(|(group, values)| Sorted { group: Some(group), values })
        .collect();
    let all: Vec<f64> = found.iter().flat_map(|s| s.values.iter().copied()).collect();
    if !all.is_empty() {
        found.push(Sorted { group: None, values: all });
    }
    found.iter_mut().for_each(|s| s.values.sort_unstable_by(f64::total_cmp));
    found
}

/// One step in time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// Attempts that began in it, in the order of `Group::ALL`.
    pub attempts: [u64; Group::ALL.len()],
    /// Those of them that failed, in the order of `ErrorClass::ALL`.
    pub failed: [u64; ErrorClass::ALL.len()],
    /// Microseconds that successful creates were under way in it, all together.
    pub busy_us: f64,
    /// Milliseconds of creates that began in it, in their order.
    pub creates: Vec<f64>,
}

impl Step {
    /// Nearest rank, where creates began in it.
    pub fn percentile(&self, p: usize) -> Option<f64> {
        nearest_rank(&self.creates, p)
    }
}

/// A run in steps of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Steps {
    /// Start of the first, microseconds since 1970.
    pub start_us: i64,
    /// Width of each.
    pub step_us: i64,
    /// Without a gap.
    pub steps: Vec<Step>,
}

impl Steps {
    /// From the first create to the end of the last; none where there are none.
    pub fn of(run: &Run) -> Option<Self> {
        let ends = |r: &crate::compare::run::Registration| {
            let ms = r.value(Metric::ConsumerCreateMs).unwrap_or(0.0);
            r.started_us.saturating_add((ms * 1000.0) as i64)
        };
        let first = run.registrations.iter().map(|r| r.started_us).min()?;
        let last = run.registrations.iter().map(ends).max()?;
        let span = last.saturating_sub(first) / SECOND_US + 1;
        let width =
            WIDTHS.into_iter().find(|w| span / w < MOST_STEPS).unwrap_or_else(|| span / MOST_STEPS + 1);
        let step_us = width * SECOND_US;
        let start_us = first.div_euclid(step_us) * step_us;
        let count = last.saturating_sub(start_us) / step_us + 1;
        let mut found = Self { start_us, step_us, steps: vec![Step::default(); count as usize] };
        for registration in &run.registrations {
            let at = found.place(registration.started_us);
            let Some(step) = found.steps.get_mut(at) else { continue };
            if let Some(group) = Group::ALL.iter().position(|g| *g == registration.group) {
                step.attempts[group] += 1;
            }
            let class = registration.error.and_then(|e| ErrorClass::ALL.iter().position(|c| *c == e));
            if let Some(class) = class {
                step.failed[class] += 1;
            }
            if let Some(ms) = registration.value(Metric::ConsumerCreateMs) {
                step.creates.push(ms);
                found.busy(registration.started_us, ends(registration));
            }
        }
        found.steps.iter_mut().for_each(|s| s.creates.sort_unstable_by(f64::total_cmp));
        Some(found)
    }

    fn place(&self, us: i64) -> usize {
        (us.saturating_sub(self.start_us) / self.step_us) as usize
    }

    // spreads a create over the steps that it was under way in
    fn busy(&mut self, from: i64, to: i64) {
        for at in self.place(from)..=self.place(to) {
            let begin = self.start_us + at as i64 * self.step_us;
            let inside = to.min(begin + self.step_us) - from.max(begin);
            if let Some(step) = self.steps.get_mut(at) {
                step.busy_us += inside.max(0) as f64;
            }
        }
    }

    /// Creates under way on average in a step.
    pub fn under_way(&self, step: &Step) -> f64 {
        step.busy_us / self.step_us as f64
    }

    /// Width in seconds.
    pub const fn seconds(&self) -> i64 {
        self.step_us / SECOND_US
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::run::{OF_SESSIONS, Registration};

    fn registration(started_us: i64, ms: f64) -> Registration {
        let mut values = [f64::NAN; OF_SESSIONS.len()];
        values[0] = ms;
        Registration {
            started_us,
            group: Group::LbSsh,
            client_os: "".into(),
            part: "".into(),
            error: ms.is_nan().then_some(ErrorClass::Server),
            success: !ms.is_nan(),
            first: true,
            values,
            inferred: [false; OF_SESSIONS.len()],
        }
    }

    fn run(registrations: Vec<Registration>) -> Run {
        Run { registrations, ..Run::default() }
    }

    #[test]
    fn values_stand_in_their_order_and_all_comes_last() {
        let run = run(vec![registration(0, 30.0), registration(1, f64::NAN), registration(2, 10.0)]);
        let found = sorted(&run, Metric::ConsumerCreateMs);
        let groups: Vec<_> = found.iter().map(|s| s.group).collect();
        assert_eq!(groups, [Some(Group::LbSsh), None]);
        assert_eq!(found[1].values, [10.0, 30.0]);
        assert_eq!((found[1].percentile(50), found[1].share_within(29.9)), (10.0, 0.5));
        assert!(sorted(&run, Metric::ScriptFetchMs).is_empty());
    }

    #[test]
    fn a_create_is_under_way_in_each_step_that_it_spans() {
        let run = run(vec![registration(500_000, 2000.0), registration(80_600_000, f64::NAN)]);
        let steps = Steps::of(&run).unwrap();
        assert_eq!((steps.seconds(), steps.steps.len()), (2, 41));
        let shares: Vec<f64> = steps.steps.iter().take(3).map(|s| steps.under_way(s)).collect();
        assert_eq!(shares, [0.75, 0.25, 0.0]);
        assert_eq!(steps.steps[40].failed.iter().sum::<u64>(), 1);
        assert_eq!(steps.steps[0].percentile(95), Some(2000.0));
    }

    #[test]
    fn steps_are_few_however_long_the_log_is() {
        let run = run(vec![registration(-4_000_000_000_000_000, 1.0), registration(i64::MAX / 4, 1.0)]);
        assert!(Steps::of(&run).unwrap().steps.len() <= MOST_STEPS as usize + 2);
        assert_eq!(Steps::of(&Run::default()), None);
    }
}
