//! A real systemd-journald, in namespaces of its own. Where it is given more than it takes, what it drops is counted;
//! where it takes everything, the answer is that of the log.

use crate::server::{Lab, Options, which};
use crate::support::{Answer, Storm, skip};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Nothing of it is seen outside or stays: /run and the view of the cgroups are its own, and what is in its PID
/// namespace ends with it. journald limits a unit's rate, and the unit is told from the cgroup; the writer must live
/// while journald looks that up, so the shell itself writes. It waits until journald keeps its stream: what is written
/// between journald's accept() and its SO_PASSCRED has no sender, so no unit. The pause is longer than the interval,
/// for journald tells what it dropped beside the next message that it takes; and nobody stops it before it has the
/// last one.
const SCRIPT: &str = r#"
set -e
mount --make-rprivate /
mount -t tmpfs -o size=64m none /run
mkdir -p /run/systemd/journal /run/log/journal /run/systemd/journald.conf.d
printf '%s\n' '[Journal]' Storage=volatile $LIMIT \
  ForwardToSyslog=no ReadKMsg=no Audit=no Seal=no >/run/systemd/journald.conf.d/test.conf
mount -t cgroup2 none /sys/fs/cgroup
slice=/sys/fs/cgroup/reginfratest$PIDS.slice
trap 'rmdir "$slice/foreman.service" "$slice" 2>/dev/null || :' EXIT
mkdir -p "$slice/foreman.service"
"$JOURNALD" &
journald=$!
n=0
while ! [ -S /run/systemd/journal/stdout ]; do n=$((n + 1)); [ $n -lt 300 ]; sleep 0.1; done
(
  echo 0 >"$slice/foreman.service/cgroup.procs"
  exec systemd-cat -t foreman sh -c '
    n=0
    until [ "$(ls /run/systemd/journal/streams 2>/dev/null)" ]; do n=$((n + 1)); [ $n -lt 200 ] || exit; sleep 0.1; done
    while IFS= read -r line; do printf "%s\n" "$line"; done <lines
    sleep $PAUSE
    echo the end
    n=0
    until [ "$(journalctl -D /run/log/journal -q -t foreman -o cat -n 1 2>/dev/null)" = "the end" ]; do
      n=$((n + 1)); [ $n -lt 200 ] || exit; sleep 0.1
    done'
)
kill "$journald"
wait "$journald" || :
cp -r /run/log/journal kept
"#;

/// How much journald takes, and the writer's pause in seconds.
const LIMITED: [&str; 2] = ["RateLimitIntervalSec=2s RateLimitBurst=300", "2.5"];
const UNLIMITED: [&str; 2] = ["RateLimitIntervalSec=0", "0"];

/// Has journald write `lines` in `folder`; none, loudly, where that cannot be.
fn written(folder: &Path, lines: &str, [limit, pause]: [&str; 2]) -> Option<Output> {
    let places = ["/usr/lib/systemd/systemd-journald", "/lib/systemd/systemd-journald"];
    let journald = places.map(PathBuf::from).into_iter().find(|path| path.exists());
    let namespaces = ["-m", "-C", "-p", "--fork", "--kill-child", "--mount-proc"];
    let unshare = |words: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(namespaces).args(words).current_dir(folder).stdin(Stdio::null());
        command
    };
    let may = unshare(&["mount", "-t", "cgroup2", "none", "/sys/fs/cgroup"]).output();
    let (Some(journald), true) = (journald, may.is_ok_and(|o| o.status.success())) else {
        skip("systemd-journald is not there, or its namespaces want root: a real journald was NOT tested");
        return None;
    };
    fs::write(folder.join("lines"), lines).unwrap();
    let mut run = unshare(&["timeout", "60", "sh", "-c", SCRIPT]);
    // tests of one process must not share a cgroup
    let name = format!("{}{}", std::process::id(), folder.file_name()?.to_str()?);
    run.env("JOURNALD", journald).env("PIDS", name).env("LIMIT", limit).env("PAUSE", pause);
    Some(run.output().unwrap())
}

/// What Foreman printed, one message after the other.
fn messages(storm: &Storm) -> Vec<String> {
    let log = fs::read_to_string(storm.log()).unwrap();
    let entries = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    entries.map(|entry| format!("{}\n", entry["MESSAGE"].as_str().unwrap().trim_end())).collect()
}

