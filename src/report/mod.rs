//! Figures in, words and files out. One file an output; none of them computes a figure.

pub mod atomic;
pub mod cache;
pub mod compare;
pub mod diff;
pub mod durations;
pub mod export;
pub mod findings;
pub mod history;
pub mod json;
pub mod markup;
pub mod page;
pub mod parquet;
pub mod save;
pub mod table;
pub mod topology;
pub mod trace;

#[cfg(test)]
pub(crate) mod samples;
