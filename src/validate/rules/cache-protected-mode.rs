//! Protected mode that refuses every capsule.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "cache-protected-mode",
    severity: Severity::Error,
    needs: Needs::Nothing,
    about: "protected mode refuses every capsule, whatever bind says",
    check: Check::Cache(check),
};

fn check(config: &CacheConfig, context: &Context<'_>, found: &mut Vec<Finding>) {
    if !config.is_whole() && config.last("protected-mode").is_none() {
        return;
    }
    let protected = config.value("protected-mode").is_none_or(|v| !v.eq_ignore_ascii_case("no"));
    if !protected || config.default_user() != DefaultUser::Open {
        return;
    }
    // before 7 an explicit bind switched it off
    let old = context.target.is_some_and(|t| t.redis() < (7, 0));
    if old && config.last("bind").is_some() {
        return;
    }
    let reach = config.value("bind").is_some() && !binds(config).iter().any(|b| !b.is_loopback());
    if reach {
        return;
    }
    let message = "the default user has no password and protected mode is on: capsules get 'DENIED' from Redis 7 on, \
                   and from every Valkey";
    let span = config.last("protected-mode").or_else(|| config.last("bind")).map(|d| d.span);
    let finding = span.map_or_else(|| Finding::of_file(root(config), message), |s| Finding::at(s, message));
    found.push(
        finding.way_out("write 'user default off' and a user with a password; a bind address is no cure"),
    );
}
