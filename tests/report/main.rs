//! `report` from the outside: what stands in the page, what it lets in, how a browser takes it.

#![allow(clippy::unwrap_used, clippy::panic)]

mod bad_input;
mod browser;
mod content;
mod headlines;
mod hostile;
mod keyboard;
mod notes;
mod page;
#[path = "../support/mod.rs"]
mod support;
mod under_way;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use support::{Run, Storm};

/// Two storms and the runs that were kept of them.
struct Kept {
    before: Storm,
    after: Storm,
    folder: tempfile::TempDir,
}

static KEPT: LazyLock<Kept> = LazyLock::new(|| {
    let options = "--sessions 400 --rate 20 --noise 0.1 --cache-lines yes --failures 0.05";
    let kept = Kept {
        before: Storm::new(&format!("{options} --seed 11")),
        after: Storm::new(&format!("{options} --seed 12 --scale consumer_create_ms=0.5 --warm-cache")),
        folder: tempfile::tempdir().unwrap(),
    };
    for (storm, name) in [(&kept.before, "before"), (&kept.after, "after")] {
        let run = Run::new("metrics --quiet --label level=20 -i").arg(storm.inventory());
        run.arg("--log").arg(&storm.dir).arg("--save").arg(kept.folder.path().join(name)).go().code(0);
    }
    kept
});

fn kept(name: &str) -> PathBuf {
    KEPT.folder.path().join(name)
}

/// A copy of a kept run, to be changed.
fn copied(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in fs::read_dir(kept(name)).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    folder
}

/// The page of a run that was kept.
fn page_of(run: &Path) -> page::Page {
    page::Page::parse(&Run::new("report").arg(run).go().code(0).says_nothing_on_stderr().stdout)
}

/// The page of both runs.
fn page_of_both() -> &'static str {
    static PAGE: LazyLock<String> = LazyLock::new(|| {
        Run::new("report").arg(kept("after")).arg("--before").arg(kept("before")).go().code(0).stdout
    });
    &PAGE
}
