//! HAProxy's own parser is asked, and what it says has a place.

use crate::rules::has_haproxy;
use crate::support::{Run, skip};
use std::fs;
use std::os::unix::fs::PermissionsExt;

fn there() -> bool {
    let there = has_haproxy();
    if !there {
        skip("HAProxy is not installed: what its own parser says was NOT tested");
    }
    there
}

#[test]
fn its_messages_have_file_and_line_in_drop_ins_too() {
    if !there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("conf.d")).unwrap();
    fs::write(folder.path().join("haproxy.cfg"), "global\n    log /dev/log local0\n").unwrap();
    fs::write(folder.path().join("conf.d/10.cfg"), "global\n\n    nonsense 1\n").unwrap();
    let done = Run::new("validate --format json --rule haproxy-parser").arg(folder.path()).go().code(1);
    let json = done.json();
    let finding = &json["findings"][0];
    assert_eq!((&finding["line"], &finding["column"]), (&3.into(), &5.into()), "{json:#}");
    assert!(finding["file"].as_str().unwrap().ends_with("conf.d/10.cfg"));
    assert!(finding["message"].as_str().unwrap().contains("nonsense"));
}

#[test]
fn standard_input_is_given_to_it_as_well() {
    if !there() {
        return;
    }
    let text = "global\n    nonsense 1\n";
    let done =
        Run::new("validate - --kind haproxy --format json --rule haproxy-parser").stdin(text).go().code(1);
    assert_eq!(done.json()["findings"][0]["file"], "<stdin>");
    assert_eq!(done.json()["findings"][0]["line"], 2);
}

#[test]
fn what_only_this_machine_lacks_is_no_error() {
    if !there() {
        return;
    }
    let text = "defaults\n    timeout connect 1s\n    timeout client 5m\n    timeout server 5m\nlisten a\n    bind *:1\n    \
                server a name.that.is.not.invalid:1\n";
    let done =
        Run::new("validate - --kind haproxy --format json --rule haproxy-parser").stdin(text).go().code(0);
    assert_eq!(done.json()["findings"][0]["severity"], "advice", "{done:#?}");
}

#[test]
fn lua_is_not_run() {
    if !there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (mark, lua) = (folder.path().join("mark"), folder.path().join("x.lua"));
    fs::write(&lua, format!("io.open('{}', 'w'):write('x')", mark.display())).unwrap();
    let path = folder.path().join("haproxy.cfg");
    fs::write(&path, format!("global\n    lua-load {}\n", lua.display())).unwrap();
    Run::new("validate").arg(&path).go().told("loads Lua");
    assert!(!mark.exists());
}

/// A program in HAProxy's place.
fn stand_in(script: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("haproxy");
    fs::write(
        &path,
        format!(
            "#!/bin/sh\nif [ \"$1\" = -v ]; then echo 'HAProxy version 3.0.5-8e879a5'; exit; fi\n{script}\n"
        ),
    )
    .unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    (folder, path)
}

#[test]
fn the_exit_code_counts_and_not_the_words() {
    let text = "global\n    log /dev/log local0\n";
    for (script, code) in [
        ("echo 'Configuration file is valid'; exit 1", 1),
        ("exit 0", 0),
        ("echo 'all is lost' >&2; exit 1", 1),
    ] {
        let (_folder, program) = stand_in(script);
        let run = Run::new("validate - --kind haproxy --rule haproxy-parser --haproxy").arg(&program);
        run.stdin(text).go().code(code);
    }
    let (_folder, program) = stand_in("echo '[WARNING]  (12) : config : something odd' >&2; exit 0");
    let run =
        Run::new("validate - --kind haproxy --format json --rule haproxy-parser --haproxy").arg(&program);
    let json = run.stdin(text).go().code(1).json();
    assert_eq!(json["findings"][0]["message"], "something odd");
    assert_eq!(json["findings"][0]["severity"], "warning");
}

#[test]
fn where_it_is_not_installed_that_is_told() {
    let run = Run::new("validate - --kind haproxy --rule haproxy-parser --haproxy /nowhere/haproxy");
    run.stdin("global\n").go().code(0).told("not installed");
}
