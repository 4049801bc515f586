//! Sosreports of a storm in every form and with every oddity: what is read of them is what happened.

use crate::held;
use crate::support::{Answer, Run, Storm};

/// All but a log that lost its start, of which the truth is not the whole storm's.
const FORMS: [&str; 6] = [
    "--sos xz --rotate 4",
    "--sos gz --rotate 3 --rotate-names numbered --compress xz --sos-odd localtime",
    "--sos bz2 --sos-odd foreman-debug --capsule-layout journal",
    "--sos zst --layout journal-json --capsule-layout journal-json --sos-odd journal",
    "--sos tar --rotate 4 --seam doubled --sos-odd nested",
    "--sos folder --rotate 2 --capsule-utc-offset -07:00 --sos-odd localtime",
];

#[test]
fn the_metrics_of_sosreports_are_the_truth() {
    for options in FORMS {
        let storm = Storm::new(&format!("--sessions 150 --rate 20 --seed 9 --failures 0.1 {options}"));
        let run = Run::new("metrics -i").arg(storm.inventory()).arg("--sosreport-dir");
        let answer = Answer::read(run.arg(storm.dir.join("sos")));
        assert_eq!(answer.json["coverage"]["complete"], true, "{options}: {}", answer.stderr);
        held::all(&storm, &answer);
    }
}
