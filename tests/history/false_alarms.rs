//! How often history tells a change where there is none, and finds one where there is: the tables of docs/history.md.

use reginfra::compare::error_rates::wilson;
use reginfra::history::false_alarms::Drawn;

const SEED: u64 = 1;

fn percent(part: usize, whole: usize) -> String {
    let (low, high) = wilson(part, whole);
    format!("{:.1} % | {:.1} to {:.1}", 100.0 * part as f64 / whole as f64, 100.0 * low, 100.0 * high)
}

#[test]
fn few_histories_without_a_change_have_a_finding() {
    let counts = Drawn { runs: 20, figures: 12, step: 0.0, at: 10 }.count(40, SEED);
    // 5 % of 40 is 2; more than 6 comes up in fewer than 1 of 100 such tests
    assert!(counts.any <= 6, "{counts:?}");
}

#[test]
#[ignore = "minutes; prints the tables of docs/history.md: make alarms"]
fn tables() {
    println!("| runs | figures | histories | with any finding | 95 % interval |\n|---:|---:|---:|---:|---:|");
    for (runs, figures, histories) in
        [(8, 1, 2000), (20, 1, 2000), (20, 13, 1000), (60, 1, 1000), (60, 13, 200)]
    {
        let counts = Drawn { runs, figures, step: 0.0, at: runs / 2 }.count(histories, SEED);
        println!("| {runs} | {figures} | {histories} | {} |", percent(counts.any, histories));
    }
    println!(
        "\n| runs | after the step | step | histories | found | 95 % interval |\n|---:|---:|---:|---:|---:|---:|"
    );
    for (runs, after) in [(20, 3), (20, 5), (20, 10), (60, 5), (60, 30)] {
        for step in [1.0, 2.0, 3.0] {
            let counts = Drawn { runs, figures: 13, step, at: runs - after }.count(100, SEED);
            println!("| {runs} | {after} | {step} | 100 | {} |", percent(counts.found, 100));
        }
    }
}
