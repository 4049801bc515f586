//! Users of Redis and Valkey: a `user` line in, what the user may do out.

use super::Word;
use super::cache::Directive;

/// A user.
#[derive(Clone, Debug)]
pub struct User<'a> {
    /// Its name.
    pub name: &'a Word,
    /// Whether it may log in.
    pub on: bool,
    /// Whether any password does.
    pub nopass: bool,
    /// Passwords that stand in clear.
    pub clear: Vec<&'a Word>,
    /// Its rules, in their order.
    pub rules: &'a [Word],
    /// The line.
    pub directive: &'a Directive,
}

/// Takes a `user` line apart; none where it names nobody.
pub fn user(directive: &Directive) -> Option<User<'_>> {
    let name = directive.words.get(1)?;
    let rules = directive.words.get(2..).unwrap_or_default();
    // a line of a file begins with a user who may nothing
    let mut user = User { name, on: false, nopass: false, clear: Vec::new(), rules, directive };
    for word in rules {
        match word.text.to_ascii_lowercase().as_str() {
            "on" => user.on = true,
            "off" => user.on = false,
            "nopass" => (user.nopass, user.clear) = (true, Vec::new()),
            "resetpass" => (user.nopass, user.clear) = (false, Vec::new()),
            "reset" => (user.on, user.nopass, user.clear) = (false, false, Vec::new()),
            _ if word.text.starts_with('>') => {
                user.clear.push(word);
                user.nopass = false;
            }
            _ if word.text.starts_with('#') => user.nopass = false,
            _ => {}
        }
    }
    Some(user)
}

/// Commands that a cache's user must not have, and the categories that hold them (all are in `dangerous`).
pub const DANGEROUS: [(&str, &[&str]); 18] = [
    ("acl", &["admin", "slow"]),
    ("bgrewriteaof", &["admin", "slow"]),
    ("bgsave", &["admin", "slow"]),
    ("config", &["admin", "slow"]),
    ("debug", &["admin", "slow"]),
    ("flushall", &["keyspace", "write", "slow"]),
    ("flushdb", &["keyspace", "write", "slow"]),
    ("keys", &["keyspace", "read", "slow"]),
    ("migrate", &["keyspace", "write", "slow"]),
    ("module", &["admin", "slow"]),
    ("monitor", &["admin", "slow"]),
    ("replicaof", &["admin", "slow"]),
    ("restore", &["keyspace", "write", "slow"]),
    ("save", &["admin", "slow"]),
    ("shutdown", &["admin", "slow"]),
    ("slaveof", &["admin", "slow"]),
    ("swapdb", &["keyspace", "write", "fast"]),
    ("sync", &["admin", "slow"]),
];

impl User<'_> {
    /// The dangerous commands that it may give, and the rule that gave the first of them.
    pub fn dangerous(&self) -> (Vec<&'static str>, Option<&Word>) {
        let mut by = None;
        let allowed = DANGEROUS.iter().filter_map(|(command, categories)| {
            let word = self.allows(command, categories)?;
            by.get_or_insert(word);
            Some(*command)
        });
        let allowed = allowed.collect();
        (allowed, by)
    }

    /// The rule by which it may give a command.
    fn allows(&self, command: &str, categories: &[&str]) -> Option<&Word> {
        let mut by = None;
        for word in self.rules {
            let text = word.text.to_ascii_lowercase();
            let holds =
                |category: &str| matches!(category, "all" | "dangerous") || categories.contains(&category);
            match text.as_str() {
                "allcommands" => by = Some(word),
                "nocommands" | "reset" => by = None,
                _ => {}
            }
            let (Some(sign), Some(name)) = (text.chars().next(), text.get(1..)) else { continue };
            let speaks = name.strip_prefix('@').map_or(name == command, holds);
            match sign {
                '+' if speaks => by = Some(word),
                '-' if speaks => by = None,
                _ => {}
            }
        }
        by
    }
}

#[cfg(test)]
mod tests {
    use super::super::cache::directives;
    use super::*;
    use crate::validate::files::{Files, Origin, SourceFile};

    fn may(line: &str) -> String {
        let mut files = Files::default();
        let id = files.add(SourceFile::new("f", Origin::Stdin, line.as_bytes().to_vec()));
        let found = directives(&files, id, &mut Vec::new());
        let user = user(&found[0]).unwrap();
        let (commands, by) = user.dangerous();
        format!("{} {} {:?} {}", user.on, user.nopass, by.map(|w| w.text.as_str()), commands.len())
    }

    #[test]
    fn the_last_rule_that_speaks_of_a_command_counts() {
        assert_eq!(may("user a on >x ~* +@all"), format!("true false Some(\"+@all\") {}", DANGEROUS.len()));
        assert_eq!(may("user a on nopass +@all -@dangerous"), "true true None 0");
        assert_eq!(may("user a on #abc +get +set +config|get"), "true false None 0");
        assert_eq!(may("user a off +@all -@dangerous +keys"), "false false Some(\"+keys\") 1");
        assert_eq!(
            may("user a on +@write -flushall -flushdb -swapdb -migrate -restore"),
            "true false None 0"
        );
        assert_eq!(may("user default on nopass reset"), "false false None 0");
    }
}
