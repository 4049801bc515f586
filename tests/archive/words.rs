//! What people read of an archive, held by snapshots.

use super::archive;
use super::support::Run;

#[test]
fn people_see_levels_at_80_and_at_200_columns() {
    let place = archive().dir.parent().unwrap();
    let run = archive().dir.strip_prefix(place).unwrap();
    for columns in ["80", "200"] {
        let read = Run::new("metrics -i").arg(archive().inventory()).arg("--archive").arg(run);
        let text = read.current_dir(place).env("COLUMNS", columns).go().code(0).stdout;
        insta::assert_snapshot!(format!("archive_{columns}"), text);
    }
}
