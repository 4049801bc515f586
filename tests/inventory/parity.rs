//! The same inventories to reginfra and to the real `ansible-inventory --list`: the same values, the same refusals.

use crate::commands::program;
use crate::generate;
use crate::support::Run;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// For all inventories together; one takes a second at most.
const PATIENCE: Duration = Duration::from_secs(1800);

/// The folder of ansible-core's programs; none where this test is not to run.
fn ansible() -> Option<PathBuf> {
    let folder = std::env::var_os("REGINFRA_ANSIBLE").map(PathBuf::from);
    if folder.is_none() {
        eprintln!(
            "SKIPPED: REGINFRA_ANSIBLE names no ansible-core: inventories were NOT held against it (make parity)"
        );
    }
    folder
}

fn fixtures(kind: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/inventories").join(kind);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    // files with variables beside them, by their own name too
    for inner in ["hosts", "hosts.ini", "hosts.yml"] {
        let beside: Vec<PathBuf> = paths.iter().map(|p| p.join(inner)).filter(|p| p.is_file()).collect();
        paths.extend(beside);
    }
    paths.sort();
    paths
}

/// What Ansible says of each: its listing, or its words where it refuses.
fn real(programs: &Path, paths: &[PathBuf]) -> BTreeMap<PathBuf, Result<Value, String>> {
    let half = paths.len().div_ceil(2).max(1);
    let shares: Vec<Vec<PathBuf>> = paths.chunks(half).map(<[PathBuf]>::to_vec).collect();
    let runs: Vec<_> = shares
        .into_iter()
        .map(|share| {
            let python = programs.join("python");
            std::thread::spawn(move || listed(&python, &share))
        })
        .collect();
    runs.into_iter().flat_map(|run| run.join().unwrap()).collect()
}

fn listed(python: &Path, paths: &[PathBuf]) -> Vec<(PathBuf, Result<Value, String>)> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inventory/ansible_list.py");
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("out");
    let mut child = Command::new(python)
        .arg(script)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home.path())
        .env("LC_ALL", "C.UTF-8")
        .current_dir(home.path())
        .stdin(Stdio::piped())
        .stdout(std::fs::File::create(&out).unwrap())
        .spawn()
        .unwrap();
    let names: String = paths.iter().map(|p| format!("{}\n", p.display())).collect();
    child.stdin.take().unwrap().write_all(names.as_bytes()).unwrap();
    let since = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if since.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("ansible-inventory hangs");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let answers: Vec<Value> =
        std::fs::read_to_string(out).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(answers.len(), paths.len(), "Ansible answered for each");
    answers
        .into_iter()
        .map(|answer| {
            let path = PathBuf::from(answer["path"].as_str().unwrap());
            let listing = match answer["code"].as_i64() {
                Some(0) => Ok(serde_json::from_str(answer["stdout"].as_str().unwrap()).unwrap()),
                _ => Err(answer["stderr"].as_str().unwrap().to_owned()),
            };
            (path, listing)
        })
        .collect()
}

/// Holds each against Ansible; says how many are equal and which are not.
fn hold(programs: &Path, paths: &[PathBuf], legal: bool) -> usize {
    let mut different = Vec::new();
    for (path, real) in real(programs, paths) {
        let ours = Run::new("inventory --json -i").arg(&path).go();
        match real {
            Ok(listing) if ours.code == Some(0) && listing == ours.json() => {
                assert!(legal, "{}", path.display())
            }
            Err(_) if ours.code == Some(2) => {
                assert!(!legal, "Ansible refuses {}: {}", path.display(), ours.stderr)
            }
            Ok(listing) => different.push(format!(
                "{}\nreal {listing}\nours {}{}",
                path.display(),
                ours.stdout,
                ours.stderr
            )),
            Err(words) => different.push(format!("{} is taken; Ansible: {words}", path.display())),
        }
    }
    assert!(
        different.is_empty(),
        "{} of {} differ:\n{}",
        different.len(),
        paths.len(),
        different.join("\n\n")
    );
    paths.len()
}

#[test]
fn legal_inventories_have_the_same_values_as_in_ansible() {
    let Some(programs) = ansible() else { return };
    let written = hold(&programs, &fixtures("legal"), true);
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = (0..120).map(|seed| generate::write(folder.path(), seed)).collect();
    let made = hold(&programs, &paths, true);
    eprintln!("{written} written by hand and {made} generated inventories are equal");
    assert!(written >= 70 && made >= 100);
}

#[test]
fn what_ansible_refuses_is_refused() {
    let Some(programs) = ansible() else { return };
    let refused = hold(&programs, &fixtures("refused"), false);
    eprintln!("{refused} inventories are refused by both");
    assert!(refused >= 36);
}

