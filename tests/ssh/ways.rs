//! The way to a host: networks that lead nowhere, in a namespace of their own, and a jump host.

use crate::failures::Pair;
use crate::server::{Options, free_port, program, which, whoami};
use crate::support::skip;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// An address for documentation (RFC 5737): nobody has it.
const NOWHERE: &str = "192.0.2.1";

/// As `Pair`, but what goes to NOWHERE goes through a network that `set_up` makes; none, loudly, where that cannot be.
fn network(set_up: &str) -> Option<Pair> {
    let pair = Pair::new()?;
    let own = if whoami() == "root" { "-n" } else { "-rn" };
    let may = Command::new("unshare").args([own, "sh", "-c", set_up]).stderr(Stdio::null()).status();
    if !may.is_ok_and(|status| status.success()) {
        skip(
            "a network namespace of its own is not to be had (unshare, ip): routes that lead nowhere were NOT tested",
        );
        return None;
    }
    let ssh = format!("{} -F '{}'", which("ssh").display(), pair.lab.path("config").display());
    let script = format!(
        "case \"$*\" in *{NOWHERE}*) exec unshare {own} sh -c '{set_up}; exec {} \"$@\"' sh \"$@\";; esac\nexec {ssh} \"$@\"",
        ssh.replace('\'', "'\\''")
    );
    program(&pair.lab.path("bin"), "ssh", &script);
    Some(pair)
}

fn nowhere() -> String {
    format!("ansible_host={NOWHERE}")
}

#[test]
fn a_network_that_is_down() {
    let Some(pair) = network(":") else { return };
    pair.fails(&nowhere(), "no-route", "Network is unreachable", "set ProxyJump");
}

#[test]
fn no_route_to_the_host() {
    let Some(pair) = network("ip link set lo up; ip route add unreachable 192.0.2.0/24") else { return };
    pair.fails(&nowhere(), "no-route", "No route to host", "set ProxyJump");
}

// the words are those of a file that may not be read
#[test]
fn a_network_that_this_machine_may_not_reach() {
    let Some(pair) = network("ip link set lo up; ip route add prohibit 192.0.2.0/24") else { return };
    pair.fails(&nowhere(), "no-route", "Permission denied", "set ProxyJump");
}

#[test]
fn a_host_that_never_answers_is_given_up_when_the_time_to_connect_is_over() {
    // the loopback drops what is not for it
    let Some(pair) = network("ip link set lo up; ip route add 192.0.2.0/24 dev lo") else { return };
    // shorter than what counts where nobody says so
    let bad = format!("{} ansible_ssh_common_args='-o ConnectTimeout=3'", nowhere());
    let inventory = pair.lab.inventory(&[("bad", bad), ("good", pair.good.clone())]);
    let since = Instant::now();
    let done = pair.lab.metrics(&inventory, "--json").code(1).told("timed out").told("firewalls in between");
    assert!(since.elapsed() < Duration::from_secs(60), "{:?}", since.elapsed());
    pair.check(&done, "timed-out", "failed", "timed out");
}

fn port_of(vars: &str) -> &str {
    vars.split(' ').find_map(|word| word.strip_prefix("ansible_port=")).unwrap()
}

/// The user's own configuration knows the jump host.
fn know_jump(pair: &Pair, port: &str) {
    let id = pair.lab.path("id");
    let (user, id) = (whoami(), id.display());
    pair.lab.configure(&format!(
        "Host jump\n  HostName 127.0.0.1\n  Port {port}\n  User {user}\n  IdentityFile {id}\n"
    ));
}

const THROUGH: &str = "ansible_ssh_common_args='-o ProxyJump=jump'";

#[test]
fn a_host_behind_a_jump_host_is_read_through_it() {
    let Some(mut pair) = Pair::new() else { return };
    let jump = pair.lab.serve(&Options::default());
    know_jump(&pair, port_of(&jump));
    let far = format!("{} {THROUGH}", pair.serve(&Options::default()));
    let inventory = pair.lab.inventory(&[("far", far), ("good", pair.good.clone())]);
    let json = pair.lab.metrics(&inventory, "--json").code(0).json();
    let hosts = json["hosts"].as_array().unwrap();
    assert!(hosts.len() == 2 && hosts.iter().all(|host| host["status"] == "read"), "{hosts:?}");
    // the good host's, the jump's, the far host's: one connection each
    for server in 0..3 {
        let log = pair.lab.log_of(server);
        assert_eq!(log.matches("Accepted publickey").count(), 1, "{server}: {log}");
    }
}

#[test]
fn a_jump_host_that_is_down_or_lets_nobody_through_is_told_in_its_words() {
    let Some(mut pair) = Pair::new() else { return };
    let shut = pair.lab.serve(&Options { more: "AllowTcpForwarding no", ..Options::default() });
    let far = format!("{} {THROUGH}", pair.serve(&Options::default()));
    know_jump(&pair, port_of(&shut));
    pair.fails(&far, "jump-refused", "administratively prohibited", "AllowTcpForwarding");
    let closed = free_port();
    let far = far.replace("ProxyJump=jump", &format!("ProxyJump=127.0.0.1:{closed}"));
    pair.fails(&far, "refused", &format!("port {closed}: Connection refused"), "check that sshd runs there");
}

// the jump host's own ssh is not told BatchMode
#[test]
fn a_jump_host_that_would_ask_for_a_password_on_the_terminal_does_not_ask() {
    let Some(mut pair) = Pair::new() else { return };
    if which("script").is_relative() {
        return skip("script is not there (its package: bsdutils): that nothing is asked was NOT tested");
    }
    let asks = Options { refuses_keys: true, more: "PasswordAuthentication yes", ..Options::default() };
    let jump = pair.lab.serve(&asks);
    know_jump(&pair, port_of(&jump));
    let far = format!("{} {THROUGH}", pair.serve(&Options::default()));
    let inventory = pair.lab.inventory(&[("bad", far), ("good", pair.good.clone())]);
    let path = format!("{}:{}", pair.lab.path("bin").display(), std::env::var("PATH").unwrap());
    let run = format!(
        "'{}' metrics --host-timeout 60 -i '{}'",
        env!("CARGO_BIN_EXE_reginfra"),
        inventory.display()
    );
    let since = Instant::now();
    let mut script = Command::new("script");
    script.args(["-qec", &run, "/dev/null"]).env("PATH", path).env("COLUMNS", "200");
    let done = script.stdin(Stdio::null()).output().unwrap();
    let shown = String::from_utf8_lossy(&done.stdout);
    assert!(since.elapsed() < Duration::from_secs(50), "{:?}: {shown}", since.elapsed());
    assert_eq!(done.status.code(), Some(1), "{shown}");
    assert!(shown.contains("Permission denied") && shown.contains("ansible_ssh_private_key_file"), "{shown}");
}
