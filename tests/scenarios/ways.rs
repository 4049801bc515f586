//! Ways in: url, Katello's word, addresses, the inventory; addresses of every form.

use crate::log::{CAPSULES, Log, SATELLITE, named, uuid};
use serde_json::{Value, json};

#[test]
fn the_url_of_the_host_registration_tells_the_way() {
    let answer = Log::new()
        .with(CAPSULES)
        .create(0, "straight.lab", 1, "10.7.3.1", 900)
        .register(4, 1, None, "10.7.3.1", 200, 500)
        .create(0, "ssh.lab", 2, "10.7.3.2", 900)
        .register(4, 2, Some("https://CAP1.lab:9090"), "10.7.1.1", 200, 500)
        .create(0, "mqtt.lab", 3, "10.7.3.3", 900)
        .register(4, 3, Some("https://cap2.lab:9090/"), "10.7.1.2", 200, 500)
        .create(0, "pooled.lab", 4, "10.7.3.4", 900)
        .register(4, 4, Some("https://lb.lab:9090"), "10.7.1.12", 200, 500)
        .answer();
    for (host, group, capsule) in [
        ("straight.lab", "satellite-ssh", Value::Null),
        ("ssh.lab", "capsule-ssh", json!("cap1.lab")),
        ("mqtt.lab", "capsule-mqtt", json!("cap2.lab")),
        ("pooled.lab", "lb-ssh", json!("pool2.lab")),
    ] {
        let session = answer.session(host, 1);
        assert_eq!((&session["group"], &session["capsule"]), (&json!(group), &capsule), "{host}");
        assert_eq!((&session["way_in"], &session["evidence"]["group"]), (&json!("url"), &json!("exact")));
    }
}

#[test]
fn the_address_tells_the_way_where_there_is_no_url() {
    let answer = Log::new()
        .with(CAPSULES)
        .create(0, "ssh.lab", 2, "10.7.1.1", 900)
        .create(0, "mqtt.lab", 3, "10.7.1.2", 900)
        .create(0, "pooled.lab", 4, "10.7.1.11", 900)
        .create(0, "tcp.lab", 5, "10.7.0.9", 900)
        .failed(1, "failed.lab", "10.7.1.12", 500, 100)
        .answer();
    for (host, group, capsule) in [
        ("ssh.lab", "capsule-ssh", json!("cap1.lab")),
        ("mqtt.lab", "capsule-mqtt", json!("cap2.lab")),
        ("pooled.lab", "lb-ssh", json!("pool1.lab")),
        ("tcp.lab", "lb-ssh", Value::Null),
        ("failed.lab", "lb-ssh", json!("pool2.lab")),
    ] {
        let session = answer.session(host, 1);
        assert_eq!((&session["group"], &session["capsule"]), (&json!(group), &capsule), "{host}");
        assert_eq!(session["way_in"], "address", "{host}");
    }
}

#[test]
fn a_failed_create_from_an_address_that_tells_nothing_is_unknown() {
    let answer = Log::new()
        .with(CAPSULES)
        .create(0, "pooled.lab", 4, "10.7.3.4", 900)
        .register(4, 4, Some("https://lb.lab:9090"), "10.7.1.12", 200, 500)
        .failed(1, "failed.lab", "10.7.3.9", 500, 100)
        .answer();
    let session = answer.session("failed.lab", 1);
    assert_eq!((&session["group"], &session["way_in"]), (&json!("unknown"), &Value::Null));
    assert_eq!(session["evidence"]["group"], "missing");
    assert_eq!(answer.group("all")["session_count"], 2);
    assert_eq!(answer.group("unknown")["label"], "Way in not known");
}

#[test]
fn katellos_own_line_tells_the_way() {
    let says = [
        named("a.lab"),
        format!("Katello::Host::SubscriptionFacet (33) create event on uuid {}", uuid(1)),
        "Host a.lab registered through load balancer lb.lab".to_owned(),
    ];
    let log = Log::new().request(0, "POST /rhsm/consumers", "10.7.3.1", &says, Some((200, 900)));
    let answer = log.with(CAPSULES).answer();
    let session = answer.session("a.lab", 1);
    assert_eq!((&session["group"], &session["way_in"]), (&json!("lb-ssh"), &json!("katello-line")));
    let log = Log::new().request(0, "POST /rhsm/consumers", "10.7.3.1", &says, Some((200, 900)));
    assert_eq!(log.without_inventory().answer().session("a.lab", 1)["group"], "lb-ssh");
}

