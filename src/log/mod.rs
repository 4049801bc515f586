//! Bytes in, requests out: every layout of Foreman's production.log, told from the data.
//!
//! A line is split into what names its request and what it says (`line`), what it says is read where a
//! registration metric needs it (`text`, `params`), and the lines of a request are put together by its id
//! (`assemble`). Timing lines without a request (start-up, jobs, console) are counted and ignored.

pub mod address;
pub mod assemble;
pub mod clock;
pub mod counts;
pub mod json;
pub mod layout;
pub mod line;
pub mod params;
pub mod proxy;
pub mod read;
pub mod request;
pub mod slots;
pub mod store;
pub mod text;
