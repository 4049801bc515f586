//! Names and words that are markup, of a log written by hand and of kept runs: each is shown as text, and nothing of it
//! becomes an element.

use super::kept;
use super::page::Page;
use super::support::Run;
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// Names of hosts, and what they would do where they were not escaped.
const HOSTS: [&str; 6] = [
    "<script>alert(1)</script>",
    "</title></style></script><img src=x onerror=alert(2)>",
    "a' onmouseover='alert(3)",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt;entities&amp;",
    "|pipe `tick` [link](javascript:alert(4)) @all",
];

/// Names of capsules, as `url` can hold them.
const CAPSULES: [&str; 3] =
    ["<svg onload=alert(5)>", "c' onmouseover='alert(6)", "{{ 8 * 8 }}&lt;i&gt;--><desc onfocus=alert(7)>"];

/// What Foreman says of a host that fails.
const SAID: &str = "<object data=evil onerror=alert(8)></object> {{ 9 * 9 }} |`said` \"quoted\" @all";

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
        if status == 500 {
            writeln!(log, "{time} [E|app|{id}] {SAID}").unwrap();
        }
        line(&mut log, &format!("Completed {status} {words} in {}ms (Views: 2.3ms)", 1000 + at));
        writeln!(log, "<iframe src=//evil.example.com></iframe>").unwrap();
    }
    // those that have a consumer come through a capsule each
    for (at, capsule) in CAPSULES.iter().enumerate() {
        let (host, began) = (HOSTS[2 * at], format!("2026-04-04T10:01:{at:02} [I|app|{:08x}]", at + 0x100));
        writeln!(
            log,
            r#"{began} Started POST "/register" for 198.51.100.{at} at 2026-04-04 10:01:{at:02} +0000
{began}   Parameters: {{"name"=>"{host}", "url"=>"https://{capsule}:9090", "build"=>"false"}}
{began} Completed 200 OK in 300ms (Views: 2.3ms)"#
        )
        .unwrap();
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

/// Every element that the page is made of.
const OURS: &str = "html head meta link title style body a header h1 h2 h3 p nav ul li main section dl div dt dd figure \
    figcaption svg g desc line text path rect circle table caption thead tbody tr th td details summary \
    footer script";

#[track_caller]
fn is_ours_alone(page: &Page) {
    assert_eq!(page.errors(), Vec::<String>::new());
    for element in page.elements() {
        let (name, text) = (element.name(), element.text());
        assert!(OURS.split_whitespace().any(|ours| ours == name), "{name}: {text}");
        assert!(element.attributes().iter().all(|(key, _)| !key.starts_with("on")), "{name}: {text}");
    }
    assert_eq!(page.named("script").len(), 1);
}

/// Names of what is drawn once for each capsule.
fn drawn(page: &Page) -> Vec<String> {
    let panels = page.named("g").into_iter().filter_map(|g| g.attribute("data-name"));
    let mut names: Vec<String> = panels.collect();
    names.dedup();
    names
}

#[test]
fn markup_in_a_log_is_shown_as_text() {
    let page = Page::parse(&Hostile::new().report("html"));
    is_ours_alone(&page);
    let seen: Vec<String> =
        ["slowest-table", "samples-table"].iter().flat_map(|table| page.rows(table)).flatten().collect();
    for host in HOSTS {
        assert!(seen.iter().any(|cell| cell == host), "{host} is not among {seen:?}");
    }
    let said = page.rows("samples-table").into_iter().filter(|row| row[3].lines().any(|line| line == SAID));
    assert_eq!(said.count(), 3, "{:?}", page.rows("samples-table"));
    let capsules: Vec<String> = page.rows("registered-table").into_iter().map(|row| row[0].clone()).collect();
    for capsule in CAPSULES {
        assert!(capsules.iter().any(|name| name == capsule), "{capsule} is not among {capsules:?}");
        assert!(drawn(&page).iter().any(|name| name == capsule), "{capsule} is not among {:?}", drawn(&page));
        let told = page.by_id("by-capsule-started-d").text();
        assert!(told.contains(capsule), "{capsule}: {told}");
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
    for bad in [
        "<script", "<img", "<h1", "<u>", "[link](", "`tick`", "@all", "<i>", "<object", "<svg", "`said`",
        "<desc",
    ] {
        assert!(!text.contains(bad), "{bad} stands in {text}");
    }
}

/// A kept run in another place, with other names in it.
fn renamed(name: &str, to: &Path, names: &[(&str, &str)]) {
    fs::create_dir(to).unwrap();
    for file in fs::read_dir(kept(name)).unwrap() {
        let file = file.unwrap();
        let mut text = fs::read_to_string(file.path()).unwrap();
        for (from, hostile) in names {
            let hostile = serde_json::to_string(hostile).unwrap();
            text = text.replace(*from, hostile.trim_matches('"'));
        }
        fs::write(to.join(file.file_name()), text).unwrap();
    }
}

#[test]
fn markup_in_names_of_runs_labels_capsules_and_balancers_is_shown_as_text() {
    let place = tempfile::tempdir().unwrap();
    let answer = fs::read_to_string(kept("after").join("metrics.json")).unwrap();
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let balancer = answer["capsule_pools"][0]["load_balancer"].as_str().unwrap();
    let capsule = |at: usize| answer["capsules"][at]["name"].as_str().unwrap();
    let hostile_balancer = "b\" onmouseover=\"alert(9)<svg onload=alert(10)></title>";
    let names = [(balancer, hostile_balancer), (capsule(0), CAPSULES[0]), (capsule(1), CAPSULES[2])];
    let (after, before) = ("<b onclick=alert(11)>after", "'\"><img src=x onerror=alert(12)>");
    renamed("after", &place.path().join(after), &names);
    renamed("before", &place.path().join(before), &[]);
    let labels = serde_json::json!({ "level": "20", "<s>key": "</p><video src=x onerror=alert(13)>" });
    fs::write(place.path().join(after).join("labels.json"), labels.to_string()).unwrap();
    // nights of which the later ones are slower
    for night in 0..20 {
        let name = place.path().join(format!("nights/<em onclick=alert(14)>night{night:02}"));
        fs::create_dir_all(&name).unwrap();
        let mut answer = answer.clone();
        for group in answer["groups"].as_array_mut().unwrap() {
            group["window_start"] = format!("2026-03-{:02}T02:00:00Z", night + 1).into();
            let slower = if night < 10 { 0 } else { 500 };
            group["consumer_create_ms"]["p50"] = (1000 + slower + night * 5 % 8).into();
        }
        fs::write(name.join("metrics.json"), answer.to_string()).unwrap();
        fs::write(name.join("labels.json"), labels.to_string()).unwrap();
    }
    let report = |format: &str| {
        let run = Run::new("report --history nights --format").arg(format).current_dir(place.path());
        run.arg(after).arg("--before").arg(before).go().code(0).stdout
    };
    let page = Page::parse(&report("html"));
    is_ours_alone(&page);
    let head = page.named("header")[0].text();
    let (key, value) = labels.as_object().unwrap().iter().find(|(key, _)| *key != "level").unwrap();
    let label = format!("{key}={}", value.as_str().unwrap());
    let against = format!("Held against {before}");
    for told in [after, label.as_str(), against.as_str()] {
        assert!(head.contains(told), "{told}: {head}");
    }
    let answered = page.rows("capsules-table");
    assert!(answered.iter().any(|row| row[1] == hostile_balancer), "{answered:?}");
    for name in [CAPSULES[0], CAPSULES[2]] {
        assert!(answered.iter().any(|row| row[0] == name), "{name}: {answered:?}");
        assert!(drawn(&page).iter().any(|drawn| drawn.starts_with(name)), "{name}: {:?}", drawn(&page));
    }
    let section = page.by_id("capsules").text();
    assert!(section.contains(&format!("Script cache of {hostile_balancer}")), "{section}");
    let changed = page.rows("history-table").concat().join(" ");
    assert!(changed.contains("<em onclick=alert(14)>night10") && changed.contains(&label), "{changed}");
    let text = report("markdown");
    for bad in ["<b ", "<img", "<s>", "<video", "<em", "<svg", "<desc", "</title"] {
        assert!(!text.contains(bad), "{bad} stands in {text}");
    }
}
