//! Creates under way over time: those that fail are so too, until they do.

use super::content::step_seconds;
use super::page::{Element, Page};
use super::{copied, kept, page_of};
use serde_json::Value;
use std::fs;

/// Seconds of all creates together, by the table of steps: mean under way x time.
fn together(page: &Page) -> f64 {
    let rows = page.by_id("steps-table").inside("tr");
    let heads: Vec<String> = rows[0].children().iter().map(Element::text).collect();
    let column = heads.iter().position(|head| head == "creates under way").unwrap();
    let cells = rows.iter().skip(1).map(Element::children).filter(|cells| cells[1].text() == "All");
    let under_way = cells.map(|cells| cells[column].attribute("data-value").unwrap().parse::<f64>().unwrap());
    under_way.sum::<f64>() * step_seconds(page)
}

fn without_end(page: &Page) -> Option<u64> {
    let said = page.by_id("time").inside("p").iter().map(Element::text).collect::<Vec<_>>();
    let words = "Creates whose end is not known are not counted as under way: ";
    said.iter().find_map(|p| p.strip_prefix(words)?.trim_end_matches('.').parse().ok())
}

#[test]
fn creates_that_fail_are_under_way_until_they_do() {
    let path = kept("after").join("sessions.jsonl");
    let sessions: Vec<Value> =
        fs::read_to_string(&path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ms = |key: &str| sessions.iter().filter_map(|s| s[key].as_f64()).sum::<f64>() / 1000.0;
    let (created, failed) = (ms("consumer_create_ms"), ms("failed_create_ms"));
    let count = |key: &str| sessions.iter().filter(|s| s[key].is_u64()).count() as u64;
    let answered = count("consumer_create_ms") + count("failed_create_ms");
    assert!(failed > 1.0 && answered < sessions.len() as u64, "{failed}, {answered}");
    let page = page_of(&kept("after"));
    let told = together(&page);
    assert!((told - created - failed).abs() < 0.01, "{told}, {created} and {failed}");
    assert_eq!(without_end(&page), Some(sessions.len() as u64 - answered));

    // as an earlier version kept it: it is not known how long they took, and the page says of how many
    let old = copied("after");
    let lines = sessions.iter().cloned().map(|mut line| {
        line.as_object_mut().unwrap().remove("failed_create_ms").unwrap();
        format!("{line}\n")
    });
    fs::write(old.path().join("sessions.jsonl"), lines.collect::<String>()).unwrap();
    let page = page_of(old.path());
    let told = together(&page);
    assert!((told - created).abs() < 0.01, "{told}, {created}");
    assert_eq!(without_end(&page), Some(sessions.len() as u64 - count("consumer_create_ms")));
}
