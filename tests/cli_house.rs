//! The command line itself: help, misuse, completions, manual pages, what a terminal gets, what README shows.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "support/mod.rs"]
mod support;

use assert_cmd::Command;
use predicates::str::contains;
use std::error::Error;
use std::path::Path;
use std::process::{self, Stdio};
use support::{Run, Storm, skip};

type Outcome = Result<(), Box<dyn Error>>;

/// The program with nothing of the caller's environment in it.
fn reginfra() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reginfra"));
    command.env_clear();
    command
}

fn completions(shell: &str) -> Vec<u8> {
    reginfra().args(["completions", shell]).assert().success().stderr("").get_output().stdout.clone()
}

/// Whether a program that only some machines have can be started here.
fn there_is(program: &str) -> bool {
    process::Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok()
}

#[test]
fn completions_of_each_shell_know_the_subcommands() -> Outcome {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = String::from_utf8(completions(shell))?;
        assert!(script.contains("metrics"), "{shell}: {script}");
        assert!(script.contains("utc-offset"), "{shell}: {script}");
    }
    Ok(())
}

#[test]
fn shells_accept_their_completions() {
    for shell in ["bash", "zsh", "fish"].into_iter().filter(|shell| there_is(shell)) {
        Command::new(shell).arg("-n").write_stdin(completions(shell)).assert().success().stderr("");
    }
}

#[test]
fn an_unknown_shell_is_misuse() {
    reginfra().args(["completions", "tcsh"]).assert().code(2).stdout("").stderr(contains("bash"));
}

#[test]
fn the_manual_page_goes_to_stdout() {
    reginfra()
        .arg("man")
        .assert()
        .success()
        .stdout(contains(".TH reginfra 1"))
        .stdout(contains("reginfra\\-metrics(1)"))
        .stderr("");
}

#[test]
fn each_subcommand_has_a_manual_page() -> Outcome {
    let folder = tempfile::tempdir()?;
    let pages = folder.path().join("share/man1");
    reginfra().args(["man", "--output"]).arg(&pages).assert().success().stdout("").stderr("");
    let names = names_in(&pages)?;
    for name in [
        "reginfra.1",
        "reginfra-compare.1",
        "reginfra-completions.1",
        "reginfra-export.1",
        "reginfra-history.1",
        "reginfra-inventory.1",
        "reginfra-man.1",
        "reginfra-metrics.1",
        "reginfra-render.1",
        "reginfra-report.1",
        "reginfra-simulate.1",
        "reginfra-trace.1",
        "reginfra-validate.1",
    ] {
        assert!(names.iter().any(|n| n == name), "{name} is not among {names:?}");
    }
    let metrics = std::fs::read_to_string(pages.join("reginfra-metrics.1"))?;
    assert!(metrics.contains(".SH \"EXAMPLES\"\n.nf\n  reginfra metrics \\-\\-log"), "{metrics}");
    Ok(())
}

#[test]
fn manual_pages_are_replaced_in_place() -> Outcome {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("reginfra.1"), "old")?;
    for _ in 0..2 {
        reginfra().args(["man", "--output"]).arg(folder.path()).assert().success();
    }
    assert!(names_in(folder.path())?.iter().all(|name| name.ends_with(".1")), "something was left behind");
    let written = std::fs::read(folder.path().join("reginfra.1"))?;
    assert_eq!(reginfra().arg("man").output()?.stdout, written);
    Ok(())
}

#[cfg(unix)]
#[test]
fn manual_pages_can_be_read_by_others() -> Outcome {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir()?;
    let plain = folder.path().join("plain");
    std::fs::write(&plain, "")?;
    reginfra().args(["man", "--output"]).arg(folder.path()).assert().success();
    let mode =
        |path: &Path| -> Result<u32, Box<dyn Error>> { Ok(std::fs::metadata(path)?.permissions().mode()) };
    assert_eq!(mode(&folder.path().join("reginfra.1"))?, mode(&plain)?);
    Ok(())
}

