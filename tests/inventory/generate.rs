//! Inventories made up from a seed: a folder each, with INI and YAML files and variables beside them.

use crate::support::random::Random;
use std::fs;
use std::path::{Path, PathBuf};

const GROUPS: [&str; 8] =
    ["satellite6", "capsules", "capsule_lbs", "location_a", "location_b", "web", "db-1", "zz"];
const HOSTS: [&str; 10] = [
    "sat.example.com",
    "cap1",
    "cap[1:4]",
    "lb",
    "x[a:c].example.com",
    "10.0.0.1",
    "h[01:05:2]",
    "deep.host.name",
    "\"2001:db8::1\"",
    "cap2:2222",
];
const KEYS: [&str; 9] =
    ["private_ip", "location", "rex_mode", "ansible_host", "ansible_port", "a", "b", "c_d", "E9"];
/// As they stand behind `KEY=` in a host line.
const INI_VALUES: [&str; 22] = [
    "1",
    "-7",
    "01",
    "0x1f",
    "1.50",
    "1e5",
    "True",
    "true",
    "None",
    "10.0.0.1",
    "text",
    "'two words'",
    "\"'1'\"",
    "\"[1, 'x', (2, 3)]\"",
    "\"{'k': {'l': None}}\"",
    "'{{ a }}/x'",
    "a=b",
    "''",
    "\"'a' 'b'\"",
    "x\\ y",
    "1_000",
    "yes",
];
const YAML_VALUES: [&str; 24] = [
    "1",
    "010",
    "0x1f",
    "1.50",
    "1e5",
    "1.0e+5",
    "yes",
    "No",
    "~",
    "10.0.0.1",
    "text",
    "two words",
    "'1'",
    "\"a\\tb\"",
    "[1, x, [true, 2]]",
    "{k: {l: null}, m: [1]}",
    "'{{ a }}/x'",
    "1:30",
    "2001-12-14",
    "!unsafe '{{ x }}'",
    "\"\"",
    "1_000",
    "off",
    "!!str 12",
];

/// Writes one; the path is what `-i` takes.
pub fn write(folder: &Path, seed: u64) -> PathBuf {
    let mut random = Random(seed);
    let place = folder.join(format!("inventory{seed}"));
    fs::create_dir(&place).unwrap();
    let files = 1 + random.below(3);
    let mut first = PathBuf::new();
    for n in 0..files {
        let (ending, text) =
            if random.often(50) { (".ini", ini(&mut random)) } else { (".yml", yaml(&mut random)) };
        first = place.join(format!("{n}hosts{ending}"));
        fs::write(&first, text).unwrap();
    }
    vars(
        &mut random,
        &place.join("group_vars"),
        &["all", "ungrouped", "satellite6", "capsules", "web", "zz"],
    );
    vars(
        &mut random,
        &place.join("host_vars"),
        &["sat.example.com", "cap1", "cap3", "xb.example.com", "10.0.0.1"],
    );
    if files == 1 && random.often(50) { first } else { place }
}

fn ini(random: &mut Random) -> String {
    let mut text = String::new();
    if random.often(30) {
        text.push_str("alone x=1\n");
    }
    let mut declared: Vec<&str> = Vec::new();
    for _ in 0..1 + random.below(5) {
        let group = random.of(&GROUPS);
        declared.push(group);
        text.push_str(&format!("\n[{group}]{}\n", if random.often(20) { " # comment" } else { "" }));
        for _ in 0..random.below(5) {
            text.push_str(random.of(&HOSTS));
            for _ in 0..random.below(4) {
                text.push_str(&format!(" {}={}", random.of(&KEYS), random.of(&INI_VALUES)));
            }
            text.push('\n');
        }
    }
    // only later names below earlier ones: no loops
    for (parent, child) in [(0, 1), (0, 2), (1, 3), (2, 3)] {
        let place = |n: usize| declared.get(n).and_then(|name| GROUPS.iter().position(|g| g == name));
        if let (Some(above), Some(below)) = (place(parent), place(child))
            && above < below
            && random.often(60)
        {
            text.push_str(&format!("[{}:children]\n{}\n", GROUPS[above], GROUPS[below]));
        }
    }
    for group in &declared {
        if random.often(50) {
            text.push_str(&format!("[{group}:vars]\n"));
            for _ in 0..random.below(4) {
                text.push_str(&format!("{} = {}\n", random.of(&KEYS), random.of(&INI_VALUES)));
            }
            if random.often(30) {
                text.push_str(&format!("ansible_group_priority={}\n", random.below(20)));
            }
        }
    }
    text
}

fn yaml(random: &mut Random) -> String {
    let mut text = "all:\n".to_owned();
    yaml_vars(random, &mut text, "  vars:\n", "    ");
    text.push_str("  children:\n");
    let mut at = random.below(3);
    while at < GROUPS.len() {
        text.push_str(&format!("    {}:\n", GROUPS[at]));
        text.push_str("      hosts:\n");
        let mut from = random.below(4);
        while from < HOSTS.len() {
            let host = HOSTS[from];
            let host = if host.contains('[') { format!("\"{host}\"") } else { host.to_owned() };
            text.push_str(&format!("        {host}:\n"));
            yaml_vars(random, &mut text, "", "          ");
            from += 1 + random.below(6);
        }
        yaml_vars(random, &mut text, "      vars:\n", "        ");
        if at + 1 < GROUPS.len() && random.often(40) {
            let below = at + 1 + random.below(GROUPS.len() - at - 1);
            text.push_str(&format!("      children:\n        {}:\n", GROUPS[below]));
        }
        at += 1 + random.below(3);
    }
    text
}

fn yaml_vars(random: &mut Random, text: &mut String, title: &str, indent: &str) {
    text.push_str(title);
    for key in KEYS {
        if random.often(25) {
            text.push_str(&format!("{indent}{key}: {}\n", random.of(&YAML_VALUES)));
        }
    }
}

fn vars(random: &mut Random, folder: &Path, names: &[&str]) {
    fs::create_dir(folder).unwrap();
    for name in names {
        let mut text = String::new();
        yaml_vars(random, &mut text, "---\n", "");
        match random.below(5) {
            0 => {}
            1 => fs::write(folder.join(name), text).unwrap(),
            2 => fs::write(folder.join(format!("{name}.yml")), text).unwrap(),
            3 => fs::write(
                folder.join(format!("{name}.json")),
                format!("{{\"a\": {}, \"b\": 1e2}}", random.below(9)),
            )
            .unwrap(),
            _ => {
                fs::create_dir(folder.join(name)).unwrap();
                fs::write(folder.join(name).join("20.yml"), text).unwrap();
                fs::write(folder.join(name).join("10.yaml"), "a: first\nb: first\n").unwrap();
            }
        }
    }
}
