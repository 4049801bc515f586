//! What one cache said of itself at one moment, and what happened since an earlier look.
//!
//! A value that the cache did not tell is none, never zero.

use super::text::Client;
use crate::timestamp::Timestamp;

/// What one cache said of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// When, by the clock here.
    pub taken_at: Timestamp,
    /// Who answered.
    pub server: Server,
    /// Counters since the start of the service or CONFIG RESETSTAT.
    pub counters: Counters,
    /// Memory.
    pub memory: Memory,
    /// Keys in all databases.
    pub keys: Option<u64>,
    /// Those of them that go by themselves (EXPIRE).
    pub keys_with_expiry: Option<u64>,
    /// Connections, the one that asked among them.
    pub connected_clients: Option<u64>,
    /// When it writes its memory to disk (`save`); empty is never.
    pub save: Option<String>,
    /// Whether it writes every command to disk.
    pub appendonly: Option<bool>,
    /// Whether protected mode is on.
    pub protected_mode: Option<bool>,
    /// Round trips of PING.
    pub latency: Option<Latency>,
    /// Its connections; none where it did not tell.
    pub clients: Option<Vec<Client>>,
    /// How the login went.
    pub login: Login,
    /// Commands that it refused, with its words.
    pub unread: Vec<String>,
}

/// Who answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Server {
    /// `redis` or `valkey`.
    pub software: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Another one after each start.
    pub run_id: Option<String>,
    /// Seconds since its start.
    pub uptime_s: Option<u64>,
}

/// Counters that only go up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Lookups that found their key.
    pub hits: Option<u64>,
    /// Lookups that did not.
    pub misses: Option<u64>,
    /// Keys thrown out for want of memory.
    pub evicted_keys: Option<u64>,
    /// Keys whose time was over.
    pub expired_keys: Option<u64>,
    /// Connections refused (maxclients).
    pub rejected_connections: Option<u64>,
    /// Connections taken.
    pub connections: Option<u64>,
}

impl Counters {
    /// Each counter.
    pub const fn all(&self) -> [Option<u64>; 6] {
        [
            self.hits,
            self.misses,
            self.evicted_keys,
            self.expired_keys,
            self.rejected_connections,
            self.connections,
        ]
    }

    /// Lookups; none where either half is unknown.
    pub fn lookups(&self) -> Option<u64> {
        Some(self.hits?.saturating_add(self.misses?))
    }

    /// Hits of all lookups, 0 to 1; none without a lookup.
    pub fn hit_rate(&self) -> Option<f64> {
        let all = self.lookups()?;
        (all > 0).then(|| self.hits.unwrap_or(0) as f64 / all as f64)
    }

    fn minus(&self, before: &Self) -> Self {
        let less = |now: Option<u64>, then: Option<u64>| now?.checked_sub(then?);
        Self {
            hits: less(self.hits, before.hits),
            misses: less(self.misses, before.misses),
            evicted_keys: less(self.evicted_keys, before.evicted_keys),
            expired_keys: less(self.expired_keys, before.expired_keys),
            rejected_connections: less(self.rejected_connections, before.rejected_connections),
            connections: less(self.connections, before.connections),
        }
    }

    fn went_back(&self, before: &Self) -> bool {
        let pairs = self.all().into_iter().zip(before.all());
        pairs.into_iter().any(|(now, then)| now.zip(then).is_some_and(|(now, then)| now < then))
    }
}

/// Memory, in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// In use.
    pub used: Option<u64>,
    /// Of these, buffers that do not count for maxmemory.
    pub not_counted: Option<u64>,
    /// `maxmemory`; 0 is no limit.
    pub max: Option<u64>,
    /// `maxmemory-policy`: what goes when it is full.
    pub policy: Option<String>,
}

impl Memory {
    /// How full it is, 0 to about 1; none without a limit.
    pub fn share(&self) -> Option<f64> {
        let (used, max) = (self.used?, self.max.filter(|max| *max > 0)?);
        Some(used.saturating_sub(self.not_counted.unwrap_or(0)) as f64 / max as f64)
    }
}

/// Round trips of PING, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// How many.
    pub count: u64,
    /// The quickest.
    pub min_us: u64,
    /// The middle one (nearest rank).
    pub median_us: u64,
    /// The slowest.
    pub max_us: u64,
}

impl Latency {
    /// From single values; none of none.
    pub fn of(mut micros: Vec<u64>) -> Option<Self> {
        micros.sort_unstable();
        let (min_us, max_us) = (*micros.first()?, *micros.last()?);
        let median_us = *micros.get((micros.len() - 1) / 2)?;
        Some(Self { count: micros.len() as u64, min_us, median_us, max_us })
    }
}

