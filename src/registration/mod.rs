//! Requests in, registrations out: joined by request id, consumer UUID and host name, never by nearness in time.

pub mod session;
