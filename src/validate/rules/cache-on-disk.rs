//! Scripts, and the token in them, on disk.

use super::*;

pub(super) const RULE: Rule = Rule {
    id: "cache-on-disk",
    severity: Severity::Error,
    needs: Needs::Nothing,
    about: "scripts go to disk, with the token that registers hosts in them",
    check: Check::Cache(check),
};

fn check(config: &CacheConfig, context: &Context<'_>, found: &mut Vec<Finding>) {
    let why = "goes to disk with every script in it, and the token that registers hosts";
    let saves = config.saves();
    for save in &saves {
        let finding = Finding::at(save.span, format!("'{}' {why}", context.files.text_of(save.span)));
        let finding = finding.way_out("write 'save \"\"', and remove dump.rdb from the service's folder");
        // one line says it; the others go
        let first = saves.first().is_some_and(|f| f.span == save.span);
        let edit = if first {
            Edit::replace(save.span, "save \"\"")
        } else {
            Edit::without_line(save.span, context.files)
        };
        found.push(finding.fix("save \"\"", vec![edit]));
    }
    let defaults = context.target.is_none_or(|t| t.redis() >= (7, 0));
    if config.last("save").is_none() && config.is_whole() && defaults {
        let finding = Finding::of_file(root(config), format!("no 'save': by default the cache {why}"));
        let edit = append(context.files, root(config), "save \"\"");
        found.push(finding.way_out("write 'save \"\"'").fix("save \"\"", vec![edit]));
    }
    if let Some(append) = config.last("appendonly").filter(|d| d.word(1).eq_ignore_ascii_case("yes")) {
        let finding =
            Finding::at(append.span, format!("the append-only file {why}")).way_out("write 'appendonly no'");
        found.push(finding.fix("appendonly no", vec![Edit::replace(append.span, "appendonly no")]));
    }
}
