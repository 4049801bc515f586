//! The rules: one a file; its name is the rule's id, the heading in docs/rules and the folder in tests/fixtures/rules.

use super::check::Context;
use super::facts::Facts;
use super::files::{FileId, Span};
use super::finding::{Edit, Finding, Severity};
use super::read::Word;
use super::read::cache::{CacheConfig, DefaultUser};
use super::read::haproxy::{Duration, Haproxy, Proxy, Route, Server, Statement, endpoint};
use super::read::registration::{Entry, Registration, Value};
use super::services::*;
use super::target::Version;
use shared::*;

mod shared;

#[path = "address-shared.rs"]
mod address_shared;
#[path = "backend-empty.rs"]
mod backend_empty;
#[path = "bind-twice.rs"]
mod bind_twice;
#[path = "cache-bind-everywhere.rs"]
mod cache_bind_everywhere;
#[path = "cache-bind-foreign.rs"]
mod cache_bind_foreign;
#[path = "cache-bind-late.rs"]
mod cache_bind_late;
#[path = "cache-bind-local.rs"]
mod cache_bind_local;
#[path = "cache-clear-password.rs"]
mod cache_clear_password;
#[path = "cache-dangerous-commands.rs"]
mod cache_dangerous_commands;
#[path = "cache-eviction.rs"]
mod cache_eviction;
#[path = "cache-keys-both.rs"]
mod cache_keys_both;
#[path = "cache-no-memory-limit.rs"]
mod cache_no_memory_limit;
#[path = "cache-on-disk.rs"]
mod cache_on_disk;
#[path = "cache-open.rs"]
mod cache_open;
#[path = "cache-port.rs"]
mod cache_port;
#[path = "cache-protected-mode.rs"]
mod cache_protected_mode;
#[path = "cache-setinfo.rs"]
mod cache_setinfo;
#[path = "cache-unread.rs"]
mod cache_unread;
#[path = "cache-url-elsewhere.rs"]
mod cache_url_elsewhere;
#[path = "cache-url-encoding.rs"]
mod cache_url_encoding;
#[path = "cache-url-form.rs"]
mod cache_url_form;
#[path = "cache-url-no-password.rs"]
mod cache_url_no_password;
#[path = "cache-url-user-missing.rs"]
mod cache_url_user_missing;
#[path = "check-missing.rs"]
mod check_missing;
#[path = "check-tcp-only.rs"]
mod check_tcp_only;
#[path = "check-timeout-missing.rs"]
mod check_timeout_missing;
#[path = "check-uri.rs"]
mod check_uri;
#[path = "check-without-tls.rs"]
mod check_without_tls;
#[path = "disable-on-404.rs"]
mod disable_on_404;
#[path = "fail-open-differs.rs"]
mod fail_open_differs;
#[path = "fail-open-late.rs"]
mod fail_open_late;
#[path = "fall-promise.rs"]
mod fall_promise;
#[path = "haproxy-parser.rs"]
mod haproxy_parser;
#[path = "haproxy-unread.rs"]
mod haproxy_unread;
#[path = "httpchk-headers.rs"]
mod httpchk_headers;
#[path = "https-not-sticky.rs"]
mod https_not_sticky;
#[path = "ignore-unused.rs"]
mod ignore_unused;
#[path = "ignore-without-reason.rs"]
mod ignore_without_reason;
#[path = "keyword-too-new.rs"]
mod keyword_too_new;
#[path = "load-balancer-alone.rs"]
mod load_balancer_alone;
#[path = "load-balancers-two.rs"]
mod load_balancers_two;
#[path = "location-differs.rs"]
mod location_differs;
#[path = "location-missing.rs"]
mod location_missing;
#[path = "maxconn-order.rs"]
mod maxconn_order;
#[path = "mqtt-in-pool.rs"]
mod mqtt_in_pool;
#[path = "passthrough-bind-ssl.rs"]
mod passthrough_bind_ssl;
#[path = "passthrough-mode-http.rs"]
mod passthrough_mode_http;
#[path = "passthrough-server-ssl.rs"]
mod passthrough_server_ssl;
#[path = "pool-capsule-missing.rs"]
mod pool_capsule_missing;
#[path = "private-ip-invalid.rs"]
mod private_ip_invalid;
#[path = "private-ip-missing.rs"]
mod private_ip_missing;
#[path = "profile-system.rs"]
mod profile_system;
#[path = "queue-timeout-short.rs"]
mod queue_timeout_short;
#[path = "redispatch-missing.rs"]
mod redispatch_missing;
#[path = "registration-disabled.rs"]
mod registration_disabled;
#[path = "registration-missing.rs"]
mod registration_missing;
#[path = "registration-timeout-low.rs"]
mod registration_timeout_low;
#[path = "registration-timeout-short.rs"]
mod registration_timeout_short;
#[path = "registration-url-elsewhere.rs"]
mod registration_url_elsewhere;
#[path = "registration-yaml.rs"]
mod registration_yaml;
#[path = "server-not-in-inventory.rs"]
mod server_not_in_inventory;
#[path = "server-of-other-location.rs"]
mod server_of_other_location;
#[path = "server-twice.rs"]
mod server_twice;
#[path = "setting-not-symbol.rs"]
mod setting_not_symbol;
#[path = "setting-twice.rs"]
mod setting_twice;
#[path = "setting-unknown.rs"]
mod setting_unknown;
#[path = "short-name-shared.rs"]
mod short_name_shared;
#[path = "shutdown-sessions.rs"]
mod shutdown_sessions;
#[path = "stats-open.rs"]
mod stats_open;
#[path = "stats-socket-open.rs"]
mod stats_socket_open;
#[path = "timeout-missing.rs"]
mod timeout_missing;
#[path = "timeout-order.rs"]
mod timeout_order;
#[path = "wrong-server-port.rs"]
mod wrong_server_port;

