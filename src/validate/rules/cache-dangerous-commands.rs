//! A user who may do more than a cache needs.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "cache-dangerous-commands",
    severity: Severity::Error,
    needs: Needs::Nothing,
    about: "a user may read the configuration, list all keys or throw the cache away",
    check: Check::Cache(check),
};

fn check(config: &CacheConfig, _: &Context<'_>, found: &mut Vec<Finding>) {
    for user in config.users().iter().filter(|u| u.on) {
        let (commands, by) = user.dangerous();
        let Some(by) = by else { continue };
        let names: Vec<String> = commands.iter().map(|c| c.to_uppercase()).collect();
        let message = format!("{} may give {}", user.name.text, some(&names));
        let way_out = "a capsule needs '-@all +ping +auth +select +get +set +setex +del +expire +ttl +exists'; \
                       close the rest with '-@dangerous'";
        found.push(Finding::at(by.span, message).way_out(way_out));
    }
    let named = config.users().iter().any(|u| u.name.text == "default");
    if let Some(directive) = config.last("requirepass").filter(|d| !named && !d.word(1).is_empty()) {
        let name = directive.words.first().map_or(directive.span, |w| w.span);
        let message =
            "with requirepass whoever has the password may give CONFIG, KEYS, FLUSHALL and all others";
        found.push(
            Finding::at(name, message)
                .way_out("write 'user default off' and a user who may do no more than a cache needs"),
        );
    }
}