#[test]
fn groff_finds_nothing_to_warn_of_in_the_manual_pages() -> Outcome {
    if !there_is("groff") {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    reginfra().args(["man", "--output"]).arg(folder.path()).assert().success();
    for name in names_in(folder.path())? {
        Command::new("groff")
            .args(["-man", "-ww", "-z", "-Tutf8"])
            .arg(folder.path().join(&name))
            .assert()
            .success()
            .stdout("")
            .stderr("");
    }
    Ok(())
}

#[test]
fn a_folder_that_cannot_be_written_is_named() -> Outcome {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("file");
    std::fs::write(&file, "")?;
    reginfra()
        .args(["man", "--output"])
        .arg(file.join("man1"))
        .assert()
        .code(2)
        .stdout("")
        .stderr(contains(format!("cannot make {}", file.join("man1").display())));
    Ok(())
}

#[test]
fn a_closed_pipe_is_success_and_quiet() -> Outcome {
    for arguments in
        [&["completions", "bash"][..], &["man"], &["--help"], &["metrics", "--help"], &["validate", "--help"]]
    {
        let (reader, writer) = std::io::pipe()?;
        drop(reader);
        let output =
            process::Command::new(env!("CARGO_BIN_EXE_reginfra")).args(arguments).stdout(writer).output()?;
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
    Ok(())
}

/// What the shell's words show on a terminal of so many columns; none where no terminal can be had.
fn on_a_terminal(columns: u16, words: &str, env: &[(&str, &str)]) -> Option<String> {
    if !there_is("script") {
        skip("script is not there (its package: bsdutils): what a terminal gets was NOT tested");
        return None;
    }
    let words = format!("stty rows 40 cols {columns}; {words}");
    let mut script = process::Command::new("script");
    script.args(["-qec", &words, "/dev/null"]).stdin(Stdio::null()).env_clear();
    script.env("PATH", std::env::var_os("PATH").unwrap()).env("TERM", "xterm").envs(env.iter().copied());
    let done = script.output().unwrap();
    let shown = String::from_utf8(done.stdout).unwrap();
    assert_eq!(done.status.code(), Some(0), "{words}: {shown}");
    Some(shown)
}

fn without_colours(text: &str) -> String {
    let mut plain = Vec::new();
    reginfra::log::assemble::strip_escapes(text.as_bytes(), &mut plain);
    String::from_utf8(plain).unwrap().replace('\r', "")
}

#[test]
fn a_terminal_gets_colour_and_its_whole_width_and_a_pipe_neither() {
    let storm = Storm::new("--sessions 20 --rate 20 --seed 5 --noise 0");
    let words = ["metrics", "--log", storm.dir.to_str().unwrap()];
    let piped = reginfra().env("TERM", "xterm").args(words).assert().success().stderr("");
    let piped = String::from_utf8(piped.get_output().stdout.clone()).unwrap();
    assert!(!piped.contains('\u{1b}'), "{piped}");
    assert!(piped.lines().all(|line| line.chars().count() <= 80), "{piped}");
    let words = format!("'{}' {}", env!("CARGO_BIN_EXE_reginfra"), words.join(" "));
    let Some(shown) = on_a_terminal(80, &words, &[]) else { return };
    assert!(shown.contains("\u{1b}["), "{shown}");
    assert_eq!(without_colours(&shown), piped);
    let plain = on_a_terminal(80, &words, &[("NO_COLOR", "1")]).unwrap();
    assert_eq!(plain.replace('\r', ""), piped);
    let wide = without_colours(&on_a_terminal(120, &words, &[]).unwrap());
    let longest = wide.lines().map(|line| line.chars().count()).max().unwrap();
    assert!((100..=120).contains(&longest), "{longest}: {wide}");
    assert!(wide.contains("POST /rhsm/consumers") && !piped.contains("POST /rhsm/consumers"), "{wide}");
}

#[test]
fn only_a_terminal_sees_how_far_work_of_more_than_a_second_is() {
    let storm = Storm::new("--sessions 20 --rate 20 --seed 5 --noise 0");
    let (log, program) = (storm.log(), env!("CARGO_BIN_EXE_reginfra"));
    let words = format!("{{ cat '{}'; sleep 1.2; }} | '{program}' metrics --log - >&2", log.display());
    let mut sh = process::Command::new("sh");
    let piped = sh.args(["-c", &words]).env("TERM", "xterm").env_remove("CLICOLOR_FORCE").output().unwrap();
    let piped = String::from_utf8(piped.stderr).unwrap();
    assert!(piped.starts_with("Log of ") && !piped.contains(" of log, "), "{piped}");
    let Some(shown) = on_a_terminal(80, &words, &[]) else { return };
    assert!(shown.contains(" of log, "), "{shown:?}");
}

#[test]
fn readme_shows_what_the_demo_prints() {
    let storm = Storm::new("--sessions 1000 --rate 40 --seed 7");
    let run = Run::new("metrics -i").arg(storm.inventory()).arg("--log").arg(&storm.dir);
    let printed = run.go().code(0).stdout;
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let (_, shown) = readme.split_once("(here of `make demo`, a simulated storm):\n\n```text\n").unwrap();
    let (shown, _) = shown.split_once("```\n").unwrap();
    assert!(shown.lines().count() > 20 && printed.contains(shown), "README has\n{shown}\n\n{printed}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said() -> Outcome {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full")?;
    let output = process::Command::new(env!("CARGO_BIN_EXE_reginfra")).arg("man").stdout(full).output()?;
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: cannot write "));
    Ok(())
}

#[test]
fn every_subcommand_has_help() {
    for subcommand in [
        "metrics",
        "trace",
        "history",
        "export",
        "render",
        "report",
        "validate",
        "simulate",
        "completions",
        "man",
    ] {
        reginfra().args([subcommand, "--help"]).assert().success().stdout(contains("Usage: ")).stderr("");
    }
}

#[test]
fn help_has_examples() {
    for subcommand in ["metrics", "trace", "history", "export", "render", "report", "validate", "simulate"] {
        reginfra()
            .args([subcommand, "--help"])
            .assert()
            .success()
            .stdout(contains(format!("Examples:\n  reginfra {subcommand} ")));
    }
}

#[test]
fn each_command_tells_its_version() {
    for arguments in [&["--version"][..], &["metrics", "--version"]] {
        reginfra().args(arguments).assert().success().stdout(contains(env!("CARGO_PKG_VERSION")));
    }
}

#[test]
fn an_unknown_option_is_misuse_with_the_way_out() {
    reginfra()
        .args(["metrics", "--log", "x", "--nonsense"])
        .assert()
        .code(2)
        .stdout("")
        .stderr(contains("--nonsense"))
        .stderr(contains("Usage: reginfra metrics"))
        .stderr(contains("--help"));
}

#[test]
fn metrics_without_a_log_is_misuse() {
    reginfra().arg("metrics").assert().code(2).stdout("").stderr(contains("--log"));
}

#[test]
fn no_subcommand_is_misuse_with_help() {
    reginfra().assert().code(2).stdout("").stderr(contains("metrics"));
}

fn names_in(folder: &Path) -> Result<Vec<String>, std::io::Error> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}
