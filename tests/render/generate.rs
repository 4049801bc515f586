//! Inventories with load balancers and capsules made up from a seed, and the values of a run beside each.

use crate::support::random::Random;
use crate::values::{CURRENT, PUBLIC};
use reginfra::render::Target;
use std::fs;
use std::path::{Path, PathBuf};

/// An inventory and what a run is given beside it.
pub struct Case {
    pub inventory: PathBuf,
    pub target: Target,
    /// As behind `--set` and `-e`.
    pub set: Vec<String>,
    /// Registration.yml as it is.
    pub current: Option<String>,
    /// Whether all hosts are rendered; else one of each group: Ansible takes its time.
    pub all: bool,
    /// Public variables that are given a value, and which of their values.
    pub given: Vec<(&'static str, usize)>,
}

const LOCATIONS: [&str; 4] = ["dublin", "brno", "new_york", "a1"];

/// Writes one. Case by case each public variable is given each of its values.
pub fn write(folder: &Path, seed: u64) -> Case {
    let mut random = Random(seed);
    let place = folder.join(format!("case{seed}"));
    fs::create_dir(&place).unwrap();
    let (mut hosts, pool) = hosts(&mut random);
    let given = given(&mut random, seed, &pool);
    let (mut all, mut lbs, mut capsules, mut set) = (String::new(), String::new(), String::new(), Vec::new());
    for (name, choice) in &given {
        let value = PUBLIC.iter().find(|(n, _)| n == name).unwrap().1[*choice];
        let line = format!("{name}: {value}\n");
        match random.below(6) {
            0 | 1 => all.push_str(&line),
            2 => lbs.push_str(&line),
            3 if name.starts_with("capsule_") => capsules.push_str(&line),
            4 if is_plain(value) => set.push(format!("{name}={value}")),
            5 => set.push(format!("{{{name}: {value}}}")),
            _ => lbs.push_str(&line),
        }
    }
    let vars = place.join("group_vars");
    fs::create_dir(&vars).unwrap();
    for (name, text) in [("all", &all), ("capsule_lbs", &lbs), ("capsules", &capsules)] {
        let name = if random.often(50) { format!("{name}.yml") } else { name.to_owned() };
        fs::write(vars.join(name), format!("---\nnet: 10.0\n{text}")).unwrap();
    }
    if random.often(20) {
        hosts.push_str("[capsule_lbs:vars]\nhaproxy_registration_fall=12\nregistration_cache_port=6400\n");
    }
    let inventory = place.join("hosts.ini");
    fs::write(&inventory, hosts).unwrap();
    let target = Target::ALL[1 + random.below(4)];
    let target = if random.often(3) { Target::El8 } else { target };
    let current = random.often(80).then(|| random.of(CURRENT).to_owned());
    Case { inventory, target, set, current, all: seed.is_multiple_of(10), given }
}

/// Whether it means the same as text.
fn is_plain(value: &str) -> bool {
    value.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-:".contains(&b))
}

/// One variable in turn, some others by chance; what only fits together is given together.
fn given(random: &mut Random, seed: u64, pool: &[String]) -> Vec<(&'static str, usize)> {
    let turn = seed as usize % PUBLIC.len();
    let round = seed as usize / PUBLIC.len();
    let (name, values) = PUBLIC[turn];
    let mut given = vec![(name, round % values.len())];
    for _ in 0..random.below(6) {
        let (name, values) = PUBLIC[random.below(PUBLIC.len())];
        // the last value of a variable is often one that is refused: seldom, or little would be rendered
        let most = if random.often(5) { values.len() } else { values.len().max(2) - 1 };
        let choice = random.below(most);
        if given.iter().all(|(n, _)| *n != name) {
            given.push((name, choice));
        }
    }
    let has = |given: &[(&str, usize)], name: &str| given.iter().any(|(n, _)| *n == name);
    for (name, with) in [
        ("registration_cache_tls", "registration_cache_tls_cert_file"),
        ("registration_cache_tls", "registration_cache_tls_key_file"),
        ("haproxy_stats_address", "haproxy_stats_password"),
    ] {
        if has(&given, name) && !has(&given, with) {
            given.push((with, 0));
        }
    }
    if has(&given, "haproxy_puppet_ca") && !has(&given, "haproxy_puppet_ca_capsule") && !pool.is_empty() {
        given.push(("haproxy_puppet_ca_capsule", 0));
    }
    given
}

/// The text of the hosts' file, and the capsules' names.
fn hosts(random: &mut Random) -> (String, Vec<String>) {
    let locations = 1 + random.below(3);
    let names: Vec<String> = (0..1 + random.below(7)).map(|n| capsule_name(random, n)).collect();
    let mut text = "[satellite6]\nsat.example.com private_ip=10.0.0.1\n\n[capsules]\n".to_owned();
    let mut groups = String::new();
    let mut place = |random: &mut Random, name: &str, location: usize, text: &mut String| {
        let location = LOCATIONS[location];
        match random.below(10) {
            0..=3 => groups.push_str(&format!("[location_{location}]\n{name}\n")),
            4 | 5 => text.push_str(&format!(" location={location}")),
            6 => text.push_str(&format!(" location={}", location.to_uppercase())),
            7 => text.push_str(&format!(" location=\"{}\"", location.replace('_', " "))),
            8 => {
                text.push_str(&format!(" location=\"{}\"", location.replace('_', "-")));
                groups.push_str(&format!("[location_{location}]\n{name}\n"));
            }
            _ if random.often(15) => {}
            _ => groups.push_str(&format!("[location_{location}]\n{name}\n")),
        }
    };
    for (n, name) in names.iter().enumerate() {
        text.push_str(name);
        text.push_str(&address(random, n + 1));
        place(random, name, random_location(n, locations), &mut text);
        text.push('\n');
    }
    text.push_str("\n[capsule_lbs]\n");
    for n in 0..locations {
        let name = format!("lb{n}.example.com");
        text.push_str(&format!("{name}{}", address(random, 100 + n)));
        place(random, &name, n, &mut text);
        text.push('\n');
    }
    if random.often(4) {
        text.push_str("lb-second.example.com private_ip=10.0.1.250 location=dublin\n");
    }
    (format!("{text}\n{groups}"), names)
}

fn random_location(capsule: usize, locations: usize) -> usize {
    capsule % locations
}

fn capsule_name(random: &mut Random, n: usize) -> String {
    match random.below(5) {
        0 => format!("Cap{n}.example.com"),
        1 => format!("cap{n}"),
        2 => format!("cap{n}.sub-{}.example.com", n % 2),
        3 if n > 1 => format!("cap0.other{n}.example.com"),
        _ => format!("cap{n}.example.com"),
    }
}

fn address(random: &mut Random, n: usize) -> String {
    let six = if random.often(20) { format!(" private_ip6=2001:db8::{n:x}") } else { String::new() };
    match random.below(12) {
        0 => format!(" ansible_host=192.0.2.{n}{six}"),
        1 => format!(" private_ip=\"{{{{ net }}}}.1.{n}\"{six}"),
        2 => format!(" private_ip=10.0.1.{n} ansible_host=h{n}.example.net{six}"),
        3 if random.often(30) => format!(" private_ip=10.0.1.{n}/24"),
        _ => format!(" private_ip=10.0.1.{n}{six}"),
    }
}
