//! What of HAProxy and Redis or Valkey the systems have that a configuration can be meant for.

pub use crate::render::Target;

/// A version of HAProxy: major, minor.
pub type Version = (u16, u16);

impl Target {
    /// The HAProxy that it has.
    pub const fn haproxy(self) -> Version {
        match self {
            Self::El8 => (1, 8),
            Self::El9 => (2, 4),
            Self::Debian12 => (2, 6),
            Self::El10 | Self::Debian13 => (3, 0),
        }
    }

    /// The Redis that its cache speaks as; Valkey counts as the 7.2 that it came from.
    pub const fn redis(self) -> Version {
        match self {
            Self::El8 | Self::El9 => (6, 2),
            Self::Debian12 => (7, 0),
            Self::El10 | Self::Debian13 => (7, 2),
        }
    }

    /// Whether it has Red Hat's system-wide cryptographic policies.
    pub const fn is_el(self) -> bool {
        matches!(self, Self::El8 | Self::El9 | Self::El10)
    }
}
