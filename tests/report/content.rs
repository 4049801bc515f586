//! The page's structure and figures, held against the answer that other programs get.

use super::page::{Element, Page};
use super::support::Run;
use super::{KEPT, copied, kept, page_of, page_of_both};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reginfra::report::durations::count;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;

fn answer(run: &str) -> Value {
    serde_json::from_slice(&fs::read(kept(run).join("metrics.json")).unwrap()).unwrap()
}

#[test]
fn each_figure_is_the_answer_s() {
    let answer = answer("after");
    let page = page_of(&kept("after"));
    let groups = answer["groups"].as_array().unwrap();
    let mut told = HashSet::new();
    for cell in page.named("td") {
        let Some(metric) = cell.attribute("data-metric") else { continue };
        let group = cell.attribute("data-group").unwrap();
        let statistic = cell.attribute("data-statistic").unwrap();
        let found = &groups.iter().find(|g| g["group"] == *group).unwrap()[&metric];
        let shown = cell.attribute("data-value").map(|v| v.parse::<f64>().unwrap());
        assert_eq!(shown, found[&statistic].as_f64(), "{group} {metric} {statistic}");
        if !metric.ends_with("_ms") {
            // how many there are is known where what they come to is inferred
            let marked = statistic == "avg" && found["evidence"] == "inferred";
            assert_eq!(cell.text().starts_with('~'), marked, "{group} {metric} {statistic}");
        }
        told.insert((group, metric, statistic));
    }
    // and none is left out
    for group in groups {
        for (metric, found) in group.as_object().unwrap() {
            let has = |statistic: &str| {
                let key = (group["group"].as_str().unwrap(), metric.as_str(), statistic);
                told.contains(&(key.0.to_owned(), key.1.to_owned(), key.2.to_owned()))
            };
            if found["count"].as_u64().is_some_and(|n| n > 0) && metric != "compliance_calls_polling" {
                assert!(has("count") && has("avg"), "{metric} of {}", group["group"]);
                assert!(!metric.ends_with("_ms") || (has("p50") && has("p99") && has("max")), "{metric}");
            }
        }
    }
    assert!(told.len() > 200, "{}", told.len());
}

#[test]
fn charts_hold_as_many_values_as_the_answer_counts() {
    let answer = answer("after");
    let page = page_of(&kept("after"));
    let all = answer["groups"].as_array().unwrap().iter().find(|g| g["group"] == "all").unwrap();
    let mut charts = 0;
    for (metric, found) in all.as_object().unwrap() {
        let Some(p50) =
            found["p50"].as_f64().filter(|_| metric.ends_with("_ms") && metric != "failed_create_ms")
        else {
            continue;
        };
        let id = format!("shares-{}-d", metric.replace('_', "-"));
        let told = page.by_id(&id).text();
        let p50 = reginfra::report::durations::millis(p50);
        let wanted = format!("All: {} values, P50 {p50}", count(found["count"].as_u64().unwrap()));
        assert!(told.contains(&wanted), "{metric}: {told:?} lacks {wanted:?}");
        charts += 1;
    }
    assert_eq!(charts, 7);
    // the charts over time as figures, of all and of each way in
    let steps = page.rows("steps-table");
    let heads = page.by_id("steps-table").inside("tr")[0].children();
    let heads: Vec<String> = heads.iter().map(Element::text).collect();
    for group in answer["groups"].as_array().unwrap() {
        let sum = |column: usize| -> u64 {
            let of_group = steps.iter().filter(|row| group["label"] == *row[1]);
            of_group.map(|row| row[column].replace(',', "").parse::<u64>().unwrap()).sum()
        };
        assert_eq!(Some(sum(2)), group["session_count"].as_u64(), "{}", group["label"]);
        assert_eq!(Some(sum(3)), group["error_count"].as_u64(), "{}", group["label"]);
        // a column for each class that any has
        for (class, failed) in group["error_breakdown"].as_object().unwrap() {
            let found = heads.iter().position(|head| head == class).map_or(0, sum);
            assert_eq!(Some(found), failed.as_u64(), "{}: {class}", group["label"]);
        }
    }
    assert!(heads.len() > 7, "{heads:?}");
}

