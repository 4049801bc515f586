//! What a page notes of its own run stands once, also where the run is held against another.

use super::page::{Element, Page};
use super::support::Run;
use super::{copied, kept};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// A copy of a kept run that notes something, and lacks something.
fn noting(name: &str, notes: &[&str], unreadable: &[&str]) -> tempfile::TempDir {
    let folder = copied(name);
    let path = folder.path().join("metrics.json");
    let mut answer: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    answer["notes"] = json!(notes);
    answer["coverage"]["unreadable"] = json!(unreadable);
    answer["coverage"]["complete"] = unreadable.is_empty().into();
    fs::write(path, answer.to_string()).unwrap();
    folder
}

fn report(format: &str, run: &Path, before: &Path) -> String {
    Run::new("report --format").arg(format).arg(run).arg("--before").arg(before).go().code(0).stdout
}

#[test]
fn a_note_stands_once() {
    let own = noting("after", &["Only of this one.", "Of both."], &["capsule1: refused"]);
    let before = noting("before", &["Of both.", "Only of the other."], &["capsule2: refused"]);
    for format in ["html", "markdown"] {
        let text = report(format, own.path(), before.path());
        for (words, times) in [
            ("Only of this one", 1),
            // of each run in its own place
            ("Of both", 2),
            ("Only of the other", 1),
            ("capsule1: refused", 1),
            ("capsule2: refused", 1),
        ] {
            assert_eq!(text.matches(words).count(), times, "{format}, {words}: {text}");
        }
    }
    let page = Page::parse(&report("html", own.path(), before.path()));
    let told = |section: &str| -> Vec<String> {
        page.by_id(section).inside("p").iter().map(Element::text).collect()
    };
    let (beside, rests_on) = (told("comparison"), told("evidence"));
    let name = before.path().display();
    for words in ["Of both", "Only of the other", "not complete: capsule2: refused"] {
        assert!(beside.contains(&format!("Note: before: {name}: {words}.")), "{words}: {beside:#?}");
    }
    for words in ["Only of this one.", "Of both.", "capsule1: refused"] {
        assert!(rests_on.iter().any(|said| said == words), "{words}: {rests_on:#?}");
    }
    // what verdicts must be read with stays beside them
    let text = report("markdown", own.path(), own.path());
    assert!(text.contains("**Note: both sides are the same run"), "{text}");
}

#[test]
fn all_notes_of_the_run_stand_there_and_none_is_called_left_out() {
    let notes = ["one", "two", "three", "four", "five", "six", "seven"].map(|n| format!("Note {n}."));
    let own = noting("after", &notes.each_ref().map(String::as_str), &[]);
    let text = report("markdown", own.path(), &kept("before"));
    for note in &notes {
        assert_eq!(text.matches(note.as_str()).count(), 1, "{note}: {text}");
    }
    assert!(!text.contains("more notes"), "{text}");
}
