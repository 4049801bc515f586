//! Which key joins what: UUIDs that change, names that stand in, labels of old releases, decoys.

use crate::log::{Log, named, uuid};
use serde_json::{Value, json};

const HERE: &str = "10.7.3.1";
const CREATE: &str = "POST /rhsm/consumers?owner=Lab&activation_keys=k";

fn create_saying(second: i64, says: &[String]) -> Log {
    let mut lines = vec![named("a.lab")];
    lines.extend(says.iter().cloned());
    Log::new().request(second, CREATE, HERE, &lines, Some((200, 1200)))
}

#[test]
fn re_registration_takes_the_new_uuid_and_leaves_the_old_one_behind() {
    let answer = create_saying(
        10,
        &[format!("Katello::Host::SubscriptionFacet (33) update event on uuid {}, {}", uuid(1), uuid(2))],
    )
    .get(0, 1, "/compliance", HERE)
    .facts(12, 2, HERE, 200, 210)
    .get(13, 1, "/compliance", HERE)
    .get(14, 1, "", HERE)
    .get(15, 2, "/compliance", HERE)
    .answer();
    let session = answer.session("a.lab", 1);
    assert_eq!(session["consumer_uuid"], uuid(2));
    assert_eq!((&session["compliance_calls"], &session["redundant_consumer_gets"]), (&json!(1), &json!(0)));
    assert_eq!((answer.background("keyed_requests"), answer.background("consumers")), (3, 1));
}

#[test]
fn a_uuid_that_changes_inside_the_request_is_the_one_it_changed_to() {
    let answer = create_saying(
        0,
        &[
            format!("Katello::Host::SubscriptionFacet (33) create event on uuid {}", uuid(1)),
            format!(
                "Candlepin returned different consumer uuid than requested ({}), updating uuid in subscription_facet.",
                uuid(1)
            ),
            format!("Katello::Host::SubscriptionFacet (33) update event on uuid {}, {}", uuid(1), uuid(2)),
        ],
    )
    .facts(3, 2, HERE, 200, 210)
    .answer();
    let session = answer.session("a.lab", 1);
    assert_eq!((&session["consumer_uuid"], &session["fact_update_ms"]), (&json!(uuid(2)), &json!(210)));
}

#[test]
fn a_uuid_that_changed_is_found_by_the_hosts_name_where_no_audit_line_tells() {
    let answer = create_saying(
        0,
        &[format!(
            "Candlepin returned different consumer uuid than requested ({}), updating uuid in subscription_facet.",
            uuid(1)
        )],
    )
    .request(
        3,
        &format!("PUT /rhsm/consumers/{}", uuid(2)),
        HERE,
        &["Import facts for 'a.lab' completed. Added: 5, Updated: 0, Deleted 0 facts".to_owned()],
        Some((200, 210)),
    )
    .answer();
    let session = answer.session("a.lab", 1);
    assert_eq!((&session["consumer_uuid"], &session["fact_update_ms"]), (&json!(uuid(2)), &json!(210)));
}

#[test]
fn without_audit_lines_the_fact_import_names_the_host() {
    let answer = create_saying(0, &[])
        .get(2, 1, "", HERE)
        .request(
            3,
            &format!("PUT /rhsm/consumers/{}", uuid(1)),
            HERE,
            &["Import facts for 'A.lab' completed. Added: 5, Updated: 0, Deleted 0 facts".to_owned()],
            Some((200, 210)),
        )
        .get(5, 1, "/compliance", HERE)
        .answer();
    let session = answer.session("a.lab", 1);
    assert_eq!(session["consumer_uuid"], uuid(1));
    assert_eq!(session["redundant_consumer_gets"], 1, "what came before the name was known is its too");
    assert_eq!((&session["fact_update_ms"], &session["compliance_calls"]), (&json!(210), &json!(1)));
}

#[test]
fn without_any_key_a_good_create_keeps_its_own_figure_and_counts_stay_unknown() {
    let answer = create_saying(0, &[]).get(2, 1, "/compliance", HERE).answer();
    let session = answer.session("a.lab", 1);
    assert_eq!((&session["consumer_create_ms"], &session["success"]), (&json!(1200), &json!(true)));
    assert_eq!((&session["compliance_calls"], &session["fact_update_ms"]), (&Value::Null, &Value::Null));
    assert_eq!(session["evidence"]["compliance_calls"], "missing");
    assert_eq!(answer.background("keyed_requests"), 1);
}

#[test]
fn subscription_manager_alone_registers_without_post_register() {
    let answer = Log::new().create(0, "a.lab", 1, HERE, 1000).facts(3, 1, HERE, 200, 300).answer();
    let session = answer.session("a.lab", 1);
    assert_eq!((&session["success"], &session["host_register_ms"]), (&json!(true), &Value::Null));
    assert_eq!(answer.group("all")["host_register_ms"]["count"], 0);
    assert_eq!(session["group"], "satellite-ssh");
}

