//! A full cache that takes nothing more in.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "cache-eviction",
    severity: Severity::Warning,
    needs: Needs::Nothing,
    about: "a full cache refuses new scripts instead of letting old ones go",
    check: Check::Cache(check),
};

fn check(config: &CacheConfig, context: &Context<'_>, found: &mut Vec<Finding>) {
    let wanted = "maxmemory-policy allkeys-lru";
    let message = "maxmemory-policy is noeviction: once it is full, the cache takes no script in";
    match config.last("maxmemory-policy") {
        Some(directive) if directive.word(1).eq_ignore_ascii_case("noeviction") => {
            let edit = Edit::replace(directive.span, wanted);
            found.push(
                Finding::at(directive.span, message)
                    .way_out(format!("write '{wanted}'"))
                    .fix(wanted, vec![edit]),
            );
        }
        None if config.is_whole() => {
            let edit = append(context.files, root(config), wanted);
            let finding = Finding::of_file(root(config), format!("{message} (the default)"));
            found.push(finding.way_out(format!("write '{wanted}'")).fix(wanted, vec![edit]));
        }
        _ => {}
    }
}
