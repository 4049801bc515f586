//! What a cache's figures say of its working: an id, the words, the way out. docs/cache.md has a heading for each id.

use super::capsules::Capsules;
use super::snapshot::{Counters, Interruption, Run, Snapshot};

/// From here on memory counts as full: a script is some 20 kB, and a cache evicts before its last byte.
const FULL: f64 = 0.9;

/// Something that keeps a cache from working, or from being safe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// A stable name.
    pub id: &'static str,
    /// What was found, with its figures.
    pub text: String,
    /// What to do about it.
    pub way_out: &'static str,
}

/// Every finding of a cache. Counters are those of the run where there is one, else those since the cache's start.
pub fn findings(now: &Snapshot, run: Option<&Run>, capsules: Option<&Capsules>) -> Vec<Finding> {
    let in_run = run.filter(|run| run.interruption.is_none());
    let (counters, span) = match in_run {
        Some(run) => (&run.counters, "in the run"),
        None => (&now.counters, "since its start"),
    };
    let mut found = Vec::new();
    found.extend(run.and_then(|run| run.interruption).map(interrupted));
    access(now, &mut found);
    lookups(counters, span, &mut found);
    memory(now, counters, span, &mut found);
    found.extend(persistence(now));
    found.extend(capsules.and_then(absent));
    if let Some(n) = counters.rejected_connections.filter(|n| *n > 0) {
        let text = format!("{n} connections were refused {span}");
        found.push(Finding {
            id: "cache-connections-refused",
            text,
            way_out: "look for clients that never hang up (CLIENT LIST), or raise maxclients",
        });
    }
    found
}

fn interrupted(why: Interruption) -> Finding {
    Finding {
        id: match why {
            Interruption::Restarted => "cache-restarted",
            Interruption::CountersReset => "cache-counters-reset",
            Interruption::NotBefore => "cache-snapshot-not-before",
        },
        text: why.words().to_owned(),
        way_out: match why {
            Interruption::NotBefore => "give the snapshot that was saved before the run",
            _ => "the run has no figures of its own; save a snapshot and run it again",
        },
    }
}

fn access(now: &Snapshot, found: &mut Vec<Finding>) {
    if now.login.open == Some(true) {
        found.push(Finding {
            id: "cache-open",
            text: "it serves everybody who reaches it, without a password: the script in it carries a token that \
                   registers hosts"
                .to_owned(),
            way_out: "set 'user default off' and passwords for the two users, as the role registration_cache does",
        });
        if now.protected_mode == Some(true) && !binds_decide(now) {
            found.push(Finding {
                id: "cache-protected-mode",
                text: "protected mode is on and the default user has no password: capsules are refused (DENIED), \
                       whatever bind says"
                    .to_owned(),
                way_out: "set 'user default off' and give users passwords; bind alone does not help from Redis 7 on",
            });
        }
    }
    if let Some(words) = &now.login.refused {
        found.push(Finding {
            id: "cache-login-refused",
            text: format!("it does not know the monitoring user, and was read as anybody: {words}"),
            way_out: "run the role registration_cache, or name user and password (--cache-user, \
                      --cache-password-file)",
        });
    }
}

/// Before Redis 7 an explicit bind switched protected mode off.
fn binds_decide(now: &Snapshot) -> bool {
    let redis = now.server.software.as_deref() == Some("redis");
    let major = now.server.version.as_deref().and_then(|v| v.split('.').next()?.parse::<u32>().ok());
    redis && major.is_some_and(|major| major < 7)
}

fn lookups(counters: &Counters, span: &str, found: &mut Vec<Finding>) {
    match (counters.hits, counters.misses) {
        (Some(0), Some(0)) => found.push(Finding {
            id: "cache-unused",
            text: format!("nobody looked anything up {span}"),
            way_out: "see whether capsules have :cache_url, and a smart-proxy that knows that key",
        }),
        (Some(0), Some(misses)) => found.push(Finding {
            id: "cache-no-hits",
            text: format!("not one of {misses} lookups {span} found anything"),
            way_out: "see whether capsules may store (their ACL needs set and setex) and whether hosts ask for the \
                      same script: each activation key and each token has its own",
        }),
        _ => {}
    }
}

