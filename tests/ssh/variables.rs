//! What an inventory says of how hosts are reached: keys, templates, how many at once, clocks.

use crate::server::{Known, Lab, Options};
use crate::support::Storm;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const STORM: &str = "--sessions 20 --rate 40 --seed 5";

#[track_caller]
fn all_read(json: &serde_json::Value, count: usize) {
    let hosts = json["hosts"].as_array().unwrap();
    assert!(hosts.len() == count && hosts.iter().all(|host| host["status"] == "read"), "{hosts:?}");
}

// HOME counts, which need not be what the user database says; ssh's own configuration knows no key here
#[test]
fn a_key_file_is_found_where_ansible_finds_it() {
    let Some(mut lab) = Lab::new() else { return };
    let storm = Storm::new(STORM);
    let vars = lab.serve(&Options::default());
    let absolute = format!("ansible_ssh_private_key_file={}", lab.path("id").display());
    assert!(vars.contains(&absolute), "{vars}");
    let home = lab.path("home");
    fs::create_dir_all(home.join("keys")).unwrap();
    fs::rename(lab.path("id"), home.join("keys/id")).unwrap();
    let read = |key: &str, folder: &Path| {
        let vars = vars.replace(&absolute, &format!("ansible_ssh_private_key_file={key}"));
        let inventory = lab.inventory(&[("sat", format!("{vars} reginfra_log={}", storm.dir.display()))]);
        lab.run(&inventory, "--json").env("HOME", &home).current_dir(folder).go()
    };
    all_read(&read("~/keys/id", Path::new("/")).code(0).json(), 1);
    all_read(&read("keys/id", &home).code(0).json(), 1);
    all_read(&read("../home/keys/id", &lab.path("tmp")).code(0).json(), 1);
    // as Ansible, not beside the inventory
    let done = read("home/keys/id", Path::new("/")).code(1).told("Permission denied");
    assert_eq!(done.json()["hosts"][0]["reason"], "key-refused", "{done:#?}");
}

#[test]
fn an_unknown_host_key_is_taken_where_ansible_host_key_checking_is_false() {
    let Some(mut lab) = Lab::new() else { return };
    let storm = Storm::new(STORM);
    let vars = lab.serve(&Options { known: Known::No, ..Options::default() });
    let read = |checking: &str| {
        let vars =
            format!("{vars} reginfra_log={} ansible_host_key_checking={checking}", storm.dir.display());
        lab.metrics(&lab.inventory(&[("sat", vars)]), "--json")
    };
    read("true").code(1).told("Host key verification failed");
    all_read(&read("false").code(0).json(), 1);
}

#[test]
fn variables_of_the_connection_may_refer_to_others() {
    let Some(mut lab) = Lab::new() else { return };
    let storm = Storm::new(STORM);
    let vars = lab.serve(&Options::default());
    let value = |name: &str| vars.split(' ').find_map(|v| v.strip_prefix(&format!("{name}="))).unwrap();
    let port: u16 = value("ansible_port").parse().unwrap();
    let text = format!(
        "[satellite6]\nsat number=1\n[all:vars]\nnet=127.0.0\nbase={}\nwho={}\nfolder={}\nlogs={}\n\
         ansible_host=\"{{{{ net }}}}.{{{{ number }}}}\"\nansible_port=\"{{{{ base | int + number }}}}\"\n\
         ansible_user=\"{{{{ who | trim }}}}\"\nansible_ssh_private_key_file=\"{{{{ folder }}}}/id\"\n\
         ansible_ssh_common_args=\"-o SetEnv=FROM={{{{ inventory_hostname }}}}\"\n\
         reginfra_log=\"{{{{ logs }}}}/{{{{ ['production', 'log'] | join('.') }}}}\"\n",
        port - 1,
        value("ansible_user"),
        lab.path(".").display(),
        storm.dir.display(),
    );
    let inventory = lab.path("templates.ini");
    fs::write(&inventory, &text).unwrap();
    let json = lab.metrics(&inventory, "--json").code(0).json();
    all_read(&json, 1);
    assert_eq!(json["groups"].as_array().unwrap().last().unwrap()["session_count"], 20);
    // one that leads nowhere is told, with host and variable, and ssh is not started
    fs::write(&inventory, text.replace("net=127.0.0", "other=1")).unwrap();
    let done = lab.metrics(&inventory, "--json").code(1).told("ansible_host").told("net");
    assert_eq!(done.json()["hosts"][0]["reason"], "settings", "{done:#?}");
}

