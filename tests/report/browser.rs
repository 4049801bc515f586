//! The page in Debian's chromium, where it is installed: nothing on its console, with and without JavaScript, on paper.

use super::page::Page;
use super::page_of_both;
use super::support::chromium::Browser;
use super::support::{self, skip};
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A browser that hangs is stopped.
const PATIENCE: Duration = Duration::from_secs(90);

pub fn chromium() -> Option<PathBuf> {
    let found = support::chromium::program();
    if found.is_none() {
        skip("chromium is not there (its package: chromium): the page was NOT opened in a browser");
    }
    found
}

/// What a browser said of a page.
struct Opened {
    dom: String,
    console: Vec<String>,
}

/// Opens a page with a profile of its own; its processes are ended with it.
fn open(chromium: &Path, page: &Path, options: &[&str]) -> Opened {
    let profile = tempfile::tempdir().unwrap();
    let (dom, told) = (profile.path().join("dom"), profile.path().join("told"));
    let mut command = Command::new(chromium);
    command.args(support::chromium::OPTIONS);
    if rustix::process::geteuid().is_root() {
        command.arg("--no-sandbox");
    }
    command.arg(format!("--user-data-dir={}", profile.path().join("profile").display()));
    command.args(options).arg(format!("file://{}", page.display()));
    command
        .stdin(Stdio::null())
        .stdout(fs::File::create(&dom).unwrap())
        .stderr(fs::File::create(&told).unwrap());
    let mut child = command.process_group(0).spawn().unwrap();
    let since = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break Some(status);
        }
        if since.elapsed() > PATIENCE {
            break None;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    support::chromium::end(&mut child);
    let read = |path: &Path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
    let (dom, told) = (read(&dom), read(&told));
    assert!(status.is_some_and(|s| s.success()), "{options:?}: {status:?}: {told}");
    let console = told.lines().filter(|line| line.contains(":CONSOLE")).map(str::to_owned).collect();
    Opened { dom, console }
}

/// A page in a folder of its own.
pub fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.html");
    fs::write(&path, text).unwrap();
    (folder, path)
}

/// The page with scripts of a test at its end, and without the policy that would keep them out.
fn with_scripts(text: &str, scripts: &[&str]) -> String {
    let policy = text.find("<meta http-equiv").map(|at| at..at + text[at..].find('>').unwrap() + 1).unwrap();
    let scripts: String = scripts.iter().map(|script| format!("<script>{script}</script>")).collect();
    let text = format!("{}{}", &text[..policy.start], &text[policy.end..]);
    text.replace("</body>", &format!("{scripts}</body>"))
}

#[test]
fn a_browser_has_nothing_to_complain_of() {
    let Some(chromium) = chromium() else { return };
    let (_folder, path) = written(&page_of_both());
    let opened = open(&chromium, &path, &["--dump-dom"]);
    assert_eq!(opened.console, Vec::<String>::new());
    let page = Page::parse(&opened.dom);
    assert!(
        page.named("thead").iter().all(|head| !head.inside("button").is_empty()),
        "heads cannot be sorted by"
    );
    assert!(!page.named("input").is_empty(), "rows cannot be looked for");
    // the policy is heard: what is not the page's own does not run, and the browser says so
    let (_folder, path) =
        written(&page_of_both().replace("</main>", "<script>document.title = 'taken'</script></main>"));
    let opened = open(&chromium, &path, &["--dump-dom"]);
    assert!(!opened.dom.contains("<title>taken"), "a foreign script ran");
    assert!(
        opened.console.iter().any(|line| line.contains("Content Security Policy")),
        "{:?}",
        opened.console
    );
}

#[test]
fn all_of_it_is_there_without_javascript() {
    let Some(chromium) = chromium() else { return };
    let text = page_of_both();
    let script = text.find("<script>").map(|at| at..text.find("</script>").unwrap()).unwrap();
    let without = format!("{}{}", &text[..script.start], &text[script.end + "</script>".len()..]);
    let (_folder, path) = written(&without);
    let opened = open(&chromium, &path, &["--dump-dom"]);
    assert_eq!(opened.console, Vec::<String>::new());
    let (page, source) = (Page::parse(&opened.dom), Page::parse(&text));
    assert!(page.named("button").is_empty() && page.named("input").is_empty());
    assert_eq!(page.by_id("main").text(), source.by_id("main").text());
}

#[test]
fn tables_sort_rows_are_found_and_charts_are_read() {
    let Some(chromium) = chromium() else { return };
    let text = page_of_both();
    let host = Page::parse(&text).rows("slowest-table")[7][0].clone();
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
    let (_folder, path) = written(&with_scripts(&text, &[&act]));
    let opened = open(&chromium, &path, &["--dump-dom", "--window-size=1280,900"]);
    assert_eq!(opened.console, Vec::<String>::new());
    let page = Page::parse(&opened.dom);
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

#[test]
fn it_prints_on_a4() {
    let Some(chromium) = chromium() else { return };
    let (folder, path) = written(&page_of_both());
    let pdf = folder.path().join("report.pdf");
    open(&chromium, &path, &["--no-pdf-header-footer", &format!("--print-to-pdf={}", pdf.display())]);
    let bytes = fs::read(&pdf).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.starts_with("%PDF"));
    // 210 mm x 297 mm in points
    let a4 = text.contains("/MediaBox [0 0 594.95996 841.91998]") || text.contains("/MediaBox [0 0 595 842]");
    assert!(a4, "{:?}", text.lines().find(|l| l.contains("MediaBox")));
    let pages = text.matches("/Type /Page\n").count();
    assert!((3..=24).contains(&pages), "{pages} pages");
}

#[test]
fn the_three_slowest_are_on_paper_request_by_request() {
    let Some(chromium) = chromium() else { return };
    let (_folder, path) = written(&page_of_both());
    let mut browser = Browser::start(&chromium);
    browser.open(&path);
    let shown = |browser: &mut Browser, number: u32| {
        let row = format!("document.querySelector('#waterfall-{number} tbody tr')");
        browser.tell(&format!("{row}.checkVisibility() && {row}.getBoundingClientRect().height > 5")) == true
    };
    let of_first = |browser: &mut Browser| [1, 3, 4].map(|number| shown(browser, number));
    assert_eq!(of_first(&mut browser), [false; 3], "folded on a screen");
    browser.call("Emulation.setEmulatedMedia", serde_json::json!({ "media": "print" }));
    assert_eq!(of_first(&mut browser), [true, true, false]);
}