#[test]
fn katellos_line_in_the_fact_update_tells_the_way_too() {
    let says = ["Host a.lab registered through load balancer lb.lab".to_owned()];
    let answer = Log::new()
        .with(CAPSULES)
        .create(0, "a.lab", 1, "10.7.3.1", 900)
        .request(4, &format!("PUT /rhsm/consumers/{}", uuid(1)), "10.7.3.1", &says, Some((200, 300)))
        .answer();
    assert_eq!(answer.session("a.lab", 1)["group"], "lb-ssh");
}

#[test]
fn a_url_of_a_host_that_the_inventory_lacks_is_unknown_and_said() {
    for inventory in [CAPSULES, SATELLITE] {
        let answer = Log::new()
            .with(inventory)
            .create(0, "a.lab", 1, "10.7.3.1", 900)
            .register(4, 1, Some("https://cap9.lab:9090"), "10.7.1.99", 200, 500)
            // through the same capsule, for all that the log tells
            .failed(5, "b.lab", "10.7.3.2", 500, 100)
            .create(6, "c.lab", 3, "10.7.3.3", 900)
            .register(9, 3, None, "10.7.3.3", 200, 500)
            .answer();
        for host in ["a.lab", "b.lab"] {
            let session = answer.session(host, 1);
            let found = (&session["group"], &session["way_in"], &session["capsule"]);
            assert_eq!(found, (&json!("unknown"), &Value::Null, &Value::Null), "{host}: {inventory}");
        }
        assert_eq!(answer.session("c.lab", 1)["group"], "satellite-ssh");
        assert!(answer.notes().contains("cap9.lab"), "{}", answer.notes());
        assert!(answer.notes().contains("inventory"), "{}", answer.notes());
    }
}

#[test]
fn an_inventory_of_the_satellite_alone_is_no_word_on_what_it_lacks() {
    let script = "GET /register?activation_keys=k&url=https%3A%2F%2Fcap9.lab%3A9090";
    let fetched = Log::new().request(0, script, "10.7.1.99", &[], Some((200, 300)));
    let answer = fetched.create(5, "a.lab", 1, "10.7.1.99", 900).answer();
    assert_eq!(answer.session("a.lab", 1)["group"], "unknown");
    let says = [named("a.lab"), "Host a.lab registered through unknown proxy cap9.lab".to_owned()];
    let answer = Log::new().request(0, "POST /rhsm/consumers", "10.7.3.1", &says, Some((200, 900))).answer();
    assert_eq!(answer.session("a.lab", 1)["group"], "unknown");
}

#[test]
fn another_address_is_a_straight_host_s_where_hosts_behind_capsules_show_the_capsule_s() {
    let hidden = Log::new().with(CAPSULES).create(0, "behind.lab", 1, "10.7.1.1", 900);
    let answer = hidden.create(1, "straight.lab", 2, "10.7.3.2", 900).answer();
    let session = answer.session("straight.lab", 1);
    assert_eq!((&session["group"], &session["way_in"]), (&json!("satellite-ssh"), &json!("inventory")));
    assert_eq!(session["evidence"]["group"], "inferred");
    assert_eq!(answer.group("satellite-ssh")["consumer_create_ms"]["evidence"], "inferred");
    // only a script came from a capsule's address: who it was for may show its own
    let script = "GET /register?activation_keys=k&url=https%3A%2F%2Fcap1.lab%3A9090";
    let shown = Log::new().with(CAPSULES).request(0, script, "10.7.1.1", &[], Some((200, 300)));
    let answer = shown.create(5, "behind.lab", 1, "10.7.3.1", 900).answer();
    assert_eq!(answer.session("behind.lab", 1)["group"], "unknown");
}

#[test]
fn a_capsule_of_a_pool_with_mqtt_is_counted_to_the_pool_and_said() {
    let inventory =
        CAPSULES.replace("pool1.lab private_ip=10.7.1.11", "pool1.lab private_ip=10.7.1.11 rex_mode=mqtt");
    let answer = Log::new()
        .with(&inventory)
        .create(0, "a.lab", 1, "10.7.1.11", 900)
        .register(4, 1, Some("https://lb.lab:9090"), "10.7.1.11", 200, 500)
        .answer();
    assert_eq!(answer.session("a.lab", 1)["group"], "lb-ssh");
    assert!(answer.notes().contains("mqtt") && answer.notes().contains("pool1.lab"), "{}", answer.notes());
}

