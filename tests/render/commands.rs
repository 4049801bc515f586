//! `reginfra render` from the outside.

use crate::support::{Done, Run};
use std::fs;
use std::path::{Path, PathBuf};

const HOSTS: &str = "\
[capsules]
cap1.example.com private_ip=10.0.1.1
cap2.example.com private_ip=10.0.2.2
[capsule_lbs]
lb1.example.com private_ip=10.0.1.100
lb2.example.com private_ip=10.0.2.100
[location_dublin]
cap1.example.com
lb1.example.com
[location_brno]
cap2.example.com
lb2.example.com
[capsule_lbs:vars]
registration_cache_port=6380
";
const PLACEHOLDER: &str = "@REGISTRATION_CACHE_PASSWORD@";

struct Lab(tempfile::TempDir);

impl Lab {
    fn new() -> Self {
        Self::of(HOSTS)
    }

    fn of(hosts: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("hosts.ini"), hosts).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn run(&self, words: &str) -> Run {
        Run::new("render -i").arg(self.path("hosts.ini")).words(words).current_dir(self.0.path())
    }

    fn go(&self, words: &str) -> Done {
        self.run(words).go()
    }
}

#[test]
fn several_files_follow_a_line_with_their_host_and_path() {
    let lab = Lab::new();
    let done = lab.go("haproxy").code(0).says_nothing_on_stderr();
    let heads: Vec<&str> = done.stdout.lines().filter(|l| l.starts_with("# lb")).collect();
    assert_eq!(heads.len(), 6, "{done:#?}");
    assert!(heads.contains(&"# lb1.example.com /etc/haproxy/haproxy.cfg"), "{heads:?}");
    assert!(heads.contains(&"# lb2.example.com /etc/haproxy/haproxy.cfg"), "{heads:?}");
    let one = lab.go("cache-url --host cap1.example.com --set capsule_cache_url_password=x").code(0);
    assert_eq!(one.stdout, ":cache_url: redis://registration_cache:x@10.0.1.100:6380/0\n");
}

#[test]
fn set_wins_over_vars_and_vars_over_the_inventory() {
    let lab = Lab::new();
    lab.write("group_vars/all.yml", "haproxy_registration_fall: 4\nhaproxy_registration_rise: 5\n");
    lab.write("vars.yml", "haproxy_registration_rise: 6\nhaproxy_registration_maxconn: 7\n");
    let done =
        lab.go("haproxy --host lb1.example.com --vars vars.yml --set haproxy_registration_maxconn=8").code(0);
    assert!(done.stdout.contains("fall 4 rise 6 maxconn 8\n"), "{done:#?}");
    let json = lab
        .run("haproxy --host lb1.example.com --set")
        .arg("{\"haproxy_bind\": [\"10.0.1.100\"]}")
        .go()
        .code(0);
    assert!(json.stdout.contains("bind 10.0.1.100:9090\n"), "{json:#?}");
    lab.run("haproxy --set")
        .arg("haproxy_log=a b")
        .go()
        .code(2)
        .told("'b' is no KEY=VALUE")
        .says_nothing_on_stdout();
    lab.go("haproxy --vars nowhere.yml").code(2).told("nowhere.yml").says_nothing_on_stdout();
}

#[test]
fn without_a_password_its_placeholder_stands_there() {
    let lab = Lab::new();
    let cache =
        lab.go("cache --host lb1.example.com").code(0).told("registration_cache_password is not given");
    assert!(cache.stdout.contains(&format!("on >{PLACEHOLDER} ")), "{cache:#?}");
    assert!(cache.stdout.contains("on >@REGISTRATION_CACHE_MONITOR_PASSWORD@ "), "{cache:#?}");
    let url = lab
        .go("cache-url --host cap1.example.com")
        .code(0)
        .told(&format!("warning: {PLACEHOLDER} stands in"));
    assert!(url.stdout.contains(&format!("registration_cache:{PLACEHOLDER}@10.0.1.100")), "{url:#?}");
    let given =
        lab.go("cache --set registration_cache_password=a --set registration_cache_monitor_password=b");
    let given = given.code(0).says_nothing_on_stderr();
    // sha256 of a
    assert!(
        given.stdout.contains("#ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb "),
        "{given:#?}"
    );
    assert!(!given.stdout.contains("@REGISTRATION"), "{given:#?}");
}

