//! Each way to fail: the message, the exit code, and the answer of the rest.

use crate::server::{Known, Lab, Options, free_port, whoami};
use crate::support::{Done, Storm, skip};
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// A lab with a host that can be read and one that fails as `vars` say.
pub struct Pair {
    pub lab: Lab,
    pub storm: Storm,
    pub good: String,
}

impl Pair {
    pub fn new() -> Option<Self> {
        let mut lab = Lab::new()?;
        let storm = Storm::new("--sessions 60 --rate 40 --seed 5");
        let good = format!("{} reginfra_log={}", lab.serve(&Options::default()), storm.dir.display());
        Some(Self { lab, storm, good })
    }

    pub fn serve(&mut self, options: &Options<'_>) -> String {
        format!("{} reginfra_log={}", self.lab.serve(options), self.storm.dir.display())
    }

    /// The failing host is a Satellite that is missing: exit code 1, its row and the words on stderr; the other's
    /// answer stands.
    #[track_caller]
    pub fn fails(&self, bad: &str, reason: &str, words: &str, way_out: &str) -> Done {
        let inventory = self.lab.inventory(&[("bad", bad.to_owned()), ("good", self.good.clone())]);
        let done = self.lab.metrics(&inventory, "--json --host-timeout 20").code(1);
        let done = done.told("error: a Satellite is missing from the answer: bad").told(words).told(way_out);
        self.check(&done, reason, "failed", words);
        let table = self.lab.metrics(&inventory, "--host-timeout 20").code(1);
        assert!(table.stdout.contains("bad (satellite): NOT READ"), "{table:#?}");
        done
    }

    #[track_caller]
    pub fn check(&self, done: &Done, reason: &str, status: &str, words: &str) {
        let json = done.json();
        let row = json["hosts"].as_array().unwrap().iter().find(|h| h["name"] == "bad").unwrap();
        assert_eq!(
            (row["reason"].as_str(), row["status"].as_str()),
            (Some(reason), Some(status)),
            "{done:#?}"
        );
        assert!(row["error"].as_str().unwrap().contains(words), "{row}");
        assert_eq!(json["coverage"]["complete"], false);
        let good = json["hosts"].as_array().unwrap().iter().find(|h| h["name"] == "good").unwrap();
        assert_eq!(good["status"], "read");
        let all = json["groups"].as_array().unwrap().last().unwrap();
        assert!(all["session_count"].as_u64().unwrap() >= 60);
    }
}

#[test]
fn a_port_where_nobody_listens() {
    let Some(pair) = Pair::new() else { return };
    let bad = format!("ansible_host=127.0.0.1 ansible_port={}", free_port());
    pair.fails(&bad, "refused", "Connection refused", "check that sshd runs there");
}

#[test]
fn a_name_that_does_not_resolve() {
    let Some(pair) = Pair::new() else { return };
    pair.fails(
        "ansible_host=nowhere.invalid",
        "unknown-name",
        "Could not resolve hostname",
        "set ansible_host",
    );
}

#[test]
fn a_key_that_is_not_taken() {
    let Some(mut pair) = Pair::new() else { return };
    let bad = pair.serve(&Options { refuses_keys: true, ..Options::default() });
    pair.fails(&bad, "key-refused", "Permission denied (publickey)", "set ansible_ssh_private_key_file");
}

#[test]
fn a_host_key_that_changed() {
    let Some(mut pair) = Pair::new() else { return };
    let bad = pair.serve(&Options { known: Known::Changed, ..Options::default() });
    pair.fails(&bad, "host-key-changed", "HOST IDENTIFICATION HAS CHANGED", "ssh-keygen -R 127.0.0.1");
}

#[test]
fn a_host_key_that_changed_counts_where_unknown_ones_are_taken() {
    let Some(mut pair) = Pair::new() else { return };
    let bad = pair.serve(&Options { known: Known::Changed, ..Options::default() });
    let bad = format!("{bad} ansible_host_key_checking=false");
    pair.fails(&bad, "host-key-changed", "HOST IDENTIFICATION HAS CHANGED", "ssh-keygen -R 127.0.0.1");
}