/// How the login went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Login {
    /// As whom the figures were read; none where that is not known.
    pub user: Option<String>,
    /// Whether the cache serves everybody without a password; none where that was not tried.
    pub open: Option<bool>,
    /// The words with which it refused the user, where it served us all the same.
    pub refused: Option<String>,
}

/// Why the counters of two looks cannot be subtracted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interruption {
    /// The service was started anew in between.
    Restarted,
    /// CONFIG RESETSTAT in between.
    CountersReset,
    /// The look before was not before.
    NotBefore,
}

impl Interruption {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Restarted => "restarted",
            Self::CountersReset => "counters-reset",
            Self::NotBefore => "not-before",
        }
    }

    /// For people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Restarted => "the service was started anew in between: what it counted before is lost",
            Self::CountersReset => "its counters were set back in between (CONFIG RESETSTAT)",
            Self::NotBefore => "the snapshot given as before is the later one",
        }
    }
}

/// What happened between two looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The first look.
    pub from: Timestamp,
    /// The second.
    pub to: Timestamp,
    /// What was counted in between; all none where `interruption` is there.
    pub counters: Counters,
    /// Why there is nothing.
    pub interruption: Option<Interruption>,
}

impl Snapshot {
    /// What happened since `before`. Counters that went back are told, never shown as less than nothing. Counters
    /// that were set back and have since passed their old value cannot be told from counters that were not.
    pub fn since(&self, before: &Self) -> Run {
        let interruption = self.interruption(before);
        let counters = match interruption {
            Some(_) => Counters::default(),
            None => self.counters.minus(&before.counters),
        };
        Run { from: before.taken_at, to: self.taken_at, counters, interruption }
    }

    fn interruption(&self, before: &Self) -> Option<Interruption> {
        if self.taken_at < before.taken_at {
            return Some(Interruption::NotBefore);
        }
        match (&self.server.run_id, &before.server.run_id) {
            (Some(now), Some(then)) if now != then => return Some(Interruption::Restarted),
            (Some(_), Some(_)) => {}
            _ => {
                let (now, then) = (self.server.uptime_s, before.server.uptime_s);
                if now.zip(then).is_some_and(|(now, then)| now < then) {
                    return Some(Interruption::Restarted);
                }
            }
        }
        self.counters.went_back(&before.counters).then_some(Interruption::CountersReset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(at: i64, run_id: &str, hits: u64, misses: u64) -> Snapshot {
        Snapshot {
            taken_at: Timestamp::from_secs(at),
            server: Server { run_id: Some(run_id.into()), uptime_s: Some(100), ..Server::default() },
            counters: Counters { hits: Some(hits), misses: Some(misses), ..Counters::default() },
            ..Snapshot::default()
        }
    }

    #[test]
    fn a_run_is_what_was_counted_between_two_looks() {
        let run = look(60, "a", 103, 9).since(&look(0, "a", 10, 2));
        assert_eq!((run.counters.hits, run.counters.misses), (Some(93), Some(7)));
        assert_eq!((run.counters.hit_rate(), run.counters.lookups()), (Some(0.93), Some(100)));
        assert_eq!((run.interruption, run.counters.evicted_keys), (None, None));
    }

    #[test]
    fn counters_that_went_back_are_told_and_not_subtracted() {
        for (now, why) in [
            (look(60, "b", 500, 500), Interruption::Restarted),
            (look(60, "a", 5, 100), Interruption::CountersReset),
            (look(-1, "a", 500, 500), Interruption::NotBefore),
        ] {
            let run = now.since(&look(0, "a", 10, 2));
            assert_eq!((run.interruption, run.counters), (Some(why), Counters::default()));
        }
        let mut now = look(60, "a", 500, 500);
        now.server = Server { uptime_s: Some(3), ..Server::default() };
        assert_eq!(now.since(&look(0, "a", 10, 2)).interruption, Some(Interruption::Restarted));
    }

    #[test]
    fn a_rate_of_nothing_is_no_rate() {
        assert_eq!(look(0, "a", 0, 0).counters.hit_rate(), None);
        assert_eq!(Counters { hits: Some(3), ..Counters::default() }.hit_rate(), None);
        assert_eq!(look(0, "a", 0, 4).counters.hit_rate(), Some(0.0));
    }

    #[test]
    fn latency_is_nearest_rank_and_memory_leaves_buffers_out() {
        let latency = Latency::of(vec![5, 1, 3, 9]);
        assert_eq!(latency, Some(Latency { count: 4, min_us: 1, median_us: 3, max_us: 9 }));
        assert_eq!(Latency::of(Vec::new()), None);
        let memory = |used, max| {
            Memory { used: Some(used), not_counted: Some(10), max: Some(max), policy: None }.share()
        };
        assert_eq!((memory(60, 100), memory(60, 0), memory(5, 100)), (Some(0.5), None, Some(0.0)));
    }
}
