//! The script caches of the load balancers: endpoints in, what each cache says of itself out, with findings where
//! the numbers say that it does not work.
//!
//! Reads INFO, CONFIG GET, CLIENT LIST and the round trip of PING, as the monitoring user, from Redis 6 and newer and
//! from Valkey. Never asks for a key or a value, never changes anything. Ignores replication, clusters and modules.
//!
//! `settings` says whom to ask and as whom, `connection` and `wire` carry the words, `reading` asks, `text` parses,
//! `snapshot` compares with an earlier look, `capsules` tells who is connected, `finding` judges, `pool` does all of
//! it for many at once. `through_ssh` is the way to a cache that only its load balancer and the capsules reach.

pub mod capsules;
pub mod connection;
mod error;
pub mod finding;
pub mod pool;
pub mod reading;
pub mod settings;
pub mod snapshot;
pub mod text;
pub mod through_ssh;
mod tls;
pub mod wire;

pub use capsules::Capsules;
pub use error::CacheError;
pub use finding::Finding;
pub use pool::{CacheRow, read_all};
pub use settings::Endpoint;
pub use snapshot::{Run, Snapshot};
