//! The page in Debian's chromium, where it is installed: nothing on its console, with and without JavaScript, on paper,
//! narrow and wide. All in one browser: each start of one takes longer than what is looked at.

use super::page::Page;
use super::page_of_both;
use super::support::chromium::Browser;
use super::support::{self, skip};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use std::fs;
use std::path::PathBuf;

pub fn chromium() -> Option<PathBuf> {
    let found = support::chromium::program();
    if found.is_none() {
        skip("chromium is not there (its package: chromium): the page was NOT opened in a browser");
    }
    found
}

/// A page in a folder of its own.
pub fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.html");
    fs::write(&path, text).unwrap();
    (folder, path)
}

/// Opens a page; what others said on the console is forgotten.
#[track_caller]
fn open(browser: &mut Browser, text: &str) {
    let (_folder, path) = written(text);
    browser.console.clear();
    browser.open(&path);
}

/// What the browser has made of the page.
#[track_caller]
fn seen(browser: &mut Browser) -> Page {
    Page::parse(browser.tell("document.documentElement.outerHTML").as_str().unwrap())
}

#[test]
fn the_page_is_at_home_in_a_browser() {
    let Some(chromium) = chromium() else { return };
    let mut browser = Browser::start(&chromium);
    a_browser_has_nothing_to_complain_of(&mut browser);
    a_script_of_others_does_not_run(&mut browser);
    all_of_it_is_there_without_javascript(&mut browser);
    it_prints_on_a4(&mut browser);
    tables_sort_rows_are_found_and_charts_are_read(&mut browser);
    it_fits_a_phone_and_a_wide_screen(&mut browser);
    no_table_is_cut_on_a_small_screen_or_paper(&mut browser);
    the_three_slowest_are_on_paper_request_by_request(&mut browser);
}

fn a_browser_has_nothing_to_complain_of(browser: &mut Browser) {
    open(browser, page_of_both());
    let page = seen(browser);
    assert_eq!(browser.console, Vec::<String>::new());
    assert!(
        page.named("thead").iter().all(|head| !head.inside("button").is_empty()),
        "heads cannot be sorted by"
    );
    assert!(!page.named("input").is_empty(), "rows cannot be looked for");
}

// the policy is heard: what is not the page's own does not run, and the browser says so
fn a_script_of_others_does_not_run(browser: &mut Browser) {
    open(browser, &page_of_both().replace("</main>", "<script>document.title = 'taken'</script></main>"));
    assert_ne!(browser.tell("document.title"), "taken", "a foreign script ran");
    assert!(
        browser.console.iter().any(|line| line.contains("Content Security Policy")),
        "{:?}",
        browser.console
    );
}

fn all_of_it_is_there_without_javascript(browser: &mut Browser) {
    let text = page_of_both();
    let script = text.find("<script>").map(|at| at..text.find("</script>").unwrap()).unwrap();
    open(browser, &format!("{}{}", &text[..script.start], &text[script.end + "</script>".len()..]));
    let (page, source) = (seen(browser), Page::parse(text));
    assert_eq!(browser.console, Vec::<String>::new());
    assert!(page.named("button").is_empty() && page.named("input").is_empty());
    assert_eq!(page.by_id("main").text(), source.by_id("main").text());
}

fn it_prints_on_a4(browser: &mut Browser) {
    open(browser, page_of_both());
    let pdf = browser.call("Page.printToPDF", json!({ "preferCSSPageSize": true, "printBackground": true }));
    let bytes = STANDARD.decode(pdf["data"].as_str().unwrap()).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.starts_with("%PDF"));
    // 210 mm x 297 mm in points
    let a4 = text.contains("/MediaBox [0 0 594.95996 841.91998]") || text.contains("/MediaBox [0 0 595 842]");
    assert!(a4, "{:?}", text.lines().find(|l| l.contains("MediaBox")));
    let pages = text.matches("/Type /Page\n").count();
    assert!((3..=24).contains(&pages), "{pages} pages");
}

