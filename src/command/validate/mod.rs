//! `reginfra validate`: paths, an inventory or hosts in; findings, corrected files and an exit code out.

mod hosts;
mod rendered;

use super::say;
use crate::cli::{FailLevel, FindingsFormat, ValidateArgs};
use crate::report::atomic::write_beside;
use crate::report::findings;
use crate::report::table::TableStyle;
use crate::validate::collect::{collect, take_facts};
use crate::validate::{Finding, Input, Origin, Settings, Severity, SourceFile, Target, check, fix, parser};
use anyhow::bail;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

/// Nothing to look at (design: exit codes).
const NOTHING: u8 = 3;
/// Fixes make room for others; more rounds would be a ring of them.
const ROUNDS: usize = 50;

/// Runs it; the exit code says what came of it.
///
/// # Errors
/// Misuse, an inventory that cannot be read, a file that cannot be written.
pub fn run(args: &ValidateArgs) -> anyhow::Result<ExitCode> {
    let mut run =
        Run { args, input: Input::default(), notes: Vec::new(), failed: false, target: args.target };
    run.gather()?;
    for note in &run.notes {
        say(&format!("note: {note}"));
    }
    if run.input.sets.is_empty() && !run.input.judge_inventory {
        if run.failed {
            return Ok(ExitCode::from(2));
        }
        say("error: nothing to validate: no configuration of HAProxy, Redis, Valkey or smart-proxy there");
        return Ok(ExitCode::from(NOTHING));
    }
    run.input.parse(run.target);
    if args.diff || args.fix {
        run.corrected()?;
        if args.diff {
            return Ok(ExitCode::SUCCESS);
        }
    }
    let found = run.judged();
    run.write(&found)?;
    let fails = |f: &Finding| f.severity <= fail_level(args.fail_level);
    Ok(match (found.iter().any(fails), run.failed) {
        (true, _) => ExitCode::from(1),
        // what could not be looked at is no pass
        (false, true) => ExitCode::from(2),
        (false, false) => ExitCode::SUCCESS,
    })
}

const fn fail_level(level: FailLevel) -> Severity {
    match level {
        FailLevel::Error => Severity::Error,
        FailLevel::Warning => Severity::Warning,
        FailLevel::Advice => Severity::Advice,
    }
}

struct Run<'a> {
    args: &'a ValidateArgs,
    input: Input,
    notes: Vec<String>,
    /// Something could not be looked at.
    failed: bool,
    target: Option<Target>,
}

impl Run<'_> {
    fn gather(&mut self) -> anyhow::Result<()> {
        let args = self.args;
        if args.paths.iter().filter(|p| p.as_path() == Path::new("-")).count() > 1 {
            bail!("- stands for standard input, which can be read once only");
        }
        if let Some(path) = &args.inventory {
            let inventory = super::inventory::load(path, args.via_ansible)?;
            take_facts(&mut self.input, path, inventory)?;
            self.input.judge_inventory = args.paths.is_empty() && args.host.is_empty();
        }
        if self.input.judge_inventory {
            rendered::take(&mut self.input, self.target).iter().for_each(|words| self.refuse(words));
        }
        for name in &args.host {
            let wanted = hosts::fetch(&mut self.input, name, args.host_timeout)?;
            match wanted {
                Ok(fetched) => {
                    if let Some(target) = fetched.target {
                        self.input.targets.insert(name.clone(), target);
                    }
                    self.notes.extend(fetched.notes);
                }
                Err(words) => self.refuse(&words),
            }
        }
        // one system for all hosts counts for all that is looked at; where they differ each has its own
        let mut systems = self.input.targets.values();
        if let Some(first) = systems.next()
            && systems.all(|other| other == first)
        {
            self.target = self.target.or(Some(*first));
        }
        let gathered = collect(&mut self.input, &args.paths, args.kind, self.target);
        self.notes.extend(gathered.notes);
        for error in &gathered.refused {
            self.refuse(&error.to_string());
        }
        Ok(())
    }

    fn refuse(&mut self, words: &str) {
        say(&format!("error: {words}"));
        self.failed = true;
    }

    fn settings(&self) -> Settings {
        Settings { target: self.target, only: self.args.rule.clone(), without: self.args.no_rule.clone() }
    }

    fn judged(&mut self) -> Vec<Finding> {
        let mut found = None;
        let named = self.args.haproxy.clone();
        if named.as_deref().is_none_or(|program| program != "none") {
            let asked = parser::ask(&self.input, &named.unwrap_or_else(parser::usual), self.target);
            asked.notes.iter().for_each(|note| say(&format!("note: {note}")));
            self.notes.extend(asked.notes);
            found = asked.findings;
        }
        check(&self.input, &self.settings(), found)
    }

    /// Corrects what is sure, round by round, in memory; then writes it, or shows the difference.
    fn corrected(&mut self) -> anyhow::Result<()> {
        let mut before: BTreeMap<_, SourceFile> = BTreeMap::new();
        let mut count = 0;
        for _ in 0..ROUNDS {
            let applied = fix::apply(&self.input.files, &check(&self.input, &self.settings(), None));
            if applied.files.is_empty() {
                break;
            }
            count += applied.count;
            for (id, bytes) in applied.files {
                let old = self.input.files.get(id).clone();
                let mut new = SourceFile::new(old.name.clone(), old.origin.clone(), bytes);
                new.host.clone_from(&old.host);
                *self.input.files.get_mut(id) = new;
                before.entry(id).or_insert(old);
            }
            self.input.parse(self.target);
        }
        if self.args.diff {
            let all: String =
                before.iter().map(|(id, old)| findings::diff(old, self.input.files.get(*id))).collect();
            return Ok(write_beside(Path::new("-"), |out| out.write_all(all.as_bytes()))?);
        }
        for id in before.keys() {
            let file = self.input.files.get(*id);
            let to = match &file.origin {
                Origin::Disk(path) => path.clone(),
                Origin::Stdin => {
                    bail!("--fix writes files: standard input is none (--diff shows what it would change)")
                }
                Origin::Host(_) => continue,
            };
            write_beside(&to, |out| out.write_all(&file.bytes))?;
        }
        if count > 0 {
            let files =
                if before.len() == 1 { "1 file".to_owned() } else { format!("{} files", before.len()) };
            say(&format!("corrected {count} in {files}"));
        }
        Ok(())
    }

    fn write(&self, found: &[Finding]) -> anyhow::Result<()> {
        let files = &self.input.files;
        let mut looked_at: Vec<_> = self.input.units.iter().flat_map(|u| u.subject.files()).collect();
        if let Some(facts) = self.input.facts.as_ref().filter(|_| self.input.judge_inventory) {
            looked_at.extend(facts.sources());
        }
        looked_at.sort_unstable();
        looked_at.dedup();
        let names: Vec<&str> = looked_at.iter().map(|id| files.get(*id).name.as_str()).collect();
        Ok(write_beside(Path::new("-"), |out| match self.args.format {
            FindingsFormat::Text => {
                let style = TableStyle::for_stdout();
                out.write_all(findings::text(files, found, &style).as_bytes())?;
                out.write_all(findings::closing(found, names.len(), &style).as_bytes())
            }
            FindingsFormat::Json => findings::json(out, files, &names, found, self.target, &self.notes),
            FindingsFormat::Sarif => findings::sarif(out, files, found),
            FindingsFormat::Github => findings::github(out, files, found),
        })?)
    }
}
