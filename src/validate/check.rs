//! Units and settings in, findings out: every rule on what it is for, without what comments take out.

use super::collect::Set;
use super::facts::Facts;
use super::files::{FileId, Files};
use super::finding::Finding;
use super::read::cache::CacheConfig;
use super::read::haproxy::Haproxy;
use super::read::ignores::{self, Ignore};
use super::read::registration::Registration;
use super::rules::{self, Check, Needs, Rule};
use super::target::Target;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What rules look at.
#[derive(Clone, Debug)]
pub enum Subject {
    /// HAProxy's merged set.
    Haproxy(Haproxy),
    /// Redis or Valkey.
    Cache(CacheConfig),
    /// smart-proxy's registration.yml.
    Registration(Registration),
}

impl Subject {
    /// Its files.
    pub fn files(&self) -> Vec<FileId> {
        match self {
            Self::Haproxy(config) => config.files.clone(),
            Self::Cache(config) => config.files.clone(),
            Self::Registration(file) => vec![file.file],
        }
    }
}

/// A subject and whose it is.
#[derive(Clone, Debug)]
pub struct Unit {
    /// What it is.
    pub subject: Subject,
    /// The host whose configuration it is, where that is known.
    pub host: Option<String>,
}

/// Everything that is looked at.
#[derive(Debug, Default)]
pub struct Input {
    /// All files, the inventory's too.
    pub files: Files,
    /// Which files belong together.
    pub sets: Vec<Set>,
    /// What they say; `parse` makes it.
    pub units: Vec<Unit>,
    /// What the inventory knows.
    pub facts: Option<Arc<Facts>>,
    /// The systems of hosts that were asked, by name.
    pub targets: HashMap<String, Target>,
    /// Whether the inventory itself is looked at.
    pub judge_inventory: bool,
}

/// How it is looked at.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The system that it is for, whatever a host runs; none where nobody says.
    pub target: Option<Target>,
    /// Rules that alone are run; all where there is none.
    pub only: Vec<String>,
    /// Rules that are not run.
    pub without: Vec<String>,
}

impl Settings {
    fn runs(&self, rule: &Rule) -> bool {
        let named = |list: &[String]| list.iter().any(|id| id == rule.id);
        (self.only.is_empty() || named(&self.only)) && !named(&self.without)
    }
}

/// What a rule may ask.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// All files.
    pub files: &'a Files,
    /// The system that it is for.
    pub target: Option<Target>,
    /// What the inventory knows.
    pub facts: Option<&'a Facts>,
    /// The host whose configuration it is.
    pub host: Option<&'a str>,
}

/// Runs every rule; `asked` is what HAProxy's own parser said, where it was asked.
pub fn check(input: &Input, settings: &Settings, asked: Option<Vec<Finding>>) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut ran: HashSet<&'static str> = HashSet::new();
    for rule in rules::ALL.iter().filter(|rule| settings.runs(rule)) {
        let ready = match rule.needs {
            Needs::Nothing => true,
            Needs::Inventory => input.facts.is_some(),
            Needs::Target => settings.target.is_some() || !input.targets.is_empty(),
        };
        if ready {
            ran.insert(rule.id);
            run(rule, input, settings, &mut found);
        }
    }
    let parser = &rules::HAPROXY_PARSER;
    match asked {
        Some(asked) if settings.runs(parser) => {
            found.extend(asked.into_iter().map(|f| Finding { rule: parser.id, ..f }))
        }
        _ => _ = ran.remove(parser.id),
    }
    heed(input, settings, &ran, &mut found);
    let key = |f: &Finding| (f.span.file, f.span.start, f.severity, f.rule, f.span.end);
    found.sort_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message)));
    found.dedup_by(|a, b| key(a) == key(b) && a.message == b.message);
    found
}

fn context<'a>(input: &'a Input, settings: &Settings, host: Option<&'a str>) -> Context<'a> {
    let target = settings.target.or_else(|| input.targets.get(host?).copied());
    Context { files: &input.files, target, facts: input.facts.as_deref(), host }
}

fn run(rule: &'static Rule, input: &Input, settings: &Settings, found: &mut Vec<Finding>) {
    let mut fresh = Vec::new();
    for unit in &input.units {
        let context = context(input, settings, unit.host.as_deref());
        match (&rule.check, &unit.subject) {
            (Check::Haproxy(check), Subject::Haproxy(config)) => check(config, &context, &mut fresh),
            (Check::Cache(check), Subject::Cache(config)) => check(config, &context, &mut fresh),
            (Check::Registration(check), Subject::Registration(file)) => check(file, &context, &mut fresh),
            _ => {}
        }
    }
    if let (Check::Inventory(check), Some(facts), true) = (&rule.check, &input.facts, input.judge_inventory) {
        check(facts, &context(input, settings, None), &mut fresh);
    }
    found.extend(fresh.into_iter().map(|f| {
        let severity = if f.own_severity { f.severity } else { rule.severity };
        Finding { rule: rule.id, severity, ..f }
    }));
}

/// Takes out what comments speak of, and judges the comments.
fn heed(input: &Input, settings: &Settings, ran: &HashSet<&str>, found: &mut Vec<Finding>) {
    let mut seen = HashSet::new();
    let subjects = input.units.iter().flat_map(|u| u.subject.files());
    let inventory = input.facts.iter().filter(|_| input.judge_inventory).flat_map(|f| f.sources().to_vec());
    for id in subjects.chain(inventory).filter(|id| seen.insert(*id)) {
        for ignore in ignores::read(&input.files, id) {
            let used = take_out(input, &ignore, found);
            judge(settings, ran, &ignore, &used, found);
        }
    }
}

fn take_out(input: &Input, ignore: &Ignore, found: &mut Vec<Finding>) -> HashSet<String> {
    let file = input.files.get(ignore.span.file);
    let mut used = HashSet::new();
    found.retain(|finding| {
        let here = finding.span.file == ignore.span.file && file.line_of(finding.span.start) == ignore.line;
        // what is about the whole file has no line of its own: a comment anywhere in it does
        let hit = (here || finding.whole && finding.span.file == ignore.span.file)
            && ignore.rules.iter().any(|(rule, _)| rule == finding.rule);
        if hit {
            used.insert(finding.rule.to_owned());
        }
        !hit
    });
    used
}

fn judge(
    settings: &Settings,
    ran: &HashSet<&str>,
    ignore: &Ignore,
    used: &HashSet<String>,
    found: &mut Vec<Finding>,
) {
    if ignore.reason.is_empty() && settings.runs(&rules::IGNORE_WITHOUT_REASON) {
        let finding = Finding::at(ignore.span, "nobody says why this is ignored")
            .way_out("write the reason behind the brackets: # reginfra: ignore[RULE] REASON");
        let rule = &rules::IGNORE_WITHOUT_REASON;
        found.push(Finding { rule: rule.id, ..finding.severity(rule.severity) });
    }
    if !settings.runs(&rules::IGNORE_UNUSED) {
        return;
    }
    for (id, span) in &ignore.rules {
        let message = match rules::by_id(id) {
            None => format!("there is no rule '{id}'{}", crate::validate::rules::meant(id)),
            // a rule that could not run says nothing of its comment
            Some(rule) if !ran.contains(rule.id) || used.contains(id) => continue,
            Some(_) => format!("{id} finds nothing here"),
        };
        let finding =
            Finding::at(*span, message).way_out("take the comment away, or correct the rule's name");
        let rule = &rules::IGNORE_UNUSED;
        found.push(Finding { rule: rule.id, ..finding.severity(rule.severity) });
    }
}
