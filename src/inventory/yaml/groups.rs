//! A YAML inventory's document in, hosts and groups with their variables out.
//!
//! What Ansible skips with a warning (a key that is no `vars`, `children` or `hosts`) comes back as a warning.

use super::build::{Builder, Key};
use super::node::{Kind, Node, Wrong, yaml};
use crate::inventory::data::Data;
use crate::inventory::error::shortened;
use crate::inventory::hosts;
use crate::inventory::value::Value;
use std::rc::Rc;

/// A name and what stands below it.
type Named = (Key, Option<Rc<Node>>);

/// Reads groups from the top on down.
pub struct Reader<'a, 'b> {
    /// Where they go.
    pub data: &'a mut Data,
    /// Makes the values.
    pub builder: Builder<'b>,
    /// What was skipped, with its line.
    pub warnings: Vec<(usize, String)>,
}

impl Reader<'_, '_> {
    /// Every group of the document.
    ///
    /// # Errors
    /// The first thing that Ansible would refuse too.
    pub fn document(&mut self, node: &Node) -> Result<(), Wrong> {
        if !matches!(node.kind, Kind::Map(_)) {
            return Err((
                node.line,
                yaml("a YAML inventory is a mapping of groups, as all:, then hosts: below it"),
            ));
        }
        for (name, group) in self.builder.entries(node)? {
            self.group(&name, &group)?;
        }
        Ok(())
    }

    fn group(&mut self, name: &Key, node: &Node) -> Result<(), Wrong> {
        let wrong = |problem| (node.line, problem);
        let nothing = is_nothing(node);
        if !nothing && !matches!(node.kind, Kind::Map(_)) {
            return self.skip(
                node.line,
                format!("'{}' is no group: below it stand hosts, vars and children", shortened(&name.text)),
            );
        }
        if !name.is_text {
            return Err((
                node.line,
                yaml(format!("the group name {} is no text; put quotes around it", name.text)),
            ));
        }
        self.data.add_group(&name.text).map_err(wrong)?;
        if nothing {
            return Ok(());
        }
        let sections = self.builder.entries(node)?;
        for (key, section) in &sections {
            if matches!(key.text.as_str(), "vars" | "children" | "hosts") && !is_section(section) {
                let group = shortened(&name.text);
                return Err((
                    section.line,
                    yaml(format!(
                        "{} of the group {group} is a mapping: write NAME: below it, not a list",
                        key.text
                    )),
                ));
            }
        }
        for (key, section) in &sections {
            self.section(&name.text, key, section)?;
        }
        Ok(())
    }

    fn section(&mut self, group: &str, key: &Key, node: &Rc<Node>) -> Result<(), Wrong> {
        match key.text.as_str() {
            _ if is_nothing(node) => Ok(()),
            "vars" => self.vars(group, node),
            "children" => {
                for (name, child) in self.named(node)? {
                    self.group(&name, child.as_deref().unwrap_or(&NOTHING))?;
                    if !name.is_text || !self.data.has_group(&name.text) {
                        return Err((
                            node.line,
                            yaml(format!("'{}' is no group, so it cannot be a child", shortened(&name.text))),
                        ));
                    }
                    self.data.add_child(group, &name.text).map_err(|problem| (node.line, problem))?;
                }
                Ok(())
            }
            "hosts" => {
                for (name, vars) in self.named(node)? {
                    self.host(group, &name, vars.as_deref().unwrap_or(&NOTHING), node.line)?;
                }
                Ok(())
            }
            other => self.skip(
                node.line,
                format!(
                    "'{}' in the group {}: only vars, children and hosts stand there",
                    shortened(other),
                    shortened(group)
                ),
            ),
        }
    }

    /// The names of a section; a text alone is one name.
    fn named(&mut self, node: &Node) -> Result<Vec<Named>, Wrong> {
        if let Kind::Map(_) = &node.kind {
            return Ok(self.builder.entries(node)?.into_iter().map(|(k, v)| (k, Some(v))).collect());
        }
        match self.builder.value(node)? {
            Value::Text(text) | Value::Unsafe(text) => Ok(vec![(Key { text, is_text: true }, None)]),
            other => {
                Err((node.line, yaml(format!("a mapping of names must stand here, not {}", other.kind()))))
            }
        }
    }

    fn vars(&mut self, group: &str, node: &Node) -> Result<(), Wrong> {
        for (key, value) in self.named(node)? {
            let value = value.map_or(Ok(Value::Null), |value| self.builder.value(&value))?;
            self.data.set_variable(group, &key.text, value).map_err(|problem| (node.line, problem))?;
        }
        Ok(())
    }

    fn host(&mut self, group: &str, pattern: &Key, node: &Node, line: usize) -> Result<(), Wrong> {
        let line = if node.line > 0 { node.line } else { line };
        let wrong = |problem| (line, problem);
        if !pattern.is_text {
            return Err((line, yaml(format!("the host {} is no text; put quotes around it", pattern.text))));
        }
        let (names, port) = hosts::expand(&pattern.text).map_err(wrong)?;
        let vars = match self.builder.value(node)? {
            Value::Map(vars) => vars,
            other if !other.is_truthy() => crate::inventory::value::Map::new(),
            other => {
                return Err((
                    line,
                    yaml(format!("below a host stand its variables as KEY: VALUE, not {}", other.kind())),
                ));
            }
        };
        for name in names {
            self.data.add_host(&name, group, port).map_err(wrong)?;
            for (key, value) in &vars {
                self.data.set_variable(&name, key, value.clone()).map_err(wrong)?;
            }
        }
        Ok(())
    }

    fn skip(&mut self, line: usize, words: String) -> Result<(), Wrong> {
        self.warnings.push((line, format!("skipped {words}")));
        Ok(())
    }
}

const NOTHING: Node = Node { line: 0, tag: None, kind: Kind::Ready(Value::Null) };

fn is_nothing(node: &Node) -> bool {
    match &node.kind {
        Kind::Ready(value) => *value == Value::Null,
        Kind::Scalar { text, plain: true } => {
            node.tag.is_none() && super::scalar::plain(text) == Ok(Value::Null)
        }
        Kind::Scalar { .. } => node.tag.as_deref() == Some("tag:yaml.org,2002:null"),
        _ => false,
    }
}

/// A mapping, nothing, or one name.
fn is_section(node: &Node) -> bool {
    match &node.kind {
        Kind::Map(_) => true,
        Kind::Scalar { text, plain } => {
            !plain || matches!(super::scalar::plain(text), Ok(Value::Null | Value::Text(_)))
        }
        Kind::Ready(value) => *value == Value::Null,
        Kind::List(_) => false,
    }
}
