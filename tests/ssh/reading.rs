//! What can be read: the same answer as from the files themselves.

use crate::server::{Lab, Options, which};
use crate::support::{Answer, Storm};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The Satellite of a storm.
pub const SATELLITE: &str = "sat.example.com";

/// The storm's inventory, with its hosts' own variables: the name of the Satellite or a capsule in, they out.
pub fn inventory(lab: &Lab, storm: &Storm, vars: impl Fn(&str) -> String) -> PathBuf {
    let mut text = fs::read_to_string(storm.inventory()).unwrap() + "\n[satellite6]\n";
    text += &format!("{SATELLITE} {}\n[capsules]\n", vars(SATELLITE));
    for capsule in storm.truth()["capsules"].as_array().unwrap() {
        let name = capsule["name"].as_str().unwrap();
        text += &format!("{name} {}\n", vars(name));
    }
    let path = lab.path("storm.ini");
    fs::write(&path, text).unwrap();
    path
}

/// As `inventory`, all logs where the storm wrote them.
pub fn inventory_of_files(lab: &Lab, storm: &Storm, vars: &str) -> PathBuf {
    inventory(lab, storm, |name| {
        let capsule = storm.dir.join("capsules").join(name);
        let log = if name == SATELLITE { &storm.dir } else { &capsule };
        format!("{vars} reginfra_log={}", log.display())
    })
}

/// Sessions of the files themselves and of the same over SSH.
#[track_caller]
fn same_as_local(lab: &Lab, storm: &Storm, vars: &str) -> serde_json::Value {
    let inventory = inventory_of_files(lab, storm, vars);
    let file = lab.path("sessions.jsonl");
    let done = lab.metrics(&inventory, &format!("--json --sessions {}", file.display())).code(0);
    let local = Answer::of(&format!("-i {}", inventory.display()), [&storm.dir]);
    assert_eq!(fs::read_to_string(&file).unwrap(), local.text);
    let json = done.json();
    assert_eq!(json["groups"], local.json["groups"]);
    assert_eq!(json["coverage"], local.json["coverage"]);
    assert_eq!(json["capsules"], local.json["capsules"]);
    let hosts = json["hosts"].as_array().unwrap();
    let whole = |host: &serde_json::Value| host["status"] == "read" && host["bytes"].as_u64() > Some(0);
    assert!(hosts.len() > 1 && hosts.iter().all(whole), "{hosts:?}");
    json
}

/// What a host runs in place of a command: it is written down first, behind `before`.
fn noted(file: &Path, before: &str) -> String {
    let note = format!("printf '%s\\n' \"$SSH_ORIGINAL_COMMAND\" >>'{}'", file.display());
    format!("{before}\n{note}\neval \"$SSH_ORIGINAL_COMMAND\"")
}

/// The commands that asked for files, and the file anew.
fn asked(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    fs::remove_file(file).unwrap();
    text.lines().filter(|line| !line.contains("reginfra-probe")).map(str::to_owned).collect()
}

#[test]
fn a_log_over_ssh_gives_the_same_sessions_byte_for_byte() {
    let Some(mut lab) = Lab::new() else { return };
    let storm = Storm::new("--sessions 200 --rate 40 --seed 5");
    let vars = lab.serve(&Options::default());
    let json = same_as_local(&lab, &storm, &vars);
    assert_eq!(json["hosts"][0]["bytes"].as_u64().unwrap() as usize, storm.bytes().len());
}

#[test]
fn rotated_sets_in_every_compression_give_the_same_sessions_on_one_connection() {
    let Some(mut lab) = Lab::new() else { return };
    let commands = lab.path("commands");
    let vars = lab.serve(&Options { instead: Some(&noted(&commands, "")), ..Options::default() });
    let packs = if which("zstd").is_absolute() { "zstd -1 -q -c -- " } else { "gzip -1 -q -c -- " };
    for (at, compress) in ["gz", "xz", "zst"].iter().enumerate() {
        let storm =
            Storm::new(&format!("--sessions 200 --rate 40 --seed 5 --rotate 4 --compress {compress}"));
        let json = same_as_local(&lab, &storm, &vars);
        let log = lab.log_of(0);
        let hosts = json["hosts"].as_array().unwrap().len();
        assert_eq!(log.matches("Accepted publickey").count(), (at + 1) * hosts, "{log}");
        // archives as they are, the others packed
        let (archives, others): (Vec<_>, Vec<_>) =
            asked(&commands).into_iter().partition(|command| command.contains(&format!(".{compress}'")));
        assert!(archives.len() >= 2 && archives.iter().all(|c| c.contains("cat -- ")), "{archives:?}");
        assert!(others.len() >= hosts && others.iter().all(|c| c.contains(packs)), "{others:?}");
    }
}

