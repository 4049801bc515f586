//! Verdicts on runs whose truth is known.

use super::super::run::OF_SESSIONS;
use super::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, LogNormal, Normal, Poisson};

/// What a run is made with.
#[derive(Clone, Copy)]
struct Made {
    sessions: usize,
    /// Of every timing.
    ratio: f64,
    /// Slow phases in it, each drawn anew.
    phases: usize,
    /// How far phases differ, on the log scale.
    phase_level: f64,
    calls: f64,
    failures: f64,
}

const FLAT: Made =
    Made { sessions: 1500, ratio: 1.0, phases: 0, phase_level: 0.0, calls: 12.0, failures: 0.02 };

fn run(random: &mut ChaCha8Rng, made: Made) -> Run {
    let levels = Normal::new(0.0, made.phase_level).unwrap();
    let phases: Vec<f64> = (0..made.phases.max(1)).map(|_| levels.sample(random)).collect();
    let calls = Poisson::new(made.calls).unwrap();
    let registrations = (0..made.sessions).map(|i| {
        let level = phases[i * phases.len() / made.sessions].exp() * made.ratio;
        let timing = |random: &mut ChaCha8Rng, median: f64, sigma: f64| {
            (LogNormal::new(median.ln(), sigma).unwrap().sample(random) * level).round()
        };
        let success = random.random::<f64>() >= made.failures;
        let mut values = [f64::NAN; OF_SESSIONS.len()];
        if success {
            let (create, facts) = (timing(random, 1200.0, 0.6), timing(random, 300.0, 0.5));
            for (metric, value) in [
                (Metric::ConsumerCreateMs, create),
                (Metric::FactUpdateMs, facts),
                (Metric::CreateAndFactsMs, create + facts),
                (Metric::HostRegisterMs, timing(random, 800.0, 0.4)),
                (Metric::ComplianceCalls, calls.sample(random)),
                (Metric::RedundantConsumerGets, 2.0),
            ] {
                values[OF_SESSIONS.iter().position(|m| *m == metric).unwrap()] = value;
            }
        }
        let group = if random.random::<f64>() < 0.5 { Group::LbSsh } else { Group::SatelliteSsh };
        Registration {
            started_us: i as i64 * 125_000,
            group,
            client_os: "rhel-9".into(),
            part: format!("{} rhel-9", group.name()).into(),
            error: None,
            success,
            values,
            inferred: [false; OF_SESSIONS.len()],
        }
    });
    Run { name: "made".into(), registrations: registrations.collect(), ..Run::default() }
}

fn pairs(n: usize, before: Made, after: Made) -> Vec<Vec<Row>> {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let mut pair = || {
        let sides = [run(&mut random, before), run(&mut random, after)];
        compare(&sides[..1], &sides[1..], &Thresholds::default())
    };
    (0..n).map(|_| pair()).collect()
}

fn has(rows: &[Row], verdict: &Verdict) -> bool {
    rows.iter().any(|r| r.verdict == *verdict)
}

fn of(rows: &[Row], metric: Metric) -> &Row {
    rows.iter().find(|r| r.group.is_none() && r.subject == Subject::Metric(metric)).unwrap()
}

#[test]
fn flat_storms_that_are_the_same_raise_few_alarms() {
    let all = pairs(200, FLAT, FLAT);
    let alarms = all.iter().filter(|rows| has(rows, &Verdict::Regressed)).count();
    assert!(alarms <= 10, "{alarms} of 200");
    assert!(all.iter().all(|rows| of(rows, Metric::RedundantConsumerGets).verdict == Verdict::NoChangeSeen));
}

#[test]
fn storms_with_slow_phases_raise_few_alarms_too() {
    let phases = |phases| Made { phases, phase_level: 0.3, ..FLAT };
    for made in [phases(4), phases(20), phases(100)] {
        let all = pairs(100, made, made);
        let alarms = all.iter().filter(|rows| has(rows, &Verdict::Regressed)).count();
        assert!(alarms <= 5, "{alarms} of 100 with {} phases", made.phases);
    }
    // one run with a few long phases does not tell how another would be, and says so
    let all = pairs(50, phases(4), phases(4));
    let refused = |rows: &&Vec<Row>| {
        let verdict = &of(rows, Metric::ConsumerCreateMs).verdict;
        matches!(verdict, Verdict::NotComparable(Refusal::TooVariable { .. }))
    };
    assert!(all.iter().filter(refused).count() >= 30);
}

