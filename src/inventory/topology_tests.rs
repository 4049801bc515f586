use super::*;
use std::io::Write;

const USUAL: &str = "\
[satellite6]
sat.example.com private_ip=10.0.0.1 public_ip=192.0.2.1 private_ip6=2001:db8::1

[capsules]
cap1.example.com private_ip=10.0.1.1 ansible_host=192.0.2.11
cap2.example.com private_ip=10.0.1.2/24 rex_mode=mqtt
cap3.example.com private_ip=10.0.1.3 location=Brno
cap4.example.com private_ip=10.0.1.4 rex_mode=mqtt ansible_host=cap4.lab.example.net

[capsule_lbs]
lb.example.com private_ip=10.0.1.100

[location_dublin]
cap1.example.com
cap2.example.com
lb.example.com

[location_pune]
cap4.example.com
";

fn topology(text: &str) -> Topology {
    Topology::of(&Inventory::parse(text, Path::new("hosts.ini")).unwrap()).unwrap()
}

fn load(bytes: &[u8]) -> Result<Topology, InventoryError> {
    let mut file = tempfile::Builder::new().prefix("inventory").tempfile().unwrap();
    file.write_all(bytes).unwrap();
    Topology::load(file.path())
}

fn name(role: Option<Role<'_>>) -> &str {
    role.map_or("none", Role::name)
}

#[test]
fn capsules_come_in_their_groups() {
    let t = topology(USUAL);
    let groups: Vec<Group> = t.capsules.iter().map(Capsule::group).collect();
    assert_eq!(groups, [Group::LbSsh, Group::LbSsh, Group::CapsuleSsh, Group::CapsuleMqtt]);
    assert_eq!(t.load_balancers[0].pool, ["cap1.example.com", "cap2.example.com"]);
    assert_eq!(t.capsules[2].location.as_deref(), Some("brno"));
    assert_eq!(t.warnings.len(), 1, "{:?}", t.warnings);
    assert!(t.warnings[0].contains("cap2.example.com has rex_mode mqtt"));
}

#[test]
fn hosts_are_found_by_every_name_and_address() {
    let t = topology(USUAL);
    for (asked, found) in [
        ("SAT.example.com.", "sat.example.com"),
        ("sat", "sat.example.com"),
        ("::ffff:10.0.0.1", "sat.example.com"),
        ("[2001:DB8::1]", "sat.example.com"),
        ("192.0.2.11", "cap1.example.com"),
        ("10.0.1.2", "cap2.example.com"),
        ("cap4.lab.example.net", "cap4.example.com"),
        ("cap4", "cap4.example.com"),
        ("lb.example.com", "lb.example.com"),
        ("cap1.other.com", "none"),
        ("10.0.1.99", "none"),
        ("", "none"),
    ] {
        assert_eq!(name(t.by_host(asked)), found, "{asked}");
    }
}

#[test]
fn a_short_name_decides_only_where_one_host_fits() {
    let t = topology(
        "[satellite6]\nsat\n[capsules]\ncap.a.example.com location=a\ncap.b.example.com location=b\n",
    );
    assert_eq!(name(t.by_host("cap")), "none");
    assert_eq!(name(t.by_host("cap.a.example.com")), "cap.a.example.com");
    assert_eq!(name(t.by_host("sat.example.com")), "sat");
}

#[test]
fn an_address_of_two_hosts_decides_nothing_and_is_told() {
    let t = topology("[satellite6]\ns private_ip=10.0.0.1\n[capsules]\nc ip=10.0.0.1 location=a\n");
    assert_eq!(name(t.by_host("10.0.0.1")), "none");
    assert!(t.warnings.iter().any(|w| w.starts_with("10.0.0.1 stands for c and for another host")));
}

