//! The same bytes from the same options; a rotated set is the log that was not rotated.

use super::{Storm, count, files};
use std::collections::HashSet;
use std::path::Path;

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_gives_others() {
    let options = "--sessions 60 --rate 20 --rotate 3 --clock-skew 2 --warm-cache --failures 0.2";
    let storm = |seed: u32| files(&Storm::new(&format!("{options} --seed {seed}")).dir);
    let first = storm(1);
    assert!(first == storm(1), "the same seed gave other bytes");
    let other = storm(2);
    assert_eq!(first.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (name, bytes) in &first {
        assert!(name == Path::new("inventory.ini") || *bytes != other[name], "{}", name.display());
    }
}

#[test]
fn a_rotated_set_in_the_order_of_its_times_is_the_log_that_was_not_rotated() {
    let options = "--sessions 150 --rate 20";
    let whole = Storm::new(options).text();
    for (how, names) in [("gz", "dateext"), ("xz", "numbered"), ("zst", "numbered"), ("none", "dateext")] {
        let storm = Storm::new(&format!("{options} --rotate 4 --compress {how} --rotate-names {names}"));
        let set = storm.set();
        assert_eq!(set.len(), 4);
        assert!(set.iter().all(|file| file.ends_with('\n')));
        assert!(set.concat() == whole, "{how} {names}");
        // requests begin in one file and end in the next
        let begun = ids(&set[1], "] Started ");
        assert!(ids(&set[2], "] Completed ").iter().any(|id| begun.contains(id)));
    }
}

/// The request ids of lines that hold these words.
fn ids<'a>(log: &'a str, words: &str) -> HashSet<&'a str> {
    log.lines().filter(|line| line.contains(words)).map(|line| &line[27..35]).collect()
}

#[test]
fn a_doubled_seam_without_its_doubled_lines_is_the_log_that_was_not_rotated() {
    let options = "--sessions 150 --rate 20 --seed 3";
    let whole = Storm::new(options).text();
    let storm = Storm::new(&format!("{options} --rotate 3 --seam doubled"));
    let set = storm.set();
    let mut once = set[0].clone();
    let seams = storm.truth()["log"]["seams"].as_array().unwrap().clone();
    assert_eq!(seams.len(), 2);
    for (i, seam) in seams.iter().enumerate() {
        let doubled = count(&seam["doubled_lines"]) as usize;
        assert!((20..=200).contains(&doubled));
        let head: String = set[i + 1].split_inclusive('\n').take(doubled).collect();
        assert!(set[i].ends_with(&head));
        once += &set[i + 1][head.len()..];
    }
    assert!(once == whole);
}

#[test]
fn a_lossy_seam_lacks_as_many_lines_as_the_truth_says() {
    let options = "--sessions 150 --rate 20 --seed 3";
    let whole = Storm::new(options);
    let storm = Storm::new(&format!("{options} --rotate 3 --seam lost"));
    let lost: u64 =
        storm.truth()["log"]["seams"].as_array().unwrap().iter().map(|s| count(&s["lost_lines"])).sum();
    assert!(lost >= 20);
    assert_eq!(storm.text().lines().count() as u64 + lost, whole.text().lines().count() as u64);
    assert!(storm.sessions() == whole.sessions(), "the truth is of what happened, not of what was kept");
}
