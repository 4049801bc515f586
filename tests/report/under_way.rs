//! Creates under way over time: those that fail are so too, until they do.

use super::content::step_seconds;
use super::page::{Element, Page};
use super::{copied, kept, page_of};
use crate::support::{Run, Storm};
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

#[test]
fn a_log_of_days_has_few_under_way_but_some_and_its_days() {
    let storm = Storm::new("--sessions 100 --rate 0.001 --noise 0 --seed 3");
    let run = Run::new("report -i").arg(storm.inventory()).arg("--log").arg(&storm.dir).go().code(0);
    let page = Page::parse(&run.stdout);
    let texts = |section: &str, name: &str| -> Vec<String> {
        page.by_id(section).inside(name).iter().map(Element::text).collect()
    };
    let under_way = texts("summary", "dt").iter().position(|t| t == "Creates under way").unwrap();
    let cards = texts("summary", "dd");
    let [value, note] = [0, 1].map(|at| &cards[2 * under_way + at]);
    assert!(value.starts_with("0.0") && value.parse::<f64>().unwrap() > 0.0, "{value}");
    assert!(note.starts_with("on average in the busiest 30 min, at 2026-0"), "{note}");
    let said = texts("time", "p");
    assert_eq!(said[0], "Each bar or point is 30 min. Times are UTC.");
    let charts = page.by_id("time").inside("svg");
    let chart = charts
        .iter()
        .find(|c| c.attribute("aria-labelledby").is_some_and(|by| by.contains("time-under-way-t")));
    let ticks: Vec<String> = chart.unwrap().inside("text").iter().map(Element::text).collect();
    assert!(ticks.iter().filter(|text| *text == "0").count() == 1, "{ticks:?}");
    // nobody's median stands in words where hardly anybody came
    let titles = texts("time", "h3");
    assert!(titles.contains(&"Consumer create by its start: P50 and P95".to_owned()), "{titles:?}");
}
