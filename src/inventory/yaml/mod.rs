//! YAML as Ansible reads it (PyYAML's YAML 1.1, JSON first): a file's text in, nodes with their lines, then values out.

pub mod build;
pub mod groups;
pub mod json;
pub mod node;
mod scalar;
mod timestamp;
