//! A real run of ansible-playbook, with the roles' own variables and templates, on a pool of five hosts: the same
//! files as `reginfra render --output`. Nothing but a folder of the test is written.

use crate::parity::{ansible, isolated, link};
use crate::roles::root;
use crate::support::Run;
use reginfra::render::Part;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;

const HOSTS: &str = "\
all:
  vars: {net: 10.7, registration_cache_port: 6390}
  children:
    capsules:
      hosts:
        cap1.example.com: {private_ip: '{{ net }}.1.1', location: Dublin}
        cap2.example.com: {private_ip: '{{ net }}.1.2', private_ip6: '2001:db8::2'}
        cap3.example.com: {private_ip: '{{ net }}.2.3', location: brno}
    capsule_lbs:
      vars: {haproxy_registration_fall: 3, haproxy_stats_password: \"it's\"}
      hosts:
        lb1.example.com: {private_ip: '{{ net }}.1.100', private_ip6: '2001:db8::100'}
        lb2.example.com: {private_ip: '{{ net }}.2.100', location: brno, registration_cache_port: 6391}
    location_dublin:
      hosts: {cap2.example.com: {}, lb1.example.com: {}}
";
const VARS: &str =
    "registration_cache_password: 'p/w~d:@#%'\nhaproxy_puppet: yes\nhaproxy_sysctl: {a.b: 1, c: x}\n";
const FACTS: &str =
    "{os_family: Debian, distribution: Debian, distribution_major_version: '12', cacheable: true}";

fn playbook(folder: &Path) -> String {
    let mut plays = String::new();
    for part in Part::ALL {
        let role = folder.join(part.role());
        fs::create_dir_all(role.join("tasks")).unwrap();
        for name in ["defaults", "vars"] {
            link(&root().join("roles").join(part.role()).join(name), &role.join(name));
        }
        link(&root().join("templates").join(part.role()), &role.join("templates"));
        let mut tasks = String::new();
        for file in part.files() {
            let inner = file.path.trim_start_matches("{{ ").trim_end_matches(" }}");
            let dest = format!("{{{{ out ~ '/' ~ inventory_hostname ~ {inner} }}}}");
            let when = file.when.map(|w| format!("  when: {w}\n")).unwrap_or_default();
            tasks += &format!(
                "- ansible.builtin.file: {{path: \"{{{{ ({}) | dirname }}}}\", state: directory}}\n{when}",
                &dest[3..dest.len() - 3]
            );
            tasks +=
                &format!("- ansible.builtin.template: {{src: {}, dest: \"{dest}\"}}\n{when}", file.template);
        }
        fs::write(role.join("tasks/main.yml"), tasks).unwrap();
        plays += &format!(
            "- hosts: {}\n  gather_facts: false\n  tasks:\n    - ansible.builtin.set_fact: {FACTS}\n    - ansible.builtin.include_role: {{name: {}}}\n",
            part.group(),
            role.display()
        );
    }
    plays
}

fn files_below(folder: &Path, at: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(at).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(folder, &path, found);
        } else {
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            found.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn ansible_playbook_writes_the_same_files() {
    let Some(programs) = ansible() else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("hosts.yml"), HOSTS).unwrap();
    fs::write(at("vars.yml"), VARS).unwrap();
    fs::write(at("play.yml"), playbook(folder.path())).unwrap();
    let done = isolated(&programs.join("ansible-playbook"), folder.path())
        .args(["-c", "local", "-i"])
        .arg(at("hosts.yml"))
        .args(["-e", "@vars.yml", "-e", "haproxy_registration_maxconn=77", "-e"])
        .arg(format!(
            "out={} ansible_python_interpreter={}",
            at("real").display(),
            programs.join("python").display()
        ))
        .arg(at("play.yml"))
        .env("ANSIBLE_PIPELINING", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
    for what in ["haproxy", "cache", "cache-url"] {
        Run::new("render")
            .arg(what)
            .words("--target debian12 --set haproxy_registration_maxconn=77 -i")
            .arg(at("hosts.yml"))
            .arg("--vars")
            .arg(at("vars.yml"))
            .arg("--output")
            .arg(at("ours"))
            .go()
            .code(0);
    }
    let (mut real, mut ours) = (BTreeMap::new(), BTreeMap::new());
    files_below(&at("real"), &at("real"), &mut real);
    files_below(&at("ours"), &at("ours"), &mut ours);
    assert_eq!(real.keys().collect::<Vec<_>>(), ours.keys().collect::<Vec<_>>());
    assert_eq!(real.len(), 2 * 7 + 3);
    for (name, text) in &real {
        assert_eq!(*text, ours[name], "{name}");
    }
}

#[test]
fn the_playbook_of_metrics_keeps_the_answer() {
    let Some(programs) = ansible() else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    Run::new("simulate").arg(at("storm")).words("--sessions 30 --rate 20").go().code(0);
    let options = format!(
        "{{\"registration_metrics_program\": {:?}, \"registration_metrics_folder\": {:?}, \
          \"registration_metrics_options\": [\"--log\", {:?}], \"ansible_python_interpreter\": {:?}}}",
        env!("CARGO_BIN_EXE_reginfra"),
        at("kept"),
        at("storm"),
        programs.join("python")
    );
    let done = isolated(&programs.join("ansible-playbook"), folder.path())
        .arg("-i")
        .arg(at("storm/inventory.ini"))
        .args(["-e", &options])
        .arg(root().join("ansible/registration_metrics.yaml"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{told}\n{}", String::from_utf8_lossy(&done.stderr));
    assert!(told.contains("consumer create"), "{told}");
    let runs: Vec<_> = fs::read_dir(at("kept")).unwrap().map(|e| e.unwrap().path()).collect();
    let kept = fs::read_to_string(runs[0].join("metrics.json")).unwrap();
    let kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
    assert_eq!(kept["groups"].as_array().unwrap().last().unwrap()["session_count"], 30, "{kept:#}");
}
