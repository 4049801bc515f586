//! Each rule is named the same in the program, in src, in the docs and in the fixtures, and finds what it must.

use crate::fixtures::{cases, of_rule, places, root};
use crate::support::skip;
use reginfra::validate::rules::{ALL, Check};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn ids() -> BTreeSet<String> {
    ALL.iter().map(|rule| rule.id.to_owned()).collect()
}

fn top(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

pub fn has_haproxy() -> bool {
    std::process::Command::new(reginfra::validate::parser::usual()).arg("-v").output().is_ok()
}

#[test]
fn bad_cases_give_the_finding_on_the_marked_lines_and_good_ones_none() {
    let mut wrong = Vec::new();
    for case in cases() {
        if case.rule == "haproxy-parser" && !has_haproxy() {
            skip("HAProxy is not installed: what its own parser says was NOT tested");
            continue;
        }
        let done = case.run().words("--format json").go();
        assert!(matches!(done.code, Some(0 | 1)), "{done:#?}");
        let (wanted, found) = (case.wanted(), places(&done.json(), &case.rule));
        if wanted != found {
            wrong.push(format!("{}: wanted {wanted:?}, found {found:?}", case.path.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_rule_has_a_bad_and_a_good_case() {
    let mut kinds = BTreeSet::new();
    cases().iter().for_each(|case| _ = kinds.insert((case.rule.clone(), case.bad)));
    for id in ids() {
        assert!(kinds.contains(&(id.clone(), true)), "{id} has no bad case");
        assert!(kinds.contains(&(id.clone(), false)), "{id} has no good case");
    }
    let folders: BTreeSet<String> = kinds.into_iter().map(|(rule, _)| rule).collect();
    assert_eq!(folders, ids(), "folders of {}", root().display());
}

#[test]
fn every_rule_has_its_file_and_its_heading_on_its_page() {
    let files: BTreeSet<String> = fs::read_dir(top("src/validate/rules"))
        .unwrap()
        .map(|e| e.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| !matches!(name.as_str(), "mod" | "shared"))
        .collect();
    assert_eq!(files, ids());
    let mut headings = BTreeSet::new();
    for page in ["haproxy", "cache", "registration", "inventory", "other"] {
        let text = fs::read_to_string(top("docs/rules").join(format!("{page}.md"))).unwrap();
        headings.extend(text.lines().filter_map(|l| l.strip_prefix("## ")).map(|id| (id.to_owned(), page)));
    }
    let wanted: BTreeSet<(String, &str)> = ALL.iter().map(|rule| (rule.id.to_owned(), rule.page())).collect();
    assert_eq!(headings, wanted);
}

#[test]
fn every_page_tells_what_why_and_what_to_do() {
    for rule in &ALL {
        let text = fs::read_to_string(top("docs/rules").join(format!("{}.md", rule.page()))).unwrap();
        let section = text.split(&format!("\n## {}\n", rule.id)).nth(1).unwrap();
        let section = section.split("\n## ").next().unwrap();
        assert!(section.contains(rule.severity.name()), "{}: its severity is not told: {section}", rule.id);
        for part in ["Why:", "Do:"] {
            assert!(section.contains(part), "{}: no '{part}': {section}", rule.id);
        }
    }
}

#[test]
fn every_finding_has_a_way_out_and_its_rules_page() {
    for case in cases().iter().filter(|c| c.bad && c.rule != "haproxy-parser") {
        let json = case.run().words("--format json").go().json();
        for finding in of_rule(&json, &case.rule) {
            assert!(!finding["way_out"].as_str().unwrap().is_empty(), "{finding}");
            let help = format!("#{}", case.rule);
            assert!(finding["help"].as_str().unwrap().ends_with(&help), "{finding}");
        }
    }
}

#[test]
fn there_are_enough_rules_of_each_kind() {
    let count = |fits: fn(&Check) -> bool| ALL.iter().filter(|r| fits(&r.check)).count();
    assert!(count(|c| matches!(c, Check::Haproxy(_))) >= 25);
    assert!(count(|c| matches!(c, Check::Cache(_))) >= 10);
    assert!(count(|c| matches!(c, Check::Registration(_))) >= 8);
    assert!(count(|c| matches!(c, Check::Inventory(_))) >= 8);
}