#[test]
fn what_is_missing_names_host_and_variable() {
    for (hosts, what, parts) in [
        (
            HOSTS.replace("lb1.example.com private_ip=10.0.1.100", "lb1.example.com"),
            "cache",
            "lb1.example.com|private_ip",
        ),
        (
            HOSTS.replace("lb1.example.com private_ip=10.0.1.100", "lb1.example.com"),
            "cache-url",
            "lb1.example.com|private_ip",
        ),
        (
            HOSTS.replace("[location_dublin]\ncap1.example.com", "[location_dublin]"),
            "haproxy",
            "cap1.example.com|location",
        ),
        (
            HOSTS.replace("[location_dublin]\ncap1.example.com", "[location_dublin]"),
            "cache-url",
            "cap1.example.com|location",
        ),
        (
            HOSTS
                .replace("[location_brno]\ncap2", "[location_dublin]\nlb2.example.com\n[location_brno]\ncap2")
                .replace(
                    "[location_brno]\ncap2.example.com\nlb2.example.com",
                    "[location_brno]\ncap2.example.com",
                ),
            "haproxy",
            "lb1.example.com|lb2.example.com|dublin",
        ),
    ] {
        let done = Lab::of(&hosts).go(what).code(2).says_nothing_on_stdout();
        assert!(done.stderr.lines().all(|line| line.starts_with("error: ")), "{done:#?}");
        for part in parts.split('|') {
            assert!(done.stderr.contains(part), "{part} in {done:#?}");
        }
    }
}

#[test]
fn an_undefined_variable_names_host_variable_and_place() {
    let lab = Lab::new();
    let done = lab.run("haproxy --host lb1.example.com --set").arg("haproxy_log={{ gone }}").go().code(2);
    for part in ["lb1.example.com", "gone is undefined", "haproxy_log", "templates/haproxy/haproxy.cfg.j2:"] {
        assert!(done.stderr.contains(part), "{part} in {done:#?}");
    }
}

