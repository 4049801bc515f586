//! A cache on another port than capsules ask on.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "cache-port",
    severity: Severity::Error,
    needs: Needs::Nothing,
    about: "the cache listens on no port, or on another than the inventory says",
    check: Check::Cache(check),
};

fn check(config: &CacheConfig, context: &Context<'_>, found: &mut Vec<Finding>) {
    let number = |name: &str| config.value(name).and_then(|v| v.parse::<u16>().ok());
    let (port, tls) = (number("port").unwrap_or(6379), number("tls-port").unwrap_or(0));
    if !config.is_whole() && config.last("port").is_none() {
        return;
    }
    let span = config.last("port").map(|d| d.span);
    let at = |message: String| {
        span.map_or_else(
            || Finding::of_file(root(config), message.clone()),
            |s| Finding::at(s, message.clone()),
        )
    };
    if port == 0 && tls == 0 {
        found.push(
            at("port is 0 and there is no tls-port: nobody reaches the cache".to_owned())
                .way_out("write 'port 6379'"),
        );
        return;
    }
    let Some(facts) = context.facts else { return };
    let balancers =
        facts.topology.load_balancers.iter().filter(|lb| context.host.is_none_or(|h| h == lb.name));
    let wanted: Vec<u16> =
        balancers.map(|lb| facts.port(&lb.name, "registration_cache_port").unwrap_or(6379)).collect();
    if !wanted.is_empty() && !wanted.contains(&port) && !wanted.contains(&tls) {
        let shown: Vec<String> = wanted.iter().map(u16::to_string).collect();
        let have = if port == 0 { tls } else { port };
        let finding = at(format!("the cache listens on {have}, and capsules ask on {}", some(&shown)));
        found.push(finding.way_out("make the port and registration_cache_port of the inventory the same"));
    }
}
