//! The simulated storm: its bytes, its shapes, and its truth held against its own log.

#![allow(clippy::unwrap_used, clippy::panic)]

mod files;
mod options;
mod shapes;
mod truth;

use clap::Parser;
use reginfra::cli::{Cli, Command};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A storm in a folder of its own.
struct Storm {
    _folder: tempfile::TempDir,
    dir: PathBuf,
}

impl Storm {
    fn new(options: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("storm");
        let words = ["reginfra", "simulate", dir.to_str().unwrap()];
        let cli = Cli::try_parse_from(words.into_iter().chain(options.split_whitespace())).unwrap();
        let Command::Simulate(args) = cli.command else { panic!("not simulate") };
        reginfra::simulate::simulate(&args).unwrap();
        Self { _folder: folder, dir }
    }

    fn truth(&self) -> Value {
        serde_json::from_slice(&fs::read(self.dir.join("truth.json")).unwrap()).unwrap()
    }

    fn sessions(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.dir.join("truth_sessions.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn read(&self, name: &str) -> String {
        let file = fs::File::open(self.dir.join(name)).unwrap();
        let mut reader: Box<dyn Read> = match name.rsplit('.').next() {
            Some("gz") => Box::new(flate2::read::GzDecoder::new(file)),
            Some("xz") => Box::new(xz2::read::XzDecoder::new(file)),
            Some("zst") => Box::new(zstd::Decoder::new(file).unwrap()),
            _ => Box::new(file),
        };
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        text
    }

    /// The files of the set, oldest first.
    fn set(&self) -> Vec<String> {
        let truth = self.truth();
        let names = truth["log"]["files"].as_array().unwrap().iter();
        names.map(|name| self.read(name.as_str().unwrap())).collect()
    }

    fn log(&self) -> String {
        self.set().concat()
    }

    fn capsule_logs(&self) -> Vec<String> {
        let names = self.truth()["capsules"].as_array().unwrap().clone();
        let path = |c: &Value| format!("capsules/{}/proxy.log", c["name"].as_str().unwrap());
        names.iter().map(|capsule| self.read(&path(capsule))).collect()
    }
}

fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(dir).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// 20 % failures, so that backtraces, which have continuation lines, are among the lines.
const SMALL: &str = "--sessions 120 --rate 20 --failures 0.2 --reregistrations 0.3 --lead 20 --seed 11";

fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value}"))
}
