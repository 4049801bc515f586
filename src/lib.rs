//! reginfra: where the time of a host registration goes, and the infrastructure that makes it shorter.
//!
//! ```text
//! inventory -> source -> log -> registration -> metrics -> report      what happened when hosts registered
//! inventory -> (values) + templates -> render -> validate -> roles     what makes them register faster
//! ```
//!
//! Each stage takes the type of the stage before and knows nothing of the stages after:
//! `inventory` says who is who, `source` where the bytes are, `log` turns bytes into requests,
//! `registration` joins requests by their keys into sessions, `metrics` turns sessions into figures,
//! `report` turns figures into words and files. `render` evaluates the roles' own variables and templates: its files
//! are those that `ansible-playbook` writes. `validate` judges what makes hosts register: HAProxy, caches, capsules,
//! the inventory. `kept` is the folder of a run that `metrics --save` kept, `compare` says what changed between two
//! runs, `history` where a series of runs changed, `trace` shows registrations request by request, `archive` measures a
//! run's levels of load. `simulate` writes a storm with known truth in the real formats.

pub mod archive;
pub mod at_once;
pub mod cache;
pub mod cli;
pub mod command;
pub mod compare;
pub mod history;
pub mod inventory;
pub mod kept;
pub mod keys_once;
pub mod log;
pub mod metrics;
pub mod registration;
pub mod render;
pub mod report;
pub mod simulate;
pub mod source;
pub mod timestamp;
pub mod trace;
pub mod validate;
pub mod yaml_file;