/// What the panels of a chart draw, by their names and the label of the line.
fn drawn(page: &Page, chart: &str, label: &str) -> HashMap<String, Vec<f64>> {
    let has = |e: &Element, key: &str, value: &str| e.attribute(key).as_deref() == Some(value);
    let name = format!("{chart}-t");
    let svg = page.named("svg").into_iter().find(|svg| has(svg, "aria-labelledby", &name)).unwrap();
    let values = |panel: &Element| {
        let path = panel.inside("path").into_iter().find(|path| has(path, "data-label", label)).unwrap();
        let value = |v: &str| v.replace(',', "").parse().unwrap();
        path.attribute("data-values").unwrap().split('|').map(value).collect::<Vec<f64>>()
    };
    let panels = svg.inside("g").into_iter().filter(|g| has(g, "class", "panel"));
    panels.map(|panel| (panel.attribute("data-name").unwrap(), values(&panel))).collect()
}

#[test]
fn each_way_in_and_capsule_is_drawn_over_time() {
    let (page, answer) = (page_of(&kept("after")), answer("after"));
    let sum = |values: &[f64]| values.iter().sum::<f64>();
    let [started, failed, under_way] = ["started", "failed", "under-way"].map(|chart| {
        let label = if chart == "under-way" { "creates under way" } else { chart };
        drawn(&page, &format!("by-way-in-{chart}"), label)
    });
    let mut groups = 0;
    for group in answer["groups"].as_array().unwrap().iter().filter(|g| g["group"] != "all") {
        let Some(values) = started.get(group["label"].as_str().unwrap()) else {
            assert_eq!(group["session_count"], 0);
            continue;
        };
        let name = group["label"].as_str().unwrap();
        assert_eq!(Some(sum(values)), group["session_count"].as_f64(), "{name}");
        assert_eq!(Some(sum(&failed[name])), group["error_count"].as_f64(), "{name}");
        // Little's law: mean under way x time = all durations together; steps are rounded to tenths
        let together = |d: &Value| d["avg"].as_f64().unwrap_or(0.0) * d["count"].as_f64().unwrap() / 1000.0;
        let create = &group["consumer_create_ms"];
        let seconds = together(create) + together(&group["failed_create_ms"]);
        let told = sum(&under_way[name]) * step_seconds(&page);
        assert!(
            (told - seconds).abs() < 0.05 * values.len() as f64 * step_seconds(&page),
            "{name}: {told}, {seconds}"
        );
        let words = format!("P50 {}, P95 {}", millis(&create["p50"]), millis(&create["p95"]));
        assert!(
            page.by_id("by-way-in-durations-d").text().contains(&format!("{name}: {words}")),
            "{name}: {words}"
        );
        groups += 1;
    }
    assert!(groups >= 3);
    // of the capsules that the Satellite's log knows
    let started = drawn(&page, "by-capsule-started", "started");
    let rows = page.rows("registered-table");
    assert!(rows.len() >= 3 && rows.len() == started.len(), "{rows:?}");
    for row in rows {
        let of: Vec<_> = started.iter().filter(|(name, _)| name.starts_with(&row[0])).collect();
        let wanted: f64 = row[3].replace(',', "").parse().unwrap();
        assert!(of.iter().any(|(_, values)| sum(values) == wanted), "{row:?}: {of:?}");
    }
}

fn millis(value: &Value) -> String {
    reginfra::report::durations::millis(value.as_f64().unwrap())
}

/// `Each bar or point is 2 s.`; none of these storms takes minutes.
pub fn step_seconds(page: &Page) -> f64 {
    let said = page.by_id("time").inside("p")[0].text();
    said.split(' ').find_map(|word| word.parse().ok()).unwrap()
}