/// What a rule needs to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing but its file.
    Nothing,
    /// An inventory.
    Inventory,
    /// The system that the file is for.
    Target,
}

/// How a rule looks at what it is for.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// HAProxy's merged set.
    Haproxy(fn(&Haproxy, &Context<'_>, &mut Vec<Finding>)),
    /// The configuration of a cache.
    Cache(fn(&CacheConfig, &Context<'_>, &mut Vec<Finding>)),
    /// smart-proxy's registration.yml.
    Registration(fn(&Registration, &Context<'_>, &mut Vec<Finding>)),
    /// The inventory itself.
    Inventory(fn(&Facts, &Context<'_>, &mut Vec<Finding>)),
    /// It is found elsewhere: HAProxy's own words, comments.
    Elsewhere,
}

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// Its name.
    pub id: &'static str,
    /// How bad a finding is, where it does not say otherwise itself.
    pub severity: Severity,
    /// What it needs.
    pub needs: Needs,
    /// What it finds, in a line.
    pub about: &'static str,
    /// How it looks.
    pub check: Check,
}

impl Rule {
    /// What it is for: the page of docs/rules.
    pub const fn page(&self) -> &'static str {
        match self.check {
            Check::Haproxy(_) => "haproxy",
            Check::Cache(_) => "cache",
            Check::Registration(_) => "registration",
            Check::Inventory(_) => "inventory",
            Check::Elsewhere => "other",
        }
    }

    /// Where it is explained, from the top of this repository on.
    pub fn help(&self) -> String {
        format!("docs/rules/{}.md#{}", self.page(), self.id)
    }
}

/// What HAProxy itself says.
pub static HAPROXY_PARSER: Rule = haproxy_parser::RULE;
/// Comments without a reason.
pub static IGNORE_WITHOUT_REASON: Rule = ignore_without_reason::RULE;
/// Comments that ignore nothing.
pub static IGNORE_UNUSED: Rule = ignore_unused::RULE;

/// All of them, in the order of the docs.
pub static ALL: [Rule; 73] = [
    registration_missing::RULE,
    passthrough_server_ssl::RULE,
    passthrough_bind_ssl::RULE,
    passthrough_mode_http::RULE,
    https_not_sticky::RULE,
    wrong_server_port::RULE,
    registration_timeout_short::RULE,
    registration_timeout_low::RULE,
    timeout_order::RULE,
    timeout_missing::RULE,
    queue_timeout_short::RULE,
    fall_promise::RULE,
    fail_open_late::RULE,
    fail_open_differs::RULE,
    httpchk_headers::RULE,
    keyword_too_new::RULE,
    backend_empty::RULE,
    server_twice::RULE,
    bind_twice::RULE,
    server_of_other_location::RULE,
    server_not_in_inventory::RULE,
    pool_capsule_missing::RULE,
    check_uri::RULE,
    disable_on_404::RULE,
    shutdown_sessions::RULE,
    check_missing::RULE,
    check_without_tls::RULE,
    check_tcp_only::RULE,
    maxconn_order::RULE,
    check_timeout_missing::RULE,
    stats_open::RULE,
    stats_socket_open::RULE,
    redispatch_missing::RULE,
    profile_system::RULE,
    haproxy_unread::RULE,
    haproxy_parser::RULE,
    cache_protected_mode::RULE,
    cache_open::RULE,
    cache_on_disk::RULE,
    cache_no_memory_limit::RULE,
    cache_eviction::RULE,
    cache_bind_everywhere::RULE,
    cache_bind_foreign::RULE,
    cache_bind_late::RULE,
    cache_bind_local::RULE,
    cache_dangerous_commands::RULE,
    cache_clear_password::RULE,
    cache_setinfo::RULE,
    cache_port::RULE,
    cache_unread::RULE,
    setting_unknown::RULE,
    setting_not_symbol::RULE,
    setting_twice::RULE,
    registration_yaml::RULE,
    cache_url_form::RULE,
    cache_url_user_missing::RULE,
    cache_url_encoding::RULE,
    cache_url_no_password::RULE,
    cache_url_elsewhere::RULE,
    cache_keys_both::RULE,
    registration_disabled::RULE,
    registration_url_elsewhere::RULE,
    private_ip_missing::RULE,
    private_ip_invalid::RULE,
    location_missing::RULE,
    location_differs::RULE,
    load_balancers_two::RULE,
    load_balancer_alone::RULE,
    address_shared::RULE,
    short_name_shared::RULE,
    mqtt_in_pool::RULE,
    ignore_without_reason::RULE,
    ignore_unused::RULE,
];

/// A rule by its id.
pub fn by_id(id: &str) -> Option<&'static Rule> {
    ALL.iter().find(|rule| rule.id == id)
}

/// `; did you mean ...?` for an id that is none; nothing where none is near.
pub fn meant(id: &str) -> String {
    let ids: Vec<&str> = ALL.iter().map(|rule| rule.id).collect();
    nearest(id, &ids).map_or(String::new(), |near| format!("; did you mean '{near}'?"))
}
