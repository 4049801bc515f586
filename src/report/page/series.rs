//! A run in, what charts draw out: sorted values by way in, and steps in time. Both are bounded by what is drawn, not
//! by how many registrations there are.

use crate::compare::run::{Registration, Run};
use crate::kept::requests::Call;
use crate::kept::sessions::SessionLine;
use crate::metrics::answer::Metric;
use crate::registration::session::{ErrorClass, Group};
use std::collections::BTreeMap;

/// Steps in time that a chart has at most.
const MOST_STEPS: i64 = 80;
/// Capsules that charts over time tell apart.
pub const MOST_CAPSULES: usize = 12;
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

/// Nearest rank of values in their order; none of none.
pub fn nearest_rank(sorted: &[f64], p: usize) -> Option<f64> {
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
            let of = |r: &Registration| Some((r.group, r.value(metric)?));
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

/// One step in time, of all or of a part.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// Attempts that began in it.
    pub attempts: u64,
    /// Those of them that failed, in the order of `ErrorClass::ALL`.
    pub failed: [u64; ErrorClass::ALL.len()],
    /// Microseconds that creates were under way in it, all together, those that failed too.
    pub busy_us: f64,
    /// Milliseconds of creates that began in it and succeeded, in their order.
    pub creates: Vec<f64>,
}

impl Step {
    /// Nearest rank, where creates began in it.
    pub fn percentile(&self, p: usize) -> Option<f64> {
        nearest_rank(&self.creates, p)
    }

    /// Attempts that failed, of any class.
    pub fn failures(&self) -> u64 {
        self.failed.iter().sum()
    }
}

/// A way in or a capsule, step by step.
#[derive(Clone, Debug, PartialEq)]
pub struct Part<T> {
    pub of: T,
    /// As many as the run has.
    pub steps: Vec<Step>,
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
    /// Ways in that have attempts, in the order of `Group::ALL`.
    pub groups: Vec<Part<Group>>,
    /// The capsules with the most attempts, the most first; `MOST_CAPSULES` of them at most.
    pub capsules: Vec<Part<(Group, String)>>,
    /// Creates whose end is not known: they are under way in no step.
    pub endless: u64,
}