#[test]
fn a_host_key_that_nobody_knows() {
    let Some(mut pair) = Pair::new() else { return };
    let bad = pair.serve(&Options { known: Known::No, ..Options::default() });
    pair.fails(&bad, "host-key-unknown", "Host key verification failed", "known_hosts");
}

#[test]
fn a_sudo_that_asks_for_a_password() {
    let Some(mut pair) = Pair::new() else { return };
    // says what sudo -n says
    let sudo = [("sudo", "echo 'sudo: a password is required' >&2; exit 1")];
    let bad = pair.serve(&Options { programs: &sudo, ..Options::default() });
    let bad = format!("{bad} ansible_become=yes ansible_become_user=somebody");
    pair.fails(&bad, "sudo", "sudo: a password is required", "without a password");
}

#[test]
fn a_log_that_is_not_there() {
    let Some(mut pair) = Pair::new() else { return };
    let vars = pair.lab.serve(&Options { programs: &[("journalctl", "exit 0")], ..Options::default() });
    let bad = format!("{vars} reginfra_log=/nowhere/foreman");
    pair.fails(&bad, "log-missing", "no production.log in /nowhere/foreman", "set reginfra_log");
}

#[test]
fn a_log_that_may_not_be_read() {
    let Some(mut pair) = Pair::new() else { return };
    if whoami() == "root" {
        skip("root may read everything: a log that may not be read was NOT tested");
        return;
    }
    let vars = pair.lab.serve(&Options { programs: &[("journalctl", "exit 0")], ..Options::default() });
    let closed = pair.lab.path("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    let bad = format!("{vars} reginfra_log={}/production.log", closed.display());
    pair.fails(&bad, "denied", "Permission denied", "ansible_become=true");
}

#[test]
fn a_setting_that_could_reach_a_shell() {
    let Some(pair) = Pair::new() else { return };
    pair.fails("ansible_host=-oProxyCommand=x", "settings", "ansible_host is", "correct it in the inventory");
}

#[test]
fn a_full_disk() {
    let Some(mut pair) = Pair::new() else { return };
    let zstd = [("zstd", "cat /etc/passwd >/dev/full")];
    let bad = pair.serve(&Options { programs: &zstd, ..Options::default() });
    pair.fails(&bad, "no-space", "No space left on device", "free disk space");
}

#[test]
fn a_program_that_is_killed() {
    let Some(mut pair) = Pair::new() else { return };
    let bad = pair.serve(&Options { programs: &[("zstd", "kill -9 $$")], ..Options::default() });
    pair.fails(&bad, "killed", "signal 9", "what killed it");
}

#[test]
fn a_host_that_hangs() {
    let Some(mut pair) = Pair::new() else { return };
    let bad = pair.serve(&Options { instead: Some("exec sleep 600"), ..Options::default() });
    let inventory = pair.lab.inventory(&[("bad", bad), ("good", pair.good.clone())]);
    let done = pair.lab.metrics(&inventory, "--json --host-timeout 5").code(1).told("sent nothing for 5 s");
    pair.check(&done, "silent", "failed", "sent nothing");
}

/// What a host runs instead of a command: its answer up to so many bytes. The end of the server's own process is the end
/// of the connection.
fn cut_after(bytes: usize) -> String {
    format!(
        "case \"$SSH_ORIGINAL_COMMAND\" in *reginfra-probe*) eval \"$SSH_ORIGINAL_COMMAND\"; exit;; esac; \
         eval \"$SSH_ORIGINAL_COMMAND\" | head -c {bytes}; sleep 0.5; kill -9 $PPID"
    )
}

/// The row and the table tell it in ssh's words, which depend on who hears of it first, with the way out.
#[track_caller]
fn told_as_cut(row: &serde_json::Value, table: &Done, name: &str) {
    let error = row["error"].as_str().unwrap();
    let words = ["closed by remote host", "onnection reset"];
    assert!(words.iter().any(|words| error.contains(words)), "{row}");
    assert!(row["way_out"].as_str().unwrap().starts_with("read again"), "{row}");
    let status = format!("{name}: READ IN PART");
    assert!(table.stdout.contains(&status) && table.stdout.contains("read again"), "{table:#?}");
}

fn row<'a>(json: &'a serde_json::Value, name: &str) -> &'a serde_json::Value {
    json["hosts"].as_array().unwrap().iter().find(|h| h["name"] == name).unwrap()
}

