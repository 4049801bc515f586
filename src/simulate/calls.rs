//! What a request asks for, as Started and Parameters show it.

use super::host::{Host, RELEASES};
use super::plan::Plan;
use super::requests::Request;
use super::steps::Step;
use super::text::{push_hex, push_uuid};
use super::topology::LOAD_BALANCER;
use crate::registration::session::Group;

/// Appends texts.
pub fn extend(out: &mut Vec<u8>, parts: &[&str]) {
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
}

/// `https%3A%2F%2Fcapsule1.example.com%3A9090` or, where `plain`, the same unescaped.
fn push_url(out: &mut Vec<u8>, plan: &Plan<'_>, host: &Host, plain: bool) {
    let name = match host.capsule.and_then(|i| plan.capsules.get(usize::from(i))) {
        Some(_) if host.group == Group::LbSsh => LOAD_BALANCER,
        Some(capsule) => &capsule.name,
        None => return,
    };
    let (before, after) = if plain { ("https://", ":9090") } else { ("https%3A%2F%2F", "%3A9090") };
    extend(out, &[before, name, after]);
}

/// What stands behind /rhsm/consumers/UUID.
const fn below_consumer(step: Step) -> &'static str {
    match step {
        Step::Serials => "/certificates/serials",
        Step::Certificates => "/certificates",
        Step::AccessibleContent => "/accessible_content",
        Step::ContentOverrides => "/content_overrides",
        Step::Release => "/release",
        Step::Compliance | Step::FormerCompliance => "/compliance",
        Step::Profiles => "/profiles",
        _ => "",
    }
}

/// `GET "/rhsm/consumers/UUID`, up to the closing quote.
pub fn push_call(out: &mut Vec<u8>, plan: &Plan<'_>, host: &Host, request: &Request) {
    match request.step {
        Step::Script => {
            extend(
                out,
                &[
                    "GET \"/register?activation_keys=AK&force=true&location_id=2&organization_id=1&setup_insights=false",
                ],
            );
            if host.group == Group::CapsuleMqtt {
                extend(out, &["&setup_remote_execution_pull=true"]);
            }
            if host.capsule.is_some() {
                extend(out, &["&url="]);
                push_url(out, plan, host, false);
            }
        }
        Step::HostRegister => extend(out, &["POST \"/register"]),
        Step::Root => extend(out, &["GET \"/rhsm/"]),
        Step::Status => extend(out, &["GET \"/rhsm/status"]),
        Step::Create => {
            extend(out, &["POST \"/rhsm/consumers?owner=Default_Organization&activation_keys=AK"]);
        }
        Step::CreateInEnvironment => {
            extend(
                out,
                &["POST \"/rhsm/environments/", ENVIRONMENT, "/consumers?owner=Default_Organization"],
            );
        }
        Step::EnabledRepos => {
            extend(out, &["PUT \"/rhsm/systems/"]);
            push_uuid(out, host.uuid);
            extend(out, &["/enabled_repos"]);
        }
        Step::Notifications => extend(out, &["GET \"/notification_recipients"]),
        Step::Ping => extend(out, &["GET \"/api/v2/ping"]),
        Step::HostsPage => {
            extend(out, &["GET \"/hosts?page=1&per_page=20&search=registered_at+%3E+yesterday"])
        }
        Step::Task => {
            // a UUID that is no consumer's
            extend(out, &["GET \"/foreman_tasks/api/tasks/"]);
            push_uuid(out, request.id.rotate_left(64));
        }
        Step::ApiFacts => extend(out, &["POST \"/api/v2/hosts/facts"]),
        step => {
            let put = matches!(step, Step::Facts | Step::FactsUnavailable | Step::Profiles);
            extend(out, &[if put { "PUT \"/rhsm/consumers/" } else { "GET \"/rhsm/consumers/" }]);
            let former = matches!(step, Step::FormerGet | Step::FormerCompliance);
            push_uuid(out, if former { host.former } else { host.uuid });
            extend(out, &[below_consumer(step)]);
        }
    }
}

/// A Candlepin environment.
const ENVIRONMENT: &str = "2a5e1b7c90d84f3eb6c1f0a97d3e8b45";

/// What every call of /register repeats.
const SETUP: &str =
    r#""force"=>"true", "location_id"=>"2", "organization_id"=>"1", "setup_insights"=>"false""#;

