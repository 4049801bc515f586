//! Registrations in, figures out.

pub mod answer;
pub mod distribution;
pub mod measure;
pub mod targets;
