//! Nodes in, values out: tags, merge keys and forms resolved as PyYAML and Ansible do.

use super::node::{Kind, Node, Wrong, yaml};
use super::scalar;
use crate::inventory::error::shortened;
use crate::inventory::value::{Map, UNSAFE_KEY, VAULT_KEY, Value, Vaulted};
use indexmap::IndexMap;
use std::path::Path;
use std::rc::Rc;

/// Aliases can stand for each other so that a short file means more than fits in memory.
const MAX_VALUES: usize = 1_000_000;

const CORE: &str = "tag:yaml.org,2002:";

type Pair = (Rc<Node>, Rc<Node>);

/// Makes values of one file's nodes.
pub struct Builder<'a> {
    /// The file, for vaulted values.
    path: &'a Path,
    left: usize,
    unsafe_depth: usize,
}

/// A key of a mapping: its text in JSON, and whether it is text in YAML too.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// As JSON writes it.
    pub text: String,
    /// `a`, not `1` or `null`.
    pub is_text: bool,
}

/// Values of a mapping by key, each with its node.
pub type Entries = IndexMap<Key, Rc<Node>>;

impl<'a> Builder<'a> {
    /// For the nodes of that file.
    pub const fn new(path: &'a Path) -> Self {
        Self { path, left: MAX_VALUES, unsafe_depth: 0 }
    }

    /// A node's value.
    ///
    /// # Errors
    /// A tag or a form that no variable can have, or more values than memory should hold.
    pub fn value(&mut self, node: &Node) -> Result<Value, Wrong> {
        self.count(node)?;
        match node.tag.as_deref() {
            None => self.untagged(node, false),
            Some("!unsafe") => {
                self.unsafe_depth += 1;
                let value = self.untagged(node, true);
                self.unsafe_depth -= 1;
                value
            }
            Some(tag @ ("!vault" | "!vault-encrypted")) => match &node.kind {
                Kind::Scalar { text, .. } => Ok(Value::Vault(Vaulted {
                    ciphertext: text.clone(),
                    path: self.path.to_owned(),
                    line: node.line,
                })),
                _ => Err((node.line, yaml(format!("{tag} stands before text only")))),
            },
            Some(tag) => self.tagged(node, tag),
        }
    }

    fn count(&mut self, node: &Node) -> Result<(), Wrong> {
        let many = || yaml(format!("aliases make more than {MAX_VALUES} values of it; write less"));
        self.left = self.left.checked_sub(1).ok_or_else(|| (node.line, many()))?;
        Ok(())
    }

    /// `resolve` where quoted text is looked at as if it were plain.
    fn untagged(&mut self, node: &Node, resolve: bool) -> Result<Value, Wrong> {
        match &node.kind {
            Kind::Ready(value) => Ok(value.clone()),
            Kind::Scalar { text, plain } if *plain || resolve => {
                Ok(self.text(scalar::plain(text).map_err(|why| (node.line, yaml(why)))?))
            }
            Kind::Scalar { text, .. } => Ok(self.text(Value::Text(text.clone()))),
            Kind::List(items) => {
                let values = items.iter().map(|item| self.value(item)).collect::<Result<_, _>>()?;
                Ok(Value::List(values))
            }
            Kind::Map(_) => self.map(node).map(|map| self.marked(map, node)),
        }
    }

    fn text(&self, value: Value) -> Value {
        match value {
            Value::Text(text) if self.unsafe_depth > 0 => Value::Unsafe(text),
            other => other,
        }
    }

    /// What `ansible-inventory` wrote for `!unsafe` and `!vault`.
    fn marked(&self, map: Map, node: &Node) -> Value {
        match (map.get(UNSAFE_KEY), map.get(VAULT_KEY)) {
            (Some(Value::Text(text)), _) => Value::Unsafe(text.clone()),
            (_, Some(Value::Text(text))) => Value::Vault(Vaulted {
                ciphertext: text.clone(),
                path: self.path.to_owned(),
                line: node.line,
            }),
            _ => Value::Map(map),
        }
    }

