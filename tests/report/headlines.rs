//! A percentile in a headline never stands without the number of values that it is of.

use super::page::{Element, Page};
use super::{copied, page_of};
use serde_json::Value;
use std::fs;

fn texts(page: &Page, section: &str, name: &str) -> Vec<String> {
    page.by_id(section).inside(name).iter().map(Element::text).collect()
}

#[test]
fn headlines_have_their_n_and_of_few_values_no_tail() {
    let folder = copied("after");
    let path = folder.path().join("metrics.json");
    let mut answer: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let groups = answer["groups"].as_array_mut().unwrap();
    let all = groups.iter_mut().find(|g| g["group"] == "all").unwrap();
    let n = all["create_and_facts_ms"]["count"].to_string();
    all["consumer_create_ms"]["count"] = 19.into();
    fs::write(&path, answer.to_string()).unwrap();
    let page = page_of(folder.path());
    let told = texts(&page, "summary", "dd");
    let medians: Vec<&String> = told.iter().filter(|note| note.starts_with("median of ")).collect();
    assert_eq!(medians[0], "median of 19");
    assert!(medians[1].starts_with(&format!("median of {n}; P95 ")), "{medians:?}");
    let titles = texts(&page, "timings", "h3");
    let wanted = format!("Create + facts: half of {n} within ");
    assert!(titles.iter().any(|t| t.starts_with(&wanted) && t.contains(", 95 % within ")), "{titles:?}");
}
