//! What people read of a comparison, held by snapshots.

use super::support::Run;
use super::{keep, kept, row};

/// From the folder of both, so that no path of this machine is in the words.
fn compared(after: &str) -> Run {
    Run::new("compare same-1").arg(after).current_dir(kept("same-1").parent().unwrap())
}

#[test]
fn people_see_verdicts_at_80_and_at_200_columns() {
    for columns in ["80", "200"] {
        let text = compared("slower").env("COLUMNS", columns).go().code(0).stdout;
        insta::assert_snapshot!(format!("slower_{columns}"), text);
    }
    insta::assert_snapshot!("failing_80", compared("failing").go().code(0).stdout);
}

#[test]
fn a_few_values_are_shown_though_there_is_no_verdict_on_them() {
    let folder = tempfile::tempdir().unwrap();
    keep("--sessions 5 --rate 1 --cache-lines no --failures 0 --seed 3", &folder.path().join("few"));
    let run = |words: &str| Run::new("compare few few").words(words).current_dir(folder.path()).go().code(0);
    let answer = run("--format json").json();
    let create = row(&answer, "all", "consumer_create_ms");
    assert_eq!((&create["before"]["count"], &create["verdict"]), (&5.into(), &"not-comparable".into()));
    let lines = std::fs::read_to_string(folder.path().join("few/sessions.jsonl")).unwrap();
    let session = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
    let create_ms = |line: &str| session(line)["consumer_create_ms"].as_f64().unwrap();
    let mut values: Vec<f64> = lines.lines().map(create_ms).collect();
    values.sort_by(f64::total_cmp);
    for side in ["before", "after"] {
        assert_eq!(create[side]["value"].as_f64(), Some(values[2]), "{create}");
        assert!(create[side]["interval"].is_null(), "{create}");
    }
    // no slow end is told from so few
    assert!(create["before_percentile"]["value"].is_null(), "{create}");
    let text = run("").stdout;
    let all: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("All: ")).collect();
    let line = all.iter().find(|line| line.starts_with("  consumer create ")).unwrap();
    let median = reginfra::report::durations::millis(values[2]);
    assert_eq!(line.matches(&median).count(), 2, "{text}");
}

#[test]
fn names_are_no_markup_of_a_wiki() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a_b@c~d&!", "<b>"] {
        std::os::unix::fs::symlink(kept("same-1"), folder.path().join(name)).unwrap();
    }
    let run = Run::new("compare a_b@c~d&! <b> --format markdown").current_dir(folder.path());
    let text = run.go().code(0).stdout;
    assert!(text.starts_with("Before: a\\_b&#64;c\\~d&amp;\\!  \nAfter: &lt;b&gt;  \n"), "{text}");
}

#[test]
fn a_wiki_shows_verdicts() {
    insta::assert_snapshot!(
        "slower_markdown",
        compared("slower").words("--format markdown").go().code(0).stdout
    );
}
