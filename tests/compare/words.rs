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
fn a_wiki_shows_verdicts() {
    insta::assert_snapshot!(
        "slower_markdown",
        compared("slower").words("--format markdown").go().code(0).stdout
    );
}