#[test]
fn a_log_and_the_run_that_was_kept_of_it_give_the_same_page() {
    let storm = &KEPT.after;
    let read =
        Run::new("report --quiet -i").arg(storm.inventory()).arg("--log").arg(&storm.dir).go().code(0).stdout;
    let kept = Run::new("report").arg(kept("after")).go().code(0).stdout;
    // but for its name and labels
    let body = |text: &str| text[text.find("<main").unwrap()..].to_owned();
    assert_eq!(body(&read), body(&kept));
    assert_eq!(read.matches("<table id=\"waterfall-").count(), 20);
}

#[test]
fn a_run_keeps_the_same_of_its_slowest_where_all_requests_are_asked_for_too() {
    let (storm, folder) = (&KEPT.after, tempfile::tempdir().unwrap());
    let run = Run::new("metrics --quiet -i").arg(storm.inventory()).arg("--log").arg(&storm.dir);
    let run = run.arg("--parquet").arg(folder.path().join("lake"));
    run.arg("--save").arg(folder.path().join("run")).go().code(0);
    let traces = |run: &Path| fs::read_to_string(run.join("traces.jsonl")).unwrap();
    let both = traces(&folder.path().join("run"));
    assert_eq!(both.lines().count(), 20);
    assert_eq!(both, traces(&kept("after")));
}

