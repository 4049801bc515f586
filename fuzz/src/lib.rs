//! What several targets need: lines through the stages, in blocks that end where the target says.

use reginfra::log::assemble::Assembler;
use reginfra::registration::correlate::Correlator;
use reginfra::registration::finish::{Registrations, Window, finish};
use reginfra::registration::join::Joiner;
use reginfra::registration::session::{NameId, Session};
use reginfra::validate::collect::Set;
use reginfra::validate::{FileId, Input, Origin, Settings, SourceFile, Target, check, fix};

/// What lines come to; a block ends before each line whose number `ends_before` takes.
pub fn registrations(lines: &[&[u8]], ends_before: impl Fn(usize) -> bool) -> Registrations {
    let (mut assembler, mut joiner, mut correlator) =
        (Assembler::new(None), Joiner::default(), Correlator::beside_capsules());
    for (number, line) in lines.iter().enumerate() {
        if ends_before(number) {
            joiner.block(assembler.finish(Vec::new()), &mut correlator);
        }
        assembler.line_with_escapes(line);
    }
    joiner.block(assembler.finish(Vec::new()), &mut correlator);
    let counts = joiner.finish(&mut correlator);
    finish(correlator, counts, None, Window::ALL)
}

/// Everything of the answer that must not depend on how the log was cut into blocks.
pub fn figures(all: &Registrations) -> String {
    // ids are given out in the order in which names are seen first, and that is not of the answer
    let named = |session: &Session| {
        let names = [session.host, session.capsule, session.client_os].map(|id| all.names.get(id));
        let (host, capsule, client_os) = (NameId::NONE, NameId::NONE, NameId::NONE);
        (names, Session { host, capsule, client_os, ..session.clone() })
    };
    let sessions: Vec<_> = all.sessions.iter().map(named).collect();
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?}",
        sessions, all.cut, all.status_calls, all.background, all.attribution, all.notes
    )
}

/// Judges bytes for several targets, then fixes them until nothing is left to fix.
pub fn judged(bytes: &[u8], set: impl Fn(FileId) -> Set) {
    let mut input = Input::default();
    let id = input.files.add(SourceFile::new("f", Origin::Stdin, bytes.to_vec()));
    input.sets.push(set(id));
    for target in [None, Some(Target::El8), Some(Target::El10), Some(Target::Debian12)] {
        input.parse(target);
        let settings = Settings { target, ..Settings::default() };
        for finding in check(&input, &settings, None) {
            let edits = finding.fix.iter().flat_map(|f| &f.edits).map(|e| e.range);
            for (start, end) in edits.chain([(finding.span.start, finding.span.end)]) {
                assert!(start <= end && end <= bytes.len(), "{finding:?}");
            }
        }
    }
    input.parse(None);
    for _ in 0..200 {
        let applied = fix::apply(&input.files, &check(&input, &Settings::default(), None));
        let Some((id, bytes)) = applied.files.into_iter().next() else { return };
        *input.files.get_mut(id) = SourceFile::new("f", Origin::Stdin, bytes);
        input.parse(None);
    }
    panic!("fixes never end");
}