#[test]
fn addresses_of_ipv6_and_mapped_ones_are_the_hosts_they_name() {
    let inventory =
        "[satellite6]\nsat.lab\n\n[capsules]\ncap1.lab private_ip=10.7.1.1\ncap6.lab private_ip=fd00:7::6\n";
    let answer = Log::new()
        .with(inventory)
        .create(0, "mapped.lab", 1, "::ffff:10.7.1.1", 900)
        .create(1, "six.lab", 2, "fd00:7:0:0::6", 900)
        .create(2, "own.lab", 3, "fd00:7::99", 900)
        .register(5, 3, None, "fd00:7::99", 200, 100)
        .answer();
    assert_eq!(answer.session("mapped.lab", 1)["capsule"], "cap1.lab");
    assert_eq!(answer.session("six.lab", 1)["capsule"], "cap6.lab");
    assert_eq!(answer.session("own.lab", 1)["group"], "satellite-ssh");
}

#[test]
fn hidden_addresses_leave_keys_at_work() {
    let hidden = "xx.xx.xx.xx";
    let answer = Log::new()
        .with(CAPSULES)
        .create(0, "a.lab", 1, hidden, 900)
        .facts(3, 1, hidden, 200, 300)
        .register(4, 1, Some("https://cap1.lab:9090"), hidden, 200, 500)
        .create(10, "b.lab", 2, hidden, 800)
        .get(12, 2, "/compliance", hidden)
        .failed(20, "c.lab", hidden, 500, 100)
        .answer();
    let session = answer.session("a.lab", 1);
    assert_eq!((&session["group"], &session["capsule"]), (&json!("capsule-ssh"), &json!("cap1.lab")));
    assert_eq!(answer.session("b.lab", 1)["compliance_calls"], 1);
    assert_eq!(answer.session("c.lab", 1)["group"], "unknown", "one mark for all addresses tells nothing");
}

#[test]
fn the_script_of_a_group_is_named_by_its_url() {
    let query = |host: &str| format!("GET /register?activation_keys=k&url=https%3A%2F%2F{host}%3A9090");
    let mut log = Log::new().with(CAPSULES);
    for (i, (host, capsule)) in
        [("lb.lab", "10.7.1.11"), ("lb.lab", "10.7.1.12"), ("cap1.lab", "10.7.1.1")].into_iter().enumerate()
    {
        let (n, at) = (i as u32 + 1, i as i64 * 3);
        log = log
            .request(at, &query(host), capsule, &[], Some((200, 100 + i64::from(n))))
            .create(at + 5, &format!("h{n}.lab"), n, capsule, 900)
            .register(at + 9, n, Some(&format!("https://{host}:9090")), capsule, 200, 500);
    }
    let answer = log.answer();
    let script = |group: &str| answer.group(group)["script_fetch_ms"].clone();
    assert_eq!((&script("lb-ssh")["count"], &script("lb-ssh")["max"]), (&json!(2), &json!(102)));
    assert_eq!((&script("capsule-ssh")["count"], &script("capsule-ssh")["max"]), (&json!(1), &json!(103)));
    assert_eq!(script("capsule-ssh")["evidence"], "exact");
    // two candidates of one url: nobody's in particular; one alone: its own, inferred
    assert_eq!(answer.session("h1.lab", 1)["script_fetch_ms"], Value::Null);
    assert_eq!(answer.session("h3.lab", 1)["script_fetch_ms"], 103);
}

#[test]
fn without_an_inventory_a_note_says_what_one_would_add() {
    let answer = Log::new()
        .without_inventory()
        .create(0, "a.lab", 1, "10.7.1.1", 900)
        .register(4, 1, Some("https://cap1.lab:9090"), "10.7.1.1", 200, 500)
        .answer();
    let session = answer.session("a.lab", 1);
    assert_eq!(session["evidence"]["group"], "inferred");
    // figures of a group are as sure as the group; all of them together need none
    let evidence = |group: &str| answer.group(group)["consumer_create_ms"]["evidence"].clone();
    assert_eq!((evidence("capsule-ssh"), evidence("all")), (json!("inferred"), json!("exact")));
    assert!(answer.notes().contains("-i INVENTORY"), "{}", answer.notes());
}