#[test]
fn odd_inventories_are_told() {
    let t = topology(
        "[capsules]\nc1\nc2 location=a rex_mode=pigeon private_ip=\"{{ x }}\" public_ip=nowhere\n\
         [capsule_lbs]\nl1 location=A\nl2 location=a\nl3\n",
    );
    let all = t.warnings.join("\n");
    for part in [
        "no host in [satellite6]",
        "c1 is in no location",
        "rex_mode \"pigeon\"",
        "c2: the variable private_ip cannot be rendered: x is undefined",
        "c2: public_ip is no address",
        "location a has two load balancers, l1 and l2",
        "load balancer l3 (no location) has no capsule",
    ] {
        assert!(all.contains(part), "{part} in\n{all}");
    }
    assert_eq!(t.capsules[1].load_balancer.as_deref(), Some("l1"));
}

#[test]
fn what_is_no_inventory_is_refused_with_a_way_out() {
    for (bytes, part) in [
        (&b"#!/usr/bin/python\nimport json\n"[..], ":1: looks like a program that makes an inventory"),
        (b"[a]\nb\0c\n", ":2: is not text"),
        (b"# \xff\n[a]\nb x=\xff\n", ":3: is not text"),
        (b"\xef\xbb\xbf[a]\nb\n", ":1: is not text (it begins with a byte order mark"),
        (b"# nothing\n", "names no host"),
        (b"[a]\nh x='1\n", ":2: a quote is not closed"),
        (b"all:\n  hosts: [a]\n", ":2: hosts of the group all is a mapping"),
        (b"plugin: aws_ec2\n", ":1: is the configuration of the inventory plugin aws_ec2; --via-ansible"),
        (b"$ANSIBLE_VAULT;1.1;AES256\n61\n", ":1: is encrypted with ansible-vault; --via-ansible"),
    ] {
        let message = load(bytes).unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    }
    let folder = tempfile::tempdir().unwrap();
    let empty = Topology::load(folder.path()).unwrap_err().to_string();
    assert!(empty.contains("holds no inventory file"), "{empty}");
    let nowhere = Topology::load(Path::new("/nowhere/inventory.ini")).unwrap_err().to_string();
    assert!(nowhere.contains("cannot read the inventory"), "{nowhere}");
}

#[test]
fn a_variable_that_is_not_needed_may_be_as_wrong_as_it_likes() {
    let t = topology(
        "[satellite6]\nsat private_ip='10.0.0.{{ n }}' n=1 motd='{{ lookup(1) }}' a={{b}} b={{a}}\n",
    );
    assert_eq!(name(t.by_host("10.0.0.1")), "sat");
    assert_eq!(t.warnings, Vec::<String>::new());
}

#[test]
fn inventories_of_the_field_give_what_they_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples/inventory");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        eprintln!("SKIPPED: {} is not here: inventories of the field were not read", folder.display());
        return;
    };
    let mut read = 0;
    for entry in entries {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let t = Topology::load(&path).unwrap_or_else(|e| panic!("{e}"));
        let inventory = Inventory::load(&path).unwrap();
        let (hosts, satellites, capsules) = match file.as_str() {
            "ansible-15331-leading-range.txt" => (6, 0, 0),
            "ansible-3comments.txt" => (4, 0, 0),
            "ansible-8239-children-comment.txt" => (1, 0, 0),
            "ansible-combined_range.txt" => (4, 0, 0),
            "ansible-complex_hosts.txt" => (594, 0, 0),
            "ansible-inventory_ini.txt" => (1, 0, 0),
            "ansible-simple_hosts.txt" => (26, 0, 0),
            "pastebin-dnMSvTr3.txt" => (1, 0, 0),
            "satperf-hosts.txt" => (4, 1, 1),
            "satperf-readme.txt" => (4, 2, 2),
            other => panic!("say what {other} holds"),
        };
        assert_eq!(
            (inventory.hosts().len(), t.satellites.len(), t.capsules.len()),
            (hosts, satellites, capsules),
            "{file}"
        );
        read += 1;
    }
    assert!(read > 0);
}
