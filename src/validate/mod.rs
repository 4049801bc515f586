//! What `haproxy -c` does not say: configurations and an inventory in, findings with place, reason and way out, out.
//!
//! `collect` opens files and tells what they are, `read` parses them, `facts` is what the inventory knows, `rules`
//! judge (one file a rule), `check` runs them and heeds comments that take findings out, `fix` applies what is sure,
//! `parser` asks HAProxy itself. Words and formats are `report::findings`'.

pub mod check;
pub mod collect;
pub mod facts;
pub mod files;
pub mod finding;
pub mod fix;
pub mod kind;
pub mod parser;
pub mod read;
pub mod rules;
mod secrets;
mod services;
pub mod target;

pub use check::{Context, Input, Settings, Subject, Unit, check};
pub use facts::Facts;
pub use files::{FileId, Files, Origin, SourceFile, Span};
pub use finding::{Edit, Finding, Fix, Severity};
pub use target::Target;
