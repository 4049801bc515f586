//! A storm of registrations with known truth, in the real formats.
