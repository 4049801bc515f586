//! What people read of a comparison, held by snapshots.

use super::kept;
use super::support::Run;

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
