//! Figures in, words and files out. One file an output; none of them computes a figure.

pub mod atomic;
pub mod cache;
pub mod compare;
pub mod diff;
pub mod durations;
pub mod findings;
pub mod json;
pub mod requests;
pub mod save;
pub mod sessions;
pub mod table;
pub mod topology;

#[cfg(test)]
pub(crate) mod samples;