    fn map(&mut self, node: &Node) -> Result<Map, Wrong> {
        let mut map = Map::new();
        for (key, value) in self.entries(node)? {
            map.insert(key.text, self.value(&value)?);
        }
        Ok(map)
    }

    fn tagged(&mut self, node: &Node, tag: &str) -> Result<Value, Wrong> {
        let wrong = |why: String| (node.line, yaml(why));
        let core = tag.strip_prefix(CORE).unwrap_or("");
        match (core, &node.kind) {
            ("str" | "python/unicode", Kind::Scalar { text, .. }) => Ok(self.text(Value::Text(text.clone()))),
            ("int", Kind::Scalar { text, .. }) => scalar::int(text).map_err(wrong),
            ("float", Kind::Scalar { text, .. }) => scalar::float(text).map(Value::Float).map_err(wrong),
            ("bool", Kind::Scalar { text, .. }) => scalar::tagged_bool(text).map_err(wrong),
            ("null", Kind::Scalar { .. }) => Ok(Value::Null),
            ("timestamp", Kind::Scalar { text, .. }) => super::timestamp::isoformat(text)
                .map(Value::Text)
                .ok_or_else(|| wrong(format!("'{}' is no date", shortened(text)))),
            ("seq", Kind::List(_)) | ("map" | "python/dict", Kind::Map(_)) => self.untagged(node, false),
            ("set", Kind::Map(_)) => {
                let keys = self.entries(node)?.into_keys();
                Ok(Value::List(keys.map(|key| self.text(Value::Text(key.text))).collect()))
            }
            ("omap" | "pairs", Kind::List(items)) => self.pairs(items).map(Value::List),
            _ => Err(wrong(format!("the tag {tag} does not go with this value; take the tag away"))),
        }
    }

    /// `[a: 1, b: 2]` as lists of two.
    fn pairs(&mut self, items: &[Rc<Node>]) -> Result<Vec<Value>, Wrong> {
        let mut list = Vec::new();
        for item in items {
            let Kind::Map(pairs) = &item.kind else {
                return Err((item.line, yaml("!!omap and !!pairs hold KEY: VALUE only")));
            };
            for (key, value) in pairs {
                list.push(Value::List(vec![self.value(key)?, self.value(value)?]));
            }
        }
        Ok(list)
    }

    /// A mapping's entries, what it merges (`<<`) first, the last of each key; none for other nodes.
    ///
    /// # Errors
    /// A key that is no scalar, a merge of what is no mapping.
    pub fn entries(&mut self, node: &Node) -> Result<Entries, Wrong> {
        let mut entries = Entries::new();
        for (key, value) in self.flattened(node)? {
            entries.insert(self.key(&key)?, value);
        }
        Ok(entries)
    }

    fn flattened(&mut self, node: &Node) -> Result<Vec<Pair>, Wrong> {
        let Kind::Map(pairs) = &node.kind else { return Ok(Vec::new()) };
        let mut merged = Vec::new();
        let mut own = Vec::new();
        for (key, value) in pairs {
            self.count(key)?;
            if !is_merge(key) {
                own.push((Rc::clone(key), Rc::clone(value)));
                continue;
            }
            match &value.kind {
                Kind::Map(_) => merged.extend(self.flattened(value)?),
                // the first of a list wins, so it comes last
                Kind::List(items) => {
                    for item in items.iter().rev() {
                        if !matches!(item.kind, Kind::Map(_)) {
                            return Err((item.line, yaml("<< merges mappings only")));
                        }
                        merged.extend(self.flattened(item)?);
                    }
                }
                _ => return Err((value.line, yaml("<< merges a mapping or a list of mappings"))),
            }
        }
        merged.extend(own);
        Ok(merged)
    }

