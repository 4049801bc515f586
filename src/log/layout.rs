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
        Skip::OtherProgram => ("journal of another program", "it holds no line of the program foreman"),
        Skip::Capsule => (
            "journal of a capsule",
            "it holds a capsule's lines and none of the program foreman; a capsule's journal is read as \
             'journalctl -u foreman-proxy -o json --all' gives it",
        ),
        _ => (
            "unknown",
            "no line in it looks like Foreman's production.log: read are the layouts pattern, multiline_pattern, \
             multiline_request_pattern and json, and what 'journalctl -u foreman -o json --all' gives",
        ),
    })
}

/// The same in words for people: of a layout that is not known the first line stands with it.
pub fn why_unusable(counts: &Counts) -> Option<String> {
    let (name, why) = unusable(counts)?;
    match counts.samples.first().filter(|_| name == "unknown") {
        Some((line, text)) => {
            let text: String = text.chars().take(60).collect();
            Some(format!("{why}; its line {line} is \"{text}\""))
        }
        None => Some(why.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::assemble::Assembler;

    #[test]
    fn forms_of_a_capsules_journal_that_are_not_read_are_told() {
        for (line, layout) in [
            ("[    8.123456] c smart-proxy[7304]: Finished GET /register with 200", "journal of a capsule"),
            ("    MESSAGE=Finished GET /register with 200", "unknown"),
        ] {
            let mut assembler = Assembler::new(None);
            assembler.line(line.as_bytes());
            let counts = assembler.finish(Vec::new()).counts;
            assert_eq!(unusable(&counts).map(|(layout, _)| layout), Some(layout), "{line}");
            assert_eq!(name(&counts), layout, "{line}");
        }
    }
}
