//! Generated inventories and values, rendered by the real Ansible and by the program: the same bytes, the same words.
//!
//! Ansible's part is its own inventory, precedence and template engine, called from tests/render/ansible_render.py:
//! 500 runs of ansible-playbook would take an hour. playbook.rs holds that way against a real run.

use crate::generate::{self, Case};
use crate::roles::root;
use crate::support::skip;
use crate::values::PUBLIC;
use reginfra::inventory::Inventory;
use reginfra::inventory::value::Value as Raw;
use reginfra::inventory::variables::Vaults;
use reginfra::render::{Part, RenderError, Rendered, Request, render, values};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// A few are enough while one works on it: REGINFRA_PARITY_CASES.
fn case_count() -> u64 {
    std::env::var("REGINFRA_PARITY_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(CASES)
}

const CASES: u64 = 500;
/// For all of them.
const PATIENCE: Duration = Duration::from_secs(1200);

/// The folder of ansible-core's programs; none where this test is not to run.
pub fn ansible() -> Option<PathBuf> {
    let folder = std::env::var_os("REGINFRA_ANSIBLE").map(PathBuf::from);
    if folder.is_none() {
        skip("REGINFRA_ANSIBLE names no ansible-core: rendered files were NOT held against it (make parity)");
    }
    folder
}

/// Roles with their own defaults, vars and templates, and a task that does nothing.
fn roles(folder: &Path) {
    for part in Part::ALL {
        let role = folder.join(part.role());
        fs::create_dir_all(role.join("tasks")).unwrap();
        fs::write(role.join("tasks/main.yml"), "- ansible.builtin.debug:\n    msg: nothing\n").unwrap();
        for name in ["defaults", "vars"] {
            link(&root().join("roles").join(part.role()).join(name), &role.join(name));
        }
        link(&root().join("templates").join(part.role()), &role.join("templates"));
    }
}

/// A program of Ansible's that finds no configuration but what lies in `home`, where it runs.
pub fn isolated(program: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("LC_ALL", "C.UTF-8")
        .current_dir(home);
    command
}

pub fn link(to: &Path, from: &Path) {
    std::os::unix::fs::symlink(to, from).unwrap();
}

/// Those that are rendered.
fn hosts(seed: u64, case: &Case, part: Part) -> Vec<String> {
    let inventory = Inventory::load(&case.inventory).unwrap();
    let names = inventory.hosts_in(part.group());
    let chosen = seed as usize % names.len();
    let taken = |(n, _): &(usize, &str)| case.all || *n == chosen;
    names.into_iter().enumerate().filter(taken).map(|(_, name)| name.to_owned()).collect()
}

fn work(seed: u64, case: &Case, folder: &Path) -> Value {
    let parts: Vec<Value> = Part::ALL
        .iter()
        .map(|part| {
            let files: Vec<Value> = part
                .files()
                .iter()
                .map(|file| json!({"template": file.template, "path": file.path, "when": file.when}))
                .collect();
            let current = case.current.as_ref().filter(|_| *part == Part::CacheUrl);
            json!({
                "role": folder.join(part.role()),
                "hosts": hosts(seed, case, *part),
                "problems": format!("__{}_problems", part.role()),
                "files": files,
                "vars": current.map_or(json!({}), |text| json!({"__capsule_cache_url_current": text})),
            })
        })
        .collect();
    let facts = match &case.target.facts()["ansible_facts"] {
        facts @ Raw::Map(_) => facts.to_json(),
        other => panic!("{other:?}"),
    };
    json!({"id": seed, "inventory": case.inventory, "extra": case.set, "facts": facts, "public": seed.is_multiple_of(2), "parts": parts})
}

/// What Ansible makes of each: by case, by role, by host.
fn real(programs: &Path, works: &[Value]) -> BTreeMap<u64, Value> {
    let half = works.len().div_ceil(2).max(1);
    let runs: Vec<_> = works
        .chunks(half)
        .map(|share| {
            let (python, share) = (programs.join("python"), share.to_vec());
            std::thread::spawn(move || answers(&python, &share))
        })
        .collect();
    runs.into_iter().flat_map(|run| run.join().unwrap()).collect()
}

fn answers(python: &Path, works: &[Value]) -> Vec<(u64, Value)> {
    let home = tempfile::tempdir().unwrap();
    let (input, output, told) = (home.path().join("in"), home.path().join("out"), home.path().join("told"));
    let mut file = fs::File::create(&input).unwrap();
    works.iter().for_each(|work| writeln!(file, "{work}").unwrap());
    let mut child = isolated(python, home.path())
        .arg(root().join("tests/render/ansible_render.py"))
        .stdin(fs::File::open(&input).unwrap())
        .stdout(fs::File::create(&output).unwrap())
        .stderr(fs::File::create(&told).unwrap())
        .spawn()
        .unwrap();
    let since = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if since.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("Ansible takes more than {PATIENCE:?}");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let lines = fs::read_to_string(output).unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    if lines.len() != works.len() {
        let told = fs::read_to_string(told).unwrap();
        let last: Vec<&str> = told.lines().rev().take(30).collect();
        let last = last.into_iter().rev().collect::<Vec<_>>().join("\n");
        panic!("Ansible answered for {} of {}:\n{last}", lines.len(), works.len());
    }
    lines.into_iter().map(|line| (line["id"].as_u64().unwrap(), line["roles"].clone())).collect()
}

fn ours(seed: u64, case: &Case, part: Part) -> Result<Rendered, RenderError> {
    let inventory = Inventory::load(&case.inventory).unwrap();
    let request = Request {
        host: (!case.all).then(|| hosts(seed, case, part).remove(0)),
        extra: values::extra(&[], &case.set, Vaults::Closed)?,
        current: case.current.clone().filter(|_| part == Part::CacheUrl),
        ..Request::new(part, case.target)
    };
    render(&inventory, &request)
}

/// How a case went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Went {
    Rendered,
    Refused,
    Failed,
}

