//! A log written by hand whose names are markup: each is shown as text, and nothing of it becomes an element.

use super::page::Page;
use super::support::Run;
use std::fmt::Write;
use std::fs;

/// Names of hosts, and what they would do where they were not escaped.
const HOSTS: [&str; 6] = [
    "<script>alert(1)</script>",
    "</title></style></script><img src=x onerror=alert(2)>",
    "a' onmouseover='alert(3)",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt;entities&amp;",
    "|pipe `tick` [link](javascript:alert(4)) @all",
];

fn log() -> String {
    let mut log = String::new();
    for (at, host) in HOSTS.iter().enumerate() {
        let id = format!("{:08x}", at + 1);
        let (status, words) = if at % 2 == 0 { (201, "Created") } else { (500, "Internal Server Error") };
        let time = format!("2026-04-04T10:00:{at:02}");
        let line = |log: &mut String, text: &str| writeln!(log, "{time} [I|app|{id}] {text}").unwrap();
        line(
            &mut log,
            &format!(
                r#"Started POST "/rhsm/consumers?activation_keys=AK" for 192.0.2.{at} at 2026-04-04 10:00:{at:02} +0000"#
            ),
        );
        line(
            &mut log,
            "Processing by Katello::Api::Rhsm::CandlepinProxiesController#consumer_activate as JSON",
        );
        line(
            &mut log,
            &format!(
                r#"  Parameters: {{"type"=>"system", "name"=>"{host}", "facts"=>"[FILTERED]", "contentTags"=>["rhel-9<i>", "x"], "activation_keys"=>"AK"}}"#
            ),
        );
        line(&mut log, &format!("Completed {status} {words} in {}ms (Views: 2.3ms)", 1000 + at));
        writeln!(log, "<iframe src=//evil.example.com></iframe>").unwrap();
    }
    log
}

struct Hostile {
    folder: tempfile::TempDir,
}

impl Hostile {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("<u>logs")).unwrap();
        fs::write(folder.path().join("<u>logs/production.log"), log()).unwrap();
        Self { folder }
    }

    fn report(&self, format: &str) -> String {
        let run = Run::new("report --format").arg(format).arg("--title").arg("<h1>\"title'</title>");
        let run = run.arg("--log").arg("<u>logs/production.log").current_dir(self.folder.path());
        run.go().code(0).stdout
    }
}

#[test]
fn markup_in_a_log_is_shown_as_text() {
    let page = Page::parse(&Hostile::new().report("html"));
    assert_eq!(page.errors(), Vec::<String>::new());
    let allowed = [
        "html",
        "head",
        "meta",
        "link",
        "title",
        "style",
        "body",
        "a",
        "header",
        "h1",
        "h2",
        "h3",
        "p",
        "nav",
        "ul",
        "li",
        "main",
        "section",
        "dl",
        "div",
        "dt",
        "dd",
        "figure",
        "figcaption",
        "svg",
        "desc",
        "line",
        "text",
        "path",
        "rect",
        "circle",
        "table",
        "caption",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "details",
        "summary",
        "footer",
        "script",
    ];
    for element in page.elements() {
        assert!(allowed.contains(&element.name().as_str()), "{}: {}", element.name(), element.text());
        assert!(element.attributes().iter().all(|(name, _)| !name.starts_with("on")), "{}", element.text());
    }
    assert_eq!(page.named("script").len(), 1);
    let seen: Vec<String> =
        ["slowest-table", "samples-table"].iter().flat_map(|table| page.rows(table)).flatten().collect();
    for host in HOSTS {
        assert!(seen.iter().any(|cell| cell == host), "{host} is not among {seen:?}");
    }
    assert_eq!(page.named("h1")[0].text(), "<h1>\"title'</title>");
    let clients = page.rows("groups-table").concat().join(" ");
    assert!(clients.contains("rhel-9<i>"), "{clients}");
    let unparsed = page.rows("unparsed-table").concat().join(" ");
    assert!(unparsed.contains("<iframe"), "{unparsed}");
    let sources = page.rows("sources-table");
    assert_eq!(sources[0][0], "<u>logs/production.log");
}

#[test]
fn markup_in_a_log_is_text_in_markdown_too() {
    let text = Hostile::new().report("markdown");
    for bad in ["<script", "<img", "<h1", "<u>", "[link](", "`tick`", "@all", "<i>"] {
        assert!(!text.contains(bad), "{bad} stands in {text}");
    }
}