#[test]
fn many_files_come_on_one_connection_however_many_threads_read() {
    let Some(mut lab) = Lab::new() else { return };
    let storm = Storm::new("--sessions 200 --rate 40 --seed 5 --rotate 12");
    // each takes a moment: without a bound all would be asked for at once, and ssh logs in anew for what is one too many
    let slow = "case \"$SSH_ORIGINAL_COMMAND\" in *reginfra-probe*) ;; *) sleep 0.2;; esac\n\
                eval \"$SSH_ORIGINAL_COMMAND\"";
    // the probe, four files and what has not quite ended
    let vars = lab.serve(&Options { instead: Some(slow), more: "MaxSessions 7", ..Options::default() });
    let inventory = lab.inventory(&[("sat", format!("{vars} reginfra_log={}", storm.dir.display()))]);
    let json = lab.metrics(&inventory, "--json --threads 16").code(0).json();
    assert_eq!((&json["hosts"][0]["status"], &json["hosts"][0]["files"]), (&"read".into(), &12.into()));
    let log = lab.log_of(0);
    assert_eq!(log.matches("Accepted publickey").count(), 1, "{log}");
}

#[test]
fn without_zstd_and_without_gzip_the_log_comes_all_the_same() {
    let Some(mut lab) = Lab::new() else { return };
    let storm = Storm::new("--sessions 100 --rate 40 --seed 5");
    // a PATH that holds what the probe needs and no compressor
    let tools = lab.path("tools");
    fs::create_dir(&tools).unwrap();
    for tool in ["sh", "cat", "head", "tail", "stat", "base64", "tr", "dirname", "echo", "printf"] {
        std::os::unix::fs::symlink(which(tool), tools.join(tool)).unwrap();
    }
    let commands = lab.path("commands");
    for (compressor, program) in [(None, "cat -- "), (Some("gzip"), "gzip -1 -q -c -- ")] {
        if let Some(name) = compressor {
            std::os::unix::fs::symlink(which(name), tools.join(name)).unwrap();
        }
        let script = noted(&commands, &format!("PATH={}; export PATH", tools.display()));
        let vars = lab.serve(&Options { instead: Some(&script), ..Options::default() });
        same_as_local(&lab, &storm, &vars);
        let asked = asked(&commands);
        assert!(!asked.is_empty() && asked.iter().all(|c| c.contains(program)), "{asked:?}");
    }
}

#[test]
fn no_name_of_a_file_and_no_value_of_the_inventory_reaches_a_shell() {
    let Some(mut lab) = Lab::new() else { return };
    let storm = Storm::new("--sessions 60 --rate 40 --seed 5 --rotate 2 --compress none");
    let rotated = fs::read_dir(&storm.dir).unwrap().map(|e| e.unwrap().path());
    let mut rotated = rotated.filter(|p| p.to_string_lossy().contains("production.log-"));
    let rotated = rotated.next().unwrap();
    let odd = std::ffi::OsStr::from_bytes(b"production.log-\n$(touch hurt)`touch hurt`'; touch hurt #\" end");
    fs::rename(rotated, storm.dir.join(odd)).unwrap();
    // where the host runs everything
    let there = lab.path("there");
    fs::create_dir(&there).unwrap();
    let script = format!("cd '{}' && eval \"$SSH_ORIGINAL_COMMAND\"", there.display());
    let vars = lab.serve(&Options { instead: Some(&script), ..Options::default() });
    same_as_local(&lab, &storm, &vars);

    let value = "it's $(touch hurt)`touch hurt`; touch hurt";
    let folder = lab.path(value);
    std::os::unix::fs::symlink(&storm.dir, &folder).unwrap();
    // stands for journalctl, and writes down what it is given
    let (journal, given) =
        (Storm::new("--sessions 20 --rate 40 --seed 5 --layout journal-json"), lab.path("given"));
    let stand_in =
        format!("printf '%s\\n' \"$@\" >>'{}'; exec cat '{}'", given.display(), journal.log().display());
    let programs = [("journalctl", stand_in.as_str())];
    let of_journal =
        lab.serve(&Options { instead: Some(&script), programs: &programs, ..Options::default() });
    for host in [
        format!("{vars} reginfra_log=\"{}\" reginfra_unit=\"{value}\"", folder.display()),
        format!("{of_journal} reginfra_log=\"/nowhere/{value}\" reginfra_unit=\"{value}\""),
    ] {
        let json = lab.metrics(&lab.inventory(&[("sat", host)]), "--json").code(0).json();
        assert_eq!(json["hosts"][0]["status"], "read", "{json}");
    }
    let given = fs::read_to_string(given).unwrap();
    assert!(given.lines().any(|word| word == value), "{given}");
    for folder in [Path::new("."), storm.dir.as_path(), there.as_path()] {
        assert!(!folder.join("hurt").exists(), "{}", folder.display());
    }
}

