//! Registrations in, figures out.

pub mod answer;
