//! The systems that hosts of a pool run, and what Ansible would find out about them.

use crate::inventory::value::{Map, Value};

/// A system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Target {
    /// Enterprise Linux 8
    El8,
    /// Enterprise Linux 9
    #[default]
    El9,
    /// Enterprise Linux 10
    El10,
    /// Debian 12
    Debian12,
    /// Debian 13
    Debian13,
}

impl Target {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::El8, Self::El9, Self::El10, Self::Debian12, Self::Debian13];

    /// As it is written on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::El8 => "el8",
            Self::El9 => "el9",
            Self::El10 => "el10",
            Self::Debian12 => "debian12",
            Self::Debian13 => "debian13",
        }
    }

    /// The facts that the roles' values may rest on, in both forms: `ansible_facts.os_family`, `ansible_os_family`.
    pub fn facts(self) -> Map {
        let (family, distribution, major, selinux) = match self {
            Self::El8 => ("RedHat", "RedHat", "8", "enabled"),
            Self::El9 => ("RedHat", "RedHat", "9", "enabled"),
            Self::El10 => ("RedHat", "RedHat", "10", "enabled"),
            Self::Debian12 => ("Debian", "Debian", "12", "disabled"),
            Self::Debian13 => ("Debian", "Debian", "13", "disabled"),
        };
        let text = |text: &str| Value::Unsafe(text.to_owned());
        let facts = Map::from_iter([
            ("os_family".to_owned(), text(family)),
            ("distribution".to_owned(), text(distribution)),
            ("distribution_major_version".to_owned(), text(major)),
            ("selinux".to_owned(), Value::Map(Map::from_iter([("status".to_owned(), text(selinux))]))),
        ]);
        let mut all: Map =
            facts.iter().map(|(key, value)| (format!("ansible_{key}"), value.clone())).collect();
        all.insert("ansible_facts".to_owned(), Value::Map(facts));
        all
    }
}
