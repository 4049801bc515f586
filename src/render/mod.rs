//! Values and templates in, files out: what the roles of the collection would write, for each host of an inventory.
//!
//! Templates, defaults and variables are the roles' own, built into the program; `ansible-playbook` and this evaluate
//! the same expressions. Nothing is contacted. What only a run can know (a password that is made on a load balancer)
//! stands there as a placeholder.

mod error;
mod part;
mod target;
pub mod values;

pub use error::RenderError;
pub use part::{Part, RoleFile};
pub use target::Target;

use crate::at_once::cores;
use crate::inventory::scope::{Evaluation, Scope};
use crate::inventory::value::{Map, Value};
use crate::inventory::{HostView, Inventory};
use std::collections::BTreeSet;
use std::panic::resume_unwind;

/// What is to be rendered.
#[derive(Clone, Debug)]
pub struct Request {
    /// Which role's files.
    pub part: Part,
    /// The system that the hosts run.
    pub target: Target,
    /// One host; all of the part's group where there is none.
    pub host: Option<String>,
    /// Variables that win over all others, as `-e` does (`values`).
    pub extra: Map,
    /// The text of registration.yml as it is on the capsules; only `Part::CacheUrl` looks at it.
    pub current: Option<String>,
}

impl Request {
    /// For all hosts, with nothing but the inventory's values.
    pub fn new(part: Part, target: Target) -> Self {
        Self { part, target, host: None, extra: Map::new(), current: None }
    }
}

/// A file as the role would write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedFile {
    /// The host that it would be on, as the inventory names it.
    pub host: String,
    /// Where, from `/`.
    pub path: String,
    /// Its mode.
    pub mode: u32,
    /// Its owner and group; none where they stay as they are.
    pub owner: Option<(String, String)>,
    /// Every byte of it.
    pub text: String,
}

/// Files, and what a reader of them must know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// By host, in the order in which the role writes them.
    pub files: Vec<RenderedFile>,
    /// Sentences.
    pub warnings: Vec<String>,
}

/// The files that the role would write.
///
/// # Errors
/// No such host, none at all; values that the role's preflight refuses, of all hosts together; what cannot be
/// rendered, with host, variable and file.
pub fn render(inventory: &Inventory, request: &Request) -> Result<Rendered, RenderError> {
    let hosts = hosts_of(inventory, request)?;
    let part = request.part;
    let scope = scope_of(request)?;
    let of_each = hosts.len().div_ceil(cores()).max(WORTH_A_THREAD);
    let evaluated: Vec<Evaluated> = std::thread::scope(|threads| {
        let started: Vec<_> = hosts
            .chunks(of_each)
            .map(|hosts| threads.spawn(|| Evaluated::of(inventory, scope.clone(), hosts, part)))
            .collect();
        started.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    let (problems, files): (Vec<_>, Vec<_>) = evaluated.into_iter().map(|e| (e.problems, e.files)).unzip();
    refuse_problems(problems)?;
    let mut rendered = Rendered::default();
    for files in files {
        rendered.files.extend(files?);
    }
    rendered.warnings.extend(part.placeholder_warning(&rendered.files));
    Ok(rendered)
}

/// So many hosts take longer than the start of a thread and of an evaluation.
const WORTH_A_THREAD: usize = 50;

/// What came of some of the hosts.
struct Evaluated {
    /// What the role's preflight would say, by host.
    problems: Result<Vec<String>, RenderError>,
    /// None where there are problems.
    files: Result<Vec<RenderedFile>, RenderError>,
}

impl Evaluated {
    fn of(inventory: &Inventory, scope: Scope, hosts: &[HostView<'_>], part: Part) -> Self {
        let evaluation = Evaluation::new(inventory, scope, part.templates(), part.template_folder());
        let problems = problems_of(&evaluation, hosts, part);
        let right = problems.as_ref().is_ok_and(Vec::is_empty);
        let files = if right { files_of(&evaluation, hosts, part) } else { Ok(Vec::new()) };
        Self { problems, files }
    }
}

fn files_of(
    evaluation: &Evaluation,
    hosts: &[HostView<'_>],
    part: Part,
) -> Result<Vec<RenderedFile>, RenderError> {
    let mut files = Vec::new();
    for host in hosts {
        for file in part.files() {
            files.extend(file.render(evaluation, *host)?);
        }
    }
    Ok(files)
}

fn hosts_of<'a>(inventory: &'a Inventory, request: &Request) -> Result<Vec<HostView<'a>>, RenderError> {
    let group = request.part.group();
    let names = inventory.hosts_in(group);
    let chosen = match &request.host {
        Some(name) if names.contains(name.as_str()) => BTreeSet::from([name.as_str()]),
        Some(name) => {
            return Err(RenderError::NoSuchHost {
                host: name.clone(),
                group,
                known: inventory.host(name).is_some(),
            });
        }
        None => names,
    };
    let hosts: Vec<HostView<'a>> = chosen.into_iter().filter_map(|name| inventory.host(name)).collect();
    if hosts.is_empty() {
        return Err(RenderError::NoHost { group, path: inventory.source().to_owned() });
    }
    Ok(hosts)
}

/// The role's variables, and those that the command line gives.
fn scope_of(request: &Request) -> Result<Scope, RenderError> {
    let (defaults, mut vars) = request.part.variables()?;
    if let Some(current) = &request.current {
        // a template in it is text
        vars.insert(part::CURRENT.to_owned(), Value::Unsafe(current.clone()));
    }
    Ok(Scope { defaults, facts: request.target.facts(), vars, extra: request.extra.clone() })
}

fn problems_of(
    evaluation: &Evaluation,
    hosts: &[HostView<'_>],
    part: Part,
) -> Result<Vec<String>, RenderError> {
    let mut all = Vec::new();
    for host in hosts {
        let Some(Value::List(problems)) = evaluation.value(*host, part.problems())? else { continue };
        all.extend(problems.into_iter().filter_map(|problem| match problem {
            Value::Text(problem) => Some(problem),
            _ => None,
        }));
    }
    Ok(all)
}

/// Each problem once: those of a location are told of every host in it.
fn refuse_problems(problems: Vec<Result<Vec<String>, RenderError>>) -> Result<(), RenderError> {
    let mut all: Vec<String> = Vec::new();
    let mut seen = BTreeSet::new();
    for problems in problems {
        all.extend(problems?.into_iter().filter(|problem| seen.insert(problem.clone())));
    }
    if all.is_empty() { Ok(()) } else { Err(RenderError::Problems(all)) }
}