/// Each refused fixture as its error begins, and what it says to do or to look for.
const REFUSALS: &[(&str, &str)] = &[
    ("alias.yml:2:", "found unknown anchor"),
    // a loop through the group that holds all others: no line of its own
    ("all_below.ini:", "take one of the two away"),
    ("broken_host_vars/host_vars/h1.yml:2:", "did not find expected node content"),
    ("broken_vars/group_vars/g.yml:1:", "is a mapping of KEY: VALUE"),
    ("child.ini:2:", "takes one group a line"),
    ("date.yml:2:", "put quotes around it"),
    ("documents.yml:2:", "a second document begins here"),
    ("equals.yml:2:", "put quotes around it"),
    ("escape.ini:2:", r"write \\"),
    // what stands below the name begins there
    ("group_number.yml:2:", "put quotes around it"),
    ("host_number.yml:2:", "put quotes around it"),
    ("host_text.yml:2:", "below a host stand its variables as KEY: VALUE"),
    ("hosts_list.yml:2:", "write NAME: below it"),
    ("indent.yml:4:", "did not find expected key"),
    ("list.yml:1:", "as all:, then hosts: below it"),
    ("loop.ini:4:", "take one of the two away"),
    ("loop.yml:3:", "take one of the two away"),
    ("merge.yml:2:", "<< merges a mapping or a list of mappings"),
    ("no_child.ini:2:", "add [b], or correct the name"),
    ("no_group.ini:3:", "add [b], or correct the name"),
    ("open_flow.yml:2:", "did not find expected node content"),
    ("open_quote.ini:2:", r"close it, or put a \ before it"),
    ("plugin.yml:1:", "--via-ansible asks"),
    ("priority.ini:4:", "write one, as 10"),
    ("range.ini:2:", "a range needs an end, as [1:50]"),
    ("range_letters.ini:2:", "the begin must not be after the end"),
    ("range_step.ini:2:", "as [1:50:2]"),
    ("range_zero.ini:2:", "as [001:120]"),
    ("section.ini:1:", "write [group], [group:vars] or [group:children]"),
    ("section_kind.ini:1:", "write [group], [group:vars] or [group:children]"),
    ("self.ini:2:", "take one of the two away"),
    ("semicolon.ini:2:", "comments behind #"),
    ("tab.yml:2:", "tabs disallowed"),
    ("tag.yml:2:", "take the tag away"),
    ("two_hosts.ini:2:", "put one host a line"),
    ("unhashable.ini:2:", "put quotes around it"),
    ("vars.ini:4:", "a [group:vars] section takes nothing else"),
    ("vault:1:", "--via-ansible asks"),
    ("yaml.ini:1:", "name it .yml, or give the INI form"),
];

#[test]
fn refusals_name_file_line_and_way_out() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/inventories/refused");
    let mut told = BTreeSet::new();
    for path in fixtures("refused") {
        let name = path.strip_prefix(&folder).unwrap().iter().next().unwrap().to_str().unwrap();
        let of = |place: &str| place.split([':', '/']).next() == Some(name);
        let (place, words) = REFUSALS.iter().find(|(place, _)| of(place)).unwrap_or_else(|| panic!("{name}"));
        let done = Run::new("inventory -i").arg(&path).go().code(2).says_nothing_on_stdout();
        let begins = format!("error: {}/{place} ", folder.display());
        assert!(done.stderr.starts_with(&begins), "{begins}: {done:#?}");
        assert!(done.stderr.contains(words), "{words}: {done:#?}");
        assert!(done.stderr.lines().count() == 1, "{done:#?}");
        told.insert(*place);
    }
    assert_eq!(told.len(), REFUSALS.len(), "{told:?}");
}

#[test]
fn legal_inventories_are_listed() {
    for path in fixtures("legal") {
        let done = Run::new("inventory --json -i").arg(&path).go().code(0);
        assert!(done.json()["_meta"]["hostvars"].is_object(), "{done:#?}");
    }
}

/// What makes an inventory by itself: a script as Ansible calls it, and groups and variables made of others.
const SCRIPT: &str = r#"[ "$1" = --list ] || exit 1
cat <<'END'
{"_meta": {"hostvars": {
    "cap1.example.com": {"private_ip": "10.0.1.1", "odd": ["a", {"b": null}], "later": "{{ 1 + 1 }}"},
    "lb.example.com": {"private_ip": "10.0.1.100"}}},
 "satellite6": {"hosts": ["sat.example.com"]}, "capsule_lbs": {"hosts": ["lb.example.com"]},
 "capsules": {"hosts": ["cap1.example.com", "cap2.example.com"], "vars": {"ansible_port": 22, "x": "a b"}},
 "location_dublin": {"children": ["capsule_lbs"], "hosts": ["cap1.example.com"]}}