/// `  Parameters: {...}` in Ruby's hash syntax; facts are filtered, name, uuid and url are not.
pub fn push_parameters(out: &mut Vec<u8>, plan: &Plan<'_>, host: &Host, request: &Request) {
    extend(out, &["  Parameters: {"]);
    match request.step {
        Step::Script => push_script_parameters(out, plan, host),
        Step::HostRegister => push_host_register_parameters(out, plan, host),
        Step::Create | Step::CreateInEnvironment => push_create_parameters(out, host, request.step),
        Step::Facts | Step::FactsUnavailable => {
            extend(
                out,
                &[
                    r#""facts"=>"[FILTERED]", "autoheal"=>true, "role"=>"", "addOns"=>[], "usage"=>"", "serviceLevel"=>"", "#,
                ],
            );
            push_id(out, host.uuid);
        }
        Step::Profiles => {
            extend(
                out,
                &[
                    r#""_json"=>[{"content_type"=>"rpm", "profile"=>"[FILTERED]"}, {"content_type"=>"enabled_repos", "profile"=>[]}], "#,
                ],
            );
            push_id(out, host.uuid);
        }
        Step::EnabledRepos => {
            extend(
                out,
                &[
                    r#""enabled_repos"=>{"repos"=>[{"repositoryid"=>"rhel-baseos-rpms", "baseurl"=>["https://sat.example.com/pulp/content/Default_Organization/Library/content/dist/rhel/baseos/os"]}]}, "#,
                ],
            );
            push_id(out, host.uuid);
        }
        Step::Ping => extend(out, &[r#""apiv"=>"v2""#]),
        Step::Task => push_id(out, request.id.rotate_left(64)),
        Step::ApiFacts => push_api_facts_parameters(out, host),
        Step::FormerGet | Step::FormerCompliance => push_id(out, host.former),
        Step::Serials => {
            push_id(out, host.uuid);
            extend(out, &[r#", "serials"=>""#]);
            push_hex(out, request.noise, 12);
            out.push(b'"');
        }
        _ => push_id(out, host.uuid),
    }
    out.push(b'}');
}

fn push_id(out: &mut Vec<u8>, id: u128) {
    extend(out, &[r#""id"=>""#]);
    push_uuid(out, id);
    out.push(b'"');
}

/// `, "url"=>"https://capsule1.example.com:9090"`, of hosts that came through one.
fn push_url_parameter(out: &mut Vec<u8>, plan: &Plan<'_>, host: &Host) {
    if host.capsule.is_some() {
        extend(out, &[r#", "url"=>""#]);
        push_url(out, plan, host, true);
        out.push(b'"');
    }
}

fn push_script_parameters(out: &mut Vec<u8>, plan: &Plan<'_>, host: &Host) {
    extend(out, &[r#""activation_keys"=>"AK", "#, SETUP]);
    if host.group == Group::CapsuleMqtt {
        extend(out, &[r#", "setup_remote_execution_pull"=>"true""#]);
    }
    push_url_parameter(out, plan, host);
    extend(out, &[r#", "registration"=>{}"#]);
}

fn push_host_register_parameters(out: &mut Vec<u8>, plan: &Plan<'_>, host: &Host) {
    extend(out, &[r#""uuid"=>""#]);
    push_uuid(out, host.uuid);
    extend(out, &[r#"", "#, SETUP]);
    push_url_parameter(out, plan, host);
    extend(out, &[r#", "registration"=>{"uuid"=>""#]);
    push_uuid(out, host.uuid);
    extend(out, &[r#""}"#]);
}

fn push_create_parameters(out: &mut Vec<u8>, host: &Host, step: Step) {
    extend(out, &[r#""type"=>"system", "name"=>""#]);
    host.push_name(out);
    let release = RELEASES[usize::from(host.release)];
    extend(
        out,
        &[
            r#"", "facts"=>"[FILTERED]", "installedProducts"=>[{"productId"=>"479", "productName"=>"Red Hat Enterprise Linux for x86_64", "version"=>""#,
            release,
            r#".4", "arch"=>"x86_64"}], "contentTags"=>["rhel-"#,
            release,
            r#"", "rhel-"#,
            release,
            r#"-x86_64"], "role"=>"", "addOns"=>[], "usage"=>"", "serviceLevel"=>"", "owner"=>"Default_Organization""#,
        ],
    );
    if step == Step::Create {
        extend(out, &[r#", "activation_keys"=>"AK""#]);
    } else {
        extend(out, &[r#", "environment_id"=>""#, ENVIRONMENT, r#"""#]);
    }
}

fn push_api_facts_parameters(out: &mut Vec<u8>, host: &Host) {
    extend(out, &[r#""name"=>""#]);
    host.push_name(out);
    extend(out, &[r#"", "certname"=>""#]);
    host.push_name(out);
    extend(out, &[r#"", "facts"=>"[FILTERED]", "apiv"=>"v2", "host"=>{"name"=>""#]);
    host.push_name(out);
    extend(out, &[r#""}"#]);
}
