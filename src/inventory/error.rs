//! Why an inventory cannot be used: whose fault it is, which file and line, and the way out.

use std::path::{Path, PathBuf};

/// Why an inventory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    /// The file cannot be opened or read.
    #[error("{path}: cannot read the inventory: {source}; check the path and its permissions", path = .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no file that can be read to its end.
    #[error("{path}: {what}", path = .path.display())]
    Unusable {
        /// The file or folder.
        path: PathBuf,
        /// Why not, and the way out.
        what: String,
    },
    /// A line is not what Ansible takes.
    #[error("{path}:{line}: {problem}", path = .path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: Problem,
    },
    /// Only Ansible itself can tell what is in it.
    #[error("{path}:{line}: {what}; --via-ansible asks the ansible-inventory of this machine", path = .path.display())]
    OnlyAnsible {
        /// The file.
        path: PathBuf,
        /// The line that tells, from 1.
        line: usize,
        /// What it is: a script, a plugin's configuration, a vault.
        what: String,
    },
    /// The groups fit together in no way.
    #[error("{path}: {problem}", path = .path.display())]
    Whole {
        /// The inventory.
        path: PathBuf,
        /// What is wrong with it.
        problem: Problem,
    },
    /// No host is named.
    #[error("{path}: names no host; list the Satellite under [satellite6] and capsules under [capsules]", path = .path.display())]
    Empty {
        /// The inventory.
        path: PathBuf,
    },
    /// A variable's templates cannot be rendered.
    #[error("{host}: the variable {variable} cannot be rendered: {problem}")]
    Render {
        /// The host whose variable it is.
        host: String,
        /// The variable.
        variable: String,
        /// Why not, and the way out.
        problem: String,
    },
    /// A file of a role cannot be rendered.
    #[error("{host}: {file}:{line}: {problem}")]
    Template {
        /// The host whose file it would be.
        host: String,
        /// The template.
        file: String,
        /// Its line, from 1.
        line: usize,
        /// Why not, and the way out.
        problem: String,
    },
    /// Ansible itself gave no answer.
    #[error("--via-ansible: {problem}")]
    Ansible {
        /// What happened, with Ansible's own words, and the way out.
        problem: String,
    },
}

/// What is wrong with a line, and the form that is taken.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Problem {
    /// `[a b]`, `[]`, `[group] ; comment`.
    #[error(
        "'{0}' is no section; write [group], [group:vars] or [group:children], without spaces; only # comments may follow"
    )]
    Section(String),
    /// `[group:something]`.
    #[error("':{0}' is no kind of section; write [group], [group:vars] or [group:children]")]
    SectionKind(String),
    /// A quote that never closes.
    #[error("a quote is not closed; close it, or put a \\ before it")]
    Quote,
    /// A backslash with nothing behind it.
    #[error("a \\ at the end of a line escapes nothing; write \\\\")]
    Escape,
    /// A word behind a host that is no assignment.
    #[error(
        "'{0}' behind a host name is no KEY=VALUE; put one host a line, its variables behind it, comments behind #"
    )]
    HostVariable(String),
    /// A line in `[group:vars]` that is no assignment.
    #[error("'{0}' is no KEY=VALUE, and a [group:vars] section takes nothing else")]
    Variable(String),
    /// A line in `[group:children]` that is no name.
    #[error("'{0}' is no group name; a [group:children] section takes one group a line")]
    Child(String),
    /// A range that cannot be expanded.
    #[error("the range in '{0}' cannot be expanded: {1}")]
    Range(String, &'static str),
    /// More than an inventory can hold.
    #[error("more than {0} {1}; check the ranges")]
    TooMany(usize, &'static str),
    /// `---`, `all:` in an INI file.
    #[error("'{0}' is YAML, and the file's name says INI; name it .yml, or give the INI form")]
    LooksLikeYaml(String),
    /// `[group:vars]` or a child of a group that is nowhere.
    #[error("the group '{0}' is nowhere in the inventory; add [{0}], or correct the name")]
    NoSuchGroup(String),
    /// A group among its own ancestors.
    #[error(
        "the group '{child}' cannot be a child of '{parent}': that makes a loop; take one of the two away"
    )]
    Loop {
        /// The group that holds it.
        parent: String,
        /// The group that would hold its own parent.
        child: String,
    },
    /// A host or group without a name.
    #[error("a {0} needs a name")]
    NoName(&'static str),
    /// `ansible_group_priority=high`.
    #[error("ansible_group_priority is no whole number: {0}; write one, as 10")]
    Priority(String),
    /// Python's literals that no variable can be.
    #[error(
        "'{0}' is a Python literal that cannot be built: a list or mapping is no key; put quotes around it"
    )]
    Unhashable(String),
    /// Bytes that no text has.
    #[error("is not text ({0}); give an inventory in UTF-8")]
    NotText(&'static str),
    /// YAML that cannot be read.
    #[error("{0}")]
    Yaml(String),
}

impl InventoryError {
    /// For `map_err`: a file's line and what is wrong with it.
    pub(super) fn line(path: &Path, line: usize, problem: Problem) -> Self {
        Self::Line { path: path.to_owned(), line, problem }
    }
}

/// For messages: an inventory line may be as long as a file.
pub(super) fn shortened(text: &str) -> String {
    let cut: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() { format!("{cut}...") } else { cut }
}