#[test]
fn a_host_registration_without_uuid_is_joined_by_the_hosts_name() {
    let says =
        ["  Parameters: {\"host\"=>{\"name\"=>\"a.lab\", \"build\"=>false}, \"force\"=>\"true\"}".to_owned()];
    let answer = Log::new()
        .create(0, "a.lab", 1, HERE, 1000)
        .request(5, "POST /register", HERE, &says, Some((200, 777)))
        .answer();
    assert_eq!(answer.session("a.lab", 1)["host_register_ms"], 777);
}

#[test]
fn a_host_registration_of_a_host_that_did_not_register_is_nobodys() {
    let says = ["  Parameters: {\"host\"=>{\"name\"=>\"other.lab\"}}".to_owned()];
    let answer = Log::new()
        .create(0, "a.lab", 1, HERE, 1000)
        .request(5, "POST /register", HERE, &says, Some((200, 777)))
        .register(6, 9, None, HERE, 200, 888)
        .answer();
    assert_eq!(answer.session("a.lab", 1)["host_register_ms"], Value::Null);
    assert_eq!(answer.background("host_registers"), 2);
    assert_eq!(answer.group("all")["host_register_ms"]["count"], 0);
}

#[test]
fn creates_in_an_environment_count() {
    let says = [named("a.lab"), format!("Katello::Host::ContentFacet (33) create event on uuid {}", uuid(1))];
    let answer = Log::new()
        .request(0, "POST /rhsm/environments/9e1f/consumers?x=1", HERE, &says, Some((200, 1400)))
        .facts(3, 1, HERE, 200, 300)
        .answer();
    let session = answer.session("a.lab", 1);
    assert_eq!((&session["consumer_create_ms"], &session["fact_update_ms"]), (&json!(1400), &json!(300)));
}

#[test]
fn facets_audited_under_the_hosts_label_name_the_consumer() {
    let answer = create_saying(
        0,
        &[
            "Host::Base (5) create event on name a.lab".to_owned(),
            "Host::Base (5) create event on uuid ".to_owned(),
            "Host::Base (5) update event on mac , 52:54:00:aa:bb:cc".to_owned(),
            format!("Host::Base (5) destroy event on uuid {}", uuid(8)),
            format!("Host::Base (8) create event on uuid {}", uuid(1)),
        ],
    )
    .facts(3, 1, HERE, 200, 300)
    .get(4, 8, "/compliance", HERE)
    .answer();
    let session = answer.session("a.lab", 1);
    assert_eq!((&session["consumer_uuid"], &session["fact_update_ms"]), (&json!(uuid(1)), &json!(300)));
    assert_eq!(session["compliance_calls"], 0);
}

#[test]
fn a_host_without_parameters_is_named_by_its_audit_line() {
    let says = [
        "Host::Managed (71) create event on name a.lab".to_owned(),
        format!("Katello::Host::SubscriptionFacet (33) create event on uuid {}", uuid(1)),
    ];
    let answer = Log::new().request(0, CREATE, HERE, &says, Some((200, 1200))).answer();
    assert_eq!(answer.session("a.lab", 1)["consumer_uuid"], uuid(1));
}

#[test]
fn the_uuids_in_a_410_are_no_keys() {
    let gone = format!(
        "RestClient::Gone: 410 Gone {{\"displayMessage\":\"Unit {0} has been deleted\",\"requestUuid\":\"{1}\",\"deletedId\":\"{0}\"}}",
        uuid(2),
        uuid(3)
    );
    let answer = Log::new()
        .create(0, "a.lab", 1, HERE, 1000)
        .create(0, "b.lab", 2, "10.7.3.2", 1000)
        .request(
            5,
            &format!("GET /rhsm/consumers/{}/compliance", uuid(7)),
            HERE,
            std::slice::from_ref(&gone),
            Some((410, 30)),
        )
        .request(6, CREATE, "10.7.3.5", &[named("c.lab"), gone], Some((410, 50)))
        .answer();
    assert_eq!(answer.session("a.lab", 1)["compliance_calls"], 0);
    assert_eq!(answer.session("b.lab", 1)["compliance_calls"], 0);
    let failed = answer.session("c.lab", 1);
    assert_eq!((&failed["consumer_uuid"], &failed["error_class"]), (&Value::Null, &json!("client-error")));
    assert_eq!(answer.background("consumers"), 1);
}

#[test]
fn what_registered_hosts_send_is_background() {
    let answer = Log::new()
        .create(100, "a.lab", 1, HERE, 1000)
        .facts(0, 50, "10.7.3.7", 200, 5000)
        .get(50, 51, "", "10.7.3.8")
        .get(101, 50, "/compliance", "10.7.3.7")
        .request(102, "GET /rhsm/status", "10.7.3.7", &[], Some((200, 4)))
        .answer();
    assert_eq!(answer.sessions.len(), 1);
    assert_eq!((answer.background("keyed_requests"), answer.background("consumers")), (3, 2));
    assert_eq!(answer.background("status_calls"), 1);
    assert_eq!(answer.group("all")["fact_update_ms"]["count"], 0);
}

#[test]
fn host_names_in_capitals_are_the_same_host() {
    let answer = Log::new().failed(0, "A.Lab", HERE, 500, 100).create(20, "a.lab", 1, HERE, 1000).answer();
    assert_eq!(answer.session("a.lab", 2)["success"], true);
}
