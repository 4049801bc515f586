//! Shares: failures, and what a script cache answers.

use super::*;

#[test]
fn a_cache_that_writes_its_lines_is_held_against_one_that_had_none() {
    let mut random = ChaCha8Rng::seed_from_u64(29);
    let mut with_rate = |at: f64, inferred: bool| {
        let mut run = run(&mut random, FLAT);
        let rate = Average { at, n: 750, inferred };
        run.averages.insert(("all".to_owned(), Metric::ScriptCacheHitRate), rate);
        run
    };
    let sides = [with_rate(0.01, true), with_rate(0.95, false)];
    let rows = compare(&sides[..1], &sides[1..], &Options::default());
    let hits = of(&rows, Metric::ScriptCacheHitRate);
    assert_eq!((&hits.verdict, hits.inferred), (&Verdict::Improved, true), "{hits:?}");
}

#[test]
fn a_cache_that_answers_now_and_then_raises_few_alarms() {
    // of fetches that the Satellite answers, as many come twice as a cache takes away
    let made = Made { sessions: 300, hits: 0.05, again: 0.025, ..FLAT };
    let alarms = |made: Made, metric: Metric| {
        pairs(100, made, made).iter().filter(|rows| of(rows, metric).verdict.is_change()).count()
    };
    let fetches = alarms(made, Metric::ScriptFetches);
    assert!(fetches <= 4, "{fetches} of 100");
    // answers of two kinds, a hundred times apart
    let timings = alarms(Made { hits: 0.7, ..made }, Metric::CapsuleScriptFetchMs);
    assert!(timings <= 4, "{timings} of 100");
}

#[test]
fn that_nothing_failed_is_not_known_of_the_next_run() {
    let mut random = ChaCha8Rng::seed_from_u64(30);
    let sides = [88, 89].map(|sessions| run(&mut random, Made { sessions, failures: 0.0, ..FLAT }));
    let rows = compare(&sides[..1], &sides[1..], &Options::default());
    let errors = rows.iter().find(|r| r.group.is_none() && r.subject == Subject::ErrorRate).unwrap();
    assert_eq!((&errors.verdict, errors.ratio), (&Verdict::NoChangeSeen, None));
    let (at, low, high) = errors.difference.unwrap();
    assert!(at == 0.0 && (low + 0.0418).abs() < 1e-3 && (high - 0.0414).abs() < 1e-3, "{errors:?}");
}

#[test]
fn failures_of_a_small_group_are_seen() {
    let mut random = ChaCha8Rng::seed_from_u64(22);
    let failed = |attempts: usize, failures: usize, random: &mut ChaCha8Rng| {
        let mut run = run(random, Made { sessions: attempts, failures: 0.0, ..FLAT });
        // evenly in time
        for at in 0..failures {
            run.registrations[at * attempts / failures].success = false;
        }
        run
    };
    let verdict = |sides: [Run; 2]| {
        let rows = compare(&sides[..1], &sides[1..], &Options::default());
        rows.into_iter().find(|r| r.group.is_none() && r.subject == Subject::ErrorRate).unwrap().verdict
    };
    let none = failed(75, 0, &mut random);
    let a_fifth = failed(89, 20, &mut random);
    assert_eq!(verdict([none.clone(), a_fifth.clone()]), Verdict::Regressed);
    assert_eq!(verdict([a_fifth, none.clone()]), Verdict::Improved);
    assert_eq!(verdict([none, failed(89, 3, &mut random)]), Verdict::NoChangeSeen);
}
