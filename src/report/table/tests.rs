use super::*;
use crate::metrics::targets::{built_in, judge};
use crate::report::samples;

fn table(width: usize, color: bool) -> String {
    let answer = samples::answer();
    render(&answer, &judge(&built_in(), &answer), &TableStyle { width, color })
}

#[test]
fn the_table_at_80_columns() {
    insta::assert_snapshot!(table(80, false));
}

#[test]
fn the_table_at_120_columns() {
    insta::assert_snapshot!(table(120, false));
}

#[test]
fn no_line_is_wider_than_asked_for() {
    for width in 60..160 {
        for line in table(width, false).lines() {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }
}

#[test]
fn a_million_registrations_fit_80_columns() {
    let mut answer = samples::answer();
    for group in &mut answer.groups {
        group.metrics.values_mut().for_each(|d| d.count *= 100);
    }
    let shown = render(&answer, &judge(&built_in(), &answer), &TableStyle::default());
    assert!(shown.contains("1,222,000  713ms 2540ms 2301ms"), "{shown}");
    assert!(shown.lines().all(|l| l.chars().count() <= 80), "{shown}");
}

#[test]
fn colour_changes_no_word() {
    for width in [60, 80, 100, 120, 200] {
        let coloured = table(width, true);
        assert!(coloured.contains('\u{1b}'));
        assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), table(width, false));
    }
}

#[test]
fn nothing_found_is_told_too() {
    let empty = samples::empty();
    let shown = render(&empty, &[], &TableStyle::default());
    assert!(shown.contains("0 files") && shown.contains("attribution"), "{shown}");
}

#[test]
fn a_missed_target_never_looks_met() {
    let mut answer = samples::answer();
    for group in &mut answer.groups {
        if let Some(d) = group.metrics.get_mut(&Metric::ComplianceCalls) {
            d.avg = Some(1.004);
        }
    }
    let shown = render(&answer, &judge(&built_in(), &answer), &TableStyle { width: 120, color: false });
    assert!(shown.contains("1.004         1  NOT MET"), "{shown}");
}

/// For the eyes: `TABLE_WIDTH=100 cargo test --lib shown_for_the_eyes -- --ignored --nocapture`.
#[test]
#[ignore = "shows the table, checks nothing"]
fn shown_for_the_eyes() {
    let width = std::env::var("TABLE_WIDTH").ok().and_then(|w| w.parse().ok()).unwrap_or(DEFAULT_WIDTH);
    println!("{}", table(width, std::env::var_os("TABLE_COLOR").is_some()));
}