#[test]
fn since_and_until_choose_files_before_anything_is_read() {
    let Some(mut lab) = Lab::new() else { return };
    let vars = lab.serve(&Options::default());
    let dir = lab.path("logs");
    fs::create_dir(&dir).unwrap();
    // three days, a file each
    for (day, name) in
        [(3, "production.log-20260404.gz"), (4, "production.log-20260405"), (5, "production.log")]
    {
        let storm = Storm::new(&format!(
            "--sessions 20 --rate 40 --lead 7200 --seed {day} --start 2026-04-0{day}T10:00:00Z"
        ));
        let bytes = storm.bytes();
        if name.ends_with("gz") {
            let file = fs::File::create(dir.join(name)).unwrap();
            let mut gz = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
            std::io::Write::write_all(&mut gz, &bytes).unwrap();
            gz.finish().unwrap();
        } else {
            fs::write(dir.join(name), bytes).unwrap();
        }
    }
    let inventory = lab.inventory(&[("sat", format!("{vars} reginfra_log={}", dir.display()))]);
    let words = "--json --since 2026-04-04T09:30:00Z --until 2026-04-04T12:00:00Z";
    let json = lab.metrics(&inventory, words).code(0).json();
    assert_eq!(json["sources"].as_array().unwrap().len(), 1, "{}", json["sources"]);
    assert!(json["sources"][0]["path"].as_str().unwrap().ends_with("production.log-20260405"));
    let all = json["groups"].as_array().unwrap().last().unwrap();
    assert_eq!(all["session_count"], 20);
}

#[test]
fn max_size_takes_the_newest_and_says_what_it_left() {
    let Some(mut lab) = Lab::new() else { return };
    let storm = Storm::new("--sessions 200 --rate 40 --seed 5 --rotate 4 --compress gz");
    let newest = fs::metadata(storm.log()).unwrap().len();
    let vars = lab.serve(&Options::default());
    let inventory = lab.inventory(&[("sat", format!("{vars} reginfra_log={}", storm.dir.display()))]);
    let json = lab.metrics(&inventory, &format!("--json --max-size {newest}")).code(0).json();
    assert_eq!(json["sources"].as_array().unwrap().len(), 1);
    let left = json["hosts"][0]["left"].as_str().unwrap();
    assert_eq!(left.matches("production.log-").count(), 3, "{left}");
    // the end of a plain file comes without its start
    let json = lab.metrics(&inventory, &format!("--json --max-size {}", newest / 2)).code(0).json();
    assert_eq!(json["sources"][0]["bytes"].as_u64().unwrap(), newest / 2);
    assert!(json["hosts"][0]["left"].as_str().unwrap().contains("production.log"));
}

#[test]
fn all_hosts_are_read_at_once() {
    let Some(mut lab) = Lab::new() else { return };
    let storm = Storm::new("--sessions 20 --rate 40 --seed 5");
    let meeting = lab.path("meeting");
    fs::create_dir(&meeting).unwrap();
    // nobody sends a byte of log before all six are asked for it
    let script = format!(
        "case \"$SSH_ORIGINAL_COMMAND\" in *reginfra-probe*) ;; *) : >{0}/$$; n=0; \
         while [ \"$(ls {0} | wc -l)\" -lt 6 ]; do sleep 0.1; n=$((n+1)); [ $n -lt 900 ] || exit 9; done;; esac; \
         eval \"$SSH_ORIGINAL_COMMAND\"",
        meeting.display()
    );
    let vars = lab.serve(&Options { instead: Some(&script), ..Options::default() });
    let names: Vec<String> = (0..6).map(|n| format!("sat{n}")).collect();
    let vars = format!("{vars} reginfra_log={}", storm.dir.display());
    let hosts: Vec<(&str, String)> = names.iter().map(|n| (n.as_str(), vars.clone())).collect();
    let json = lab.metrics(&lab.inventory(&hosts), "--json").code(0).json();
    let rows = json["hosts"].as_array().unwrap();
    assert!(rows.len() == 6 && rows.iter().all(|h| h["status"] == "read"), "{rows:?}");
    assert_eq!(json["groups"].as_array().unwrap().last().unwrap()["session_count"], 120);
}

#[test]
fn beside_log_nobody_is_contacted() {
    let Some(lab) = Lab::new() else { return };
    let storm = Storm::new("--sessions 20 --rate 40 --seed 5");
    let vars = format!("ansible_host=127.0.0.1 ansible_port={}", crate::server::free_port());
    let inventory = lab.inventory(&[("sat", vars)]);
    let done = lab.metrics(&inventory, &format!("--json --log {}", storm.dir.display())).code(0);
    assert_eq!(done.json()["hosts"].as_array().unwrap().len(), 0);
}
