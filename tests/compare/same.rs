//! A run that was named twice, or beside a copy of it.

use super::bad_input::Spoilt;
use super::kept;
use super::support::{Run, Storm};
use std::path::Path;

fn sides(before: &[&Path], after: &[&Path], words: &str) -> Run {
    Run::new("compare").words(words).arg("--before").args(before).arg("--after").args(after)
}

#[test]
fn a_run_that_is_named_twice_is_no_more_evidence() {
    let (one, other, copy) = (kept("same-1"), kept("same-2"), Spoilt::of("same-1"));
    let done = sides(&[&one, &one], &[&other], "").go().code(2).says_nothing_on_stdout();
    done.told(&format!("error: before: {0} and {0} are the same run", one.display())).told("name it once");
    let names = format!("error: after: {} and {} are the same run", one.display(), copy.path().display());
    sides(&[&other], &[&one, copy.path()], "").go().code(2).says_nothing_on_stdout().told(&names);
    let report = Run::new("report --format markdown").arg(&other).arg("--before").arg(&one).arg(copy.path());
    report.go().code(2).says_nothing_on_stdout().told("are the same run");
    let done = sides(&[&one, &other], &[&kept("same-3"), &kept("same-4")], "").go().code(0);
    assert!(!done.stdout.contains("same run"), "{}", done.stdout);
}

#[test]
fn a_log_and_what_was_kept_of_it_are_the_same_run() {
    let storm = Storm::new("--sessions 60 --rate 40 --seed 21");
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    Run::new("metrics --quiet --log").arg(&storm.dir).arg("--save").arg(&run).go().code(0);
    sides(&[&storm.dir, &run], &[&kept("same-1")], "").go().code(2).told("are the same run");
}

#[test]
fn a_run_on_both_sides_is_told_and_compared() {
    let (one, other, copy) = (kept("same-1"), kept("same-2"), Spoilt::of("same-1"));
    let folder = tempfile::tempdir().unwrap();
    let latest = folder.path().join("latest");
    std::os::unix::fs::symlink(&one, &latest).unwrap();
    for format in ["text", "json", "markdown", "github"] {
        let text = |after: &Path| {
            let run = Run::new("compare --format").arg(format).arg(&one).arg(after);
            let text = run.go().code(0).stdout;
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        for after in [latest.as_path(), copy.path()] {
            assert!(text(after).contains("both sides are the same run"), "{format}");
        }
        assert!(!text(&other).contains("same run"), "{format}");
    }
    // a note alone
    Run::new("compare --fail-on regression").arg(&one).arg(&latest).go().code(0);
    let answer = sides(&[&one, &other], &[&latest, &kept("same-3")], "--format json").go().code(0).json();
    let notes = answer["notes"].to_string();
    let words = format!(
        "both sides have the same run (before: {}, after: {}), which hides a part of any change",
        one.display(),
        latest.display()
    );
    assert!(notes.contains(&words), "{notes}");
}