END"#;
const HOSTS: &str = "\
[satellite6]
sat.example.com
[capsules]
cap1.example.com site=dublin number=1
cap2.example.com site=oslo number=2
[capsule_lbs]
lb.example.com site=dublin number=100
";
const CONSTRUCTED: &str = "\
plugin: constructed
compose:
  private_ip: \"'10.0.1.' ~ number\"
  big: number | int > 50
groups:
  first: number | default(0) | int == 1
keyed_groups:
  - {key: site, prefix: location}
";

#[test]
fn scripts_and_plugins_are_what_ansible_makes_of_them() {
    let Some(programs) = ansible() else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    program(folder.path(), "script", SCRIPT);
    std::fs::create_dir(at("plugin")).unwrap();
    std::fs::write(at("plugin/10-hosts.ini"), HOSTS).unwrap();
    std::fs::write(at("plugin/20-constructed.yml"), CONSTRUCTED).unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let listed = real(&programs, &[at("script"), at("plugin")]);
    for (name, refused) in [
        ("script", "script:1: is a program that makes an inventory"),
        ("plugin", "20-constructed.yml:1: is the configuration of the inventory plugin constructed"),
    ] {
        let run = |words: &str| {
            let run = Run::new("inventory -i").arg(at(name)).words(words).env("PATH", &path);
            run.env("HOME", folder.path()).env("LC_ALL", "C.UTF-8").go()
        };
        run("").code(2).told(refused).told("--via-ansible").says_nothing_on_stdout();
        let ours = run("--via-ansible --json").code(0).json();
        assert_eq!(&ours, listed[&at(name)].as_ref().unwrap(), "{name}");
        assert_eq!(ours["location_dublin"]["hosts"][0], "cap1.example.com", "{name}: {ours}");
        let shown = run("--via-ansible").code(0).stdout;
        for part in ["1 Satellite, 2 capsules, 1 load balancer", "dublin", "behind it   ssh  10.0.1.1\n"] {
            assert!(shown.contains(part), "{name}: {part}: {shown}");
        }
    }
}

// the password of the caches' monitoring user, encrypted in place and with its whole file, as Ansible's users keep it
#[test]
fn what_ansible_vault_encrypted_is_opened_through_ansible() {
    let Some(programs) = ansible() else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let secret = at("secret");
    std::fs::write(&secret, "open sesame\n").unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let vault = |words: &[&str]| {
        let mut command = Command::new(programs.join("ansible-vault"));
        command
            .args(words)
            .env_clear()
            .env("PATH", &path)
            .env("HOME", folder.path())
            .env("LC_ALL", "C.UTF-8");
        let done = command.env("ANSIBLE_VAULT_PASSWORD_FILE", &secret).stdin(Stdio::null()).output().unwrap();
        assert!(done.status.success(), "{done:?}");
        String::from_utf8(done.stdout).unwrap()
    };
    std::fs::write(at("hosts.ini"), "[capsule_lbs]\nlb.example.com\n").unwrap();
    std::fs::create_dir_all(at("group_vars/all")).unwrap();
    let in_place = vault(&["encrypt_string", "--name", "registration_cache_monitor_password", "mon pw"]);
    assert!(in_place.contains("!vault") && !in_place.contains("mon pw"), "{in_place}");
    std::fs::write(at("group_vars/all/in_place.yml"), in_place).unwrap();
    let whole = at("group_vars/all/whole.yml");
    std::fs::write(&whole, "registration_cache_password: cache pw\n").unwrap();
    vault(&["encrypt", whole.to_str().unwrap()]);
    assert!(std::fs::read_to_string(&whole).unwrap().starts_with("$ANSIBLE_VAULT;"));

    let run = |words: &str| {
        let run = Run::new("inventory --host lb.example.com -i").arg(at("hosts.ini")).words(words);
        run.env("PATH", &path).env("HOME", folder.path()).env("LC_ALL", "C.UTF-8")
    };
    let opened =
        run("--via-ansible --rendered").env("ANSIBLE_VAULT_PASSWORD_FILE", &secret).go().code(0).json();
    assert_eq!(opened["registration_cache_monitor_password"], "mon pw", "{opened}");
    assert_eq!(opened["registration_cache_password"], "cache pw", "{opened}");
    // without it, and with a password that is not the right one
    run("").go().code(2).told("whole.yml:1: is encrypted with ansible-vault").told("--via-ansible");
    std::fs::write(&secret, "another\n").unwrap();
    let wrong = run("--via-ansible --rendered").env("ANSIBLE_VAULT_PASSWORD_FILE", &secret).go().code(2);
    assert!(!wrong.stderr.contains("sesame") && wrong.stderr.contains("ecrypt"), "{wrong:#?}");
}