    fn key(&mut self, node: &Node) -> Result<Key, Wrong> {
        // a plain = is text as a key
        if let Kind::Scalar { text, plain: true } = &node.kind
            && node.tag.is_none()
            && text == "="
        {
            return Ok(Key { text: text.clone(), is_text: true });
        }
        match self.value(node)? {
            Value::Text(text) | Value::Unsafe(text) => Ok(Key { text, is_text: true }),
            Value::Float(x) => Ok(Key { text: crate::inventory::python::number::repr(x), is_text: false }),
            Value::List(_) | Value::Map(_) | Value::Vault(_) => {
                Err((node.line, yaml("a list, a mapping or a vaulted value is no key here; use text")))
            }
            other => Ok(Key { text: other.to_json().to_string(), is_text: false }),
        }
    }
}

fn is_merge(key: &Node) -> bool {
    match (&key.tag, &key.kind) {
        (None, Kind::Scalar { text, plain: true }) => text == "<<",
        (Some(tag), _) => tag.strip_prefix(CORE) == Some("merge"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::yaml::node::document;

    fn shown(text: &str) -> String {
        let built = document(text).and_then(|node| match node {
            Some(node) => Builder::new(Path::new("f")).value(&node),
            None => Ok(Value::Null),
        });
        built.map_or_else(
            |(line, problem)| format!("{line}: {problem}"),
            |v| serde_json::to_string(&v).unwrap(),
        )
    }

    #[test]
    fn values_are_what_pyyaml_makes_of_them() {
        for (text, is) in [
            ("", "null"),
            ("a: yes\nb: 'yes'\n", "{\"a\":true,\"b\":\"yes\"}"),
            ("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\n", "{\"a\":{\"p\":1,\"q\":2},\"b\":{\"p\":1,\"q\":3}}"),
            ("<<: [{a: 1}, {a: 2, b: 3}]\n", "{\"a\":1,\"b\":3}"),
            (
                "u: !unsafe ['{{ x }}', '1']\n",
                "{\"u\":[{\"__ansible_unsafe\":\"{{ x }}\"},{\"__ansible_unsafe\":\"1\"}]}",
            ),
            ("u: !unsafe '1'\n", "{\"u\":1}"),
            (
                "v: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n",
                "{\"v\":{\"__ansible_vault\":\"$ANSIBLE_VAULT;1.1;AES256\\n\"}}",
            ),
            ("a: !!str 1\nb: !!float 1\nc: ! 2\n", "{\"a\":\"1\",\"b\":1.0,\"c\":2}"),
            ("{1: a, null: b, 1.50: c}", "{\"1\":\"a\",\"1.5\":\"c\",\"null\":\"b\"}"),
            ("a: 1\na: 2\n", "{\"a\":2}"),
            ("{\"a\": 1e3}", "{\"a\":1000.0}"),
        ] {
            assert_eq!(shown(text), is, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_built_is_named_with_its_line() {
        for (text, is) in [
            ("a: 1\nb: =\n", "2: "),
            ("a: *b\n", "1: "),
            ("a: &a [*a]\n", "1: "),
            ("a:\n  - b\n c\n", "3: "),
            ("a: 1\n---\nb: 1\n", "2: "),
            ("a: !custom 1\n", "1: the tag !custom"),
            ("? [a]\n: 1\n", "1: a list"),
            ("a: \u{1}\n", "1: the control character"),
        ] {
            let shown = shown(text);
            assert!(shown.starts_with(is), "{text}: {shown}");
        }
        let deep = "[".repeat(150) + &"]".repeat(150);
        assert!(shown(&format!("a: {deep}")).contains("levels inside each other"));
    }

    #[test]
    fn aliases_of_aliases_end() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..30 {
            let below = format!("*a{}, ", n - 1).repeat(10);
            text.push_str(&format!("a{n}: &a{n} [{}]\n", below.trim_end_matches(", ")));
        }
        assert!(shown(&text).contains("aliases make more than"));
    }
}
