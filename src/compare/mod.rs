//! Two sides of runs in, what changed between them out, with known error rates.

pub mod batches;
pub mod comparable;
pub mod drawn;
pub mod error_rates;
pub mod estimate;
pub mod judge;
pub mod levels;
pub mod order;
pub mod run;
pub mod same_run;
pub mod slices;
pub mod statistics;
pub mod thresholds;
