//! Which layout a file has, told from its first lines.

use super::assemble::Counts;
use super::line::Skip;

/// The name of the layout that these lines have, for people and JSON.
pub fn name(counts: &Counts) -> &'static str {
    let [own, journal] = counts.json;
    if journal > 0 {
        return "journal json";
    }
    if own > 0 {
        return "json";
    }
    if counts.with_request() == 0 {
        return unusable(counts).map_or("unknown", |(name, _)| name);
    }
    if counts.journal_text > 0 {
        return "journal text";
    }
    if counts.id_continuations > 0 {
        return "multiline_request_pattern";
    }
    if counts.skipped[Skip::Continuation as usize] > 0 {
        return "multiline_pattern";
    }
    "pattern"
}

/// Why lines without a single request are of no use: (name of the layout, reason and way out).
pub fn unusable(counts: &Counts) -> Option<(&'static str, &'static str)> {
    if counts.with_request() > 0 {
        return None;
    }
    let most = Skip::ALL.iter().max_by_key(|s| {
        let usable = matches!(
            s,
            Skip::ProxyLog
                | Skip::OldNoId
                | Skip::OldSessionId
                | Skip::NoRequest
                | Skip::OtherProgram
                | Skip::Capsule
        );
        // a layout that was recognised explains a file better than lines that were not
        (usable && counts.skipped[**s as usize] > 0, counts.skipped[**s as usize])
    })?;
    if counts.lines == counts.skipped[Skip::Empty as usize] {
        return Some(("empty", "it is empty"));
    }
    Some(match most {
        Skip::ProxyLog => {
            ("proxy.log", "it is a capsule's proxy.log: metrics come from the Satellite's production.log")
        }
        Skip::OldNoId => (
            "pattern without request id",
            "its lines carry no request id (Foreman before July 2016), so concurrent requests cannot be told apart",
        ),
        Skip::OldSessionId => (
            "pattern with session id",
            "its ids can be a session's, not a request's (Foreman 1.12 to 1.16), so requests cannot be told apart",
        ),
        Skip::NoRequest => (
            "no request id",
            "its lines name no request; where Foreman logs to the journal, give it 'journalctl -u foreman -o json --all'",
        ),
        Skip::OtherProgram | Skip::Capsule => {
            ("journal of another program", "it holds no line of the program foreman")
        }
        _ => ("unknown", "no line in it looks like Foreman's production.log"),
    })
}