fn memory(now: &Snapshot, counters: &Counters, span: &str, found: &mut Vec<Finding>) {
    if now.memory.max == Some(0) {
        found.push(Finding {
            id: "cache-no-memory-limit",
            text: "maxmemory is 0: it grows until the load balancer has no memory left".to_owned(),
            way_out: "set maxmemory (registration_cache_maxmemory, 64mb)",
        });
    }
    let evicted = counters.evicted_keys.filter(|n| *n > 0);
    if let Some(n) = evicted {
        found.push(Finding {
            id: "cache-evictions",
            text: format!("{n} keys were thrown out for want of memory {span}"),
            way_out: "raise maxmemory (registration_cache_maxmemory), or look for scripts that differ from host to host",
        });
    }
    let Some(share) = now.memory.share().filter(|share| *share >= FULL) else { return };
    let full = format!("{:.0} % of maxmemory are in use", share * 100.0);
    if now.memory.policy.as_deref() == Some("noeviction") {
        found.push(Finding {
            id: "cache-full-noeviction",
            text: format!("{full}, and the policy is noeviction: it takes nothing more in"),
            way_out: "set maxmemory-policy allkeys-lru",
        });
    } else if evicted.is_none() {
        found.push(Finding {
            id: "cache-nearly-full",
            text: format!("{full}: it will throw out scripts soon"),
            way_out: "raise maxmemory (registration_cache_maxmemory)",
        });
    }
}

fn persistence(now: &Snapshot) -> Option<Finding> {
    let snapshots = now.save.as_ref().filter(|save| !save.trim().is_empty());
    let what = match (snapshots, now.appendonly == Some(true)) {
        (Some(save), true) => format!("save is '{save}' and appendonly yes"),
        (Some(save), false) => format!("save is '{save}'"),
        (None, true) => "appendonly is yes".to_owned(),
        (None, false) => return None,
    };
    Some(Finding {
        id: "cache-on-disk",
        text: format!("{what}: scripts go to disk, with the token that registers hosts in them"),
        way_out: "set save \"\" and appendonly no, and remove the files in the service's folder",
    })
}