#[test]
fn hosts_that_are_not_there_are_told() {
    let lab = Lab::new();
    lab.go("haproxy --host gone").code(2).told("gone is nowhere in the inventory").told("[capsule_lbs]");
    lab.go("haproxy --host cap1.example.com").code(2).told("cap1.example.com is not in [capsule_lbs]");
    Lab::of("[capsules]\nc\n")
        .go("haproxy")
        .code(3)
        .told("no host in [capsule_lbs]")
        .says_nothing_on_stdout();
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[cfg(unix)]
#[test]
fn files_lie_below_their_host_with_their_modes() {
    let lab = Lab::new();
    for _ in 0..2 {
        lab.go("haproxy --output out").code(0).says_nothing_on_stdout();
    }
    let config = lab.path("out/lb2.example.com/etc/haproxy/haproxy.cfg");
    assert!(fs::read_to_string(&config).unwrap().contains("server cap2 10.0.2.2:9090\n"));
    assert_eq!(mode(&config), 0o640);
    assert_eq!(
        mode(&lab.path("out/lb1.example.com/etc/systemd/system/haproxy.service.d/reginfra.conf")),
        0o644
    );
    let names: Vec<_> =
        fs::read_dir(config.parent().unwrap()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["haproxy.cfg"], "nothing is left behind");
}

#[test]
fn a_path_does_not_lead_out_of_the_folder() {
    let lab = Lab::new();
    let done = lab.go("cache-url --host cap1.example.com --output out --set capsule_cache_url_file=/../../x");
    done.code(2).told("is no place below out");
    assert!(!lab.path("out").exists());
}

#[test]
fn diff_shows_what_would_change_and_writes_nothing() {
    let lab = Lab::new();
    let new = lab.go("haproxy --host lb1.example.com --output out --diff").code(0);
    assert!(new.stdout.contains("--- /dev/null\n+++ lb1.example.com /etc/haproxy/haproxy.cfg\n"), "{new:#?}");
    assert!(!lab.path("out").exists());
    lab.go("haproxy --output out").code(0);
    assert_eq!(lab.go("haproxy --output out --diff").code(0).stdout, "");
    let changed = lab.go("haproxy --output out --diff --set haproxy_registration_fall=12").code(0);
    assert!(changed.stdout.starts_with("--- out/lb1.example.com/etc/haproxy/haproxy.cfg\n"), "{changed:#?}");
    assert!(changed.stdout.contains("fall 9999") && changed.stdout.contains("fall 12"), "{changed:#?}");
    lab.go("haproxy --diff").code(2).told("--output DIR").says_nothing_on_stdout();
    lab.go("haproxy --current hosts.ini").code(2).told("--current is of cache-url only");
}

#[test]
fn of_registration_yml_one_line_is_ours() {
    let lab = Lab::new();
    let before = "---\r\n# kept {{ not_a_template }}\r\n:enabled: https\r\n:other: 'x'";
    lab.write("registration.yml", before);
    let words =
        "cache-url --host cap1.example.com --set capsule_cache_url_credentials=no --current registration.yml";
    let line = ":cache_url: redis://10.0.1.100:6380/0";
    assert_eq!(lab.go(words).code(0).stdout, format!("{before}\r\n{line}"));
    let diff = lab.go(&format!("{words} --diff")).code(0);
    assert!(
        diff.stdout.starts_with("--- registration.yml\n+++ cap1.example.com /etc/foreman-proxy/"),
        "{diff:#?}"
    );
    assert!(diff.stdout.contains(&format!("+{line}\n\\ No newline at end of file\n")), "{diff:#?}");
    // written once, it stays as it is
    lab.write("registration.yml", &format!("{before}\r\n{line}"));
    assert_eq!(lab.go(&format!("{words} --diff")).code(0).stdout, "");
    // a capsule without a load balancer loses it
    let alone = Lab::of("[capsules]\ncap1.example.com location=a\n");
    alone.write("registration.yml", &format!("---\n{line}\n:enabled: https\n"));
    let done = alone.go("cache-url --current registration.yml").code(0);
    assert_eq!(done.stdout, "---\n:enabled: https\n");
    alone.write("registration.yml", "x: \u{fffd}\n");
    fs::write(alone.path("registration.yml"), b"x: \xff\n").unwrap();
    alone.go("cache-url --current registration.yml").code(2).told("is no text in UTF-8");
}

#[cfg(unix)]
#[test]
fn a_vault_is_opened_by_ansible_or_refused() {
    use std::os::unix::fs::PermissionsExt;
    let lab = Lab::new();
    lab.write("vault.yml", "$ANSIBLE_VAULT;1.1;AES256\n61\n");
    let words = "cache --host lb1.example.com --vars vault.yml";
    lab.go(words).code(2).told("vault.yml:1: is encrypted with ansible-vault").told("--via-ansible");
    let listing = r#"{"_meta": {"hostvars": {"lb1.example.com": {"private_ip": "10.0.0.9", "location": "a"}, "c": {"private_ip": "10.0.0.8", "location": "a"}}},
        "capsule_lbs": {"hosts": ["lb1.example.com"]}, "capsules": {"hosts": ["c"]}}"#;
    for (name, text) in [
        ("bin/ansible-inventory", format!("#!/bin/sh\ncat <<'END'\n{listing}\nEND\n")),
        (
            "bin/ansible-vault",
            "#!/bin/sh\n[ \"$1\" = view ] && echo 'registration_cache_password: a'\n".to_owned(),
        ),
    ] {
        let path = lab.write(name, &text);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:/usr/bin:/bin", lab.path("bin").display());
    let done = lab.run(words).arg("--via-ansible").env("PATH", path).go().code(0);
    assert!(done.stdout.contains("bind 127.0.0.1 10.0.0.9\n"), "{done:#?}");
    assert!(
        done.stdout.contains("#ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"),
        "{done:#?}"
    );
}
