//! The page by keyboard alone, on a wide screen and on a phone's: Tab reaches all of it in its order, what has the focus
//! can be seen, Enter and Space work it. And axe's rules on both, light and dark.

use super::browser::{chromium, written};
use super::page_of_both;
use super::support::chromium::Browser;
use super::support::skip;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What has the focus, where it stands among all that can have it, and whether that is seen.
const LOOK: &str = r#"
const STOPS = 'a[href], button, input, summary, [tabindex="0"]';
const stops = () => [...document.querySelectorAll(STOPS)].filter((one) => one.checkVisibility());
const look = () => {
  const one = document.activeElement;
  const style = getComputedStyle(one);
  const box = one.getBoundingClientRect();
  const head = one.closest('th');
  const find = one.closest('.find');
  const table = find && find.nextElementSibling.querySelector('table');
  return {
    name: `${one.tagName} ${one.id} ${one.textContent}`.trim().slice(0, 80),
    tag: one.tagName,
    at: [...document.querySelectorAll(STOPS)].indexOf(one),
    ring: one.matches(':focus-visible') && style.outlineStyle !== 'none' ? parseFloat(style.outlineWidth) : 0,
    seen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth && box.width > 0,
    sorted: head && head.getAttribute('aria-sort'),
    open: one.tagName === 'SUMMARY' && one.parentElement.open,
    again: one.tagName === 'SUMMARY' && one.parentElement.matches('details:has(.scroll > [id^="waterfall-"]:not(#waterfall-1))'),
    told: find && find.querySelector('[role=status]').textContent,
    rows: table && [...table.tBodies[0].rows].filter((row) => row.checkVisibility()).length,
  };
};"#;

/// What each key of a stop does.
fn work(browser: &mut Browser, stop: &Value) {
    let name = &stop["name"];
    let after = |browser: &mut Browser, key: &str| {
        browser.press(key);
        browser.tell("look()")
    };
    match stop["tag"].as_str().unwrap() {
        "BUTTON" => {
            assert_eq!(after(browser, "Enter")["sorted"], "ascending", "{name}");
            assert_eq!(after(browser, " ")["sorted"], "descending", "{name}");
        }
        "SUMMARY" => {
            assert_eq!(after(browser, "Enter")["open"], true, "{name}");
            assert_eq!(after(browser, " ")["open"], false, "{name}");
            // so that what stands in it comes next; waterfalls are all made alike
            if stop["again"] == false {
                assert_eq!(after(browser, "Enter")["open"], true, "{name}");
            }
        }
        "INPUT" => {
            browser.write("no such row");
            let found = browser.tell("look()");
            assert_eq!(found["rows"], 0, "{name}");
            assert!(found["told"].as_str().unwrap().starts_with("0 of "), "{found}");
            let cleared = after(browser, "Escape");
            assert!(cleared["rows"].as_u64() > Some(0) && cleared["told"] == "", "{cleared}");
        }
        _ => {}
    }
}

#[test]
fn all_of_it_is_reached_seen_and_worked_by_keyboard() {
    let Some(chromium) = chromium() else { return };
    let (_folder, path) = written(page_of_both());
    let mut browser = Browser::start(&chromium);
    for width in [1280, 360] {
        browser.screen(width, "light");
        browser.open(&path);
        browser.tell(LOOK);
        let mut reached = Vec::new();
        let mut worked: BTreeMap<String, u32> = BTreeMap::new();
        loop {
            browser.press("Tab");
            let stop = browser.tell("look()");
            if stop["tag"] == "BODY" || reached.first() == Some(&stop["at"]) {
                break;
            }
            assert!(stop["seen"] == true, "has the focus and is not on the screen of {width}: {stop}");
            assert!(stop["ring"].as_f64() >= Some(2.0), "has the focus and does not show it: {stop}");
            reached.push(stop["at"].clone());
            assert!(reached.len() < 3000, "Tab never comes to an end");
            // all of it works the same way on a phone
            if width == 1280 {
                work(&mut browser, &stop);
                *worked.entry(stop["tag"].as_str().unwrap().to_owned()).or_default() += 1;
            }
        }
        let all = browser.tell("stops().map((one) => [...document.querySelectorAll(STOPS)].indexOf(one))");
        assert_eq!(json!(reached), all, "on a screen of {width}");
        if width == 1280 {
            let count = |tag: &str| worked.get(tag).copied().unwrap_or(0);
            let told = (count("BUTTON") > 100, count("SUMMARY") >= 20, count("INPUT") >= 3);
            assert_eq!(told, (true, true, true), "{worked:?}");
        }
    }
    assert_eq!(browser.console, Vec::<String>::new());
}

#[test]
fn axe_finds_nothing_in_either_theme_wide_or_narrow() {
    let Some(chromium) = chromium() else { return };
    let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join(".cache/node/node_modules/axe-core/axe.min.js");
    let Ok(axe) = fs::read_to_string(&axe) else {
        return skip(
            "axe-core is not in .cache/node (.ci/setup test): the page was NOT checked for accessibility",
        );
    };
    let (_folder, path) = written(page_of_both());
    let mut browser = Browser::start(&chromium);
    for (width, theme) in [(1280, "light"), (1280, "dark"), (360, "light"), (360, "dark")] {
        browser.screen(width, theme);
        browser.open(&path);
        // what is folded is judged as well, but for the longest; waterfalls are all made alike
        browser.tell(
            "for (const one of document.querySelectorAll('details')) \
               one.open = !one.querySelector('#steps-table, [id^=\"waterfall-\"]:not(#waterfall-1)')",
        );
        assert_eq!(browser.tell(&format!("matchMedia('(prefers-color-scheme: {theme})').matches")), true);
        browser.tell(&format!("{axe}; null"));
        let told = browser.tell(
            "axe.run().then((found) => ({ passes: found.passes.length, violations: found.violations.map((v) => \
             [v.id, v.help, v.nodes.slice(0, 5).map((n) => n.html + ' ' + n.failureSummary)]) }))",
        );
        assert!(told["passes"].as_u64().unwrap() > 20, "{told}");
        assert_eq!(told["violations"], json!([]), "{width} {theme}: {told:#}");
    }
}