fn absent(capsules: &Capsules) -> Option<Finding> {
    let total = capsules.connected.len() + capsules.missing.len();
    if capsules.missing.is_empty() {
        return None;
    }
    let mut names = capsules.missing.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    if capsules.missing.len() > 5 {
        names.push_str(", ...");
    }
    Some(Finding {
        id: "cache-capsule-missing",
        text: format!(
            "{} of {total} capsules of the pool are not connected: {names}",
            capsules.missing.len()
        ),
        way_out: "fetch a script through it (a smart-proxy connects when it first needs the cache); then compare its \
                  :cache_url with this address and look into its proxy.log",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::snapshot::{Login, Memory, Server};

    fn healthy() -> Snapshot {
        Snapshot {
            counters: Counters {
                hits: Some(90),
                misses: Some(10),
                evicted_keys: Some(0),
                rejected_connections: Some(0),
                ..Counters::default()
            },
            memory: Memory {
                used: Some(1 << 20),
                not_counted: Some(0),
                max: Some(64 << 20),
                policy: Some("allkeys-lru".into()),
            },
            server: Server {
                software: Some("valkey".into()),
                version: Some("8.1.1".into()),
                run_id: Some("a".into()),
                uptime_s: Some(9),
            },
            save: Some(String::new()),
            appendonly: Some(false),
            protected_mode: Some(true),
            login: Login {
                user: Some("registration_cache_monitor".into()),
                open: Some(false),
                refused: None,
            },
            ..Snapshot::default()
        }
    }

    fn ids(change: impl FnOnce(&mut Snapshot)) -> Vec<&'static str> {
        let mut snapshot = healthy();
        change(&mut snapshot);
        let ids = findings(&snapshot, None, None).into_iter().map(|f| f.id).collect::<Vec<_>>();
        let page = include_str!("../../docs/cache.md");
        assert!(ids.iter().all(|id| page.contains(&format!("### {id}\n"))), "{ids:?} in docs/cache.md");
        ids
    }

    #[test]
    fn a_cache_as_the_role_makes_it_has_no_finding() {
        assert!(ids(|_| ()).is_empty());
        assert!(ids(|s| *s = Snapshot::default()).is_empty(), "what is not known is no finding");
    }

    #[test]
    fn each_finding_has_its_figures() {
        assert_eq!(ids(|s| s.counters.hits = Some(0)), ["cache-no-hits"]);
        assert_eq!(
            ids(|s| {
                s.counters.hits = Some(0);
                s.counters.misses = Some(0);
            }),
            ["cache-unused"]
        );
        assert_eq!(ids(|s| s.counters.misses = None), [""; 0]);
        assert_eq!(ids(|s| s.counters.evicted_keys = Some(1)), ["cache-evictions"]);
        assert_eq!(ids(|s| s.memory.max = Some(0)), ["cache-no-memory-limit"]);
        assert_eq!(ids(|s| s.memory.used = Some(60 << 20)), ["cache-nearly-full"]);
        assert_eq!(
            ids(|s| {
                s.memory.used = Some(64 << 20);
                s.memory.policy = Some("noeviction".into());
            }),
            ["cache-full-noeviction"]
        );
        assert_eq!(ids(|s| s.memory.policy = Some("noeviction".into())), [""; 0]);
        assert_eq!(ids(|s| s.save = Some("3600 1 300 100".into())), ["cache-on-disk"]);
        assert_eq!(ids(|s| s.appendonly = Some(true)), ["cache-on-disk"]);
        assert_eq!(ids(|s| s.counters.rejected_connections = Some(2)), ["cache-connections-refused"]);
        assert_eq!(ids(|s| s.login.refused = Some("WRONGPASS".into())), ["cache-login-refused"]);
    }

    #[test]
    fn protected_mode_refuses_from_redis_7_on() {
        let open = |software: &str, version: &str, protected| {
            ids(|s| {
                s.login.open = Some(true);
                s.server.software = Some(software.into());
                s.server.version = Some(version.into());
                s.protected_mode = protected;
            })
        };
        assert_eq!(open("redis", "6.2.14", Some(true)), ["cache-open"]);
        assert_eq!(open("redis", "7.0.15", Some(true)), ["cache-open", "cache-protected-mode"]);
        assert_eq!(open("valkey", "8.1.1", Some(true)), ["cache-open", "cache-protected-mode"]);
        assert_eq!(open("valkey", "8.1.1", Some(false)), ["cache-open"]);
        assert_eq!(open("valkey", "8.1.1", None), ["cache-open"]);
    }

    #[test]
    fn the_run_is_judged_where_there_is_one() {
        let mut before = healthy();
        before.counters = Counters { hits: Some(90), misses: Some(2), ..healthy().counters };
        let run = healthy().since(&before);
        let found = findings(&healthy(), Some(&run), None);
        assert_eq!(found[0].text, "not one of 8 lookups in the run found anything");
        before.server.run_id = Some("b".into());
        let run = healthy().since(&before);
        let found: Vec<_> = findings(&healthy(), Some(&run), None).into_iter().map(|f| f.id).collect();
        assert_eq!(found, ["cache-restarted"]);
    }

    #[test]
    fn capsules_that_are_not_connected_are_named() {
        let capsules = Capsules {
            connected: vec!["a".into()],
            missing: ["b", "c", "d", "e", "f", "g"].map(String::from).to_vec(),
            ..Capsules::default()
        };
        let found = findings(&healthy(), None, Some(&capsules));
        assert_eq!(found[0].text, "6 of 7 capsules of the pool are not connected: b, c, d, e, f, ...");
    }
}
