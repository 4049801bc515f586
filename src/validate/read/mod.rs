//! Files' bytes in, what they say and where out. Nothing is opened, nothing is judged; no input is refused: what
//! cannot be read is kept as a problem with its place.

pub mod acl;
pub mod cache;
pub mod haproxy;
pub mod ignores;
pub mod registration;

use super::files::Span;

/// A word of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Without quotes and escapes.
    pub text: String,
    /// As it stands there, quotes included.
    pub span: Span,
    /// An environment variable in it decides what it is.
    pub expands: bool,
}
