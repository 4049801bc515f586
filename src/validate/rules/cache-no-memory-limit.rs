//! A cache that may take all memory.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "cache-no-memory-limit",
    severity: Severity::Warning,
    needs: Needs::Nothing,
    about: "without maxmemory the cache may take all memory of the load balancer",
    check: Check::Cache(check),
};

fn check(config: &CacheConfig, context: &Context<'_>, found: &mut Vec<Finding>) {
    let message = "no maxmemory: the cache grows until the load balancer has no memory left";
    let way_out = "write 'maxmemory 64mb': some 3,000 scripts of 20 kB";
    match config.last("maxmemory") {
        Some(directive)
            if directive.word(1).trim_start_matches('0').trim_end_matches(char::is_alphabetic).is_empty() =>
        {
            let edit = Edit::replace(directive.span, "maxmemory 64mb");
            found.push(
                Finding::at(directive.span, message).way_out(way_out).fix("maxmemory 64mb", vec![edit]),
            );
        }
        None if config.is_whole() => {
            let edit = append(context.files, root(config), "maxmemory 64mb");
            found.push(
                Finding::of_file(root(config), message).way_out(way_out).fix("maxmemory 64mb", vec![edit]),
            );
        }
        _ => {}
    }
}
