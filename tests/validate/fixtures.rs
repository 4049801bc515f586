//! The folders of tests/fixtures/rules: cases, how each is run, and where it says that a finding must be.
//!
//! `bad*` gives the rule's finding on each line below a `# finding`, and nowhere else; `good*` gives none.
//! `# options: ...` in the first line is added to the command line. A folder's inventory.ini is given with -i.

use crate::support::Run;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

pub struct Case {
    pub rule: String,
    pub bad: bool,
    pub path: PathBuf,
}

/// What a case gives: file and line, 0 for the file as a whole.
pub type Places = BTreeSet<(String, u64)>;

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/rules")
}

fn names(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    found.sort();
    found
}

pub fn cases() -> Vec<Case> {
    let mut found = Vec::new();
    for folder in names(&root()) {
        let rule = folder.file_name().unwrap().to_str().unwrap().to_owned();
        for path in names(&folder) {
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(name.starts_with("bad") || name.starts_with("good"), "{}", path.display());
            found.push(Case { rule: rule.clone(), bad: name.starts_with("bad"), path });
        }
    }
    found
}

impl Case {
    /// All its files; for a file itself.
    pub fn files(path: &Path) -> Vec<PathBuf> {
        if path.is_file() {
            return vec![path.to_owned()];
        }
        names(path).iter().flat_map(|p| Self::files(p)).collect()
    }

    /// `validate` on a copy of it, or on itself.
    pub fn run_at(&self, path: &Path) -> Run {
        let options = Self::files(path)
            .iter()
            .filter_map(|f| {
                fs::read_to_string(f)
                    .unwrap()
                    .lines()
                    .find_map(|l| l.strip_prefix("# options: ").map(str::to_owned))
            })
            .collect::<Vec<_>>()
            .join(" ");
        let asked = if self.rule == "haproxy-parser" { "" } else { "--haproxy none" };
        let mut run = Run::new("validate --fail-level advice").words(asked).words(&options);
        if path.join("inventory.ini").exists() {
            run = run.arg("-i").arg(path.join("inventory.ini"));
        }
        let yaml = path.join("hosts.yml");
        run.arg(if yaml.exists() { &yaml } else { path })
    }

    pub fn run(&self) -> Run {
        self.run_at(&self.path)
    }

    pub fn wanted(&self) -> Places {
        let mut found = Places::new();
        for file in Self::files(&self.path) {
            let text = fs::read_to_string(&file).unwrap();
            let name = file.to_str().unwrap().to_owned();
            for (at, line) in text.lines().enumerate() {
                match line.trim() {
                    "# finding" => _ = found.insert((name.clone(), at as u64 + 2)),
                    "# finding in the whole file" => _ = found.insert((name.clone(), 0)),
                    _ => {}
                }
            }
        }
        assert_eq!(found.is_empty(), !self.bad, "{}", self.path.display());
        found
    }
}

/// Findings of one rule.
pub fn of_rule<'a>(json: &'a Value, rule: &str) -> Vec<&'a Value> {
    json["findings"].as_array().unwrap().iter().filter(|f| f["rule"] == rule).collect()
}

pub fn places(json: &Value, rule: &str) -> Places {
    let place = |f: &&Value| (f["file"].as_str().unwrap().to_owned(), f["line"].as_u64().unwrap_or(0));
    of_rule(json, rule).iter().map(place).collect()
}
