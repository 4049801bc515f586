//! Verdicts on runs whose truth is known.

use super::super::drawn::{Drawn, FLAT};
use super::super::run::{Average, OF_SESSIONS, Registration};
use super::*;
use crate::kept::requests::Call;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

mod shares;

type Made = Drawn;

fn run(random: &mut ChaCha8Rng, made: Made) -> Run {
    made.run(random)
}

fn pairs(n: usize, before: Made, after: Made) -> Vec<Vec<Row>> {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let mut pair = || {
        let sides = [run(&mut random, before), run(&mut random, after)];
        compare(&sides[..1], &sides[1..], &Options::default())
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
fn a_tail_that_grows_alone_is_told_as_such() {
    let mut random = ChaCha8Rng::seed_from_u64(17);
    let (before, mut after) = (run(&mut random, FLAT), run(&mut random, FLAT));
    let place = OF_SESSIONS.iter().position(|m| *m == Metric::ConsumerCreateMs).unwrap();
    let mut creates: Vec<f64> = after.registrations.iter().map(|r| r.values[place]).collect();
    creates.sort_by(f64::total_cmp);
    let slow = creates[creates.iter().filter(|v| !v.is_nan()).count() * 92 / 100];
    for registration in after.registrations.iter_mut().filter(|r| r.values[place] > slow) {
        registration.values[place] *= 3.0;
    }
    let sides = [before, after];
    let rows = compare(&sides[..1], &sides[1..], &Options::default());
    let create = of(&rows, Metric::ConsumerCreateMs);
    assert_eq!((&create.verdict, create.by_tail), (&Verdict::Regressed, Some(0.95)), "{create:?}");
    let told = crate::report::compare::because(create).unwrap();
    assert!(told.starts_with("by its slow end: P95 "), "{told}");
    // a shift of the whole is no matter of the tail
    let shifted = run(&mut random, Made { ratio: 1.3, ..FLAT });
    let rows = compare(&sides[..1], &[shifted], &Options::default());
    let create = of(&rows, Metric::ConsumerCreateMs);
    assert_eq!((&create.verdict, create.by_tail), (&Verdict::Regressed, None), "{create:?}");
}

#[test]
fn flat_storms_that_are_the_same_raise_few_alarms() {
    let all = pairs(200, FLAT, FLAT);
    let alarms = all.iter().filter(|rows| has(rows, &Verdict::Regressed)).count();
    assert!(alarms <= 10, "{alarms} of 200");
}

#[test]
fn groups_that_register_one_after_the_other_are_no_slow_phases() {
    let mut random = ChaCha8Rng::seed_from_u64(23);
    let mut one_after_the_other = |ratio: f64| {
        let mut run = run(&mut random, Made { ratio, ..FLAT });
        let first = run.registrations.len() / 2;
        for registration in &mut run.registrations[first..] {
            registration.part = "rhel-10, behind the others".into();
            registration.values.iter_mut().for_each(|value| *value *= 2.0);
        }
        run
    };
    let (before, after) = (one_after_the_other(1.0), one_after_the_other(1.3));
    let create = |rows: &[Row]| of(rows, Metric::ConsumerCreateMs).verdict.clone();
    let same = compare(std::slice::from_ref(&before), std::slice::from_ref(&before), &Options::default());
    assert_eq!(create(&same), Verdict::NoChangeSeen);
    assert_eq!(create(&compare(&[before], &[after], &Options::default())), Verdict::Regressed);
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
        let all = pairs(200, Made { create_ratio: 1.0, ..made }, made);
        all.iter().filter(|rows| of(rows, Metric::ConsumerCreateMs).verdict == Verdict::Regressed).count()
    };
    let (tenth, quarter) = (
        found(Made { create_ratio: 1.1, ..FLAT }),
        found(Made { create_ratio: 1.25, sessions: 300, ..FLAT }),
    );
    assert!(tenth >= 180 && quarter >= 190, "{tenth} {quarter} of 200");
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
    let rows = compare(&[before], &[after], &Options::default());
    assert_eq!(of(&rows, Metric::ConsumerCreateMs).verdict, Verdict::Moved);
    assert_eq!(of(&rows, Metric::FactUpdateMs).verdict, Verdict::Moved);
    assert_eq!(of(&rows, Metric::CreateAndFactsMs).verdict, Verdict::NoChangeSeen);
    assert_eq!(of(&rows, Metric::ConsumerCreateMs).together, Some(Verdict::NoChangeSeen));
}

// a warm cache takes away the quick fetches of capsules' hosts, and most of all
fn with_a_warm_cache(run: &Run) -> Run {
    let mut run = run.clone();
    let mut n = 0;
    let requests = run.requests.iter_mut().flatten();
    for request in requests {
        if request.call == Call::CapsuleScript {
            n += 1;
            request.ms = if n % 20 == 0 { request.ms } else { 4.0 };
        } else if request.call == Call::Script && request.group == Group::LbSsh {
            // misses are the slow ones
            request.ms = if n % 20 == 0 { request.ms * 2.0 } else { f64::NAN };
        }
    }
    for (group, at) in [("all", 0.55), ("lb-ssh", 0.05)] {
        run.averages.get_mut(&(group.to_owned(), Metric::ScriptFetches)).unwrap().at = at;
    }
    let rate = |at: f64| Average { at, n: 750, inferred: false };
    run.averages.insert(("all".to_owned(), Metric::ScriptCacheHitRate), rate(0.95));
    run
}

#[test]
fn what_a_warm_cache_leaves_is_no_regression() {
    let mut random = ChaCha8Rng::seed_from_u64(8);
    let mut before = run(&mut random, FLAT);
    let none = Average { at: 0.0, n: 750, inferred: false };
    before.averages.insert(("all".to_owned(), Metric::ScriptCacheHitRate), none);
    let after = with_a_warm_cache(&run(&mut random, FLAT));
    let rows = compare(std::slice::from_ref(&before), std::slice::from_ref(&after), &Options::default());
    for row in rows.iter().filter(|r| r.subject == Subject::Metric(Metric::ScriptFetchMs)) {
        let thinned = matches!(row.verdict, Verdict::NotComparable(Refusal::Thinned { .. }));
        assert_eq!(thinned, row.group != Some(Group::SatelliteSsh), "{row:?}");
        assert_ne!(row.verdict, Verdict::Regressed);
    }
    for metric in [Metric::CapsuleScriptFetchMs, Metric::ScriptFetches, Metric::ScriptCacheHitRate] {
        assert_eq!(of(&rows, metric).verdict, Verdict::Improved, "{metric:?}");
    }
    // the other way round: a cache that went cold
    let rows = compare(&[after], &[before], &Options::default());
    for metric in [Metric::CapsuleScriptFetchMs, Metric::ScriptFetches, Metric::ScriptCacheHitRate] {
        assert_eq!(of(&rows, metric).verdict, Verdict::Regressed, "{metric:?}");
    }
    assert!(matches!(of(&rows, Metric::ScriptFetchMs).verdict, Verdict::NotComparable(_)));
}

#[test]
fn runs_that_are_too_short_for_a_percentile_have_no_verdict_where_it_is_asked_for() {
    let mut random = ChaCha8Rng::seed_from_u64(9);
    let runs = [300, 300].map(|sessions| run(&mut random, Made { sessions, ..FLAT }));
    let verdict = |percentile: Option<f64>| {
        let rows = compare(&runs[..1], &runs[1..], &Options { percentile, ..Options::default() });
        of(&rows, Metric::ConsumerCreateMs).verdict.clone()
    };
    assert_eq!(verdict(None), Verdict::NoChangeSeen);
    match verdict(Some(0.99)) {
        Verdict::NotComparable(refusal) => {
            assert!(refusal.to_string().contains("P99 needs 500"), "{refusal}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_storm_that_comes_slower_is_told() {
    let mut random = ChaCha8Rng::seed_from_u64(10);
    let before = run(&mut random, FLAT);
    let mut after = run(&mut random, FLAT);
    after.registrations.iter_mut().for_each(|r| r.started_us *= 2);
    let row = |before: &Run, after: &Run| {
        let rows = compare(std::slice::from_ref(before), std::slice::from_ref(after), &Options::default());
        rows.into_iter().find(|r| r.group.is_none() && r.subject == Subject::Throughput).unwrap()
    };
    let found = row(&before, &after);
    assert_eq!(found.verdict, Verdict::Regressed, "{found:?}");
    assert!((found.before.value.unwrap() / found.after.value.unwrap() - 2.0).abs() < 0.1, "{found:?}");
    assert_eq!(row(&after, &before).verdict, Verdict::Improved);
    assert_eq!(row(&before, &before).verdict, Verdict::NoChangeSeen);
}

#[test]
fn failures_however_many_take_no_verdict_from_the_rate() {
    let mut random = ChaCha8Rng::seed_from_u64(29);
    let before = run(&mut random, Made { sessions: 500, failures: 0.0, ..FLAT });
    for failures in [0.5, 0.8, 0.95, 1.0] {
        let after = run(&mut random, Made { sessions: 500, failures, ..FLAT });
        let sides = [before.clone(), after];
        let rows = compare(&sides[..1], &sides[1..], &Options::default());
        let all = |subject: Subject| rows.iter().find(|r| r.group.is_none() && r.subject == subject).unwrap();
        let rate = all(Subject::Throughput);
        assert_eq!(rate.verdict, Verdict::Regressed, "{failures}: {rate:?}");
        assert_eq!(all(Subject::ErrorRate).verdict, Verdict::Regressed);
        if failures == 1.0 {
            let none = Verdict::NotComparable(Refusal::NoneSucceeded { side: "after" });
            assert_eq!(of(&rows, Metric::HostRegisterMs).verdict, none);
            assert_eq!(of(&rows, Metric::ComplianceCalls).verdict, none);
            // capsules' logs are on one side alone
            let [before, mut after] = sides;
            after.requests.iter_mut().flatten().for_each(|r| r.call = Call::Script);
            let rows = compare(&[before], &[after], &Options::default());
            let lacks = Verdict::NotComparable(Refusal::OneSided { lacks: "after" });
            assert_eq!(of(&rows, Metric::CapsuleScriptFetchMs).verdict, lacks);
        }
    }
}

#[test]
fn what_cannot_be_compared_says_why() {
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let flat = run(&mut random, FLAT);
    let double = run(&mut random, Made { sessions: 3000, ..FLAT });
    let refusal = |before: &Run, after: &Run| {
        let rows = compare(std::slice::from_ref(before), std::slice::from_ref(after), &Options::default());
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
    let rows = compare(&[named(&flat, "8")], &[named(&double, "8")], &Options::default());
    assert_eq!(of(&rows, Metric::ConsumerCreateMs).verdict, Verdict::NoChangeSeen);
}

#[test]
fn changes_below_the_threshold_are_none() {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let before = run(&mut random, Made { sessions: 5000, ..FLAT });
    let after = run(&mut random, Made { sessions: 5000, ratio: 1.1, ..FLAT });
    let (before, after) = (std::slice::from_ref(&before), std::slice::from_ref(&after));
    let verdict = |all: f64| {
        let rows = compare(
            before,
            after,
            &Options { thresholds: Thresholds { all, ..Thresholds::default() }, percentile: None },
        );
        of(&rows, Metric::ConsumerCreateMs).verdict.clone()
    };
    assert_eq!(verdict(0.0), Verdict::Regressed);
    assert_eq!(verdict(0.2), Verdict::NoChangeSeen);
}

#[test]
fn failures_are_no_matter_of_a_script_cache() {
    // fetches a registration that succeeded rise with the attempts that failed
    let rows = &pairs(1, FLAT, Made { failures: 0.25, ..FLAT })[0];
    for row in rows.iter().filter(|r| r.subject == Subject::Metric(Metric::ScriptFetchMs)) {
        assert_eq!(row.verdict, Verdict::NoChangeSeen, "{row:?}");
    }
    let fetches = of(rows, Metric::ScriptFetches);
    assert_eq!((&fetches.verdict, fetches.before.value), (&Verdict::NoChangeSeen, Some(1.0)), "{fetches:?}");
}

#[test]
fn a_hit_rate_that_stays_says_that_no_cache_took_fetches_away() {
    let mut random = ChaCha8Rng::seed_from_u64(21);
    let [before, mut after] = [(); 2].map(|()| {
        let mut run = run(&mut random, FLAT);
        let rate = Average { at: 0.5, n: 750, inferred: false };
        run.averages.insert(("all".to_owned(), Metric::ScriptCacheHitRate), rate);
        run
    });
    let key = ("all".to_owned(), Metric::ScriptFetches);
    after.averages.get_mut(&key).unwrap().at *= 1.3;
    let verdict = |before: &Run, after: &Run| {
        let sides = [before.clone(), after.clone()];
        let rows = compare(&sides[..1], &sides[1..], &Options::default());
        of(&rows, Metric::ScriptFetchMs).verdict.clone()
    };
    assert_eq!(verdict(&before, &after), Verdict::NoChangeSeen);
    after.averages.remove(&("all".to_owned(), Metric::ScriptCacheHitRate));
    assert!(matches!(verdict(&before, &after), Verdict::NotComparable(Refusal::Thinned { .. })));
}

#[test]
fn a_few_inferred_values_refuse_nothing() {
    let mut random = ChaCha8Rng::seed_from_u64(23);
    let [before, after] = [(); 2].map(|()| run(&mut random, FLAT));
    let create = |inferred: usize| {
        let mut after = after.clone();
        after.registrations.iter_mut().take(inferred).for_each(|r| r.inferred[0] = true);
        let rows = compare(std::slice::from_ref(&before), &[after], &Options::default());
        let row = of(&rows, Metric::ConsumerCreateMs);
        (row.verdict.clone(), row.inferred)
    };
    assert_eq!(create(0), (Verdict::NoChangeSeen, false));
    assert_eq!(create(5), (Verdict::NoChangeSeen, true));
    let (verdict, inferred) = create(500);
    let Verdict::NotComparable(refusal @ Refusal::AnotherEvidence { .. }) = verdict else {
        panic!("{verdict:?}")
    };
    let words = "0 % of it is inferred before, 33 % after; give both the same logs and the inventory (-i)";
    assert!(inferred && refusal.to_string() == words, "{refusal}");
}

#[test]
fn hosts_of_a_rare_release_refuse_nothing() {
    let mut random = ChaCha8Rng::seed_from_u64(24);
    let mixed = |releases: &[(&str, f64)], random: &mut ChaCha8Rng| {
        let mut run = run(random, FLAT);
        for (i, registration) in run.registrations.iter_mut().enumerate() {
            // spread over the run, whatever the group
            let place = (i as f64 * 0.618_034).fract();
            let mut upto = 0.0;
            for (release, share) in releases {
                upto += share;
                if place < upto {
                    registration.part = format!("{} {release}", registration.group.name()).into();
                    break;
                }
            }
        }
        run
    };
    let verdict = |before: &Run, after: &Run| {
        let rows = compare(std::slice::from_ref(before), std::slice::from_ref(after), &Options::default());
        of(&rows, Metric::ConsumerCreateMs).verdict.clone()
    };
    let mostly = mixed(&[("rhel-9", 0.5), ("rhel-10", 0.5)], &mut random);
    let rare = mixed(&[("rhel-9", 0.7), ("rhel-10", 0.298), ("rhel-7", 0.002)], &mut random);
    assert_eq!(verdict(&mostly, &rare), Verdict::NoChangeSeen);
    assert_eq!(verdict(&rare, &mostly), Verdict::NoChangeSeen);
    // what both sides have is judged
    let not_so_rare = mixed(&[("rhel-9", 0.7), ("rhel-10", 0.24), ("rhel-7", 0.06)], &mut random);
    assert_eq!(verdict(&mostly, &not_so_rare), Verdict::NoChangeSeen);
    let none_in_both = mixed(&[("rhel-7", 0.5), ("rhel-8", 0.5)], &mut random);
    assert_eq!(verdict(&mostly, &none_in_both), Verdict::NotComparable(Refusal::AnotherMix));
}

#[test]
fn what_is_too_variable_says_how_many_runs_see_a_change_past_the_threshold() {
    let mut random = ChaCha8Rng::seed_from_u64(25);
    let phased = Made { phases: 4, phase_level: 0.3, ..FLAT };
    let sides = [run(&mut random, phased), run(&mut random, phased)];
    let told = |all: f64| {
        let thresholds = Thresholds { all, ..Thresholds::default() };
        let rows = compare(&sides[..1], &sides[1..], &Options { thresholds, percentile: None });
        match of(&rows, Metric::ConsumerCreateMs).verdict {
            Verdict::NotComparable(Refusal::TooVariable { size, runs }) => (size, runs),
            ref other => panic!("{other:?}"),
        }
    };
    let ((tenth, few), (third, more)) = (told(0.0), told(0.2));
    assert!((tenth - 0.1).abs() < 1e-9 && (third - 0.3).abs() < 1e-9);
    // past a threshold the same ten points are a smaller ratio
    assert!(more.is_none_or(|more| more > few.unwrap()), "{few:?} {more:?}");
}

#[test]
fn another_mix_of_ways_in_is_no_change_of_any() {
    let mut random = ChaCha8Rng::seed_from_u64(26);
    // hosts through the load balancer take three times as long
    let mut mixed = |kept: f64| {
        let mut run = run(&mut random, Made { sessions: 6000, failures: 0.0, ..FLAT });
        let slow = |r: &Registration| r.group == Group::LbSsh;
        run.registrations
            .iter_mut()
            .filter(|r| slow(r))
            .for_each(|r| r.values.iter_mut().for_each(|v| *v *= 3.0));
        let mut n = 0.0;
        run.registrations.retain(|r| {
            n += f64::from(u8::from(slow(r)));
            !slow(r) || (n * 0.618_034_f64).fract() < kept
        });
        run
    };
    let before = mixed(1.0);
    // four points fewer, and nine
    for kept in [0.85, 0.7] {
        let after = mixed(kept);
        let rows = compare(std::slice::from_ref(&before), std::slice::from_ref(&after), &Options::default());
        for metric in [Metric::ConsumerCreateMs, Metric::CreateAndFactsMs, Metric::HostRegisterMs] {
            assert_eq!(of(&rows, metric).verdict, Verdict::NoChangeSeen, "{kept}: {:?}", of(&rows, metric));
        }
        let of_group = |r: &&Row| r.group == Some(Group::LbSsh) && r.subject == Subject::Throughput;
        if kept < 0.8 {
            let throughput = &rows.iter().find(of_group).unwrap().verdict;
            assert_eq!(*throughput, Verdict::NotComparable(Refusal::AnotherMix));
        }
    }
}

#[test]
fn averages_are_no_surer_than_they_are_kept() {
    let mut random = ChaCha8Rng::seed_from_u64(27);
    let mut counted = |failures: usize| {
        let mut run = run(&mut random, Made { sessions: 16_000, failures: 0.0, ..FLAT });
        run.registrations.iter_mut().take(failures).for_each(|r| r.success = false);
        let n = (16_000 - failures) as u64;
        // every attempt fetched once, as a kept run has it
        let at = (16_000.0 / n as f64 * 1000.0).round() / 1000.0;
        run.averages.insert(("all".to_owned(), Metric::ScriptFetches), Average { at, n, inferred: false });
        run
    };
    for failures in [(306, 339), (305, 309)] {
        let sides = [counted(failures.0), counted(failures.1)];
        let rows = compare(&sides[..1], &sides[1..], &Options::default());
        assert_eq!(of(&rows, Metric::ScriptFetches).verdict, Verdict::NoChangeSeen, "{failures:?}");
    }
}

#[test]
fn runs_needed_for_a_share_are_those_of_a_share() {
    let mut random = ChaCha8Rng::seed_from_u64(28);
    let mut late = || {
        let mut run = run(&mut random, Made { failures: 0.0, ..FLAT });
        let n = run.registrations.len();
        run.registrations.iter_mut().skip(n / 2).step_by(16).for_each(|r| r.success = false);
        run
    };
    let sides = [late(), late()];
    let rows = compare(&sides[..1], &sides[1..], &Options::default());
    let errors = rows.iter().find(|r| r.group.is_none() && r.subject == Subject::ErrorRate).unwrap();
    // 10 % of 3 % is far less than such a share varies by
    let needed = matches!(errors.verdict, Verdict::NotComparable(Refusal::TooVariable { runs: None, .. }));
    assert!(needed || errors.verdict == Verdict::NoChangeSeen, "{errors:?}");
}
