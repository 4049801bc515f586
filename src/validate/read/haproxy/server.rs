//! `server` lines in, servers with what `default-server` hands on out.

use super::address::{Endpoint, endpoint};
use super::proxies::Proxy;
use super::sections::Statement;
use crate::validate::read::Word;

/// A server's options, those of `default-server` first; the last one counts.
#[derive(Clone, Debug, Default)]
pub struct Options<'a> {
    words: Vec<&'a [Word]>,
}

/// Options that take a word behind them; what is none of them stands alone.
const WITH_VALUE: [&str; 41] = [
    "addr",
    "agent-addr",
    "agent-inter",
    "agent-port",
    "agent-send",
    "alpn",
    "ca-file",
    "check-alpn",
    "check-proto",
    "check-sni",
    "check-via",
    "ciphers",
    "ciphersuites",
    "cookie",
    "crl-file",
    "crt",
    "error-limit",
    "fall",
    "fastinter",
    "downinter",
    "id",
    "init-addr",
    "init-state",
    "inter",
    "log-proto",
    "maxconn",
    "maxqueue",
    "minconn",
    "namespace",
    "observe",
    "on-error",
    "on-marked-down",
    "on-marked-up",
    "port",
    "rise",
    "slowstart",
    "sni",
    "source",
    "verify",
    "verifyhost",
    "weight",
];

impl<'a> Options<'a> {
    /// An option that stands alone (`check`, `ssl`), unless a later `no-` takes it back.
    pub fn flag(&self, name: &str) -> Option<&'a Word> {
        let no = format!("no-{name}");
        let mut found = None;
        for words in self.words.iter().copied() {
            each(words, |word, _| {
                if word.text == name {
                    found = Some(word);
                } else if word.text == no {
                    found = None;
                }
            });
        }
        found
    }

    /// An option's name and value (`fall 3`); the last one counts.
    pub fn value(&self, name: &str) -> Option<(&'a Word, &'a Word)> {
        let mut found = None;
        for words in self.words.iter().copied() {
            each(words, |word, value| {
                if word.text == name
                    && let Some(value) = value
                {
                    found = Some((word, value));
                }
            });
        }
        found
    }

    /// A value that is a number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.value(name)?.1.text.parse().ok()
    }
}

/// Calls with each option and, where it takes one, its value.
fn each<'a>(words: &'a [Word], mut with: impl FnMut(&'a Word, Option<&'a Word>)) {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let value = if WITH_VALUE.contains(&word.text.as_str()) { words.get(at + 1) } else { None };
        with(word, value);
        at += 1 + usize::from(value.is_some());
    }
}

/// A server of a backend.
#[derive(Clone, Debug)]
pub struct Server<'a> {
    /// Its name.
    pub name: &'a Word,
    /// The word that says where it is.
    pub address: &'a Word,
    /// Where it is; none for sockets of the file system.
    pub endpoint: Option<Endpoint>,
    /// What it has, with what it takes over.
    pub options: Options<'a>,
    /// The line.
    pub statement: &'a Statement,
    /// `server-template`: stands for several.
    pub template: bool,
}

impl<'a> Server<'a> {
    /// Whether it is checked.
    pub fn is_checked(&self) -> bool {
        self.options.flag("check").is_some()
    }

    /// Address and port for comparisons: `192.0.2.1:9090`, in lower case.
    pub fn key(&self) -> String {
        self.endpoint.as_ref().map_or_else(|| self.address.text.clone(), |e| e.shown().to_ascii_lowercase())
    }

    /// The word of an option where this line itself has it.
    pub fn own(&self, name: &str) -> Option<&'a Word> {
        self.statement.words.iter().skip(3).find(|w| w.text == name)
    }
}

/// The servers of a backend or listen.
pub fn servers<'a>(proxy: &Proxy<'a>) -> Vec<Server<'a>> {
    let mut handed: Vec<&'a [Word]> = Vec::new();
    for section in proxy.defaults_chain() {
        for statement in section.statements.iter().filter(|s| s.word(0) == "default-server") {
            handed.push(statement.words.get(1..).unwrap_or_default());
        }
    }
    let mut found = Vec::new();
    for statement in &proxy.section.statements {
        let template = match statement.word(0) {
            "default-server" => {
                handed.push(statement.words.get(1..).unwrap_or_default());
                continue;
            }
            "server" => false,
            "server-template" => true,
            _ => continue,
        };
        let place = if template { 3 } else { 2 };
        let (Some(name), Some(address)) = (statement.words.get(1), statement.words.get(place)) else {
            continue;
        };
        if statement.negated {
            continue;
        }
        let mut words = handed.clone();
        words.push(statement.words.get(place + 1..).unwrap_or_default());
        let endpoint = if address.expands { None } else { endpoint(&address.text) };
        found.push(Server { name, address, endpoint, options: Options { words }, statement, template });
    }
    found
}