#[test]
fn a_tenth_at_1500_and_a_quarter_at_300_are_found() {
    let found = |made: Made| {
        let all = pairs(100, Made { ratio: 1.0, ..made }, made);
        all.iter().filter(|rows| of(rows, Metric::ConsumerCreateMs).verdict == Verdict::Regressed).count()
    };
    let (tenth, quarter) =
        (found(Made { ratio: 1.1, ..FLAT }), found(Made { ratio: 1.25, sessions: 300, ..FLAT }));
    assert!(tenth >= 90 && quarter >= 95, "{tenth} {quarter} of 100");
}

#[test]
fn fewer_calls_and_more_failures_are_told() {
    let rows = &pairs(1, FLAT, Made { calls: 1.0, failures: 0.08, ..FLAT })[0];
    assert_eq!(of(rows, Metric::ComplianceCalls).verdict, Verdict::Improved);
    let errors = rows.iter().find(|r| r.group.is_none() && r.subject == Subject::ErrorRate).unwrap();
    assert_eq!(errors.verdict, Verdict::Regressed);
    let (_, low, high) = errors.difference.unwrap();
    assert!(low > 0.0 && low < 0.06 && high > 0.06, "{low} {high}");
}

#[test]
fn work_that_moved_is_no_gain() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let before = run(&mut random, FLAT);
    let mut after = run(&mut random, FLAT);
    let at = |metric: Metric| OF_SESSIONS.iter().position(|m| *m == metric).unwrap();
    for registration in &mut after.registrations {
        let moved = (registration.values[at(Metric::ConsumerCreateMs)] * 0.3).round();
        registration.values[at(Metric::ConsumerCreateMs)] -= moved;
        registration.values[at(Metric::FactUpdateMs)] += moved;
    }
    let rows = compare(&[before], &[after], &Thresholds::default());
    assert_eq!(of(&rows, Metric::ConsumerCreateMs).verdict, Verdict::Moved);
    assert_eq!(of(&rows, Metric::FactUpdateMs).verdict, Verdict::Moved);
    assert_eq!(of(&rows, Metric::CreateAndFactsMs).verdict, Verdict::NoChangeSeen);
}

#[test]
fn what_cannot_be_compared_says_why() {
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let flat = run(&mut random, FLAT);
    let double = run(&mut random, Made { sessions: 3000, ..FLAT });
    let refusal = |before: &Run, after: &Run| {
        let rows = compare(std::slice::from_ref(before), std::slice::from_ref(after), &Thresholds::default());
        match &of(&rows, Metric::ConsumerCreateMs).verdict {
            Verdict::NotComparable(refusal) => refusal.to_string(),
            other => panic!("{other:?}"),
        }
    };
    assert!(refusal(&flat, &double).starts_with("another load"));
    let few = run(&mut random, Made { sessions: 10, ..FLAT });
    assert!(refusal(&few, &few).contains("20 are needed"));
    let cut = Run { cut: 200, ..flat.clone() };
    assert!(refusal(&flat, &cut).contains("200 of 1700 creates"));
    let mut other = flat.clone();
    other.registrations.iter_mut().for_each(|r| r.part = "lb-ssh rhel-10".into());
    assert!(refusal(&flat, &other).starts_with("another mix"));
    // the level that was asked for counts, where it is known; more attempts are then an outcome
    let named = |run: &Run, level: &str| Run {
        labels: BTreeMap::from([("level".to_owned(), level.to_owned())]),
        ..run.clone()
    };
    assert!(refusal(&named(&flat, "8"), &named(&flat, "40")).contains("level 8"));
    let rows = compare(&[named(&flat, "8")], &[named(&double, "8")], &Thresholds::default());
    assert_eq!(of(&rows, Metric::ConsumerCreateMs).verdict, Verdict::NoChangeSeen);
}

#[test]
fn changes_below_the_threshold_are_none() {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let before = run(&mut random, Made { sessions: 5000, ..FLAT });
    let after = run(&mut random, Made { sessions: 5000, ratio: 1.1, ..FLAT });
    let (before, after) = (std::slice::from_ref(&before), std::slice::from_ref(&after));
    let verdict = |all: f64| {
        let rows = compare(before, after, &Thresholds { all, ..Thresholds::default() });
        of(&rows, Metric::ConsumerCreateMs).verdict.clone()
    };
    assert_eq!(verdict(0.0), Verdict::Regressed);
    assert_eq!(verdict(0.2), Verdict::NoChangeSeen);
}