#[test]
fn sides_that_look_swapped_are_told_before_any_verdict() {
    let dated = |name: &str, time: &str| {
        let folder = copied(name);
        fs::write(folder.path().join("labels.json"), format!(r#"{{"time": "{time}"}}"#)).unwrap();
        folder
    };
    let older = dated("before", "2026-04-04T10:00:00Z");
    let newer = dated("after", "2026-04-05T10:00:00Z");
    let report = |run: &Path, before: &Path, format: &str| {
        Run::new("report --format").arg(format).arg(run).arg("--before").arg(before).go().code(0).stdout
    };
    let page = Page::parse(&report(older.path(), newer.path(), "html"));
    let told = page.by_id("comparison").inside("p")[0].text();
    assert!(told.contains("look swapped") && told.contains("2026-04-05T10:00:00Z"), "{told}");
    let text = report(older.path(), newer.path(), "markdown");
    assert!(text.contains("**Note: the sides look swapped"), "{text}");
    assert!(!report(newer.path(), older.path(), "markdown").contains("look swapped"));
}

#[test]
fn a_wiki_shows_what_the_page_says() {
    let run = Run::new("report after --before before --format markdown")
        .current_dir(kept("after").parent().unwrap());
    let text = run.go().code(0).stdout;
    // what was read stands there in the order of the folder, with this machine's paths
    let text = text.split("## What this rests on").next().unwrap();
    insta::assert_snapshot!("markdown", text);
}

#[test]
fn markdown_has_the_three_slowest_in_few_rows() {
    let text = Run::new("report --format markdown").arg(kept("after")).go().code(0).stdout;
    let page = page_of(&kept("after"));
    for number in 1..=4 {
        let table = page.by_id(&format!("waterfall-{number}"));
        let at = text.find(&format!("### {}\n", table.inside("caption")[0].text()));
        assert_eq!(at.is_some(), number <= 3, "{number}");
        let Some(at) = at else { continue };
        let rows: Vec<&str> = text[at..].lines().skip(4).take_while(|line| line.starts_with('|')).collect();
        // runs of a request are counted, none is lost
        let times = |row: &&str| {
            row.split(" times").next().and_then(|r| r.rsplit(' ').next()?.parse().ok()).unwrap_or(1)
        };
        let requests = table.inside("tr").len() - 1;
        assert_eq!(rows.iter().map(times).sum::<usize>(), requests, "{rows:#?}");
        assert!(
            rows.len() <= requests && rows.iter().any(|r| r.starts_with("| POST /rhsm/consumers |")),
            "{rows:#?}"
        );
    }
}

#[test]
fn the_slowest_are_shown_request_by_request_as_trace_shows_them() {
    let storm = &KEPT.after;
    let read =
        |command: &str| Run::new(command).arg("-i").arg(storm.inventory()).arg("--log").arg(&storm.dir);
    let page = Page::parse(&read("report --quiet").go().code(0).stdout);
    let slowest = page.rows("slowest-table");
    for (at, row) in slowest.iter().enumerate() {
        let name = format!("waterfall-{}", at + 1);
        let shown = page.rows(&name);
        let caption = page.by_id(&name).inside("caption")[0].text();
        let (about, consumer) = caption.split_once(", consumer ").unwrap();
        let answer = read(&format!("trace {consumer} --quiet --format json")).go().code(0).json();
        let trace = &answer["traces"][0];
        let client = trace["client_os"].as_str().unwrap();
        assert!(about.ends_with(&format!("; {client}, attempt {}", trace["attempt"])), "{caption}");
        let requests = trace["requests"].as_array().unwrap();
        assert_eq!(shown.len(), requests.len(), "{row:?}");
        for (row, request) in shown.iter().zip(requests) {
            assert_eq!(row[0], request["request"].as_str().unwrap());
            assert_eq!(row[5], request["status"].to_string(), "{row:?}");
        }
        let values = page.by_id(&name).inside("td");
        let numbers: Vec<f64> =
            values.iter().filter_map(|cell| cell.attribute("data-value")?.parse().ok()).collect();
        let wanted = requests.iter().flat_map(|r| [&r["placed_ms"], &r["duration_ms"], &r["gap_ms"]]);
        assert_eq!(numbers, wanted.map(|v| v.as_f64().unwrap()).collect::<Vec<_>>(), "{row:?}");
    }
    assert_eq!(slowest.len(), 20);
}

#[test]
fn a_failure_s_own_lines_stand_beside_it() {
    let answer = answer("after");
    let rows = page_of(&kept("after")).rows("samples-table");
    let samples = answer["failure_samples"].as_array().unwrap();
    let mut held = 0;
    for sample in samples.iter().filter(|s| !s["lines"].as_array().unwrap().is_empty()) {
        let row = rows.iter().find(|row| sample["host"] == *row[1] && sample["error_class"] == *row[0]);
        let lines = sample["lines"].as_array().unwrap().iter().map(|line| line.as_str().unwrap());
        assert_eq!(row.unwrap()[3], lines.collect::<Vec<_>>().join("\n"));
        held += 1;
    }
    assert!(held >= 5, "{samples:#?}");
}

#[test]
fn the_slowest_and_the_failed_are_those_of_the_sessions_file() {
    let page = page_of(&kept("after"));
    let text = fs::read_to_string(kept("after").join("sessions.jsonl")).unwrap();
    let sessions: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let steps = ["script_fetch_ms", "consumer_create_ms", "fact_update_ms", "host_register_ms"];
    let total = |s: &Value| steps.iter().filter_map(|step| s[step].as_u64()).sum::<u64>();
    let slowest = sessions.iter().filter(|s| s["success"] == true).max_by_key(|s| total(s)).unwrap();
    let rows = page.rows("slowest-table");
    assert_eq!((rows.len(), rows[0][0].as_str()), (20, slowest["host"].as_str().unwrap()));
    for row in page.rows("samples-table") {
        let failed = |s: &&Value| s["host"] == *row[1] && s["error_class"] == *row[0];
        assert!(sessions.iter().any(|s| failed(&s)), "{row:?}");
    }
}

#[test]
fn a_comparison_tells_the_judge_s_verdicts() {
    let page = Page::parse(page_of_both());
    let compared =
        Run::new("compare --format json").arg(kept("before")).arg(kept("after")).go().code(0).json();
    let groups = compared["groups"].as_array().unwrap();
    let all = groups.iter().find(|g| g["group"] == "all").unwrap()["metrics"].as_array().unwrap();
    let rows = page.rows("comparison-all");
    assert_eq!(rows.len(), all.len());
    for (row, wanted) in rows.iter().zip(all) {
        let verdict = match row[1].as_str() {
            "no verdict" => "not-comparable".to_owned(),
            words => words.to_lowercase().replace(' ', "-"),
        };
        assert_eq!(verdict, wanted["verdict"], "{row:?}");
    }
    assert!(
        page.by_id("summary").text().contains("Improved: consumer create"),
        "{}",
        page.by_id("summary").text()
    );
    assert!(page.by_id("shares-consumer-create-ms-d").text().contains("All, before"));
    // a group in which something changed is not folded away
    let run = Run::new("report --format markdown").arg(kept("after")).arg("--before").arg(kept("before"));
    let text = run.go().code(0).stdout;
    assert!(text.contains("### Load-balanced capsules (ssh): what changed"), "{text}");
    assert!(!text.contains("Each bar or point"), "{text}");
}

#[test]
fn the_policy_lets_in_the_page_s_own_blocks_alone() {
    let page = Page::parse(page_of_both());
    let metas = page.named("meta");
    let policy =
        metas.iter().find(|m| m.attribute("http-equiv").as_deref() == Some("Content-Security-Policy"));
    let policy = policy.unwrap().attribute("content").unwrap();
    assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{policy}");
    for block in ["style", "script"] {
        let [element] =
            page.named(block).try_into().unwrap_or_else(|_| panic!("one {block} is all there is"));
        let text = element.whole_text();
        let hash = STANDARD.encode(Sha256::digest(text.as_bytes()));
        assert!(policy.contains(&format!("{block}-src 'sha256-{hash}'")), "{block}: {policy}");
    }
    for element in page.elements() {
        for (name, value) in element.attributes() {
            assert!(name != "style" && !name.starts_with("on"), "{}: {name}", element.name());
            let loads = matches!(name.as_str(), "src" | "href" | "srcset" | "data" | "action" | "poster");
            assert!(
                !loads || value.starts_with('#') || value == "data:,",
                "{}: {name}={value}",
                element.name()
            );
        }
    }
}

#[test]
fn the_page_is_well_formed_and_can_be_read_aloud() {
    let page = Page::parse(page_of_both());
    assert_eq!(page.errors(), Vec::<String>::new());
    assert_eq!(page.named("html")[0].attribute("lang").as_deref(), Some("en"));
    assert_eq!(
        (page.named("h1").len(), page.named("main").len(), page.named("title").is_empty()),
        (1, 1, false)
    );
    let ids: Vec<String> = page.elements().iter().filter_map(|e| e.attribute("id")).collect();
    let unique: HashSet<&String> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len(), "ids stand twice: {ids:?}");
    for svg in page.named("svg") {
        match svg.attribute("role").as_deref() {
            Some("img") => {
                for key in ["aria-labelledby", "aria-describedby"] {
                    let id = svg.attribute(key).unwrap();
                    assert!(!page.by_id(&id).text().is_empty(), "{id}");
                }
            }
            _ => assert_eq!(svg.attribute("aria-hidden").as_deref(), Some("true")),
        }
    }
    for table in page.named("table") {
        assert_eq!(table.inside("caption").len(), 1);
        let heads = table.inside("th");
        assert!(heads.iter().all(|th| th.attribute("scope").is_some()));
        let width = table.inside("tr")[0].children().len();
        assert!(table.inside("tr").iter().all(|row| row.children().len() == width));
    }
    for link in page.named("a") {
        page.by_id(link.attribute("href").unwrap().trim_start_matches('#'));
    }
}

#[test]
fn a_page_is_as_small_for_a_hundred_times_the_registrations() {
    let folder = tempfile::tempdir().unwrap();
    let kept_run = kept("after");
    fs::copy(kept_run.join("labels.json"), folder.path().join("labels.json")).unwrap();
    let mut counted = answer("after");
    let groups = counted["groups"].as_array_mut().unwrap();
    let all = groups.iter_mut().find(|g| g["group"] == "all").unwrap();
    for count in [
        "/session_count",
        "/script_fetch_ms/count",
        "/capsule_script_fetch_ms/count",
        "/capsule_host_register_ms/count",
    ] {
        let count = all.pointer_mut(count).unwrap();
        *count = (100 * count.as_u64().unwrap()).into();
    }
    fs::write(folder.path().join("metrics.json"), counted.to_string()).unwrap();
    fs::copy(kept_run.join("traces.jsonl"), folder.path().join("traces.jsonl")).unwrap();
    for name in ["sessions.jsonl", "requests.jsonl"] {
        let text = fs::read_to_string(kept_run.join(name)).unwrap();
        fs::write(folder.path().join(name), text.repeat(100)).unwrap();
    }
    let one = Run::new("report").arg(&kept_run).go().code(0).stdout.len();
    let many = Run::new("report").arg(folder.path()).go().code(0).stdout.len();
    assert!(many < one + 20_000 && many < 3_000_000, "{one} bytes, then {many}");
}

#[test]
fn markdown_has_the_same_figures() {
    let text =
        Run::new("report --format markdown").arg(kept("after")).go().code(0).says_nothing_on_stderr().stdout;
    let answer = answer("after");
    let all = answer["groups"].as_array().unwrap().iter().find(|g| g["group"] == "all").unwrap();
    let sessions = count(all["session_count"].as_u64().unwrap());
    assert!(text.contains(&format!("**Registrations: {sessions}**")), "{text}");
    let create = &all["consumer_create_ms"];
    let p95 = reginfra::report::durations::millis(create["p95"].as_f64().unwrap());
    let row = text.lines().find(|l| l.starts_with("| Consumer create | All |")).unwrap();
    assert!(row.contains(&format!("| {p95} |")), "{row}");
    let tables = text.split("\n\n").filter(|block| block.starts_with('|'));
    for table in tables {
        let bars = |line: &str| line.replace("\\|", "").matches('|').count();
        let cells: HashSet<usize> = table.trim_end().lines().map(bars).collect();
        assert_eq!(cells.len(), 1, "{table}");
    }
}

/// Nights of a run that was kept, the create slower from the eleventh on.
fn nights() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for night in 0..20 {
        let mut answer = answer("before");
        for group in answer["groups"].as_array_mut().unwrap() {
            group["window_start"] = format!("2026-03-{:02}T02:00:00Z", night + 1).into();
            let create = &mut group["consumer_create_ms"]["p50"];
            let wobble = f64::from(night * 5 % 8);
            *create = (create.as_f64().unwrap() * if night < 10 { 1.0 } else { 1.5 } + wobble).into();
        }
        let run = folder.path().join(format!("night{night:02}"));
        fs::create_dir(&run).unwrap();
        fs::write(run.join("metrics.json"), answer.to_string()).unwrap();
    }
    folder
}