/// Nobody sends a byte of log before so many hosts are there; each notes who else is there after a moment.
const MEETING: &str = r#"
case "$SSH_ORIGINAL_COMMAND" in *reginfra-probe*) eval "$SSH_ORIGINAL_COMMAND"; exit;; esac
host=$(printf '%s' "$SSH_ORIGINAL_COMMAND" | sed -n 's/.*logs-\([0-9]*\).*/\1/p' | head -n 1)
: >@/here/$host.$$
there() { ls @/here | cut -d. -f1 | sort -u; }
n=0
while ! [ -e @/met ]; do
  [ "$(there | wc -l)" -lt WANTED ] || : >@/met
  n=$((n + 1))
  [ $n -lt 900 ] || exit 9
  sleep 0.1
done
sleep 0.3
there | paste -sd' ' >>@/seen
eval "$SSH_ORIGINAL_COMMAND"
code=$?
rm @/here/$host.$$
exit $code
"#;

#[test]
fn parallel_is_how_many_hosts_are_read_at_once_and_no_more() {
    let Some(mut lab) = Lab::new() else { return };
    let storm = Storm::new(STORM);
    for wanted in [1, 3] {
        let place = lab.path(&format!("at-once-{wanted}"));
        fs::create_dir_all(place.join("here")).unwrap();
        let script = MEETING.replace('@', place.to_str().unwrap()).replace("WANTED", &wanted.to_string());
        let vars = lab.serve(&Options { instead: Some(&script), ..Options::default() });
        let mut hosts = Vec::new();
        for number in 0..5 {
            let log = place.join(format!("logs-{number}"));
            std::os::unix::fs::symlink(&storm.dir, &log).unwrap();
            hosts.push((
                format!("sat{number}"),
                format!("{vars} reginfra_log={}/production.log", log.display()),
            ));
        }
        let hosts: Vec<(&str, String)> = hosts.iter().map(|(n, v)| (n.as_str(), v.clone())).collect();
        let words = format!("--json --parallel {wanted}");
        all_read(&lab.metrics(&lab.inventory(&hosts), &words).code(0).json(), 5);
        let seen = fs::read_to_string(place.join("seen")).unwrap();
        let most = seen.lines().map(|line| line.split(' ').count()).max();
        assert_eq!(most, Some(wanted), "{seen}");
        let all: BTreeSet<&str> = seen.split_whitespace().collect();
        assert_eq!(all.len(), 5, "{seen}");
    }
}

#[test]
fn each_of_two_satellites_has_its_own_offset_from_utc() {
    let Some(mut lab) = Lab::new() else { return };
    let storms = [
        Storm::new("--sessions 40 --rate 40 --seed 5 --utc-offset +02:00"),
        Storm::new("--sessions 30 --rate 40 --seed 6 --utc-offset -05:30 --start 2026-04-04T11:00:00Z"),
    ];
    let vars = lab.serve(&Options::default());
    let host = |storm: &Storm| format!("{vars} reginfra_log={}", storm.dir.display());
    let inventory = lab.inventory(&[("east", host(&storms[0])), ("west", host(&storms[1]))]);
    let file = lab.path("sessions.jsonl");
    let done = lab.metrics(&inventory, &format!("--json --sessions {}", file.display())).code(0);
    all_read(&done.json(), 2);
    let key = |session: &serde_json::Value| {
        ["started_at", "host", "consumer_create_ms"].map(|key| session[key].to_string())
    };
    let text = fs::read_to_string(file).unwrap();
    let mut got: Vec<_> = text.lines().map(|line| key(&serde_json::from_str(line).unwrap())).collect();
    let mut wanted: Vec<_> = storms.iter().flat_map(Storm::sessions).map(|s| key(&s)).collect();
    assert_eq!(wanted.len(), 70);
    got.sort();
    wanted.sort();
    assert_eq!(got, wanted);
}
