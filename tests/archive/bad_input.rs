//! Archives that cannot be used, or not whole: a word, a way out, an exit code.

use super::*;
use std::fs;

fn measurement(dir: &Path) -> String {
    fs::read_to_string(dir.join("measurement.log")).unwrap()
}

#[test]
fn a_folder_that_is_no_archive_is_told() {
    let empty = tempfile::tempdir().unwrap();
    read(empty.path()).go().code(2).told("no measurement.log in it").told("--sosreport-dir");
    read(empty.path().join("none")).go().code(2).told("none: no such folder");
    let file = archive().dir.join("measurement.log");
    read(file).go().code(2).told("measurement.log: is a file: name the folder of the run");
    let (_folder, dir) = copy();
    fs::remove_dir_all(dir.join("sosreport")).unwrap();
    read(&dir).go().code(2).told("no folder sosreport/ in it").says_nothing_on_stdout();
}

#[test]
fn a_malformed_measurement_log_is_told_with_its_line() {
    let (_folder, dir) = copy();
    let good = measurement(&dir);
    for (bad, words) in [
        (
            good.replacen("passed=4 ", "passed=x ", 1).replacen("passed=3 ", "passed=x ", 1),
            "measurement.log:2: results",
        ),
        ("\"open\n".to_owned() + &good, "measurement.log:1: a quote is opened here"),
        ("a,b\nc,d\n".to_owned(), "none of its 2 rows"),
        (format!("{good}{good}"), "measurement.log:16: level 4 starts"),
    ] {
        fs::write(dir.join("measurement.log"), bad).unwrap();
        read(&dir).go().code(2).told(words).says_nothing_on_stdout();
    }
}

#[test]
fn a_level_without_logs_and_one_without_registrations_are_noted() {
    let (_folder, dir) = copy();
    fs::remove_dir_all(dir.join("50-concurrent-exec-container-host-client-logs")).unwrap();
    fs::remove_file(dir.join("50-concurrent-exec-8.log")).unwrap();
    fs::write(dir.join("50-concurrent-exec-16-Execute registration.log.json"), "{").unwrap();
    let later = "experiment/reg-average.py 'Execute registration' 'r/50-concurrent-exec-512.log',r/x.log,0,1790000000.5,1790000100.5,k,s,r,results.items.passed=500\r\n";
    fs::write(dir.join("measurement.log"), measurement(&dir) + later).unwrap();
    let answer = read(&dir).go().code(0).json();
    let notes = answer["notes"].to_string();
    for words in [
        "level 8: neither 50-concurrent-exec-8.log nor a client's log",
        "log.json: no JSON",
        "level 512: no registration",
    ] {
        assert!(notes.contains(words), "{words}: {notes}");
    }
    assert_eq!(levels(&answer)[7]["groups"], serde_json::json!([]));
    // the Satellite tells retries where clients' logs do not
    assert!(levels(&answer).iter().all(|l| l["retries"]["from"] == "satellite-log"));
}

#[test]
fn a_torn_row_costs_those_behind_it_and_a_level_without_a_time_itself() {
    let (_folder, dir) = copy();
    let good = measurement(&dir);
    let nobody = "experiment/reg-average.py 'Execute registration' 'r/50-concurrent-exec-512.log',r/x.log,1,,,k,s,r,\r\n";
    fs::write(dir.join("measurement.log"), format!("{good}{nobody}\"open")).unwrap();
    let answer = read(&dir).go().code(0).json();
    assert_eq!(levels(&answer).len(), 7);
    let notes = answer["notes"].to_string();
    for words in
        ["measurement.log:16: a quote is opened here", "measurement.log:15: level 512: no client got through"]
    {
        assert!(notes.contains(words), "{words}: {notes}");
    }
}

#[test]
fn a_load_that_came_twice_does_not_take_the_others_clients() {
    // the later level's logs stand in the place of the earlier one's
    let storm = Storm::new("--archive 8,8,16 --failures 0 --noise 0.05 --seed 5");
    let run = Run::new("metrics --json -i").arg(storm.inventory()).arg("--archive").arg(&storm.dir);
    let answer = run.go().code(0).json();
    let of = |level: &Value| {
        let (tries, client) = (&level["first_tries"], &level["client"]);
        let from = tries["from"].as_str().unwrap().to_owned();
        (from, client["client_ms"]["count"].as_u64().unwrap(), client["joined_by_uuid"].as_u64().unwrap())
    };
    let found: Vec<_> = levels(&answer).iter().map(of).collect();
    let own = |n: u64| ("client-logs".to_owned(), n, n);
    assert_eq!(found, [("measurement.log".to_owned(), 0, 0), own(8), own(16)]);
    let notes = answer["notes"].to_string();
    assert!(
        notes.contains("level 8: neither 50-concurrent-exec-8.log nor a client's log of it, of its time,")
    );
    let several = Run::new("compare --format json").arg(&storm.dir).arg(&storm.dir).go().code(0).json();
    assert_eq!(
        (&several["levels"][0]["level"], &several["levels"][0]["before"]["runs"]),
        (&8.into(), &2.into())
    );
}

#[test]
fn a_single_level_has_no_law() {
    let (_folder, dir) = copy();
    let rows: Vec<String> = measurement(&dir).split_inclusive('\n').take(2).map(str::to_owned).collect();
    fs::write(dir.join("measurement.log"), rows.concat()).unwrap();
    let answer = read(&dir).go().code(0).json();
    assert_eq!((levels(&answer).len(), &answer["archive"]["law"]), (1, &Value::Null));
    assert!(answer["archive"]["law_refused"].as_str().unwrap().contains("run more levels"));
}

#[test]
fn a_trace_and_a_report_refuse_an_archive_with_the_way_out() {
    let dir = &archive().dir;
    let reports = format!("{}/sosreport with --sosreport-dir", dir.display());
    for command in ["trace", "trace host1 --archive", "report --archive", "report"] {
        let option = if command == "trace" { "--archive" } else { "" };
        let done = Run::new(command).words(option).arg(dir).go().code(2).says_nothing_on_stdout();
        assert!(done.stderr.contains(&reports), "{done:#?}");
        assert!(!done.stderr.contains("'-- --archive'"), "{done:#?}");
    }
    // it is no option of theirs
    let help = Run::new("trace --help").go().code(0);
    assert!(!help.stdout.contains("--archive"), "{help:#?}");
}

#[test]
fn an_archive_stands_alone_and_simulated_ones_have_their_limits() {
    Run::new("metrics --archive x --log y").go().code(2).told("cannot be used with");
    for (words, told) in [
        ("--archive 0", "a level has from 1"),
        ("--archive 4 --archive-law 1,0,0", "out of its range"),
        ("--archive 4 --archive-law 0.02", "three figures"),
        ("--archive 100000 --archive-law 0.02,1,1", "more than 30 days"),
    ] {
        Run::new("simulate x").words(words).go().code(2).told(told);
    }
    Run::new("simulate - --archive 4").go().code(2).told("--archive");
}