fn tables_sort_rows_are_found_and_charts_are_read(browser: &mut Browser) {
    let text = page_of_both();
    let host = Page::parse(text).rows("slowest-table")[7][0].clone();
    let act = format!(
        "const table = document.querySelector('#slowest-table'); \
         [...table.tHead.rows[0].cells].find((c) => c.textContent === 'facts').firstChild.click(); \
         const input = document.querySelector('#slowest-table-find'); \
         input.value = '{host}'; input.dispatchEvent(new Event('input')); \
         for (const id of ['#time', '#timings']) {{ \
           const svg = document.querySelector(id + ' svg.chart'); const area = svg.getBoundingClientRect(); \
           svg.dispatchEvent(new PointerEvent('pointermove', {{ clientX: area.left + area.width / 2 }})); }} \
         const panels = document.querySelector('#by-way-in-started-t').parentElement; \
         const last = [...panels.querySelectorAll('.panel')].pop().getBoundingClientRect(); \
         panels.dispatchEvent(new PointerEvent('pointermove', \
           {{ clientX: last.left + last.width / 2, clientY: last.top + last.height / 2 }}));"
    );
    browser.screen(1280, "light");
    open(browser, text);
    browser.tell(&act);
    let page = seen(browser);
    assert_eq!(browser.console, Vec::<String>::new());
    let table = page.by_id("slowest-table");
    let facts = table.inside("th").iter().position(|th| th.text() == "facts").unwrap();
    assert_eq!(table.inside("th")[facts].attribute("aria-sort").as_deref(), Some("ascending"));
    let rows: Vec<_> = table.inside("tr").into_iter().skip(1).collect();
    let value = |row: &super::page::Element| {
        row.children()[facts].attribute("data-value").map(|v| v.parse::<u64>().unwrap())
    };
    let values: Vec<u64> = rows.iter().filter_map(value).collect();
    assert!(values.is_sorted() && values.len() > 15, "{values:?}");
    let seen: Vec<String> = rows
        .iter()
        .filter(|row| row.attribute("hidden").is_none())
        .map(|row| row.children()[0].text())
        .collect();
    assert!(seen.contains(&host) && seen.len() < 3, "{seen:?}");
    let told: Vec<String> = page
        .named("p")
        .iter()
        .filter(|p| p.attribute("class").as_deref() == Some("readout"))
        .map(|p| p.text())
        .filter(|t| !t.is_empty())
        .collect();
    assert!(told.len() == 3 && told[0].starts_with("within ") && told[1].contains("started "), "{told:?}");
    let last = page.by_id("by-way-in-started-d").text();
    let last = last.rsplit(". ").next().unwrap().split(':').next().unwrap();
    assert!(
        told[2].starts_with(&format!("{last}, 2026-04-04 ")) && told[2].contains(": started "),
        "{told:?}"
    );
}

fn it_fits_a_phone_and_a_wide_screen(browser: &mut Browser) {
    for width in [360, 768, 1800] {
        browser.screen(width, "light");
        open(browser, page_of_both());
        assert_eq!(browser.tell("innerWidth"), width);
        let scrolled = browser.tell("document.documentElement.scrollWidth").as_u64().unwrap();
        assert!(scrolled <= width.into(), "{scrolled} pixels wide on a screen of {width}");
    }
}

/// Names and widths of the tables that are seen and wider than so many pixels, or than their place.
fn too_wide(browser: &mut Browser, most: &str) -> serde_json::Value {
    browser.tell(&format!(
        "[...document.querySelectorAll('.scroll > table')] \
           .filter((one) => one.checkVisibility() && one.offsetWidth > {most}) \
           .map((one) => `${{one.id}}: ${{one.offsetWidth}}`)"
    ))
}

fn no_table_is_cut_on_a_small_screen_or_paper(browser: &mut Browser) {
    browser.screen(1280, "light");
    open(browser, page_of_both());
    browser.tell("for (const one of document.querySelectorAll('details')) one.open = true");
    assert_eq!(too_wide(browser, "one.parentElement.clientWidth"), json!([]));
    // A4 less its margins
    browser.screen(703, "light");
    open(browser, page_of_both());
    browser.call("Emulation.setEmulatedMedia", json!({ "media": "print" }));
    assert_eq!(browser.tell("document.querySelectorAll('#samples-table').length"), 1);
    assert_eq!(too_wide(browser, "703"), json!([]));
    // Chromium draws no button where a page repeats a head
    let heads = "[...document.querySelectorAll('thead button')].map((one) => getComputedStyle(one).display)";
    let heads = browser.tell(heads);
    assert!(heads.as_array().unwrap().len() > 50, "{heads}");
    assert!(heads.as_array().unwrap().iter().all(|display| display == "contents"), "{heads}");
    browser.call("Emulation.setEmulatedMedia", json!({ "media": "" }));
}

fn the_three_slowest_are_on_paper_request_by_request(browser: &mut Browser) {
    open(browser, page_of_both());
    let shown = |browser: &mut Browser, number: u32| {
        let row = format!("document.querySelector('#waterfall-{number} tbody tr')");
        browser.tell(&format!("{row}.checkVisibility() && {row}.getBoundingClientRect().height > 5")) == true
    };
    let of_first = |browser: &mut Browser| [1, 3, 4].map(|number| shown(browser, number));
    assert_eq!(of_first(browser), [false; 3], "folded on a screen");
    browser.call("Emulation.setEmulatedMedia", json!({ "media": "print" }));
    assert_eq!(of_first(browser), [true, true, false]);
}