#[test]
fn a_history_has_a_chart_a_figure_and_its_changes() {
    let nights = nights();
    let asked = || Run::new("report").arg(kept("after")).arg("--history").arg(nights.path());
    let page = Page::parse(&asked().go().code(0).stdout);
    let told = page.by_id("history-consumer-create-ms-p50-all-d").text();
    assert!(told.starts_with("20 runs. REGRESSED from ") && told.contains("2026-03-11"), "{told}");
    let chart = page.by_id("history-host-register-ms-p50-all-d").text();
    assert_eq!(chart, "20 runs.");
    let rows = page.rows("history-table");
    assert!(rows.iter().any(|row| row[0] == "consumer create P50" && row[1] == "REGRESSED"), "{rows:?}");
    assert!(rows.iter().any(|row| row[6].contains("night10,")), "{rows:?}");
    let markdown = asked().arg("--format").arg("markdown").go().code(0).stdout;
    assert!(markdown.contains("## From run to run") && markdown.contains("for the worse"), "{markdown}");
    // what it is not
    let empty = tempfile::tempdir().unwrap();
    let done = Run::new("report").arg(kept("after")).arg("--history").arg(empty.path()).go().code(3);
    done.says_nothing_on_stdout();
    Run::new("report --where level=20").arg(kept("after")).go().code(2).told("--history");
}
