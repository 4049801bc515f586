//! A cache that hands out the token which registers hosts.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "cache-open",
    severity: Severity::Error,
    needs: Needs::Nothing,
    about: "whoever reaches the cache can read scripts, and register hosts with the token in them",
    check: Check::Cache(check),
};

fn check(config: &CacheConfig, _: &Context<'_>, found: &mut Vec<Finding>) {
    if config.default_user() != DefaultUser::Open
        || config.value("bind").is_some() && binds(config).iter().all(Bound::is_loopback)
    {
        return;
    }
    let message = "the default user needs no password: whoever reaches the port reads the script, and registers hosts with \
                   the token in it";
    let users = config.users();
    let user = users.iter().find(|u| u.name.text == "default");
    let span = user.map(|u| u.directive.span);
    let finding = span.map_or_else(|| Finding::of_file(root(config), message), |s| Finding::at(s, message));
    // the role's registration_cache_open_to_pool: somebody wants it so, and the firewall stands before it
    let limited = user.is_some_and(|u| u.dangerous().1.is_none());
    let finding = if limited { finding.severity(Severity::Warning) } else { finding };
    found.push(
        finding.way_out(
            "write 'user default off', and users with passwords as the role registration_cache does",
        ),
    );
}