impl Steps {
    /// From the first create to the end of the last; none where there are none.
    pub fn of(groups: &Groups, capsules: &Capsules) -> Option<Self> {
        let all = || groups.values().flatten();
        let first = all().map(|b| b.started_us).min()?;
        let last = all().map(Begun::ended_us).max()?;
        let span = last.saturating_sub(first) / SECOND_US + 1;
        let width =
            WIDTHS.into_iter().find(|w| span / w < MOST_STEPS).unwrap_or_else(|| span / MOST_STEPS + 1);
        let step_us = width * SECOND_US;
        let start_us = first.div_euclid(step_us) * step_us;
        let count = last.saturating_sub(start_us) / step_us + 1;
        let mut found =
            Self { start_us, step_us, steps: vec![Step::default(); count as usize], ..Self::default() };
        found.endless = all().filter(|b| b.answered_ms.is_nan()).count() as u64;
        found.steps = found.filled(all());
        let part = |(of, begun): (&Group, &Vec<Begun>)| Part { of: *of, steps: found.filled(begun.iter()) };
        found.groups = groups.iter().map(part).collect();
        let mut sorted: Vec<_> = capsules.iter().collect();
        sorted.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then(a.0.cmp(b.0)));
        let part = |(of, begun): (&(Group, String), &Vec<Begun>)| Part {
            of: of.clone(),
            steps: found.filled(begun.iter()),
        };
        found.capsules = sorted.into_iter().take(MOST_CAPSULES).map(part).collect();
        Some(found)
    }

    // every step of the run, with those of some attempts in it
    fn filled<'a>(&self, begun: impl Iterator<Item = &'a Begun>) -> Vec<Step> {
        let mut steps = vec![Step::default(); self.steps.len()];
        for attempt in begun {
            let at = self.place(attempt.started_us);
            let Some(step) = steps.get_mut(at) else { continue };
            step.attempts += 1;
            let class = attempt.error.and_then(|e| ErrorClass::ALL.iter().position(|c| *c == e));
            if let Some(class) = class {
                step.failed[class] += 1;
            }
            if attempt.created {
                step.creates.push(attempt.answered_ms);
            }
            if attempt.answered_ms.is_finite() {
                self.busy(&mut steps, attempt.started_us, attempt.ended_us());
            }
        }
        steps.iter_mut().for_each(|s| s.creates.sort_unstable_by(f64::total_cmp));
        steps
    }

    fn place(&self, us: i64) -> usize {
        (us.saturating_sub(self.start_us) / self.step_us) as usize
    }

    // spreads a create over the steps that it was under way in
    fn busy(&self, steps: &mut [Step], from: i64, to: i64) {
        for at in self.place(from)..=self.place(to) {
            let begin = self.start_us + at as i64 * self.step_us;
            let inside = to.min(begin + self.step_us) - from.max(begin);
            if let Some(step) = steps.get_mut(at) {
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

/// An attempt as charts over time need it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Begun {
    /// Start of the create, microseconds since 1970.
    pub started_us: i64,
    /// Milliseconds until the create was answered, with an error too; NaN where nothing tells.
    pub answered_ms: f64,
    /// The create succeeded.
    pub created: bool,
    /// Why the attempt failed.
    pub error: Option<ErrorClass>,
}

impl Begun {
    /// Of a line of the sessions file.
    pub fn of(line: &SessionLine<'_>) -> Self {
        let answered_ms = line.consumer_create_ms.or(line.failed_create_ms);
        Self {
            started_us: line.started_at.0,
            answered_ms: answered_ms.map_or(f64::NAN, f64::from),
            created: line.consumer_create_ms.is_some(),
            error: line.error_class,
        }
    }

    // NaN is none
    fn ended_us(&self) -> i64 {
        self.started_us.saturating_add((self.answered_ms * 1000.0) as i64)
    }
}

/// Attempts by way in.
pub type Groups = BTreeMap<Group, Vec<Begun>>;

/// Attempts by way in and capsule.
pub type Capsules = BTreeMap<(Group, String), Vec<Begun>>;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::run::OF_SESSIONS;

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

    const OK: Option<ErrorClass> = None;
    const FAILED: Option<ErrorClass> = Some(ErrorClass::Server);

    fn begun(started_us: i64, answered_ms: f64, error: Option<ErrorClass>) -> Begun {
        Begun { started_us, answered_ms, created: error.is_none(), error }
    }

    fn through_lb(attempts: impl Into<Vec<Begun>>) -> Groups {
        Groups::from([(Group::LbSsh, attempts.into())])
    }

    #[test]
    fn values_stand_in_their_order_and_all_comes_last() {
        let registrations = vec![registration(0, 30.0), registration(1, f64::NAN), registration(2, 10.0)];
        let run = Run { registrations, ..Run::default() };
        let found = sorted(&run, Metric::ConsumerCreateMs);
        let groups: Vec<_> = found.iter().map(|s| s.group).collect();
        assert_eq!(groups, [Some(Group::LbSsh), None]);
        assert_eq!(found[1].values, [10.0, 30.0]);
        assert_eq!((found[1].percentile(50), found[1].share_within(29.9)), (10.0, 0.5));
        assert!(sorted(&run, Metric::ScriptFetchMs).is_empty());
    }

    #[test]
    fn a_create_is_under_way_in_each_step_that_it_spans() {
        let groups = through_lb([begun(500_000, 2000.0, OK), begun(80_600_000, f64::NAN, FAILED)]);
        let steps = Steps::of(&groups, &Capsules::new()).unwrap();
        assert_eq!((steps.seconds(), steps.steps.len()), (2, 41));
        let shares: Vec<f64> = steps.steps.iter().take(3).map(|s| steps.under_way(s)).collect();
        assert_eq!(shares, [0.75, 0.25, 0.0]);
        assert_eq!((steps.steps[40].failures(), steps.endless), (1, 1));
        assert_eq!(steps.steps[0].percentile(95), Some(2000.0));
    }

    #[test]
    fn a_create_that_fails_is_under_way_until_it_is_told_so() {
        let groups = through_lb([begun(0, 1000.0, OK), begun(0, 30_000.0, FAILED)]);
        let steps = Steps::of(&groups, &Capsules::new()).unwrap();
        assert_eq!((steps.seconds(), steps.steps.len(), steps.endless), (1, 31, 0));
        let under_way: Vec<f64> = [0, 15, 30].map(|at| steps.under_way(&steps.steps[at])).into();
        assert_eq!(under_way, [2.0, 1.0, 0.0]);
        // what is known of durations is of those that succeeded
        assert_eq!(steps.steps[0].creates, [1000.0]);
    }

    #[test]
    fn parts_add_up_to_the_whole_and_the_busiest_capsules_are_told_apart() {
        let of_lb = [begun(0, 2500.0, OK), begun(9_000_000, f64::NAN, FAILED)];
        let mut groups = through_lb(of_lb);
        groups.insert(Group::SatelliteSsh, vec![begun(3_000_000, 400.0, OK)]);
        let mut capsules: Capsules =
            (0..20).map(|i| ((Group::LbSsh, format!("idle{i:02}")), vec![of_lb[0]])).collect();
        capsules.insert((Group::LbSsh, "z-busy".to_owned()), of_lb.into());
        let steps = Steps::of(&groups, &capsules).unwrap();
        let groups: Vec<Group> = steps.groups.iter().map(|part| part.of).collect();
        assert_eq!(groups, [Group::SatelliteSsh, Group::LbSsh]);
        for (at, all) in steps.steps.iter().enumerate() {
            let parts = || steps.groups.iter().map(|part| &part.steps[at]);
            assert_eq!(parts().map(|s| s.attempts).sum::<u64>(), all.attempts);
            assert_eq!(parts().map(Step::failures).sum::<u64>(), all.failures());
            assert_eq!(parts().map(|s| s.busy_us).sum::<f64>(), all.busy_us);
        }
        assert_eq!(steps.capsules.len(), MOST_CAPSULES);
        let busiest = &steps.capsules[0];
        assert_eq!(busiest.of.1, "z-busy");
        assert_eq!(steps.under_way(&busiest.steps[2]), 0.5);
        assert_eq!(busiest.steps.iter().map(Step::failures).sum::<u64>(), 1);
    }

    #[test]
    fn steps_are_few_however_long_the_log_is() {
        let groups = through_lb([begun(-4_000_000_000_000_000, 1.0, OK), begun(i64::MAX / 4, 1.0, OK)]);
        let steps = Steps::of(&groups, &Capsules::new()).unwrap();
        assert!(steps.steps.len() <= MOST_STEPS as usize + 2);
        assert_eq!(Steps::of(&Groups::new(), &Capsules::new()), None);
    }
}