/// The same from both, or what differs.
fn compare(ours: &Result<Rendered, RenderError>, real: &Value) -> Result<Went, String> {
    let hosts = real.as_object().unwrap();
    if let Some(error) = hosts.values().find_map(|host| host["error"].as_str()) {
        return match ours {
            Err(RenderError::Inventory(_)) => Ok(Went::Failed),
            other => Err(format!("Ansible fails: {error}\nours {other:?}")),
        };
    }
    let mut problems: Vec<&str> = Vec::new();
    for problem in hosts.values().filter_map(|h| h["problems"].as_array()).flatten() {
        let problem = problem.as_str().unwrap();
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
    match ours {
        Err(RenderError::Problems(ours)) if !problems.is_empty() && *ours == problems => Ok(Went::Refused),
        Ok(rendered) if problems.is_empty() => same_files(rendered, hosts),
        other => Err(format!("Ansible's problems: {problems:#?}\nours {other:#?}")),
    }
}

fn same_files(ours: &Rendered, hosts: &serde_json::Map<String, Value>) -> Result<Went, String> {
    let mut left: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for (host, answer) in hosts {
        for (path, text) in answer["files"].as_object().unwrap() {
            left.insert((host, path), text.as_str().unwrap());
        }
    }
    for file in &ours.files {
        match left.remove(&(file.host.as_str(), file.path.as_str())) {
            Some(text) if text == file.text => {}
            Some(text) => {
                let plain = reginfra::report::table::TableStyle::default();
                let shown = reginfra::report::diff::unified("Ansible", text, "ours", &file.text, plain);
                return Err(format!("{} {}\n{shown}", file.host, file.path));
            }
            None => return Err(format!("Ansible has no {} {}", file.host, file.path)),
        }
    }
    if left.is_empty() { Ok(Went::Rendered) } else { Err(format!("Ansible has more: {:?}", left.keys())) }
}

#[test]
fn the_same_bytes_as_ansible_for_500_inventories() {
    let Some(programs) = ansible() else { return };
    let count = case_count();
    let began = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    roles(folder.path());
    let cases: Vec<Case> = (0..count).map(|seed| generate::write(folder.path(), seed)).collect();
    let works: Vec<Value> = (0..).zip(&cases).map(|(seed, case)| work(seed, case, folder.path())).collect();
    let real = real(&programs, &works);
    let (mut counts, mut different, mut covered) = (BTreeMap::new(), Vec::new(), BTreeSet::new());
    for (seed, case) in (0..).zip(&cases) {
        for part in Part::ALL {
            match compare(&ours(seed, case, part), &real[&seed][part.role()]) {
                Ok(went) => {
                    *counts.entry((part.role(), went)).or_insert(0) += 1;
                    if went == Went::Rendered {
                        let of_role = case.given.iter().filter(|(name, _)| name.starts_with(part.role()));
                        covered.extend(of_role.map(|(name, _)| *name));
                    }
                }
                Err(what) => different.push(format!("case {seed}, {}: {what}", part.role())),
            }
        }
    }
    eprintln!("{count} inventories in {:?}: {counts:?}", began.elapsed());
    assert!(
        different.is_empty(),
        "{} differ:\n{}",
        different.len(),
        different.iter().take(4).cloned().collect::<Vec<_>>().join("\n\n")
    );
    for part in Part::ALL {
        let rendered = counts.get(&(part.role(), Went::Rendered)).copied().unwrap_or(0);
        assert!(rendered * 2 > count, "of {}, only {rendered} were rendered", part.role());
    }
    if count < CASES {
        return eprintln!(
            "only {count} inventories were asked for: whether each variable is covered was not looked at"
        );
    }
    let not: Vec<&str> =
        PUBLIC.iter().map(|(name, _)| *name).filter(|name| !covered.contains(name)).collect();
    assert!(not.is_empty(), "given in no inventory that was rendered: {not:?}");
}
