//! Kept runs in, where each of their figures changed out.
//!
//! `runs` reads runs and puts them in order, `series` takes one figure of all of them, `energy` and `divisive` find the
//! change points of a series, `judge` looks at many series at once, `verdict` says what a change is worth, `stretches` what
//! runs on both sides of it lack for that, `acknowledged` knows the changes that somebody has dealt with. Nothing here
//! reads a log.

pub mod acknowledged;
pub mod divisive;
pub mod energy;
pub mod false_alarms;
pub mod judge;
pub mod runs;
pub mod series;
mod stretches;
mod verdict;