#[test]
fn a_connection_that_is_cut_in_the_middle_leaves_what_came_before() {
    let Some(mut pair) = Pair::new() else { return };
    let storm = Storm::new("--sessions 400 --rate 40 --seed 6");
    let vars = pair.lab.serve(&Options { instead: Some(&cut_after(150_000)), ..Options::default() });
    let bad = format!("{vars} reginfra_log={}", storm.dir.display());
    let inventory = pair.lab.inventory(&[("bad", bad), ("good", pair.good.clone())]);
    let done = pair.lab.metrics(&inventory, "--json").code(0).told("are in the answer").told("read again");
    pair.check(&done, "cut", "partly-read", "onnection");
    let json = done.json();
    told_as_cut(row(&json, "bad"), &pair.lab.metrics(&inventory, "").code(0), "bad (satellite)");
    let all = json["groups"].as_array().unwrap().last().unwrap()["session_count"].as_u64().unwrap();
    assert!(all > 70 && all < 460, "{all} registrations");
    let unreadable = json["coverage"]["unreadable"].to_string();
    assert!(unreadable.contains("bad:") && unreadable.contains("production.log"), "{unreadable}");
}

#[test]
fn a_capsule_that_fails_is_a_row_and_what_came_of_it_counts() {
    let Some(mut pair) = Pair::new() else { return };
    let storm = Storm::new("--sessions 3000 --rate 40 --seed 6 --mix lb-ssh=1 --pool 1");
    let size =
        |name: &str| fs::metadata(storm.dir.join("capsules").join(name).join("proxy.log")).unwrap().len();
    let truth = storm.truth();
    let capsules = truth["capsules"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap());
    let capsule = capsules.max_by_key(|name| size(name)).unwrap();
    let log = storm.dir.join("capsules").join(capsule);
    let cut = pair.lab.serve(&Options { instead: Some(&cut_after(50_000)), ..Options::default() });
    let refused = format!("ansible_host=127.0.0.1 ansible_port={}", free_port());
    for (bad, status, reason) in [(cut, "partly-read", "cut"), (refused, "failed", "refused")] {
        let inventory = pair.lab.path("capsule.ini");
        let text = format!(
            "[satellite6]\ngood {}\n[capsules]\n{capsule} {bad} reginfra_log={}\n",
            pair.good,
            log.display()
        );
        fs::write(&inventory, text).unwrap();
        // no Satellite is missing
        let json = pair.lab.metrics(&inventory, "--json").code(0).json();
        let row = row(&json, capsule);
        if status == "partly-read" {
            let table = pair.lab.metrics(&inventory, "").code(0);
            told_as_cut(row, &table, &format!("{capsule} (capsule)"));
        } else {
            assert!(row["error"].as_str().unwrap().contains("Connection refused"), "{row}");
        }
        assert_eq!((row["status"].as_str(), row["reason"].as_str()), (Some(status), Some(reason)), "{row}");
        assert_eq!(row["bytes"].as_u64() > Some(0), status == "partly-read", "{row}");
        assert_eq!(json["coverage"]["complete"], false);
        let all = json["groups"].as_array().unwrap().last().unwrap();
        assert!(all["session_count"].as_u64().unwrap() >= 60);
    }
}

#[test]
fn where_no_satellite_can_be_read_the_rows_are_the_answer() {
    let Some(lab) = Lab::new() else { return };
    let inventory = lab.inventory(&[("bad", format!("ansible_host=127.0.0.1 ansible_port={}", free_port()))]);
    let done = lab.metrics(&inventory, "--json").code(1).told("missing from the answer: bad");
    assert_eq!(done.json()["hosts"][0]["status"], "failed");
}

#[test]
fn an_inventory_without_a_satellite_is_misuse() {
    let Some(lab) = Lab::new() else { return };
    fs::write(lab.path("i.ini"), "[capsules]\ncap\n").unwrap();
    lab.metrics(&lab.path("i.ini"), "").code(2).told("no host in [satellite6]");
}
