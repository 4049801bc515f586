//! Requests in, registrations out: joined by request id, consumer UUID and host name, never by nearness in time.
//!
//! `join` makes whole requests of the parts that blocks and files hold, `correlate` makes sessions of requests,
//! `way_in` tells how each host came, `unkeyed` shares out what carries no key and says so,
//! `capsule` brings what capsules saw beside it, `record` and `traced` keep the requests of sessions for a trace,
//! `failures` what the log says of the first that failed.

pub mod addresses;
pub mod background;
pub mod capsule;
mod consumer;
mod consumers;
pub mod correlate;
pub mod failures;
pub mod finish;
pub mod join;
pub mod least_squares;
pub mod overlap;
pub mod record;
pub mod session;
pub mod traced;
pub mod unkeyed;
pub mod way_in;

/// A consumer that sends nothing for so long has ended its registration (design: 10 minutes), in microseconds.
pub const SILENCE_US: i64 = 600_000_000;