/// A host whose journal was kept in `folder`; gives its variables.
fn serve(lab: &mut Lab, folder: &Path) -> String {
    let (journalctl, kept) = (which("journalctl"), folder.join("kept"));
    let script = format!("exec {} -D '{}' \"$@\"", journalctl.display(), kept.display());
    let vars = lab.serve(&Options { programs: &[("journalctl", &script)], ..Options::default() });
    format!("{vars} reginfra_log=/nowhere")
}

#[test]
fn what_a_real_journald_drops_by_its_rate_limit_is_counted_as_lost() {
    let Some(mut lab) = Lab::new() else { return };
    let storm = Storm::new("--sessions 60 --rate 40 --seed 5 --layout journal-json");
    let messages = messages(&storm).concat();
    let sent = messages.lines().count() as u64 + 1;
    let folder = lab.path("limited");
    fs::create_dir(&folder).unwrap();
    let Some(done) = written(&folder, &messages, LIMITED) else { return };
    assert!(done.status.success(), "{done:?}");

    let host = serve(&mut lab, &folder);
    let inventory = lab.inventory(&[("sat", host)]);
    let done = lab.metrics(&inventory, "--json");
    assert!(matches!(done.code, Some(0 | 3)), "{done:#?}");
    let coverage = &done.json()["coverage"];
    let [read, lost] = ["lines_read", "lines_lost"].map(|key| coverage[key].as_u64().unwrap());
    assert!(lost > 1000 && read > 300, "{coverage}");
    // journald's own words on it are lines too
    let mut cat = Command::new(which("journalctl"));
    cat.arg("-D").arg(folder.join("kept")).args(["-u", "foreman", "-o", "cat"]);
    let cat = String::from_utf8(cat.output().unwrap().stdout).unwrap();
    let words = cat.lines().filter(|line| line.starts_with("Suppressed ")).count() as u64;
    assert_eq!(read + lost, sent + words, "{coverage}");
    let table = lab.metrics(&inventory, "");
    // lines are wrapped
    let words: Vec<&str> = table.stdout.split_whitespace().collect();
    assert!(words.join(" ").contains("dropped by journald"), "{table:#?}");
}

#[test]
fn what_a_real_journald_keeps_gives_the_registrations_of_the_log() {
    let Some(mut lab) = Lab::new() else { return };
    let storm = Storm::new("--sessions 20 --rate 40 --seed 5 --layout journal-json");
    let mut messages = messages(&storm);
    // longer than journald keeps in one entry (LineMax=48K), not than we keep of a line
    let create = messages.iter_mut().find(|m| m.contains("Parameters: {\"type\"=>\"system\"")).unwrap();
    let open = create.trim_end().strip_suffix('}').unwrap();
    *create = format!("{open}, \"pad\"=>\"{}\"}}\n", "x".repeat(56_000));
    let messages = messages.concat();
    let folder = lab.path("unlimited");
    fs::create_dir(&folder).unwrap();
    let Some(done) = written(&folder, &messages, UNLIMITED) else { return };
    assert!(done.status.success(), "{done:?}");

    let host = serve(&mut lab, &folder);
    let inventory = lab.inventory(&[("sat", host)]);
    let sessions = lab.path("sessions.jsonl");
    let json = lab.metrics(&inventory, &format!("--json --sessions {}", sessions.display())).code(0).json();
    let local = Answer::of(&format!("-i {}", inventory.display()), [folder.join("lines")]);
    assert_eq!(fs::read_to_string(&sessions).unwrap(), local.text);
    // the writer's last line, and the rest of the one that journald cut
    let [read, lost] = ["lines_read", "lines_lost"].map(|key| json["coverage"][key].as_u64().unwrap());
    assert_eq!((read, lost), (messages.lines().count() as u64 + 2, 0), "{}", json["coverage"]);
    let key = |session: &serde_json::Value| {
        ["consumer_uuid", "started_at", "consumer_create_ms"].map(|key| session[key].to_string())
    };
    let mut got: Vec<_> = local.sessions.iter().map(key).collect();
    let mut wanted: Vec<_> = storm.sessions().iter().map(key).collect();
    got.sort();
    wanted.sort();
    assert_eq!(got, wanted);
}
