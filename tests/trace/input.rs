//! Names that nobody has, that several have, and input of which nothing can come.

use crate::log::{Log, SATELLITE, uuid};
use crate::support::Run;
use crate::{Written, traced};

fn log() -> Written {
    let log = Log::new()
        .create(0, "web1.north.lab", 1, "10.7.3.1", 800)
        .create(5, "web1.south.lab", 2, "10.7.3.2", 800)
        .create(9, "db1.north.lab", 3, "10.7.3.3", 800)
        .goes_on_until(400);
    Written::new(&log, Some(SATELLITE))
}

#[test]
fn a_name_that_nobody_has_is_exit_3_with_names_like_it() {
    let written = log();
    let done = written.run("web1.nort.lab").go().code(3).says_nothing_on_stdout();
    done.told("no registration of web1.nort.lab").told("web1.north.lab").told("3 registrations of 3 hosts");
    let near = uuid(1).replace("8b00", "8b01");
    written.run(&near).go().code(3).says_nothing_on_stdout().told(&near).told(&uuid(1));
    let done = written.run("zzz").go().code(3).says_nothing_on_stdout();
    assert!(!done.stderr.contains("such as"), "{done:?}");
}

#[test]
fn one_registration_is_counted_in_the_singular() {
    let log = Log::new().create(0, "web1.north.lab", 1, "10.7.3.1", 800).goes_on_until(400);
    let written = Written::new(&log, Some(SATELLITE));
    written.run("zzz").go().code(3).told("the log holds 1 registration of 1 host;");
    let all = written.run("").go().code(0).stdout;
    assert!(all.contains("  1 registration that succeeded"), "{all}");
}

#[test]
fn a_short_name_that_several_have_is_exit_2_with_their_names() {
    let done = log().run("web1").go().code(2).says_nothing_on_stdout();
    done.told("web1.north.lab, web1.south.lab").told("write the whole name");
    traced(log().run("db1"));
}

#[test]
fn a_name_may_not_steer_the_terminal() {
    let done = Run::new("trace").arg("\u{1b}[31mred").arg("--log").arg(log().log()).go().code(3);
    assert!(!done.stderr.contains('\u{1b}') && done.stderr.contains("\\u{1b}[31mred"), "{done:?}");
}

#[test]
fn misuse_is_exit_2() {
    let written = log();
    for format in ["mermaid", "svg", "chrome"] {
        let done = written.run(&format!("--format {format}")).go().code(2).says_nothing_on_stdout();
        done.told("--slowest");
    }
    written.run("a.lab --slowest 3").go().code(2).told("cannot be used with");
    written.run("--slowest 0").go().code(2).told("0");
    written.run("--format xml").go().code(2).told("xml");
    written.run("--since 200 --until 100").go().code(2).told("is not before");
    Run::new("trace a.lab").go().code(2).says_nothing_on_stdout().told("--log");
    Run::new("trace a.lab --log no/such/file").go().code(2).says_nothing_on_stdout().told("no/such/file");
}

#[test]
fn nothing_to_trace_is_exit_3() {
    Run::new("trace --log -").stdin("").go().code(3).says_nothing_on_stdout().told("empty");
    let quiet = Written::new(&Log::new().goes_on_until(5), Some(SATELLITE));
    for words in ["", "a.lab", "--slowest 3"] {
        quiet.run(words).go().code(3).says_nothing_on_stdout().told("no registration");
    }
    log().run("--until 2020-01-01T00:00:00Z").go().code(3).says_nothing_on_stdout().told("--until");
}

#[test]
fn a_window_chooses_registrations() {
    let json = traced(log().run("--slowest 10 --since 2026-03-09T10:00:05Z --until 2026-03-09T10:00:06Z"));
    let traces = json["traces"].as_array().unwrap();
    assert_eq!((traces.len(), &traces[0]["host"]), (1, &serde_json::json!("web1.south.lab")));
}

#[test]
fn what_cannot_be_read_beside_what_can_is_told_and_does_not_stop_it() {
    let written = log();
    let none = written.log().join("none.log");
    let run = written.run("db1.north.lab").arg(&none).words("--format json");
    let done = run.go().code(0).told("none.log");
    assert_eq!(done.json()["complete"], false);
}

#[test]
fn quiet_says_nothing_but_errors() {
    let written = log();
    written.run("db1 --quiet").go().code(0).says_nothing_on_stdout().says_nothing_on_stderr();
}

#[test]
fn a_host_behind_the_log_and_a_kept_run_are_told_the_way_out() {
    let written = log();
    let done = Run::new("trace --log").arg(written.log()).arg("web1.north.lab").go().code(2);
    done.says_nothing_on_stdout().told("reginfra trace web1.north.lab --log");
    let kept = written.log().with_file_name("kept");
    Run::new("metrics --quiet --log").arg(written.log()).arg("--save").arg(&kept).go().code(0);
    let done = Run::new("trace --log").arg(&kept).go().code(2).says_nothing_on_stdout();
    done.told("kept").told("name the log that it came from");
}
