//! Registrations in, figures out.

pub mod answer;
pub mod targets;
